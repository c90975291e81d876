"""Shapes of billing by Stripe: whether it is on, what came in, and how far we had drifted apart."""

from typing import Literal

from msgspec import Struct

from api.schemas.types import Code, Instant
from loyalty.billing.inbox import Kept
from loyalty.billing.retrying import RefusedRefund
from loyalty.billing.upkeep import Comparison
from loyalty.ids import show
from loyalty.membership.types import PREFIX

EventStateName = Literal["waiting", "handled", "failed"]


class ComparisonOut(Struct, frozen=True):
    """What the last nightly comparison found: `drifted` should be none."""

    at: Instant
    compared: int
    drifted: int
    repaired: int
    unknown: int

    @classmethod
    def of(cls, at: Instant, found: Comparison) -> "ComparisonOut":
        """Show what it found."""
        return cls(at, found.compared, found.drifted, found.repaired, found.unknown)


class StripeOut(Struct, frozen=True):
    """Whether plans that Stripe charges for can be had, and why not where they cannot."""

    on: bool
    why_off: str | None
    webhooks: bool
    live: bool
    doubled: bool
    events: dict[str, int]
    refused_refunds: int
    last_comparison: ComparisonOut | None


class StripeEventOut(Struct, frozen=True):
    """A hint of Stripe's, and what came of it."""

    id: str
    type: str
    state: EventStateName
    outcome: str | None
    attempts: int
    subject: str
    subscription: str | None
    api_version: str | None
    source: str
    happened_at: Instant
    received_at: Instant
    next_at: Instant | None

    @classmethod
    def of(cls, kept: Kept) -> "StripeEventOut":
        """Show a hint."""
        return cls(
            id=kept.id,
            type=kept.type,
            state=kept.state,
            outcome=kept.outcome,
            attempts=kept.attempts,
            subject=kept.subject,
            subscription=kept.subscription,
            api_version=kept.api_version,
            source=kept.source,
            happened_at=kept.happened_at,
            received_at=kept.received_at,
            next_at=kept.next_at,
        )


class ReplayedOut(Struct, frozen=True):
    """The hint that will be looked into again."""

    id: str


class RefusedRefundOut(Struct, frozen=True):
    """A part of what is due that Stripe refused to give back; without `next_at` nobody tries it."""

    membership: str
    member: str
    subscription: str
    payment: str | None
    amount: int
    code: str
    attempts: int
    asked_at: Instant
    next_at: Instant | None

    @classmethod
    def of(cls, one: RefusedRefund) -> "RefusedRefundOut":
        """Show a refused refund."""
        return cls(
            membership=show(PREFIX, one.membership),
            member=show("mem", one.member),
            subscription=one.subscription,
            payment=one.payment,
            amount=one.amount,
            code=one.code,
            attempts=one.attempts,
            asked_at=one.asked_at,
            next_at=one.next_at,
        )


class SettleRefundsBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Why what Stripe refused needs no refund any more, by a code of the shop's."""

    reason: Code


class RefundsTakenOut(Struct, frozen=True):
    """The membership whose refunds are asked for once more, or settled."""

    membership: str
