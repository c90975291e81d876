"""What cancelling an order, or lines of it, does before they are shipped.

Pure. A cancellation is a shipment that never left: it takes units from the back of each line and
gives back the points that were held for them.
"""

from collections.abc import Sequence
from dataclasses import replace

from loyalty.orders.completion import Asked, ShipmentPlan, Step, in_order, named
from loyalty.orders.figures import total_of
from loyalty.orders.types import (
    History,
    LineStand,
    OrderState,
    Shipment,
    ShipmentKind,
    ShippedLine,
)


def plan_cancellation(history: History, asked: Sequence[Asked] | None, step: Step) -> ShipmentPlan:
    """Plan the cancellation of the lines named, or of all that is open.

    Raises `OrderClosed`, `UnknownLine` or `MoreThanOpen`, with a pointer to the line at fault.
    """
    found = named(history, asked)
    parts = tuple(_taken_out(stand, wanted.quantity) for stand, wanted in found)
    whole = not history.shipments and all(
        part.quantity == stand.line.quantity for part, (stand, _) in zip(parts, found, strict=True)
    )
    whole = whole and len(parts) == len(history.order.lines)
    figures = total_of(part.figures for part in parts)
    shipment = Shipment(
        id=step.id,
        name=step.name,
        kind=ShipmentKind.CANCELLED,
        at=step.at,
        on=step.on,
        whole=whole,
        figures=figures,
        purchases=0,
        lines=() if whole else in_order(parts),
        asked=step.asked,
    )
    after = history.with_shipment(shipment)
    if after.state is OrderState.CANCELLED:  # nothing left, so its shipping is not spent either
        shipment = replace(shipment, shipping_points=history.order.shipping_points)
        after = history.with_shipment(shipment)
    return ShipmentPlan(shipment, figures.points + shipment.shipping_points, after)


def _taken_out(stand: LineStand, quantity: int) -> ShippedLine:
    line = stand.line
    end = line.quantity - stand.cancelled
    share = line.figures.between(end - quantity, end, line.quantity)
    return ShippedLine(line.line_no, quantity, share)
