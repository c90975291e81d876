"""Membership fees on the company's accounts: what each movement is booked from and to. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from loyalty.exports.maps import FeeAccounts
from loyalty.fees.rolling import FeeMonth


@dataclass(frozen=True, slots=True)
class FeeMoved:
    """What one reason moved the fees of one plan by, in a month: minor units."""

    month: date
    plan: str
    reason: str
    amount: int

    @property
    def kind(self) -> str:
        """What kind of entry it makes."""
        return f"fee-{self.reason}"

    @property
    def of(self) -> str:
        """The plan that it is about."""
        return self.plan

    @property
    def lot_class(self) -> None:
        """Fees are no points."""


def movements(month: FeeMonth) -> Iterator[FeeMoved]:
    """Yield what moved in a month of the roll-forward, reason by reason."""
    moved = month.moved
    for reason, amount in (
        ("billed", moved.billed - moved.credit_used),
        ("credit-used", moved.credit_used),
        ("tax", moved.tax),
        ("allocated", moved.allocated),
        ("recognised", moved.recognised),
        ("refunded", moved.refunded),
        ("reversed", moved.reversed),
        ("tax-refunded", moved.tax_refunded),
        ("credited", moved.credited),
    ):
        if amount:
            yield FeeMoved(month.month, month.plan, reason, amount)


def sides(accounts: FeeAccounts, points: str, reason: str) -> tuple[str, str]:
    """Return the accounts that a reason debits and credits; `points` is what points defer from."""
    return {
        "billed": (accounts.clearing, accounts.liability),
        "credit-used": (accounts.credit, accounts.liability),
        "tax": (accounts.clearing, accounts.tax),
        "allocated": (accounts.liability, points),
        "recognised": (accounts.liability, accounts.revenue),
        "refunded": (accounts.liability, accounts.clearing),
        "reversed": (accounts.revenue, accounts.clearing),
        "tax-refunded": (accounts.tax, accounts.clearing),
        "credited": (accounts.liability, accounts.credit),
    }[reason]
