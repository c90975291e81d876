"""Ordering a reward: points, stock and what is handed out move together or not at all.

Six statements at most: the caller's first one, what is read, the points, a voucher, the rows, and
last of all the shelf. What is no longer to be had is refused by name, also to whom it is taken
from under their hands.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
import ledger
from loyalty.cause import Cause
from loyalty.checkout.programme import Programme
from loyalty.events import Event
from loyalty.idempotency import Begun
from loyalty.ids import new_id, show
from loyalty.members import refuse_closed
from loyalty.names import REWARD_ORDER, VOUCHER, Name
from loyalty.policy import Policy
from loyalty.rewards.circumstances import (
    Circumstances,
    Shelved,
    Wanted,
    read_circumstances,
)
from loyalty.rewards.errors import (
    RewardMalformed,
    RewardMoved,
    RewardOrderConflict,
    RewardPointsShort,
    RewardUnknown,
)
from loyalty.rewards.offering import is_visible, reasons_against, refusal_of
from loyalty.rewards.orders import find_reward_order
from loyalty.rewards.periods import period_of
from loyalty.rewards.postings import spending
from loyalty.rewards.types import REWARD_ORDER as PREFIX
from loyalty.rewards.types import Kind, OrderState, Per, Price, RewardOrder, TaxClass
from loyalty.rewards.writing import (
    Kept,
    Placing,
    allowance,
    limits_for_all,
    take_stock,
    write_order,
)
from loyalty.vouchers import span_of


@dataclass(frozen=True, slots=True)
class NewRewardOrder:
    """What a member orders; `name` is the shop's own id, `version` the one they saw."""

    reward: str
    quantity: int = 1
    name: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order of a reward as recorded."""

    order: RewardOrder
    replayed: bool = False


Keep = Callable[[Ordered], Kept]


async def order_reward(
    connection: AsyncConnection,
    programme: Programme,
    cause: Cause,
    begun: Begun,
    asked: NewRewardOrder,
    *,
    keep: Keep = lambda _: None,
) -> Ordered:
    """Order a reward. The same order of the shop with the same content is a replay.

    Raises RewardUnknown, RewardMoved, the refusal of the first reason against it, and
    RewardOrderConflict for the same order with other content.
    """
    whose = begun.whose()
    refuse_closed(whose)
    found, code = await _read(connection, programme, cause, begun, asked)
    if found.placed is not None:
        return await _replayed(connection, found, asked)
    one = _chosen(found, asked)
    order = _order(cause, found, one, asked, code if one.kind is Kind.VOUCHER else None)
    postings = spending(whose.holder, order.id, order.price.points, found.policy, cause)
    for outcome in await ledger.post(connection, postings, at=cause.at):
        if outcome.code == "insufficient-points":
            seen = outcome.seen if isinstance(outcome.seen, int) else 0
            raise RewardPointsShort(seen=seen, wanted=order.price.points)
        ledger.demand(outcome)
    if order.voucher is not None:
        await _issue(connection, programme, cause, found, order)
    ordered = Ordered(order)
    placing = Placing(_row(one, order), _names(order), _allowances(found, one, order.quantity))
    events = _events(cause, one, order)
    await write_order(connection, cause, placing, events, keep(ordered))
    limits = limits_for_all(one.terms.limits, cause.at, found.policy.zone)
    await take_stock(connection, order.member, order.id, limits)
    return ordered


async def _read(
    connection: AsyncConnection,
    programme: Programme,
    cause: Cause,
    begun: Begun,
    asked: NewRewardOrder,
) -> tuple[Circumstances, str]:
    """What the order depends on, and the code that its voucher would have; nobody else has it."""
    while True:
        code = benefits.mint_code(secrets.randbelow)
        wanted = Wanted(asked.reward, asked.name, code)
        found = await read_circumstances(connection, programme, begun.whose(), wanted, at=cause.at)
        if not found.voucher_code_known:
            return found, code


async def _replayed(
    connection: AsyncConnection, found: Circumstances, asked: NewRewardOrder
) -> Ordered:
    member, id_ = found.placed or (found.whose.id, found.whose.id)
    recorded = await find_reward_order(connection, id_)
    told: dict[str, tuple[int | str, int | str]] = {
        "member": (show("mem", member), show("mem", found.whose.id)),
        "reward": (recorded.reward, asked.reward),
        "quantity": (recorded.quantity, asked.quantity),
        "version": (recorded.version, asked.version or recorded.version),
    }
    for field, (seen, wanted) in told.items():
        if seen != wanted:
            raise RewardOrderConflict(field=field, seen=seen, wanted=wanted, pointer=f"/{field}")
    return Ordered(recorded, replayed=True)


def _chosen(found: Circumstances, asked: NewRewardOrder) -> Shelved:
    """The reward that is ordered, unless anything stands in the way."""
    one = found.rewards[0] if found.rewards else None
    if one is None or not is_visible(found, one):
        raise RewardUnknown(seen=asked.reward, pointer="/reward")
    if asked.version not in (None, one.version):
        raise RewardMoved(seen=one.version, wanted=asked.version or 0, pointer="/version")
    if one.kind is Kind.VOUCHER and asked.quantity != 1:
        wanted = "1, since vouchers are ordered one by one,"
        raise RewardMalformed(wanted=wanted, seen=str(asked.quantity), pointer="/quantity")
    for reason in reasons_against(found, one, asked.quantity):
        raise refusal_of(reason)
    return one


def _order(
    cause: Cause, found: Circumstances, one: Shelved, asked: NewRewardOrder, code: str | None
) -> RewardOrder:
    handed_out = one.kind is Kind.VOUCHER
    return RewardOrder(
        member=found.whose.id,
        id=new_id(cause.at),
        external_id=asked.name,
        reward=one.code,
        kind=one.kind,
        version=one.version,
        titles=one.terms.titles,
        sku=one.terms.sku,
        quantity=asked.quantity,
        state=OrderState.FULFILLED if handed_out else OrderState.ORDERED,
        price=price_of(one, asked.quantity, found.policy),
        voucher=new_id(cause.at) if handed_out else None,
        voucher_code=code,
        ordered_at=cause.at,
        fulfilled_at=cause.at if handed_out else None,
        fulfilment=None,
        cancelled_at=None,
        cancel_reason=None,
        restocked=None,
    )


def price_of(one: Shelved, quantity: int, policy: Policy) -> Price:
    """Return what so many come to: points, the money the shop charges, and what tax sees.

    Only points that stand for a multi-purpose voucher are themselves paid for the thing now.
    """
    terms = one.terms
    points, money = terms.points * quantity, terms.money * quantity
    value = policy.point_value.money_down(points)
    multi = one.tax_class is TaxClass.MULTI_PURPOSE
    return Price(
        points=points,
        money=money,
        tax=terms.tax * quantity,
        regular=None if terms.regular is None else terms.regular * quantity,
        points_value=value,
        taxable=money + value if multi else money,
        tax_class=one.tax_class,
        currency=policy.currency,
    )


async def _issue(
    connection: AsyncConnection,
    programme: Programme,
    cause: Cause,
    found: Circumstances,
    order: RewardOrder,
) -> None:
    name = found.rewards[0].terms.definition or ""
    definition = await programme.definition(connection, name)
    starts_at, expires_at = span_of(found.policy, definition, cause.at)
    new = benefits.NewVoucher(
        member=order.member,
        id=order.voucher or order.id,
        code=order.voucher_code or "",
        definition=name,
        starts_at=starts_at,
        expires_at=expires_at,
    )
    for outcome in await benefits.issue_vouchers(connection, [new], at=cause.at):
        benefits.demand(outcome)


def _row(one: Shelved, order: RewardOrder) -> Mapping[str, Any]:
    price = order.price
    return {
        "member": order.member,
        "id": order.id,
        "reward": one.id,
        "version": order.version,
        "kind": order.kind.value,
        "quantity": order.quantity,
        "state": order.state.value,
        "points": price.points,
        "money": price.money,
        "tax": price.tax,
        "regular": price.regular,
        "points_value": price.points_value,
        "taxable": price.taxable,
        "tax_class": price.tax_class.value,
        "currency": price.currency,
        "voucher": order.voucher,
        "ordered_at": order.ordered_at,
        "fulfilled_at": order.fulfilled_at,
    }


def _names(order: RewardOrder) -> Sequence[Name]:
    own = order.external_id or show(PREFIX, order.id)
    names = [Name(REWARD_ORDER, own, order.member, order.id)]
    if order.voucher is not None and order.voucher_code is not None:
        names.append(Name(VOUCHER, order.voucher_code, order.member, order.voucher))
    return names


def _allowances(found: Circumstances, one: Shelved, quantity: int) -> Sequence[Mapping[str, Any]]:
    return [
        allowance(
            found.whose.id,
            one.id,
            limit,
            period_of(limit.every, found.at, found.policy.zone),
            taken=one.taken[limit.every] + quantity,
        )
        for limit in one.terms.limits
        if limit.per is Per.MEMBER
    ]


def _events(cause: Cause, one: Shelved, order: RewardOrder) -> Sequence[Event]:
    data: dict[str, object] = {
        "order": show(PREFIX, order.id),
        "reward": order.reward,
        "kind": order.kind.value,
        "version": order.version,
        "quantity": order.quantity,
        "state": order.state.value,
        "points": order.price.points,
        "money": order.price.money,
        "currency": order.price.currency,
    }
    if order.sku is not None:
        data["sku"] = order.sku
    if order.voucher is None:
        return [_event(cause, order.member, "reward.ordered", data)]
    data["voucher"] = str(order.voucher)
    issued = {"voucher": str(order.voucher), "definition": one.terms.definition}
    return [
        _event(cause, order.member, "reward.ordered", data),
        _event(cause, order.member, "voucher.issued", issued),
    ]


def _event(cause: Cause, member: UUID, type_: str, data: Mapping[str, object]) -> Event:
    return Event(new_id(cause.at), member, type_, cause.at, data)
