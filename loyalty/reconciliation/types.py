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
    BILLER_FEES = "biller-fees"
    """Money: what the one who bills has reported, and the memberships' charges and refunds."""
    PAYOUTS_MOVEMENTS = "payouts-movements"
    """Money: what was paid out to the bank, and the movements that it was made of."""


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
    MISSING_IN_MEMBERSHIPS = "missing-in-memberships"
    MISSING_AT_BILLER = "missing-at-biller"
    CURRENCY_DIFFERS = "currency-differs"
    MISSING_IN_MOVEMENTS = "missing-in-movements"


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


class FeeStep(StrEnum):
    """What a movement at the one who bills does to a fee."""

    BILLED = "billed"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    REINSTATED = "reinstated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One line of the report of whoever bills; ``fee`` is none of what is not about a fee.

    ``certain`` is false where only a charge of ours can tell whether it is about a fee.
    ``amount`` is what the member paid or got back, with tax, positive for what its step says, and
    ``tax`` the part of it, where the report knows; ``settled`` is what the balance moved by.
    """

    id: str
    category: str
    fee: tuple[FeeStep, str] | None
    certain: bool
    amount: int
    tax: int | None
    currency: str
    settled: int
    settled_in: str
    at: datetime
    payout: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """Money that left for the bank account, or came back from it, below zero."""

    id: str
    payout: str
    amount: int
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenIn:
    """What became of lines that were handed in: ``differing`` are the ids known otherwise."""

    new: int
    known: int
    differing: frozenset[str] = frozenset()


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

    Left is the record that is checked (orders, the shop, whoever bills, payouts), right the other
    (ledger, orders, memberships, movements).
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
    def reference(self) -> str | None:
        """What whoever bills calls it: an invoice, a refund, a dispute or a payout."""
        kind, *rest = self.key.split(":", 3 if self.leg is Leg.BILLER_FEES else 2)
        return rest[-1] if kind in {"fee", "payout"} else None

    @property
    def open(self) -> bool:
        """Whether somebody has to look at it."""
        return self.clearing is None and self.kind is not EXPLAINED
