"""What an order's steps tell the world: one event each, with ids, codes and figures.

Pure. Events never carry personal data or the shop's ids, and they only gain fields.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from loyalty.events import Event
from loyalty.ids import show
from loyalty.orders.types import Order, Return, Shipment
from tiers import Decision

PLACED: Final = "order.placed"
PAID: Final = "order.paid"
HELD: Final = "order.hold-extended"
RELEASED: Final = "order.hold-released"
COMPLETED: Final = "order.completed"
CANCELLED: Final = "order.cancelled"
RETURNED: Final = "order.returned"
CHARGED_BACK: Final = "order.charged-back"
CLAIMED: Final = "order.claimed"
DELIVERED: Final = "order.delivered"


def placed_event(one: UUID, order: Order) -> Event:
    """Tell that an order was placed."""
    figures = order.figures
    data = {
        "order": show("ord", order.id),
        "priced_by": order.priced_by.value,
        "currency": order.currency,
        "payable": figures.total + order.shipping_total,
        "points_spent": order.points,
        "points_to_earn": figures.earn,
    }
    return Event(one, order.member, PLACED, order.placed_at, data)


def completed_event(
    one: UUID, order: Order, shipment: Shipment, standing: Decision | None = None
) -> Event:
    """Tell that a shipment was completed, and what that did to the member's tier."""
    activates_at = shipment.activates_at
    data: dict[str, object] = {
        "order": show("ord", order.id),
        "shipment": show("shp", shipment.id),
        "points_earned": shipment.figures.earn,
        "purchases": shipment.purchases,
        "activates_at": activates_at and activates_at.astimezone(UTC),
        **_tier_moved(standing),
    }
    return Event(one, order.member, COMPLETED, shipment.at, data)


def cancelled_event(one: UUID, order: Order, shipment: Shipment, released: int) -> Event:
    """Tell that lines, or all of an order, were cancelled."""
    data = {
        "order": show("ord", order.id),
        "shipment": show("shp", shipment.id),
        "points_released": released,
    }
    return Event(one, order.member, CANCELLED, shipment.at, data)


def returned_event(
    one: UUID,
    member: UUID,
    at: datetime,
    returns: Sequence[tuple[Order, Return]],
    standing: Decision | None = None,
) -> Event:
    """Tell what came back, of one order or of several, and what that did to the tier."""
    data: dict[str, object] = {
        "returns": [
            {
                "order": show("ord", order.id),
                "return": show("ret", returned.id),
                "reason": returned.reason,
                "refund_money": returned.refund_money,
                "points_returned": returned.figures.points + returned.shipping_points,
                "points_to_claw_back": returned.figures.earn,
            }
            for order, returned in returns
        ],
        **_tier_moved(standing),
    }
    return Event(one, member, RETURNED, at, data)


def charged_back_event(
    one: UUID,
    order: Order,
    returned: Return,
    standing: Decision | None = None,
    *,
    locked: bool,
) -> Event:
    """Tell that the buyer's bank took money back."""
    data: dict[str, object] = {
        "order": show("ord", order.id),
        "return": show("ret", returned.id),
        "reason": returned.reason,
        "money": returned.refund_money,
        "points_to_claw_back": returned.figures.earn,
        "wallet_locked": locked,
        **_tier_moved(standing),
    }
    return Event(one, order.member, CHARGED_BACK, returned.at, data)


def claimed_event(
    one: UUID, order: Order, shipments: Sequence[Shipment], at: datetime, standing: Decision | None
) -> Event:
    """Tell that a guest's order became a member's, and what it has earned."""
    data: dict[str, object] = {
        "order": show("ord", order.id),
        "points_earned": sum(shipment.figures.earn for shipment in shipments),
        "purchases": sum(shipment.purchases for shipment in shipments),
        **_tier_moved(standing),
    }
    return Event(one, order.member, CLAIMED, at, data)


def delivered_event(
    one: UUID, order: Order, shipments: Sequence[Shipment], at: datetime, activated: int
) -> Event:
    """Tell that shipments were delivered, and the points that waited for it."""
    data = {
        "order": show("ord", order.id),
        "shipments": [show("shp", shipment.id) for shipment in shipments],
        "points_activated": activated,
    }
    return Event(one, order.member, DELIVERED, at, data)


def moved_event(one: UUID, order: Order, kind: str, at: datetime) -> Event:
    """Tell that an order was paid, or that its hold was extended or released."""
    return Event(one, order.member, kind, at, {"order": show("ord", order.id)})


def _tier_moved(standing: Decision | None) -> Mapping[str, object]:
    """Return the tier before and after a step, if they differ."""
    every = () if standing is None else standing.changes
    changes = [each for each in every if each.before is not None]
    if not changes or changes[0].before == changes[-1].after:
        return {}
    return {"tier": {"before": changes[0].before, "after": changes[-1].after}}
