"""Orders as rows: one spelling for the API, which inserts them, and for history, which copies.

Pure. A row is a tuple in the order of its table's column names below; who recorded it and in which
request is added by the writer, which knows.
"""

from typing import Final
from uuid import UUID

from loyalty.orders.figures import Figures
from loyalty.orders.types import Order, OrderState, Return, Shipment

Row = tuple[object, ...]

FIGURES: Final = ("regular", "total", "tax", "points", "points_value", "basis", "earn")
ORDER: Final = (
    *("member", "id", "guest", "priced_by", "state", "placed_at", "placed_on", "currency"),
    *("channel", "country", "prices_include_tax", "shipping_method", "shipping_regular"),
    *("shipping_total", "shipping_points", "shipping_points_value", "rule_set", "policy"),
    *("tier", "plan", "hold_until", "paid_at", *FIGURES),
)
ORDER_LINE: Final = (
    *("member", "order_id", "line_no", "line_id", "sku", "category", "quantity", "qualifies"),
    *FIGURES,
)
#: Of lines that have a brand or tags.
MARKED_LINE: Final = (*ORDER_LINE, "brand", "tags")
SHIPMENT: Final = (
    *("member", "order_id", "id", "name", "kind", "at", "on", "whole", "purchases"),
    *("shipping_points", "activates_at", "expires_at", "asked", *FIGURES),
)
SHIPMENT_LINE: Final = (
    *("member", "order_id", "shipment", "line_no", "quantity", "by_amount", *FIGURES),
)
RETURN: Final = (
    *("member", "order_id", "id", "name", "at", "on", "reason", "matched", "shipping"),
    *("shipping_points", "asked", "kind", *FIGURES),
)
RETURN_LINE: Final = (
    *("member", "order_id", "return_id", "line_no", "quantity", "refunded", *FIGURES),
)
UNMATCHED_RETURN: Final = (
    *("member", "id", "line_no", "name", "at", "on", "reason", "sku", "quantity", "amount"),
    "asked",
)
ORDER_RULE: Final = ("member", "order_id", "rule", "version", "placed_on", "money", "points")
DECISION: Final = ("member", "order_id", "rule_set", "revision", "facts", "document")


def order_row(order: Order, state: OrderState) -> Row:
    """Return the row of an order."""
    return (
        order.member,
        order.id,
        order.guest,
        order.priced_by.value,
        state.value,
        order.placed_at,
        order.placed_on,
        order.currency,
        order.channel,
        order.country,
        order.prices_include_tax,
        order.shipping_method,
        order.shipping_regular,
        order.shipping_total,
        order.shipping_points,
        order.shipping_points_value,
        order.rule_set,
        order.policy,
        order.tier,
        order.plan,
        order.hold_until,
        order.paid_at,
        *figures_row(order.figures),
    )


def line_rows(order: Order) -> list[Row]:
    """Return the rows of an order's lines, with their brands and tags."""
    return [
        (
            order.member,
            order.id,
            line.line_no,
            line.line_id,
            line.sku,
            line.category,
            line.quantity,
            line.qualifies,
            *figures_row(line.figures),
            line.brand or None,
            list(line.tags) or None,
        )
        for line in order.lines
    ]


def shipment_row(member: UUID, order: UUID, shipment: Shipment) -> Row:
    """Return the row of a shipment, completed or cancelled."""
    return (
        member,
        order,
        shipment.id,
        shipment.name,
        shipment.kind.value,
        shipment.at,
        shipment.on,
        shipment.whole,
        shipment.purchases,
        shipment.shipping_points,
        shipment.activates_at,
        shipment.expires_at,
        shipment.asked,
        *figures_row(shipment.figures),
    )


def shipment_line_rows(member: UUID, order: UUID, shipment: Shipment) -> list[Row]:
    """Return the rows of what a shipment carried; a whole one has none."""
    return [
        (
            member,
            order,
            shipment.id,
            line.line_no,
            line.quantity,
            line.by_amount,
            *figures_row(line.figures),
        )
        for line in shipment.lines
    ]


def return_row(member: UUID, order: UUID, returned: Return) -> Row:
    """Return the row of a return."""
    return (
        member,
        order,
        returned.id,
        returned.name,
        returned.at,
        returned.on,
        returned.reason,
        returned.matched,
        returned.shipping,
        returned.shipping_points,
        returned.asked,
        returned.kind.value,
        *figures_row(returned.figures),
    )


def return_line_rows(member: UUID, order: UUID, returned: Return) -> list[Row]:
    """Return the rows of what a return took back."""
    return [
        (
            member,
            order,
            returned.id,
            line.line_no,
            line.quantity,
            line.refunded,
            *figures_row(line.figures),
        )
        for line in returned.lines
    ]


def exchange_row(order: Order, returned: Return, replacement: UUID) -> Row:
    """Return the row of a return that was made together with a new order."""
    return (order.member, order.id, returned.id, replacement)


def figures_row(figures: Figures) -> Row:
    """Return figures in the order in which every row carries them."""
    return (
        figures.regular,
        figures.total,
        figures.tax,
        figures.points,
        figures.points_value,
        figures.basis,
        figures.earn,
    )
