"""The decision of an order: every rule it concerned, and whether it is made again to the same text.

Reads only. What we priced is told from the text that was stored with it; of the shop's prices only
earning was decided, and that is decided again from the order's own rows. A guest's order that was
claimed has a second decision, that of its claim.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import (
    Applied,
    Decision,
    DecisionDamaged,
    Facts,
    NotApplied,
    RuleSet,
    decision_text,
    evaluate_paid,
    facts_from,
    reason_from,
    replay,
    replayed_rule_set,
)
from loyalty.checkout.programme import Programme
from loyalty.orders.aftersales.tables import order_claim
from loyalty.orders.decided import paid_document
from loyalty.orders.explaining import question_with
from loyalty.orders.reading import Found
from loyalty.orders.tables import decision
from loyalty.orders.types import Order, PricedBy

MOST_DIFFERENCES: Final = 20


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rule or a voucher that the order concerned: what it gave, or why it gave nothing."""

    rule: str | None
    version: int | None
    voucher_code: str | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    applied: Applied | None = None
    reason: NotApplied | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What an order was decided by: facts, versions, text, and every candidate."""

    order: Order
    rule_set: int
    revision: int
    facts: Facts
    document: str
    """The text as it was stored."""
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A place in a decision's text that is not what it was; None is what is not there."""

    pointer: str
    stored: object
    computed: object


@dataclass(frozen=True, slots=True)
class Replayed:
    """A decision as it was stored and as it is made today; `of` says whether placing or a claim."""

    of: str
    stored: str
    computed: str
    differences: tuple[Difference, ...]

    @property
    def same(self) -> bool:
        """Whether both are the same, byte by byte, and figures are those of the order's rows."""
        return not self.differences


async def read_decision(connection: AsyncConnection, programme: Programme, found: Found) -> Decided:
    """Return how an order was decided: one statement, and two more for a rule set not yet met.

    Raises DecisionDamaged where the text of an order that we priced is gone.
    """
    order, text = found.order, found.decision
    beside = await _read_beside(connection, order)
    rule_set = await programme.rule_set(connection, order.rule_set)
    if order.priced_by is PricedBy.US:
        answer = _answer(text)
        applied = [Applied(**each) for each in answer["applied"]]
        applied += _entitling(answer.get("entitlements", ()), {each.rule for each in applied})
        reasons = [reason_from(each) for each in answer["not_applied"]]
    else:
        again = evaluate_paid(rule_set, question_with(found, beside.facts))
        applied, reasons = list(again.applied), list(again.not_applied)
    return Decided(
        order=order,
        rule_set=order.rule_set,
        revision=beside.revision,
        facts=facts_from(beside.facts),
        document=text,
        candidates=tuple(_candidates(rule_set, applied, reasons)),
    )


async def replay_decision(
    connection: AsyncConnection, programme: Programme, found: Found
) -> tuple[Replayed, ...]:
    """Make the decisions of an order again: that of placing, then that of its claim, if any.

    Raises RevisionUnknown where this engine no longer makes such decisions, and DecisionDamaged
    where a text is none of ours.
    """
    order = found.order
    beside = await _read_beside(connection, order)
    rule_set = await programme.rule_set(connection, order.rule_set)
    if order.priced_by is PricedBy.US:
        replayed = [_again("placing", found.decision, rule_set)]
    else:
        again = evaluate_paid(rule_set, question_with(found, beside.facts))
        replayed = [_again_of_shop(found, again, claimed=beside.claim is not None)]
    if beside.claim is not None:
        theirs = await programme.rule_set(connection, replayed_rule_set(beside.claim))
        replayed.append(_again("claim", beside.claim, theirs))
    return tuple(replayed)


def differences_of(stored: object, computed: object, pointer: str = "") -> list[Difference]:
    """Return the places at which two JSON values differ, in their order."""
    match stored, computed:
        case (dict(), dict()):
            names = list(dict.fromkeys((*stored, *computed)))
            pairs: Sequence[tuple[object, object, object]] = [
                (name, stored.get(name), computed.get(name)) for name in names
            ]
        case (list(), list()) if len(stored) == len(computed):
            pairs = [(at, *each) for at, each in enumerate(zip(stored, computed, strict=True))]
        case _:
            same = type(stored) is type(computed) and stored == computed
            return [] if same else [Difference(pointer, stored, computed)]
    return [
        found for name, was, is_ in pairs for found in differences_of(was, is_, f"{pointer}/{name}")
    ]


def _again(of: str, text: str, rule_set: RuleSet) -> Replayed:
    computed = decision_text(replay(text, rule_set))
    return _compared(of, text, computed)


def _again_of_shop(found: Found, again: Decision, *, claimed: bool) -> Replayed:
    """Of the shop's prices the text says which rules earned; what they gave stands in the rows.

    The rows of a claimed order hold what its claim earned.
    """
    applied = ((each.rule, each.version) for each in again.applied)
    computed = paid_document(applied, again.question.used, again.question.stopped)
    replayed = _compared("placing", found.decision, computed)
    if claimed:
        return replayed
    was = [[line.figures.basis, line.figures.earn] for line in found.order.lines]
    now = [[line.basis, line.earn] for line in again.lines]
    rows = differences_of(was, now, "/lines")
    return replace(replayed, differences=(*replayed.differences, *rows))


def _compared(of: str, stored: str, computed: str) -> Replayed:
    """The differences of two texts; where only their spelling differs, that is the difference."""
    if stored == computed:
        return Replayed(of, stored, computed, ())
    found = differences_of(msgspec.json.decode(stored), msgspec.json.decode(computed))
    found = found or [Difference("", stored, computed)]
    return Replayed(of, stored, computed, tuple(found[:MOST_DIFFERENCES]))


class _Beside(NamedTuple):
    """What stands beside an order's own rows."""

    facts: Mapping[str, object] = MappingProxyType({})
    revision: int = 0
    claim: str | None = None


async def _read_beside(connection: AsyncConnection, order: Order) -> _Beside:
    claim = order_claim.c
    both = (claim.member == decision.c.member, claim.order_id == decision.c.order_id)
    statement = (
        select(decision.c.facts, decision.c.revision, claim.document)
        .select_from(decision.outerjoin(order_claim, and_(*both)))
        .where(decision.c.member == order.member, decision.c.order_id == order.id)
    )
    row = (await connection.execute(statement)).first()
    return _Beside() if row is None else _Beside(*row)


def _answer(text: str) -> Mapping[str, Any]:
    if not text:
        raise DecisionDamaged(reason="it is not there")
    answer: Mapping[str, Any] = msgspec.json.decode(text)["answer"]
    return answer


def _entitling(rights: Iterable[Mapping[str, Any]], known: set[str]) -> list[Applied]:
    """The rules that gave a right and nothing else: neither money nor points are theirs."""
    versions = {each["rule"]: each["version"] for each in rights if each["rule"] not in known}
    return [Applied(rule, version, 0, earned=False) for rule, version in versions.items()]


def _candidates(
    rule_set: RuleSet, applied: Iterable[Applied], reasons: Iterable[NotApplied]
) -> list[Candidate]:
    titles = {rule.name: rule.rule.titles for rule in rule_set.rules}
    gave = [
        Candidate(each.rule, each.version, None, titles.get(each.rule, {}), applied=each)
        for each in applied
    ]
    others = [
        Candidate(
            each.rule,
            each.version,
            each.voucher_code,
            titles.get(each.rule or "", {}),
            reason=each,
        )
        for each in reasons
    ]
    return gave + others
