"""Whoever bills against memberships, and payouts against what they were made of.

A set against a set, by adapter, step and reference: Stripe's invoice for what was billed, the
refund or the dispute for what went back. What one side has in the period and the other has not is
looked up outside the period, so that a month that differs is a matter of timing and not a loss.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Date,
    Select,
    String,
    Subquery,
    Uuid,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.membership.tables import membership_charge, membership_refund
from loyalty.policy import Policy
from loyalty.reconciliation.tables import biller_movement, biller_payout, biller_settlement
from loyalty.reconciliation.types import FeeStep, ItemKind

REPORTING: Final = "stripe"
"""The adapter whose charges are not believed without its report."""
PAYOUT: Final = "payout"
IN_TRANSIT: Final = 14
"""Days after which what moved has been paid out."""
TAX: Final = "-tax"
MOVED_OUT: Final = ("payout", "payout_reversal")
"""Categories of movements that are a payout, and no part of one."""
_STEP_OF_REFUND: Final[Mapping[str, FeeStep]] = {
    "refund": FeeStep.REFUNDED,
    "dispute": FeeStep.DISPUTED,
    "reinstated": FeeStep.REINSTATED,
}

Rows = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Span:
    """The days that are compared, and the instants that they begin and end at."""

    since: date
    until: date
    begins: datetime
    ends: datetime
    zone: str
    currency: str

    @classmethod
    def of(cls, policy: Policy, since: date, until: date) -> "Span":
        """Return the days as the policy's zone has them."""
        return cls(
            since,
            until,
            policy.midnight(since),
            policy.midnight(until),
            policy.zone.key,
            policy.currency,
        )

    def day(self, at: ColumnElement[datetime]) -> ColumnElement[date]:
        """Return the business day of an instant."""
        return cast(func.timezone(self.zone, at), Date)

    def within(self, on: ColumnElement[date]) -> ColumnElement[bool]:
        """Say whether a day is one of those compared."""
        return and_(on >= self.since, on < self.until)


async def asked_for(connection: AsyncConnection, span: Span) -> tuple[bool, bool]:
    """Say whether fees are to be compared, and payouts.

    Fees are where Stripe charged or gave back in the period, or where anybody reported that it
    did; payouts are where some were reported.
    """
    line = biller_movement.c
    reported = and_(line.certain, line.at >= span.begins, line.at < span.ends)
    ours = _ours(span).subquery("ours")
    fees = or_(
        exists().where(reported, line.step.is_not(None)),
        exists().where(ours.c.adapter == REPORTING, span.within(ours.c.on)),
    )
    paid = and_(biller_payout.c.at >= span.begins, biller_payout.c.at < span.ends)
    found = await connection.execute(select(fees, exists().where(paid)))
    row = found.one()
    return bool(row[0]), bool(row[1])


def fees_compared(span: Span) -> CTE:
    """Put both sides beside each other, a row for each reference, and one for a tax that is told.

    Columns: member, key, step, left_amount, right_amount (in the period and the programme's
    currency), left_any, right_any, left_currency, right_currency, left_on, right_on.
    """
    said = _references(span).subquery("said")
    both = and_(said.c.left_tax_any.is_not(None), said.c.right_tax_any.is_not(None))
    plain = select(
        said.c.member,
        said.c.key,
        said.c.step,
        *(said.c[name] for name in _AMOUNTS),
        *(said.c[name] for name in _SHOWN),
    )
    taxes = select(
        said.c.member,
        func.concat(said.c.key, ":tax"),
        func.concat(said.c.step, TAX),
        *(said.c[name.replace("_", "_tax_", 1)] for name in _AMOUNTS),
        *(said.c[name] for name in _SHOWN),
    ).where(both)
    return union_all(plain, taxes).cte("compared")


def fees_items(compared: CTE, *, tolerance: int) -> Rows:
    """Name every difference; of a fee that is missing or in another currency, one item."""
    left, right = compared.c.left_any, compared.c.right_any
    of_tax = compared.c.step.like(f"%{TAX}")
    near = func.abs(func.coalesce(left, 0) - func.coalesce(right, 0)) <= tolerance
    other_currency = func.coalesce(compared.c.left_currency != compared.c.right_currency, False)
    other_month = or_(compared.c.left_amount.is_(None), compared.c.right_amount.is_(None))
    kind = case(
        (right.is_(None), literal(ItemKind.MISSING_IN_MEMBERSHIPS.value)),
        (left.is_(None), literal(ItemKind.MISSING_AT_BILLER.value)),
        (other_currency, literal(ItemKind.CURRENCY_DIFFERS.value)),
        (~near, literal(ItemKind.MONEY_DIFFERS.value)),
        else_=literal(ItemKind.TIMING.value),
    )
    return select(
        compared.c.member,
        null().cast(Uuid).label("order_id"),
        kind.label("kind"),
        compared.c.step,
        compared.c.key,
        left.label("left_amount"),
        right.label("right_amount"),
        case((other_currency, compared.c.left_currency)).label("left_state"),
        case((other_currency, compared.c.right_currency)).label("right_state"),
        compared.c.left_on,
        compared.c.right_on,
    ).where(
        or_(
            and_(~of_tax, or_(other_month, other_currency, ~near)),
            and_(of_tax, ~other_currency, ~near),
        )
    )


_AMOUNTS: Final = ("left_amount", "right_amount", "left_any", "right_any")
_SHOWN: Final = ("left_currency", "right_currency", "left_on", "right_on")


def _references(span: Span) -> Rows:
    """Sum both sides by reference, of those that the period touches and that are fees."""
    moved = union_all(_theirs(span), _ours(span)).cte("moved")
    within = span.within(moved.c.on)
    counted = and_(within, moved.c.currency == span.currency)
    sides = {"left": ~moved.c.is_ours, "right": moved.c.is_ours}
    figures: list[ColumnElement[Any]] = []
    for side, of_side in sides.items():
        for what, prefix in ((moved.c.amount, side), (moved.c.tax, f"{side}_tax")):
            total = cast(func.sum(what).filter(of_side, counted), BigInteger)
            anywhere = cast(func.sum(what).filter(of_side), BigInteger)
            figures += [total.label(f"{prefix}_amount"), anywhere.label(f"{prefix}_any")]
        figures += [
            func.max(moved.c.currency).filter(of_side).label(f"{side}_currency"),
            func.max(moved.c.on).filter(of_side).label(f"{side}_on"),
        ]
    key = func.concat("fee:", moved.c.adapter, ":", moved.c.step, ":", moved.c.reference)
    return (
        select(
            cast(func.min(cast(moved.c.member, String)), Uuid).label("member"),
            key.label("key"),
            moved.c.step,
            *figures,
        )
        .group_by(moved.c.adapter, moved.c.step, moved.c.reference)
        .having(and_(func.bool_or(within), func.bool_or(moved.c.certain)))
    )


def _theirs(span: Span) -> Rows:
    line = biller_movement.c
    return select(
        literal(value=False).label("is_ours"),
        null().cast(Uuid).label("member"),
        line.adapter,
        line.step,
        line.reference,
        line.certain,
        line.amount,
        line.tax,
        line.currency,
        span.day(line.at).label("on"),
    ).where(line.step.is_not(None))


def _ours(span: Span) -> Select[*tuple[Any, ...]]:
    charge, refund = membership_charge.c, membership_refund.c
    step = case(
        *((refund.kind == kind, literal(step.value)) for kind, step in _STEP_OF_REFUND.items())
    )
    billed = select(
        literal(value=True).label("is_ours"),
        charge.member,
        charge.adapter,
        literal(FeeStep.BILLED.value).label("step"),
        charge.reference,
        literal(value=True).label("certain"),
        (charge.net + charge.tax).label("amount"),
        charge.tax,
        charge.currency,
        func.coalesce(charge.booked_on, span.day(charge.paid_at)).label("on"),
    )
    given = select(
        literal(value=True),
        refund.member,
        charge.adapter,
        step,
        refund.reference,
        literal(value=True),
        refund.net + refund.tax,
        refund.tax,
        charge.currency,
        func.coalesce(refund.booked_on, span.day(refund.at)),
    ).join_from(
        membership_refund,
        membership_charge,
        and_(charge.member == refund.member, charge.id == refund.charge),
    )
    return select(union_all(billed, given).subquery("recorded"))


def payouts_compared(span: Span) -> CTE:
    """Put each payout of the period beside the sum of what it was made of.

    Payouts that no movement names are left out as long as no movement names any: then they are
    made by hand, and nobody knows what they are made of. One that movements of the period name is
    missing once payouts were reported from after it must have left.
    """
    out, settled = biller_payout.c, biller_settlement.c
    paid = (
        select(
            out.adapter,
            out.payout,
            out.currency,
            cast(func.sum(out.amount), BigInteger).label("amount"),
            func.max(span.day(out.at)).label("on"),
        )
        .group_by(out.adapter, out.payout, out.currency)
        .having(func.bool_or(and_(out.at >= span.begins, out.at < span.ends)))
        .subquery("paid")
    )
    made = _made_of(span)
    same = and_(
        made.c.adapter == paid.c.adapter,
        made.c.payout == paid.c.payout,
        made.c.settled_in == paid.c.currency,
    )
    reported = exists().where(out.adapter == made.c.adapter, out.payout == made.c.payout)
    last = select(func.max(span.day(out.at))).where(out.adapter == made.c.adapter)
    missing = and_(
        span.within(made.c.on), made.c.on + IN_TRANSIT < last.scalar_subquery(), ~reported
    )
    adapter = func.coalesce(paid.c.adapter, made.c.adapter)
    return (
        select(
            func.concat(
                PAYOUT, ":", adapter, ":", func.coalesce(paid.c.payout, made.c.payout)
            ).label("key"),
            literal(PAYOUT).label("step"),
            paid.c.amount.label("left_amount"),
            made.c.amount.label("right_amount"),
            paid.c.on.label("left_on"),
            made.c.on.label("right_on"),
        )
        .select_from(paid.outerjoin(made, same, full=True))
        .where(or_(exists().where(settled.adapter == paid.c.adapter), missing))
        .cte("compared")
    )


def _made_of(span: Span) -> Subquery:
    """What movements say that each payout was made of."""
    line, settled = biller_movement.c, biller_settlement.c
    return (
        select(
            settled.adapter,
            settled.payout,
            line.settled_in,
            cast(func.sum(line.settled), BigInteger).label("amount"),
            func.max(span.day(line.at)).label("on"),
        )
        .join_from(
            biller_settlement,
            biller_movement,
            and_(line.adapter == settled.adapter, line.id == settled.movement),
        )
        .where(line.category.not_in(MOVED_OUT))
        .group_by(settled.adapter, settled.payout, line.settled_in)
        .subquery("made")
    )


def payouts_items(compared: CTE, *, tolerance: int) -> Rows:
    """Name every payout that is not the sum of its movements, or that nobody reported."""
    left, right = compared.c.left_amount, compared.c.right_amount
    kind = case(
        (right.is_(None), literal(ItemKind.MISSING_IN_MOVEMENTS.value)),
        (left.is_(None), literal(ItemKind.MISSING_AT_BILLER.value)),
        else_=literal(ItemKind.MONEY_DIFFERS.value),
    )
    nothing = null().cast(String)
    return select(
        null().cast(Uuid).label("member"),
        null().cast(Uuid).label("order_id"),
        kind.label("kind"),
        compared.c.step,
        compared.c.key,
        left,
        right,
        nothing.label("left_state"),
        nothing.label("right_state"),
        compared.c.left_on,
        compared.c.right_on,
    ).where(or_(left.is_(None), right.is_(None), func.abs(left - right) > tolerance))
