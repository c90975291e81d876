import pytest

from tests.tiers.builders import JOINED, Life, both, buy, day, ladder, named, newcomer
from tiers import (
    Activity,
    ActivityConflict,
    ActivityInFuture,
    ActivityMalformed,
    Metric,
    Movement,
    Seen,
    Window,
    begin,
    decide,
    fold,
    walk,
)


def test_a_new_member_stands_on_the_bottom_tier_for_ever() -> None:
    decision = begin(ladder(), member=named("member"), joined_on=JOINED)

    assert decision.standing.tier == "standard"
    assert decision.standing.valid_until is None
    assert decision.standing.due_on is None
    assert [change.rule for change in decision.changes] == [Movement.JOINED]
    assert decision.previous_number is None


def test_either_threshold_is_enough_where_any_joins_them() -> None:
    by_money, by_orders = Life(ladder()), Life(ladder())

    assert by_money.see("2024-02-01", buy("a", "2024-02-01", 999)) == "standard"
    assert by_money.see("2024-02-02", buy("b", "2024-02-02", 1)) == "silver"
    assert by_orders.see("2024-02-01", buy("a", "2024-02-01", 1)) == "standard"
    assert by_orders.see("2024-02-02", buy("b", "2024-02-02", 1)) == "standard"
    assert by_orders.see("2024-02-03", buy("c", "2024-02-03", 1)) == "silver"


def test_both_thresholds_are_needed_where_all_joins_them() -> None:
    life = Life(both())

    assert life.see("2024-02-01", buy("a", "2024-02-01", 1_000)) == "standard"
    assert life.see("2024-02-02", buy("b", "2024-02-02", 1)) == "standard"
    assert life.see("2024-02-03", buy("c", "2024-02-03", 1)) == "silver"


def test_a_tier_may_be_skipped_on_the_way_up() -> None:
    life = Life(ladder())

    assert life.see("2024-02-01", buy("a", "2024-02-01", 20_000)) == "diamond"


def test_a_change_says_what_it_rests_on() -> None:
    decision = decide(
        ladder(version=7), newcomer(), [buy("a", "2024-02-01", 1_200)], on=day("2024-02-01")
    )
    change = decision.changes[-1]

    assert change.rule is Movement.REACHED
    assert (change.before, change.after) == ("standard", "silver")
    assert change.ladder == 7
    assert change.window == Window(day("2023-02-02"), day("2024-02-02"))
    assert change.seen == (Seen(Metric.PURCHASES, 1_200, 1_000), Seen(Metric.ORDERS, 1, 3))
    assert change.valid_until == day("2025-02-02")


def test_a_tier_is_kept_when_the_order_that_gave_it_leaves_the_window() -> None:
    life = Life(ladder())
    life.see("2024-02-01", buy("a", "2024-02-01", 900))
    life.see("2024-12-01", buy("b", "2024-12-01", 100))

    assert life.see("2025-03-01") == "silver"
    assert life.subject.standing is not None
    assert life.subject.standing.valid_until == day("2025-12-02")


@pytest.mark.parametrize(
    ("on", "tier"),
    [
        ("2025-02-01", "diamond"),
        ("2025-02-02", "gold"),
        ("2026-02-01", "gold"),
        ("2026-02-02", "silver"),
        ("2027-02-01", "silver"),
        ("2027-02-02", "standard"),
        ("2040-02-01", "standard"),
    ],
)
def test_soft_landing_takes_a_year_a_step(on: str, tier: str) -> None:
    """What was bought on the day of reaching has left the window when the tier is judged."""
    life = Life(ladder())
    life.see("2024-02-01", buy("a", "2024-02-01", 20_000))

    assert life.see(on) == tier


def test_a_lapse_may_fall_to_what_is_earned() -> None:
    life = Life(ladder(downgrade="to-earned"))
    life.see("2024-02-01", buy("a", "2024-02-01", 20_000))
    life.see("2024-06-01", buy("b", "2024-06-01", 1_500))

    assert life.see("2025-02-02") == "silver"
    assert life.changes[-1] == ("2025-02-02", "fell-to-earned", "silver")


def test_the_last_day_of_the_validity_still_counts_and_the_next_does_not() -> None:
    punctual, late = Life(ladder()), Life(ladder())
    for life in (punctual, late):
        life.see("2024-02-01", buy("a", "2024-02-01", 1_000))

    assert punctual.see("2025-02-01", buy("b", "2025-02-01", 1_000)) == "silver"
    assert late.see("2025-02-02", buy("b", "2025-02-02", 999)) == "standard"
    assert late.see("2025-02-02", buy("c", "2025-02-02", 1)) == "silver"
    assert punctual.see("2025-02-02") == "silver"
    assert punctual.subject.standing is not None
    assert punctual.subject.standing.valid_until == day("2026-02-02")


def test_grace_puts_a_fall_off_and_a_purchase_in_it_prevents_it() -> None:
    idle, busy = Life(ladder(grace_days=30)), Life(ladder(grace_days=30))
    for life in (idle, busy):
        life.see("2024-02-01", buy("a", "2024-02-01", 1_000))
        assert life.see("2025-02-02") == "silver"

    assert busy.see("2025-02-10", buy("b", "2025-02-10", 1_000)) == "silver"
    assert busy.changes[-1] == ("2025-02-10", "kept", "silver")
    assert idle.see("2025-03-03") == "silver"
    assert idle.see("2025-03-04") == "standard"
    assert busy.see("2025-03-04") == "silver"


def test_a_tier_reached_only_through_goods_since_returned_is_lost_at_once() -> None:
    life = Life(ladder())
    life.see("2024-02-01", buy("a", "2024-02-01", 1_000))

    assert life.see("2024-03-01", buy("a", "2024-02-01", 1_000, returned=1)) == "standard"
    assert life.changes[-1] == ("2024-03-01", "returned", "standard")


def test_a_return_that_does_not_matter_changes_no_tier() -> None:
    life = Life(ladder())
    life.see("2024-02-01", buy("a", "2024-02-01", 1_500))

    assert life.see("2024-03-01", buy("a", "2024-02-01", 1_500, returned=500)) == "silver"
    assert len(life.changes) == 2


def test_a_return_on_the_day_of_the_purchase_takes_the_tier_back() -> None:
    life = Life(ladder())
    life.see("2024-02-01", buy("a", "2024-02-01", 1_000))

    assert life.see("2024-02-01", buy("a", "2024-02-01", 1_000, returned=1_000)) == "standard"


def test_a_late_order_lifts_the_standing_back_to_when_it_matters() -> None:
    life = Life(ladder())
    life.see("2024-06-01", buy("a", "2024-06-01", 900))

    assert life.see("2024-06-02", buy("late", "2024-02-01", 100)) == "silver"
    assert life.changes[-1] == ("2024-06-01", "corrected", "silver")


def test_a_late_order_saves_a_tier_that_was_judged_without_it() -> None:
    life = Life(ladder())
    life.see("2024-02-01", buy("a", "2024-02-01", 1_000))
    assert life.see("2025-02-02") == "standard"

    assert life.see("2025-02-05", buy("late", "2024-08-01", 1_000)) == "silver"
    assert life.subject.standing is not None
    assert life.subject.standing.since == day("2024-02-01")
    assert life.subject.standing.valid_until == day("2026-02-02")


def test_an_order_counts_once_however_many_shipments_it_has() -> None:
    life = Life(ladder())
    for number in range(1, 6):
        on = f"2024-02-0{number}"
        assert life.see(on, buy("a", on, 10, shipment=str(number))) == "standard"


def test_an_order_counts_when_what_remains_of_it_reaches_the_minimum() -> None:
    life = Life(ladder(minimum_order=50))
    life.see("2024-02-01", buy("a", "2024-02-01", 50), buy("b", "2024-02-01", 49))
    life.see("2024-02-02", buy("c", "2024-02-02", 50))

    assert life.see("2024-02-03", buy("b", "2024-02-03", 1, shipment="2")) == "silver"
    assert life.see("2024-02-04", buy("c", "2024-02-02", 50, returned=1)) == "standard"


def test_a_fully_returned_order_counts_as_none() -> None:
    life = Life(ladder())
    for name in ("a", "b"):
        life.see("2024-02-01", buy(name, "2024-02-01", 10))
    life.see("2024-02-01", buy("a", "2024-02-01", 10, returned=10))

    assert life.see("2024-02-02", buy("c", "2024-02-02", 10)) == "standard"
    assert life.see("2024-02-02", buy("d", "2024-02-02", 10)) == "silver"


def test_the_same_activity_again_changes_nothing() -> None:
    life = Life(ladder())
    life.see("2024-02-01", buy("a", "2024-02-01", 1_000))
    life.see("2024-02-02", buy("a", "2024-02-01", 1_000, returned=10))
    before = life.subject

    decision = decide(ladder(), before, [buy("a", "2024-02-01", 1_000)], on=day("2024-02-02"))

    assert decision.written == ()
    assert decision.changes == ()
    assert decision.standing == before.standing


@pytest.mark.parametrize("other", [buy("a", "2024-02-01", 999), buy("a", "2024-01-31", 1_000)])
def test_other_content_for_a_shipment_is_refused_by_name(other: Activity) -> None:
    life = Life(ladder())
    life.see("2024-02-01", buy("a", "2024-02-01", 1_000))

    with pytest.raises(ActivityConflict) as refused:
        life.see("2024-02-02", other)

    assert refused.value.facts["wanted"] == "1000 on 2024-02-01"


def test_activity_dated_after_the_day_of_the_decision_is_refused() -> None:
    with pytest.raises(ActivityInFuture):
        Life(ladder()).see("2024-02-01", buy("a", "2024-02-02", 1))


@pytest.mark.parametrize(("purchases", "returned"), [(-1, 0), (1, 2), (1, -1)])
def test_impossible_activity_is_refused(purchases: int, returned: int) -> None:
    with pytest.raises(ActivityMalformed):
        buy("a", "2024-02-01", purchases, returned=returned)


def test_folding_equals_deciding_one_by_one_and_walking_tells_the_tier_before() -> None:
    events = [
        (day("2024-02-01"), buy("a", "2024-02-01", 600)),
        (day("2024-02-01"), buy("b", "2024-02-01", 600)),
        (day("2024-03-01"), buy("b", "2024-02-01", 600, returned=600)),
        (day("2024-04-01"), buy("c", "2024-04-01", 600)),
    ]
    life = Life(ladder())
    for on, activity in events:
        life.see(on.isoformat(), activity)

    folded = fold(ladder(), newcomer(), events)
    walked, before, moves = walk(ladder(), newcomer(), events)

    assert folded == walked
    assert before == ("standard", "standard", "silver", "standard")
    assert moves == (None, ("standard", "silver"), ("silver", "standard"), ("standard", "silver"))
    assert folded.standing == life.subject.standing
    assert [
        (change.on.isoformat(), change.rule.value, change.after) for change in folded.changes
    ] == life.changes
    assert set(folded.written) == set(life.subject.activities)


def test_walking_past_an_event_reported_for_an_earlier_day_tells_the_tier_now_in_force() -> None:
    events = [
        (day("2024-02-01"), buy("a", "2024-02-01", 1_000)),
        (day("2024-01-15"), buy("b", "2024-01-15", 1)),
    ]

    assert walk(ladder(), newcomer(), events)[1] == ("standard", "silver")
