"""What a ladder is made of: metrics, figures, thresholds, tiers, windows and validity.

Frozen values without I/O. The one idea: a threshold compares figures, whatever they count, so a
new metric is a new figure and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from re import compile as pattern
from typing import Final, Literal

from tiers.errors import TierUnknown

_ASSET_CODE: Final = pattern("[a-z][a-z0-9-]{0,39}")


class Metric(StrEnum):
    """What a threshold may count; what a ledger asset earned counts as `asset:<code>`."""

    PURCHASES = "purchases"
    ORDERS = "orders"
    ACTIVE_DAYS = "active_days"


ASSET: Final = "asset:"


def metric_named(name: str) -> str | None:
    """The metric of a name, an asset's included; None where there is none."""
    if name.startswith(ASSET):
        return name if _ASSET_CODE.fullmatch(name, len(ASSET)) else None
    return Metric(name) if name in set(Metric) else None


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted in one window: purchases in minor units, orders, and what else is asked.

    Active days and assets are counted only where the ladder names them.
    """

    purchases: int
    orders: int
    active_days: int = 0
    assets: tuple[tuple[str, int], ...] = ()

    def of(self, metric: str) -> int:
        """The figure of one metric."""
        match metric:
            case Metric.PURCHASES:
                return self.purchases
            case Metric.ORDERS:
                return self.orders
            case Metric.ACTIVE_DAYS:
                return self.active_days
            case _:
                return dict(self.assets).get(metric.removeprefix(ASSET), 0)


@dataclass(frozen=True, slots=True)
class Threshold:
    """What must be met: every minimum (`all`) or at least one of them (`any`)."""

    join: Literal["any", "all"]
    minimums: tuple[tuple[str, int], ...]

    def met_by(self, figures: Figures) -> bool:
        """Whether these figures meet the threshold; a threshold without minimums always is."""
        met = (figures.of(metric) >= wanted for metric, wanted in self.minimums)
        return all(met) if self.join == "all" else any(met)


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier: its code, its name in each language, how it is reached and how it is kept."""

    code: str
    name: Mapping[str, str]
    reach: Threshold
    keep: Threshold


class WindowKind(StrEnum):
    """How far back activity counts."""

    ROLLING_MONTHS = "rolling-months"
    ROLLING_DAYS = "rolling-days"
    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"
    ANNIVERSARY = "anniversary"
    LIFETIME = "lifetime"


@dataclass(frozen=True, slots=True)
class WindowRule:
    """The kind of window of a ladder; `length` is the N of the rolling kinds, otherwise 1."""

    kind: WindowKind
    length: int = 1


@dataclass(frozen=True, slots=True)
class Window:
    """Half-open span of business dates: `start` belongs to it, `end` does not."""

    start: date
    end: date

    def holds(self, on: date) -> bool:
        """Whether the date lies in the window."""
        return self.start <= on < self.end


@dataclass(frozen=True, slots=True)
class Validity:
    """How long a reached tier is kept before it is judged; `forever` is never judged."""

    unit: Literal["months", "days", "periods", "forever"]
    length: int = 0


Moves = Literal["at-once", "next-review"]


@dataclass(frozen=True, slots=True)
class Ladder:
    """A checked ladder, bottom tier first; made by `parse_ladder` only.

    `notice_days` before a fall the member is told of it, 0 for never. `moves` says how members of
    an earlier ladder come to it: keeping what was promised until it is reviewed, or placed at once
    where their whole history puts them.
    """

    version: int
    tiers: tuple[Tier, ...]
    window: WindowRule
    validity: Validity
    minimum_order: int
    downgrade: Literal["one-step", "to-earned"]
    grace_days: int
    upgrade: Literal["at-once", "next-period"] = "at-once"
    notice_days: int = 30
    moves: Moves = "next-review"

    @property
    def metrics(self) -> frozenset[str]:
        """Every metric that a threshold names."""
        return frozenset(
            metric
            for tier in self.tiers
            for threshold in (tier.reach, tier.keep)
            for metric, _ in threshold.minimums
        )

    @property
    def assets(self) -> tuple[str, ...]:
        """The codes of the assets that a threshold names, in order."""
        found = (name.removeprefix(ASSET) for name in self.metrics if name.startswith(ASSET))
        return tuple(sorted(found))

    def rank_of(self, code: str) -> int:
        """The position of a tier, 0 for the bottom; raises `TierUnknown`."""
        for rank, tier in enumerate(self.tiers):
            if tier.code == code:
                return rank
        raise TierUnknown(seen=code, wanted=", ".join(tier.code for tier in self.tiers))
