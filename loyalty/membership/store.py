"""Memberships as they are stored: found by id or reference, locked, listed, with what is theirs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.membership.errors import MembershipUnknown
from loyalty.membership.tables import (
    membership,
    membership_change,
    membership_charge,
    membership_refund,
)
from loyalty.membership.types import (
    Change,
    Charge,
    ChargeReason,
    Consent,
    Membership,
    Refund,
    RefundKind,
    State,
)
from loyalty.names import Name, find_name
from loyalty.plans.types import Adapter
from loyalty.tables import member

MEMBERSHIP: Final = "membership"
"""The kind of name under which an adapter's reference of a membership stands."""
MOST_LISTED: Final = 1_000


def name_of(adapter: Adapter, reference: str) -> str:
    """Return the name under which a reference stands: unique in the whole programme."""
    return f"{adapter}:{reference}"


async def find_membership(connection: AsyncConnection, id_: UUID) -> Membership:
    """Return a membership. Raises MembershipUnknown."""
    row = (await connection.execute(select(membership).where(membership.c.id == id_))).one_or_none()
    if row is None:
        raise MembershipUnknown(seen=str(id_))
    return _read(row)


async def lock_membership(connection: AsyncConnection, id_: UUID) -> Membership:
    """Return a membership with its member's row locked. Raises MembershipUnknown."""
    row = await find_membership(connection, id_)
    while True:
        await lock_row(connection, row.member)
        row, before = await find_membership(connection, id_), row
        if row.member == before.member:  # a merge may have been waited for
            return row


async def lock_row(connection: AsyncConnection, whose: UUID) -> None:
    """Lock a member's row, which comes first in every write about them."""
    await connection.execute(
        select(member.c.id).where(member.c.id == whose).with_for_update(key_share=True)
    )


async def by_reference(
    connection: AsyncConnection, adapter: Adapter, reference: str
) -> Membership | None:
    """Return the membership that an adapter knows by a reference."""
    named: Name | None = await find_name(connection, MEMBERSHIP, name_of(adapter, reference))
    return None if named is None else await find_membership(connection, named.id)


async def live_membership(connection: AsyncConnection, whose: UUID) -> Membership | None:
    """Return the membership of a member that has not ended; there is at most one."""
    row = (
        await connection.execute(
            select(membership).where(membership.c.member == whose, membership.c.ended_at.is_(None))
        )
    ).one_or_none()
    return None if row is None else _read(row)


async def latest_membership(connection: AsyncConnection, whose: UUID) -> Membership | None:
    """Return a member's membership that has not ended, or the last one that did."""
    row = (
        await connection.execute(
            select(membership)
            .where(membership.c.member == whose)
            .order_by(membership.c.ended_at.is_(None).desc(), membership.c.began_at.desc())
            .limit(1)
        )
    ).one_or_none()
    return None if row is None else _read(row)


async def list_memberships(
    connection: AsyncConnection,
    *,
    state: State | None = None,
    plan: str | None = None,
    whose: UUID | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[Membership]:
    """Return memberships, the newest first, of a state as it is written down, or of a plan."""
    wanted = select(membership).order_by(membership.c.id.desc()).limit(limit)
    if state is not None:
        wanted = wanted.where(membership.c.state == state)
    if plan is not None:
        wanted = wanted.where(membership.c.plan == plan)
    if whose is not None:
        wanted = wanted.where(membership.c.member == whose)
    if before is not None:
        wanted = wanted.where(membership.c.id < before)
    return [_read(row) for row in await connection.execute(wanted)]


async def count_by_plan(connection: AsyncConnection) -> dict[str, dict[str, int]]:
    """Return how many memberships each plan has in each state, as it is written down."""
    found: dict[str, dict[str, int]] = {}
    counted = select(membership.c.plan, membership.c.state, func.count())
    rows = await connection.execute(counted.group_by(membership.c.plan, membership.c.state))
    for plan, state, number in rows:
        found.setdefault(plan, {})[state] = number
    return found


async def live_references(connection: AsyncConnection, adapter: Adapter) -> Sequence[str]:
    """Return the references of an adapter's memberships that have not ended."""
    wanted = select(membership.c.reference).where(
        membership.c.adapter == adapter, membership.c.ended_at.is_(None)
    )
    return list(await connection.scalars(wanted.order_by(membership.c.reference)))


async def charges_of(connection: AsyncConnection, id_: UUID) -> list[Charge]:
    """Return the charges of a membership in the order of their periods."""
    rows = await connection.execute(
        select(membership_charge)
        .where(membership_charge.c.membership == id_)
        .order_by(membership_charge.c.starts_at, membership_charge.c.id)
        .limit(MOST_LISTED)
    )
    return [_read_charge(row) for row in rows]


async def refunds_of(connection: AsyncConnection, charges: Sequence[UUID]) -> list[Refund]:
    """Return what was given back of charges, the earliest first."""
    rows = await connection.execute(
        select(membership_refund)
        .where(membership_refund.c.charge.in_(charges))
        .order_by(membership_refund.c.at, membership_refund.c.id)
        .limit(MOST_LISTED)
    )
    return [_read_refund(row) for row in rows]


async def timeline_of(connection: AsyncConnection, id_: UUID) -> list[Change]:
    """Return every change of a membership with its cause, in order."""
    rows = await connection.execute(
        select(membership_change)
        .where(membership_change.c.membership == id_)
        .order_by(membership_change.c.number)
        .limit(MOST_LISTED)
    )
    return [
        Change(
            number=row.number,
            cause=row.cause,
            at=row.at,
            before=cast("State | None", row.before),
            after=cast("State", row.after),
            data=row.data,
            recorded_at=row.recorded_at,
            actor=row.actor,
        )
        for row in rows
    ]


async def due_rows(
    connection: AsyncConnection, at: datetime, *, limit: int, after: UUID | None = None
) -> list[Membership]:
    """Return memberships that the shop charges for and that time has changed, by their ids."""
    wanted = (
        select(membership)
        .where(
            membership.c.adapter == "external",
            membership.c.ended_at.is_(None),
            membership.c.paused_at.is_(None),
            or_(membership.c.access_until <= at, membership.c.late_from <= at),
        )
        .order_by(membership.c.id)
        .limit(limit)
    )
    if after is not None:
        wanted = wanted.where(membership.c.id > after)
    return [_read(row) for row in await connection.execute(wanted)]


def _read(row: Row[*tuple[Any, ...]]) -> Membership:
    given = None
    if row.consent_text is not None:
        given = Consent(row.consent_text, row.consent_version, row.consent_at)
    plain = {field: getattr(row, field) for field in Membership.__slots__ if field != "consent"}
    return Membership(consent=given, **plain)


def _read_charge(row: Row[*tuple[Any, ...]]) -> Charge:
    plain = {field: getattr(row, field) for field in Charge.__slots__}
    plain["reason"] = cast("ChargeReason", row.reason)
    return Charge(**plain)


def _read_refund(row: Row[*tuple[Any, ...]]) -> Refund:
    plain = {field: getattr(row, field) for field in Refund.__slots__}
    plain["kind"] = cast("RefundKind", row.kind)
    return Refund(**plain)
