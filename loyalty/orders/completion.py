"""What completing lines of an order does: the shipment, and the shares it takes with it.

Pure. Shipments take a line's units from the front and cancellations from the back, so the figures
of all of them add up to the line's, however it is cut.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from loyalty.orders.errors import (
    MoreThanOpen,
    MoreThanWeighed,
    OrderCancelled,
    OrderClosed,
    UnknownLine,
)
from loyalty.orders.figures import NOTHING, Figures, total_of
from loyalty.orders.types import (
    History,
    LineStand,
    Order,
    OrderState,
    Shipment,
    ShipmentKind,
    ShippedLine,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A line named by a step: its units, and its amount where it weighed less than ordered."""

    line_id: str
    quantity: int
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Who and when of a step: our id, the shop's name for it, and the instant it counts from."""

    id: UUID
    name: str
    at: datetime
    on: date
    asked: str = ""


@dataclass(frozen=True, slots=True)
class ShipmentPlan:
    """A shipment to record, and the order after it.

    `released` points were held for what it does not carry.
    """

    shipment: Shipment
    released: int
    after: History

    @property
    def state(self) -> OrderState:
        """The state that it leaves the order in."""
        return self.after.state


def plan_completion(
    history: History,
    asked: Sequence[Asked] | None,
    step: Step,
    *,
    activates_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> ShipmentPlan:
    """Plan the completion of the lines named, or of all that is open.

    Raises `OrderCancelled`, `OrderClosed`, `UnknownLine`, `MoreThanOpen` or `MoreThanWeighed`, with
    a pointer to the line at fault.
    """
    if history.state is OrderState.CANCELLED:
        raise OrderCancelled
    parts: list[ShippedLine] = []
    released = 0
    for index, (stand, wanted) in enumerate(named(history, asked)):
        part, unused = _shipped(stand, wanted, f"/lines/{index}")
        parts.append(part)
        released += unused.points
    shipping_points = 0 if history.completed else history.order.shipping_points
    shipment = _shipment(history, step, parts, shipping_points)
    if shipment.figures.earn:
        shipment = replace(shipment, activates_at=activates_at, expires_at=expires_at)
    return ShipmentPlan(shipment, released, history.with_shipment(shipment))


def plan_whole(
    order: Order,
    step: Step,
    *,
    activates_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> Shipment:
    """Plan the completion of a whole order that nothing has happened to yet."""
    figures = total_of(line.figures for line in order.lines)
    return Shipment(
        id=step.id,
        name=step.name,
        kind=ShipmentKind.COMPLETED,
        at=step.at,
        on=step.on,
        whole=True,
        figures=figures,
        purchases=sum(line.figures.basis for line in order.lines if line.qualifies),
        shipping_points=order.shipping_points,
        activates_at=activates_at if figures.earn else None,
        expires_at=expires_at if figures.earn else None,
        asked=step.asked,
    )


def named(history: History, asked: Sequence[Asked] | None) -> list[tuple[LineStand, Asked]]:
    """Find the lines a step names; none named means all that is open, in full.

    Raises `UnknownLine`, `MoreThanOpen`, or `OrderClosed` when nothing is open.
    """
    if asked is None:
        stands = [stand for stand in history.stands.values() if stand.open]
        if not stands:
            raise OrderClosed(state=history.state.value)
        return [(stand, Asked(stand.line.line_id, stand.open)) for stand in stands]
    by_id = {stand.line.line_id: stand for stand in history.stands.values()}
    found = []
    for index, wanted in enumerate(asked):
        stand = by_id.pop(wanted.line_id, None)
        if stand is None:
            raise UnknownLine(line=wanted.line_id, pointer=f"/lines/{index}/line_id")
        if not 1 <= wanted.quantity <= stand.open:
            raise MoreThanOpen(
                line=wanted.line_id,
                seen=wanted.quantity,
                wanted=stand.open,
                pointer=f"/lines/{index}/quantity",
            )
        found.append((stand, wanted))
    return found


def _shipped(stand: LineStand, wanted: Asked, pointer: str) -> tuple[ShippedLine, Figures]:
    line = stand.line
    end = stand.shipped + wanted.quantity
    share = line.figures.between(stand.shipped, end, line.quantity)
    if wanted.amount is None:
        return ShippedLine(line.line_no, wanted.quantity, share), NOTHING
    if not 0 <= wanted.amount <= share.regular:
        raise MoreThanWeighed(
            line=line.line_id, seen=wanted.amount, wanted=share.regular, pointer=f"{pointer}/amount"
        )
    weighed = share.floor(wanted.amount, share.regular)
    by_amount = wanted.amount != share.regular
    return ShippedLine(line.line_no, wanted.quantity, weighed, by_amount), share - weighed


def _shipment(
    history: History, step: Step, parts: Sequence[ShippedLine], shipping_points: int
) -> Shipment:
    figures = total_of(part.figures for part in parts)
    stands = history.stands
    qualifying = [part for part in parts if stands[part.line_no].line.qualifies]
    whole = (
        not history.shipments
        and len(parts) == len(history.order.lines)
        and all(part.quantity == stands[part.line_no].line.quantity for part in parts)
        and not any(part.by_amount for part in parts)
    )
    return Shipment(
        id=step.id,
        name=step.name,
        kind=ShipmentKind.COMPLETED,
        at=step.at,
        on=step.on,
        whole=whole,
        figures=figures,
        purchases=sum(part.figures.basis for part in qualifying),
        shipping_points=shipping_points,
        lines=() if whole else in_order(parts),
        asked=step.asked,
    )


def in_order(parts: Sequence[ShippedLine]) -> tuple[ShippedLine, ...]:
    """Return the parts of a shipment as they are read back, however they were asked for."""
    return tuple(sorted(parts, key=lambda part: part.line_no))
