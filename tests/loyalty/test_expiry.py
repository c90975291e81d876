"""The life of points: to the end of the day, of the month, of the year, or while one is active."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.expiry import (
    Activity,
    Expiries,
    Expiry,
    ExpiryKind,
    end_of,
    last_day,
    rolls_of,
    term_of,
)

NEW_YORK = ZoneInfo("America/New_York")
BEGINNING = datetime(1995, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expiry", "earned", "last"),
    [
        (Expiry(ExpiryKind.AFTER_DAYS, 1), "2026-02-28", "2026-03-01"),
        (Expiry(ExpiryKind.AFTER_DAYS, 365), "2024-02-29", "2025-02-28"),
        (Expiry(ExpiryKind.AFTER_MONTHS, 12), "2024-02-29", "2025-02-28"),
        (Expiry(ExpiryKind.AFTER_MONTHS, 48), "2024-02-29", "2028-02-29"),
        (Expiry(ExpiryKind.AFTER_MONTHS, 1), "2026-01-31", "2026-02-28"),
        (Expiry(ExpiryKind.END_OF_MONTH, 0), "2026-11-30", "2026-11-30"),
        (Expiry(ExpiryKind.END_OF_MONTH, 3), "2023-11-30", "2024-02-29"),
        (Expiry(ExpiryKind.END_OF_QUARTER, 0), "2026-11-01", "2026-12-31"),
        (Expiry(ExpiryKind.END_OF_QUARTER, 1), "2026-11-01", "2027-03-31"),
        (Expiry(ExpiryKind.END_OF_QUARTER, 4), "2026-03-31", "2027-03-31"),
        (Expiry(ExpiryKind.END_OF_YEAR, 0), "2026-12-31", "2026-12-31"),
        (Expiry(ExpiryKind.END_OF_YEAR, 2), "2026-01-01", "2028-12-31"),
        (Expiry(ExpiryKind.FIXED_DAY, 1, 3, 31), "2026-03-30", "2026-03-31"),
        (Expiry(ExpiryKind.FIXED_DAY, 1, 3, 31), "2026-03-31", "2027-03-31"),
        (Expiry(ExpiryKind.FIXED_DAY, 2, 3, 31), "2026-03-30", "2027-03-31"),
        (Expiry(ExpiryKind.FIXED_DAY, 1, 2, 29), "2026-02-28", "2027-02-28"),
        (Expiry(ExpiryKind.FIXED_DAY, 2, 2, 29), "2026-03-01", "2028-02-29"),
        (Expiry(ExpiryKind.ROLLING, 6), "2026-08-31", "2027-02-28"),
    ],
)
def test_points_live_through_their_last_day(expiry: Expiry, earned: str, last: str) -> None:
    assert last_day(expiry, date.fromisoformat(earned)) == date.fromisoformat(last)


@pytest.mark.parametrize(
    ("zone", "day", "instant"),
    [
        ("America/New_York", "2026-03-07", "2026-03-08T05:00:00Z"),  # the clock goes on that night
        ("America/New_York", "2026-03-08", "2026-03-09T04:00:00Z"),
        ("America/New_York", "2026-10-31", "2026-11-01T04:00:00Z"),  # and back that one
        ("America/New_York", "2026-11-01", "2026-11-02T05:00:00Z"),
        ("Asia/Beirut", "2024-03-30", "2024-03-30T22:00:00Z"),  # no midnight: it is 1 o'clock
        ("America/Havana", "2024-11-02", "2024-11-03T04:00:00Z"),  # two of them: the first counts
        ("Pacific/Apia", "2011-12-29", "2011-12-30T10:00:00Z"),  # the 30th was left out
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"),
    ],
)
def test_a_day_ends_at_midnight_on_whatever_clock_the_zone_keeps(
    zone: str, day: str, instant: str
) -> None:
    assert end_of(date.fromisoformat(day), ZoneInfo(zone)) == datetime.fromisoformat(instant)


EXPIRIES = st.one_of(
    *(
        st.builds(Expiry, st.just(kind), st.integers(least, 60))
        for kind, least in (
            (ExpiryKind.AFTER_DAYS, 1),
            (ExpiryKind.AFTER_MONTHS, 1),
            (ExpiryKind.END_OF_MONTH, 0),
            (ExpiryKind.END_OF_QUARTER, 0),
            (ExpiryKind.END_OF_YEAR, 0),
            (ExpiryKind.ROLLING, 1),
        )
    ),
    st.builds(
        Expiry,
        st.just(ExpiryKind.FIXED_DAY),
        st.integers(1, 10),
        st.integers(1, 12),
        st.integers(1, 28),
    ),
)


@given(
    expiry=EXPIRIES,
    earned_at=st.integers(0, 50_000_000).map(
        lambda minutes: BEGINNING + timedelta(minutes=minutes)
    ),
    zone=st.sampled_from(["UTC", "America/New_York", "Pacific/Auckland", "Asia/Shanghai"]),
)
def test_every_point_can_be_spent_on_the_day_it_is_earned(
    expiry: Expiry, earned_at: datetime, zone: str
) -> None:
    at = ZoneInfo(zone)
    term = term_of(expiry, earned_at.astimezone(at).date(), at)

    assert term.expires_at is not None
    assert term.expires_at > earned_at
    local = term.expires_at.astimezone(at)
    assert (local.hour, local.minute, local.second) == (0, 0, 0)


@given(expiry=EXPIRIES, day=st.dates(date(1990, 1, 1), date(2090, 1, 1)), later=st.integers(0, 400))
def test_what_is_earned_later_never_lapses_earlier(expiry: Expiry, day: date, later: int) -> None:
    first = last_day(expiry, day)
    second = last_day(expiry, day + timedelta(days=later))

    assert first is not None
    assert second is not None
    assert first <= second


def test_each_source_may_have_an_expiry_of_its_own() -> None:
    bonus = Expiry(ExpiryKind.AFTER_DAYS, 30, notice=True)
    expiries = Expiries(Expiry(ExpiryKind.AFTER_MONTHS, 24), {"bonus": bonus})

    assert expiries.of("bonus") is bonus
    assert expiries.of("order").count == 24


def test_where_time_alone_ends_nothing_inactivity_still_does() -> None:
    idle = Expiry(ExpiryKind.ROLLING, 12)
    expiries = Expiries(
        Expiry(ExpiryKind.END_OF_YEAR, 1),
        {"bonus": idle},
        by_time=False,
        activities=frozenset({Activity.PURCHASE}),
    )

    assert expiries.of("order").kind is ExpiryKind.NEVER
    assert expiries.of("bonus") is idle


def test_an_activity_moves_each_schedule_to_its_own_end() -> None:
    rolls = rolls_of({6, 12}, date(2026, 8, 31), NEW_YORK)

    assert [(roll.schedule, roll.expires_at) for roll in rolls] == [
        ("rolling-6", datetime(2027, 3, 1, 5, tzinfo=UTC)),
        ("rolling-12", datetime(2027, 9, 1, 4, tzinfo=UTC)),
    ]
