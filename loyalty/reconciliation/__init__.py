"""Orders beside ledger, the shop's list beside orders, whoever bills beside memberships.

A run compares one period and keeps every difference as an item. `docs/reconciliation.md` says what
each kind means; closing a period asks `latest` and `open_items`.
"""

from loyalty.reconciliation.errors import (
    ControlRepeated,
    ItemCleared,
    ItemNotCleared,
    ReconciliationPeriodUnfit,
    UnknownItem,
    UnknownReconciliation,
)
from loyalty.reconciliation.judging import Reopening, judgements_of
from loyalty.reconciliation.reported import take_movements, take_payouts
from loyalty.reconciliation.running import reconcile
from loyalty.reconciliation.store import (
    clear_item,
    find_item,
    find_reconciliation,
    latest,
    list_items,
    list_reconciliations,
    open_items,
    reopen_item,
)
from loyalty.reconciliation.types import (
    Clearing,
    ClearingReason,
    ControlRow,
    FeeStep,
    Item,
    ItemKind,
    Leg,
    Movement,
    Payout,
    Reconciliation,
    ReopeningReason,
    TakenIn,
    Tolerance,
    Totals,
)

__all__ = [
    "Clearing",
    "ClearingReason",
    "ControlRepeated",
    "ControlRow",
    "FeeStep",
    "Item",
    "ItemCleared",
    "ItemKind",
    "ItemNotCleared",
    "Leg",
    "Movement",
    "Payout",
    "Reconciliation",
    "ReconciliationPeriodUnfit",
    "Reopening",
    "ReopeningReason",
    "TakenIn",
    "Tolerance",
    "Totals",
    "UnknownItem",
    "UnknownReconciliation",
    "clear_item",
    "find_item",
    "find_reconciliation",
    "judgements_of",
    "latest",
    "list_items",
    "list_reconciliations",
    "open_items",
    "reconcile",
    "reopen_item",
    "take_movements",
    "take_payouts",
]
