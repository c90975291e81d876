"""Birthday windows as half-open spans of dates in the programme's zone. Pure.

`day` is the birthday, `week` the seven days that begin with it, `month` its calendar month.
29 February is kept on 28 February in common years. Month and day suffice; no year is asked.
"""

from calendar import isleap
from dataclasses import dataclass
from datetime import date, timedelta

WINDOWS = ("day", "week", "month")
NOTICE = timedelta(days=30)
_DECEMBER = 12
_LEAP_DAY = (2, 29)


@dataclass(frozen=True, slots=True)
class BirthdayWindow:
    """One opening: the half-open span of dates and the calendar year of the birthday in it."""

    starts_on: date
    ends_on: date
    year: int


def birthday_in(year: int, month: int, day: int) -> date:
    """The day on which the birthday is kept in a year."""
    if (month, day) == _LEAP_DAY and not isleap(year):
        return date(year, 2, 28)
    return date(year, month, day)


def birthday_window(window: str, *, year: int, month: int, day: int) -> BirthdayWindow:
    """The window of a year's birthday."""
    kept_on = birthday_in(year, month, day)
    if window == "day":
        return BirthdayWindow(kept_on, kept_on + timedelta(days=1), year)
    if window == "week":
        return BirthdayWindow(kept_on, kept_on + timedelta(days=7), year)
    if window != "month":
        message = f"unknown birthday window {window!r}"
        raise ValueError(message)
    starts_on = kept_on.replace(day=1)
    after = kept_on.month == _DECEMBER
    ends_on = date(year + 1, 1, 1) if after else date(year, kept_on.month + 1, 1)
    return BirthdayWindow(starts_on, ends_on, year)


def open_window(
    window: str, *, month: int, day: int, on: date, entered_on: date | None = None
) -> BirthdayWindow | None:
    """The window that is open on a date, or None.

    A birthday entered or changed less than 30 days before its window opens (or inside it) counts
    from the next year, so that nobody has a birthday on demand.
    """
    for year in (on.year, on.year - 1):  # a week that began in December reaches into January
        opening = birthday_window(window, year=year, month=month, day=day)
        if opening.starts_on <= on < opening.ends_on:
            if entered_on is not None and entered_on > opening.starts_on - NOTICE:
                return None
            return opening
    return None


def birthday_windows(
    *, month: int, day: int, on: date, entered_on: date | None = None
) -> tuple[str, ...]:
    """The names of the windows open on a date: what `Facts.birthday` holds."""
    return tuple(
        window
        for window in WINDOWS
        if open_window(window, month=month, day=day, on=on, entered_on=entered_on)
    )
