"""Refunds that Stripe refused: tried again by a job, or by hand, or settled otherwise.

What was refused for certain is asked under another key, and so is what nobody answered for as long
as Stripe keeps keys. Each try is an operation of its own, so that who asked for it stands with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.billing.errors import NoRefundRefused, RefundUnderWay
from loyalty.billing.operations import (
    BATCH,
    KEPT,
    REFUND,
    SETTLED,
    Kept,
    finish,
    keep,
    next_try,
    read_kept,
    refunds_of,
)
from loyalty.billing.refunding import NO_PAYMENT, WAITS, tried_again_at
from loyalty.billing.tables import stripe_operation
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.ids import show
from loyalty.membership.store import lock_membership
from loyalty.membership.tables import membership
from loyalty.membership.types import PREFIX, Membership


@dataclass(frozen=True, slots=True)
class RefusedRefund:
    """A part of what is due that Stripe refused to give back, and when it is tried again."""

    key: str
    membership: UUID
    member: UUID
    subscription: str
    payment: str | None
    amount: int
    code: str
    attempts: int
    asked_at: datetime
    next_at: datetime | None
    """None where it is for a person to look at."""


async def retry_refunds(application: Application, cause: Cause) -> int:
    """Try refunds again whose time has come; answer how many are given back now."""
    if application.billing.gateway is None:
        return 0
    async with application.database.read() as connection:
        due = await _due(connection, cause.at)
    return sum([await finish(application, cause, next_try(each, REFUND)) for each in due])


async def try_again(connection: AsyncConnection, cause: Cause, id_: UUID) -> None:
    """Let whatever of a membership's refunds did not reach the member be asked for once more.

    Also what Stripe took and a bank sent back. The job that finishes what is under way asks for it.
    Raises NoRefundRefused where there is none, or all are settled, and RefundUnderWay.
    """
    row = await lock_membership(connection, id_)
    tries = [each for each in await _refunds(connection, row) if each.operation.deed == REFUND]
    if not tries:
        raise NoRefundRefused
    await keep(connection, cause, [next_try(each, REFUND) for each in tries])
    await _record(connection, cause, row, "retry", len(tries))


async def settle(connection: AsyncConnection, cause: Cause, id_: UUID, why: str) -> None:
    """Say that what Stripe refused to give back of a membership needs no refund any more.

    Nothing is recorded as given back by that. Raises NoRefundRefused and RefundUnderWay.
    """
    row = await lock_membership(connection, id_)
    refused = [each for each in await _refunds(connection, row) if each.refused is not None]
    if not refused:
        raise NoRefundRefused
    over = [next_try(each, SETTLED, why=why) for each in refused]
    await keep(connection, cause, over, done_at=cause.at)
    await _record(connection, cause, row, "settle", len(over), reason=why)


async def _refunds(connection: AsyncConnection, row: Membership) -> Sequence[Kept]:
    """Return how a membership's refunds stand; its member is locked. Raises RefundUnderWay."""
    refunds = await refunds_of(connection, row.member, row.reference)
    for each in refunds:
        if each.done_at is None:
            raise RefundUnderWay(seen=each.asked_at.isoformat())
    return refunds


async def _record(
    connection: AsyncConnection,
    cause: Cause,
    row: Membership,
    action: str,
    refunds: int,
    **more: str,
) -> None:
    await record_change(
        connection,
        cause,
        subject_kind="stripe-refund",
        subject=show(PREFIX, row.id),
        action=action,
        after={"refunds": refunds, **more},
        member=row.member,
    )


async def refused_refunds(
    connection: AsyncConnection, *, before: tuple[datetime, str] | None = None, limit: int
) -> Sequence[RefusedRefund]:
    """Return what Stripe refused and nobody has settled, the latest first."""
    own = stripe_operation.c
    wanted = (
        select(*KEPT, membership.c.id)
        .join(
            membership,
            and_(membership.c.member == own.member, membership.c.reference == own.subscription),
        )
        .where(*_stands_refused())
        .order_by(own.asked_at.desc(), own.key.desc())
        .limit(limit)
    )
    if before is not None:
        wanted = wanted.where(tuple_(own.asked_at, own.key) < before)
    return [_told(read_kept(row[:-1]), row[-1]) for row in await connection.execute(wanted)]


def _told(kept: Kept, id_: UUID) -> RefusedRefund:
    about, code = kept.operation, kept.refused or ""
    attempts = about.asked["attempt"]
    return RefusedRefund(
        key=about.key,
        membership=id_,
        member=about.member,
        subscription=about.subscription,
        payment=about.asked["intent"],
        amount=about.asked["amount"],
        code=code,
        attempts=attempts,
        asked_at=kept.asked_at,
        next_at=tried_again_at(attempts, code, kept.asked_at),
    )


async def count_refused(connection: AsyncConnection) -> int:
    """Return how many refunds Stripe refused and nobody has settled."""
    wanted = select(func.count()).select_from(stripe_operation).where(*_stands_refused())
    return int((await connection.execute(wanted)).scalar_one())


async def _due(connection: AsyncConnection, at: datetime) -> Sequence[Kept]:
    """Return refused refunds whose next try has come, as `tried_again_at` says."""
    own = stripe_operation.c
    waited = [
        and_(own.asked["attempt"].as_integer() == attempt, own.asked_at <= at - wait)
        for attempt, wait in enumerate(WAITS, 1)
    ]
    wanted = (
        select(*KEPT)
        .where(*_stands_refused(), own.refused != NO_PAYMENT, or_(*waited))
        .order_by(own.asked_at)
        .limit(BATCH)
    )
    return [read_kept(row) for row in await connection.execute(wanted)]


def _stands_refused() -> Sequence[ColumnElement[bool]]:
    """Whether an operation is the last try of a refund, and was refused."""
    own, later = stripe_operation.c, stripe_operation.alias("later").c
    outdone = exists().where(
        later.member == own.member,
        later.subscription == own.subscription,
        later.asked["of"].astext == own.asked["of"].astext,
        later.asked["attempt"].as_integer() > own.asked["attempt"].as_integer(),
    )
    return own.deed == REFUND, own.refused.is_not(None), ~outdone
