"""Two members become one, and members who bring a tier along."""

from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.tiers.builders import JOINED, LADDER, Life, buy, day, named, newcomer, publish, write
from tests.tiers.builders import act as told
from tiers import (
    MergeMalformed,
    Movement,
    StandingMalformed,
    Subject,
    TierUnknown,
    find_subjects,
    merge,
    place_floor,
    settle,
    verify,
)


def lived(name: str, *events: tuple[str, int]) -> Subject:
    life = Life(LADDER)
    life.subject = newcomer(name)
    for on, amount in events:
        life.see(on, buy(f"{name} {on}", on, amount))
    return life.subject


def test_together_two_members_reach_what_neither_did() -> None:
    kept, gone = lived("kept", ("2024-02-01", 600)), lived("gone", ("2024-03-01", 500))

    merged = merge(LADDER, kept, gone, on=day("2024-04-01"))

    assert merged.standing.tier == "silver"
    assert merged.standing.since == day("2024-03-01")
    assert [change.rule for change in merged.changes] == [Movement.MERGED]
    assert (merged.changes[0].before, merged.changes[0].after) == ("standard", "silver")
    assert {each.order for each in merged.written} == {each.order for each in gone.activities}


def test_a_merged_member_never_stands_below_the_better_of_the_two() -> None:
    kept = lived("kept", ("2024-02-01", 10))
    promised = settle(
        LADDER,
        newcomer("gone"),
        tier="diamond",
        since=day("2023-05-01"),
        until=day("2024-09-01"),
        on=day("2024-02-01"),
    )
    gone = replace(newcomer("gone"), standing=promised.standing)

    for first, second in ((kept, gone), (gone, kept)):
        merged = merge(LADDER, first, second, on=day("2024-04-01"))
        assert merged.standing.tier == "diamond"
        assert merged.standing.valid_until == day("2024-09-01")


def test_the_earlier_joining_and_the_better_floor_stay() -> None:
    kept, gone = lived("kept", ("2024-02-01", 10)), lived("gone", ("2024-02-01", 10))
    gone = replace(gone, joined_on=JOINED)
    floored = place_floor(
        LADDER, gone, tier="gold", until=day("2024-08-01"), reason="plan:plus", on=day("2024-02-02")
    )

    merged = merge(LADDER, kept, replace(gone, standing=floored.standing), on=day("2024-04-01"))

    assert merged.standing.joined_on == JOINED
    assert merged.standing.floors == floored.standing.floors
    assert merged.standing.effective_on(day("2024-07-31"))[0] == "gold"


def test_a_member_is_not_merged_with_itself() -> None:
    with pytest.raises(MergeMalformed):
        merge(LADDER, lived("kept"), lived("kept"), on=day("2024-04-01"))


async def test_merged_activity_is_stored_and_a_later_return_corrects_it(
    connection: AsyncConnection,
) -> None:
    await publish(connection)
    await told(connection, "kept", day("2024-02-01"), buy("a", "2024-02-01", 600))
    await told(connection, "gone", day("2024-03-01"), buy("b", "2024-03-01", 500))
    both = {named("kept"): JOINED, named("gone"): JOINED}
    subjects = await find_subjects(connection, both)
    merged = merge(LADDER, subjects[named("kept")], subjects[named("gone")], on=day("2024-04-01"))

    await write(connection, merged)
    assert await verify(connection) == ()
    back = buy("b", "2024-03-01", 500, returned=500)
    decision = await told(connection, "kept", day("2024-05-01"), back)

    assert merged.standing.tier == "silver"
    assert decision.standing.tier == "standard"
    assert await verify(connection) == ()


def test_a_tier_brought_along_is_kept_until_its_day_and_then_judged() -> None:
    placed = settle(
        LADDER,
        newcomer(),
        tier="gold",
        since=day("2023-06-01"),
        until=day("2024-06-01"),
        on=day("2024-02-01"),
    )

    standing = placed.standing
    assert (standing.tier, standing.since, standing.valid_until) == (
        "gold",
        day("2023-06-01"),
        day("2024-06-01"),
    )
    assert [change.rule for change in placed.changes] == [Movement.JOINED, Movement.IMPORTED]
    assert standing.effective_on(day("2024-05-31"))[0] == "gold"
    assert standing.effective_on(day("2024-06-01"))[0] == "silver"


def test_the_same_tier_brought_again_only_gets_the_new_day() -> None:
    life = Life(LADDER)
    life.see("2024-02-01", buy("a", "2024-02-01", 1_000))

    again = settle(
        LADDER,
        life.subject,
        tier="silver",
        since=day("2024-02-01"),
        until=day("2026-01-01"),
        on=day("2024-03-01"),
    )

    assert (again.standing.tier, again.standing.valid_until) == ("silver", day("2026-01-01"))
    assert [(change.before, change.after) for change in again.changes] == [("silver", "silver")]


def test_a_tier_that_cannot_have_been_held_is_refused() -> None:
    on = day("2024-02-01")
    for tier, since, until, error in (
        ("iron", on, None, TierUnknown),
        ("gold", day("2024-02-02"), None, StandingMalformed),
        ("gold", on, on, StandingMalformed),
    ):
        with pytest.raises(error):
            settle(LADDER, newcomer(), tier=tier, since=since, until=until, on=on)
