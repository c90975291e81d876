"""Birthday windows: the 29th of February, the turn of the year, and no birthday on demand."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benefits import BirthdayWindow, birthday_window, birthday_windows, open_window
from tests.benefits.builders import unhurried


@pytest.mark.parametrize(
    ("window", "year", "birthday", "starts", "ends"),
    [
        ("day", 2026, (5, 9), date(2026, 5, 9), date(2026, 5, 10)),
        ("week", 2026, (5, 9), date(2026, 5, 9), date(2026, 5, 16)),
        ("month", 2026, (5, 9), date(2026, 5, 1), date(2026, 6, 1)),
        ("month", 2026, (12, 9), date(2026, 12, 1), date(2027, 1, 1)),
        ("week", 2026, (12, 29), date(2026, 12, 29), date(2027, 1, 5)),
        ("day", 2027, (2, 29), date(2027, 2, 28), date(2027, 3, 1)),
        ("day", 2028, (2, 29), date(2028, 2, 29), date(2028, 3, 1)),
        ("week", 2027, (2, 29), date(2027, 2, 28), date(2027, 3, 7)),
        ("month", 2027, (2, 29), date(2027, 2, 1), date(2027, 3, 1)),
    ],
)
def test_a_window_is_half_open(
    window: str, year: int, birthday: tuple[int, int], starts: date, ends: date
) -> None:
    month, day = birthday

    opening = birthday_window(window, year=year, month=month, day=day)

    assert opening == BirthdayWindow(starts, ends, year)


def test_a_week_that_begins_in_december_belongs_to_the_old_year() -> None:
    opening = open_window("week", month=12, day=29, on=date(2027, 1, 3))

    assert opening == BirthdayWindow(date(2026, 12, 29), date(2027, 1, 5), 2026)
    assert open_window("week", month=12, day=29, on=date(2027, 1, 5)) is None


@pytest.mark.parametrize(
    ("entered_on", "first_year"),
    [
        (date(2026, 4, 9), 2026),
        (date(2026, 4, 10), 2027),
        (date(2026, 5, 9), 2027),
        (date(2026, 5, 12), 2027),
        (None, 2026),
    ],
)
def test_a_birthday_entered_within_thirty_days_counts_from_next_year(
    entered_on: date | None, first_year: int
) -> None:
    openings = [
        open_window("week", month=5, day=9, on=date(year, 5, 12), entered_on=entered_on)
        for year in (2026, 2027)
    ]

    assert next(each.year for each in openings if each is not None) == first_year


def test_the_facts_name_the_windows_that_are_open() -> None:
    named = [birthday_windows(month=5, day=9, on=date(2026, 5, day)) for day in (1, 9, 12, 20)]

    assert named == [("month",), ("day", "week", "month"), ("week", "month"), ("month",)]


@unhurried
@given(st.integers(1, 12), st.integers(1, 28), st.sampled_from(["day", "week", "month"]))
def test_every_window_opens_once_a_year(month: int, day: int, window: str) -> None:
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(730)]
    openings = [open_window(window, month=month, day=day, on=on) for on in days]

    assert {opening.year for opening in openings if opening} >= {2026, 2027}
    for on, opening in zip(days, openings, strict=True):
        if opening is not None:
            assert opening.starts_on <= on < opening.ends_on


def test_an_unknown_window_is_an_error_of_the_caller() -> None:
    with pytest.raises(ValueError, match="unknown birthday window"):
        birthday_window("year", year=2026, month=1, day=1)
