"""Cohorts for the books: the lots earned in one month and of one class, and what became of them.

The ledger counts; what the counts mean in money is for the caller. Months are those of the calendar
of the zone given. A movement counts in the month it is booked in, and never before the month its
lot was earned in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    Date,
    Text,
    Uuid,
    bindparam,
    cast,
    column,
    func,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.tables import Instant, Key, journal, lot
from ledger.types import POINTS, LotClass

END_OF_TIME = date(9999, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortMonth:
    """What moved in one cohort in one month, in points, and in money what was allocated to them.

    ``clawed_back`` was taken from lots of this cohort; ``charged`` is the part of it that stood in
    for points of another lot. ``given_up`` are points of this cohort that were gone when their
    earn was taken back, and for which others, a debt or nobody stood in. ``moved`` came in from
    other wallets less what went there.
    """

    issued_in: date
    lot_class: LotClass
    month: date
    issued: int = 0
    redeemed: int = 0
    restored: int = 0
    repaid: int = 0
    adjusted: int = 0
    expired: int = 0
    clawed_back: int = 0
    charged: int = 0
    given_up: int = 0
    moved: int = 0
    allocated: int = 0
    reversed: int = 0

    @property
    def outstanding(self) -> int:
        """How much more of the cohort the wallets hold after the month than before."""
        came = self.issued + self.restored + self.moved
        went = self.redeemed + self.repaid + self.adjusted + self.expired + self.clawed_back
        return came - went


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortLot:
    """One lot of a cohort, with the journal it was born in and the business key of that."""

    holder: UUID
    id: UUID
    journal: UUID
    key: str | None
    source: str
    granted: int
    remaining: int
    clawed_back: int
    allocated: int
    earned_at: datetime
    expires_at: datetime | None


async def cohort_months(
    connection: AsyncConnection,
    *,
    zone: ZoneInfo,
    known_by: datetime,
    until: date = END_OF_TIME,
    asset: str = POINTS,
) -> Sequence[CohortMonth]:
    """Answer what moved in every cohort, month by month, oldest cohort first.

    What was booked before the day ``until`` counts, as far as it was recorded by ``known_by``; what
    time alone has taken by then counts whether anybody has posted it or not.
    """
    rows = await connection.execute(
        _MONTHS, {"asset": asset, "zone": zone.key, "until": until, "known_by": known_by}
    )
    return [
        CohortMonth(**{**row, "lot_class": LotClass(row["lot_class"])}) for row in rows.mappings()
    ]


async def cohort_lots(
    connection: AsyncConnection,
    *,
    lot_class: LotClass,
    since: datetime,
    until: datetime,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
    asset: str = POINTS,
) -> Sequence[CohortLot]:
    """List the lots of one class earned in ``[since, until)``, oldest first.

    A lot stands here once, in the wallet that earned it, also when it was moved in a merge.

    ``after`` is (instant of the earn, lot) of the last one seen.
    """
    last_at, last_id = after or (datetime.min.replace(tzinfo=UTC), UUID(int=0))
    rows = await connection.execute(
        _LOTS,
        {
            "asset": asset,
            "class": lot_class.value,
            "since": since,
            "until": until,
            "last_at": last_at,
            "last_id": last_id,
            "limit": limit,
        },
    )
    return [CohortLot(**row) for row in rows.mappings()]


_ASSET = bindparam("asset", type_=Key)
_moved = func.ledger.cohort_months(
    _ASSET,
    bindparam("zone", type_=Text),
    bindparam("until", type_=Date),
    bindparam("known_by", type_=Instant),
).table_valued(
    column("issued_in", Date),
    column("class", Key),
    column("month", Date),
    column("issued", BigInteger),
    column("redeemed", BigInteger),
    column("restored", BigInteger),
    column("repaid", BigInteger),
    column("adjusted", BigInteger),
    column("expired", BigInteger),
    column("clawed_back", BigInteger),
    column("charged", BigInteger),
    column("given_up", BigInteger),
    column("moved", BigInteger),
    column("allocated", BigInteger),
    column("reversed", BigInteger),
)
_months = _moved.alias("months")
_MONTHS = select(
    *(each.label("lot_class") if each.name == "class" else each for each in _months.c)
).order_by(_months.c.issued_in, _months.c["class"], _months.c.month)
_LOTS = (
    select(
        lot.c.holder,
        lot.c.id,
        lot.c.journal,
        journal.c.key,
        lot.c.source,
        lot.c.granted,
        lot.c.remaining,
        lot.c.clawed_back,
        lot.c.allocated,
        lot.c.earned_at,
        lot.c.expires_at,
    )
    .join(journal, (journal.c.holder == lot.c.holder) & (journal.c.id == lot.c.journal))
    .where(
        lot.c.asset == _ASSET,
        lot.c.moved_from.is_(None),
        cast(lot.c.class_, Text) == bindparam("class", type_=Text),
        lot.c.earned_at >= bindparam("since", type_=Instant),
        lot.c.earned_at < bindparam("until", type_=Instant),
        tuple_(lot.c.earned_at, lot.c.id)
        > tuple_(bindparam("last_at", type_=Instant), bindparam("last_id", type_=Uuid)),
    )
    .order_by(lot.c.earned_at, lot.c.id)
    .limit(bindparam("limit", type_=BigInteger))
)
