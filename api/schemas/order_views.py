"""Shape of an order with everything that happened to it, for reading."""

from datetime import datetime

from msgspec import Struct

from api.schemas.granted import (
    GiftGivenOut,
    GrantedOut,
    PromisedOut,
    gifts_out,
    granted_out,
    promised_out,
)
from api.schemas.order_answers import (
    OrderLineOut,
    OrderPointsOut,
    OrderReturnOut,
    OrderTotalsOut,
    ShippedLineOut,
    line_out,
    points_of,
    shipped_out,
    totals_of,
)
from loyalty.ids import show
from loyalty.orders.granted import given_of
from loyalty.orders.reading import Found
from loyalty.orders.types import LineStand, Order, Shipment


class ShipmentOut(Struct, frozen=True):
    """A shipment or a cancellation of an order."""

    shipment: str
    outcome: str
    at: datetime
    lines: list[ShippedLineOut]
    total: int
    points_spent: int
    points_earned: int


class LineStandOut(Struct, frozen=True):
    """How many units of a line are open, shipped, cancelled and returned."""

    line_id: str
    open: int
    shipped: int
    cancelled: int
    returned: int
    refundable: int


class OrderOut(Struct, frozen=True):
    """An order with everything that happened to it."""

    order: str
    member: str | None
    state: str
    priced_by: str
    currency: str
    channel: str
    country: str
    placed_at: datetime
    paid_at: datetime | None
    hold_until: datetime | None
    rule_set: int
    tier: str | None
    lines: list[OrderLineOut]
    stands: list[LineStandOut]
    shipping: int
    points: OrderPointsOut
    totals: OrderTotalsOut
    shipments: list[ShipmentOut]
    returns: list[OrderReturnOut]
    gifts: list[GiftGivenOut]
    grants: list[PromisedOut]
    vouchers: list[GrantedOut]

    @classmethod
    def of(cls, found: Found) -> "OrderOut":
        """Show an order."""
        history, order, given = found.history, found.order, given_of(found.decision)
        return cls(
            order=show("ord", order.id),
            member=None if order.guest else show("mem", order.member),
            state=history.state.value,
            priced_by=order.priced_by.value,
            currency=order.currency,
            channel=order.channel,
            country=order.country,
            placed_at=order.placed_at,
            paid_at=order.paid_at,
            hold_until=order.hold_until,
            rule_set=order.rule_set,
            tier=order.tier,
            lines=[line_out(line) for line in order.lines],
            shipping=order.shipping_total,
            points=points_of(order),
            totals=totals_of(order),
            stands=[_stand(stand) for stand in history.stands.values()],
            shipments=[_shipment(order, one) for one in history.shipments],
            returns=[OrderReturnOut.of(order, one) for one in history.returns],
            gifts=gifts_out(given),
            grants=promised_out(given),
            vouchers=granted_out(found.granted),
        )


def _shipment(order: Order, shipment: Shipment) -> ShipmentOut:
    return ShipmentOut(
        shipment=show("shp", shipment.id),
        outcome=shipment.kind.value,
        at=shipment.at,
        lines=shipped_out(order, shipment),
        total=shipment.figures.total,
        points_spent=shipment.figures.points + shipment.shipping_points,
        points_earned=shipment.figures.earn,
    )


def _stand(stand: LineStand) -> LineStandOut:
    return LineStandOut(
        line_id=stand.line.line_id,
        open=stand.open,
        shipped=stand.shipped,
        cancelled=stand.cancelled,
        returned=stand.returned,
        refundable=stand.refundable,
    )
