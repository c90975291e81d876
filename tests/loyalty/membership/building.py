"""A plan and its members in a test: the shop's reports, as short as they can be told."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import SYSTEM, Cause
from loyalty.members import Joining, Member, join
from loyalty.membership.external import NewMembership, NewPayment, join_plan, report_payment
from loyalty.membership.store import find_membership, timeline_of
from loyalty.membership.types import Applied, Membership
from loyalty.plans.publishing import open_plan
from loyalty.plans.types import NewPlan, NewPrice, Plan
from loyalty.tables import event

NOW: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
MONTH: Final = timedelta(days=30)
CONSENT: Final = ("prime-terms", "2026-11")


def cause(at: datetime = NOW) -> Cause:
    """Return a cause of an instant."""
    return Cause(at, SYSTEM, "test")


async def opened(connection: AsyncConnection, /, code: str = "prime", **more: Any) -> Plan:
    """Return a new plan with a monthly and a yearly price."""
    prices = (NewPrice("monthly", "month", 990), NewPrice("yearly", "year", 9_900))
    terms = {"grace_days": 7, "trial_days": 14, **more}
    return await open_plan(connection, cause(), NewPlan(code, {"en": code}, prices, **terms))


async def joined(connection: AsyncConnection, /, name: str = "C-1", **more: Any) -> Member:
    """Return a new member."""
    return await join(connection, cause(), Joining(external_id=name, **more))


def paid(reference: str, starts_at: datetime = NOW, *, days: int = 30, **more: Any) -> NewPayment:
    """Return a payment of 9.16 and tax of 0.74 for a period, made when it begins."""
    told = {"net": 916, "tax": 74, "currency": "USD", "paid_at": starts_at, **more}
    return NewPayment(reference, starts_at, starts_at + timedelta(days=days), **told)


async def begun(
    connection: AsyncConnection,
    whose: Member,
    /,
    reference: str = "SUB-1",
    *,
    trial: bool = False,
    at: datetime = NOW,
    plan: str = "prime",
    price: str = "monthly",
) -> Applied:
    """Return a membership that was paid for, or is on trial."""
    first = None if trial else paid(f"{reference}-1", at)
    asked = NewMembership(plan, price, reference, CONSENT, trial=trial, paid=first)
    return await join_plan(connection, cause(at), whose, asked)


async def renewed(connection: AsyncConnection, row: Membership, at: datetime) -> Applied:
    """Pay for another month of a membership from where it was paid until."""
    since = row.period_end or row.trial_ends_at or at
    number = f"{row.reference}-{row.version}-{since:%Y%m%d%H}"
    return await report_payment(
        connection, cause(at), row.id, paid(number, since, paid_at=min(at, since))
    )


async def causes(connection: AsyncConnection, id_: UUID) -> list[str]:
    """Return the causes on a timeline."""
    return [step.cause for step in await timeline_of(connection, id_)]


async def now(connection: AsyncConnection, applied: Applied) -> Membership:
    """Return a membership as it is stored now."""
    return await find_membership(connection, applied.membership.id)


async def events(connection: AsyncConnection, whose: Member) -> list[str]:
    """Return the types of what the world was told of a member's membership."""
    told = await connection.scalars(
        select(event.c.type).where(event.c.member == whose.id).order_by(event.c.sequence)
    )
    return [type_ for type_ in told if type_.startswith("membership.")]
