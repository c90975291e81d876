"""Reading standings: populations, reviews and what a ladder left behind."""

from datetime import date

from sqlalchemy import Uuid, column, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.tiers.builders import (
    FEBRUARY,
    MARCH,
    act,
    buy,
    named,
    publish,
)
from tiers import (
    activity_of,
    due,
    left_behind,
    population,
    verify,
)


async def test_population_counts_chosen_members_and_those_never_decided_at_the_bottom(
    connection: AsyncConnection,
) -> None:
    assert await population(connection, on=FEBRUARY) == ()
    await publish(connection)
    await act(connection, "ann", FEBRUARY, buy("a", FEBRUARY, 1_000))
    await act(connection, "bob", FEBRUARY, buy("b", FEBRUARY, 1_000))
    chosen = text("select unnest(cast(:ids as uuid[])) as id").bindparams(
        ids=[named("ann"), named("nobody")]
    )
    members = select(chosen.columns(column("id", Uuid)).subquery("given").c.id)

    assert await population(connection, on=FEBRUARY, members=members) == (
        ("standard", 1),
        ("silver", 1),
        ("gold", 0),
        ("diamond", 0),
    )


async def test_the_review_finds_who_is_due_longest_first(connection: AsyncConnection) -> None:
    await publish(connection)
    await act(connection, "ann", MARCH, buy("a", MARCH, 1_000))
    await act(connection, "bob", FEBRUARY, buy("b", FEBRUARY, 1_000))
    await act(connection, "cat", FEBRUARY, buy("c", FEBRUARY, 1))

    assert await due(connection, date(2025, 2, 1), limit=10) == ()
    assert await due(connection, date(2025, 3, 2), limit=10) == (named("bob"), named("ann"))
    assert await due(connection, date(2025, 3, 2), limit=1) == (named("bob"),)
    await act(connection, "bob", date(2025, 3, 2))
    assert await due(connection, date(2025, 3, 2), limit=10) == (named("ann"),)
    assert await verify(connection) == ()


async def test_members_left_behind_by_a_new_ladder_are_listed(
    connection: AsyncConnection,
) -> None:
    await publish(connection)
    await act(connection, "ann", FEBRUARY)
    await act(connection, "bob", FEBRUARY)
    both = sorted([named("ann"), named("bob")])

    assert await left_behind(connection, 1, limit=10) == ()
    assert await left_behind(connection, 2, limit=10) == tuple(both)
    assert await left_behind(connection, 2, limit=10, after=both[0]) == (both[1],)


async def test_activity_is_listed_oldest_first(connection: AsyncConnection) -> None:
    await publish(connection)
    await act(connection, "ann", MARCH, buy("b", MARCH, 2), buy("a", FEBRUARY, 1))

    rows = (await connection.execute(activity_of(named("ann")))).all()

    assert [tuple(row) for row in rows] == [
        (named("a"), named("a/1"), FEBRUARY, 1, 0),
        (named("b"), named("b/1"), MARCH, 2, 0),
    ]
