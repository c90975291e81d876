"""What one run of an import posted, for its report to be compared with the orders it recorded."""

from datetime import datetime

from sqlalchemy import Select, Text, cast, func, select

from ledger.tables import journal, transfer
from ledger.types import Account


def moved_in(request_id: str, *, since: datetime) -> Select[int, int]:
    """Publish one row `earned, taken_back`: points that a run issued and clawed back.

    `since` is when the run began; nothing that was recorded before is looked at.
    """
    earned = func.sum(transfer.c.amount).filter(transfer.c.debit == Account.ISSUED)
    taken_back = func.sum(transfer.c.amount).filter(transfer.c.credit == Account.CLAWED_BACK)
    return (
        select(
            func.coalesce(earned, 0).label("earned"),
            func.coalesce(taken_back, 0).label("taken_back"),
        )
        .select_from(journal)
        .join(
            transfer, (transfer.c.holder == journal.c.holder) & (transfer.c.journal == journal.c.id)
        )
        .where(
            journal.c.recorded_at >= since,
            journal.c.request_id == request_id,
            cast(journal.c.kind, Text).in_(("earn", "claw-back")),
        )
    )
