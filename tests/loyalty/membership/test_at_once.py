"""Many ask at the same instant for one member: one is served, and the others find what it did."""

import asyncio
from collections import Counter
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.database import LONG, Database
from loyalty.errors import LoyaltyError
from loyalty.members import Ref
from loyalty.members.merging import merge_members
from loyalty.membership.asking import cancel
from loyalty.membership.external import NewMembership, join_plan
from loyalty.membership.store import list_memberships, lock_membership
from loyalty.membership.upkeep import foretell_batch
from loyalty.membership.verify import first_broken_membership
from tests.loyalty.membership.building import (
    CONSENT,
    MONTH,
    NOW,
    begun,
    cause,
    events,
    joined,
    opened,
    paid,
)
from tests.support.database import Clone
from tests.support.waiting import until_blocked

MANY = 6


async def test_of_many_who_join_at_once_one_lives_and_the_others_are_told(
    database: Database,
) -> None:
    await database.write(opened)
    ada, bob = await database.write(joined), await database.write(joined, "C-2")

    async def join(number: int, *, trial: bool) -> str:
        first = None if trial else paid(f"PAY-{number}")
        asked = NewMembership("prime", "monthly", f"SUB-{number}", CONSENT, trial, first)
        whose = bob if trial else ada
        try:
            made = await database.write(join_plan, cause(), whose, asked)
        except LoyaltyError as refused:
            return refused.code
        return "joined" if made.steps else "known"

    came = await asyncio.gather(*(join(number, trial=False) for number in range(MANY)))
    assert Counter(came) == {"joined": 1, "membership-live": MANY - 1}
    came = await asyncio.gather(*(join(MANY, trial=True) for _ in range(MANY)))
    assert Counter(came) == {"joined": 1, "known": MANY - 1}

    async with database.read() as connection:
        rows = await list_memberships(connection)
        assert Counter(row.member for row in rows) == {ada.id: 1, bob.id: 1}
        assert await first_broken_membership(connection) == {}


async def test_who_waited_for_a_cancellation_or_a_merge_sees_what_it_left(clone: Clone) -> None:
    database = Database.at(clone.application, patience=LONG)
    await database.write(opened)
    ada, bob = await database.write(joined), await database.write(joined, "C-2")
    row = (await database.write(begun, bob)).membership
    near = cause(NOW + 25 * MONTH / 30)
    refs = (Ref("member", "", id=bob.id), Ref("member", "", id=ada.id))
    waiting: list[asyncio.Task[Any]] = []

    async def cancelled(connection: AsyncConnection) -> None:
        await cancel(connection, near, row.id, "period-end")
        waiting.append(asyncio.create_task(database.write(foretell_batch, near)))
        await until_blocked(database)

    async def merged(connection: AsyncConnection) -> None:
        await merge_members(connection, near, *refs, reason="same-person")
        waiting.append(asyncio.create_task(database.write(lock_membership, row.id)))
        await until_blocked(database)

    await database.write(cancelled)
    await waiting[0]
    async with database.read() as connection:
        assert await events(connection, bob) == ["membership.began", "membership.cancel-asked"]
    await database.write(merged)
    assert (await waiting[1]).member == ada.id
    await database.dispose()
