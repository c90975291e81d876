"""What a member may ask of a membership that the shop charges for: to end it, or to change it.

Nothing here moves money: the answer names what the shop owes by the plan's policy, and the shop
reports what it gave back. Stripe's memberships are asked for the same at Stripe.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.fees import bonus_given
from loyalty.members.store import members_by_id
from loyalty.membership.applying import apply
from loyalty.membership.errors import (
    BilledElsewhere,
    CancelledAlready,
    MembershipEnded,
    NothingToUndo,
    NotPaid,
    PeriodOver,
    SamePrice,
    WithdrawalOver,
)
from loyalty.membership.external import Held, NewPayment, checked, hold, refuse_ahead
from loyalty.membership.giving_back import Giving, due_back, unused
from loyalty.membership.states import paid_until, report_of
from loyalty.membership.store import charges_of
from loyalty.membership.types import Applied, Due, Membership, Report
from loyalty.membership.usage import used_since
from loyalty.plans.store import find_plan, open_price, plan_of_price, price_of
from loyalty.plans.types import Plan, Price
from loyalty.policy import Policy, policy_at

When = Literal["now", "period-end"]
Leaving = Literal["cancelled-now", "withdrawn", "member-closed"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of it, and what the shop owes now."""

    applied: Applied
    due: tuple[Due, ...] = ()


async def cancel(connection: AsyncConnection, cause: Cause, id_: UUID, when: When) -> Asked:
    """End a membership when what is paid ends, or now with what the policy gives back.

    Raises MembershipEnded, and CancelledAlready where it will end anyway.
    """
    held = await _alive(connection, cause, id_)
    ends_at = max(paid_until(held.row), cause.at)
    if when == "now" or ends_at == cause.at:
        return await end_now(connection, cause, held, "cancelled-now")
    if held.row.cancel_at is not None:
        raise CancelledAlready(seen=held.row.cancel_at.isoformat())
    report = replace(report_of(held.row, cause.at), cancel_at=ends_at, cancel_asked_at=cause.at)
    return Asked(await apply(connection, cause, report))


async def undo_cancel(connection: AsyncConnection, cause: Cause, id_: UUID) -> Asked:
    """Let a membership go on that would end. Raises MembershipEnded and NothingToUndo."""
    held = await _alive(connection, cause, id_)
    if held.row.cancel_at is None:
        raise NothingToUndo
    report = replace(report_of(held.row, cause.at), cancel_at=None, cancel_asked_at=None)
    return Asked(await apply(connection, cause, report))


async def withdraw(connection: AsyncConnection, cause: Cause, id_: UUID) -> Asked:
    """End a membership within the days of withdrawal: unused whole, else by the days left.

    Raises MembershipEnded and WithdrawalOver.
    """
    held = await _alive(connection, cause, id_)
    _refuse_late(held.row, held.plan, await policy_at(connection, cause.at), cause.at)
    return await end_now(connection, cause, held, "withdrawn")


async def end_now(connection: AsyncConnection, cause: Cause, held: Held, why: Leaving) -> Asked:
    """End a membership that lives, and keep with its end what the shop owes."""
    due = await _due(connection, cause, held, why)
    report = replace(report_of(held.row, cause.at), status="ended", ended_at=cause.at)
    return Asked(await apply(connection, cause, replace(report, end_cause=why, due=due)), due)


async def due_now(
    connection: AsyncConnection, cause: Cause, row: Membership, why: Leaving
) -> tuple[Due, ...]:
    """Return what is due to somebody who leaves now, whoever charges for it; nothing is written.

    Raises MembershipEnded and WithdrawalOver.
    """
    if row.ended_at is not None:
        raise MembershipEnded(seen=row.ended_at.isoformat())
    plan = await plan_of_price(connection, row.price)
    if why == "withdrawn":
        _refuse_late(row, plan, await policy_at(connection, cause.at), cause.at)
    held = Held(row, row, plan, tuple(await charges_of(connection, row.id)))
    return await _due(connection, cause, held, why)


async def _due(
    connection: AsyncConnection, cause: Cause, held: Held, why: Leaving
) -> tuple[Due, ...]:
    """Return what is due by the plan's policy, or to whoever withdraws from the whole."""
    giving: Giving = "all-if-unused" if why == "withdrawn" else held.plan.refund_policy
    zone = (await policy_at(connection, cause.at)).zone
    used = await _used(connection, cause, held, why)
    return tuple(due_back(held.charges, giving, cause.at, zone, used=used))


def _refuse_late(row: Membership, plan: Plan, policy: Policy, at: datetime) -> None:
    """Raise WithdrawalOver after the last day: the day of joining is none, and days are whole."""
    last = policy.day_of(row.began_at) + timedelta(days=plan.withdrawal_days)
    over_at = policy.midnight(last + timedelta(days=1)) if plan.withdrawal_days else row.began_at
    if at >= over_at:
        raise WithdrawalOver(seen=over_at.isoformat())


async def _used(connection: AsyncConnection, cause: Cause, held: Held, why: Leaving) -> bool:
    """Whether a benefit was used since the charge that is running; of a withdrawal, since any."""
    begun = [charge for charge in held.bought if charge.starts_at <= cause.at]
    if not begun:
        return False
    if why != "withdrawn":
        begun = [max(begun, key=lambda charge: charge.starts_at)]
    since = min(min(charge.paid_at, charge.starts_at) for charge in begun)
    given = await bonus_given(connection, held.row.member, [charge.id for charge in begun])
    whose = (await members_by_id(connection, [held.row.member]))[held.row.member]
    return await used_since(connection, whose, since, cause.at, bonus=given)


@dataclass(frozen=True, slots=True)
class NewChange:
    """Another price, of the same plan or another: at the end of the period, or now and paid."""

    price: str
    plan: str | None = None
    when: When = "period-end"
    paid: NewPayment | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change now would cost: the new price less the credit for what is not used up."""

    price: Price
    credit: tuple[Due, ...]
    amount: int


async def preview_change(
    connection: AsyncConnection, cause: Cause, row: Membership, wanted: NewChange
) -> Preview:
    """Return what changing now would cost. Raises what `change` raises of the price."""
    price = await wanted_price(connection, row, wanted)
    zone = (await policy_at(connection, cause.at)).zone
    credit = unused(await charges_of(connection, row.id), cause.at, zone)
    with_tax = price.tax == "inclusive"
    amount = price.amount - sum(one.net + (one.tax if with_tax else 0) for one in credit)
    return Preview(price, tuple(credit), max(0, amount))


async def change(connection: AsyncConnection, cause: Cause, id_: UUID, wanted: NewChange) -> Asked:
    """Change the price now, with its payment, or from the end of the period on.

    On a trial nothing is paid yet, so a change now needs no payment. Asking for the price that one
    has takes a change that was asked for back. Raises MembershipEnded, SamePrice, NotPaid,
    PeriodOver, and what plans and payments refuse.
    """
    held = await _alive(connection, cause, id_)
    row = held.row
    price = await wanted_price(connection, row, wanted)
    report = report_of(row, cause.at)
    if wanted.when == "period-end":
        next_price = None if price.id == row.price else price.id
        return Asked(await apply(connection, cause, replace(report, next_price=next_price)))
    report = replace(report, price=price.id, next_price=None)
    if row.period_end is None:
        return Asked(await apply(connection, cause, report))
    if wanted.paid is None:
        raise NotPaid(pointer="/paid")
    upgraded = _upgraded(cause, report, wanted.paid, held.plan.margin)
    return Asked(await apply(connection, cause, upgraded))


def _upgraded(cause: Cause, report: Report, paid: NewPayment, margin: timedelta) -> Report:
    charge = checked(cause, paid, "upgrade", "/paid")
    refuse_ahead(charge, cause.at + margin, "/paid")
    if charge.ends_at <= cause.at:
        raise PeriodOver(seen=charge.ends_at.isoformat(), pointer="/paid/until")
    return replace(
        report,
        status="active",
        past_due_since=None,
        period_start=charge.starts_at,
        period_end=charge.ends_at,
        cancel_at=None,
        cancel_asked_at=None,
        charges=(charge,),
    )


async def wanted_price(connection: AsyncConnection, row: Membership, wanted: NewChange) -> Price:
    """Return the price that is asked for.

    Raises BilledElsewhere for a plan that somebody else charges for, and SamePrice where nothing
    would change.
    """
    plan = await find_plan(connection, wanted.plan or row.plan)
    if plan.adapter != row.adapter:
        raise BilledElsewhere(seen=plan.adapter, pointer="/plan")
    price = price_of(plan, wanted.price)
    later = wanted.when == "period-end"
    if price.id == (row.next_price or row.price if later else row.price):
        raise SamePrice(seen=wanted.price, pointer="/price")
    return price if price.id == row.price else open_price(plan, wanted.price)


async def _alive(connection: AsyncConnection, cause: Cause, id_: UUID) -> Held:
    held = await hold(connection, cause, id_)
    if held.row.ended_at is not None:
        raise MembershipEnded(seen=held.row.ended_at.isoformat())
    return held


def owed(due: Sequence[Due]) -> tuple[int, int]:
    """Return the net and the tax of what is due together."""
    return sum(one.net for one in due), sum(one.tax for one in due)
