"""Decisions as canonical text, and back: what is stored and replayed. Pure.

Canonical means: JSON with sorted names, no spaces, ASCII only; codes and parameters, no
sentences; derived facts only, never personal data. The same decision is the same bytes for ever.
"""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from msgspec.json import Encoder
from msgspec.structs import asdict

from benefits.counted import Reached
from benefits.errors import BenefitsError, DecisionDamaged, RevisionUnknown
from benefits.evaluation import KNOWN_REVISIONS, REVISION, evaluate, evaluate_paid
from benefits.questions import question_document, question_from
from benefits.rule_set import RuleSet
from benefits.types import (
    Decision,
    Discount,
    EarnWhy,
    Entitlement,
    LineAnswer,
    NotApplied,
    Unlock,
)

FORMAT = 1
Seen = int | str | bool | tuple[str, ...] | None
Stored = int | str | bool | list[str] | None
_WRITER = Encoder(order="sorted")
_TELLING_LIMITS = 3
"""The revision since which a reason says where the limit stood."""


def answer_document(decision: Decision) -> dict[str, object]:
    """The answer alone as plain JSON values (codes and parameters, no sentences)."""
    points, totals, shipping = decision.points, decision.totals, decision.shipping
    held = [_entitlement(each) for each in decision.entitlements]
    return {
        "lines": [_line(line, decision.revision) for line in decision.lines],
        "shipping": {
            "regular": shipping.regular,
            "discounts": [_discount(each) for each in shipping.discounts],
            "points": shipping.points,
            "points_value": shipping.points_value,
            "total": shipping.total,
        },
        "points": {
            "available": points.available,
            "spendable": points.spendable,
            "spend": points.spend,
            "value": points.value,
            "earn": points.earn,
        },
        "totals": {
            "regular": totals.regular,
            "discount": totals.discount,
            "points_value": totals.points_value,
            "payable": totals.payable,
        },
        "applied": [
            {
                "rule": a.rule,
                "version": a.version,
                "amount": a.amount,
                "earned": a.earned,
                **({"cut": a.cut} if a.cut else {}),
            }
            for a in decision.applied
        ],
        "vouchers": [
            {
                "code": v.code,
                "id": str(v.id),
                "member": str(v.member),
                "definition": v.definition,
                "amount": v.amount,
            }
            for v in decision.vouchers
        ],
        "not_applied": [
            reason_document(each, revision=decision.revision) for each in decision.not_applied
        ],
        **({"entitlements": held} if held else {}),
        **({"saved": decision.saved} if decision.saved else {}),
        **_given_document(decision),
    }


def reason_document(reason: NotApplied, *, revision: int = REVISION) -> dict[str, object]:
    """A reason as plain JSON values; what it does not say is left out."""
    document: dict[str, object] = {"code": reason.code}
    for name in ("rule", "version", "fact", "operator", "other", "voucher_code"):
        value = getattr(reason, name)
        if value is not None:
            document[name] = value
    if reason.fact is not None:
        document["seen"] = _plain(reason.seen)
        document["wanted"] = _plain(reason.wanted)
    if reason.unlock is not None:
        document["unlock"] = {"code": reason.unlock.code, **reason.unlock.facts}
    if reason.limit is not None and revision >= _TELLING_LIMITS:
        limit = reason.limit
        document["limit"] = {
            "count": limit.measure,
            "for": limit.whose,
            "every": limit.every,
            "used": limit.used,
            "most": limit.most,
            **({} if limit.until is None else {"until": limit.until}),
        }
    return document


def reason_from(document: Mapping[str, Any]) -> NotApplied:
    """The reason of such a document."""
    unlock = dict(document.get("unlock") or {})
    return NotApplied(
        code=document["code"],
        rule=document.get("rule"),
        version=document.get("version"),
        fact=document.get("fact"),
        operator=document.get("operator"),
        seen=_seen(document.get("seen")),
        wanted=_seen(document.get("wanted")),
        unlock=Unlock(unlock.pop("code"), unlock) if unlock else None,
        other=document.get("other"),
        voucher_code=document.get("voucher_code"),
        limit=_limit_from(document["limit"]) if "limit" in document else None,
    )


def decision_text(decision: Decision) -> str:
    """The whole decision as canonical text: question, rule set, revision and answer."""
    return canonical(
        {
            "format": FORMAT,
            "rule_set": decision.rule_set,
            "revision": decision.revision,
            "paid": decision.paid,
            "question": question_document(decision.question),
            "answer": answer_document(decision),
        }
    )


def replay(text: str, rule_set: RuleSet) -> Decision:
    """Decide a stored decision's question again; `decision_text` of the result is compared.

    The rule set is the one of the version that `replayed_rule_set` reads from the text. Raises
    RevisionUnknown where this engine no longer knows the revision, DecisionDamaged where the
    text is none of ours.
    """
    stored = _read(text)
    revision = stored["revision"]
    if revision not in KNOWN_REVISIONS:
        seen = revision if isinstance(revision, int) else 0
        raise RevisionUnknown(seen=seen, wanted=str(REVISION))
    if stored["rule_set"] != rule_set.version:
        raise DecisionDamaged(reason=f"it was made by rule set {stored['rule_set']}")
    decide = evaluate_paid if stored.get("paid") else evaluate
    try:
        question = question_from(stored["question"])
    except (BenefitsError, KeyError, TypeError, ValueError) as error:
        raise DecisionDamaged(reason="its question is malformed") from error
    return decide(rule_set, question, revision=revision)


def replayed_rule_set(text: str) -> int:
    """The version of the rule set that made a stored decision."""
    version = _read(text)["rule_set"]
    if not isinstance(version, int):
        raise DecisionDamaged(reason="it names no rule set")
    return version


def canonical(document: object) -> str:
    """The one spelling of a document, which is that of `json.dumps`.

    msgspec writes the same in a tenth of the time where every character stands for itself or is
    escaped by its letter; what has others is left to `json`.
    """
    try:
        written = _WRITER.encode(document)
    except UnicodeEncodeError:  # half of a character
        written = b"\x7f"
    if written.isascii() and b"\x7f" not in written:
        return written.decode("ascii")
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _read(text: str) -> Mapping[str, object]:
    try:
        stored = json.loads(text)
    except ValueError as error:
        raise DecisionDamaged(reason="it is not JSON") from error
    needed = {"format", "rule_set", "revision", "question", "answer"}
    if not isinstance(stored, dict) or not needed <= stored.keys():
        raise DecisionDamaged(reason="it lacks a part")
    return stored


def _line(line: LineAnswer, revision: int) -> dict[str, object]:
    return {
        "line_id": line.line_id,
        "regular": line.regular,
        "discounts": [_discount(each) for each in line.discounts],
        "points": line.points,
        "points_value": line.points_value,
        "total": line.total,
        "basis": line.basis,
        "earn": line.earn,
        "earn_why": [_why(each, revision) for each in line.earn_why],
    }


def _entitlement(held: Entitlement) -> dict[str, object]:
    document: dict[str, object] = {"kind": held.kind, "rule": held.rule, "version": held.version}
    if held.subject is not None:
        document["subject"] = held.subject
    if held.value is not None:
        document["value"] = held.value
    return document


def _given_document(decision: Decision) -> dict[str, object]:
    """Gifts and vouchers for later, where there are any; titles are the rules'."""
    gifts = [
        _with_voucher(
            {
                "rule": gift.rule,
                "version": gift.version,
                "sku": gift.sku,
                "quantity": gift.quantity,
                **({"choose": list(gift.choose)} if gift.choose else {}),
            },
            gift.voucher,
        )
        for gift in decision.gifts
    ]
    grants = [
        _with_voucher(
            {
                "rule": grant.rule,
                "version": grant.version,
                "definition": grant.definition,
                "quantity": grant.quantity,
            },
            grant.voucher,
        )
        for grant in decision.grants
    ]
    return {**({"gifts": gifts} if gifts else {}), **({"grants": grants} if grants else {})}


def _with_voucher(document: dict[str, object], voucher: UUID | None) -> dict[str, object]:
    return document if voucher is None else {**document, "voucher": str(voucher)}


def _discount(discount: Discount) -> dict[str, object]:
    document: dict[str, object] = {
        "rule": discount.rule,
        "version": discount.version,
        "amount": discount.amount,
        "step": discount.step.name.lower(),
    }
    if discount.voucher is not None:
        document["voucher"] = str(discount.voucher)
    return document


def _why(why: EarnWhy, revision: int) -> dict[str, object]:
    said = {name: value for name, value in asdict(why).items() if value is not None}
    if revision == 1:
        said.pop("gave", None)
    return said


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _limit_from(document: Mapping[str, Any]) -> Reached:
    return Reached(
        document["count"],
        document["for"],
        document["every"],
        document["used"],
        document["most"],
        document.get("until"),
    )


def _seen(value: Stored) -> Seen:
    return tuple(value) if isinstance(value, list) else value
