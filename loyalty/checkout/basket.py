"""A cart as a shop hands it over, and the question it puts to the rules.

Pure. The rules see a `benefits.Cart`; what they do not know (whether a line counts for the tiers,
which points and vouchers were asked for) travels beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from benefits import Cart, Facts, PointsTerms, Question, held_out_of
from loyalty.checkout.snapshot import Snapshot
from loyalty.ids import show
from loyalty.members import MemberClosed, MemberMerged
from loyalty.membership.facts import with_plan
from loyalty.orders.errors import ForeignCurrency
from loyalty.orders.facts import GUEST, facts_at
from loyalty.policy import Policy


@dataclass(frozen=True, slots=True)
class Basket:
    """What is to be bought, and what of vouchers and points the buyer wants to use."""

    cart: Cart
    codes: tuple[str, ...] = ()
    points: int = 0
    unqualified: frozenset[str] = frozenset()
    """Ids of the lines that do not count for the tiers."""
    exempt: Mapping[str, str] = field(default_factory=dict)
    """Line id → the shop's reason why it earns nothing or does not qualify."""
    gifts: Mapping[str, str] = field(default_factory=dict)
    """Line id of a gift → id of the line that it comes with."""


def refuse_unfit(
    basket: Basket,
    snapshot: Snapshot,
    *,
    fact: bool = False,
    currency_at: str = "/order/currency",
) -> None:
    """Refuse a cart in another currency and, unless it is sold already, of one who has left."""
    wanted = snapshot.policy.currency
    if basket.cart.currency != wanted:
        raise ForeignCurrency(seen=basket.cart.currency, wanted=wanted, pointer=currency_at)
    member = snapshot.member
    if member is not None and member.merged_into is not None and not fact:
        raise MemberMerged(into=show("mem", member.merged_into), pointer="/member")
    if member is not None and member.closed_at is not None and not fact:
        raise MemberClosed(closed_on=member.closed_at.date().isoformat(), pointer="/member")


def question_of(basket: Basket, snapshot: Snapshot, at: datetime) -> Question:
    """Return the question that the cart puts to the rules for this member or guest."""
    return Question(
        cart=basket.cart,
        at=at,
        facts=facts_of(snapshot, at),
        vouchers=snapshot.vouchers,
        prices=snapshot.prices,
        points=_terms(snapshot.policy, snapshot.available, basket.points),
        used=snapshot.used,
        stopped=stopped_of(snapshot),
    )


def stopped_of(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the live rules that were stopped by hand."""
    if not snapshot.stopped:
        return ()
    live = {rule.name for rule in snapshot.rule_set.rules}
    return tuple(rule for rule in snapshot.stopped if rule in live)


def facts_of(snapshot: Snapshot, at: datetime) -> Facts:
    """Return what the language knows of the member at the instant; a guest is nobody."""
    if snapshot.person is None or snapshot.earlier is None:
        return GUEST
    facts = facts_at(
        snapshot.person,
        snapshot.policy.day_of(at),
        tier=snapshot.tier,
        earlier=snapshot.earlier,
    )
    facts = with_plan(facts, snapshot.plan, snapshot.policy, at)
    if snapshot.member is None or not snapshot.rule_set.holdouts:
        return facts
    return replace(facts, held_out=held_out_of(snapshot.rule_set, snapshot.member.id))


def newcomer(snapshot: Snapshot) -> Facts:
    """Return the facts that a guest would have who joined now."""
    ladder = snapshot.ladder
    return Facts(
        member=True,
        tier=None if ladder is None else ladder.tiers[0].code,
        member_class="consumer",
        days_since_joining=0,
        order_count=0,
    )


def _terms(policy: Policy, available: int, requested: int) -> PointsTerms:
    return PointsTerms(
        available=available,
        requested=requested,
        value=policy.point_value.minor,
        per=policy.point_value.points,
        minimum=policy.spend_minimum,
        step=policy.spend_step,
        max_share_percent=policy.spend_share_percent,
        pays_shipping=policy.spend_on_shipping,
    )
