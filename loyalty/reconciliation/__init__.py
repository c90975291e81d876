"""Orders beside ledger, and the shop's list beside orders: what differs, and who explained it.

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
    Item,
    ItemKind,
    Leg,
    Reconciliation,
    ReopeningReason,
    Tolerance,
    Totals,
)

__all__ = [
    "Clearing",
    "ClearingReason",
    "ControlRepeated",
    "ControlRow",
    "Item",
    "ItemCleared",
    "ItemKind",
    "ItemNotCleared",
    "Leg",
    "Reconciliation",
    "ReconciliationPeriodUnfit",
    "ReopeningReason",
    "Tolerance",
    "Totals",
    "UnknownItem",
    "UnknownReconciliation",
    "clear_item",
    "find_item",
    "find_reconciliation",
    "latest",
    "list_items",
    "list_reconciliations",
    "open_items",
    "reconcile",
    "reopen_item",
]
