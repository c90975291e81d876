"""The books of fees as they stood: roll-forward by month and plan, and the charges behind a figure.

What is booked counts from its day on, as far as it was recorded by ``known_by``. Read figures of
several statements in a snapshot.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.fees.recognition import Life, lives
from loyalty.fees.rolling import FeeMonth, roll
from loyalty.fees.tables import fee_allocation, fee_end
from loyalty.fees.types import Charge, ChargeReason, End, Figures, Refund, RefundKind
from loyalty.membership.tables import membership_charge, membership_refund
from loyalty.plans.tables import plan_price
from loyalty.policy import Policy, months_later, policy_at

_BEGINNING: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRollForward:
    """Every plan's fees month by month, in minor units of the programme's currency."""

    since: date
    until: date
    known_by: datetime
    currency: str
    months: tuple[FeeMonth, ...]

    @property
    def totals(self) -> tuple[FeeMonth, ...]:
        """The same for all plans together."""
        return tuple(
            FeeMonth(
                month=month,
                plan="",
                opening=sum(one.opening for one in found),
                moved=sum((one.moved for one in found), start=Figures()),
                closing=sum(one.closing for one in found),
            )
            for month in sorted({one.month for one in self.months})
            if (found := [one for one in self.months if one.month == month])
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeOfCharge:
    """What one charge moved in a month, with its refunds of that month."""

    member: UUID
    reference: str
    charge: Charge
    opening: int
    moved: Figures
    closing: int
    refunds: tuple[Refund, ...]

    @property
    def last_day(self) -> date:
        """The last day that the charge pays for."""
        return self.charge.ends - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Facts:
    """Everything recorded that concerns the months from a day on."""

    members: dict[UUID, tuple[UUID, str]]
    lived: Sequence[Life]
    refunds: Sequence[Refund]


async def fee_roll_forward(
    connection: AsyncConnection, *, known_by: datetime, since: date, until: date
) -> FeeRollForward:
    """Return opening to closing of every plan for the months of ``[since, until)``."""
    policy = await policy_at(connection, known_by)
    facts = await _read(connection, policy, known_by=known_by, since=since, until=until)
    months = roll(facts.lived, since=since, until=until, through=_through(policy, known_by))
    return FeeRollForward(
        since=since,
        until=until,
        known_by=known_by,
        currency=policy.currency,
        months=tuple(months),
    )


async def fee_months(
    connection: AsyncConnection, *, known_by: datetime, until: date
) -> Sequence[FeeMonth]:
    """Return every month from the first charge to before ``until``, for the journal export."""
    policy = await policy_at(connection, known_by)
    facts = await _read(connection, policy, known_by=known_by, since=_BEGINNING, until=until)
    if not facts.lived:
        return []
    first = min(life.charge.booked_on for life in facts.lived).replace(day=1)
    return roll(facts.lived, since=first, until=until, through=_through(policy, known_by))


async def fees_of_month(
    connection: AsyncConnection,
    *,
    known_by: datetime,
    month: date,
    plan: str | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> Sequence[FeeOfCharge]:
    """List the charges that stood or moved in a month, in the order of their ids."""
    policy = await policy_at(connection, known_by)
    until = months_later(month, 1)
    facts = await _read(connection, policy, known_by=known_by, since=month, until=until)
    end = min(until, _through(policy, known_by))
    found: list[FeeOfCharge] = []
    for life in sorted(facts.lived, key=lambda one: one.charge.id):
        if plan not in (None, life.charge.plan) or (after and life.charge.id <= after):
            continue
        if (told := _told(life, facts, month, end)) is not None:
            found.append(told)
        if len(found) == limit:
            break
    return found


def _told(life: Life, facts: _Facts, month: date, end: date) -> FeeOfCharge | None:
    before, by_end = life.by(month), life.by(max(end, month))
    moved = by_end - before
    if moved == Figures() and not before.rest:
        return None
    member, reference = facts.members[life.charge.id]
    return FeeOfCharge(
        member=member,
        reference=reference,
        charge=life.charge,
        opening=before.rest,
        moved=moved,
        closing=by_end.rest,
        refunds=tuple(
            one
            for one in facts.refunds
            if one.charge == life.charge.id and month <= one.booked_on < end
        ),
    )


async def _read(
    connection: AsyncConnection,
    policy: Policy,
    *,
    known_by: datetime,
    since: date,
    until: date,
) -> _Facts:
    """Read what is recorded of memberships with a charge that is not over when the span begins."""
    touched = _touched(policy, known_by, since)
    rows = (await connection.execute(_charges(touched, known_by))).all()
    charges = {row.id: _charge(policy, row) for row in rows}
    ends = [_end(policy, row) for row in rows if row.ended_at is not None]
    refunds = [
        _refund(policy, row) for row in await connection.execute(_refunds(touched, known_by))
    ]
    booked = {id_: one for id_, one in charges.items() if one.booked_on < until}
    happened = (one for one in refunds if one.charge in booked)
    return _Facts(
        members={row.id: (row.member, row.reference) for row in rows},
        lived=list(lives(booked.values(), happened, (one for one in ends if one.charge in booked))),
        refunds=refunds,
    )


def _touched(policy: Policy, known_by: datetime, since: date) -> Select[UUID]:
    """Memberships of which something is open, or moved, on the span's first day or later."""
    begins = policy.midnight(since)
    charge, refund, end = membership_charge.c, membership_refund.c, fee_end.c
    open_ = or_(
        charge.ends_at >= begins,
        charge.paid_at >= begins,
        charge.booked_on >= since,
        charge.reason == ChargeReason.LATE.value,
        select(refund.id)
        .where(
            refund.member == charge.member,
            refund.charge == charge.id,
            or_(refund.at >= begins, refund.booked_on >= since),
        )
        .exists(),
        select(end.charge)
        .where(
            end.member == charge.member,
            end.charge == charge.id,
            or_(end.due > 0, end.booked_on >= since),
        )
        .exists(),
    )
    return select(charge.membership).where(open_, charge.recorded_at <= known_by)


def _charges(touched: Select[UUID], known_by: datetime) -> Select[*tuple[Any, ...]]:
    charge, end = membership_charge.c, fee_end.c
    return (
        select(
            charge.member,
            charge.id,
            charge.membership,
            charge.reference,
            charge.reason,
            charge.booked_on,
            charge.paid_at,
            charge.starts_at,
            charge.ends_at,
            charge.net,
            charge.tax,
            plan_price.c.plan,
            func.coalesce(fee_allocation.c.allocated, 0).label("share"),
            end.at.label("ended_at"),
            end.booked_on.label("end_booked_on"),
            end.due,
        )
        .select_from(
            membership_charge.join(plan_price, plan_price.c.id == charge.price)
            .outerjoin(
                fee_allocation,
                and_(
                    fee_allocation.c.member == charge.member,
                    fee_allocation.c.charge == charge.id,
                ),
            )
            .outerjoin(
                fee_end,
                and_(
                    end.member == charge.member,
                    end.charge == charge.id,
                    end.recorded_at <= known_by,
                ),
            )
        )
        .where(charge.membership.in_(touched), charge.recorded_at <= known_by)
    )


def _refunds(touched: Select[UUID], known_by: datetime) -> Select[*tuple[Any, ...]]:
    refund = membership_refund
    of_charge: ColumnElement[bool] = and_(
        membership_charge.c.member == refund.c.member, membership_charge.c.id == refund.c.charge
    )
    return (
        select(refund)
        .select_from(refund.join(membership_charge, of_charge))
        .where(membership_charge.c.membership.in_(touched), refund.c.recorded_at <= known_by)
    )


def _charge(policy: Policy, row: Row[*tuple[Any, ...]]) -> Charge:
    starts = policy.day_of(row.starts_at)
    return Charge(
        id=row.id,
        membership=row.membership,
        plan=row.plan,
        reason=ChargeReason(row.reason),
        booked_on=row.booked_on or policy.day_of(row.paid_at),
        at=row.paid_at,
        starts=starts,
        ends=max(policy.day_of(row.ends_at), starts + timedelta(days=1)),
        net=row.net,
        tax=row.tax,
        share=row.share,
    )


def _end(policy: Policy, row: Row[*tuple[Any, ...]]) -> End:
    day = row.end_booked_on or policy.day_of(row.ended_at)
    return End(charge=row.id, booked_on=day, due=row.due)


def _refund(policy: Policy, row: Row[*tuple[Any, ...]]) -> Refund:
    return Refund(
        id=row.id,
        charge=row.charge,
        booked_on=row.booked_on or policy.day_of(row.at),
        at=row.at,
        net=row.net,
        tax=row.tax,
        kind=RefundKind(row.kind),
    )


def _through(policy: Policy, known_by: datetime) -> date:
    """The day after the one that has begun: days count when they begin."""
    return policy.day_of(known_by) + timedelta(days=1)
