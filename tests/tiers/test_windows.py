from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiers.builders import ladder
from tiers import Window, WindowKind, WindowRule, business_date
from tiers.windows import add_months, leaves_on, renewed_until, valid_until, window_on

DAY = timedelta(days=1)
days = st.dates(date(1990, 1, 1), date(2060, 12, 31))
PERIODS = [
    WindowKind.MONTH,
    WindowKind.QUARTER,
    WindowKind.HALF,
    WindowKind.YEAR,
    WindowKind.ANNIVERSARY,
]


def rules() -> st.SearchStrategy[WindowRule]:
    rolling = st.builds(
        WindowRule,
        st.sampled_from([WindowKind.ROLLING_DAYS, WindowKind.ROLLING_MONTHS]),
        st.integers(1, 40),
    )
    return rolling | st.sampled_from([WindowRule(kind) for kind in PERIODS])


@given(days, days, st.sampled_from(PERIODS))
def test_periods_tile_time(on: date, joined_on: date, kind: WindowKind) -> None:
    window = window_on(WindowRule(kind), on, joined_on=joined_on)

    assert window.holds(on)
    assert window_on(WindowRule(kind), window.start, joined_on=joined_on) == window
    assert window_on(WindowRule(kind), window.end - DAY, joined_on=joined_on) == window
    assert window_on(WindowRule(kind), window.end, joined_on=joined_on).start == window.end


@given(days, days, rules())
def test_a_day_counts_from_itself_until_it_leaves(
    counted: date, joined_on: date, rule: WindowRule
) -> None:
    leaves = leaves_on(rule, counted, joined_on=joined_on)

    assert leaves is not None
    assert window_on(rule, counted, joined_on=joined_on).holds(counted)
    assert window_on(rule, leaves - DAY, joined_on=joined_on).holds(counted)
    assert not window_on(rule, leaves, joined_on=joined_on).holds(counted)


@given(days, st.integers(1, 30), st.sampled_from(["months", "days"]))
def test_the_windows_in_which_a_kept_tier_is_judged_follow_each_other(
    reached: date, length: int, unit: str
) -> None:
    kind = f"rolling-{unit}"
    rules = ladder(
        window={"kind": kind, "length": length}, validity={"unit": unit, "length": length}
    )
    until = valid_until(rules, reached, joined_on=reached)
    assert until is not None
    first = window_on(rules.window, until - DAY, joined_on=reached)
    again = renewed_until(rules, until, holds_from=until, joined_on=reached)
    assert again is not None
    second = window_on(rules.window, again - DAY, joined_on=reached)

    ends_of_short_months = timedelta(days=3 if unit == "months" else 0)
    assert first.end == until
    assert timedelta(0) <= first.start - (reached + DAY) <= ends_of_short_months
    assert second.end == again
    assert timedelta(0) <= second.start - until <= ends_of_short_months


@pytest.mark.parametrize(
    ("on", "start"),
    [
        ("2024-02-28", "2023-02-28"),
        ("2024-02-29", "2023-03-01"),
        ("2025-02-28", "2024-03-01"),
        ("2024-12-31", "2024-01-01"),
    ],
)
def test_a_rolling_year_is_right_on_leap_days(on: str, start: str) -> None:
    rule = WindowRule(WindowKind.ROLLING_MONTHS, 12)
    window = window_on(rule, date.fromisoformat(on), joined_on=date(2020, 1, 1))

    assert window == Window(date.fromisoformat(start), date.fromisoformat(on) + DAY)


def test_who_joined_on_a_leap_day_has_anniversaries_on_the_last_of_february() -> None:
    rule = WindowRule(WindowKind.ANNIVERSARY)
    joined_on = date(2024, 2, 29)

    common = window_on(rule, date(2025, 2, 28), joined_on=joined_on)
    leap = window_on(rule, date(2028, 2, 29), joined_on=joined_on)

    assert common == Window(date(2025, 2, 28), date(2026, 2, 28))
    assert leap == Window(date(2028, 2, 29), date(2029, 2, 28))


def test_a_lifetime_never_ends() -> None:
    rule = WindowRule(WindowKind.LIFETIME)

    assert window_on(rule, date(2025, 1, 1), joined_on=date(2025, 1, 1)).holds(date.min)
    assert leaves_on(rule, date(2025, 1, 1), joined_on=date(2025, 1, 1)) is None


def test_a_tier_of_a_calendar_year_holds_through_the_next() -> None:
    rules = ladder(window={"kind": "year"}, validity={"unit": "periods", "length": 1})
    joined_on = date(2024, 1, 1)

    until = valid_until(rules, date(2024, 6, 1), joined_on=joined_on)
    again = renewed_until(rules, date(2026, 1, 1), holds_from=date(2026, 1, 1), joined_on=joined_on)
    after_grace = renewed_until(
        rules, date(2026, 1, 1), holds_from=date(2027, 1, 2), joined_on=joined_on
    )

    assert until == date(2026, 1, 1)
    assert again == date(2027, 1, 1)
    assert after_grace == date(2028, 1, 1)
    forever = ladder(validity={"unit": "forever"})
    assert valid_until(forever, joined_on, joined_on=joined_on) is None


def test_an_instant_becomes_a_date_in_the_zone_of_the_programme() -> None:
    at = datetime(2025, 3, 9, 4, 30, tzinfo=UTC)

    assert business_date(at, ZoneInfo("America/New_York")) == date(2025, 3, 8)
    assert business_date(at, ZoneInfo("Asia/Shanghai")) == date(2025, 3, 9)
    with pytest.raises(ValueError, match="offset"):
        business_date(at.replace(tzinfo=None), UTC)


def test_months_stop_at_the_ends_of_time() -> None:
    assert add_months(date(2, 1, 1), -1200) == date.min
    assert add_months(date(9999, 1, 1), 1200) == date.max
