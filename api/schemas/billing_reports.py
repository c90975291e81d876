"""Shapes of reports of whoever bills: the text of the file, and what came of it."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from loyalty.history.billing import Report
from loyalty.reconciliation import TakenIn

MOST_LETTERS = 8_000_000


class BillingReportBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A report with its header: of what moved, or of what Stripe paid out to the bank."""

    kind: Literal["movements", "payouts"]
    report: Annotated[
        str, Meta(min_length=1, max_length=MOST_LETTERS, description="The CSV file as text.")
    ]
    adapter: Literal["stripe", "external"] = "stripe"

    def given(self) -> Report:
        """Return the report that is taken in."""
        return Report(self.kind, self.adapter, self.report)


class BillingReportOut(Struct, frozen=True):
    """How many lines are new, and how many were known and say the same."""

    new: int
    known: int

    @classmethod
    def of(cls, taken: TakenIn) -> "BillingReportOut":
        """Show what came of a report."""
        return cls(taken.new, taken.known)
