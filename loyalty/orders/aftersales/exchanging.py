"""An exchange: what comes back of one order and the order that replaces it, in one transaction.

Both are what they are alone: the return takes back what was recorded, the new order is decided as
of now and may spend the points that the return gave back. Either both stand or neither.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.checkout.programme import Programme
from loyalty.errors import LoyaltyError
from loyalty.idempotency import Begun
from loyalty.members import Member, Ref, lock_member
from loyalty.orders.aftersales.tables import order_exchange
from loyalty.orders.claims import lock_survivor
from loyalty.orders.errors import OrderConflict
from loyalty.orders.placing import NewOrder, Placed, place
from loyalty.orders.returning import Returned, Returning, return_goods
from loyalty.orders.types import Order
from loyalty.orders.writing import Kept

STEP: Final = "exchange"


@dataclass(frozen=True, slots=True)
class Exchanging:
    """What comes back, and what is ordered instead."""

    returning: Returning
    ordering: NewOrder


@dataclass(frozen=True, slots=True)
class Exchanged:
    """The return and the new order as recorded."""

    returned: Returned
    placed: Placed
    replayed: bool = False

    @property
    def balance(self) -> int:
        """The money that is to be paid for the new order beyond the refund; below zero, given."""
        back = self.returned.returned.refund_money - self.returned.points.shortfall_money
        return self.placed.history.order.payable - back


Keep = Callable[[Exchanged], Kept]


async def exchange(
    connection: AsyncConnection,
    programme: Programme,
    cause: Cause,
    begun: Begun,
    asked: Exchanging,
    *,
    keep: Keep = lambda _: None,
) -> Exchanged:
    """Return of one order and place another. The same exchange with the same content is a replay.

    Raises what a return and what a new order raise, and OrderConflict when one of them is recorded
    without the other.
    """
    try:
        returned = await return_goods(connection, programme, cause, begun, asked.returning)
    except LoyaltyError as error:
        error.pointer = None if error.pointer is None else f"/return{error.pointer}"
        raise
    whose = await _buyer(connection, begun, returned.history.order)

    def kept(placed: Placed) -> Kept:
        return keep(Exchanged(returned, placed))

    placed = await place(
        connection,
        programme,
        cause,
        replace(begun, member=whose, subject=None),
        asked.ordering,
        keep=kept,
        instead=None if returned.replayed else returned,
    )
    if returned.replayed or placed.replayed:
        await _refuse_halves(connection, returned, placed)
    return Exchanged(returned, placed, replayed=returned.replayed)


async def _buyer(connection: AsyncConnection, begun: Begun, order: Order) -> Member | None:
    """Return whose the new order is: the member's, or whom they go on as; nobody's for a guest."""
    if order.guest:
        return None
    whose = begun.member
    if whose is None:  # who claimed the guest's order while this step waited for it
        whose = await lock_member(connection, Ref("member", str(order.member), id=order.member))
    return await lock_survivor(connection, whose)


async def _refuse_halves(connection: AsyncConnection, returned: Returned, placed: Placed) -> None:
    """Refuse a return and an order of which one is recorded already, or not for the other."""
    own = order_exchange.c
    both = select(
        exists().where(
            own.member == returned.history.order.member,
            own.order_id == returned.history.order.id,
            own.return_id == returned.returned.id,
            own.replacement == placed.history.order.id,
        )
    )
    if (await connection.execute(both)).scalar_one() and returned.replayed and placed.replayed:
        return
    recorded = "return_id" if returned.replayed else "order_id"
    raise OrderConflict(
        step=STEP, field=recorded, seen="recorded without the exchange", wanted="a new one"
    )
