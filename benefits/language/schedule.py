"""When a rule is open: validity [from, to) and recurring parts, in a named time zone. Pure."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from benefits.birthdays import birthday_in
from benefits.errors import EmptySchedule, MissingField, UnknownField
from benefits.language.nodes import MEMBER_DAY, SCHEDULE, WEEKDAYS, Field
from benefits.language.tree import MemberDay, Schedule
from benefits.language.values import (
    read_instant,
    read_list,
    read_number,
    read_object,
    read_time,
    read_word,
    read_zone,
    refuse_unknown_fields,
)

_FIELDS: Mapping[str, Field] = {field.name: field for field in SCHEDULE}
_DAY_FIELDS: Mapping[str, Field] = {field.name: field for field in MEMBER_DAY}
_NEEDS = {"week": ("weekday",), "month": ("day",), "year": ("month", "day")}
_LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_SOLAR_CYCLE = timedelta(days=28 * 366)
_ANCHOR = datetime(2000, 1, 1, tzinfo=UTC)
_MIDNIGHT = 24 * 60
_A_DAY = timedelta(days=1)


def read_schedule(value: object, pointer: str) -> Schedule:
    """A checked schedule; refuses one that never opens."""
    document = read_object(value, pointer)
    refuse_unknown_fields(document, SCHEDULE, pointer)
    if not document:
        raise EmptySchedule(pointer=pointer, reason="it says nothing")
    schedule = Schedule(
        from_at=_instant(document, "from", pointer),
        to_at=_instant(document, "to", pointer),
        zone=read_zone(document["zone"], f"{pointer}/zone") if "zone" in document else None,
        weekdays=_weekdays(document, pointer),
        hours=_hours(document, pointer),
        days=_days(document, pointer),
        member_days=_member_days(document, pointer),
    )
    _refuse_empty(schedule, pointer)
    return schedule


def closed_by(schedule: Schedule, at: datetime, local: datetime) -> str | None:
    """The part of the schedule that keeps it closed at the instant; None where it is open.

    `local` is the same instant in the schedule's zone.
    """
    if schedule.from_at is not None and at < schedule.from_at:
        return "from"
    if schedule.to_at is not None and at >= schedule.to_at:
        return "to"
    if not (schedule.weekdays or schedule.hours or schedule.days or schedule.member_days):
        return None
    if schedule.hours is not None and not _in_hours(schedule.hours, local.hour * 60 + local.minute):
        return "hours"
    return _day_closed_by(schedule, local.date())


def _day_closed_by(schedule: Schedule, on: date) -> str | None:
    if schedule.weekdays and on.weekday() not in schedule.weekdays:
        return "weekdays"
    if schedule.days and on.day not in schedule.days:
        return "days"
    if schedule.member_days and not any(_falls_on(day, on) for day in schedule.member_days):
        return "member_days"
    return None


def _in_hours(hours: tuple[int, int], minute: int) -> bool:
    start, end = hours
    if start < end:
        return start <= minute < end
    return minute >= start or minute < end


def _falls_on(day: MemberDay, on: date) -> bool:
    if day.every == "week":
        return on.weekday() == day.weekday
    if day.every == "month":
        return on.day == day.day
    return on == birthday_in(on.year, day.month, day.day)


# --- reading ----------------------------------------------------------------------------------


def _instant(document: Mapping[str, object], name: str, pointer: str) -> datetime | None:
    return read_instant(document[name], f"{pointer}/{name}") if name in document else None


def _weekdays(document: Mapping[str, object], pointer: str) -> frozenset[int]:
    if "weekdays" not in document:
        return frozenset()
    words = read_list(document["weekdays"], f"{pointer}/weekdays", most=7)
    return frozenset(
        WEEKDAYS.index(read_word(word, f"{pointer}/weekdays/{position}", WEEKDAYS))
        for position, word in enumerate(words)
    )


def _hours(document: Mapping[str, object], pointer: str) -> tuple[int, int] | None:
    if "hours" not in document:
        return None
    within = f"{pointer}/hours"
    hours = read_object(document["hours"], within)
    refuse_unknown_fields(hours, _FIELDS["hours"].fields, within)
    start, end = (read_time(hours[name], f"{within}/{name}") for name in ("from", "to"))
    if start in {end, _MIDNIGHT}:
        raise EmptySchedule(pointer=within, reason="its hours end when they begin")
    return start, end


def _days(document: Mapping[str, object], pointer: str) -> frozenset[int]:
    if "days" not in document:
        return frozenset()
    days = read_list(document["days"], f"{pointer}/days", most=31)
    return frozenset(
        read_number(day, f"{pointer}/days/{position}", _FIELDS["days"])
        for position, day in enumerate(days)
    )


def _member_days(document: Mapping[str, object], pointer: str) -> tuple[MemberDay, ...]:
    if "member_days" not in document:
        return ()
    days = read_list(document["member_days"], f"{pointer}/member_days", most=31)
    return tuple(
        _member_day(day, f"{pointer}/member_days/{position}") for position, day in enumerate(days)
    )


def _member_day(value: object, pointer: str) -> MemberDay:
    document = read_object(value, pointer)
    refuse_unknown_fields(document, MEMBER_DAY, pointer)
    every = read_word(document["every"], f"{pointer}/every", _DAY_FIELDS["every"].choices)
    needed = _NEEDS[every]
    for name in needed:
        if name not in document:
            raise MissingField(pointer=pointer, wanted=name)
    for name in document:
        if name not in (*needed, "every"):
            raise UnknownField(
                pointer=f"{pointer}/{name}", seen=name, wanted=", ".join(("every", *needed))
            )
    if every == "week":
        weekday = read_word(document["weekday"], f"{pointer}/weekday", WEEKDAYS)
        return MemberDay("week", weekday=WEEKDAYS.index(weekday))
    day = read_number(document["day"], f"{pointer}/day", _DAY_FIELDS["day"])
    if every == "month":
        return MemberDay("month", day=day)
    month = read_number(document["month"], f"{pointer}/month", _DAY_FIELDS["month"])
    if day > _LONGEST_MONTHS[month - 1]:
        raise EmptySchedule(pointer=f"{pointer}/day", reason=f"month {month} has no day {day}")
    return MemberDay("year", month=month, day=day)


# --- contradictions ---------------------------------------------------------------------------


def _refuse_empty(schedule: Schedule, pointer: str) -> None:
    from_at, to_at = schedule.from_at, schedule.to_at
    if from_at is not None and to_at is not None and to_at <= from_at:
        raise EmptySchedule(pointer=f"{pointer}/to", reason="it ends before it begins")
    if not (schedule.weekdays or schedule.days or schedule.member_days or schedule.hours):
        return
    zone = ZoneInfo(schedule.zone or "UTC")
    begin = from_at or (to_at - _SOLAR_CYCLE if to_at is not None else _ANCHOR)
    end = min(to_at, begin + _SOLAR_CYCLE) if to_at is not None else begin + _SOLAR_CYCLE
    on = begin.astimezone(zone).date()
    last = end.astimezone(zone).date()
    while on <= last:
        if _day_closed_by(schedule, on) is None and _opens_on(schedule, on, begin, end, zone):
            return
        on += _A_DAY
    raise EmptySchedule(pointer=pointer, reason="no instant meets all its parts")


def _opens_on(schedule: Schedule, on: date, begin: datetime, end: datetime, zone: ZoneInfo) -> bool:
    start, stop = schedule.hours or (0, _MIDNIGHT)
    spans = ((start, stop),) if start < stop else ((0, stop), (start, _MIDNIGHT))
    midnight = datetime.combine(on, time(), tzinfo=zone)
    for span_start, span_stop in spans:
        opens = midnight + timedelta(minutes=span_start)
        closes = midnight + timedelta(minutes=span_stop)
        if span_start < span_stop and max(opens, begin) < min(closes, end):
            return True
    return False
