"""When a fee becomes revenue: day by day over its paid period, cumulatively. Pure.

What of a fee is revenue by a day is ``what is deferred x days gone / days in all``, rounded half
up; a period's figure is the difference of two such days, so nothing is lost or counted twice. Days
count once they are paid for: a period that was paid late is caught up on the day it is booked, and
trial and grace, which nobody paid, are no days of any charge. What was taken for a membership that
had ended buys no days: it is owed until it is given back.

A refund takes first what is not revenue yet, on the morning of its day; only what it is more than
that takes revenue back. An upgrade ends what the same membership paid before: the rest becomes
credit, which is part of what the new period is worth. What is left after a refund goes on over the
days that remain.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

from loyalty.books.allocation import half_up
from loyalty.fees.types import Charge, ChargeReason, Figures, Refund, RefundKind

NOTHING: Final = Figures()

_Moment = tuple[date, datetime, int, UUID]


@dataclass(frozen=True, slots=True)
class _Run:
    """Days over which one amount becomes revenue, on top of what was revenue before.

    It counts from the day ``booked_on``; ``moved`` is all that moved beside recognition.
    """

    booked_on: date
    starts: date
    amount: int
    before: int
    moved: Figures


@dataclass(slots=True)
class Life:
    """One charge from the day it was booked: every figure as of the morning of any day."""

    charge: Charge
    runs: list[_Run] = field(default_factory=list)

    def by(self, day: date) -> Figures:
        """Return what moved before a day, since the fee was billed."""
        found = None
        for run in self.runs:
            if run.booked_on >= day:
                break
            found = run
        if found is None:
            return NOTHING
        return replace(found.moved, recognised=self._recognised(found, day))

    @property
    def done_by(self) -> date:
        """The first morning from which no day and nothing that happened moves anything."""
        return max(self.charge.ends, self.runs[-1].booked_on + timedelta(days=1))

    def begin(self, credit: int) -> None:
        """Bill the fee: what was invoiced, and what of an earlier period went into it."""
        charge = self.charge
        billed = Figures(
            billed=charge.net + credit,
            credit_used=credit,
            allocated=charge.share,
            tax=charge.tax,
        )
        self.runs.append(_Run(charge.booked_on, charge.starts, billed.rest, 0, billed))

    def refund(self, refund: Refund, day: date) -> None:
        """Take a refund off what is not revenue yet, and the rest of it off revenue."""
        if refund.kind is RefundKind.REINSTATED:
            self._reinstate(refund, day)
            return
        rest = self._rest(day)
        taken = min(rest, refund.net)
        self._go_on(
            day,
            Figures(refunded=taken, reversed=refund.net - taken, tax_refunded=refund.tax),
            rest - taken,
        )

    def end_by_credit(self, day: date) -> int:
        """Turn what is not revenue yet into credit, and return how much that is."""
        rest = self._rest(day)
        if rest:
            self._go_on(day, Figures(credited=rest), 0)
        return rest

    def _reinstate(self, refund: Refund, day: date) -> None:
        """Undo a dispute: revenue that it took back first, and the rest for the days to come."""
        revenue = min(self.runs[-1].moved.reversed, refund.net)
        given = refund.net - revenue
        self._go_on(
            day,
            Figures(refunded=-given, reversed=-revenue, tax_refunded=-refund.tax),
            self._rest(day) + given,
        )

    def _rest(self, day: date) -> int:
        run = self.runs[-1]
        return run.before + run.amount - self._recognised(run, day)

    def _recognised(self, run: _Run, day: date) -> int:
        """Return what is revenue by the morning of a day, since the fee was billed."""
        if self.charge.reason is ChargeReason.LATE:
            return 0
        days = (self.charge.ends - run.starts).days
        if days <= 0:
            return run.before + run.amount
        gone = min(max((day - run.starts).days, 0), days)
        return run.before + half_up(run.amount * gone, days)

    def _go_on(self, day: date, moved: Figures, rest: int) -> None:
        run = self.runs[-1]
        before = self._recognised(run, day)
        self.runs.append(_Run(day, max(day, run.starts), rest, before, run.moved + moved))


def lives(charges: Iterable[Charge], refunds: Iterable[Refund]) -> Iterator[Life]:
    """Yield every charge with what became of it; refunds are of charges that are given.

    Charges of one membership are lived together, since an upgrade ends those before it.
    """
    of_charge: dict[UUID, list[Refund]] = {}
    for refund in refunds:
        of_charge.setdefault(refund.charge, []).append(refund)
    ordered = sorted(charges, key=lambda one: (one.membership, _when(one)))
    for _, together in groupby(ordered, key=lambda one: one.membership):
        yield from _of_membership(list(together), of_charge)


def _of_membership(
    charges: Sequence[Charge], of_charge: Mapping[UUID, Sequence[Refund]]
) -> Iterator[Life]:
    happened: list[tuple[_Moment, Charge, Refund | None]] = []
    for charge in charges:
        begun = _when(charge)
        happened.append((begun, charge, None))
        for one in of_charge.get(charge.id, ()):
            when = max(begun[:2], (one.booked_on, one.at))
            happened.append(((*when, begun[2] + 1, one.id), charge, one))
    lived: dict[UUID, Life] = {}
    for (day, *_), charge, refund in sorted(happened, key=lambda one: one[0]):
        if refund is not None:
            lived[charge.id].refund(refund, day)
            continue
        credit = 0
        if charge.reason is ChargeReason.UPGRADE:
            credit = sum(life.end_by_credit(day) for life in lived.values())
        lived[charge.id] = Life(charge)
        lived[charge.id].begin(credit)
    yield from lived.values()


def _when(charge: Charge) -> _Moment:
    """Refunds come after their charge, and before an upgrade of the same instant."""
    return charge.booked_on, charge.at, 2 * (charge.reason is ChargeReason.UPGRADE), charge.id
