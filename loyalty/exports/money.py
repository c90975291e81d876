"""What the books of money say, for an export: every balance from the first cohort or fee on."""

from datetime import date, datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.books import money_entries
from loyalty.exports.entries import MoneyFacts, Moved
from loyalty.exports.fees import movements
from loyalty.fees import fee_months
from loyalty.policy import policy_at

_BEGINNING: Final = date(1970, 1, 1)


async def money_until(
    connection: AsyncConnection, until: date, *, known_by: datetime
) -> MoneyFacts:
    """Return what moved the balances before a day: of points by cohort, of fees by plan."""
    found = await money_entries(connection, known_by=known_by, since=_BEGINNING, until=until)
    months = await fee_months(connection, known_by=known_by, until=until)
    return MoneyFacts(
        (await policy_at(connection, known_by)).currency,
        [
            Moved(one.month, one.lot_class.value, one.issued_in, one.reason.value, one.amount)
            for one in found
        ],
        [one for month in months for one in movements(month)],
    )
