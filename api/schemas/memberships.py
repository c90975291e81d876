"""Shapes of memberships: joining, what the shop reports, and how they stand."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from api.pagination import Cursor, Limit
from api.schemas.orders import Currency, MemberText
from api.schemas.types import Code, Instant, MemberId
from loyalty.ids import show
from loyalty.membership.asking import Asked, NewChange, Preview, owed
from loyalty.membership.external import NewMembership, NewPayment, NewRefund
from loyalty.membership.states import standing_of
from loyalty.membership.types import (
    CHARGE,
    PREFIX,
    REFUND,
    Change,
    Charge,
    Due,
    Membership,
    Refund,
)
from loyalty.plans.types import Plan

MOST_MONEY: int = 10**12
_SIGNED: Meta = Meta(ge=-MOST_MONEY, le=MOST_MONEY)

Reference = Annotated[
    str,
    Meta(
        pattern="^[A-Za-z0-9][A-Za-z0-9._/:-]{0,99}$",
        description="The shop's own id of it; nothing personal.",
        examples=["SUB-1001"],
    ),
]
Version = Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
Amount = Annotated[int, _SIGNED]
StateName = Literal["trial", "active", "past-due", "paused", "ended"]
WhenName = Literal["now", "period-end"]
KindName = Literal["refund", "dispute", "reinstated"]


class ConsentBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The text that the member agreed to, by its code and version."""

    text: Code
    version: Version


class PeriodBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A period that was paid, half-open, in minor units net of tax; `paid_at` is now by default."""

    reference: Reference
    from_: Annotated[datetime, Meta(tz=True)] = field(name="from")
    until: Instant
    net: Amount
    tax: Amount
    currency: Currency
    paid_at: Instant | None = None

    def asked(self) -> NewPayment:
        """Return what the use case takes."""
        return NewPayment(
            reference=self.reference,
            starts_at=self.from_,
            ends_at=self.until,
            net=self.net,
            tax=self.tax,
            currency=self.currency,
            paid_at=self.paid_at,
        )


class MembershipBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Who has which plan at which price: on trial, or with the first period that was paid."""

    member: MemberText
    plan: Code
    price: Code
    reference: Reference
    consent: ConsentBody | None = None
    trial: bool = False
    paid: PeriodBody | None = None

    def asked(self) -> NewMembership:
        """Return what the use case takes."""
        agreed = self.consent
        return NewMembership(
            plan=self.plan,
            price=self.price,
            reference=self.reference,
            consent=None if agreed is None else (agreed.text, agreed.version),
            trial=self.trial,
            paid=None if self.paid is None else self.paid.asked(),
        )


class FailureBody(Struct, frozen=True, forbid_unknown_fields=True):
    """When a payment failed; now by default."""

    at: Instant | None = None


class MembershipRefundBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Money that was given back of a charge, tax included, or that a dispute moved."""

    reference: Reference
    charge: Reference
    amount: Amount
    reason: Code
    kind: KindName = "refund"
    at: Instant | None = None

    def asked(self) -> NewRefund:
        """Return what the use case takes."""
        return NewRefund(self.reference, self.charge, self.amount, self.reason, self.kind, self.at)


class CancelMembershipBody(Struct, frozen=True, forbid_unknown_fields=True):
    """When the membership ends: when what is paid ends, or now; and why, by a code."""

    when: WhenName = "period-end"
    reason: Code | None = None


class ChangePlanBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Another price, of the same plan or another: from the next period on, or now and paid."""

    price: Code
    plan: Code | None = None
    when: WhenName = "period-end"
    paid: PeriodBody | None = None

    def asked(self) -> NewChange:
        """Return what the use case takes."""
        paid = None if self.paid is None else self.paid.asked()
        return NewChange(self.price, self.plan, self.when, paid)


class PreviewQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which price a change is looked at for."""

    price: Code
    plan: Code | None = None


class MembershipsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which memberships: of a state as it is written down, of a plan."""

    state: StateName | None = None
    plan: Code | None = None
    limit: Limit = 50
    after: Cursor | None = None


class MembershipOut(Struct, frozen=True):
    """How a membership stands now.

    `state` is trial, active, cancelled (it will end, and is paid until then), past-due, paused or
    ended; `next_date` is when that changes if nothing more is reported, and `why` in what way.
    """

    id: str
    member: MemberId
    plan: str
    price: str
    adapter: str
    reference: str
    state: str
    access: bool
    next_date: Instant | None
    why: str
    began_at: Instant
    trial_ends_at: Instant | None
    period_start: Instant | None
    period_end: Instant | None
    cancel_at: Instant | None
    past_due_since: Instant | None
    grace_ends_at: Instant | None
    ended_at: Instant | None
    end_cause: str | None
    next_price: str | None
    version: int

    @classmethod
    def of(cls, row: Membership, plans: Sequence[Plan], at: datetime) -> "MembershipOut":
        """Show the membership as it stands at an instant."""
        plan = next(plan for plan in plans if plan.code == row.plan)
        codes = {price.id: price.code for each in plans for price in each.prices}
        now = standing_of(row, plan, at)
        return cls(
            id=show(PREFIX, row.id),
            member=show("mem", row.member),
            plan=row.plan,
            price=codes[row.price],
            adapter=row.adapter,
            reference=row.reference,
            state=now.state,
            access=now.access,
            next_date=now.next_date,
            why=now.why,
            began_at=row.began_at,
            trial_ends_at=row.trial_ends_at,
            period_start=row.period_start,
            period_end=row.period_end,
            cancel_at=row.cancel_at,
            past_due_since=row.past_due_since,
            grace_ends_at=row.grace_ends_at,
            ended_at=row.ended_at,
            end_cause=row.end_cause,
            next_price=None if row.next_price is None else codes[row.next_price],
            version=row.version,
        )


class ChargeOut(Struct, frozen=True):
    """What was charged for a period, and what of it was given back."""

    id: str
    reference: str
    from_: Instant = field(name="from")
    until: Instant
    net: int
    tax: int
    currency: str
    reason: str
    paid_at: Instant
    refunded_net: int
    refunded_tax: int

    @classmethod
    def of(cls, charge: Charge) -> "ChargeOut":
        """Show the charge."""
        return cls(
            id=show(CHARGE, charge.id),
            reference=charge.reference,
            from_=charge.starts_at,
            until=charge.ends_at,
            net=charge.net,
            tax=charge.tax,
            currency=charge.currency,
            reason=charge.reason,
            paid_at=charge.paid_at,
            refunded_net=charge.refunded_net,
            refunded_tax=charge.refunded_tax,
        )


class RefundOut(Struct, frozen=True):
    """What was given back of a charge."""

    id: str
    charge: str
    reference: str
    net: int
    tax: int
    kind: str
    reason: str
    at: Instant

    @classmethod
    def of(cls, refund: Refund) -> "RefundOut":
        """Show the refund."""
        return cls(
            id=show(REFUND, refund.id),
            charge=show(CHARGE, refund.charge),
            reference=refund.reference,
            net=refund.net,
            tax=refund.tax,
            kind=refund.kind,
            reason=refund.reason,
            at=refund.at,
        )


class StepOut(Struct, frozen=True):
    """A change on the timeline and its cause."""

    number: int
    cause: str
    at: Instant
    before: str | None
    after: str
    data: dict[str, Any]
    recorded_at: Instant
    actor: str

    @classmethod
    def of(cls, change: Change) -> "StepOut":
        """Show the change."""
        return cls(
            number=change.number,
            cause=change.cause,
            at=change.at,
            before=change.before,
            after=change.after,
            data=dict(change.data),
            recorded_at=change.recorded_at,
            actor=change.actor,
        )


class MembershipWhole(Struct, frozen=True):
    """A membership with its charges, refunds and timeline."""

    membership: MembershipOut
    charges: list[ChargeOut]
    refunds: list[RefundOut]
    timeline: list[StepOut]


class DueOut(Struct, frozen=True):
    """What the shop owes of a charge, by its reference: for `days` of `of_days`."""

    charge: str
    net: int
    tax: int
    days: int
    of_days: int

    @classmethod
    def of(cls, due: Due) -> "DueOut":
        """Show what is due."""
        return cls(due.charge, due.net, due.tax, due.days, due.of_days)


class MembershipDone(Struct, frozen=True):
    """The membership after a deed, and what the shop is to give back by the plan's policy."""

    membership: MembershipOut
    due: list[DueOut]
    due_net: int
    due_tax: int

    @classmethod
    def of(cls, asked: Asked, plans: Sequence[Plan], at: datetime) -> "MembershipDone":
        """Show what came of it."""
        net, tax = owed(asked.due)
        shown = MembershipOut.of(asked.applied.membership, plans, at)
        return cls(shown, [DueOut.of(one) for one in asked.due], net, tax)


class ChangePreviewOut(Struct, frozen=True):
    """What changing now would cost: the price less the credit for what is not used up."""

    plan: str
    price: str
    amount: int
    credit: list[DueOut]
    credit_net: int
    credit_tax: int

    @classmethod
    def of(cls, preview: Preview) -> "ChangePreviewOut":
        """Show what it would cost."""
        net, tax = owed(preview.credit)
        return cls(
            plan=preview.price.plan,
            price=preview.price.code,
            amount=preview.amount,
            credit=[DueOut.of(one) for one in preview.credit],
            credit_net=net,
            credit_tax=tax,
        )
