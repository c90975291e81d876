"""Who is reviewed together: parts without a member in common, and what came in between."""

from dataclasses import replace
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from tests.tiers.builders import AT, FEBRUARY, MARCH, act, buy, named, publish, review_all
from tiers import (
    EVERYBODY,
    Batch,
    Part,
    batch_of,
    due,
    due_in,
    live_ladder,
    parts_due,
    read_batch,
    review,
)

NIGHT = date(2025, 3, 2)
PEOPLE = ("ann", "bob", "cat", "dan", "eve")


async def everybody_due(connection: AsyncConnection) -> Batch:
    """Five silver members, whose time is over on the night; one of them is due longer."""
    await publish(connection)
    for who in PEOPLE:
        bought = FEBRUARY if who == "bob" else MARCH
        await act(connection, who, bought, buy(who, bought, 1_000))
    members = due_in(EVERYBODY, NIGHT, version=1).cte("due")
    batch = read_batch((await connection.execute(batch_of(members))).one())
    assert batch is not None
    return batch


async def test_parts_have_all_who_are_due_and_no_member_in_common(
    connection: AsyncConnection,
) -> None:
    await everybody_due(connection)
    found = []

    for part in await parts_due(connection, NIGHT, size=2):
        members = await connection.execute(due_in(part, NIGHT, version=1))
        found.append({row.member for row in members})

    assert [len(each) for each in found] == [2, 2, 1]
    assert set().union(*found) == {named(who) for who in PEOPLE}
    assert await parts_due(connection, date(2025, 1, 1), size=2) == ()
    assert await parts_due(connection, NIGHT, size=100) == (
        Part(min((named(who) for who in PEOPLE), key=lambda one: one.bytes), None),
    )


async def test_parts_are_alike_and_as_many_as_are_taken_side_by_side(
    connection: AsyncConnection,
) -> None:
    await everybody_due(connection)

    async def sizes(size: int, takers: int) -> list[int]:
        parts = await parts_due(connection, NIGHT, size=size, takers=takers)
        counted = [await connection.execute(due_in(part, NIGHT, version=1)) for part in parts]
        return [len(each.all()) for each in counted]

    assert await sizes(4, 1) == [3, 2]
    assert await sizes(4, 3) == [2, 2, 1]
    assert await sizes(5, 3) == [5]


async def test_who_is_judged_before_the_first_day_of_a_batch_waits_for_the_next(
    connection: AsyncConnection,
) -> None:
    batch = await everybody_due(connection)
    rules = await live_ladder(connection)
    assert rules is not None
    late = replace(batch, first=NIGHT)

    await connection.execute(
        review(rules, late, on=NIGHT, at=AT, actor="job:review-tiers", request_id="late")
    )

    assert batch.first < NIGHT
    assert await due(connection, NIGHT, limit=10) == (named("bob"),)
    assert await review_all(connection, rules, NIGHT, size=2) == [
        (named("bob"), "silver", "standard")
    ]
