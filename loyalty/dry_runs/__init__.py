"""Dry runs: what a draft of rules would have given, over a cart, a past order, or all of them.

Asking for one over all orders stands in `asking`, which puts a job into the queue.
"""

from loyalty.dry_runs.errors import UnknownDryRun
from loyalty.dry_runs.store import find_dry_run, list_dry_runs
from loyalty.dry_runs.trying import Tried, try_cart, try_order
from loyalty.dry_runs.types import DryRun, ShopPriced

__all__ = [
    "DryRun",
    "ShopPriced",
    "Tried",
    "UnknownDryRun",
    "find_dry_run",
    "list_dry_runs",
    "try_cart",
    "try_order",
]
