"""What was ever earned of an asset: lots that an earn or a gift by hand made, wherever they are."""

from typing import Any, Final

from sqlalchemy import Select, Text, cast, func, select

from ledger.tables import journal, lot

EARNED: Final = ("earn", "adjust")


def earned_lots(asset: str) -> Select[Any]:
    """Publish every lot that was earned or given by hand, for others to count.

    Columns: holder (who earned it), lot, key and kind of the journal it was born by, effective_at,
    granted, lot_class, allocated, and taken_back: in all, also after it moved to another wallet.
    """
    every = (
        select(lot.c.id, func.max(lot.c.clawed_back).label("taken_back"))
        .where(lot.c.asset == asset)
        .group_by(lot.c.id)
        .subquery("every")
    )
    kind = cast(journal.c.kind, Text)
    return (
        select(
            lot.c.holder,
            lot.c.id.label("lot"),
            journal.c.key,
            kind.label("kind"),
            journal.c.effective_at,
            lot.c.granted,
            cast(lot.c.class_, Text).label("lot_class"),
            lot.c.allocated,
            every.c.taken_back,
        )
        .join(journal, (journal.c.holder == lot.c.holder) & (journal.c.id == lot.c.journal))
        .join(every, every.c.id == lot.c.id)
        .where(lot.c.asset == asset, kind.in_(EARNED))
    )
