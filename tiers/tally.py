"""What a member's activity adds up to in a window, as it stood on a day.

A `Tally` holds the activity of one member sorted by day with running sums, so that a window is
two look-ups. The one idea: an order counts once, dated by its first completion, from the day on
which what remains of it reaches the ladder's minimum; a day is active where what remains of all
that was completed on it does.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from tiers.scale import Figures, Ladder, Metric, Window
from tiers.types import (
    Activity,
)

_DAY = timedelta(days=1)


class Tally:
    """The activity of one member, ready to be counted in any window."""

    __slots__ = (
        "_active",
        "_assets",
        "_days",
        "_gains",
        "_late",
        "_minimum_order",
        "_order_days",
        "_orders",
        "_sums",
    )

    def __init__(self, activities: Iterable[Activity], ladder: Ladder) -> None:
        self._minimum_order = ladder.minimum_order
        self._active: list[date] | None = [] if Metric.ACTIVE_DAYS in ladder.metrics else None
        self._assets = ladder.assets
        self._gains: dict[tuple[UUID, UUID], Activity] = {}
        self._days: list[date] = []
        self._sums: list[int] = [0]
        self._orders: dict[UUID, dict[UUID, Activity]] = {}
        self._order_days: list[date] = []
        self._late: dict[UUID, tuple[date, date]] = {}
        for activity in sorted(activities, key=_by_day):
            self.put(activity)

    def put(self, activity: Activity) -> None:
        """Count this activity in place of what was known of its shipment."""
        if activity.asset is not None:
            self._gains[activity.order, activity.shipment] = activity
            if activity.asset in self._assets:
                self._add(activity.on, 0)
            return
        shipments = self._orders.setdefault(activity.order, {})
        prior = shipments.get(activity.shipment)
        self._count_order(activity.order, shipments, by=-1)
        shipments[activity.shipment] = activity
        self._count_order(activity.order, shipments, by=1)
        self._add(activity.on, activity.remaining - (prior.remaining if prior else 0))

    def find(self, order: UUID, shipment: UUID) -> Activity | None:
        """What is known of a shipment, or of what an asset earned."""
        known = self._orders.get(order, {}).get(shipment)
        return known if known is not None else self._gains.get((order, shipment))

    def parts(self, order: UUID) -> int:
        """How many shipments of an order are known."""
        return len(self._orders.get(order, ()))

    def figures(self, window: Window, on: date) -> Figures:
        """Purchases and orders in the window, as they stood at the end of a day."""
        end = min(window.end, on + _DAY)
        if end <= window.start:
            return Figures(0, 0, assets=tuple((code, 0) for code in self._assets))
        purchases = (
            self._sums[bisect_left(self._days, end)]
            - self._sums[bisect_left(self._days, window.start)]
        )
        orders = bisect_left(self._order_days, end) - bisect_left(self._order_days, window.start)
        orders += sum(
            window.start <= first < end and reached <= on for first, reached in self._late.values()
        )
        active = self._active or ()
        return Figures(
            purchases,
            orders,
            bisect_left(active, end) - bisect_left(active, window.start),
            tuple((code, self._gained(code, window.start, end)) for code in self._assets),
        )

    def days(self, first: date, last: date) -> list[date]:
        """The days with activity from the first to the last, both included."""
        return self._days[bisect_left(self._days, first) : bisect_right(self._days, last)]

    def oldest_counted(self, window: Window, on: date) -> tuple[date, Figures] | None:
        """The oldest day of the window that still counts for something, and what it counts."""
        for day in self.days(window.start, min(window.end - _DAY, on)):
            figures = self.figures(Window(day, day + _DAY), on)
            if any((figures.purchases, figures.orders, figures.active_days)) or any(
                gained for _, gained in figures.assets
            ):
                return day, figures
        return None

    def _gained(self, asset: str, start: date, end: date) -> int:
        return sum(
            gain.remaining
            for gain in self._gains.values()
            if gain.asset == asset and start <= gain.on < end
        )

    def _add(self, on: date, amount: int) -> None:
        at = bisect_left(self._days, on)
        if at == len(self._days) or self._days[at] != on:
            self._days.insert(at, on)
            self._sums.insert(at + 1, self._sums[at])
        if self._active is not None:
            before = self._sums[at + 1] - self._sums[at]
            if before < self._minimum_order <= before + amount:
                insort(self._active, on)
            elif before + amount < self._minimum_order <= before:
                del self._active[bisect_left(self._active, on)]
        for later in range(at + 1, len(self._sums)):
            self._sums[later] += amount

    def _count_order(self, order: UUID, shipments: dict[UUID, Activity], *, by: int) -> None:
        """Add the order to the counted ones, or take it out again."""
        first = reached = None
        remaining = 0
        for activity in sorted(shipments.values(), key=_by_day):
            first = first or activity.on
            remaining += activity.remaining
            if remaining >= self._minimum_order:
                reached = activity.on
                break
        if first is None or reached is None:
            return
        if reached > first:
            if by > 0:
                self._late[order] = first, reached
            else:
                self._late.pop(order, None)
        elif by > 0:
            insort(self._order_days, first)
        else:
            del self._order_days[bisect_left(self._order_days, first)]


def _by_day(activity: Activity) -> date:
    return activity.on
