"""What an order's steps post to the ledger: one spelling for the API and for history. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from ledger import ClawBack, Earn, Posting, Shortfall
from loyalty.cause import Cause
from loyalty.orders.keys import claw_back_key, earn_key
from loyalty.orders.returns import ReturnPlan
from loyalty.orders.types import Shipment
from loyalty.policy import Policy


def claw_backs(
    holder: UUID,
    order: UUID,
    back: ReturnPlan,
    *,
    policy: Policy,
    cause: Cause,
    mint: Callable[[datetime], UUID],
) -> list[Posting]:
    """Return the postings that take back what the returned part had earned."""
    returned = back.returned
    return [
        ClawBack(
            holder=holder,
            key=claw_back_key(order, returned.id, part.shipment),
            journal=mint(returned.at),
            effective_at=returned.at,
            actor=cause.actor,
            request_id=cause.request_id,
            reason=returned.reason,
            of=earn_key(order, part.shipment),
            amount=part.earn,
            shortfall=Shortfall(policy.shortfall),
        )
        for part in back.taken
        if part.earn
    ]


def earning(
    holder: UUID,
    order: UUID,
    shipment: Shipment,
    labels: Mapping[str, str],
    *,
    cause: Cause,
    mint: Callable[[datetime], UUID],
) -> Earn:
    """Return the posting of what a shipment earns."""
    return Earn(
        holder=holder,
        key=earn_key(order, shipment.id),
        journal=mint(shipment.at),
        effective_at=shipment.at,
        actor=cause.actor,
        request_id=cause.request_id,
        reason="order",
        labels=labels,
        amount=shipment.figures.earn,
        lot=mint(shipment.at),
        source="order",
        activates_at=shipment.activates_at,
        expires_at=shipment.expires_at,
    )
