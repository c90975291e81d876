"""Shapes of an order's decision: its text, its facts, and every rule that it concerned."""

from datetime import datetime
from hashlib import sha256
from typing import Any

from msgspec import Struct

from benefits import NotApplied, facts_document
from loyalty.checkout.sentences import gave_sentence, reason_sentence, unlock_sentence
from loyalty.ids import show
from loyalty.orders.decisions import Candidate, Decided, Difference, Replayed


class CandidateOut(Struct, frozen=True):
    """A rule or a voucher that the order concerned: `applied`, or the code of why it was not."""

    rule: str | None
    version: int | None
    voucher_code: str | None
    titles: dict[str, str]
    code: str
    sentence: str
    amount: int
    earned: bool
    fact: str | None
    operator: str | None
    seen: int | str | bool | list[str] | None
    wanted: int | str | bool | list[str] | None
    other: str | None
    unlock: str | None

    @classmethod
    def of(cls, each: Candidate, language: str, currency: str) -> "CandidateOut":
        """Show what a rule gave, or why it gave nothing."""
        gave, why = each.applied, each.reason or NotApplied("applied")
        said = (
            gave_sentence(gave, language, currency)
            if gave is not None
            else reason_sentence(why, language, currency)
        )
        return cls(
            rule=each.rule,
            version=each.version,
            voucher_code=each.voucher_code,
            titles=dict(each.titles),
            code=why.code,
            sentence=said,
            amount=0 if gave is None else gave.amount,
            earned=gave is not None and gave.earned,
            fact=why.fact,
            operator=why.operator,
            seen=list(why.seen) if isinstance(why.seen, tuple) else why.seen,
            wanted=list(why.wanted) if isinstance(why.wanted, tuple) else why.wanted,
            other=why.other,
            unlock=unlock_sentence(why.unlock, language, currency),
        )


class DecisionOut(Struct, frozen=True):
    """What an order was decided by; `document` is the stored text, byte by byte."""

    order: str
    decided_at: datetime
    priced_by: str
    rule_set: int
    revision: int
    facts: dict[str, Any]
    candidates: list[CandidateOut]
    document: str
    sha256: str

    @classmethod
    def of(cls, decided: Decided, language: str) -> "DecisionOut":
        """Show a decision in a language."""
        order = decided.order
        return cls(
            order=show("ord", order.id),
            decided_at=order.placed_at,
            priced_by=order.priced_by.value,
            rule_set=decided.rule_set,
            revision=decided.revision,
            facts=facts_document(decided.facts),
            candidates=[
                CandidateOut.of(each, language, order.currency) for each in decided.candidates
            ],
            document=decided.document,
            sha256=_digest(decided.document),
        )


class DifferenceOut(Struct, frozen=True):
    """A place in the text that is not what it was; null is what is not there."""

    pointer: str
    stored: Any
    computed: Any

    @classmethod
    def of(cls, found: Difference) -> "DifferenceOut":
        """Show a difference."""
        return cls(found.pointer, found.stored, found.computed)


class ReplayedOut(Struct, frozen=True):
    """One decision made again, of the placing or of a claim; `same` is byte by byte."""

    of: str
    same: bool
    stored_sha256: str
    computed_sha256: str
    differences: list[DifferenceOut]


class ReplayOut(Struct, frozen=True):
    """The decisions of an order made again."""

    order: str
    same: bool
    decisions: list[ReplayedOut]


def replay_out(order: str, replayed: tuple[Replayed, ...]) -> ReplayOut:
    """Show the decisions of an order, made again."""
    return ReplayOut(
        order=order,
        same=all(each.same for each in replayed),
        decisions=[
            ReplayedOut(
                of=each.of,
                same=each.same,
                stored_sha256=_digest(each.stored),
                computed_sha256=_digest(each.computed),
                differences=[DifferenceOut.of(one) for one in each.differences],
            )
            for each in replayed
        ],
    )


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
