"""What a reconciliation compares and what it finds. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID


class Leg(StrEnum):
    """Two records of the same events that are compared."""

    ORDERS_LEDGER = "orders-ledger"
    """Points: what the orders' steps say, and what the ledger posted under their keys."""
    SHOP_ORDERS = "shop-orders"
    """Money: what the shop's own list says, and what it reported to us."""


class ItemKind(StrEnum):
    """Why two records differ."""

    MISSING_IN_LEDGER = "missing-in-ledger"
    MISSING_IN_ORDERS = "missing-in-orders"
    AMOUNT_DIFFERS = "amount-differs"
    TIMING = "timing"
    MISSING_IN_PROGRAMME = "missing-in-programme"
    MISSING_AT_SHOP = "missing-at-shop"
    MONEY_DIFFERS = "money-differs"
    STATUS_DIFFERS = "status-differs"


class ClearingReason(StrEnum):
    """Why a difference may stand."""

    TIMING = "timing"
    CORRECTED_BY_SHOP = "corrected-by-shop"
    CORRECTED_HERE = "corrected-here"
    KNOWN_DIFFERENCE = "known-difference"
    ACCEPTED = "accepted"


class ReopeningReason(StrEnum):
    """Why an explanation does not hold."""

    MISTAKE = "mistake"
    """Another difference was meant."""
    DISPROVED = "disproved"
    """What was said of it turned out to be wrong."""
    AUDIT = "audit"
    """An auditor asks for more."""


EXPLAINED: Final = ItemKind.TIMING
"""Both sides agree and only the months differ: such an item is named, and nobody need clear it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far two figures may be apart and still agree."""

    points: int = 0
    money: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRow:
    """One order as the shop's own list has it, for the period: goods in minor units.

    ``order`` is the shop's id; ``completed`` is what was shipped and ``returned`` what came back,
    after discounts and points, without shipping; ``status`` is none when the list does not say.
    """

    order: str
    completed: int
    returned: int = 0
    status: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Both sides of one step, summed over the period."""

    left: int
    right: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """One run: what was compared, how much agreed, and how many items are still open."""

    number: int
    leg: Leg
    since: date
    until: date
    tolerance: int
    compared: int
    agreed: int
    within_tolerance: int
    items: int
    open_items: int
    totals: Mapping[str, Totals]
    run_at: datetime
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearing:
    """Who explained a difference, when, why, and where the explanation is kept."""

    reason: ClearingReason
    reference: str | None
    cleared_at: datetime
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One difference; ``order_name`` is the shop's id of an order that we do not know.

    Left is the record that is checked (orders, or the shop), right the other (ledger, or orders).
    """

    reconciliation: int
    position: int
    leg: Leg
    kind: ItemKind
    member: UUID | None
    order: UUID | None
    order_name: str | None
    step: str
    key: str
    left_amount: int | None
    right_amount: int | None
    left_state: str | None
    right_state: str | None
    left_on: date | None
    right_on: date | None
    difference: str
    clearing: Clearing | None

    @property
    def open(self) -> bool:
        """Whether somebody has to look at it."""
        return self.clearing is None and self.kind is not EXPLAINED
