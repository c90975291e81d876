"""History of members who have orders here already: order by order, through the use cases.

Each order or return is a transaction of its own, which the API's would be too; so later orders,
and returns of sales that were brought along earlier, come out as if the shop had reported them.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import Cart, Line
from loyalty.cause import Cause
from loyalty.checkout.basket import Basket
from loyalty.checkout.programme import Programme
from loyalty.database import Database
from loyalty.history.assembly import HistoricOrder
from loyalty.history.copying import copy_rows
from loyalty.history.lookups import KnownMember, find_names
from loyalty.history.replays import Conflict, money_of
from loyalty.history.taking import Stepwise, returned_rows
from loyalty.idempotency import Attempt, Begun
from loyalty.ids import new_id
from loyalty.members import lock_member
from loyalty.members.types import Member, Ref
from loyalty.names import ORDER
from loyalty.orders import rows, tables
from loyalty.orders.comebacks import Comeback, ReturnedRow, find_returned, rows_text
from loyalty.orders.completing import Completing, complete
from loyalty.orders.matching import Shelf
from loyalty.orders.past import UNMARKED
from loyalty.orders.placing import NewOrder, place
from loyalty.orders.reading import find_order
from loyalty.orders.returning import Returning, return_goods
from loyalty.orders.returns import Asked
from loyalty.orders.types import PricedBy
from loyalty.orders.unnamed import Unnamed, return_unnamed
from loyalty.policy import policy_at


@dataclass(frozen=True, slots=True)
class Steps:
    """Takes orders in one by one."""

    database: Database
    programme: Programme
    cause_of_now: Callable[[], Cause]
    currency: str

    async def take(
        self, left: Sequence[Stepwise], counts: Counter[str], conflicts: list[Conflict]
    ) -> None:
        """Take what is left of a bucket; a refused order is a conflict that names its column."""
        for whose, orders in left:
            for order in orders:
                with _told(order, counts, conflicts):
                    counts.update(
                        await self.database.write(self._one, self.cause_of_now(), whose, order)
                    )

    async def _one(
        self,
        connection: AsyncConnection,
        cause: Cause,
        whose: KnownMember | None,
        order: HistoricOrder,
    ) -> Counter[str]:
        if whose is None:
            return await self._guest_return(connection, cause, order)
        ref = Ref("member", order.member, id=whose.member.id)
        begun = _begun(cause, await lock_member(connection, ref))
        if order.kind == "sale":
            return await self._sell(connection, cause, begun, order)
        return await self._take_back(connection, cause, begun, order)

    async def _sell(
        self, connection: AsyncConnection, cause: Cause, begun: Begun, order: HistoricOrder
    ) -> Counter[str]:
        lines = tuple(
            Line(
                *(line.line_id, line.sku, line.quantity, line.amount, line.category),
                brand=brand,
                tags=tags,
            )
            for line in order.lines
            for brand, tags in (line.marks or UNMARKED,)
        )
        asked = NewOrder(
            Basket(Cart(self.currency, lines)),
            name=order.order_id,
            priced_by=PricedBy.SHOP,
            placed_at=order.instant,
        )
        placed = await place(connection, self.programme, cause, begun, asked)
        whole = _begun(cause, begun.member, placed.history.order.id)
        done = await complete(
            connection, self.programme, cause, whole, Completing(at=order.instant)
        )
        return Counter(
            orders=1, points_earned=done.shipment.figures.earn, order_lines=len(order.lines)
        )

    async def _take_back(
        self, connection: AsyncConnection, cause: Cause, begun: Begun, order: HistoricOrder
    ) -> Counter[str]:
        named = None
        if order.returns_order_id:
            found = await find_names(connection, ORDER, [order.returns_order_id])
            named = found[order.returns_order_id].id if found else new_id()
        asked = Unnamed(
            tuple(returned_rows(order)), name=order.order_id, at=order.instant, order=named
        )
        done = await return_unnamed(connection, self.programme, cause, begun, asked)
        taken = sum(plan.points_to_claw_back for _, plan in done.plans)
        return Counter(unmatched_returns=bool(done.unmatched), points_taken_back=taken)

    async def _guest_return(
        self, connection: AsyncConnection, cause: Cause, order: HistoricOrder
    ) -> Counter[str]:
        """Goods of a guest's order come back; what names no such order matches nothing."""
        names = await find_names(connection, ORDER, [order.returns_order_id or order.order_id])
        sold = names.get(order.returns_order_id)
        comeback = Comeback(order.order_id, order.instant, returned_rows(order))
        asked, unmatched = await _find(connection, None if sold is None else sold.id, comeback)
        if sold is not None and sold.member is None and asked.lines:
            begun = _begun(cause, None, sold.id)
            returning = Returning(asked, order.order_id, order.instant)
            await return_goods(connection, self.programme, cause, begun, returning)
        if unmatched:
            owner = new_id() if sold is None else sold.id
            await _record_unmatched(connection, cause, owner, comeback, unmatched)
        return Counter(unmatched_returns=bool(unmatched))


@contextmanager
def _told(order: HistoricOrder, counts: Counter[str], conflicts: list[Conflict]) -> Iterator[None]:
    """Turn a refusal into a conflict of the order; anything else goes on."""
    try:
        yield
    except Exception as error:
        code = getattr(error, "code", None)
        if code is None or code in {"unavailable", "outcome-unknown"}:
            raise
        counts["returns"] -= order.kind == "return"
        counts["lines"] -= len(order.lines)
        counts[money_of(order)] -= sum(line.amount for line in order.lines)
        conflicts.append(Conflict(order.order_id, "order_id", f"{code}: {error}"))


async def _find(
    connection: AsyncConnection, sold: UUID | None, comeback: Comeback
) -> tuple[Asked, Sequence[tuple[int, ReturnedRow]]]:
    """Find a guest's return in the one order it names."""
    shelf = Shelf()
    line_ids: dict[UUID, list[str]] = {}
    found = None if sold is None else await find_order(connection, sold)
    if found is not None and found.order.guest:
        for line_no, stand in found.history.stands.items():
            shelf.put(found.order.id, line_no, stand.line.sku, stand.returnable, stand.refundable)
        line_ids[found.order.id] = [line.line_id for line in found.order.lines]
    matched = find_returned(shelf, comeback, line_ids)
    return next(iter(matched.orders.values()), Asked()), matched.unmatched


async def _record_unmatched(
    connection: AsyncConnection,
    cause: Cause,
    owner: UUID,
    comeback: Comeback,
    unmatched: Sequence[tuple[int, ReturnedRow]],
) -> None:
    policy = await policy_at(connection, comeback.at)
    one, on = new_id(comeback.at), policy.day_of(comeback.at)
    asked = rows_text(comeback.rows)
    found = [
        (
            *(owner, one, line_no, comeback.name, comeback.at, on, comeback.reason),
            *(row.sku, row.quantity, row.amount, asked, cause.actor, cause.request_id),
        )
        for line_no, row in unmatched
    ]
    columns = (*rows.UNMATCHED_RETURN, "actor", "request_id")
    await copy_rows(connection, tables.unmatched_return, columns, found)


def _begun(cause: Cause, member: Member | None, subject: UUID | None = None) -> Begun:
    attempt = Attempt(cause.actor, "import", None, b"", None, cause.at)
    return Begun(attempt, member, subject)
