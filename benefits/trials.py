"""The same question under two rule sets: what is live, and that with a draft. Pure.

What a draft counts begins with the trial and goes on from order to order; what others count stands
where it stood when an order was decided. Nothing here reads or writes.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from benefits.checking import drafted, modes_after
from benefits.contents import RuleChange
from benefits.counted import Charge, Used, periods
from benefits.counting import group_scope, scope_of
from benefits.errors import BenefitsError, DecisionDamaged, PointsOverSpendable
from benefits.evaluation import evaluate, evaluate_paid
from benefits.grouping import group_documents, groups_from
from benefits.holdouts import held_out_of
from benefits.questions import question_from
from benefits.records import FREE, PublishedRuleSet
from benefits.rule_set import RuleSet, compile_rule_set
from benefits.types import Decision, Question

Gave = dict[str, tuple[int, int]]
"""What each rule gave: money taken off, and points earned."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A question decided twice."""

    live: Decision
    drafted: Decision

    @property
    def differs(self) -> bool:
        """Whether the draft gives anybody anything else, whichever rule it comes from."""
        return what_is_had(self.live) != what_is_had(self.drafted)


class UsedUp(NamedTuple):
    """A limit of a draft as a trial leaves it, over all its members and periods.

    `reached` is how often it was used up, the first time at `first_at`; `used` is all it gave and
    did not get back.
    """

    scope: str
    measure: str
    everyone: bool
    every: str
    most: int
    used: int
    reached: int
    first_at: datetime | None


def drafted_set(
    live: PublishedRuleSet | None, change: RuleChange, *, tiers: Sequence[str], zone: str
) -> RuleSet:
    """What would be live with a change, compiled; its own rules have version 0.

    Raises RuleRefused with the pointer to the node, or RuleSetRefused.
    """
    stored = () if live is None else live.rules
    before = {} if live is None else group_documents(live.groups)
    kept = [each for each in stored if each.rule not in change.names]
    return compile_rule_set(
        [*kept, *drafted(change)],
        zone=zone,
        tiers=tiers,
        groups=groups_from(modes_after(before, change)),
    )


def touched_by(change: RuleChange, *sets: RuleSet) -> tuple[frozenset[str], frozenset[str]]:
    """What a change may have decided otherwise: its rules, and whose counters begin anew.

    Rules of a group that it changes, or that shares limits with one of its rules, are among them.
    """
    rules = [(each, rule_set.scopes) for rule_set in sets for each in rule_set.rules]
    groups = set(change.groups)
    for each, scopes in rules:
        group = each.rule.group
        if each.name in change.names and group is not None and group_scope(group) in scopes:
            groups.add(group)
    names = {*change.names, *(each.name for each, _ in rules if each.rule.group in groups)}
    subjects = {*map(scope_of, names), *map(group_scope, groups)}
    return frozenset(names), frozenset(subjects)


def asked_of(
    question: Question, rule_set: RuleSet, member: UUID, stopped: Collection[str]
) -> Question:
    """The question as it is asked of a rule set: whom it holds out, and what is stopped."""
    held = held_out_of(rule_set, member) if question.facts.member else ()
    barred = tuple(sorted(stopped))
    if (held, barred) == (question.facts.held_out, question.stopped):
        return question
    return replace(question, facts=replace(question.facts, held_out=held), stopped=barred)


def decide_again(rule_set: RuleSet, question: Question, *, paid: bool = False) -> Decision:
    """Decide a past question; points that the rules leave no room for are not spent."""
    if paid:
        return evaluate_paid(rule_set, question)
    try:
        return evaluate(rule_set, question)
    except PointsOverSpendable as error:
        terms = replace(question.points, requested=int(error.wanted))
        return evaluate(rule_set, replace(question, points=terms))


def stored_question(text: str) -> Question:
    """The question that a stored decision answers. Raises DecisionDamaged."""
    try:
        return question_from(json.loads(text)["question"])
    except (BenefitsError, KeyError, TypeError, ValueError) as error:
        raise DecisionDamaged(reason="its question is malformed") from error


def what_is_had(decision: Decision) -> tuple[object, ...]:
    """All that a decision comes to for who buys, without the rules it comes from."""
    return (
        [(line.total, line.points_value, line.earn) for line in decision.lines],
        decision.shipping.total,
        decision.points.spend,
        sorted((each.sku, each.quantity, each.choose) for each in decision.gifts),
        sorted((each.definition, each.quantity) for each in decision.grants),
        {each.right for each in decision.entitlements},
    )


def given_by(decision: Decision) -> Gave:
    """What each rule of a decision gave."""
    points: dict[str, int] = {}
    for line in decision.lines:
        for why in line.earn_why:
            gave = line.earn if why.gave is None else why.gave
            points[why.rule] = points.get(why.rule, 0) + gave
    return {each.rule: (each.amount, points.get(each.rule, 0)) for each in decision.applied}


class Counting:
    """Where the counters of some scopes stand while orders come in order of time."""

    __slots__ = ("_reached", "_stands", "_subjects")

    def __init__(self, subjects: Collection[str]) -> None:
        """Begin at nothing with the counters of subjects: `rule:welcome`, `group:spring`."""
        self._subjects = frozenset(subjects)
        self._stands: dict[tuple[UUID, str], dict[tuple[str, str], tuple[str, int]]] = {}
        self._reached: dict[tuple[str, str, bool, str, int], UsedUp] = {}

    def asked(self, question: Question, member: UUID, rule_set: RuleSet) -> Question:
        """The question with these counters where this trial has brought them."""
        others = [each for each in question.used if not self.counts(each.scope)]
        own = [scope for scope in rule_set.scopes if self.counts(scope)]
        if not own and len(others) == len(question.used):
            return question
        starts = periods(question.at.astimezone(ZoneInfo(rule_set.zone)).date())
        found = [
            Used(scope, measure, whose == FREE, every, starts_on, used)
            for scope in own
            for whose in (FREE, member)
            for (measure, every), (starts_on, used) in self._stands.get((whose, scope), {}).items()
            if starts_on == starts[every]
        ]
        return replace(question, used=tuple(sorted([*others, *found])))

    def take(self, charges: Collection[Charge], member: UUID, at: datetime) -> None:
        """Count what a decision takes."""
        for charge in charges:
            if not self.counts(charge.scope):
                continue
            stands = self._stands_of(charge, member)
            starts_on, before = stands.get((charge.measure, charge.every), ("", 0))
            if starts_on != charge.starts_on:
                before = 0
            after = before + charge.side * charge.taken
            stands[charge.measure, charge.every] = (charge.starts_on, after)
            if charge.most is not None:
                self._note(charge, charge.most, before, after, at)

    def give_back(self, charge: Charge, member: UUID, amount: int) -> None:
        """Give back so much of what a decision took, in the period it was taken in."""
        stands = self._stands_of(charge, member)
        starts_on, before = stands[charge.measure, charge.every]
        if starts_on == charge.starts_on:
            after = before - charge.side * amount
            stands[charge.measure, charge.every] = (starts_on, after)
        if charge.most is not None:
            key = _limit_of(charge, charge.most)
            was = self._reached[key]
            self._reached[key] = was._replace(used=was.used - amount)

    def counts(self, scope: str) -> bool:
        """Whether the counters of a scope are of this trial."""
        return ":".join(scope.split(":", 2)[:2]) in self._subjects

    def limits(self) -> list[UsedUp]:
        """Every limit that gave anything, and when it was first used up."""
        return [self._reached[key] for key in sorted(self._reached)]

    def _stands_of(self, charge: Charge, member: UUID) -> dict[tuple[str, str], tuple[str, int]]:
        whose = FREE if charge.everyone else member
        return self._stands.setdefault((whose, charge.scope), {})

    def _note(self, charge: Charge, most: int, before: int, after: int, at: datetime) -> None:
        key = _limit_of(charge, most)
        was = self._reached.get(key) or UsedUp(*key, 0, 0, None)
        full = before < most <= after
        self._reached[key] = was._replace(
            used=was.used + charge.taken,
            reached=was.reached + full,
            first_at=at if full and was.first_at is None else was.first_at,
        )


def _limit_of(charge: Charge, most: int) -> tuple[str, str, bool, str, int]:
    return charge.scope, charge.measure, charge.everyone, charge.every, most
