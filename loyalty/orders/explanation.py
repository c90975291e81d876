"""An order that explains itself: where every cent and every point of it comes from and went.

Frozen values and the one read that fills them; the API and the console show the same. Nothing is
decided again: prices come from the stored decision, steps from what was recorded, and what became
of points from the journals under the order's keys. `differences` names what does not agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Text, Uuid, bindparam, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.hot import Hot, hot
from loyalty.members import UnknownOrder
from loyalty.names import ORDER
from loyalty.orders.aftersales.exceptions import OpenException, list_exceptions
from loyalty.orders.aftersales.tables import delivery, order_claim, order_exchange
from loyalty.orders.explaining import LineTold
from loyalty.orders.figures import Figures
from loyalty.orders.reading import Found, find_order
from loyalty.orders.tables import order
from loyalty.orders.types import Line, LineStand
from loyalty.tables import member, name

PartCode = Literal[
    "regular",
    "exclusive-price",
    "line-discount",
    "order-discount",
    "voucher",
    "shipping-discount",
    "other-discount",
    "points-spent",
    "payable",
]
StepCode = Literal[
    "placed",
    "paid",
    "completed",
    "cancelled",
    "returned",
    "charged-back",
    "claimed",
    "delivered",
]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of what a line or shipping costs; `payable` is the sum of all before it."""

    code: PartCode
    amount: int
    points: int = 0
    rule: str | None = None
    version: int | None = None
    voucher: UUID | None = None


@dataclass(frozen=True, slots=True)
class LineExplained:
    """A line from its regular price to what is paid, and by which rules it earns."""

    line: Line
    stand: LineStand
    parts: tuple[Part, ...]
    earned: LineTold


@dataclass(frozen=True, slots=True)
class Moved:
    """Points that went from one account to another: counters of the wallet, or the programme's."""

    debit: ledger.Account
    credit: ledger.Account
    points: int


@dataclass(frozen=True, slots=True)
class Posted:
    """A posting of a step: how many points it was about, and what became of them."""

    kind: ledger.Kind
    points: int
    journal: UUID
    effective_at: datetime
    moves: tuple[Moved, ...]
    forgiven: int = 0
    """Points of a claw-back that were gone and are forgiven."""


@dataclass(frozen=True, slots=True)
class StepLine:
    """What a step took of a line."""

    line_no: int
    line_id: str
    quantity: int
    figures: Figures


@dataclass(frozen=True, slots=True)
class StepExplained:
    """One step of the order's life; `money` is paid for it, or given back where below zero."""

    code: StepCode
    id: UUID | None
    name: str | None
    at: datetime
    on: date | None
    reason: str | None
    money: int
    shipping: int
    lines: tuple[StepLine, ...]
    postings: tuple[Posted, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """By what proof and when a guest's order became its member's."""

    proof: str
    claimed_at: datetime


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside an order's own rows."""

    name: str | None
    holder: UUID | None
    claim: Claim | None
    exchanged_for: Mapping[UUID, UUID]
    """The order that replaced what came back, by the return."""
    exchange_of: UUID | None
    delivered: Mapping[UUID, datetime]


@dataclass(frozen=True, slots=True)
class Explanation:
    """An order with the reason of every cent and every point."""

    found: Found
    beside: Beside
    lines: tuple[LineExplained, ...]
    shipping: tuple[Part, ...]
    steps: tuple[StepExplained, ...]
    exceptions: tuple[OpenException, ...]
    differences: tuple[str, ...]


async def read_beside(connection: AsyncConnection, order_id: UUID) -> Beside:
    """Return what stands beside an order's own rows, in one statement."""
    row = await _BESIDE.first(connection, order=order_id)
    if row is None:
        raise UnknownOrder(seen=str(order_id))
    named, holder, claimed, exchanged, replaced, delivered = row
    return Beside(
        name=named,
        holder=holder,
        claim=None if claimed is None else _claim(claimed),
        exchanged_for={UUID(one): UUID(other) for one, other in (exchanged or {}).items()},
        exchange_of=replaced,
        delivered={UUID(one): datetime.fromisoformat(at) for one, at in (delivered or {}).items()},
    )


async def read_parts(
    connection: AsyncConnection, order_id: UUID
) -> tuple[Found, Beside, tuple[ledger.Keyed, ...], tuple[OpenException, ...]]:
    """Return all that an explanation is made of: four statements."""
    found = await find_order(connection, order_id)
    if found is None:
        raise UnknownOrder(seen=str(order_id))
    beside = await read_beside(connection, order_id)
    posted: tuple[ledger.Keyed, ...] = ()
    if beside.holder is not None:
        prefix = f"order:{order_id}:"
        posted = tuple(await ledger.journals_by_key(connection, beside.holder, prefix))
    lacked = await list_exceptions(connection, state="all", order=order_id, limit=200)
    return found, beside, posted, tuple(lacked)


def _claim(row: Mapping[str, Any]) -> Claim:
    return Claim(row["proof"], datetime.fromisoformat(row["claimed_at"]))


_ID: Final = bindparam("order", type_=Uuid)
_NAME: Final = (
    select(name.c.name)
    .where(name.c.kind == literal(ORDER, Text), name.c.id == order.c.id)
    .limit(1)
    .scalar_subquery()
)
_CLAIMED: Final = order_claim.alias("claimed")
_BESIDE: Final[Hot[Any, Any, Any, Any, Any, Any]] = hot(
    select(
        _NAME,
        member.c.holder,
        select(func.row_to_json(_CLAIMED.table_valued()))
        .where(_CLAIMED.c.member == order.c.member, _CLAIMED.c.order_id == order.c.id)
        .scalar_subquery(),
        select(func.json_object_agg(order_exchange.c.return_id, order_exchange.c.replacement))
        .where(order_exchange.c.member == order.c.member, order_exchange.c.order_id == order.c.id)
        .scalar_subquery(),
        select(order_exchange.c.order_id)
        .where(order_exchange.c.replacement == order.c.id)
        .limit(1)
        .scalar_subquery(),
        select(func.json_object_agg(delivery.c.shipment, delivery.c.delivered_at))
        .where(delivery.c.member == order.c.member, delivery.c.order_id == order.c.id)
        .scalar_subquery(),
    )
    .select_from(order.outerjoin(member, member.c.id == order.c.member))
    .where(order.c.id == _ID, or_(order.c.guest, member.c.id.is_not(None)))
)
