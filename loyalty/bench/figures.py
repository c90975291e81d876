"""What a measurement says: a figure beside its budget, or why it could not be had."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

AT_LEAST: Final = "at least"
AT_MOST: Final = "at most"


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget of the design: its name, its bound, and what it compares."""

    name: str
    bound: str
    limit: float
    unit: str
    says: str


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured for one budget; without a value it was not, and `note` says why."""

    budget: Budget
    value: float | None
    note: str

    @property
    def ok(self) -> bool | None:
        """Whether the budget is kept; None where nothing was measured."""
        if self.value is None:
            return None
        if self.budget.bound == AT_LEAST:
            return self.value >= self.budget.limit
        return self.value <= self.budget.limit

    def told(self) -> str:
        """The figure in one line."""
        value = "not measured" if self.value is None else f"{self.value:,.4g} {self.budget.unit}"
        return f"{self.budget.name}: {value} ({self.note})"

    def row(self) -> dict[str, object]:
        """The figure as `bench --json` writes it."""
        return {
            "name": self.budget.name,
            "value": self.value,
            "unit": self.budget.unit,
            "budget": self.budget.limit,
            "bound": self.budget.bound,
            "ok": self.ok,
            "says": self.budget.says,
            "note": self.note,
        }


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of our runs over the median of theirs, to three digits."""
    return round(statistics.median(ours) / statistics.median(theirs), 3)


def beside(ours: Sequence[float], theirs: Sequence[float], unit: str) -> str:
    """Both medians, and how far the runs lay apart."""
    return f"{spread(ours)} beside {spread(theirs)} {unit}"


def spread(runs: Sequence[float]) -> str:
    """The median of some runs, the least and the most."""
    return f"{statistics.median(runs):,.4g} ({min(runs):,.4g}-{max(runs):,.4g})"
