"""What the books of money say, for an export: every balance from the first cohort on."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.books import money_entries
from loyalty.exports.entries import Moved

_BEGINNING: Final = date(1970, 1, 1)


async def money_until(
    connection: AsyncConnection, until: date, *, known_by: datetime
) -> Sequence[Moved]:
    """Return what moved the balances before a day, by month, class, cohort and reason."""
    found = await money_entries(connection, known_by=known_by, since=_BEGINNING, until=until)
    return [
        Moved(one.month, one.lot_class.value, one.issued_in, one.reason.value, one.amount)
        for one in found
    ]
