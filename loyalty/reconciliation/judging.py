"""What was thought of one difference over time: each explanation, and why it no longer held."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.reconciliation.tables import reconciliation_clearing, reconciliation_reopening
from loyalty.reconciliation.types import Clearing, ClearingReason, ReopeningReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopening:
    """Who took an explanation back, when, and why."""

    reason: ReopeningReason
    reference: str | None
    reopened_at: datetime
    actor: str


async def judgements_of(
    connection: AsyncConnection, difference: str
) -> Sequence[tuple[Clearing, Reopening | None]]:
    """Return every explanation of a difference and how it was taken back, the latest first."""
    cleared, reopened = reconciliation_clearing.c, reconciliation_reopening.c
    rows = await connection.execute(
        select(
            *(cleared.reason, cleared.reference, cleared.cleared_at, cleared.actor),
            reopened.reason.label("why"),
            reopened.reference.label("kept_in"),
            *(reopened.reopened_at, reopened.actor.label("who")),
        )
        .outerjoin(
            reconciliation_reopening,
            and_(reopened.difference == cleared.difference, reopened.turn == cleared.turn),
        )
        .where(cleared.difference == difference)
        .order_by(cleared.turn.desc())
    )
    return [
        (
            Clearing(
                reason=ClearingReason(row.reason),
                reference=row.reference,
                cleared_at=row.cleared_at,
                actor=row.actor,
            ),
            None
            if row.why is None
            else Reopening(
                reason=ReopeningReason(row.why),
                reference=row.kept_in,
                reopened_at=row.reopened_at,
                actor=row.who,
            ),
        )
        for row in rows
    ]
