"""What a member is entitled to now, since when and until when: rights that rules give.

The rules are those of the checkout, asked without a cart. A right holds while the conditions of a
rule hold, so its beginning and end are found by asking again at every instant at which something
may change by itself: schedules, birthdays, the age of the membership, the tier as it was and as it
will be if nothing more is bought.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from benefits import (
    Entitlement,
    Facts,
    NotHeld,
    RuleSet,
    birthday_window,
    facts_asked,
    held_at,
    held_out_of,
    rights_of,
    rules_live_since,
    turns_of,
)
from loyalty.checkout.basket import facts_of
from loyalty.checkout.programme import Programme
from loyalty.checkout.snapshot import Asked, Snapshot, take_snapshot
from loyalty.ids import show
from loyalty.members import Member, Ref
from loyalty.membership.facts import PLAN_FACTS, with_plan
from loyalty.orders.facts import Person, facts_at
from tiers import RecordedChange

_CHANGES: Final = 50
_WINDOWS: Final = ("day", "week", "month")
_UNTRACED: Final = frozenset(("order-count", "first-order", "tags", "class", "plan"))
"""Facts of which only today is known: since when a rule on them has held, nobody can say."""


@dataclass(frozen=True, slots=True)
class Held:
    """A right that is held, from `since` and until just before `until`, where they are known."""

    entitlement: Entitlement
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Entitlements:
    """What a member is entitled to at an instant, and what is near, the nearest first."""

    member: UUID
    at: datetime
    rule_set: int
    items: tuple[Held, ...] = ()
    not_held: tuple[NotHeld, ...] = ()


async def entitlements_of(
    connection: AsyncConnection, programme: Programme, member: Member, *, at: datetime
) -> Entitlements:
    """Return what a member is entitled to; whoever has left is entitled to nothing.

    One statement reads the member, and two more where a right is held.
    """
    ref = Ref("member", show("mem", member.id), id=member.id)
    snapshot = await take_snapshot(connection, programme, Asked(ref, at, at, (), ()))
    rule_set = _entitling(snapshot)
    if member.closed_at is not None or not rule_set.entitling:
        return Entitlements(member.id, at, rule_set.version)
    rights = rights_of(rule_set, facts_of(snapshot, at), at)
    history: Sequence[RecordedChange] = ()
    live: dict[str, datetime] = {}
    if rights.held:
        history = await tiers.history_of(connection, member.id, limit=_CHANGES)
        given = {(right.rule, right.version) for right in rights.held}
        live = await rules_live_since(connection, sorted(given), at=at)
    life = _Life(snapshot, history, at)
    held = tuple(
        Held(right, _since(life, right, live.get(right.rule), member), life.until(right))
        for right in rights.held
    )
    return Entitlements(member.id, at, rule_set.version, held, rights.not_held)


def held_now(snapshot: Snapshot, rights: Sequence[Entitlement], at: datetime) -> tuple[Held, ...]:
    """Return the rights of a quote with the ends that are known.

    A right that depends on the cart is not held without it, so its end is not known.
    """
    if not rights:
        return ()
    life = _Life(snapshot, (), at)
    return tuple(Held(right, None, life.until(right)) for right in rights)


def _entitling(snapshot: Snapshot) -> RuleSet:
    """The live rules without those that were stopped by hand, or hold the member out."""
    rule_set, member = snapshot.rule_set, snapshot.member
    barred = {*snapshot.stopped, *(held_out_of(rule_set, member.id) if member is not None else ())}
    if not barred:
        return rule_set
    entitling = tuple(rule for rule in rule_set.entitling if rule.name not in barred)
    return replace(rule_set, entitling=entitling)


class _Life:
    """A member through time, as far as it is known: the rights held at every turn."""

    def __init__(self, snapshot: Snapshot, history: Sequence[RecordedChange], at: datetime) -> None:
        self._snapshot = snapshot
        self._history = history
        self._at = at
        self._zone = snapshot.policy.zone
        self._rule_set = _entitling(snapshot)
        self._known: dict[datetime, frozenset[object]] = {}
        self._now = self._rights(at)
        turns = sorted(self._turns())
        self._past = [turn for turn in turns if turn <= at][::-1]
        self._ahead = [turn for turn in turns if turn > at]

    def until(self, right: Entitlement) -> datetime | None:
        """The first turn ahead at which the right is not held any more."""
        if right.right not in self._now:
            return None
        return next((t for t in self._ahead if right.right not in self._rights(t)), None)

    def since(self, right: Entitlement) -> datetime | None:
        """The turn from which on the right has been held; None where it always was."""
        began = self._at
        for turn in self._past:
            if right.right not in self._rights(turn):
                return began
            began = turn
        return None

    @property
    def rule_set(self) -> RuleSet:
        """The rules that are asked."""
        return self._rule_set

    @property
    def whole(self) -> bool:
        """Whether every change of the tier is known."""
        return len(self._history) < _CHANGES

    def _rights(self, at: datetime) -> frozenset[object]:
        found = self._known.get(at)
        if found is None:
            found = self._known[at] = held_at(self._rule_set, self._facts(at), at)
        return found

    def _facts(self, at: datetime) -> Facts:
        snapshot = self._snapshot
        if at == self._at or snapshot.person is None or snapshot.earlier is None:
            return facts_of(snapshot, self._at)
        day = snapshot.policy.day_of(at)
        tier = self._tier_on(day)
        facts = facts_at(snapshot.person, day, tier=tier, earlier=snapshot.earlier)
        return with_plan(facts, snapshot.plan, snapshot.policy, at)

    def _tier_on(self, day: date) -> str | None:
        """The tier in force on a day, as it was, is, or will be if nothing more is bought."""
        comes = self._snapshot.tier_next
        if comes is not None and day >= comes[0]:
            return comes[1]
        if day >= self._snapshot.policy.day_of(self._at):
            return self._snapshot.tier
        for recorded in self._history:
            if recorded.change.on <= day:
                return recorded.change.after
        ladder = self._snapshot.ladder
        return None if ladder is None else ladder.tiers[0].code

    def _turns(self) -> Iterator[datetime]:
        """Every instant, past and ahead, at which a right may begin or end by itself."""
        turns = turns_of(self._rule_set, self._at)
        yield from turns.instants
        if self._snapshot.plan is not None and not PLAN_FACTS.isdisjoint(turns.facts):
            yield from self._snapshot.plan.turns()
        days: set[date] = set()
        if "tier" in turns.facts:
            days.update(recorded.change.on for recorded in self._history)
            if self._snapshot.tier_next is not None:
                days.add(self._snapshot.tier_next[0])
        if self._snapshot.person is not None:
            person = self._snapshot.person
            last_on = None if self._snapshot.earlier is None else self._snapshot.earlier.last_on
            for fact, since in (
                ("days-since-joining", person.joined_on),
                ("days-since-last-order", last_on),
            ):
                if since is not None:
                    days.update(since + timedelta(days=n) for n in turns.days[fact])
            if "birthday" in turns.facts:
                days.update(_birthdays(person, self._snapshot.policy.day_of(self._at).year))
        yield from (_midnight(day, self._zone) for day in days)


def _since(
    life: _Life, right: Entitlement, live: datetime | None, member: Member
) -> datetime | None:
    """The latest of: the rule went live, the member joined, its conditions began to hold."""
    if live is None or _UNTRACED & facts_asked(life.rule_set, right.rule):
        return None
    began = life.since(right)
    if began is None and not life.whole:
        return None
    return max(live, member.joined_at, began or live)


def _birthdays(person: Person, year: int) -> Iterator[date]:
    """The first and last days of the birthday's windows, in this year and the two around it."""
    if person.birthday is None:
        return
    month, day = person.birthday
    for each in (year - 1, year, year + 1):
        for name in _WINDOWS:
            window = birthday_window(name, year=each, month=month, day=day)
            yield window.starts_on
            yield window.ends_on


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
