"""Benchmarks that anybody can repeat: our figures beside an opponent's, in one run.

The budgets are the design's (section 13). Each measurement runs both sides in turn on the same
machine and gives the ratio of the medians; what cannot be measured here is named, never left out.
"""

from loyalty.bench.figures import Budget, Figure
from loyalty.bench.plan import FULL, QUICK, Plan
from loyalty.bench.report import show, write_rows
from loyalty.bench.suite import MEASUREMENTS, run_benchmarks

__all__ = [
    "FULL",
    "MEASUREMENTS",
    "QUICK",
    "Budget",
    "Figure",
    "Plan",
    "run_benchmarks",
    "show",
    "write_rows",
]
