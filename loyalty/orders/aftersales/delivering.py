"""A delivery: shipments reached their buyer, and points that waited for that are available.

Points wait where the policy that the order was placed under says so. A fact, reported once for each
shipment; a shipment that has come back meanwhile has nothing left to activate.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import Activate, Posting, demand
from loyalty.cause import Cause
from loyalty.checkout.programme import Programme
from loyalty.hot import Hot, hot
from loyalty.idempotency import Begun
from loyalty.ids import new_id
from loyalty.instants import taken_at
from loyalty.orders.aftersales.errors import UnknownShipment
from loyalty.orders.aftersales.tables import delivery
from loyalty.orders.claims import post_claims
from loyalty.orders.context import Context, read_context
from loyalty.orders.happenings import delivered_event
from loyalty.orders.keys import activate_key, earn_key
from loyalty.orders.postings import REASON
from loyalty.orders.steps import conflict, refuse_instant, same_instant
from loyalty.orders.types import Order, Shipment
from loyalty.orders.writing import Kept, Steps, write_steps

STEP: Final = "delivery"
_NOT_PENDING: Final = "lot-not-pending"


@dataclass(frozen=True, slots=True)
class Delivering:
    """What a shop reports as delivered; without a name, every shipment that was completed."""

    name: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """The shipments that were delivered, and the points that had waited for it."""

    order: Order
    shipments: tuple[Shipment, ...]
    at: datetime
    points: int
    replayed: bool = False


Keep = Callable[[Delivered], Kept]


async def deliver(
    connection: AsyncConnection,
    programme: Programme,
    cause: Cause,
    begun: Begun,
    asked: Delivering,
    *,
    keep: Keep = lambda _: None,
) -> Delivered:
    """Record that shipments were delivered. The same again is a replay.

    Raises UnknownShipment, InstantOutOfOrder, and OrderConflict for another instant.
    """
    context = await read_context(connection, programme, begun)
    order = context.found.order
    named = _named(context, asked.name)
    before = await _before(connection, order)
    new = [shipment for shipment in named if shipment.id not in before]
    at = taken_at(asked.at, now=cause.at)
    if not new:
        at = max(before[shipment.id] for shipment in named)
        conflict(STEP, {"delivered_at": same_instant(at, asked.at)})
    else:
        since = max(shipment.at for shipment in new)
        refuse_instant("delivered_at", at, since=since, now=cause.at)
    points = await _activate(connection, cause, context, new or named, at)
    done = Delivered(order, tuple(new or named), at, points, replayed=not new)
    if new:
        rows = [(order.member, order.id, shipment.id, at) for shipment in new]
        happened = delivered_event(new_id(cause.at), order, new, at, points)
        await write_steps(connection, cause, Steps(deliveries=rows), happened, keep(done))
    return done


def _named(context: Context, name: str | None) -> list[Shipment]:
    completed = context.history.completed
    found = [one for one in completed if name is None or one.name == name]
    if not found:
        raise UnknownShipment(shipment=name or "at all", pointer="/shipment")
    return found


async def _before(connection: AsyncConnection, order: Order) -> Mapping[UUID, datetime]:
    rows = await _DELIVERIES.all(connection, member=order.member, order=order.id)
    return dict(rows)


async def _activate(
    connection: AsyncConnection,
    cause: Cause,
    context: Context,
    shipments: Sequence[Shipment],
    at: datetime,
) -> int:
    """Make available what waited for the delivery; answers how many points that were."""
    if context.member is None or context.policy.pending_until != "delivered":
        return 0
    order = context.found.order
    postings: list[Posting] = [
        Activate(
            holder=context.member.holder,
            key=activate_key(order.id, shipment.id),
            journal=new_id(at),
            effective_at=at,
            actor=cause.actor,
            request_id=cause.request_id,
            reason=REASON,
            of=earn_key(order.id, shipment.id),
        )
        for shipment in shipments
        if shipment.figures.earn
    ]
    if not postings:
        return 0
    outcomes = await post_claims(connection, context.member, postings, at=cause.at)
    return sum(demand(one).amount for one in outcomes if one.code != _NOT_PENDING)


_DELIVERIES: Final[Hot[Any, Any]] = hot(
    select(delivery.c.shipment, delivery.c.delivered_at).where(
        delivery.c.member == bindparam("member", type_=Uuid),
        delivery.c.order_id == bindparam("order", type_=Uuid),
    )
)
