"""The money side of points: what is deferred, when it becomes revenue, and why, month by month.

Every figure here is the sum of cohorts; a cohort opens into its lots, and a lot into its order.
Read figures of several statements in a snapshot.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import CohortLot, LotClass, cohort_lots, cohort_months
from loyalty.books.classes import TREATMENTS, Treatment
from loyalty.books.estimates import read_estimates
from loyalty.books.recognition import CohortFigures, cohorts
from loyalty.money import PointValue
from loyalty.orders.keys import read_earn_key
from loyalty.policy import Policy, list_policies, months_later, policy_at
from loyalty.tables import member

MOST_POLICIES = 10_000


class MoneyReason(StrEnum):
    """Why the balance of a class moved."""

    DEFERRED = "deferred"
    SPENT = "spent"
    ENDED = "ended"
    ESTIMATE = "estimate"
    RETURNED = "returned"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyEntry:
    """What one cohort moved in one month for one reason; what raises the balance is positive."""

    month: date
    lot_class: LotClass
    issued_in: date
    reason: MoneyReason
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyMonth:
    """One class in one month: from the balance it opens with to the one it closes with.

    ``opening + deferred + spent + ended + changed + returned + undone = closing``. For a class that
    is deferred the balance is the liability: deferred revenue. ``outstanding`` points, at the
    value of a point, are the ``face_value``, which is no liability. ``used_value`` is what the
    points used in the month took off orders.
    """

    month: date
    lot_class: LotClass
    treatment: Treatment
    opening: int
    deferred: int
    spent: int
    ended: int
    changed: int
    returned: int
    undone: int
    closing: int
    outstanding: int
    face_value: int
    used: int
    used_value: int

    @property
    def liability(self) -> int:
        """Deferred revenue at the month's end."""
        return self.closing if self.treatment is Treatment.DEFERRED else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyRollForward:
    """The money side of all classes, month by month, in minor units of one currency."""

    since: date
    until: date
    known_by: datetime
    currency: str
    months: tuple[MoneyMonth, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LotOfCohort:
    """One lot of a cohort, the member whose it is, and the order and shipment that earned it."""

    lot: CohortLot
    member: UUID | None
    order: UUID | None
    shipment: UUID | None


async def read_cohorts(
    connection: AsyncConnection, *, known_by: datetime, until: date
) -> Sequence[CohortFigures]:
    """Return every cohort's figures for every month from its first to the one before ``until``.

    Booked before the day ``until``, as far as it was recorded and signed by ``known_by``.
    """
    zone = (await policy_at(connection, known_by)).zone
    moves = await cohort_months(connection, zone=zone, known_by=known_by, until=until)
    signed = [one for one in await read_estimates(connection) if one.signed_at <= known_by]
    return list(cohorts(moves, signed, until=until))


async def breakage(
    connection: AsyncConnection, *, known_by: datetime, on: date
) -> Sequence[CohortFigures]:
    """Return where every cohort stands at the end of a day: redeemed, lapsed, outstanding, money.

    Breakage is what lapsed; expected breakage is what was granted less what is expected to be used.
    """
    latest: dict[tuple[LotClass, date], CohortFigures] = {}
    for figures in await read_cohorts(connection, known_by=known_by, until=on + timedelta(days=1)):
        latest[figures.lot_class, figures.issued_in] = figures
    return sorted(latest.values(), key=lambda one: (one.issued_in, one.lot_class))


async def money_entries(
    connection: AsyncConnection, *, known_by: datetime, since: date, until: date
) -> Sequence[MoneyEntry]:
    """Return what moved in the months of ``[since, until)``, by month, class, cohort and reason."""
    return [
        MoneyEntry(
            month=one.month,
            lot_class=one.lot_class,
            issued_in=one.issued_in,
            reason=reason,
            amount=amount,
        )
        for one in sorted(
            await read_cohorts(connection, known_by=known_by, until=until), key=_by_month
        )
        if one.month >= since
        for reason, amount in reasons(one)
        if amount
    ]


async def money_roll_forward(
    connection: AsyncConnection, *, known_by: datetime, since: date, until: date
) -> MoneyRollForward:
    """Return opening to closing of every class for the months of ``[since, until)``."""
    policies = await list_policies(connection, limit=MOST_POLICIES)
    found: dict[tuple[date, LotClass], list[CohortFigures]] = {}
    for one in await read_cohorts(connection, known_by=known_by, until=until):
        if one.month >= since:
            found.setdefault((one.month, one.lot_class), []).append(one)
    months = [
        _month(month, lot_class, parts, _value_at(policies, min(_ends(month), until), known_by))
        for (month, lot_class), parts in sorted(found.items())
    ]
    return MoneyRollForward(
        since=since,
        until=until,
        known_by=known_by,
        currency=(await policy_at(connection, known_by)).currency,
        months=tuple(months),
    )


async def lots_of_cohort(
    connection: AsyncConnection,
    *,
    lot_class: LotClass,
    issued_in: date,
    known_by: datetime,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> Sequence[LotOfCohort]:
    """List the lots of a cohort, oldest first, with the orders that earned them."""
    policy = await policy_at(connection, known_by)
    lots = await cohort_lots(
        connection,
        lot_class=lot_class,
        since=policy.midnight(issued_in),
        until=policy.midnight(_ends(issued_in)),
        after=after,
        limit=limit,
    )
    rows = await connection.execute(
        select(member.c.holder, member.c.id).where(
            member.c.holder.in_(sorted({one.holder for one in lots}))
        )
    )
    members = {row.holder: row.id for row in rows}
    found = []
    for lot in lots:
        order, shipment = read_earn_key(lot.key) or (None, None)
        found.append(
            LotOfCohort(lot=lot, member=members.get(lot.holder), order=order, shipment=shipment)
        )
    return found


def reasons(figures: CohortFigures) -> tuple[tuple[MoneyReason, int], ...]:
    """Return what moved a cohort's balance, in the order of the roll-forward."""
    return (
        (MoneyReason.DEFERRED, figures.deferred),
        (MoneyReason.SPENT, figures.spent),
        (MoneyReason.ENDED, figures.ended),
        (MoneyReason.ESTIMATE, figures.changed),
        (MoneyReason.RETURNED, figures.returned),
        (MoneyReason.UNDONE, figures.undone),
    )


def _month(
    month: date, lot_class: LotClass, parts: Sequence[CohortFigures], value: PointValue
) -> MoneyMonth:
    outstanding = sum(one.stand.outstanding for one in parts)
    used = sum(one.used for one in parts)
    return MoneyMonth(
        month=month,
        lot_class=lot_class,
        treatment=TREATMENTS[lot_class],
        opening=sum(one.opening for one in parts),
        deferred=sum(one.deferred for one in parts),
        spent=sum(one.spent for one in parts),
        ended=sum(one.ended for one in parts),
        changed=sum(one.changed for one in parts),
        returned=sum(one.returned for one in parts),
        undone=sum(one.undone for one in parts),
        closing=sum(one.closing for one in parts),
        outstanding=outstanding,
        face_value=value.money_down(outstanding),
        used=used,
        used_value=value.money_down(used),
    )


def _value_at(policies: Iterable[Policy], day: date, known_by: datetime) -> PointValue:
    """Return what a point is worth at the end of the day before ``day``, as known by then."""
    started = [
        one for one in policies if one.starts_at <= known_by and one.starts_at < one.midnight(day)
    ]
    return max(started, key=lambda one: (one.starts_at, one.version)).point_value


def _by_month(figures: CohortFigures) -> tuple[date, LotClass, date]:
    return figures.month, figures.lot_class, figures.issued_in


def _ends(month: date) -> date:
    return months_later(month, 1)
