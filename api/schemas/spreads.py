"""Shapes of members' figures spread over the thresholds of a ladder."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

import tiers


class DistributionQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """The business day to look at, today when left out."""

    on: date | None = None


class BucketOut(Struct, frozen=True):
    """How many members have a figure from `least` to below `below`; the last one is open."""

    least: int
    below: int | None
    members: int


class MarkOut(Struct, frozen=True):
    """Where a threshold of reaching or keeping lies, and how many have that much or more."""

    tier: str
    kind: Literal["reach", "keep"]
    wanted: int
    members: int


class SpreadOut(Struct, frozen=True):
    """One metric: every threshold is the least of a bucket, and buckets have no gaps."""

    metric: Annotated[str, Meta(description="purchases, orders, active_days or asset:<code>.")]
    buckets: list[BucketOut]
    marks: list[MarkOut]


class DistributionOut(Struct, frozen=True):
    """What consumers have in the ladder's window of a day, metric by metric."""

    on: date
    members: int
    spreads: list[SpreadOut]

    @classmethod
    def of(cls, seen: tiers.Distribution) -> "DistributionOut":
        """Show the spreads."""
        return cls(
            on=seen.on,
            members=seen.members,
            spreads=[
                SpreadOut(
                    metric=str(spread.metric),
                    buckets=[
                        BucketOut(bucket.least, bucket.below, bucket.members)
                        for bucket in spread.buckets
                    ],
                    marks=[
                        MarkOut(mark.tier, mark.kind, mark.wanted, mark.members)
                        for mark in spread.marks
                    ],
                )
                for spread in seen.spreads
            ],
        )
