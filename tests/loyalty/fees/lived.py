"""Charges and refunds as short as they can be said."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from uuid import UUID

from loyalty.fees import (
    Charge,
    ChargeReason,
    End,
    FeeMonth,
    Figures,
    Life,
    Refund,
    RefundKind,
    lives,
    roll,
)

LONG_AFTER = date(2040, 1, 1)


def paid(number: int, starts: date, ends: date, net: int) -> Charge:
    """A first payment of plan `plus`, booked on the first day that it pays for."""
    return Charge(
        id=UUID(int=number),
        membership=UUID(int=1),
        plan="plus",
        reason=ChargeReason.FIRST,
        booked_on=starts,
        at=noon(starts),
        starts=starts,
        ends=ends,
        net=net,
        tax=0,
    )


def late(charge: Charge, day: date) -> Charge:
    """The same, booked on another day."""
    return replace(charge, booked_on=day, at=noon(day))


def back(
    number: int, charge: Charge, day: date, net: int, kind: RefundKind = RefundKind.REFUND
) -> Refund:
    """A refund of a charge."""
    return Refund(
        id=UUID(int=number),
        charge=charge.id,
        booked_on=day,
        at=noon(day),
        net=net,
        tax=0,
        kind=kind,
    )


def over(charge: Charge, day: date, due: int = 0) -> End:
    """The end of a membership in the middle of what a charge has paid."""
    return End(charge=charge.id, booked_on=day, due=due)


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


@dataclass(frozen=True)
class Books:
    """Charges, refunds and ends, and what became of them."""

    charges: Sequence[Charge]
    refunds: Sequence[Refund] = ()
    ends: Sequence[End] = ()

    @property
    def lives(self) -> list[Life]:
        """Every charge from the day it was booked."""
        return list(lives(self.charges, self.refunds, self.ends))

    def by(self, day: date) -> Figures:
        """Everything before a day."""
        return sum((life.by(day) for life in self.lives), start=Figures())

    def months(self, since: date, until: date, through: date = LONG_AFTER) -> list[FeeMonth]:
        """The roll-forward."""
        return roll(self.lives, since=since, until=until, through=through)
