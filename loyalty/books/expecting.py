"""How much of a cohort finance expects to be redeemed, and which signature says so.

Pure. An estimate never changes; a later one takes its place from its own day on. One for a single
cohort goes before one for all cohorts of a class, and without any every point is expected.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Final

from ledger import LotClass
from loyalty.books.allocation import ALL, half_up

WHOLE: Final = 10_000
"""A hundred per cent, in hundredths of a per cent."""


class Method(StrEnum):
    """How an estimate was found."""

    HISTORY = "history"
    """From what earlier cohorts had redeemed at the same age."""
    COHORT_CURVE = "cohort-curve"
    """From a curve fitted to the redemption of earlier cohorts."""
    PEERS = "peers"
    """From programmes like this one."""
    JUDGEMENT = "judgement"
    """From what people who know say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What finance signed: of one cohort, or of all of a class (``issued_in`` is None).

    Either ``hundredths`` of a per cent of what was issued, or a number of ``points`` in all.
    ``issued`` and ``redeemed`` are what stood in the books when it was signed.
    """

    version: int
    lot_class: LotClass
    issued_in: date | None
    method: Method
    reason: str
    effective_on: date
    hundredths: int | None
    points: int | None
    issued: int
    redeemed: int
    signed_at: datetime
    signed_by: str
    request_id: str

    @property
    def share(self) -> Fraction:
        """What part of the points it expects to be redeemed."""
        if self.points is not None:
            return Fraction(self.points, max(self.issued, self.points, 1))
        return Fraction(WHOLE if self.hundredths is None else self.hundredths, WHOLE)

    def concerns(self, lot_class: LotClass, issued_in: date) -> bool:
        """Return whether it speaks of a cohort."""
        return self.lot_class is lot_class and self.issued_in in (None, issued_in)

    def of(self, granted: int) -> int:
        """Return the points expected to be redeemed of so many granted and not taken back."""
        if self.points is not None:
            return min(self.points, granted)
        return half_up(granted * self.share.numerator, self.share.denominator)


def estimate_for(
    estimates: Iterable[Estimate], lot_class: LotClass, issued_in: date, on: date
) -> Estimate | None:
    """Return the estimate that binds a cohort on a day: its own before its class's, then latest."""
    binding = [
        one for one in estimates if one.effective_on <= on and one.concerns(lot_class, issued_in)
    ]
    return max(binding, key=_rank, default=None)


def expected_share(estimates: Sequence[Estimate], lot_class: LotClass, on: date) -> Fraction:
    """Return what part of the points granted on a day is expected to be redeemed."""
    if not estimates:
        return ALL
    found = estimate_for(estimates, lot_class, on.replace(day=1), on)
    return ALL if found is None else found.share


def _rank(estimate: Estimate) -> tuple[bool, date, int]:
    return estimate.issued_in is not None, estimate.effective_on, estimate.version
