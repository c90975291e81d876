"""When a fee becomes revenue: day by day over its paid period, cumulatively. Pure.

What of a fee is revenue by a day is ``what is deferred x days gone / days in all``, rounded half
up; a period's figure is the difference of two such days, so nothing is lost or counted twice. Days
count once they are paid for: a period that was paid late is caught up on the day it is booked, and
trial and grace, which nobody paid, are no days of any charge. What was taken for a membership that
had ended buys no days: it is owed until it is given back.

A refund takes first what is not revenue yet, on the morning of its day; only what it is more than
that takes revenue back. An upgrade ends what the same membership paid before: the rest becomes
credit, which is part of what the new period is worth; a refund of the earlier charge takes what is
left of that credit before it takes revenue. What is left after a refund goes on over the days that
remain, until the membership ends: then nothing stands behind it any more, and on the
evening of that day it is revenue, but for what is owed to the member; where more is owed than is
left, that day takes the revenue back, and not the day on which the money goes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain, groupby
from typing import Final
from uuid import UUID

from loyalty.books.allocation import half_up
from loyalty.fees.types import Charge, ChargeReason, End, Figures, Refund, RefundKind

NOTHING: Final = Figures()
_EVENING: Final = datetime.max.replace(tzinfo=UTC)

_Moment = tuple[date, datetime, int, UUID]


@dataclass(frozen=True, slots=True)
class _Run:
    """Days over which one amount becomes revenue, on top of what was revenue before.

    It counts from the day ``booked_on``; ``moved`` is all that moved beside recognition. ``owed``
    never becomes revenue, and ``given`` is what refunds have given back of it.
    """

    booked_on: date
    starts: date
    ends: date
    amount: int
    before: int
    moved: Figures
    owed: int = 0
    given: int = 0

    def recognised(self, day: date) -> int:
        """Return what is revenue by the morning of a day, since the fee was billed."""
        days = (self.ends - self.starts).days
        if days <= 0:
            return self.before + self.amount
        gone = min(max((day - self.starts).days, 0), days)
        return self.before + half_up(self.amount * gone, days)

    def rest(self, day: date) -> int:
        """Return what is not revenue yet on that morning, and is not owed."""
        return self.before + self.amount - self.recognised(day)


@dataclass(slots=True)
class Life:
    """One charge from the day it was booked: every figure as of the morning of any day."""

    charge: Charge
    runs: list[_Run] = field(default_factory=list)
    heir: "Life | None" = None
    """The upgrade that took over what was left."""

    def by(self, day: date) -> Figures:
        """Return what moved before a day, since the fee was billed."""
        found = None
        for run in self.runs:
            if run.booked_on >= day:
                break
            found = run
        return NOTHING if found is None else replace(found.moved, recognised=found.recognised(day))

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
        owed = billed.rest if charge.reason is ChargeReason.LATE else 0
        run = _Run(charge.booked_on, charge.starts, charge.ends, billed.rest - owed, 0, billed)
        self.runs.append(replace(run, owed=owed))

    def refund(self, refund: Refund, day: date) -> None:
        """Take a refund off what is owed and not revenue yet, and the rest of it off revenue."""
        if refund.kind is RefundKind.REINSTATED:
            self._reinstate(refund, day)
            return
        owed = min(self.runs[-1].owed, refund.net)
        self._take_credit_back(refund.net - owed, day)
        rest = self.runs[-1].rest(day)
        taken = owed + min(rest, refund.net - owed)
        moved = Figures(refunded=taken, reversed=refund.net - taken, tax_refunded=refund.tax)
        self._go_on(day, moved, rest - (taken - owed))
        self._owe(-owed)

    def end_by_credit(self, day: date, heir: "Life") -> int:
        """Turn what is not revenue yet into credit for an upgrade, and return how much that is."""
        rest = self.runs[-1].rest(day)
        if rest:
            self._go_on(day, Figures(credited=rest), 0)
            self.heir = heir
        return rest

    def end(self, end: End, day: date) -> None:
        """Make revenue of what is left, but for what is owed, which may take revenue back."""
        moved = self.runs[-1].moved
        owed = max(end.due - moved.refunded - moved.reversed, 0)
        self._take_credit_back(owed, day)
        self._go_on(day, NOTHING, self.runs[-1].rest(day) - owed)
        self.runs[-1] = replace(self.runs[-1], ends=day, owed=self.runs[-1].owed + owed)

    def _take_credit_back(self, wanted: int, day: date) -> None:
        """Let the upgrade give back what it holds of this charge, as far as that is wanted here."""
        rest = self.runs[-1].rest(day)
        missing = min(wanted - rest, self.runs[-1].moved.credited)
        if self.heir is None or missing <= 0:
            return
        given = self.heir.give_credit_back(missing, day)
        self._go_on(day, Figures(credited=-given), rest + given)

    def give_credit_back(self, wanted: int, day: date) -> int:
        """Return what of its credit is not revenue yet, as far as it is wanted."""
        self._take_credit_back(wanted, day)
        rest = self.runs[-1].rest(day)
        given = min(rest, wanted)
        self._go_on(day, Figures(billed=-given, credit_used=-given), rest - given)
        return given

    def _reinstate(self, refund: Refund, day: date) -> None:
        """Undo a dispute: revenue that it took back first, what is owed, the days to come."""
        run = self.runs[-1]
        revenue = min(run.moved.reversed, refund.net)
        given = refund.net - revenue
        owed = min(run.given, given)
        moved = Figures(refunded=-given, reversed=-revenue, tax_refunded=-refund.tax)
        self._go_on(day, moved, run.rest(day) + given - owed)
        self._owe(owed)

    def _owe(self, more: int) -> None:
        run = self.runs[-1]
        self.runs[-1] = replace(run, owed=run.owed + more, given=run.given - more)

    def _go_on(self, day: date, moved: Figures, rest: int) -> None:
        run = self.runs[-1]
        self.runs.append(
            replace(
                run,
                booked_on=day,
                starts=max(day, run.starts),
                amount=rest,
                before=run.recognised(day),
                moved=run.moved + moved,
            )
        )


def lives(
    charges: Iterable[Charge], refunds: Iterable[Refund], ends: Iterable[End] = ()
) -> Iterator[Life]:
    """Yield every charge with what became of it; refunds and ends are of charges that are given.

    Charges of one membership are lived together, since an upgrade ends those before it.
    """
    of_charge: dict[UUID, list[Refund | End]] = {}
    happened: Iterable[Refund | End] = chain(refunds, ends)
    for one in happened:
        of_charge.setdefault(one.charge, []).append(one)
    ordered = sorted(charges, key=lambda one: (one.membership, _when(one)))
    for _, together in groupby(ordered, key=lambda one: one.membership):
        yield from _of_membership(list(together), of_charge)


def _of_membership(
    charges: Sequence[Charge], of_charge: Mapping[UUID, Sequence[Refund | End]]
) -> Iterator[Life]:
    happened: list[tuple[_Moment, Charge, Refund | End | None]] = []
    for place, charge in enumerate(charges):
        paid = _when(charge)
        happened.append((paid, charge, None))
        happened += [
            (_after(paid, place, one), charge, one) for one in of_charge.get(charge.id, ())
        ]
    lived: dict[UUID, Life] = {}
    for (day, *_), charge, one in sorted(happened, key=lambda one: one[0]):
        if isinstance(one, Refund):
            lived[charge.id].refund(one, day)
        elif one is not None:
            lived[charge.id].end(one, day)
        else:
            begun = Life(charge)
            credit = 0
            if charge.reason is ChargeReason.UPGRADE:
                credit = sum(life.end_by_credit(day, begun) for life in lived.values())
            begun.begin(credit)
            lived[charge.id] = begun
    yield from lived.values()


def _when(charge: Charge) -> _Moment:
    """Refunds come after their charge, and before an upgrade of the same instant."""
    return charge.booked_on, charge.at, 2 * (charge.reason is ChargeReason.UPGRADE), charge.id


def _after(paid: _Moment, place: int, one: Refund | End) -> _Moment:
    """When it happened to a charge that was there; ends are the last of a day, in their order."""
    if isinstance(one, End):
        return max(paid[0], one.booked_on), _EVENING, place, one.charge
    return *max(paid[:2], (one.booked_on, one.at)), paid[2] + 1, one.id
