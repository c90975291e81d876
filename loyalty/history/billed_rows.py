"""Rows of the reports of whoever bills: their columns, and what each row says.

The columns are those of Stripe's itemised reports; a shop that bills by other means reports in the
same form.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from babel.numbers import is_currency

from loyalty.history.amounts import NotAnAmount, minor_units
from loyalty.history.columns import ColumnsUnusable
from loyalty.history.sheets import Cells, Columns, FaultError, Sheet
from loyalty.money import digits
from loyalty.reconciliation import FeeStep, Movement, Payout

Adapter = Literal["stripe", "external"]

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,99}")
_CATEGORY: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_PASSED: Final = (
    *("automatic_payout_effective_at", "available_on", "card_", "charge_", "connected_account"),
    *("country", "customer_", "description", "destination_payment", "dispute_", "invoice_number"),
    *("is_link", "order_id", "payment_", "payout_", "refund_metadata", "regulatory_tag"),
    *("seller_message", "shipping_", "statement_", "trace_id", "transfer_"),
)
"""How columns of Stripe's reports begin that nobody needs; what is personal stays in the file."""

MOVEMENTS: Final = Columns(
    "movements",
    ("balance_transaction_id", "reporting_category", "source_id", "currency", "gross"),
    (
        *("created_utc", "created", "fee", "net", "tax", "invoice_id", "subscription_id"),
        *("customer_facing_amount", "customer_facing_currency", "automatic_payout_id"),
    ),
    passed=_PASSED,
)
PAYOUTS: Final = Columns(
    "payouts",
    ("payout_id", "balance_transaction_id", "currency", "gross"),
    ("effective_at_utc", "effective_at", "reporting_category", "fee", "net"),
    passed=_PASSED,
)
CREATED: Final = "created"
EFFECTIVE: Final = "effective_at"

STEPS: Final[Mapping[str, tuple[FeeStep, int]]] = {
    "charge": (FeeStep.BILLED, 1),
    "charge_failure": (FeeStep.BILLED, -1),
    "partial_capture_reversal": (FeeStep.BILLED, -1),
    "refund": (FeeStep.REFUNDED, 1),
    "refund_failure": (FeeStep.REINSTATED, 1),
    "dispute": (FeeStep.DISPUTED, 1),
    "dispute_reversal": (FeeStep.REINSTATED, 1),
}
"""What Stripe's reporting categories do to a fee; every other one is about no fee."""
_GIVEN_BACK: Final = {"dispute_reversal": "/won", "refund_failure": "/failed"}
"""What we add to Stripe's id of a dispute or a refund when its money comes back."""
_WAYS: Final[Mapping[str, int]] = {"": 1, "payout": 1, "payout_reversal": -1}


def demand_instant(sheet: Sheet, column: str) -> None:
    """Refuse a file that does not say when, in UTC or in the programme's zone."""
    if not {column, f"{column}_utc"} & set(sheet.place):
        raise ColumnsUnusable(columns=f"{column}_utc", problem=f"is missing (or {column})")


def read_movement(cells: Cells, adapter: Adapter, zone: ZoneInfo) -> Movement:
    """Read a row, or raise `FaultError`."""
    category = cells.wanted("reporting_category", "a category")
    if _CATEGORY.fullmatch(category) is None:
        raise FaultError("reporting_category", f"expected a code, found {category!r}")
    settled_in = _currency(cells, "currency")
    settled = _settled(cells, settled_in)
    step, way = STEPS.get(category, (None, 1))
    fee, certain = None, False
    if step is not None:
        fee, certain = _fee(cells, adapter, category, step)
    amount, currency = abs(_money(cells, "gross", settled_in)), settled_in
    if cells.text("customer_facing_amount"):
        currency = _currency(cells, "customer_facing_currency")
        amount = abs(_money(cells, "customer_facing_amount", currency))
    tax = abs(_money(cells, "tax", currency)) if cells.text("tax") else None
    if tax is not None and tax > amount:
        raise FaultError("tax", "expected no more than the amount")
    return Movement(
        id=_id(cells, "balance_transaction_id"),
        category=category,
        fee=fee,
        certain=certain,
        amount=way * amount,
        tax=None if tax is None else way * tax,
        currency=currency,
        settled=settled,
        settled_in=settled_in,
        at=_instant(cells, CREATED, zone),
        payout=_id(cells, "automatic_payout_id") if cells.text("automatic_payout_id") else None,
    )


def read_payout(cells: Cells, zone: ZoneInfo) -> Payout:
    """Read a row, or raise `FaultError`: its sign follows from its category."""
    category = cells.text("reporting_category")
    if category not in _WAYS:
        found = f"expected payout or payout_reversal, found {category!r}"
        raise FaultError("reporting_category", found)
    currency = _currency(cells, "currency")
    return Payout(
        id=_id(cells, "balance_transaction_id"),
        payout=_id(cells, "payout_id"),
        amount=_WAYS[category] * abs(_money(cells, "gross", currency)),
        currency=currency,
        at=_instant(cells, EFFECTIVE, zone),
    )


def _fee(
    cells: Cells, adapter: Adapter, category: str, step: FeeStep
) -> tuple[tuple[FeeStep, str] | None, bool]:
    """Return which fee it is about, by the reference that we have, and whether that is certain."""
    source = _id(cells, "source_id")
    if adapter == "external":
        return (step, source), True
    invoice = _id(cells, "invoice_id") if cells.text("invoice_id") else None
    certain = invoice is not None
    if "subscription_id" in cells.texts:
        certain = certain and bool(cells.text("subscription_id"))
    if step is FeeStep.BILLED:
        return (None if invoice is None else (step, invoice)), certain
    return (step, source + _GIVEN_BACK.get(category, "")), certain


def _settled(cells: Cells, currency: str) -> int:
    """Return what the balance moved by: after the fee of whoever bills."""
    if cells.text("net"):
        return _money(cells, "net", currency)
    fee = _money(cells, "fee", currency) if cells.text("fee") else 0
    return _money(cells, "gross", currency) - fee


def _instant(cells: Cells, column: str, zone: ZoneInfo) -> datetime:
    at = cells.instant(f"{column}_utc", UTC) or cells.instant(column, zone)
    if at is None:
        raise FaultError(f"{column}_utc", "expected a time, found nothing")
    return at


def _id(cells: Cells, column: str) -> str:
    found = cells.wanted(column, "an id")
    if _ID.fullmatch(found) is None:
        raise FaultError(column, f"expected an id, found {found!r}")
    return found


def _currency(cells: Cells, column: str) -> str:
    found = cells.wanted(column, "a currency")
    code = found.upper()
    if not is_currency(code):
        raise FaultError(column, f"expected an ISO 4217 code such as USD, found {found!r}")
    return code


def _money(cells: Cells, column: str, currency: str) -> int:
    """Read a decimal in major units."""
    found = cells.wanted(column, "an amount")
    try:
        return minor_units(found, digits(currency))
    except NotAnAmount:
        expected = f"expected an amount in {currency} such as -12.50"
        raise FaultError(column, f"{expected}, found {found!r}") from None
