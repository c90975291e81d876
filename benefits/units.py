"""The single units of lines, their prices as they stand, and which of them are picked. Pure.

A line's money is shared by its units by largest remainder, so unit prices of a line differ by one
minor unit at most. Alike units stand together as a run, so that work grows with lines, never with
quantities. What costs nothing is no unit.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Run(NamedTuple):
    """Units of one line that cost the same."""

    price: int
    units: int
    place: int
    """Which of the lines handed in they belong to."""

    @property
    def worth(self) -> int:
        """What they cost together."""
        return self.price * self.units


def runs_of(totals: Sequence[int], quantities: Sequence[int]) -> list[Run]:
    """The units of lines in their order, the dearer ones of a line first."""
    runs = []
    for place, (total, quantity) in enumerate(zip(totals, quantities, strict=True)):
        price, dearer = divmod(total, quantity)
        if dearer:
            runs.append(Run(price + 1, dearer, place))
        if price:
            runs.append(Run(price, quantity - dearer, place))
    return runs


def dearest_first(runs: Iterable[Run]) -> list[Run]:
    """From the dearest unit to the cheapest, ties by the order of the lines."""
    return sorted(runs, key=lambda run: (-run.price, run.place))


def cheapest_first(runs: Iterable[Run]) -> list[Run]:
    """From the cheapest unit to the dearest, ties by the order of the lines."""
    return sorted(runs, key=lambda run: (run.price, run.place))


def picked(runs: list[Run], units: int, pick: str) -> list[Run]:
    """At most so many units: the cheapest, the dearest, or the first of the cart."""
    if pick == "cheapest":
        runs = cheapest_first(runs)
    elif pick == "dearest":
        runs = dearest_first(runs)
    return first(runs, units)


def first(runs: Iterable[Run], units: int) -> list[Run]:
    """So many units from the beginning, or all there are."""
    found = []
    for run in runs:
        taken = min(run.units, units)
        if not taken:
            break
        units -= taken
        found.append(run if taken == run.units else run._replace(units=taken))
    return found


def count_of(runs: Iterable[Run]) -> int:
    """How many units there are."""
    return sum(run.units for run in runs)


def worth_of(runs: Iterable[Run], lines: int) -> list[int]:
    """What the units of each line cost together."""
    worth = [0] * lines
    for run in runs:
        worth[run.place] += run.worth
    return worth
