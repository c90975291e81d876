"""Why rules and vouchers gave nothing: codes with what was seen, wanted, and what would help. Pure.

Every candidate that gave nothing has a reason. Rules that are no candidates are named only where
they are marked as worth telling and one condition is missing, nearest first, at most ten.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from benefits.language import Failure, closed_by, explain_failures
from benefits.pricing import Candidate, Till
from benefits.rule_set import CompiledRule, RuleSet
from benefits.types import NotApplied, Unlock

MOST_TOLD_AT_ONCE = 10
OF_LIMITS = frozenset(("limit-reached", "budget-short"))
FAR = 1_000
"""The distance of what cannot be measured."""


class Reasons:
    """The reasons of one decision."""

    def __init__(
        self,
        rule_set: RuleSet,
        candidates: Sequence[Candidate],
        till: Till,
        contributed: Collection[int],
        fates: Mapping[int, tuple[str, str | None]],
    ) -> None:
        self._rule_set = rule_set
        self._question = till.question
        self._candidates = candidates
        self._till = till
        self._contributed = contributed
        self._fates = fates

    def all(self, *, told: bool) -> tuple[NotApplied, ...]:
        """Vouchers first, then candidates by priority, then what is worth telling."""
        others = self._of_others() if told else ()
        return (*self._of_vouchers(), *self._of_candidates(), *others)

    def _of_vouchers(self) -> list[NotApplied]:
        concerned = {c.voucher.code for c in self._candidates if c.voucher is not None}
        found = []
        for voucher in self._question.vouchers:
            if voucher.refusal is not None:
                if voucher.id is None and voucher.code in self._rule_set.codes:
                    continue  # a public code that a rule asks for by name, no voucher
                found.append(NotApplied(voucher.refusal, voucher_code=voucher.code))
            elif voucher.code not in concerned and voucher.code not in self._rule_set.codes:
                found.append(NotApplied("no-effect", voucher_code=voucher.code))
        return found

    def _of_candidates(self) -> list[NotApplied]:
        return [
            self._of_candidate(candidate)
            for candidate in self._candidates
            if not self._till.gave[candidate.number] and candidate.number not in self._contributed
        ]

    def _of_candidate(self, candidate: Candidate) -> NotApplied:
        rule = candidate.rule
        code = candidate.voucher.code if candidate.voucher is not None else None
        if self._till.short(candidate):
            return self._under_minimum(candidate)
        if not self._till.passes(candidate):
            failures = () if candidate.barred == "stopped" else self._failures(rule)
            if failures:
                return because(rule, failures[0], code)
            barred = candidate.barred or "no-effect"
            return NotApplied(barred, rule.name, rule.version, voucher_code=code)
        if candidate.number in self._fates:
            why, other = self._fates[candidate.number]
            if why == "members-only":
                return _members_only(rule, code)
            limit = self._till.reached.get(candidate.number) if why in OF_LIMITS else None
            return NotApplied(
                why, rule.name, rule.version, other=other, voucher_code=code, limit=limit
            )
        return NotApplied("no-effect", rule.name, rule.version, voucher_code=code)

    def _under_minimum(self, candidate: Candidate) -> NotApplied:
        rule, voucher, seen = candidate.rule, candidate.voucher, self._till.goods
        wanted = voucher.minimum_order if voucher is not None else 0
        return NotApplied(
            "voucher-minimum-not-met",
            rule.name,
            rule.version,
            fact="subtotal",
            operator="at-least",
            seen=seen,
            wanted=wanted,
            unlock=Unlock("spend-more", {"gap": wanted - seen}),
            voucher_code=voucher.code if voucher is not None else None,
        )

    def _of_others(self) -> list[NotApplied]:
        """Rules worth telling that are no candidates and miss one condition, nearest first."""
        names = {candidate.rule.position for candidate in self._candidates}
        found: list[tuple[int, int, NotApplied]] = []
        for rule in self._rule_set.told:
            if rule.name in self._question.stopped or rule.name in self._question.facts.held_out:
                continue
            if rule.position in names or not self._concerns_a_line(rule):
                continue
            missing = self._missing(rule)
            if len(missing) == 1:
                distance, reason = missing[0]
                found.append((distance, rule.position, reason))
        found.sort(key=lambda each: each[:2])
        return [reason for _, _, reason in found[:MOST_TOLD_AT_ONCE]]

    def _concerns_a_line(self, rule: CompiledRule) -> bool:
        """Whether any effect of the rule would find something in this cart to work on."""
        lines = self._question.cart.lines
        return any(
            effect.picks is None or any(effect.picks(line) for line in lines)
            for _, effects in rule.steps
            for effect in effects
        )

    def _missing(self, rule: CompiledRule) -> list[tuple[int, NotApplied]]:
        missing = []
        failures = self._failures(rule)
        if len(failures) <= 1:
            missing = [(failure.distance, because(rule, failure, None)) for failure in failures]
            missing += [(FAR, reason) for reason in outside_schedule(rule, self._question.at)]
            missing += [(FAR, reason) for reason in self._voucher_reason(rule)]
        return missing

    def _failures(self, rule: CompiledRule) -> list[Failure]:
        if rule.rule.when is None:
            return []
        return explain_failures(rule.rule.when, self._till.scene, self._rule_set.tiers, rule.stage)

    def _voucher_reason(self, rule: CompiledRule) -> list[NotApplied]:
        definition = rule.rule.voucher
        if definition is None:
            return []
        presented = (v for v in self._question.vouchers if v.refusal is None)
        if any(voucher.definition == definition for voucher in presented):
            return []
        unlock = Unlock("present-voucher", {"definition": definition})
        return [
            NotApplied(
                "condition-not-met",
                rule.name,
                rule.version,
                fact="voucher",
                operator="is",
                wanted=definition,
                unlock=unlock,
            )
        ]


def outside_schedule(rule: CompiledRule, at: datetime) -> list[NotApplied]:
    """That the rule's schedule is closed at the instant, and by which part of it."""
    schedule = rule.rule.schedule
    if schedule is None:
        return []
    part = closed_by(schedule, at, at.astimezone(rule.zone))
    if part is None:
        return []
    unlock, wanted = _opening(part, schedule.from_at)
    code, name = "outside-schedule", rule.name
    return [NotApplied(code, name, rule.version, fact=part, wanted=wanted, unlock=unlock)]


def _members_only(rule: CompiledRule, voucher_code: str | None) -> NotApplied:
    """A guest earns nothing; joining would change that."""
    return NotApplied(
        "condition-not-met",
        rule.name,
        rule.version,
        fact="member",
        operator="is",
        seen=False,
        wanted=True,
        unlock=Unlock("join"),
        voucher_code=voucher_code,
    )


def _opening(part: str, from_at: datetime | None) -> tuple[Unlock | None, str | None]:
    if part != "from" or from_at is None:
        return None, None
    return Unlock("wait-until", {"at": from_at.isoformat()}), from_at.isoformat()


def because(rule: CompiledRule, failure: Failure, voucher_code: str | None) -> NotApplied:
    """Why a rule gives nothing: one comparison that would have to change."""
    return NotApplied(
        code=failure.code,
        rule=rule.name,
        version=rule.version,
        fact=failure.fact,
        operator=failure.operator,
        seen=failure.seen,
        wanted=failure.wanted,
        unlock=failure.unlock,
        voucher_code=voucher_code,
    )
