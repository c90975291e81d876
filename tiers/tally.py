"""What a member's activity adds up to in a window, as it stood on a day.

A `Tally` holds the activity of one member sorted by day with running sums, so that a window is
two look-ups. The one idea: an order counts once, dated by its first completion, from the day on
which what remains of it reaches the ladder's minimum.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from tiers.types import Activity, Figures, Window

_DAY = timedelta(days=1)


class Tally:
    """The activity of one member, ready to be counted in any window."""

    __slots__ = ("_days", "_late", "_minimum_order", "_order_days", "_orders", "_sums")

    def __init__(self, activities: Iterable[Activity], *, minimum_order: int) -> None:
        self._minimum_order = minimum_order
        self._days: list[date] = []
        self._sums: list[int] = [0]
        self._orders: dict[UUID, dict[UUID, Activity]] = {}
        self._order_days: list[date] = []
        self._late: dict[UUID, tuple[date, date]] = {}
        for activity in sorted(activities, key=_by_day):
            self.put(activity)

    def put(self, activity: Activity) -> None:
        """Count this activity in place of what was known of its shipment."""
        shipments = self._orders.setdefault(activity.order, {})
        prior = shipments.get(activity.shipment)
        self._count_order(activity.order, shipments, by=-1)
        shipments[activity.shipment] = activity
        self._count_order(activity.order, shipments, by=1)
        self._add(activity.on, activity.remaining - (prior.remaining if prior else 0))

    def find(self, order: UUID, shipment: UUID) -> Activity | None:
        """What is known of a shipment."""
        return self._orders.get(order, {}).get(shipment)

    def figures(self, window: Window, on: date) -> Figures:
        """Purchases and orders in the window, as they stood at the end of a day."""
        end = min(window.end, on + _DAY)
        if end <= window.start:
            return Figures(0, 0)
        purchases = (
            self._sums[bisect_left(self._days, end)]
            - self._sums[bisect_left(self._days, window.start)]
        )
        orders = bisect_left(self._order_days, end) - bisect_left(self._order_days, window.start)
        orders += sum(
            window.start <= first < end and reached <= on for first, reached in self._late.values()
        )
        return Figures(purchases, orders)

    def days(self, first: date, last: date) -> list[date]:
        """The days with activity from the first to the last, both included."""
        return self._days[bisect_left(self._days, first) : bisect_right(self._days, last)]

    def oldest_counted(self, window: Window, on: date) -> tuple[date, Figures] | None:
        """The oldest day of the window that still counts for something, and what it counts."""
        for day in self.days(window.start, min(window.end - _DAY, on)):
            figures = self.figures(Window(day, day + _DAY), on)
            if figures != Figures(0, 0):
                return day, figures
        return None

    def _add(self, on: date, amount: int) -> None:
        at = bisect_left(self._days, on)
        if at == len(self._days) or self._days[at] != on:
            self._days.insert(at, on)
            self._sums.insert(at + 1, self._sums[at])
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
