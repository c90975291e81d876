"""What a reconciliation refuses, by name."""

from loyalty.errors import LoyaltyError


class UnknownReconciliation(LoyaltyError):
    """There is no reconciliation {seen}."""

    code = "unknown-reconciliation"
    seen: int


class UnknownItem(LoyaltyError):
    """Reconciliation {number} has no item {seen}."""

    code = "unknown-reconciliation-item"
    number: int
    seen: int


class ItemCleared(LoyaltyError):
    """This difference was cleared already, as {seen}."""

    code = "item-cleared"
    seen: str


class ItemNotCleared(LoyaltyError):
    """Only a difference that is cleared can be reopened; item {seen} is not."""

    code = "item-not-cleared"
    seen: int


class ReconciliationPeriodUnfit(LoyaltyError):
    """A reconciliation is of days that have begun, the first before the last, not of {seen}."""

    code = "reconciliation-period-unfit"
    seen: str


class ControlRepeated(LoyaltyError):
    """A control list has one row for each order; {seen} has two."""

    code = "control-repeated"
    seen: str
