"""A fee as the books see it: what was paid for which days, and what became of it. Pure.

Amounts are whole minor units of the programme's currency, net of tax unless they say tax. Days are
days of the programme's time zone. A charge counts from the day it is booked on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from operator import attrgetter
from typing import Final
from uuid import UUID


class ChargeReason(StrEnum):
    """Why money was taken: `late` buys no days, since the membership had ended."""

    FIRST = "first"
    RENEWAL = "renewal"
    UPGRADE = "upgrade"
    MEND = "mend"
    LATE = "late"


class RefundKind(StrEnum):
    """Why money went back; `reinstated` is what a bank gave back after a dispute was won."""

    REFUND = "refund"
    DISPUTE = "dispute"
    REINSTATED = "reinstated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One paid period: ``[starts, ends)``, at least a day.

    ``net`` is what was invoiced after any credit; ``share`` is what of it belongs to bonus points.
    ``at`` puts charges and refunds of one day in order.
    """

    id: UUID
    membership: UUID
    plan: str
    reason: ChargeReason
    booked_on: date
    at: datetime
    starts: date
    ends: date
    net: int
    tax: int
    share: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money given back of one charge, or, after a dispute that was won, taken again."""

    id: UUID
    charge: UUID
    booked_on: date
    at: datetime
    net: int
    tax: int
    kind: RefundKind = RefundKind.REFUND


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """A membership that ended before a paid period was over.

    ``due`` is what the member gets back of the charge in all, earlier refunds included.
    """

    charge: UUID
    booked_on: date
    due: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What moved: since a fee was billed, or between two days as the difference of the two.

    ``billed - allocated - recognised - refunded - credited`` is what is left of it. Of what was
    ``billed``, ``credit_used`` was not paid in money but with the rest of an earlier period.
    ``refunded`` is the part of refunds that had not been revenue, ``reversed`` the part that had.
    """

    billed: int = 0
    credit_used: int = 0
    allocated: int = 0
    recognised: int = 0
    refunded: int = 0
    reversed: int = 0
    credited: int = 0
    tax: int = 0
    tax_refunded: int = 0

    @property
    def rest(self) -> int:
        """What was billed and is neither revenue, points, credit nor given back: the liability."""
        return self.billed - self.allocated - self.recognised - self.refunded - self.credited

    def __add__(self, other: "Figures") -> "Figures":
        """Both together."""
        return Figures(**{name: getattr(self, name) + getattr(other, name) for name in _NAMES})

    def __sub__(self, other: "Figures") -> "Figures":
        """What moved from there to here."""
        return Figures(**{name: getattr(self, name) - getattr(other, name) for name in _NAMES})


_NAMES: Final = tuple(field.name for field in fields(Figures))

values_of: Final = attrgetter(*_NAMES)
"""The figures as plain numbers in one order: many are summed faster so."""


def figures_of(values: Sequence[int]) -> Figures:
    """Return the figures that such numbers are."""
    return Figures(**dict(zip(_NAMES, values, strict=True)))
