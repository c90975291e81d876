"""What points given by hand are for the books: their class, and what they take off revenue."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import LotClass
from loyalty.books.allocation import worth
from loyalty.books.classes import TREATMENTS, Treatment, class_of_reason
from loyalty.books.estimates import read_estimates
from loyalty.books.expecting import expected_share
from loyalty.policy import Policy


@dataclass(frozen=True, slots=True)
class Given:
    """The class of a lot given by hand, and the money that stands behind it from the first day."""

    lot_class: LotClass
    allocated: int


UNVALUED: Final = Given(LotClass.GOODWILL, 0)
"""What is taken rather than given, or is of another asset than points."""


async def given_by_hand(
    connection: AsyncConnection, policy: Policy, *, reason: str, points: int, at: datetime
) -> Given:
    """Return what points given for a reason are: goodwill takes its worth off revenue at once."""
    lot_class = class_of_reason(reason)
    if TREATMENTS[lot_class] is not Treatment.AT_GRANT:
        return Given(lot_class, 0)
    signed = await read_estimates(connection, lot_class=lot_class)
    share = expected_share(signed, lot_class, policy.day_of(at))
    return Given(lot_class, worth(points, policy.point_value, share))
