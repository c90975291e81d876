from dataclasses import replace
from datetime import date

from tests.tiers.builders import both, buy, ladder, newcomer
from tiers import (
    Activity,
    Because,
    Figures,
    Ladder,
    Metric,
    Missing,
    Progress,
    decide,
    progress_of,
)


def after(rules: Ladder, *activities: Activity, on: str) -> Progress:
    """The progress of a member who did this, in the order given, each on its own day."""
    subject = newcomer()
    for activity in activities:
        decision = decide(rules, subject, [activity], on=activity.on)
        done = (*subject.activities, activity)
        subject = replace(subject, standing=decision.standing, activities=done)
    return progress_of(rules, subject, on=date.fromisoformat(on))


def test_what_is_missing_is_told_with_the_day_the_oldest_order_leaves() -> None:
    """ "$320 more and 2 more orders by 31 December, when your oldest order leaves the window"."""
    progress = after(
        both(), buy("a", "2023-12-31", 300), buy("b", "2024-06-01", 380), on="2024-07-01"
    )

    assert progress.tier == "standard"
    assert progress.keep is None
    assert progress.next == Missing(
        tier="silver",
        join="all",
        purchases=320,
        orders=1,
        wanted=((Metric.PURCHASES, 1_000), (Metric.ORDERS, 3)),
        met=False,
        by=date(2024, 12, 30),
        because=Because.OLDEST_ORDER_LEAVES,
        leaving=Figures(300, 1),
    )


def test_a_day_whose_goods_were_all_returned_is_not_the_oldest() -> None:
    progress = after(
        ladder(),
        buy("a", "2024-01-10", 300, returned=300),
        buy("b", "2024-06-01", 380),
        on="2024-07-01",
    )

    assert progress.next is not None
    assert progress.next.by == date(2025, 5, 31)
    assert progress.next.leaving == Figures(380, 1)


def test_without_activity_there_is_no_date_to_tell() -> None:
    progress = after(ladder(), on="2024-07-01")

    assert progress.next is not None
    assert (progress.next.purchases, progress.next.orders) == (1_000, 3)
    assert (progress.next.by, progress.next.because) == (None, None)


def test_keeping_a_tier_counts_only_what_will_be_judged() -> None:
    """What was bought on the day of reaching will have left the window on the last day."""
    progress = after(
        ladder(), buy("a", "2024-02-01", 1_000), buy("b", "2024-06-01", 400), on="2024-07-01"
    )

    assert progress.tier == "silver"
    assert progress.valid_until == date(2025, 2, 2)
    assert progress.keep is not None
    assert (progress.keep.purchases, progress.keep.orders) == (600, 2)
    assert progress.keep.by == date(2025, 2, 1)
    assert progress.keep.because is Because.VALIDITY_ENDS
    assert not progress.keep.met
    assert progress.next is not None
    assert progress.next.purchases == 3_600


def test_buying_exactly_what_is_missing_keeps_the_tier_and_less_does_not() -> None:
    rules = ladder()
    for amount, tier in ((600, "silver"), (599, "standard")):
        progress = after(
            rules,
            buy("a", "2024-02-01", 1_000),
            buy("b", "2024-06-01", 400),
            buy("c", "2025-02-01", amount),
            on="2025-02-02",
        )
        assert progress.tier == tier


def test_in_grace_the_end_of_grace_is_told() -> None:
    progress = after(ladder(grace_days=10), buy("a", "2024-02-01", 1_000), on="2025-02-05")

    assert progress.tier == "silver"
    assert progress.keep is not None
    assert progress.keep.by == date(2025, 2, 11)
    assert progress.keep.because is Because.GRACE_ENDS


def test_the_top_tier_has_no_next() -> None:
    progress = after(ladder(), buy("a", "2024-02-01", 20_000), on="2024-02-01")

    assert progress.next is None


def test_a_calendar_year_ends_for_everything_at_once() -> None:
    rules = ladder(window={"kind": "year"}, validity={"unit": "periods", "length": 1})
    progress = after(rules, buy("a", "2024-02-01", 400), on="2024-07-01")

    assert progress.next is not None
    assert progress.next.by == date(2024, 12, 31)
    assert progress.next.because is Because.WINDOW_ENDS
    assert progress.next.leaving is None


def test_a_lifetime_has_no_last_day() -> None:
    rules = ladder(window={"kind": "lifetime"}, validity={"unit": "forever"})
    progress = after(rules, buy("a", "2024-02-01", 400), on="2034-07-01")

    assert progress.figures == Figures(400, 1)
    assert progress.next is not None
    assert progress.next.by is None
