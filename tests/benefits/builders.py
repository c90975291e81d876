"""Verbs that build what benefits tests talk about."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from hypothesis import settings

from benefits import (
    Cart,
    Decision,
    Facts,
    Group,
    Line,
    NewVoucher,
    PointsTerms,
    Question,
    RuleSet,
    RuleVersion,
    compile_rule_set,
    mint_code,
)

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
TIERS = ("standard", "silver", "gold", "diamond")
MEMBER = UUID(int=0xA11CE)
OTHER_MEMBER = UUID(int=0xB0B)
ORDER = UUID(int=0x0DE5)
OTHER_ORDER = UUID(int=0x0DE6)

unhurried = settings(deadline=None)
"""Properties are not about speed, and the machine may be shared."""

_numbers = count(1)


def stored(document: Mapping[str, object], version: int = 1) -> RuleVersion:
    """Return a rule as it comes from the store."""
    return RuleVersion(str(document["rule"]), version, document)


def compiled(
    *documents: Mapping[str, object],
    groups: Sequence[Group] = (),
    zone: str = "UTC",
    version: int = 1,
) -> RuleSet:
    """Return a rule set of the documents."""
    rules = [stored(document) for document in documents]
    return compile_rule_set(rules, version=version, tiers=TIERS, zone=zone, groups=groups)


def line(
    line_id: str = "1",
    regular: int = 1000,
    *,
    sku: str = "TEA",
    category: str = "DRINKS",
    quantity: int = 1,
    **more: Any,
) -> Line:
    """Return a line of a cart."""
    return Line(line_id, sku, quantity, regular, category, **more)


def cart(*lines: Line, **more: Any) -> Cart:
    """Return a cart of the lines, one pot of tea where none is given."""
    return Cart(currency="USD", lines=lines or (line(),), **more)


def member(tier: str = "standard", **more: Any) -> Facts:
    """Return the facts of a member."""
    facts: dict[str, Any] = {
        "member_class": "consumer",
        "days_since_joining": 100,
        "order_count": 3,
        **more,
    }
    return Facts(member=True, tier=tier, **facts)


def asked(
    a_cart: Cart | None = None,
    facts: Facts | None = None,
    *,
    at: datetime = NOON,
    points: PointsTerms | None = None,
    **more: Any,
) -> Question:
    """Return a question about a cart."""
    return Question(
        cart=a_cart or cart(),
        at=at,
        facts=facts or member(),
        points=points or PointsTerms(),
        **more,
    )


def totals_of(decision: Decision) -> list[int]:
    """Return what each line costs."""
    return [each.total for each in decision.lines]


def earned_by(decision: Decision) -> list[int]:
    """Return what each line earns."""
    return [each.earn for each in decision.lines]


def why_not(decision: Decision, rule: str) -> str | None:
    """Return the code of why a rule gave nothing."""
    return next((each.code for each in decision.not_applied if each.rule == rule), None)


def new_voucher(holder: UUID = MEMBER, **more: Any) -> NewVoucher:
    """Return a voucher to be issued."""
    number = next(_numbers)
    fields: dict[str, Any] = {
        "member": holder,
        "id": UUID(int=0xF000 + number),
        "code": mint_code(lambda below: (number * 7919) % below),
        "definition": "ten-off",
        "starts_at": NOON - timedelta(days=1),
        "expires_at": NOON + timedelta(days=30),
        **more,
    }
    return NewVoucher(**fields)
