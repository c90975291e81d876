"""What orders and events take of counters: read, taken, settled, and passed on with a merge.

Taking and settling are functions that a caller composes into the last statement of its
transaction, or awaits there. The member's row is locked by the caller; totals of all members are
moved by conditional update, so that no two can have the last of one.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    ScalarSelect,
    Text,
    any_,
    bindparam,
    func,
    literal,
    select,
    text,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits.counted import Charge, Used, periods
from benefits.counter_tables import counter, rule_use
from benefits.errors import LimitReached
from benefits.records import FREE

Content = Mapping[str, object]
_TOTALS: Final = text("select pg_advisory_xact_lock(hashtext('benefits.counter'))")


@dataclass(frozen=True, slots=True)
class Use:
    """What an order took of a counter, by line, and what became of it since."""

    member: UUID
    subject: UUID
    everyone: bool
    starts_on: str
    scope: str
    measure: str
    every: str
    side: int
    parts: Mapping[int, int]
    """What was taken for each line, by its number."""
    consumed: int
    given_back: int

    @property
    def taken(self) -> int:
        """What was taken in all."""
        return sum(self.parts.values())


def used_json(
    member: ColumnElement[UUID], starts: ColumnElement[Sequence[date]]
) -> ScalarSelect[Any]:
    """Where the counters of a member and of all stand, as one JSON value for `read_used`.

    `starts` are the first days of the periods that are looked at; `member` is the statement's own.
    """
    found = select(
        func.json_agg(
            func.json_build_array(
                *(counter.c.scope, counter.c.measure, counter.c.member == FREE),
                *(counter.c.every, counter.c.starts_on, counter.c.used),
            ),
            type_=JSON,
        )
    )
    return found.where(
        counter.c.member.in_([member, literal(FREE)]), counter.c.starts_on == any_(starts)
    ).scalar_subquery()


async def find_used(connection: AsyncConnection, member: UUID, *, on: date) -> tuple[Used, ...]:
    """Where the counters stand that a day's rules look at; the member's row is locked."""
    days = [date.fromisoformat(each) for each in sorted(set(periods(on).values()))]
    starts = literal(days, ARRAY(Date))
    return read_used(await connection.scalar(select(used_json(literal(member), starts))))


def read_used(stored: Sequence[Sequence[Any]] | None) -> tuple[Used, ...]:
    """The counters of such a JSON value, in the order of their keys."""
    return tuple(sorted(Used(*row) for row in stored or ()))


def uses_json(member: ColumnElement[UUID], subject: ColumnElement[UUID]) -> ScalarSelect[Any]:
    """What an order took of counters, as one JSON value for `read_uses`."""
    columns = [column for column in rule_use.c if column.name not in {"taken", "used_at"}]
    fields = [part for column in columns for part in (column.name, column)]
    one = func.json_build_object(*fields, type_=JSON)
    mine = (rule_use.c.member == member, rule_use.c.subject == subject)
    return select(func.json_agg(one, type_=JSON)).where(*mine).scalar_subquery()


def read_uses(stored: Sequence[Mapping[str, Any]] | None) -> tuple[Use, ...]:
    """The uses of such a JSON value."""
    return tuple(
        Use(
            member=UUID(one["member"]),
            subject=UUID(one["subject"]),
            everyone=UUID(one["counter_member"]) == FREE,
            starts_on=one["starts_on"],
            scope=one["scope"],
            measure=one["measure"],
            every=one["every"],
            side=one["side"],
            parts=dict(zip(one["line_nos"], one["parts"], strict=True)),
            consumed=one["consumed"],
            given_back=one["given_back"],
        )
        for one in stored or ()
    )


def taken_content(
    member: UUID,
    subject: UUID,
    charges: Iterable[Charge],
    *,
    at: datetime,
    again: bool,
    consumed: bool = False,
) -> Content | None:
    """What `taking` is handed; None where nothing is to be taken.

    `again` asks for the transaction to be run again where a total ran out meanwhile.
    """
    items = [_item(charge, consumed=consumed) for charge in charges if charge.taken]
    if not items:
        return None
    return {
        "member": str(member),
        "subject": str(subject),
        "at": at.isoformat(),
        "again": again,
        "items": items,
    }


def settled_content(uses: Iterable[Use]) -> list[Content]:
    """What `settling` is handed: uses with what is consumed and given back of them by now."""
    return [
        {
            "member": str(use.member),
            "subject": str(use.subject),
            "counter_member": str(FREE if use.everyone else use.member),
            "starts_on": use.starts_on,
            "scope": use.scope,
            "measure": use.measure,
            "every": use.every,
            "side": use.side,
            "consumed": use.consumed,
            "given_back": use.given_back,
        }
        for use in uses
    ]


def taking(content: ColumnElement[Any]) -> ColumnElement[Any]:
    """Take what `taken_content` says, as a value of a statement: a JSON array of refusals."""
    return func.benefits.take_uses(sql_cast(content, JSONB), type_=JSON)


def settling(content: ColumnElement[Any]) -> ColumnElement[Any]:
    """Settle what `settled_content` says, as a value of a statement."""
    return func.benefits.settle_uses(sql_cast(content, JSONB))


def claiming_uses(
    claimed: ColumnElement[UUID], claimant: ColumnElement[UUID]
) -> ColumnElement[Any]:
    """Make what a guest's order took a member's who claims it, as a value of a statement."""
    return func.benefits.claim_uses(claimed, claimant)


async def lock_totals(connection: AsyncConnection) -> None:
    """Wait until no other import moves totals of all members; until commit none will."""
    await connection.execute(_TOTALS)


async def find_counters(
    connection: AsyncConnection, members: Iterable[UUID]
) -> Mapping[UUID, list[Used]]:
    """All counters of some members, and under `FREE` those of all."""
    found: dict[UUID, list[Used]] = {}
    rows = await connection.execute(
        select(counter).where(counter.c.member.in_([FREE, *members])).order_by(counter.c.member)
    )
    for row in rows:
        starts_on = row.starts_on.isoformat()
        one = Used(row.scope, row.measure, row.member == FREE, row.every, starts_on, row.used)
        found.setdefault(row.member, []).append(one)
    return found


async def record_uses(connection: AsyncConnection, uses: Sequence[tuple[Use, datetime]]) -> None:
    """Record what historic orders took, all at once; they are facts, so nothing is refused."""
    items = [
        {**settled, **_parts(use), "used_at": at.isoformat()}
        for (use, at), settled in zip(uses, settled_content(use for use, _ in uses), strict=True)
    ]
    if items:
        given = bindparam("content", json.dumps(items), type_=Text)
        await connection.execute(select(func.benefits.record_uses(sql_cast(given, JSONB))))


async def take_uses(
    connection: AsyncConnection,
    member: UUID,
    subject: UUID,
    charges: Iterable[Charge],
    *,
    at: datetime,
    consumed: bool = False,
) -> None:
    """Take counters for something decided just now, last before commit.

    Raises LimitReached; a total that ran out meanwhile has the transaction run again instead.
    """
    content = taken_content(member, subject, charges, at=at, again=True, consumed=consumed)
    if content is None:
        return
    given = bindparam("content", json.dumps(content), type_=Text)
    demand_uses(await connection.scalar(select(taking(given))))


async def settle_uses(connection: AsyncConnection, uses: Sequence[Use]) -> None:
    """Say of uses what is consumed and given back by now; said again it changes nothing."""
    if uses:
        given = bindparam("content", json.dumps(settled_content(uses)), type_=Text)
        await connection.execute(select(settling(given)))


def demand_uses(refused: Sequence[Mapping[str, Any]] | None) -> None:
    """Raise LimitReached for the first of the refusals, if there is one."""
    for one in refused or ():
        raise LimitReached(
            scope=one["scope"], measure=one["measure"], seen=one["used"], wanted=one["wanted"]
        )


async def pass_on_counters(
    connection: AsyncConnection, giver: UUID, receiver: UUID, *, at: datetime
) -> int:
    """Count for one member what counts for another; answers how many counters moved.

    Said again it passes on what has changed since.
    """
    moved = await connection.scalar(
        select(func.benefits.pass_on_counters(literal(giver), literal(receiver), literal(at)))
    )
    return cast("int", moved)


def _parts(use: Use) -> Content:
    return {
        "taken": use.taken,
        "line_nos": list(use.parts),
        "parts": list(use.parts.values()),
    }


def _item(charge: Charge, *, consumed: bool) -> Content:
    parts = charge.by_line
    return {
        "scope": charge.scope,
        "measure": charge.measure,
        "everyone": charge.everyone,
        "every": charge.every,
        "starts_on": charge.starts_on,
        "side": charge.side,
        "taken": charge.taken,
        "consumed": charge.taken if consumed else 0,
        "line_nos": list(parts),
        "parts": list(parts.values()),
        "most": charge.most,
        "least": charge.least,
        "seen": charge.seen,
    }
