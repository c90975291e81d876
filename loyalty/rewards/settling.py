"""What becomes of orders of rewards: fulfilled, or cancelled with everything given back.

A cancellation gives back points, stock and limits in one transaction, and takes the voucher back
unless it was used. Either step again is a replay; what contradicts it is refused.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import DateTime, Text, Uuid, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
import ledger
from loyalty.cause import Cause
from loyalty.changes import keep_texts, record_change
from loyalty.events import Event, record_event
from loyalty.ids import new_id, show
from loyalty.members import Member, Ref, lock_member
from loyalty.names import VOUCHER
from loyalty.orders.claims import post_claims
from loyalty.policy import policy_at
from loyalty.rewards.errors import RewardOrderClosed, RewardVoucherUsed
from loyalty.rewards.orders import find_reward_order
from loyalty.rewards.postings import restoring
from loyalty.rewards.reading import find_reward
from loyalty.rewards.tables import reward_allowance, reward_order
from loyalty.rewards.types import REWARD_ORDER as PREFIX
from loyalty.rewards.types import OrderState, RewardOrder
from loyalty.tables import name


async def fulfil_order(
    connection: AsyncConnection, cause: Cause, order: UUID, *, reference: str | None = None
) -> RewardOrder:
    """Say that what was ordered was sent, handed out or done. Again with the same is a replay.

    Raises RewardOrderUnknown, and RewardOrderClosed where it was cancelled, or fulfilled under
    another reference.
    """
    found, _ = await _locked(connection, order)
    if found.state is OrderState.FULFILLED and reference in (None, found.fulfilment):
        return found
    if found.state is not OrderState.ORDERED:
        raise RewardOrderClosed(seen=found.state.value, wanted=OrderState.FULFILLED.value)
    told = {"state": OrderState.FULFILLED.value, "reference": reference}
    await _record(connection, cause, found, "fulfil", told)
    await record_event(connection, cause, _happened(cause, found, "reward.fulfilled"))
    await connection.execute(
        update(reward_order)
        .where(reward_order.c.member == found.member, reward_order.c.id == order)
        .values(state=OrderState.FULFILLED.value, fulfilled_at=cause.at, fulfilment=reference)
    )
    return await find_reward_order(connection, order)


async def cancel_order(
    connection: AsyncConnection,
    cause: Cause,
    order: UUID,
    *,
    reason: str,
    note: str | None = None,
    restock: bool = True,
) -> RewardOrder:
    """Cancel an order for a reason, fulfilled or not: points, stock and limits come back.

    Without `restock` the thing itself cannot be had again. Cancelling again for the same reason is
    a replay. Raises RewardOrderUnknown, RewardVoucherUsed, and RewardOrderClosed for another
    reason.
    """
    found, whose = await _locked(connection, order)
    if found.state is OrderState.CANCELLED:
        if found.cancel_reason == reason and found.restocked == restock:
            return found
        raise RewardOrderClosed(seen=found.state.value, wanted=OrderState.CANCELLED.value)
    policy = await policy_at(connection, cause.at)
    posting = restoring(whose.holder, order, found.price.points, policy, cause)
    for outcome in await post_claims(connection, whose, [posting], at=cause.at):
        ledger.demand(outcome)
    if found.voucher is not None:
        await _take_back_voucher(connection, cause, found.voucher)
    said = {} if note is None else {"note": (None, note)}
    kept = await keep_texts(connection, cause, whose.id, said)
    told = {"state": OrderState.CANCELLED.value, "reason": reason, "restocked": restock, **kept}
    await _record(connection, cause, found, "cancel", told)
    happened = _happened(cause, found, "reward.cancelled", reason=reason, restocked=restock)
    await record_event(connection, cause, happened)
    await _give_limits_back(connection, whose, found)
    cancelled = func.loyalty.cancel_reward_order(
        literal(found.member, Uuid),
        literal(order, Uuid),
        literal(cause.at, DateTime(timezone=True)),
        literal(reason, Text),
        literal(restock),
    )
    await connection.execute(select(cancelled))
    return await find_reward_order(connection, order)


async def _locked(connection: AsyncConnection, order: UUID) -> tuple[RewardOrder, Member]:
    """The order and its member, whose row is locked before the order is read."""
    member = (await find_reward_order(connection, order)).member
    whose = await lock_member(connection, Ref("member", show("mem", member), id=member))
    return await find_reward_order(connection, order), whose


async def _take_back_voucher(connection: AsyncConnection, cause: Cause, voucher: UUID) -> None:
    """Make the voucher unusable, whoever it belongs to by now; one that was used stays used."""
    owner = await connection.scalar(
        select(name.c.member).where(name.c.kind == VOUCHER, name.c.id == voucher)
    )
    held = benefits.vouchers_of(owner or voucher).order_by(None)
    row = (await connection.execute(held.where(held.selected_columns["id"] == voucher))).first()
    if owner is None or row is None or benefits.read_voucher(row).uses_redeemed:
        raise RewardVoucherUsed
    benefits.demand(await benefits.void_voucher(connection, owner, voucher, at=cause.at))


async def _give_limits_back(connection: AsyncConnection, whose: Member, found: RewardOrder) -> None:
    """The order counts no more in the limits of its member, or of whom they go on as."""
    reward = await find_reward(connection, found.reward)
    counted = reward_allowance.c
    await connection.execute(
        update(reward_allowance)
        .where(
            counted.member.in_([found.member, whose.merged_into or found.member]),
            counted.reward == reward.id,
            counted.starts_at <= found.ordered_at,
            or_(counted.ends_at.is_(None), counted.ends_at > found.ordered_at),
        )
        .values(taken=counted.taken - found.quantity)
    )


async def _record(
    connection: AsyncConnection,
    cause: Cause,
    found: RewardOrder,
    action: str,
    told: Mapping[str, object],
) -> None:
    await record_change(
        connection,
        cause,
        subject_kind="reward-order",
        subject=show(PREFIX, found.id),
        action=action,
        before={"state": found.state.value},
        after=told,
        member=found.member,
    )


def _happened(cause: Cause, found: RewardOrder, type_: str, **more: object) -> Event:
    data = {
        "order": show(PREFIX, found.id),
        "reward": found.reward,
        "quantity": found.quantity,
        "points": found.price.points,
        **more,
    }
    return Event(new_id(cause.at), found.member, type_, cause.at, data)
