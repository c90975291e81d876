"""Floors, freezes and new ladders: what holds a standing, and what moves it on."""

import pytest

from tests.tiers.builders import Life, buy, climb, day, ladder
from tiers import (
    Decision,
    FloorKind,
    FloorWithoutEnd,
    ReasonMalformed,
    TierUnknown,
    freeze,
    lift_floor,
    parse_ladder,
    place_floor,
    thaw,
)


def test_a_floor_holds_until_its_end_and_then_what_was_earned_shows() -> None:
    life = Life(ladder())
    life.see("2024-02-01", buy("a", "2024-02-01", 1_000))
    floored = place_floor(
        ladder(),
        life.subject,
        tier="gold",
        until=day("2024-05-01"),
        reason="plan:plus",
        on=day("2024-03-01"),
    )

    assert life.take(floored, "2024-03-01") == "gold"
    assert floored.standing.effective_on(day("2024-04-30"))[0] == "gold"
    assert floored.standing.effective_on(day("2024-05-01"))[0] == "silver"
    assert floored.standing.due_on == day("2024-05-01")
    assert life.see("2024-06-01") == "silver"
    assert life.changes[-2:] == [
        ("2024-03-01", "floor-set", "gold"),
        ("2024-05-01", "floor-ended", "silver"),
    ]


def test_a_floor_can_be_lifted_before_its_end() -> None:
    life = Life(ladder())
    life.take(
        place_floor(
            ladder(),
            life.subject,
            tier="gold",
            until=day("2024-05-01"),
            reason="grant",
            on=day("2024-03-01"),
        ),
        "2024-03-01",
    )

    assert life.take(lift_floor(ladder(), life.subject, on=day("2024-03-05")), "2024-03-05") == (
        "standard"
    )
    assert lift_floor(ladder(), life.subject, on=day("2024-03-05")).changes == ()


def test_a_floor_needs_an_end_a_reason_and_a_tier_that_exists() -> None:
    life = Life(ladder())

    def grant(tier: str = "gold", until: str = "2024-05-01", reason: str = "grant") -> None:
        place_floor(
            ladder(),
            life.subject,
            tier=tier,
            until=day(until),
            reason=reason,
            on=day("2024-03-01"),
        )

    with pytest.raises(TierUnknown):
        grant(tier="platinum")
    with pytest.raises(FloorWithoutEnd):
        grant(until="2024-03-01")
    with pytest.raises(ReasonMalformed):
        grant(reason="Because she asked")


def floor(life: Life, kind: FloorKind, tier: str, until: str, on: str = "2024-03-01") -> Decision:
    return place_floor(
        life.ladder,
        life.subject,
        tier=tier,
        until=day(until),
        reason=f"{kind}:test",
        on=day(on),
        kind=kind,
    )


def test_of_a_grant_and_a_plans_floor_the_higher_holds_and_each_ends_by_itself() -> None:
    life = Life(ladder())
    life.take(floor(life, "grant", "silver", "2024-07-01"), "2024-03-01")
    life.take(floor(life, "plan", "gold", "2024-05-01"), "2024-03-01")

    standing = life.subject.standing
    assert standing is not None
    assert [one.kind for one in standing.floors] == ["grant", "plan"]
    assert standing.due_on == day("2024-05-01")
    tiers = {on: standing.effective_on(day(on))[0] for on in ("2024-04-30", "2024-05-01")}
    assert tiers == {"2024-04-30": "gold", "2024-05-01": "silver"}
    assert standing.effective_on(day("2024-07-01"))[0] == "standard"
    assert life.see("2024-08-01") == "standard"
    assert life.changes[1:] == [
        ("2024-03-01", "floor-set", "silver"),
        ("2024-03-01", "floor-set", "gold"),
        ("2024-05-01", "floor-ended", "silver"),
        ("2024-07-01", "floor-ended", "standard"),
    ]


def test_floors_that_end_on_one_day_are_one_change() -> None:
    life = Life(ladder())
    life.take(floor(life, "grant", "gold", "2024-05-01"), "2024-03-01")
    life.take(floor(life, "plan", "silver", "2024-05-01"), "2024-03-01")

    assert life.see("2024-06-01") == "standard"
    assert life.changes[-1] == ("2024-05-01", "floor-ended", "standard")
    assert sum(rule == "floor-ended" for _, rule, _ in life.changes) == 1


def test_a_floor_replaces_only_its_own_kind_and_is_lifted_alone() -> None:
    life = Life(ladder())
    life.take(floor(life, "plan", "gold", "2024-05-01"), "2024-03-01")
    life.take(floor(life, "grant", "diamond", "2024-04-01"), "2024-03-01")
    life.take(floor(life, "grant", "silver", "2024-09-01"), "2024-03-01")

    standing = life.subject.standing
    assert standing is not None
    assert [(one.kind, one.tier) for one in standing.floors] == [
        ("grant", "silver"),
        ("plan", "gold"),
    ]
    lifted = lift_floor(life.ladder, life.subject, kind="plan", on=day("2024-03-02"))
    assert life.take(lifted, "2024-03-02") == "silver"
    assert lift_floor(life.ladder, life.subject, kind="plan", on=day("2024-03-02")).changes == ()


def test_a_frozen_standing_does_not_move_and_shows_what_was_earned_once_thawed() -> None:
    life = Life(ladder())
    life.take(freeze(ladder(), life.subject, reason="audit", on=day("2024-02-01")), "2024-02-01")

    assert life.see("2024-02-02", buy("a", "2024-02-02", 1_000)) == "standard"
    assert life.take(thaw(ladder(), life.subject, on=day("2024-02-03")), "2024-02-03") == "silver"
    assert thaw(ladder(), life.subject, on=day("2024-02-03")).changes == ()
    with pytest.raises(ReasonMalformed):
        freeze(ladder(), life.subject, reason="", on=day("2024-02-03"))


def test_a_new_ladder_keeps_what_was_promised_and_lifts_who_meets_it() -> None:
    life = Life(ladder())
    life.see("2024-02-01", buy("a", "2024-02-01", 1_000))
    life.see("2024-02-01", buy("b", "2024-02-01", 1_000))
    tiers = [
        {"code": "standard"},
        {"code": "bronze", "reach": {"any": {"purchases": 1_500}}},
        {"code": "silver", "reach": {"any": {"purchases": 9_000}}},
    ]
    life.ladder = parse_ladder(climb(tiers=tiers), version=2)

    assert life.see("2024-03-01") == "silver"
    assert life.subject.standing is not None
    assert life.subject.standing.valid_until == day("2025-02-02")
    assert life.see("2025-02-02") == "bronze"
    assert [rule for _, rule, _ in life.changes[-2:]] == ["ladder-changed", "stepped-down"]


def test_a_tier_taken_out_of_the_ladder_leaves_its_members_one_below() -> None:
    life = Life(ladder())
    life.see("2024-02-01", buy("a", "2024-02-01", 5_000))
    tiers = [{"code": "standard"}, {"code": "silver", "reach": {"any": {"purchases": 90_000}}}]
    life.ladder = parse_ladder(climb(tiers=tiers), version=2)

    assert life.see("2024-03-01") == "silver"


def test_floor_freeze_and_a_fall_that_was_due_move_to_a_new_ladder() -> None:
    life = Life(ladder())
    life.see("2024-02-01", buy("a", "2024-02-01", 5_000))
    floored = place_floor(
        ladder(),
        life.subject,
        tier="diamond",
        until=day("2026-01-01"),
        reason="grant",
        on=day("2024-02-01"),
    )
    life.take(floored, "2024-02-01")
    pinned = freeze(ladder(), life.subject, reason="audit", on=day("2024-02-01"))
    life.take(pinned, "2024-02-01")
    again = freeze(ladder(), life.subject, reason="audit", on=day("2024-02-01"))
    tiers = [{"code": "standard"}, {"code": "silver", "reach": {"any": {"purchases": 90_000}}}]
    life.ladder = parse_ladder(climb(tiers=tiers), version=2)

    assert again.changes == ()
    assert life.see("2025-06-01") == "silver"
    standing = life.subject.standing
    assert standing is not None
    assert standing.tier == "silver"
    assert standing.since == day("2025-02-02")
    assert standing.valid_until == day("2026-06-02")
    assert [(one.tier, one.rank) for one in standing.floors] == [("silver", 1)]
    assert standing.freeze is not None
    assert standing.freeze.tier == "silver"


def test_a_ladder_without_judgement_keeps_what_was_held_for_ever() -> None:
    life = Life(ladder())
    life.see("2024-02-01", buy("a", "2024-02-01", 1_000))
    life.ladder = ladder(version=2, validity={"unit": "forever"})

    assert life.see("2034-02-01") == "standard"
    assert life.see("2034-02-01", buy("b", "2034-02-01", 1_000)) == "silver"
    assert life.subject.standing is not None
    assert life.subject.standing.valid_until is None
    assert life.subject.standing.fall is None
