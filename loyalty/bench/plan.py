"""How much a run of the benchmarks does: in full, or just enough to see that everything works."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes and times of the measurements."""

    runs: int
    seconds: int
    scale: int
    members: int
    rules: int
    all_lots_runs: int
    orders: int
    movements: int
    standings: int
    year_rows: int | None
    past_lines: int
    journals: tuple[int, int]


FULL: Final = Plan(
    runs=5,
    seconds=5,
    scale=20,
    members=100_000,
    rules=1_000,
    all_lots_runs=480,
    orders=800,
    movements=10_000,
    standings=1_000_000,
    year_rows=None,
    past_lines=1_000_000,
    journals=(10_000, 10_000_000),
)
QUICK: Final = Plan(
    runs=1,
    seconds=1,
    scale=1,
    members=2_000,
    rules=50,
    all_lots_runs=160,
    orders=64,
    movements=200,
    standings=2_000,
    year_rows=20_000,
    past_lines=20_000,
    journals=(1_000, 20_000),
)
