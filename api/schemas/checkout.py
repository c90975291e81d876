"""Shapes of a quote on the wire: what each line costs and earns, and what did not apply and why."""

from datetime import date, datetime

from msgspec import Struct

from api.schemas.entitlements import EntitlementOut
from benefits import Decision, Discount, EarnWhy, LineAnswer, NotApplied, Reached
from loyalty.checkout.quote import Quote
from loyalty.checkout.sentences import reason_sentence, unlock_sentence


class DiscountOut(Struct, frozen=True, omit_defaults=True, gc=False):
    """What one version of a rule took off."""

    rule: str
    version: int
    amount: int


class EarnWhyOut(Struct, frozen=True, omit_defaults=True, gc=False):
    """One rule's part in the points: points per minor units, hundredths of a factor, or a bonus."""

    rule: str
    version: int
    points: int | None = None
    per: int | None = None
    multiplier: int | None = None
    bonus: int | None = None


class LineOut(Struct, frozen=True):
    """What a line costs and earns."""

    line_id: str
    regular: int
    discounts: list[DiscountOut]
    points: int
    points_value: int
    total: int
    earn: int
    earn_why: list[EarnWhyOut]


class ShippingOut(Struct, frozen=True):
    """What shipping costs."""

    regular: int
    discounts: list[DiscountOut]
    points_value: int
    total: int


class PointsOut(Struct, frozen=True):
    """The balance, what this cart may take of it, what it takes, and what it earns."""

    available: int
    spendable: int
    spend: int
    value: int
    earn: int


class TotalsOut(Struct, frozen=True):
    """The sums of the order, shipping included."""

    regular: int
    discount: int
    points_value: int
    payable: int


class LimitOut(Struct, frozen=True, omit_defaults=True, rename={"whose": "for"}):
    """A limit that left nothing: how much of it is used, and the day on which it begins anew."""

    count: str
    whose: str
    used: int
    most: int
    until: date | None = None


class NotAppliedOut(Struct, frozen=True, omit_defaults=True):
    """Why a rule or a voucher gave nothing: a code with parameters, and a sentence."""

    code: str
    message: str
    rule: str | None = None
    version: int | None = None
    fact: str | None = None
    seen: int | str | bool | list[str] | None = None
    wanted: int | str | bool | list[str] | None = None
    unlock: str | None = None
    lost_to: str | None = None
    voucher_code: str | None = None
    limit: LimitOut | None = None


class GiftOut(Struct, frozen=True):
    """Units that come with the order for nothing; the shop adds the line."""

    rule: str
    version: int
    titles: dict[str, str]
    sku: str
    quantity: int
    choose: list[str]


class GrantOut(Struct, frozen=True):
    """Vouchers that the member gets once the order is completed."""

    rule: str
    version: int
    titles: dict[str, str]
    definition: str
    quantity: int


class IfJoinedOut(Struct, frozen=True):
    """What a guest would have saved, paid and earned as a member, and the rules that save it."""

    saving: int
    payable: int
    earn: int
    because: list[DiscountOut]


class IfPlanOut(Struct, frozen=True):
    """What a paid plan would have saved."""

    plan: str
    saving: int


class QuoteOut(Struct, frozen=True):
    """The signed answer to a cart."""

    quote: str
    valid_until: datetime
    rule_set: int
    currency: str
    lines: list[LineOut]
    shipping: ShippingOut
    points: PointsOut
    totals: TotalsOut
    not_applied: list[NotAppliedOut]
    if_joined: IfJoinedOut | None
    if_plan: IfPlanOut | None
    entitlements: list[EntitlementOut]
    gifts: list[GiftOut]
    grants: list[GrantOut]

    @classmethod
    def of(cls, quote: Quote, language: str) -> "QuoteOut":
        """Show a quote in a language."""
        decision, currency = quote.decision, quote.currency
        return cls(
            quote=quote.token,
            valid_until=quote.valid_until,
            rule_set=decision.rule_set,
            currency=currency,
            lines=lines_out(decision),
            shipping=shipping_out(decision),
            points=points_out(decision),
            totals=totals_out(decision),
            not_applied=not_applied_out(decision, language, currency),
            if_joined=_if_joined(decision, quote.joined),
            if_plan=None,
            entitlements=[
                EntitlementOut.of(each, language, quote.zone) for each in quote.entitlements
            ],
            gifts=gifts_out(decision),
            grants=grants_out(decision),
        )


def lines_out(decision: Decision) -> list[LineOut]:
    """Show the lines of a decision."""
    return [_line(line) for line in decision.lines]


def shipping_out(decision: Decision) -> ShippingOut:
    """Show the shipping of a decision."""
    shipping = decision.shipping
    discounts = [discount_out(each) for each in shipping.discounts]
    return ShippingOut(shipping.regular, discounts, shipping.points_value, shipping.total)


def points_out(decision: Decision) -> PointsOut:
    """Show the points of a decision."""
    points = decision.points
    return PointsOut(points.available, points.spendable, points.spend, points.value, points.earn)


def totals_out(decision: Decision) -> TotalsOut:
    """Show the sums of a decision."""
    totals = decision.totals
    return TotalsOut(totals.regular, totals.discount, totals.points_value, totals.payable)


def gifts_out(decision: Decision) -> list[GiftOut]:
    """Show the gifts of a decision."""
    return [
        GiftOut(each.rule, each.version, dict(each.titles), each.sku, each.quantity, [*each.choose])
        for each in decision.gifts
    ]


def grants_out(decision: Decision) -> list[GrantOut]:
    """Show the vouchers for later of a decision."""
    return [
        GrantOut(each.rule, each.version, dict(each.titles), each.definition, each.quantity)
        for each in decision.grants
    ]


def not_applied_out(decision: Decision, language: str, currency: str) -> list[NotAppliedOut]:
    """Show what did not apply, and why, in a language."""
    return [_not_applied(each, language, currency) for each in decision.not_applied]


def _line(line: LineAnswer) -> LineOut:
    return LineOut(
        line.line_id,
        line.regular,
        [discount_out(each) for each in line.discounts],
        line.points,
        line.points_value,
        line.total,
        line.earn,
        [why_out(each) for each in line.earn_why],
    )


def discount_out(discount: Discount) -> DiscountOut:
    """Show what a rule took off."""
    return DiscountOut(discount.rule, discount.version, discount.amount)


def why_out(why: EarnWhy) -> EarnWhyOut:
    """Show a rule's part in the points."""
    return EarnWhyOut(why.rule, why.version, why.points, why.per, why.multiplier, why.bonus)


def _not_applied(reason: NotApplied, language: str, currency: str) -> NotAppliedOut:
    return NotAppliedOut(
        code=reason.code,
        message=reason_sentence(reason, language, currency),
        rule=reason.rule,
        version=reason.version,
        fact=reason.fact,
        seen=_plain(reason.seen),
        wanted=_plain(reason.wanted),
        unlock=unlock_sentence(reason.unlock, language, currency),
        lost_to=reason.other,
        voucher_code=reason.voucher_code,
        limit=None if reason.limit is None else _limit(reason.limit),
    )


def _limit(limit: Reached) -> LimitOut:
    until = None if limit.until is None else date.fromisoformat(limit.until)
    return LimitOut(limit.measure, limit.whose, limit.used, limit.most, until)


Value = int | str | bool | tuple[str, ...] | None


def _plain(value: Value) -> int | str | bool | list[str] | None:
    return list(value) if isinstance(value, tuple) else value


def _if_joined(decision: Decision, joined: Decision | None) -> IfJoinedOut | None:
    if joined is None:
        return None
    saving = decision.totals.payable - joined.totals.payable
    already = {each.rule: each.amount for each in decision.applied}
    more = [
        DiscountOut(each.rule, each.version, each.amount - already.get(each.rule, 0))
        for each in joined.applied
        if each.amount > already.get(each.rule, 0)
    ]
    return IfJoinedOut(max(saving, 0), joined.totals.payable, joined.points.earn, more)
