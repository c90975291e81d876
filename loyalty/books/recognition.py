"""When deferred revenue becomes revenue: by cohort, cumulatively, caught up at every month's end.

Pure integer arithmetic. What has been recognised by use is allocated x used / expected in all,
rounded half up; a month's figure is the difference to the month before. Spending is rounded first,
and what is left of the difference is the change of estimate. When nothing of a cohort is
outstanding any more, the rest of what was allocated to it is released.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from ledger import CohortMonth, LotClass
from loyalty.books.allocation import half_up
from loyalty.books.expecting import Estimate, estimate_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where a cohort stands: points since its first, and what was allocated to them in money.

    ``spent`` counts points that paid for orders, those that settled a debt or stood in for points
    of a returned order among them; ``given_back`` came back from returned orders; ``given_up`` had
    been used when the order that earned them was returned, so others stand in for them.
    """

    issued: int = 0
    spent: int = 0
    given_back: int = 0
    given_up: int = 0
    lapsed: int = 0
    taken_back: int = 0
    outstanding: int = 0
    allocated: int = 0
    reversed: int = 0

    @property
    def used(self) -> int:
        """Points that were spent and stayed so."""
        return max(self.spent - self.given_back - self.given_up, 0)

    @property
    def granted(self) -> int:
        """Points issued and not taken back with the orders that earned them."""
        return max(self.issued - self.taken_back, 0)

    @property
    def net(self) -> int:
        """Money allocated to the points that were not taken back."""
        return self.allocated - self.reversed

    def expected(self, estimate: Estimate | None) -> int:
        """Return how many points are expected to be used in all: never fewer than were."""
        found = self.granted if estimate is None else estimate.of(self.granted)
        return max(found, self.used)

    def after(self, moved: CohortMonth) -> "Stand":
        """Return the stand after what moved in a month."""
        return Stand(
            issued=self.issued + moved.issued,
            spent=self.spent + moved.redeemed + moved.repaid + moved.charged,
            given_back=self.given_back + moved.restored,
            given_up=self.given_up + moved.given_up,
            lapsed=self.lapsed + moved.expired + moved.adjusted,
            taken_back=self.taken_back + moved.clawed_back - moved.charged + moved.given_up,
            outstanding=self.outstanding + moved.outstanding,
            allocated=self.allocated + moved.allocated,
            reversed=self.reversed + moved.reversed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortFigures:
    """One cohort in one month: what raised (+) and lowered (-) its balance, and where it stands."""

    lot_class: LotClass
    issued_in: date
    month: date
    stand: Stand
    estimate: Estimate | None
    expected: int
    used: int
    """Points used in the month, less those given back."""
    opening: int
    deferred: int
    spent: int
    ended: int
    changed: int
    returned: int
    undone: int
    closing: int
    recognised: int
    """Recognised by use since the cohort's first point, without what its end released."""
    released: int
    """Released by the cohort's end."""


def recognised(allocated: int, used: int, expected: int) -> int:
    """Return what use has made revenue so far: allocated x used / expected, rounded half up."""
    return half_up(allocated * used, expected) if expected else 0


def cohorts(
    moves: Iterable[CohortMonth], estimates: Sequence[Estimate], *, until: date
) -> Iterator[CohortFigures]:
    """Yield every cohort's figures, month by month, from its first point up to before ``until``.

    A cohort that has come to nothing ends there, unless something of it moves later.
    """
    by_cohort: dict[tuple[LotClass, date], dict[date, CohortMonth]] = {}
    for one in moves:
        by_cohort.setdefault((one.lot_class, one.issued_in), {})[one.month] = one
    for (lot_class, issued_in), months in sorted(by_cohort.items()):
        own = [one for one in estimates if one.concerns(lot_class, issued_in)]
        yield from _life(months, own, until)


def _life(
    months: Mapping[date, CohortMonth], estimates: Sequence[Estimate], until: date
) -> Iterator[CohortFigures]:
    """Yield one cohort's months; those in which nothing moved are part of them."""
    before = None
    month, last = min(months), max(months)
    lot_class, issued_in = months[month].lot_class, months[month].issued_in
    while month < until:
        moved = months.get(month) or CohortMonth(
            lot_class=lot_class, issued_in=issued_in, month=month
        )
        following = _next(month)
        last_day = _eve(min(following, until))
        estimate = estimate_for(estimates, lot_class, issued_in, last_day)
        before = carried(before, moved, estimate)
        yield before
        if month >= last and before.stand.outstanding == before.closing == 0:
            return
        month = following


def carried(
    before: CohortFigures | None, moved: CohortMonth, estimate: Estimate | None
) -> CohortFigures:
    """Return a cohort's figures of a month, given those of the month before."""
    was = Stand() if before is None else before.stand
    stand = was.after(moved)
    expected = stand.expected(estimate)
    by_use = recognised(stand.net, stand.used, expected)
    released = stand.net - by_use if stand.outstanding == 0 else 0
    rate = _rate(was, stand, estimate)
    spent = -_at(rate, moved.redeemed + moved.repaid + moved.charged)
    undone = _at(rate, moved.restored)
    given_up = _at(rate, moved.given_up)
    caught_up = by_use - (0 if before is None else before.recognised)
    opening = 0 if before is None else before.closing
    return CohortFigures(
        lot_class=moved.lot_class,
        issued_in=moved.issued_in,
        month=moved.month,
        stand=stand,
        estimate=estimate,
        expected=expected,
        used=moved.redeemed + moved.repaid + moved.charged - moved.restored,
        opening=opening,
        deferred=moved.allocated,
        spent=spent,
        ended=(0 if before is None else before.released) - released,
        changed=-caught_up - spent - undone - given_up,
        returned=given_up - moved.reversed,
        undone=undone,
        closing=stand.net - by_use - released,
        recognised=by_use,
        released=released,
    )


def _rate(was: Stand, stand: Stand, estimate: Estimate | None) -> tuple[int, int]:
    """What a point was worth in the month, before returns of the orders that earned any.

    Without such returns this is what is allocated, over what is expected, at the month's end.
    """
    before = replace(
        stand,
        taken_back=was.taken_back,
        reversed=was.reversed,
        given_up=was.given_up,
    )
    return before.net, before.expected(estimate)


def _at(rate: tuple[int, int], points: int) -> int:
    return recognised(rate[0], points, rate[1])


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _eve(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)
