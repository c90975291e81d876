"""When members of an earlier ladder move to a new one, and when an upgrade takes effect."""

from dataclasses import replace
from typing import Any

import pytest

from tests.tiers.builders import Life, apply, buy, climb, day, ladder
from tiers import LadderUpgradeUnfit, Movement, decide, parse_ladder

HARDER: dict[str, Any] = {
    "tiers": [
        {"code": "standard"},
        {"code": "silver", "reach": {"any": {"purchases": 3_000, "orders": 9}}},
        {"code": "gold", "reach": {"any": {"purchases": 9_000, "orders": 20}}},
    ]
}
QUARTERS: dict[str, Any] = {
    "window": {"kind": "quarter"},
    "validity": {"unit": "periods", "length": 1},
    "upgrade": "next-period",
}


def test_at_the_next_review_a_tier_is_kept_until_the_day_that_was_promised() -> None:
    life = Life(ladder())
    life.see("2024-02-01", buy("a", "2024-02-01", 1_000))
    harder = ladder(2, **HARDER)

    moved = decide(harder, life.subject, (), on=day("2024-06-01"))

    assert (moved.standing.tier, moved.standing.ladder) == ("silver", 2)
    assert moved.standing.effective_on(day("2025-02-01"))[0] == "silver"
    assert moved.standing.effective_on(day("2025-02-02"))[0] == "standard"


def test_at_once_a_member_stands_where_the_whole_history_leads() -> None:
    life = Life(ladder())
    life.see("2024-02-01", buy("a", "2024-02-01", 1_000))
    life.see("2024-03-01", buy("b", "2024-03-01", 2_500))
    harder = replace(ladder(2, **HARDER), moves="at-once")

    moved = decide(harder, life.subject, (), on=day("2024-06-01"))

    assert (moved.standing.tier, moved.standing.since) == ("silver", day("2024-03-01"))
    assert [change.rule for change in moved.changes] == [Movement.LADDER_CHANGED]
    after = apply(life.subject, moved)
    back = buy("b", "2024-03-01", 2_500, returned=2_500)
    assert decide(harder, after, [back], on=day("2024-07-01")).standing.tier == "standard"


def test_a_tier_reached_in_a_quarter_comes_with_the_next_and_lasts_through_it() -> None:
    life = Life(ladder(1, **QUARTERS))

    assert life.see("2024-02-01", buy("a", "2024-02-01", 1_000)) == "standard"
    standing = life.subject.standing
    assert standing is not None
    assert standing.rise is not None
    assert (standing.rise.tier, standing.rise.on) == ("silver", day("2024-04-01"))
    assert standing.due_on == day("2024-04-01")
    told = [standing.effective_on(day(on))[0] for on in ("2024-03-31", "2024-04-01", "2024-07-01")]
    assert told == ["standard", "silver", "standard"]
    assert life.see("2024-04-01") == "silver"
    assert life.see("2024-07-01") == "standard"


def test_a_return_before_the_quarter_ends_takes_the_coming_rise_away() -> None:
    life = Life(ladder(1, **QUARTERS))
    life.see("2024-02-01", buy("a", "2024-02-01", 1_000))

    life.see("2024-03-01", buy("a", "2024-02-01", 1_000, returned=900))

    assert life.subject.standing is not None
    assert life.subject.standing.rise is None
    assert life.see("2024-04-01") == "standard"


@pytest.mark.parametrize("window", ["rolling-months", "lifetime"])
def test_an_upgrade_at_the_next_period_needs_periods(window: str) -> None:
    document = climb(upgrade="next-period")
    if window == "lifetime":
        document |= {"window": {"kind": window}, "validity": {"unit": "forever"}}
    with pytest.raises(LadderUpgradeUnfit):
        parse_ladder(document)


def test_active_days_and_assets_count_like_other_metrics() -> None:
    tiers = [
        {"code": "standard"},
        {"code": "silver", "reach": {"all": {"active_days": 2, "asset:stars": 30}}},
    ]
    life = Life(ladder(tiers=tiers))

    life.see("2024-02-01", buy("a", "2024-02-01", 10))
    life.see("2024-02-01", replace(buy("s", "2024-02-01", 40), asset="stars"))
    assert life.see("2024-02-01", buy("b", "2024-02-01", 10)) == "standard"
    assert life.see("2024-02-03", buy("c", "2024-02-03", 10)) == "silver"
    lost = replace(buy("s", "2024-02-01", 40, returned=20), asset="stars")
    assert life.see("2024-02-04", lost) == "standard"
