"""The business keys under which an order's steps stand in the ledger: one spelling for all.

A key names the order and the step, so the same step can never be posted twice, whoever posts it.
"""

from uuid import UUID


def hold_key(order: UUID) -> str:
    """Name the hold of the points that an order spends."""
    return f"order:{order}:hold"


def extend_key(order: UUID, mark: str) -> str:
    """Name a change of a hold's end; `mark` tells one change from the next."""
    return f"order:{order}:extend:{mark}"


def capture_key(order: UUID, shipment: UUID) -> str:
    """Name the taking of the points that a shipment spends."""
    return f"order:{order}:capture:{shipment}"


def release_key(order: UUID, step: UUID) -> str:
    """Name the giving back of points that a step leaves unspent."""
    return f"order:{order}:release:{step}"


def earn_key(order: UUID, shipment: UUID) -> str:
    """Name the points that a shipment earns."""
    return f"order:{order}:earn:{shipment}"


def claw_back_key(order: UUID, returned: UUID, shipment: UUID) -> str:
    """Name the taking back of what a returned part of a shipment had earned."""
    return f"order:{order}:claw-back:{returned}:{shipment}"


def restore_key(order: UUID, returned: UUID, shipment: UUID) -> str:
    """Name the giving back of points that a returned part of a shipment had spent."""
    return f"order:{order}:restore:{returned}:{shipment}"


def lock_key(order: UUID, returned: UUID) -> str:
    """Name the locking of a wallet until a chargeback was reviewed."""
    return f"order:{order}:lock:{returned}"


def unlock_key(order: UUID, returned: UUID) -> str:
    """Name the unlocking of a wallet after a chargeback was reviewed."""
    return f"order:{order}:unlock:{returned}"


def activate_key(order: UUID, shipment: UUID) -> str:
    """Name the activation of what a shipment earned, once it was delivered."""
    return f"order:{order}:activate:{shipment}"


def roll_key(order: UUID, shipment: UUID, schedule: str) -> str:
    """Name what a shipment does to points of a schedule that lapse with inactivity."""
    return f"order:{order}:roll:{shipment}:{schedule}"


def read_earn_key(key: str | None) -> tuple[UUID, UUID] | None:
    """Return the order and the shipment that an earn's key names; None for another kind of key."""
    match (key or "").split(":"):
        case ["order", order, "earn", shipment]:
            return UUID(order), UUID(shipment)
        case _:
            return None
