"""What the one write edge costs, and what it guarantees below HTTP."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import SYSTEM, Cause
from loyalty.database import Database
from loyalty.idempotency import Answer, Attempt, Begun, InProgress, answer_once, begin_write
from loyalty.members import Joining, Ref, UnknownMember, UnknownOrder, join, read_member_ref
from loyalty.names import ORDER, Name, take_names
from loyalty.retention import forget_batch
from loyalty.tables import answer
from tests.support.waiting import until_blocked

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CAUSE = Cause(at=NOW, actor=SYSTEM, request_id="test")
MEMBER = Ref(kind="member", text="ext:C-1", external="C-1")


def attempt(key: str | None = "once", *, principal: str = "key:1") -> Attempt:
    return Attempt(
        principal=principal,
        operation="POST /v1/test",
        key=key,
        fingerprint=b"\0" * 32,
        api_key=None,
        at=NOW,
    )


def never(_: Exception) -> Answer | None:
    return None


async def test_claiming_the_key_and_locking_the_member_is_one_statement(
    database: Database,
) -> None:
    member = await database.write(join, CAUSE, Joining(external_id="C-1"))

    sent: list[str] = []

    execute = psycopg.AsyncRawCursor.execute

    async def counted(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        sent.append(str(query))
        return await execute(cursor, query, *arguments, **options)

    async def first_statement(connection: AsyncConnection) -> Begun | Answer:
        with patch.object(psycopg.AsyncRawCursor, "execute", counted):
            return await begin_write(connection, attempt(), MEMBER)

    begun = await database.write(first_statement)

    assert isinstance(begun, Begun)
    assert begun.member == member
    assert len(sent) == 1
    assert "begin_write" in sent[0]


async def test_an_order_leads_to_its_member_by_either_name(database: Database) -> None:
    member = await database.write(join, CAUSE, Joining(external_id="C-1"))
    order = member.holder  # any uuid that is not the member's
    await database.write(take_names, [Name(ORDER, "O-1", member.id, order)])

    for ref in (Ref("order", "ext:O-1", external="O-1"), Ref("order", "ord_…", id=order)):
        begun = await database.write(begin_write, attempt(), ref)
        assert isinstance(begun, Begun)
        assert (begun.whose().id, begun.subject) == (member.id, order)


async def test_a_guests_order_has_no_member_to_lock(database: Database) -> None:
    order = (await database.write(join, CAUSE, Joining())).holder
    await database.write(take_names, [Name(ORDER, "O-1", None, order)])

    begun = await database.write(begin_write, attempt(), Ref("order", "O-1", external="O-1"))

    assert isinstance(begun, Begun)
    assert (begun.member, begun.subject) == (None, order)


async def test_what_is_about_one_member_is_planned_once_for_whatever_values(
    database: Database,
) -> None:
    """A connection that was opened on empty tables planned each long statement anew (0279)."""
    await database.write(join, CAUSE, Joining(external_id="C-1"))

    async def planned(connection: AsyncConnection, about: Ref | None) -> str:
        await begin_write(connection, attempt(), about)
        return str((await connection.execute(text("SHOW plan_cache_mode"))).scalar_one())

    assert await database.write(planned, MEMBER) == "force_generic_plan"
    assert await database.write(planned, None) == "auto"


@pytest.mark.parametrize(("kind", "error"), [("member", UnknownMember), ("order", UnknownOrder)])
async def test_whoever_is_unknown_is_named(
    database: Database, kind: str, error: type[Exception]
) -> None:
    ref = Ref(kind="member" if kind == "member" else "order", text="ext:X", external="X")

    with pytest.raises(error, match="ext:X"):
        await database.write(begin_write, attempt(), ref)


async def test_the_member_is_locked_before_anything_is_read(database: Database) -> None:
    await database.write(join, CAUSE, Joining(external_id="C-1"))
    steps: list[str] = []

    async def work(connection: AsyncConnection, begun: Begun) -> Answer:
        steps.append("in")
        await until_blocked(database, 2 - steps.count("out"))
        steps.append("out")
        return Answer(200, b"{}")

    ref = read_member_ref("ext:C-1")
    await asyncio.gather(
        *(answer_once(database, attempt(key), ref, work, never) for key in ("a", "b", "c"))
    )

    assert steps == ["in", "out"] * 3


async def test_work_that_fails_leaves_no_answer_behind(database: Database) -> None:
    async def fails(connection: AsyncConnection, begun: Begun) -> Answer:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await answer_once(database, attempt(), None, fails, never)

    async def works(connection: AsyncConnection, begun: Begun) -> Answer:
        return Answer(201, b'{"n":1}')

    first = await answer_once(database, attempt(), None, works, never)
    assert (first.status, first.replayed) == (201, False)
    again = await answer_once(database, attempt(), None, works, never)
    assert (again.status, again.body, again.replayed) == (201, b'{"n":1}', True)


async def test_a_key_under_way_is_told_while_another_callers_key_is_free(
    database: Database,
) -> None:
    begun, proceed = asyncio.Event(), asyncio.Event()

    async def waits(connection: AsyncConnection, _: Begun) -> Answer:
        begun.set()
        await proceed.wait()
        return Answer(200, b"{}")

    async def quick(connection: AsyncConnection, _: Begun) -> Answer:
        return Answer(200, b"[]")

    slow = asyncio.create_task(answer_once(database, attempt(), None, waits, never))
    await begun.wait()
    with pytest.raises(InProgress):
        await answer_once(database, attempt(), None, quick, never)
    other = await answer_once(database, attempt(principal="key:2"), None, quick, never)
    proceed.set()

    assert other.body == b"[]"
    assert (await slow).body == b"{}"


async def test_answers_are_forgotten_after_their_time_in_batches(database: Database) -> None:
    async def works(connection: AsyncConnection, begun: Begun) -> Answer:
        return Answer(200, b"{}")

    for number in range(5):
        await answer_once(database, attempt(str(number)), None, works, never)
    async with database.read() as connection:
        now = (await connection.execute(select(func.now()))).scalar_one()
    past, future = now - timedelta(days=1), now + timedelta(days=1)

    assert await database.write(forget_batch, past) == 0
    assert await database.write(forget_batch, future, limit=3) == 3
    assert await database.write(forget_batch, future, limit=3) == 2
    async with database.read() as connection:
        left = await connection.execute(select(func.count()).select_from(answer))
        assert left.scalar_one() == 0
