"""Shapes of what the order's steps answer: ids, codes and figures, nothing personal."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from api.schemas.granted import (
    GiftGivenOut,
    GrantedOut,
    PromisedOut,
    WithdrawnOut,
    gifts_out,
    granted_out,
    promised_out,
    withdrawn_out,
)
from loyalty.ids import show
from loyalty.orders.cancelling import Cancelled
from loyalty.orders.comebacks import ReturnedRow
from loyalty.orders.completing import Completed
from loyalty.orders.holding import Held
from loyalty.orders.placing import Placed
from loyalty.orders.returning import Returned
from loyalty.orders.reversal import Reversed
from loyalty.orders.types import (
    Line,
    Order,
    Return,
    Shipment,
    ShippedLine,
    carried,
)
from loyalty.orders.unnamed import Sorted


class OrderLineOut(Struct, frozen=True):
    """A line as placed: what it costs, spends and earns."""

    line_id: str
    sku: str
    category: str
    quantity: int
    regular: int
    discount: int
    points: int
    points_value: int
    total: int
    tax: int
    earn: int


class OrderPointsOut(Struct, frozen=True):
    """Points that the order spends, what they take off, and points that it earns."""

    spend: int
    value: int
    earn: int


class OrderTotalsOut(Struct, frozen=True):
    """The sums of the order, shipping included."""

    regular: int
    discount: int
    points_value: int
    payable: int


class PlacedOut(Struct, frozen=True):
    """An order as placed."""

    order: str
    priced_by: str
    currency: str
    placed_at: datetime
    paid_at: datetime | None
    hold_until: datetime | None
    rule_set: int
    tier: str | None
    lines: list[OrderLineOut]
    shipping: int
    points: OrderPointsOut
    totals: OrderTotalsOut
    gifts: list[GiftGivenOut]
    grants: list[PromisedOut]

    @classmethod
    def of(cls, placed: Placed) -> "PlacedOut":
        """Show an order."""
        order = placed.history.order
        return cls(
            order=show("ord", order.id),
            priced_by=order.priced_by.value,
            currency=order.currency,
            placed_at=order.placed_at,
            paid_at=order.paid_at,
            hold_until=order.hold_until,
            rule_set=order.rule_set,
            tier=order.tier,
            lines=[line_out(line) for line in order.lines],
            shipping=order.shipping_total,
            points=points_of(order),
            totals=totals_of(order),
            gifts=gifts_out(placed.given),
            grants=promised_out(placed.given),
        )


class ShippedLineOut(Struct, frozen=True):
    """What a shipment or a cancellation took of a line."""

    line_id: str
    quantity: int
    total: int
    points: int
    earn: int


class CompletedOut(Struct, frozen=True):
    """A shipment as recorded, and the tier the member stands on."""

    order: str
    shipment: str
    state: str
    completed_at: datetime
    lines: list[ShippedLineOut]
    total: int
    purchases: int
    points_spent: int
    points_earned: int
    points_active_at: datetime | None
    points_expire_at: datetime | None
    tier: str | None
    exceptions: list[str]
    vouchers: list[GrantedOut]

    @classmethod
    def of(cls, completed: Completed) -> "CompletedOut":
        """Show a completed shipment."""
        shipment, history = completed.shipment, completed.history
        earned = shipment.figures.earn
        return cls(
            order=show("ord", history.order.id),
            shipment=show("shp", shipment.id),
            state=history.state.value,
            completed_at=shipment.at,
            lines=shipped_out(history.order, shipment),
            total=shipment.figures.total,
            purchases=shipment.purchases,
            points_spent=shipment.figures.points + shipment.shipping_points,
            points_earned=earned,
            points_active_at=(shipment.activates_at or shipment.at) if earned else None,
            points_expire_at=shipment.expires_at,
            tier=completed.tier,
            exceptions=[one.code for one in completed.exceptions],
            vouchers=granted_out(completed.granted),
        )


class CancelledOut(Struct, frozen=True):
    """A cancellation as recorded, and the points that it set free."""

    order: str
    shipment: str
    state: str
    cancelled_at: datetime
    lines: list[ShippedLineOut]
    total: int
    points_released: int
    vouchers: list[GrantedOut]

    @classmethod
    def of(cls, cancelled: Cancelled) -> "CancelledOut":
        """Show a cancellation."""
        shipment, history = cancelled.shipment, cancelled.history
        return cls(
            order=show("ord", history.order.id),
            shipment=show("shp", shipment.id),
            state=history.state.value,
            cancelled_at=shipment.at,
            lines=shipped_out(history.order, shipment),
            total=shipment.figures.total,
            points_released=cancelled.points_released,
            vouchers=granted_out(cancelled.granted),
        )


class HeldOut(Struct, frozen=True):
    """Until when an order keeps what it holds; paid ones keep it until they end."""

    order: str
    state: str
    hold_until: datetime | None
    paid_at: datetime | None

    @classmethod
    def of(cls, held: Held) -> "HeldOut":
        """Show payment and hold of an order."""
        return cls(show("ord", held.order.id), held.state.value, held.hold_until, held.paid_at)


class ReturnedLineOut(Struct, frozen=True):
    """What came back of a line, and what that refunds, gives back and had earned."""

    line_id: str
    quantity: int
    refund_money: int
    tax: int
    points_returned: int
    points_earned: int


class OrderReturnOut(Struct, frozen=True):
    """A return of one order as recorded."""

    order: str
    return_id: str
    returned_at: datetime
    reason: str
    refund_money: int
    shipping: int
    lines: list[ReturnedLineOut]

    @classmethod
    def of(cls, order: Order, returned: Return) -> "OrderReturnOut":
        """Show a return of an order."""
        return cls(
            order=show("ord", order.id),
            return_id=show("ret", returned.id),
            returned_at=returned.at,
            reason=returned.reason,
            refund_money=returned.refund_money,
            shipping=returned.shipping,
            lines=returned_lines(order, returned),
        )


class ReturnedOut(Struct, frozen=True):
    """A return: the money to refund, what became of the points, and gifts to return."""

    order: str
    return_id: str
    returned_at: datetime
    reason: str
    refund_money: int
    shipping: int
    points_returned: int
    points_clawed_back: int
    shortfall_points: int
    shortfall_money: int
    to_return: list[str]
    withdrawn: WithdrawnOut
    lines: list[ReturnedLineOut]

    @classmethod
    def of(cls, done: Returned) -> "ReturnedOut":
        """Show a return."""
        order, returned = done.history.order, done.returned
        return cls(
            order=show("ord", order.id),
            return_id=show("ret", returned.id),
            returned_at=returned.at,
            reason=returned.reason,
            refund_money=returned.refund_money,
            shipping=returned.shipping,
            **points_moved(done.points),
            to_return=list(done.to_return),
            withdrawn=withdrawn_out(done.withdrawal),
            lines=returned_lines(order, returned),
        )


class UnmatchedOut(Struct, frozen=True):
    """What came back and matched no sale: it earned nothing here."""

    sku: str
    quantity: int
    amount: int


class UnnamedReturnOut(Struct, frozen=True):
    """A return without an order: the orders it was found in, and what was not found."""

    refund_money: int
    points_returned: int
    points_clawed_back: int
    shortfall_points: int
    shortfall_money: int
    to_return: list[str]
    withdrawn: WithdrawnOut
    orders: list[OrderReturnOut]
    unmatched: list[UnmatchedOut]

    @classmethod
    def of(cls, done: Sorted) -> "UnnamedReturnOut":
        """Show what a return was recorded as."""
        return cls(
            refund_money=done.refund_money,
            **points_moved(done.points),
            to_return=[gift for each in done.plans for gift in done.gifts_of(*each)],
            withdrawn=withdrawn_out(*done.withdrawals),
            orders=[OrderReturnOut.of(h.order, plan.returned) for h, plan in done.plans],
            unmatched=[_unmatched(row) for _, row in done.unmatched],
        )


def points_of(order: Order) -> OrderPointsOut:
    """Show the points of an order."""
    figures = order.figures
    value = figures.points_value + order.shipping_points_value
    return OrderPointsOut(spend=order.points, value=value, earn=figures.earn)


def totals_of(order: Order) -> OrderTotalsOut:
    """Show the sums of an order."""
    figures, regular = order.figures, order.shipping_regular
    off_shipping = regular - order.shipping_total - order.shipping_points_value
    return OrderTotalsOut(
        regular=figures.regular + regular,
        discount=figures.discount + off_shipping,
        points_value=figures.points_value + order.shipping_points_value,
        payable=order.payable,
    )


def line_out(line: Line) -> OrderLineOut:
    """Show a line as placed."""
    figures = line.figures
    return OrderLineOut(
        line_id=line.line_id,
        sku=line.sku,
        category=line.category,
        quantity=line.quantity,
        regular=figures.regular,
        discount=figures.discount,
        points=figures.points,
        points_value=figures.points_value,
        total=figures.total,
        tax=figures.tax,
        earn=figures.earn,
    )


def shipped_out(order: Order, shipment: Shipment) -> list[ShippedLineOut]:
    """Show what a shipment carried."""
    names = _names(order)
    return [_part(names, part) for part in carried(order, shipment)]


def _part(names: Mapping[int, str], part: ShippedLine) -> ShippedLineOut:
    figures = part.figures
    return ShippedLineOut(
        names[part.line_no], part.quantity, figures.total, figures.points, figures.earn
    )


def returned_lines(order: Order, returned: Return) -> list[ReturnedLineOut]:
    """Show what came back of each line."""
    names = _names(order)
    return [
        ReturnedLineOut(
            line_id=names[line.line_no],
            quantity=line.quantity,
            refund_money=line.figures.total,
            tax=line.figures.tax,
            points_returned=line.figures.points,
            points_earned=line.figures.earn,
        )
        for line in returned.lines
    ]


def points_moved(points: Reversed) -> dict[str, int]:
    """Show what became of the points of a return."""
    return {
        "points_returned": points.points_returned,
        "points_clawed_back": points.points_clawed_back,
        "shortfall_points": points.shortfall_points,
        "shortfall_money": points.shortfall_money,
    }


def _names(order: Order) -> Mapping[int, str]:
    return {line.line_no: line.line_id for line in order.lines}


def _unmatched(row: ReturnedRow) -> UnmatchedOut:
    return UnmatchedOut(row.sku, row.quantity, row.amount)
