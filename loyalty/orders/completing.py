"""Completing lines of an order: points are taken and earned, and the standing moves with them.

After payment a fact is never refused for a business reason: a hold that ran out is taken anew,
what the wallet lacks becomes debt, a voucher that is gone is overrun, a limit that others reached
is passed, and each is an exception.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import VoucherOutcome, redeem_vouchers
from ledger import Capture, Outcome, Posting, Release, demand
from loyalty.cause import Cause
from loyalty.checkout.programme import Programme
from loyalty.events import Event
from loyalty.gains import gains_of
from loyalty.idempotency import Begun
from loyalty.ids import new_id
from loyalty.instants import taken_at
from loyalty.orders.claims import post_claims, settle_claims
from loyalty.orders.completion import Asked, ShipmentPlan, Step, plan_completion
from loyalty.orders.context import Context, move_standing, read_context
from loyalty.orders.deferring import deferred
from loyalty.orders.errors import OrderConflict
from loyalty.orders.granted import Granted
from loyalty.orders.granting import granted_with, plan_grants
from loyalty.orders.happenings import completed_event
from loyalty.orders.postings import Entries
from loyalty.orders.reading import UsedVoucher
from loyalty.orders.retaking import retake
from loyalty.orders.rows import shipment_line_rows, shipment_row
from loyalty.orders.steps import (
    asked_text,
    conflict,
    moved,
    refuse_instant,
    same_instant,
    tolerated,
)
from loyalty.orders.types import History, Order, OrderState, Shipment, ShipmentKind, carried
from loyalty.orders.uses import moved_uses
from loyalty.orders.writing import Exceeded, Kept, Steps, write_steps
from loyalty.policy import ORDER
from tiers import Activity, Decision

DEFAULT_NAME: Final = "1"
STEP: Final = "shipment"


@dataclass(frozen=True, slots=True)
class Completing:
    """What a shop reports as completed; no lines means all that is open."""

    lines: Sequence[Asked] | None = None
    name: str = DEFAULT_NAME
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Completed:
    """A shipment as recorded, the state it left the order in, and the tier it led to."""

    history: History
    shipment: Shipment
    tier: str | None
    exceptions: tuple[Exceeded, ...] = ()
    granted: tuple[Granted, ...] = ()
    """The vouchers that came with it, where it completed the order."""
    replayed: bool = False


Keep = Callable[[Completed], Kept]


async def complete(
    connection: AsyncConnection,
    programme: Programme,
    cause: Cause,
    begun: Begun,
    asked: Completing,
    *,
    keep: Keep = lambda _: None,
) -> Completed:
    """Complete lines of an order. The same shipment with the same content is a replay.

    Raises OrderConflict for other content, OrderCancelled, OrderClosed, UnknownLine, MoreThanOpen
    and MoreThanWeighed.
    """
    context = await read_context(connection, programme, begun)
    text = asked_text(asked.lines)
    before = next((one for one in context.history.shipments if one.name == asked.name), None)
    if before is not None:
        return _replayed(context, before, text, asked)
    at = taken_at(asked.at, now=cause.at)
    refuse_instant("completed_at", at, since=context.found.order.placed_at, now=cause.at)
    plan = _planned(context, asked, at, text)
    done = await _carry_out(connection, cause, context, plan)
    shipment, order = plan.shipment, context.found.order
    history = plan.after
    uses = moved_uses(context.found.uses, history)
    await settle_claims(connection, context.member, uses, at=cause.at)
    passed = await retake(connection, programme, context, uses)
    over = (*done.over, *(_over(order, shipment, *one) for one in passed))
    grants = await plan_grants(connection, programme, cause, context, history)
    tier = _tier_of(context, done.standing, shipment)
    completed = Completed(history, shipment, tier, over, grants.granted)
    steps = Steps(
        moved=[moved(order, plan.state)],
        shipments=[shipment_row(order.member, order.id, shipment)],
        shipment_lines=shipment_line_rows(order.member, order.id, shipment),
        exceptions=over,
        uses=uses,
        grants=grants,
        events=grants.events,
    )
    happened: Event = completed_event(new_id(cause.at), order, shipment, done.standing)
    await write_steps(connection, cause, steps, happened, keep(completed))
    return completed


def _replayed(context: Context, before: Shipment, text: str, asked: Completing) -> Completed:
    if before.kind is not ShipmentKind.COMPLETED:
        raise OrderConflict(step=STEP, field="outcome", seen=before.kind.value, wanted="completed")
    conflict(
        STEP,
        {"lines": (before.asked, text), "completed_at": same_instant(before.at, asked.at)},
    )
    tier, granted = _tier_of(context, None, before), granted_with(context, before)
    return Completed(context.history, before, tier, granted=granted, replayed=True)


def _planned(context: Context, asked: Completing, at: datetime, text: str) -> ShipmentPlan:
    step = Step(new_id(at), asked.name, at, context.policy.day_of(at), text)
    return plan_completion(
        context.history,
        asked.lines,
        step,
        activates_at=context.policy.activates_at(at, ORDER),
        expires_at=context.policy.term(at, ORDER, waits=True).expires_at,
    )


@dataclass(frozen=True, slots=True)
class _Done:
    standing: Decision | None
    over: tuple[Exceeded, ...]


async def _carry_out(
    connection: AsyncConnection, cause: Cause, context: Context, plan: ShipmentPlan
) -> _Done:
    shipment, order = plan.shipment, context.found.order
    over: list[Exceeded] = []
    postings = _postings(context, plan, cause)
    if postings:
        outcomes = await post_claims(connection, context.member, postings, at=cause.at)
        over += [
            _over(order, shipment, "points-overdrawn", one.to_debt)
            for posting, one in zip(postings, outcomes, strict=True)
            if _accepted(posting, one).to_debt and isinstance(posting, Capture)
        ]
    redeemed = await _redeem(connection, cause, context, shipment)
    overrun = sum(outcome.overrun for outcome in redeemed)
    if overrun:
        over.append(_over(order, shipment, "voucher-overrun", overrun))
    activity = Activity(order.id, shipment.id, shipment.on, shipment.purchases)
    gains = gains_of(context.ladder, shipment.id, shipment.on, shipment.figures.earn)
    standing = await move_standing(
        connection, cause, context.ladder, context.subject, [activity, *gains], on=shipment.on
    )
    return _Done(standing, tuple(over))


def _over(order: Order, shipment: Shipment, code: str, amount: int) -> Exceeded:
    return Exceeded(new_id(shipment.at), order.id, shipment.id, code, amount, shipment.at)


def _accepted(posting: Posting, outcome: Outcome) -> Outcome:
    """Answer the outcome; only the release of a hold that has ended by itself may be refused."""
    return tolerated(outcome) if isinstance(posting, Release) else demand(outcome)


def _postings(context: Context, plan: ShipmentPlan, cause: Cause) -> list[Posting]:
    member, order, shipment = context.member, context.found.order, plan.shipment
    if member is None:
        return []
    entries = Entries(member.holder, order.id, cause, new_id)
    ends, grace = plan.state is not OrderState.OPEN, context.policy.grace_days
    taken = shipment.figures.points + shipment.shipping_points
    found: list[Posting] = []
    if taken:
        found.append(entries.capture(shipment, taken, ends=ends, grace_days=grace))
    if plan.released and not (taken and ends):
        release = entries.release(shipment.id, plan.released, at=shipment.at, grace_days=grace)
        found.append(release)
    if shipment.figures.earn:
        term = context.policy.term(shipment.at, ORDER, waits=True)
        labels = {"tier": order.tier} if order.tier else {}
        allocated = deferred(shipment, context.policy, context.estimates)
        found.append(entries.earn(shipment, labels, term, allocated=allocated))
    # an activity told too late to keep anything alive changes nothing any more
    rolls = entries.roll(shipment, context.policy, taken=taken)
    return [*found, *(roll for roll in rolls if roll.expires_at and roll.expires_at > cause.at)]


async def _redeem(
    connection: AsyncConnection, cause: Cause, context: Context, shipment: Shipment
) -> list[VoucherOutcome]:
    """Use up the vouchers of what is shipped now for the first time."""
    if not context.found.vouchers:
        return []
    order, earlier = context.found.order, context.history.completed
    shipped = {line.line_no for line in carried(order, shipment)}
    before = {line.line_no for one in earlier for line in carried(order, one)}
    due = [
        (used.member, used.id)
        for used in context.found.vouchers
        if _counts(used, shipped, first=not earlier) and not _counts(used, before, first=False)
    ]
    if not due:
        return []
    return await redeem_vouchers(connection, due, order=order.id, used_by=order.member, at=cause.at)


def _counts(used: UsedVoucher, shipped: set[int], *, first: bool) -> bool:
    """Whether a voucher took money off these lines; one for shipping goes with the first."""
    return bool(shipped.intersection(used.line_nos)) if used.line_nos else first


def _tier_of(context: Context, standing: Decision | None, shipment: Shipment) -> str | None:
    if standing is not None:
        return standing.standing.effective_on(shipment.on)[0]
    if context.subject is not None and context.subject.standing is not None:
        return context.subject.standing.effective_on(shipment.on)[0]
    return context.found.order.tier
