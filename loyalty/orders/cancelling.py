"""Cancelling an order, or lines of it that are still open: what was held for them is given back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import release_vouchers
from loyalty.cause import Cause
from loyalty.checkout.programme import Programme
from loyalty.idempotency import Begun
from loyalty.ids import new_id
from loyalty.instants import taken_at
from loyalty.orders.cancellation import plan_cancellation
from loyalty.orders.claims import post_claims, settle_claims
from loyalty.orders.completion import Asked, ShipmentPlan, Step
from loyalty.orders.context import Context, read_context
from loyalty.orders.errors import OrderConflict
from loyalty.orders.granted import Granted
from loyalty.orders.granting import granted_with, plan_grants
from loyalty.orders.happenings import cancelled_event
from loyalty.orders.postings import Entries
from loyalty.orders.rows import shipment_line_rows, shipment_row
from loyalty.orders.steps import (
    asked_text,
    conflict,
    moved,
    refuse_instant,
    same_instant,
    tolerated,
)
from loyalty.orders.types import History, OrderState, Shipment, ShipmentKind, carried
from loyalty.orders.uses import moved_uses
from loyalty.orders.writing import Kept, Steps, write_steps

DEFAULT_NAME: Final = "cancel"
STEP: Final = "cancellation"


@dataclass(frozen=True, slots=True)
class Cancelling:
    """What a shop cancels; no lines means all that is open."""

    lines: Sequence[Asked] | None = None
    name: str = DEFAULT_NAME
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A cancellation as recorded, and the points that were set free."""

    history: History
    shipment: Shipment
    points_released: int
    granted: tuple[Granted, ...] = ()
    """The vouchers that came with it, where it completed an order of which something was sold."""
    replayed: bool = False


Keep = Callable[[Cancelled], Kept]


async def cancel(
    connection: AsyncConnection,
    programme: Programme,
    cause: Cause,
    begun: Begun,
    asked: Cancelling,
    *,
    keep: Keep = lambda _: None,
) -> Cancelled:
    """Cancel open lines of an order. The same shipment id with the same content is a replay.

    Raises OrderConflict for other content, OrderClosed, UnknownLine and MoreThanOpen.
    """
    context = await read_context(connection, programme, begun)
    text = asked_text(asked.lines)
    before = next((one for one in context.history.shipments if one.name == asked.name), None)
    if before is not None:
        return _replayed(context, before, text, asked)
    at = taken_at(asked.at, now=cause.at)
    order = context.found.order
    refuse_instant("cancelled_at", at, since=order.placed_at, now=cause.at)
    step = Step(new_id(at), asked.name, at, context.policy.day_of(at), text)
    plan = plan_cancellation(context.history, asked.lines, step)
    await _release(connection, cause, context, plan)
    history = plan.after
    uses = moved_uses(context.found.uses, history)
    await settle_claims(connection, context.member, uses, at=cause.at)
    grants = await plan_grants(connection, programme, cause, context, history)
    cancelled = Cancelled(history, plan.shipment, plan.released, grants.granted)
    steps = Steps(
        moved=[moved(order, plan.state)],
        shipments=[shipment_row(order.member, order.id, plan.shipment)],
        shipment_lines=shipment_line_rows(order.member, order.id, plan.shipment),
        uses=uses,
        grants=grants,
        events=grants.events,
    )
    happened = cancelled_event(new_id(cause.at), order, plan.shipment, plan.released)
    await write_steps(connection, cause, steps, happened, keep(cancelled))
    return cancelled


def _replayed(context: Context, before: Shipment, text: str, asked: Cancelling) -> Cancelled:
    if before.kind is not ShipmentKind.CANCELLED:
        raise OrderConflict(step=STEP, field="outcome", seen=before.kind.value, wanted="cancelled")
    conflict(
        STEP,
        {"lines": (before.asked, text), "cancelled_at": same_instant(before.at, asked.at)},
    )
    unshipped = before.shipping_points
    released, granted = before.figures.points + unshipped, granted_with(context, before)
    return Cancelled(context.history, before, released, granted, replayed=True)


async def _release(
    connection: AsyncConnection, cause: Cause, context: Context, plan: ShipmentPlan
) -> None:
    order, shipment = context.found.order, plan.shipment
    if context.member is not None and plan.released:
        entries = Entries(context.member.holder, order.id, cause, new_id)
        grace = context.policy.grace_days
        posting = entries.release(shipment.id, plan.released, at=shipment.at, grace_days=grace)
        for outcome in await post_claims(connection, context.member, [posting], at=cause.at):
            tolerated(outcome)
    unused = _unused(context, plan)
    if unused:
        await release_vouchers(connection, unused, order=order.id, at=cause.at)


def _unused(context: Context, plan: ShipmentPlan) -> list[tuple[UUID, UUID]]:
    """The vouchers of lines of which nothing was shipped and nothing is open any more."""
    after = plan.after
    shipped = {part.line_no for one in after.completed for part in carried(after.order, one)}
    gone = {no for no, stand in after.stands.items() if not stand.open} - shipped
    ended = plan.state is OrderState.CANCELLED
    return [
        (used.member, used.id)
        for used in context.found.vouchers
        if (gone.issuperset(used.line_nos) if used.line_nos else ended)
    ]
