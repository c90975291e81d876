"""Memberships and what an adapter reports of them. Pure.

A `Report` is everything that an adapter knows of one membership at an instant, not what happened
since; so the same report twice, or an older one that comes late, changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from loyalty.plans.types import Adapter

PREFIX: Final = "mbs"
"""How ids of memberships begin."""
CHARGE: Final = "chg"
"""How ids of charges begin."""
REFUND: Final = "rfd"
"""How ids of refunds begin."""

State = Literal["trial", "active", "past-due", "paused", "ended"]
Status = Literal["trial", "active", "past-due", "unpaid", "paused", "ended", "unknown"]
"""What an adapter may say; `unpaid` is past due without grace, `unknown` gives no access."""
PlanState = Literal["trial", "active", "cancelled", "past-due", "paused", "ended"]
"""What rules see: `cancelled` will end, and is paid until then."""
ChargeReason = Literal["first", "renewal", "upgrade", "mend", "late"]
"""`late` was taken for a membership that had ended: it buys nothing and is to be refunded."""
RefundKind = Literal["refund", "dispute", "reinstated"]
"""`dispute`: the bank took it back; `reinstated`: it gave back what a dispute took."""


@dataclass(frozen=True, slots=True)
class Consent:
    """Which text a member agreed to when they joined, and when."""

    text: str
    version: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Membership:
    """A member's paid status, as its row says; `states.standing_of` says what it means now."""

    id: UUID
    member: UUID
    adapter: Adapter
    reference: str
    plan: str
    price: UUID
    state: State
    began_at: datetime
    access_until: datetime
    """Until when it gives access if nothing more is reported; a pause takes it away earlier."""
    late_from: datetime | None = None
    """From when on a payment that has not come is missing; None where none is awaited."""
    trial_ends_at: datetime | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None
    cancel_at: datetime | None = None
    cancel_asked_at: datetime | None = None
    past_due_since: datetime | None = None
    grace_ends_at: datetime | None = None
    paused_at: datetime | None = None
    ended_at: datetime | None = None
    end_cause: str | None = None
    next_price: UUID | None = None
    consent: Consent | None = None
    foretold_end: datetime | None = None
    """The end of the trial or period that the member has been told of in advance."""
    version: int = 0
    fence: int = 0


@dataclass(frozen=True, slots=True)
class ReportedCharge:
    """Money that was taken for a paid period; `reference` is the invoice's or the shop's id."""

    reference: str
    starts_at: datetime
    ends_at: datetime
    net: int
    tax: int
    currency: str
    reason: ChargeReason
    paid_at: datetime
    price: UUID | None = None
    credit: int = 0
    """Net that an earlier charge of the membership gave for this one, at a change of plan."""


@dataclass(frozen=True, slots=True)
class ReportedRefund:
    """Money that was given back of a charge, which is named by its reference."""

    reference: str
    charge: str
    net: int
    tax: int
    kind: RefundKind
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be given back of a charge: by days, or whole."""

    charge: str
    net: int
    tax: int
    days: int
    of_days: int


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that an adapter knows of a membership at `at`; see `applying.apply`.

    `period_start` and `period_end` are the period that is paid, or at Stripe the item's. Charges
    and refunds are those that the adapter knows: what was recorded before is passed over by its
    reference. A `fence` lower than the row's makes the report stale; `external` always says 0.
    """

    adapter: Adapter
    reference: str
    member: UUID
    price: UUID
    status: Status
    at: datetime
    began_at: datetime
    trial_ends_at: datetime | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None
    cancel_at: datetime | None = None
    cancel_asked_at: datetime | None = None
    past_due_since: datetime | None = None
    ended_at: datetime | None = None
    end_cause: str | None = None
    next_price: UUID | None = None
    consent: Consent | None = None
    charges: tuple[ReportedCharge, ...] = ()
    refunds: tuple[ReportedRefund, ...] = ()
    fence: int = 0
    adopted: bool = False
    """Whether the adapter had it before the programme knew it."""
    due: tuple[Due, ...] = ()
    """What the shop owes of a membership that ends with this report."""


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge as it is recorded, with what was refunded of it so far."""

    id: UUID
    member: UUID
    membership: UUID
    adapter: Adapter
    reference: str
    price: UUID
    starts_at: datetime
    ends_at: datetime
    net: int
    tax: int
    currency: str
    reason: ChargeReason
    paid_at: datetime
    credit: int = 0
    refunded_net: int = 0
    refunded_tax: int = 0
    booked_on: date | None = None
    """The day of the books, where the day it was paid on lies in a closed month."""

    @property
    def is_given_back(self) -> bool:
        """Whether all of it was given back, so that it pays for nothing."""
        return self.refunded_net + self.refunded_tax == self.net + self.tax


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund as it is recorded."""

    id: UUID
    member: UUID
    charge: UUID
    reference: str
    net: int
    tax: int
    kind: RefundKind
    reason: str
    at: datetime
    booked_on: date | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a membership and why: what its timeline is made of."""

    cause: str
    at: datetime
    before: State | None
    after: State
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """A step as the timeline keeps it: when it counted, when it was written down, and by whom."""

    number: int
    cause: str
    at: datetime
    before: State | None
    after: State
    data: Mapping[str, object]
    recorded_at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a report: the row as it is now, and what changed by it (nothing: a replay)."""

    membership: Membership
    steps: tuple[Step, ...] = ()
    charges: tuple[Charge, ...] = ()
    refunds: tuple[Refund, ...] = ()
    stale: bool = False
