"""When the rights of a member may begin or end: the instants at which to ask again. Pure.

Between two of these nothing about a member's rights changes by itself. The caller adds what only
it knows: the days on which the tier moves and birthdays come, and since when days are counted.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from benefits.language.entitlements import comparisons_of
from benefits.language.tree import Comparison, Schedule
from benefits.rule_set import CompiledRule, RuleSet

AROUND = timedelta(days=32)
"""How far recurring parts of a schedule are followed, back and ahead: a month."""
_A_DAY = timedelta(days=1)
COUNTING_DAYS = ("days-since-joining", "days-since-last-order")
"""The facts that grow by one every midnight."""


@dataclass(frozen=True, slots=True)
class Turns:
    """The instants that schedules name, the facts asked for, and at which ages they may turn.

    `days` holds for every fact that counts days the numbers at which a comparison may turn.
    """

    instants: tuple[datetime, ...]
    days: Mapping[str, tuple[int, ...]]
    facts: frozenset[str]


def turns_of(rule_set: RuleSet, at: datetime) -> Turns:
    """The turns of the rules that give rights, around an instant."""
    asked = [
        comparison
        for rule in rule_set.entitling
        if rule.rule.when is not None
        for comparison in comparisons_of(rule.rule.when)
    ]
    days = {name: tuple(sorted(_days(name, asked))) for name in COUNTING_DAYS}
    instants = {instant for rule in rule_set.entitling for instant in _instants(rule, at)}
    facts = frozenset(each.fact.name for each in asked)
    return Turns(tuple(sorted(instants)), days, facts)


def _days(name: str, asked: Iterable[Comparison]) -> set[int]:
    return {
        day
        for each in asked
        if each.fact.name == name and isinstance(each.wanted, int)
        for day in (each.wanted, each.wanted + 1)
    }


def facts_asked(rule_set: RuleSet, rule: str) -> frozenset[str]:
    """The facts that the conditions of one of the rules ask for."""
    return frozenset(
        comparison.fact.name
        for each in rule_set.entitling
        if each.name == rule and each.rule.when is not None
        for comparison in comparisons_of(each.rule.when)
    )


def _instants(rule: CompiledRule, at: datetime) -> Iterator[datetime]:
    schedule = rule.rule.schedule
    if schedule is None:
        return
    yield from (each for each in (schedule.from_at, schedule.to_at) if each is not None)
    if schedule.weekdays or schedule.days or schedule.member_days or schedule.hours:
        yield from _recurring(schedule, rule.zone, at)


def _recurring(schedule: Schedule, zone: ZoneInfo, at: datetime) -> Iterator[datetime]:
    """Every midnight around the instant, and the hours at which the schedule opens and closes."""
    minutes = {0, *(minute for minute in schedule.hours or () if minute < 24 * 60)}
    day = (at - AROUND).astimezone(zone).date()
    for _ in range(2 * AROUND.days):
        for minute in sorted(minutes):
            local = datetime.combine(day, time(minute // 60, minute % 60), zone)
            yield local.astimezone(UTC)
        day += _A_DAY
