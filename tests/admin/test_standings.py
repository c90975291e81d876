"""The way through the tiers in sentences that a member understands."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from admin.language import Voice, catalogues
from admin.standings import change_words
from tiers import Change, Movement, default_ladder, parse_ladder

LADDER = parse_ladder(
    default_ladder(silver=(30_000, 6), gold=(100_000, 18), diamond=(400_000, 40)), version=1
)
ON = date(2026, 5, 4)
AHEAD = date(2027, 3, 31)


def told(change: Change, language: str = "en") -> str:
    return change_words(
        Voice(language, catalogues()[language], ZoneInfo("America/New_York"), "USD"), LADDER, change
    )


def change(
    rule: Movement,
    before: str,
    after: str,
    earned: str | None = None,
    valid_until: date | None = AHEAD,
) -> Change:
    return Change(ON, rule, before, after, earned or after, 1, None, None, None, (), valid_until)


def test_a_correction_that_moved_the_tier_names_both() -> None:
    assert told(change(Movement.CORRECTED, "silver", "gold")) == (
        "Corrected from Silver to Gold by a late order or return"
    )


def test_a_correction_that_left_the_tier_alone_says_when_it_is_judged() -> None:
    kept = change(Movement.CORRECTED, "silver", "silver")

    assert told(kept) == ("Still Silver after a late order or return; judged again on Mar 31, 2027")
    assert told(kept, "zh") == "计入迟到的订单或退货后仍为银卡会员，将于2027年3月31日重新评定"


@pytest.mark.parametrize("day", [None, ON, date(2026, 4, 1)])
def test_a_correction_names_no_day_that_is_not_ahead(day: date | None) -> None:
    kept = change(Movement.CORRECTED, "silver", "silver", valid_until=day)

    assert told(kept) == "Still Silver after a late order or return"


@pytest.mark.parametrize(
    "rule", [Movement.REACHED, Movement.STEPPED_DOWN, Movement.RETURNED, Movement.CORRECTED]
)
def test_what_moves_under_a_floor_is_told_as_what_was_earned(rule: Movement) -> None:
    assert told(change(rule, "gold", "gold", "silver")) == (
        "Still held at Gold; what was earned is now Silver"
    )


@pytest.mark.parametrize("rule", Movement)
def test_nobody_is_said_to_move_from_a_tier_to_the_same(rule: Movement) -> None:
    said = told(change(rule, "silver", "silver", "standard"))

    assert said.count("Silver") == 1
    assert "Lost" not in said
