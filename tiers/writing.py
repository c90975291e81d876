"""Many standings written in one statement, with their changes: what a review and a move share.

Standings are put where a place is, and the changes of those that were written are stored and told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    FromClause,
    Row,
    Select,
    SmallInteger,
    Text,
    cast,
    insert,
    literal,
    select,
)

from tiers.evaluation import code_of
from tiers.scale import Ladder
from tiers.tables import standing_change
from tiers.types import Movement

WRITTEN: Final = (
    "member",
    "number",
    "effective_on",
    "rule",
    "tier_before",
    "tier",
    "earned",
    "ladder",
    "valid_until",
    "figures",
    "recorded_at",
    "actor",
    "request_id",
)
TOLD: Final = ("member", "number", "effective_on", "rule", "tier_before", "tier")


@dataclass(frozen=True, slots=True)
class Moved:
    """One change of the tier in force that many standings' deciding wrote."""

    member: UUID
    on: date
    rule: Movement
    before: str | None
    after: str


def moved_of(rows: Sequence[Row[Any]]) -> tuple[Moved, ...]:
    """What rows of changes tell, member by member in their order."""
    return tuple(
        Moved(row.member, row.effective_on, Movement(row.rule), row.tier_before, row.tier)
        for row in sorted(rows, key=lambda row: (row.member, row.number))
    )


def put(ladder: Ladder, on: date, after: FromClause) -> dict[str, Any]:
    """The columns of standings that are put where places are at the end of a day."""
    return {
        "replaces": after.c.before,
        "tier": code_of(ladder, after.c.rank),
        "tier_rank": cast(after.c.rank, SmallInteger),
        "since": after.c.since,
        "valid_until": after.c.until,
        "grace_from": after.c.grace,
        "falls_to": code_of(ladder, after.c.falls_rank),
        "falls_rank": cast(after.c.falls_rank, SmallInteger),
        "falls_on": after.c.falls_on,
        "rises_to": code_of(ladder, after.c.rises_rank),
        "rises_rank": cast(after.c.rises_rank, SmallInteger),
        "rises_on": after.c.rises_on,
        "due_on": after.c.due,
        "decided_through": literal(on, Date),
    }


def caused(cause: Mapping[str, object]) -> tuple[ColumnElement[Any], ...]:
    """The last columns of changes: when they were recorded, and by whom."""
    return (
        literal(cause["recorded_at"], DateTime(timezone=True)),
        literal(cause["actor"], Text),
        literal(cause["request_id"], Text),
    )


def keep(rows: Select[Any]) -> Select[Any]:
    """Store changes, and tell those of the tier in force."""
    kept = (
        insert(standing_change)
        .from_select(list(WRITTEN), rows)
        .returning(*(standing_change.c[name] for name in TOLD))
        .cte("kept")
    )
    return select(kept).where(kept.c.tier_before.is_distinct_from(kept.c.tier))
