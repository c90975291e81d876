"""Subscriptions that were at Stripe before the programme: looked at, and then taken over.

A subscription fits when its customer is one member's, by the id in its metadata or by the e-mail
address, and when its price is one of ours, by its name or by amount, currency and rhythm. What
cannot be told is named with a reason and left alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.billing.catalogue import OTHER_UNITS
from loyalty.billing.projecting import STATUSES, current_item
from loyalty.billing.store import keep_customer, keep_price, member_of, prices_at_stripe
from loyalty.billing.syncing import sync
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.errors import LoyaltyError
from loyalty.ids import MalformedId, read
from loyalty.members import find_members
from loyalty.membership.store import by_reference
from loyalty.plans.store import list_plans
from loyalty.plans.types import Plan, Price

Why = Literal[
    "ours-already", "ended", "no-member", "several-members", "no-price", "several-prices", "fits"
]
TAKES: Final[Why] = "fits"


@dataclass(frozen=True, slots=True)
class Found:
    """A subscription of the account, and whether it can be taken over."""

    subscription: str
    status: str
    why: Why
    member: UUID | None = None
    price: UUID | None = None


async def preview(application: Application) -> list[Found]:
    """Return every subscription of the account and what would become of it; nothing is written."""
    gateway = application.billing.demand()
    async with application.database.snapshot() as connection:
        plans = [each for each in await list_plans(connection) if each.adapter == "stripe"]
    found = []
    async for seen in gateway.subscriptions():
        async with application.database.snapshot() as connection:
            why = await _passed_over(connection, seen)
        if why is not None:
            found.append(Found(seen["id"], seen["status"], why))
            continue
        customer = await gateway.customer(seen["customer"])
        async with application.database.snapshot() as connection:
            found.append(await _look(connection, seen, customer or {}, plans))
    return found


async def adopt(application: Application, cause: Cause, found: Found) -> str:
    """Take a subscription over that fits; answer what came of it, or the code of the refusal."""
    gateway = application.billing.demand()
    seen = await gateway.subscription(found.subscription)
    if seen is None or found.member is None or found.price is None:
        return "gone"
    await application.database.write(_keep, cause, found.member, found.price, seen)
    try:
        return (await sync(application, cause, found.subscription)).code
    except LoyaltyError as error:
        return error.code


async def _keep(
    connection: AsyncConnection, cause: Cause, member: UUID, ours: UUID, seen: Mapping[str, Any]
) -> None:
    price = current_item(seen)["price"]
    await keep_customer(connection, member, seen["customer"], at=cause.at)
    product, name = price["product"], price["id"]
    await keep_price(connection, ours, product=product, name=name, at=cause.at, adopted=True)


async def _passed_over(connection: AsyncConnection, seen: Mapping[str, Any]) -> Why | None:
    if await by_reference(connection, "stripe", seen["id"]) is not None:
        return "ours-already"
    return "ended" if STATUSES.get(seen["status"], "ended") == "ended" else None


async def _look(
    connection: AsyncConnection,
    seen: Mapping[str, Any],
    customer: Mapping[str, Any],
    plans: list[Plan],
) -> Found:
    def answer(why: Why, member: UUID | None = None, price: UUID | None = None) -> Found:
        return Found(seen["id"], seen["status"], why, member, price)

    members = await _members(connection, customer)
    if len(members) != 1:
        return answer("several-members" if members else "no-member")
    prices = await _prices(connection, current_item(seen)["price"], plans)
    if len(prices) != 1:
        return answer("several-prices" if prices else "no-price")
    return answer(TAKES, members.pop(), prices.pop())


async def _members(connection: AsyncConnection, customer: Mapping[str, Any]) -> set[UUID]:
    known = await member_of(connection, customer.get("id", ""))
    if known is not None:
        return {known}
    named = (customer.get("metadata") or {}).get("loyalty_member")
    if named is not None:
        try:
            return {read("mem", named)}
        except MalformedId:
            return set()
    email = customer.get("email")
    found = await find_members(connection, email=email) if email else ()
    return {each.id for each in found if each.closed_at is None}


async def _prices(
    connection: AsyncConnection, there: Mapping[str, Any], plans: list[Plan]
) -> set[UUID]:
    known = await prices_at_stripe(connection, [there["id"]])
    if known:
        return set(known.values())
    every = (there.get("recurring") or {}).get("interval")
    return {
        price.id
        for plan in plans
        for price in plan.prices
        if _is_the_same(plan, price, there, every)
    }


def _is_the_same(plan: Plan, price: Price, there: Mapping[str, Any], every: str | None) -> bool:
    said = (there.get("metadata") or {}).get("loyalty_price", price.code)
    if said != price.code or plan.currency in OTHER_UNITS:
        return False
    return (
        price.amount == there["unit_amount"]
        and price.every == every
        and plan.currency == there["currency"].upper()
    )
