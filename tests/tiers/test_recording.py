import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.database import Database
from tests.tiers.builders import (
    FEBRUARY,
    JOINED,
    LADDER,
    MARCH,
    act,
    buy,
    named,
    publish,
    tier_at,
    write,
)
from tiers import (
    Activity,
    ActivityConflict,
    Movement,
    StandingOutrun,
    Window,
    begin,
    decide,
    find_subjects,
    freeze,
    history_of,
    place_floor,
    population,
    read_subject,
    standing_at,
    subject_of,
    verify,
)


async def test_what_is_recorded_reads_back_the_same(connection: AsyncConnection) -> None:
    await publish(connection)
    member = named("ann")
    decision = await act(connection, "ann", FEBRUARY, buy("a", FEBRUARY, 1_000))

    found = (await find_subjects(connection, {member: date.min}))[member]
    value = (await connection.execute(subject_of(member))).scalar_one()

    assert found.standing == decision.standing
    assert found.joined_on == JOINED
    assert found.activities == (buy("a", FEBRUARY, 1_000),)
    assert read_subject(value, member=member, joined_on=date.min) == found
    assert await verify(connection) == ()


async def test_history_tells_each_change_with_its_figures_newest_first(
    connection: AsyncConnection,
) -> None:
    await publish(connection)
    await act(connection, "ann", FEBRUARY, buy("a", FEBRUARY, 1_000))
    await act(connection, "ann", MARCH, buy("a", FEBRUARY, 1_000, returned=400))

    changes = await history_of(connection, named("ann"), limit=10)
    page = await history_of(connection, named("ann"), limit=1, before=3)

    assert [each.number for each in changes] == [3, 2, 1]
    assert [each.change.rule for each in changes] == [
        Movement.RETURNED,
        Movement.REACHED,
        Movement.JOINED,
    ]
    assert changes[1].change.window == Window(date(2023, 2, 2), date(2024, 2, 2))
    assert changes[0].change.figures is not None
    assert changes[0].change.figures.purchases == 600
    assert (changes[0].actor, changes[0].request_id) == ("key:1", "req-2")
    assert page == changes[1:2]


async def test_floor_and_freeze_read_back_the_same(connection: AsyncConnection) -> None:
    await publish(connection)
    member = named("ann")
    await act(connection, "ann", FEBRUARY)
    subject = (await find_subjects(connection, {member: JOINED}))[member]
    floored = place_floor(
        LADDER, subject, tier="gold", until=date(2024, 5, 1), reason="grant:vip", on=FEBRUARY
    )
    await write(connection, floored)
    planned = place_floor(
        LADDER,
        (await find_subjects(connection, {member: JOINED}))[member],
        tier="silver",
        until=date(2024, 6, 1),
        reason="plan:plus",
        on=FEBRUARY,
        kind="plan",
    )
    await write(connection, planned)

    assert await tier_at(connection, "ann", date(2024, 4, 30)) == "gold"
    assert await tier_at(connection, "ann", date(2024, 5, 1)) == "silver"
    assert await tier_at(connection, "ann", date(2024, 6, 1)) == "standard"
    stands = (await connection.execute(standing_at(member, date(2024, 4, 30)))).one()
    assert stands.floor_until == date(2024, 5, 1)
    subject = (await find_subjects(connection, {member: JOINED}))[member]
    assert subject.standing == planned.standing
    frozen = freeze(LADDER, subject, reason="audit", on=MARCH)
    await write(connection, frozen)
    subject = (await find_subjects(connection, {member: JOINED}))[member]
    assert subject.standing == frozen.standing
    assert await tier_at(connection, "ann", date(2024, 5, 1)) == "gold"
    assert await verify(connection) == ()


async def test_the_tier_of_any_day_is_told_before_and_after_the_last_decision(
    connection: AsyncConnection,
) -> None:
    await publish(connection)
    await act(connection, "ann", FEBRUARY, buy("a", FEBRUARY, 20_000))
    await act(connection, "ann", MARCH, buy("b", MARCH, 1))

    told = {
        on: await tier_at(connection, "ann", date.fromisoformat(on))
        for on in ("2023-12-31", "2024-01-31", "2024-02-01", "2025-02-01", "2025-02-02")
    }

    assert told == {
        "2023-12-31": None,
        "2024-01-31": "standard",
        "2024-02-01": "diamond",
        "2025-02-01": "diamond",
        "2025-02-02": "gold",
    }


async def test_recording_the_same_shipment_again_changes_nothing(
    connection: AsyncConnection,
) -> None:
    await publish(connection)
    await act(connection, "ann", FEBRUARY, buy("a", FEBRUARY, 1_000, returned=5))
    before = await find_subjects(connection, {named("ann"): JOINED})

    again = await act(connection, "ann", FEBRUARY, buy("a", FEBRUARY, 1_000))

    assert again.written == ()
    assert await find_subjects(connection, {named("ann"): JOINED}) == before


async def test_the_database_refuses_other_content_for_a_shipment(
    connection: AsyncConnection,
) -> None:
    """The guard below the one in `decide`, for a caller that read without a lock."""
    await publish(connection)
    first = await act(connection, "ann", FEBRUARY, buy("a", FEBRUARY, 1_000))
    blind = decide(
        LADDER,
        replace(
            (await find_subjects(connection, {named("ann"): JOINED}))[named("ann")], activities=()
        ),
        [buy("a", FEBRUARY, 999)],
        on=FEBRUARY,
    )

    with pytest.raises(ActivityConflict):
        await write(connection, blind)
    assert first.standing.number == 2


async def test_a_standing_that_moved_since_it_was_read_is_not_overwritten(
    connection: AsyncConnection,
) -> None:
    await publish(connection)
    subject = (await find_subjects(connection, {named("ann"): JOINED}))[named("ann")]
    await act(connection, "ann", FEBRUARY, buy("a", FEBRUARY, 1_000))

    with pytest.raises(StandingOutrun):
        await write(connection, decide(LADDER, subject, [buy("b", FEBRUARY, 1)], on=FEBRUARY))


async def test_many_members_are_written_at_once(connection: AsyncConnection) -> None:
    await publish(connection)
    members = {named(f"m{at}"): JOINED for at in range(50)}
    subjects = await find_subjects(connection, members)
    decisions = [
        decide(LADDER, subjects[member], [buy(f"o{at}", FEBRUARY, at * 100)], on=FEBRUARY)
        for at, member in enumerate(members)
    ]

    await write(connection, *decisions)

    assert await population(connection, on=FEBRUARY) == (
        ("standard", 10),
        ("silver", 40),
        ("gold", 0),
        ("diamond", 0),
    )
    assert await verify(connection) == ()
    await write(connection)


async def test_deciding_and_recording_take_two_statements(connection: AsyncConnection) -> None:
    await publish(connection)
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(connection.sync_connection, "before_cursor_execute", note)
    await act(connection, "ann", FEBRUARY, buy("a", FEBRUARY, 1_000))

    assert len(seen) == 2


@pytest.mark.parametrize(
    "statement",
    [
        "update tiers.ladder set document = '{}'",
        "delete from tiers.ladder",
        "update tiers.standing_change set tier = 'diamond'",
        "delete from tiers.standing_change",
        "update tiers.activity set purchases = 0",
        "delete from tiers.activity",
        "delete from tiers.standing",
        "truncate tiers.ladder",
    ],
)
async def test_the_application_may_not_rewrite_what_was_published_or_happened(
    connection: AsyncConnection, statement: str
) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        await connection.execute(text(statement))


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("falls_rank = tier_rank", "standing_falls_downward"),
        ("grant_tier = 'gold'", "standing_floor_has_end_and_reason"),
        ("plan_until = '2026-01-01'", "standing_floor_has_end_and_reason"),
        ("frozen_tier = 'gold'", "standing_freeze_has_reason"),
        ("valid_until = since", "standing_valid_after_since"),
        ("tier_rank = 0", "standing_"),
        ("number = 0", "standing_number_positive"),
        ("since = decided_through + 1", "standing_since_not_in_future"),
    ],
)
async def test_the_database_refuses_impossible_standings(
    connection: AsyncConnection, change: str, constraint: str
) -> None:
    await publish(connection)
    await act(connection, "ann", FEBRUARY, buy("a", FEBRUARY, 1_000))

    with pytest.raises(DBAPIError, match=constraint):
        await connection.execute(text(f"update tiers.standing set {change}"))


async def test_returns_never_exceed_purchases_in_the_database(
    connection: AsyncConnection,
) -> None:
    await publish(connection)
    await act(connection, "ann", FEBRUARY, buy("a", FEBRUARY, 1_000))

    with pytest.raises(DBAPIError, match="activity_returned_within_purchases"):
        await connection.execute(text("update tiers.activity set returned = 1001"))


ALTERED = [
    ("update tiers.standing set valid_until = valid_until + 1", "standing-equals-last-change"),
    ("update tiers.standing set number = number + 1", "standing-equals-last-change"),
    ("update tiers.standing set since = since - 1", "standing-equals-replay"),
    ("update tiers.activity set returned = 1", "standing-equals-replay"),
    ("update tiers.standing set ladder = 9", "standing-names-published-ladder"),
    ("delete from tiers.standing", "activity-has-standing"),
    (
        "delete from tiers.standing_change where number = 1",
        "standing-equals-last-change",
    ),
]


@pytest.mark.parametrize(("statement", "check"), ALTERED)
async def test_verify_names_a_row_altered_by_hand(
    database: Database, owner_connection: AsyncConnection, statement: str, check: str
) -> None:
    await database.write(publish)
    await database.write(act, "ann", FEBRUARY, buy("a", FEBRUARY, 1_000))
    await owner_connection.execute(text(statement))

    async with database.snapshot() as connection:
        findings = await verify(connection)

    assert check in {each.check for each in findings}
    assert {each.member for each in findings} == {named("ann")}


async def _locked_act(connection: AsyncConnection, on: date, activity: Activity) -> None:
    """The order path as the caller runs it: the member's row lock comes first."""
    await connection.execute(text("select pg_advisory_xact_lock(7)"))
    await act(connection, "ann", on, activity)


async def test_orders_that_race_under_the_members_lock_are_all_counted(
    database: Database,
) -> None:
    await database.write(publish)
    orders: Sequence[Activity] = [buy(f"o{at}", FEBRUARY, 100) for at in range(10)]

    await asyncio.gather(
        *(database.write(_locked_act, FEBRUARY, order) for order in [*orders, *orders])
    )

    async with database.snapshot() as connection:
        found = (await find_subjects(connection, {named("ann"): JOINED}))[named("ann")]
        assert set(found.activities) == set(orders)
        assert found.standing is not None
        assert found.standing.tier == "gold"
        assert found.standing.number == 3
        assert await verify(connection) == ()


async def test_without_a_lock_one_of_two_racing_decisions_is_refused(
    database: Database,
) -> None:
    await database.write(publish)
    await database.write(write, begin(LADDER, member=named("ann"), joined_on=JOINED))
    async with database.snapshot() as connection:
        subject = (await find_subjects(connection, {named("ann"): JOINED}))[named("ann")]
    racing = [
        decide(LADDER, subject, [buy(name, FEBRUARY, 1_000)], on=FEBRUARY) for name in ("a", "b")
    ]

    outcomes = await asyncio.gather(
        *(database.write(write, decision) for decision in racing), return_exceptions=True
    )

    assert sorted(type(each).__name__ for each in outcomes) == ["NoneType", "StandingOutrun"]
    async with database.snapshot() as connection:
        assert await verify(connection) == ()
