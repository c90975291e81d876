"""Which business dates count together, and when a date stops counting.

Every window is half-open and made of dates; an instant becomes a date once, in the programme's
zone. The one idea: days of a month that has fewer are kept on its last day, 29 February included.
"""

from calendar import monthrange
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import assert_never

from tiers.scale import (
    Ladder,
    Window,
    WindowKind,
    WindowRule,
)

_DAY = timedelta(days=1)
_MONTHS_OF_PERIOD = {
    WindowKind.MONTH: 1,
    WindowKind.QUARTER: 3,
    WindowKind.HALF: 6,
    WindowKind.YEAR: 12,
}


def business_date(at: datetime, zone: tzinfo) -> date:
    """The date of an aware instant in the programme's zone."""
    if at.tzinfo is None:
        message = "an instant needs an offset"
        raise ValueError(message)
    return at.astimezone(zone).date()


@lru_cache(maxsize=4096)
def add_months(on: date, months: int) -> date:
    """The same day `months` later (earlier if negative), or the last day of a shorter month."""
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    if year < date.min.year:
        return date.min
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))


def window_on(rule: WindowRule, on: date, *, joined_on: date) -> Window:
    """The window that counts on a day; rolling ones and lifetime end with that day."""
    match rule.kind:
        case WindowKind.ROLLING_MONTHS:
            return Window(add_months(on + _DAY, -rule.length), on + _DAY)
        case WindowKind.ROLLING_DAYS:
            return Window(on + _DAY - timedelta(days=rule.length), on + _DAY)
        case WindowKind.LIFETIME:
            return Window(date.min, on + _DAY)
        case WindowKind.ANNIVERSARY:
            return _year_of_joining(on, joined_on)
        case WindowKind.MONTH | WindowKind.QUARTER | WindowKind.HALF | WindowKind.YEAR:
            months = _MONTHS_OF_PERIOD[rule.kind]
            first = date(on.year, (on.month - 1) // months * months + 1, 1)
            return Window(first, add_months(first, months))
        case _:
            assert_never(rule.kind)


def leaves_on(rule: WindowRule, counted_on: date, *, joined_on: date) -> date | None:
    """The first day on which activity of `counted_on` no longer counts; None means never."""
    match rule.kind:
        case WindowKind.LIFETIME:
            return None
        case WindowKind.ROLLING_DAYS:
            return counted_on + timedelta(days=rule.length)
        case WindowKind.ROLLING_MONTHS:
            return _leaves_rolling_months(counted_on, rule.length)
        case (
            WindowKind.MONTH
            | WindowKind.QUARTER
            | WindowKind.HALF
            | WindowKind.YEAR
            | WindowKind.ANNIVERSARY
        ):
            return window_on(rule, counted_on, joined_on=joined_on).end
        case _:
            assert_never(rule.kind)


def valid_until(ladder: Ladder, reached_on: date, *, joined_on: date) -> date | None:
    """The first day on which a tier reached on a day is no longer promised; None means never.

    A tier reached on 1 February holds through 1 February of the next year: the window of that last
    day no longer counts what was bought on the day of reaching (docs/decisions/0031).
    """
    validity = ladder.validity
    match validity.unit:
        case "forever":
            return None
        case "months":
            return _leaves_rolling_months(reached_on, validity.length) + _DAY
        case "days":
            return reached_on + timedelta(days=validity.length) + _DAY
        case "periods":
            end = window_on(ladder.window, reached_on, joined_on=joined_on).end
            for _ in range(validity.length):
                end = window_on(ladder.window, end, joined_on=joined_on).end
            return end
        case _:
            assert_never(validity.unit)


def renewed_until(
    ladder: Ladder, judged_on: date, *, holds_from: date, joined_on: date
) -> date | None:
    """The next judgement after one on `judged_on`, for a tier that holds from `holds_from`.

    Periods count from the period that was judged (it ended with `judged_on`); months and days
    from `holds_from`, so that judged windows follow each other without overlap (a window of months
    may skip the last days of a month where an earlier one is shorter).
    """
    if ladder.validity.unit != "periods":
        return valid_until(ladder, holds_from - _DAY, joined_on=joined_on)
    until = valid_until(ladder, judged_on - _DAY, joined_on=joined_on)
    while until is not None and until <= holds_from:
        until = window_on(ladder.window, until, joined_on=joined_on).end
    return until


def _leaves_rolling_months(counted_on: date, months: int) -> date:
    """The first day whose window starts after `counted_on`.

    A window that ends before the day `end` starts at `end` less the months; it starts late enough
    from the day of the month after `counted_on`, or from the next first where there is none.
    """
    after = counted_on + _DAY
    year, month = divmod(after.year * 12 + after.month - 1 + months, 12)
    if after.day <= monthrange(year, month + 1)[1]:
        end = date(year, month + 1, after.day)
    else:
        end = add_months(date(year, month + 1, 1), 1)
    return end - _DAY


def _year_of_joining(on: date, joined_on: date) -> Window:
    years = on.year - joined_on.year
    start = add_months(joined_on, 12 * years)
    if start > on:
        years -= 1
        start = add_months(joined_on, 12 * years)
    return Window(start, add_months(joined_on, 12 * (years + 1)))
