"""Members with memberships, charges and refunds, as they stand in the database."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import SYSTEM, Cause
from loyalty.ids import new_id
from loyalty.members import Joining, join
from loyalty.membership.tables import membership, membership_charge, membership_refund
from loyalty.plans.tables import plan, plan_price

AT = datetime(2026, 12, 1, 12, tzinfo=UTC)
FAR = datetime(2030, 1, 1, tzinfo=UTC)
CAUSE = Cause(AT, SYSTEM, "test")


def start(day: date) -> datetime:
    """The first instant of a day."""
    return datetime.combine(day, time(), UTC)


@dataclass(frozen=True, slots=True)
class Paid:
    """A membership, and the price that it pays."""

    member: UUID
    id: UUID
    price: UUID


async def offered(connection: AsyncConnection, code: str, every: str, amount: int) -> UUID:
    """A plan with one price; answers the price."""
    await connection.execute(
        insert(plan).values(
            code=code,
            adapter="external",
            titles={"en": code},
            currency="USD",
            trial_days=0,
            trial_needs_card=False,
            bonus_points=0,
            grace_days=7,
            margin_hours=2,
            refund_policy="pro-rata",
            withdrawal_days=14,
            opened_at=AT,
            **CAUSE.columns(),
        )
    )
    price = new_id()
    await connection.execute(
        insert(plan_price).values(
            id=price,
            plan=code,
            code=every,
            every=every,
            amount=amount,
            tax="exclusive",
            opened_at=AT,
            **CAUSE.columns(),
        )
    )
    return price


async def joined(connection: AsyncConnection, code: str, price: UUID) -> Paid:
    """A new member with a membership that is paid."""
    who = await join(connection, CAUSE, Joining())
    id_ = new_id()
    await connection.execute(
        insert(membership).values(
            member=who.id,
            id=id_,
            adapter="external",
            reference=f"sub-{id_}",
            plan=code,
            price=price,
            state="active",
            began_at=AT,
            period_start=AT,
            period_end=FAR,
            access_until=FAR,
            version=1,
            fence=0,
            **CAUSE.columns(),
        )
    )
    return Paid(who.id, id_, price)


async def charged(
    connection: AsyncConnection, of: Paid, starts: date, ends: date, net: int, **more: Any
) -> UUID:
    """A payment on the first day of its period."""
    id_ = new_id()
    values = {
        "tax": 0,
        "credit": 0,
        "reason": "first",
        "paid_at": start(starts),
        "recorded_at": start(starts),
        "adapter": "external",
        "reference": f"pay-{id_}",
        **more,
    }
    await connection.execute(
        insert(membership_charge).values(
            member=of.member,
            id=id_,
            membership=of.id,
            price=of.price,
            starts_at=start(starts),
            ends_at=start(ends),
            net=net,
            currency="USD",
            refunded_net=0,
            refunded_tax=0,
            **values,
            **CAUSE.columns(),
        )
    )
    return id_


async def refunded(
    connection: AsyncConnection, of: Paid, charge: UUID, day: date, net: int, **more: Any
) -> UUID:
    """Money given back on a day."""
    id_ = new_id()
    values = {
        "tax": 0,
        "kind": "refund",
        "at": start(day),
        "recorded_at": start(day),
        "reference": f"ref-{id_}",
        **more,
    }
    await connection.execute(
        insert(membership_refund).values(
            member=of.member,
            id=id_,
            charge=charge,
            net=net,
            reason="asked",
            **values,
            **CAUSE.columns(),
        )
    )
    await connection.execute(
        update(membership_charge)
        .where(membership_charge.c.member == of.member, membership_charge.c.id == charge)
        .values(
            refunded_net=membership_charge.c.refunded_net + net,
            refunded_tax=membership_charge.c.refunded_tax + values["tax"],
        )
    )
    return id_
