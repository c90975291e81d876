"""When rules are open: half-open instants, recurring parts, the programme's zone."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from benefits import RuleRefused
from benefits.language import closed_by
from benefits.language.schedule import read_schedule
from benefits.language.tree import Schedule

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    """Return an instant of Berlin's clocks."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def closed(document: dict[str, Any], instant: datetime) -> str | None:
    """Return what keeps a schedule closed in Berlin."""
    return closed_by(read_schedule(document, ""), instant, instant.astimezone(BERLIN))


@pytest.mark.parametrize(
    ("document", "instant", "part"),
    [
        ({"from": "2026-11-11T00:00:00+01:00"}, "2026-11-10T23:59:59", "from"),
        ({"from": "2026-11-11T00:00:00+01:00"}, "2026-11-11T00:00:00", None),
        ({"to": "2026-11-12T00:00:00+01:00"}, "2026-11-11T23:59:59", None),
        ({"to": "2026-11-12T00:00:00+01:00"}, "2026-11-12T00:00:00", "to"),
        ({"weekdays": ["wed"]}, "2026-11-18T00:00:00", None),
        ({"weekdays": ["wed"]}, "2026-11-19T00:00:00", "weekdays"),
        ({"hours": {"from": "09:00", "to": "17:00"}}, "2026-11-18T08:59:59", "hours"),
        ({"hours": {"from": "09:00", "to": "17:00"}}, "2026-11-18T09:00:00", None),
        ({"hours": {"from": "09:00", "to": "17:00"}}, "2026-11-18T17:00:00", "hours"),
        ({"hours": {"from": "22:00", "to": "02:00"}}, "2026-11-18T23:30:00", None),
        ({"hours": {"from": "22:00", "to": "02:00"}}, "2026-11-18T01:59:59", None),
        ({"hours": {"from": "22:00", "to": "02:00"}}, "2026-11-18T02:00:00", "hours"),
        ({"hours": {"from": "22:00", "to": "24:00"}}, "2026-11-18T23:59:59", None),
        ({"days": [1, 18]}, "2026-11-18T12:00:00", None),
        ({"days": [1, 31]}, "2026-11-30T12:00:00", "days"),
        ({"member_days": [{"every": "week", "weekday": "tue"}]}, "2026-11-17T12:00:00", None),
        (
            {"member_days": [{"every": "week", "weekday": "tue"}]},
            "2026-11-18T12:00:00",
            "member_days",
        ),
        ({"member_days": [{"every": "month", "day": 18}]}, "2026-11-18T12:00:00", None),
        ({"member_days": [{"every": "year", "month": 11, "day": 11}]}, "2026-11-11T12:00:00", None),
        ({"member_days": [{"every": "year", "month": 2, "day": 29}]}, "2027-02-28T12:00:00", None),
        (
            {"member_days": [{"every": "year", "month": 2, "day": 29}]},
            "2028-02-28T12:00:00",
            "member_days",
        ),
        (
            {"member_days": [{"every": "month", "day": 1}, {"every": "month", "day": 18}]},
            "2026-11-18T12:00:00",
            None,
        ),
        (
            {"weekdays": ["wed"], "hours": {"from": "10:00", "to": "11:00"}},
            "2026-11-18T12:00:00",
            "hours",
        ),
    ],
)
def test_a_schedule_is_open_exactly_within_its_parts(
    document: dict[str, Any], instant: str, part: str | None
) -> None:
    assert closed(document, at(instant)) == part


def test_the_day_begins_at_midnight_of_the_zone() -> None:
    tuesday_in_berlin = datetime(2026, 11, 16, 23, 30, tzinfo=UTC)

    assert closed({"weekdays": ["tue"]}, tuesday_in_berlin) is None
    assert closed({"weekdays": ["mon"]}, tuesday_in_berlin) == "weekdays"


@pytest.mark.parametrize(
    "document",
    [
        {
            "from": "2026-11-16T00:00:00+00:00",
            "to": "2026-11-18T00:00:00+00:00",
            "weekdays": ["fri"],
        },
        {
            "from": "2026-02-01T00:00:00+00:00",
            "to": "2026-03-01T00:00:00+00:00",
            "days": [29, 30, 31],
        },
        {"weekdays": ["tue"], "member_days": [{"every": "week", "weekday": "wed"}]},
        {"days": [12], "member_days": [{"every": "year", "month": 11, "day": 11}]},
        {
            "from": "2026-11-16T08:00:00+00:00",
            "to": "2026-11-16T12:00:00+00:00",
            "hours": {"from": "12:00", "to": "13:00"},
        },
        {"from": "2026-11-16T08:00:00+00:00", "to": "2026-11-16T08:00:00+00:00"},
    ],
)
def test_a_schedule_that_never_opens_is_refused_by_name(document: dict[str, Any]) -> None:
    with pytest.raises(RuleRefused) as refused:
        read_schedule(document, "/schedule")

    assert refused.value.code == "rule-empty-schedule"


@pytest.mark.parametrize(
    "document",
    [
        {"weekdays": ["mon"], "member_days": [{"every": "year", "month": 2, "day": 29}]},
        {"to": "2027-01-01T00:00:00+00:00", "days": [31]},
        {
            "from": "2026-11-16T08:00:00+00:00",
            "to": "2026-11-16T12:00:01+00:00",
            "hours": {"from": "12:00", "to": "13:00"},
        },
        {
            "from": "2026-11-16T08:00:00+00:00",
            "to": "2026-11-16T12:00:00+00:00",
            "hours": {"from": "23:00", "to": "09:00"},
        },
    ],
)
def test_a_schedule_that_opens_at_all_is_read(document: dict[str, Any]) -> None:
    assert isinstance(read_schedule(document, ""), Schedule)
