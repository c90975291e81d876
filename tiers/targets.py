"""The inverse of a preview: thresholds with which a wanted share of members stands on a tier.

The one idea: the share on a tier or above only falls when its threshold rises and never depends on
the tiers below, so each threshold is found by halving, from the top tier down.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tiers.errors import TargetMalformed
from tiers.evaluation import placed
from tiers.scale import Ladder, Threshold, Tier

WHOLE: Final = 10_000
"""A share is given in parts of ten thousand: 800 are 8 %."""
_MOST: Final = 2**48


@dataclass(frozen=True, slots=True)
class Met:
    """A ladder whose thresholds meet targets, and how many members stand on a tier or above."""

    ladder: Ladder
    members: int
    reached: tuple[tuple[str, int], ...]


async def meet_targets(
    connection: AsyncConnection,
    ladder: Ladder,
    targets: Mapping[str, int],
    *,
    metric: str,
    on: date,
    members: Select[UUID] | None = None,
) -> Met:
    """The ladder with the least thresholds of a metric at which no target is exceeded.

    A target is the share of members on a tier or above. What keeping asks of the metric moves in
    proportion; other metrics stay as they are, so with `any` they may hold more members than the
    target: `reached` says what comes of it. Raises `TargetMalformed`.
    """
    codes = [tier.code for tier in ladder.tiers[1:]]
    for code, share in targets.items():
        if code not in codes or not 0 < share < WHOLE:
            wanted = f"one of {', '.join(codes)}, from 1 to {WHOLE - 1}"
            raise TargetMalformed(pointer=f"/targets/{code}", seen=share, wanted=wanted)
    search = _Search(connection, metric, on, members)
    made = ladder
    for rank in range(len(ladder.tiers) - 1, 0, -1):
        wished = targets.get(ladder.tiers[rank].code)
        if wished is not None:
            made = await search.solved(made, rank, wished)
    counts = await search.counts(made)
    reached = ((tier.code, sum(counts[at:])) for at, tier in enumerate(made.tiers) if at > 0)
    return Met(made, sum(counts), tuple(reached))


@dataclass(frozen=True, slots=True)
class _Search:
    """Looks for thresholds of one metric, over the members of one day."""

    connection: AsyncConnection
    metric: str
    on: date
    members: Select[UUID] | None

    async def solved(self, ladder: Ladder, rank: int, share: int) -> Ladder:
        """The ladder with one tier's threshold where its target is met."""
        tier, above = ladder.tiers[rank], ladder.tiers[rank + 1 :]
        if self.metric not in dict(tier.reach.minimums):
            wanted = f"a metric that {tier.code} asks for"
            raise TargetMalformed(pointer="/metric", seen=self.metric, wanted=wanted)
        most = dict(above[0].reach.minimums).get(self.metric) if above else None
        low, high = 1, most or 2
        while most is None and high < _MOST and await self.share(ladder, rank, high) > share:
            low, high = high, high * 4
        while low < high:
            middle = (low + high) // 2
            if await self.share(ladder, rank, middle) <= share:
                high = middle
            else:
                low = middle + 1
        tiers = (*ladder.tiers[:rank], _moved(tier, self.metric, low), *above)
        return replace(ladder, tiers=tiers)

    async def share(self, ladder: Ladder, rank: int, value: int) -> int:
        """The share of members on a tier or above with a threshold, rounded up."""
        bottom, tier, above = ladder.tiers[0], ladder.tiers[rank], ladder.tiers[rank + 1 :]
        tiers = (bottom, _moved(tier, self.metric, value), *above)
        counts = await self.counts(replace(ladder, tiers=tiers))
        total = sum(counts)
        return -(-sum(counts[1:]) * WHOLE // total) if total else 0

    async def counts(self, ladder: Ladder) -> list[int]:
        """How many members would stand on each rank."""
        where = await placed(
            self.connection, ladder, on=self.on, members=self.members, foretold=False
        )
        statement = select(where.c.rank, func.count().label("members")).group_by(where.c.rank)
        rows = (await self.connection.execute(statement)).all()
        counted = {row.rank: row.members for row in rows}
        return [counted.get(rank, 0) for rank in range(len(ladder.tiers))]


def _moved(tier: Tier, metric: str, value: int) -> Tier:
    """The tier with another minimum of a metric; what keeping asks moves in proportion."""
    was = dict(tier.reach.minimums)[metric]

    def moved(threshold: Threshold) -> Threshold:
        minimums = tuple(
            (name, max(1, least * value // was)) if name == metric else (name, least)
            for name, least in threshold.minimums
        )
        return replace(threshold, minimums=minimums)

    return replace(tier, reach=moved(tier.reach), keep=moved(tier.keep))
