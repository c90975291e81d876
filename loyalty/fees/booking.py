"""What fees leave in the books when they are recorded: a day, bonus points' share, an early end."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_once
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from ledger import LotClass
from loyalty.books import expected_share, read_estimates
from loyalty.cause import Cause
from loyalty.fees.sharing import allocate_fee
from loyalty.fees.tables import fee_allocation, fee_end
from loyalty.policy import Policy


async def booked_on(connection: AsyncConnection, policy: Policy, at: datetime) -> date | None:
    """Return the first open day where the day of an instant is in a closed month; else None.

    Ask inside the transaction that records it, after its first lock: whoever closes a month waits
    for it.
    """
    first = await ledger.open_from(connection)
    return first if first is not None and policy.day_of(at) < first else None


async def allocate_bonus(
    connection: AsyncConnection,
    policy: Policy,
    cause: Cause,
    *,
    member: UUID,
    charge: UUID,
    net: int,
    points: int,
) -> int:
    """Keep what of a charge its bonus points take, and return it: the lot's allocated amount.

    The charge stands already; the lot is earned in the same transaction with the class `fee`.
    """
    signed = await read_estimates(connection, lot_class=LotClass.FEE)
    expected = expected_share(signed, LotClass.FEE, policy.day_of(cause.at))
    share = allocate_fee(net, points, policy.point_value, expected)
    await connection.execute(
        insert(fee_allocation).values(
            member=member,
            charge=charge,
            points=points,
            allocated=share.points,
            at=cause.at,
            actor=cause.actor,
            request_id=cause.request_id,
        )
    )
    return share.points


async def bonus_given(connection: AsyncConnection, member: UUID, charges: Sequence[UUID]) -> int:
    """Return the bonus points that came with a member's charges, whatever their plan gives now."""
    own = fee_allocation.c
    given = select(func.coalesce(func.sum(own.points), 0)).where(
        own.member == member, own.charge.in_(charges)
    )
    return int((await connection.execute(given)).scalar_one())


async def bonus_share(
    connection: AsyncConnection, member: UUID, charges: Sequence[UUID], points: int
) -> int:
    """Return what of a member's charges stands behind so many of their bonus points, rounded down.

    All of them have the whole share behind them, as it was when they were given first.
    """
    own = fee_allocation.c
    shared = select(own.points, own.allocated).where(own.member == member, own.charge.in_(charges))
    row = (await connection.execute(shared)).one_or_none()
    return 0 if row is None else int(row.allocated * points // row.points)


async def end_fees(
    connection: AsyncConnection,
    policy: Policy,
    cause: Cause,
    *,
    member: UUID,
    ended_at: datetime,
    due: Mapping[UUID, int],
) -> None:
    """Keep that a membership ended before these charges' periods did, and what is due of each.

    What is due counts what was given back before. A charge that had ended stays as it was.
    """
    if not due:
        return
    day = await booked_on(connection, policy, ended_at)
    facts = {"member": member, "at": ended_at, "booked_on": day, **cause.columns()}
    await connection.execute(
        insert_once(fee_end).on_conflict_do_nothing(constraint="fee_end_comes_once"),
        [{"charge": charge, "due": net, **facts} for charge, net in due.items()],
    )
