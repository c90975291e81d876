"""Payment and the time until then: extending a hold, marking an order as paid, letting go.

Once an order is paid nothing is released any more until it is completed or cancelled. A hold that
has run out by then is taken anew when the order is completed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import release_vouchers
from ledger import demand, post
from loyalty.cause import Cause
from loyalty.checkout.programme import Programme
from loyalty.idempotency import Begun
from loyalty.ids import new_id
from loyalty.instants import taken_at
from loyalty.orders.claims import settle_claims
from loyalty.orders.context import Context, read_context
from loyalty.orders.errors import HoldOver, HoldTooLong, OrderClosed
from loyalty.orders.happenings import HELD, PAID, RELEASED, moved_event
from loyalty.orders.placing import LONGEST_HOLD
from loyalty.orders.postings import Entries
from loyalty.orders.steps import ENDED, conflict, refuse_instant, same_instant, tolerated
from loyalty.orders.types import Order, OrderState
from loyalty.orders.uses import released_uses
from loyalty.orders.writing import Kept, Moved, Steps, write_steps


@dataclass(frozen=True, slots=True)
class Held:
    """Until when an order holds its points, and since when it is paid."""

    order: Order
    state: OrderState
    hold_until: datetime | None
    paid_at: datetime | None
    replayed: bool = False


Keep = Callable[[Held], Kept]


async def extend_hold(
    connection: AsyncConnection,
    programme: Programme,
    cause: Cause,
    begun: Begun,
    until: datetime,
    *,
    keep: Keep = lambda _: None,
) -> Held:
    """Hold the points of an unpaid order until another instant, at most 14 days after its place.

    Raises OrderClosed, HoldTooLong, and HoldOver once the hold has run out.
    """
    context = await read_context(connection, programme, begun)
    order, state = context.found.order, context.history.state
    if state is not OrderState.OPEN:
        raise OrderClosed(state=state.value)
    if order.hold_until is None and order.paid_at is None and _held_something(context):
        raise HoldOver
    if order.paid_at is not None or order.hold_until is None or order.hold_until == until:
        return Held(order, state, order.hold_until, order.paid_at, replayed=True)
    last = order.placed_at + LONGEST_HOLD
    if until > last:
        raise HoldTooLong(seen=until.isoformat(), wanted=LONGEST_HOLD.days, pointer="/hold_until")
    refuse_instant("hold_until", until, since=cause.at, now=last)
    if context.member is not None and order.points:
        entries = Entries(context.member.holder, order.id, cause, new_id)
        (outcome,) = await post(
            connection, [entries.extend(order.hold_until, until, at=cause.at)], at=cause.at
        )
        if outcome.code in ENDED:
            raise HoldOver
        demand(outcome)
    held = Held(order, state, until, None)
    steps = Steps(moved=[Moved(order.id, state.value, None, until)])
    happened = moved_event(new_id(cause.at), order, HELD, cause.at)
    await write_steps(connection, cause, steps, happened, keep(held))
    return held


def _held_something(context: Context) -> bool:
    """Whether the order was placed with points, vouchers or a limit, which it holds no more."""
    found = context.found
    let_go = not context.history.shipments and any(use.given_back for use in found.uses)
    return bool(found.order.points or found.vouchers or let_go)


async def mark_paid(
    connection: AsyncConnection,
    programme: Programme,
    cause: Cause,
    begun: Begun,
    paid_at: datetime | None,
    *,
    keep: Keep = lambda _: None,
) -> Held:
    """Record that an order was paid: what it holds stays held. A fact, never refused.

    Raises OrderConflict when it is recorded as paid at another instant, OrderClosed when cancelled.
    """
    context = await read_context(connection, programme, begun)
    order, state = context.found.order, context.history.state
    if order.paid_at is not None:
        conflict("payment", {"paid_at": same_instant(order.paid_at, paid_at)})
        return Held(order, state, order.hold_until, order.paid_at, replayed=True)
    at = taken_at(paid_at, now=cause.at)
    refuse_instant("paid_at", at, since=order.placed_at, now=cause.at)
    if context.member is not None and order.points and state is OrderState.OPEN:
        entries = Entries(context.member.holder, order.id, cause, new_id)
        for outcome in await post(
            connection, [entries.extend(order.hold_until, None, at=at)], at=cause.at
        ):
            tolerated(outcome)
    held = Held(order, state, None, at)
    steps = Steps(moved=[Moved(order.id, state.value, at, None)])
    happened = moved_event(new_id(cause.at), order, PAID, at)
    await write_steps(connection, cause, steps, happened, keep(held))
    return held


async def let_go(
    connection: AsyncConnection, programme: Programme, cause: Cause, begun: Begun
) -> bool:
    """Release what an unpaid order holds beyond its time; answers whether there was anything."""
    context = await read_context(connection, programme, begun)
    order, state = context.found.order, context.history.state
    over = order.hold_until is not None and order.hold_until <= cause.at
    if not over or order.paid_at is not None or state is not OrderState.OPEN:
        return False
    await _give_back(connection, cause, context)
    uses = released_uses(context.found.uses)
    await settle_claims(connection, context.member, uses, at=cause.at)
    steps = Steps(moved=[Moved(order.id, state.value, None, None)], uses=uses)
    happened = moved_event(new_id(cause.at), order, RELEASED, cause.at)
    await write_steps(connection, cause, steps, happened)
    return True


async def _give_back(connection: AsyncConnection, cause: Cause, context: Context) -> None:
    order = context.found.order
    if context.member is not None and order.points:
        entries = Entries(context.member.holder, order.id, cause, new_id)
        release = entries.release(order.id, None, at=cause.at)
        for outcome in await post(connection, [release], at=cause.at):
            tolerated(outcome)
    held = [(used.member, used.id) for used in context.found.vouchers]
    if held:
        await release_vouchers(connection, held, order=order.id, at=cause.at)
