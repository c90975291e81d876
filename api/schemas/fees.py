"""Shapes of the books of membership fees: minor units, net of tax unless they say tax."""

from datetime import date

from msgspec import Struct

from api.schemas.books import month_text
from api.schemas.types import Instant
from loyalty import fees
from loyalty.ids import show


class FeeMonthOut(Struct, frozen=True):
    """One plan in one month; `plan` is null in what is summed over all plans.

    Opening + billed - allocated_to_points - recognised - refunded - turned_into_credit = closing,
    the contract liability. Of what was billed, `credit_used` was paid with the rest of an earlier
    period. `revenue_reversed` is the part of refunds that had been revenue already.
    """

    month: str
    plan: str | None
    opening: int
    billed: int
    allocated_to_points: int
    recognised: int
    refunded: int
    turned_into_credit: int
    closing: int
    credit_used: int
    revenue_reversed: int
    tax_billed: int
    tax_refunded: int

    @classmethod
    def of(cls, month: fees.FeeMonth) -> "FeeMonthOut":
        """Show the month."""
        moved = month.moved
        return cls(
            month=month_text(month.month),
            plan=month.plan or None,
            opening=month.opening,
            billed=moved.billed,
            allocated_to_points=moved.allocated,
            recognised=moved.recognised,
            refunded=moved.refunded,
            turned_into_credit=moved.credited,
            closing=month.closing,
            credit_used=moved.credit_used,
            revenue_reversed=moved.reversed,
            tax_billed=moved.tax,
            tax_refunded=moved.tax_refunded,
        )


class FeeRollForwardOut(Struct, frozen=True, rename={"from_": "from"}):
    """The fees of all plans, month by month, as known by an instant."""

    from_: date
    to: date
    recorded_by: Instant
    currency: str
    months: list[FeeMonthOut]
    totals: list[FeeMonthOut]

    @classmethod
    def of(cls, rolled: fees.FeeRollForward) -> "FeeRollForwardOut":
        """Show the roll-forward."""
        return cls(
            from_=rolled.since,
            to=rolled.until,
            recorded_by=rolled.known_by,
            currency=rolled.currency,
            months=[FeeMonthOut.of(month) for month in rolled.months],
            totals=[FeeMonthOut.of(month) for month in rolled.totals],
        )


class FeeRefundOut(Struct, frozen=True):
    """Money that went back in the month, or, reinstated, came again."""

    refund: str
    kind: str
    booked_on: date
    at: Instant
    net: int
    tax: int

    @classmethod
    def of(cls, refund: fees.Refund) -> "FeeRefundOut":
        """Show the refund."""
        return cls(
            refund=show("rfd", refund.id),
            kind=refund.kind.value,
            booked_on=refund.booked_on,
            at=refund.at,
            net=refund.net,
            tax=refund.tax,
        )


class FeeChargeOut(Struct, frozen=True):
    """What one charge was for and what it moved in the month; days of [from, until) are paid."""

    charge: str
    reference: str
    membership: str
    member: str
    plan: str
    reason: str
    booked_on: date
    starts_on: date
    ends_before: date
    net: int
    tax: int
    moved: FeeMonthOut
    refunds: list[FeeRefundOut]

    @classmethod
    def of(cls, month: date, told: fees.FeeOfCharge) -> "FeeChargeOut":
        """Show the charge."""
        charge = told.charge
        return cls(
            charge=show("chg", charge.id),
            reference=told.reference,
            membership=show("mbs", charge.membership),
            member=show("mem", told.member),
            plan=charge.plan,
            reason=charge.reason.value,
            booked_on=charge.booked_on,
            starts_on=charge.starts,
            ends_before=charge.ends,
            net=charge.net,
            tax=charge.tax,
            moved=FeeMonthOut.of(
                fees.FeeMonth(
                    month=month,
                    plan=charge.plan,
                    opening=told.opening,
                    moved=told.moved,
                    closing=told.closing,
                )
            ),
            refunds=[FeeRefundOut.of(refund) for refund in told.refunds],
        )
