"""What a member may ask of a membership billed by Stripe: done there, then brought in by `sync`.

Each deed is saved under its key before Stripe is called, and nothing is written to the membership
here: what Stripe then says of the subscription is. Where Stripe does not answer afterwards, the row
follows with its webhook.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.billing import catalogue
from loyalty.billing.errors import StripeRefused
from loyalty.billing.fetching import fetch
from loyalty.billing.leasing import Lease
from loyalty.billing.operations import ENDING, ask_once
from loyalty.billing.projecting import Picture, current_item
from loyalty.billing.refunding import Part, parts_of
from loyalty.billing.syncing import PAUSES, alone, sync_if_possible
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.membership.asking import Asked, Leaving, NewChange, due_now, wanted_price
from loyalty.membership.errors import CancelledAlready, MembershipEnded, NothingToUndo
from loyalty.membership.store import find_membership
from loyalty.membership.types import Applied, Due, Membership
from loyalty.plans.store import find_plan
from loyalty.plans.types import Plan, Price


async def cancel_later(
    application: Application, cause: Cause, row: Membership, *, cancels: bool, key: str
) -> Asked:
    """Let a membership end with its period, or take that back.

    Raises MembershipEnded, CancelledAlready and NothingToUndo, and what Stripe refuses.
    """

    async def make() -> Mapping[str, Any]:
        _refuse_ended(row)
        if cancels and row.cancel_at is not None:
            raise CancelledAlready(seen=row.cancel_at.isoformat())
        if not cancels and row.cancel_at is None:
            raise NothingToUndo
        return {"cancels": cancels, "schedule": await _schedule_of(application, row)}

    async with alone(application, cause, row.reference, PAUSES) as lease:
        await ask_once(application, cause, row, "cancel-later", key=key, make=make)
        return await _brought_in(application, cause, row, lease)


async def leave(
    application: Application, cause: Cause, row: Membership, why: Leaving, *, key: str
) -> Asked:
    """End a membership now and give back what the policy, or the right to withdraw, says.

    Raises MembershipEnded, WithdrawalOver, CancelledAlready where somebody is at it under another
    key, and what Stripe refuses.
    """

    async def make() -> Mapping[str, Any]:
        async with application.database.snapshot() as connection:
            due = await due_now(connection, cause, row, why)
        refunds = await _refunds(application, cause, row, due) if due else ()
        return {"why": why, "due": [asdict(one) for one in due], "refunds": refunds}

    async with alone(application, cause, row.reference, PAUSES) as lease:
        try:
            asked = await ask_once(application, cause, row, ENDING, key=key, make=make)
        except StripeRefused:  # to give something back, maybe, and it has ended all the same
            await sync_if_possible(application, cause, row.reference, lease)
            raise
        due = tuple(Due(*(one[name] for name in Due.__slots__)) for one in asked["due"])
        return await _brought_in(application, cause, row, lease, due)


async def change(
    application: Application, cause: Cause, row: Membership, wanted: NewChange, *, key: str
) -> Asked:
    """Change the price now, billed with the credit of what is left, or when the period ends.

    The price that one has takes a change that was asked for back. Raises MembershipEnded,
    SamePrice, what plans refuse, and CardRefused, after which nothing has changed.
    """

    async def make() -> Mapping[str, Any]:
        _refuse_ended(row)
        async with application.database.snapshot() as connection:
            plan, price = await _wanted(connection, row, wanted)
        if wanted.when == "period-end" and price.id == row.price:
            return {"kind": "release", "schedule": await _schedule_of(application, row)}
        name = await catalogue.name_of(application, cause, plan, price)
        item = current_item(await _subscription(application, row))
        if wanted.when == "now":
            return {"kind": "upgrade", "item": item["id"], "price": name}
        return {
            "kind": "later",
            "schedule": await _schedule_of(application, row),
            "now": [item["price"]["id"], item["current_period_start"], item["current_period_end"]],
            "then": [name, price.every],
        }

    async with alone(application, cause, row.reference, PAUSES) as lease:
        await ask_once(application, cause, row, "change", key=key, make=make)
        return await _brought_in(application, cause, row, lease)


async def _wanted(
    connection: AsyncConnection, row: Membership, wanted: NewChange
) -> tuple[Plan, Price]:
    price = await wanted_price(connection, row, wanted)
    return await find_plan(connection, price.plan), price


async def _subscription(application: Application, row: Membership) -> dict[str, Any]:
    seen = await application.billing.demand().subscription(row.reference)
    if seen is None:
        raise StripeRefused(seen="resource_missing")
    return seen


async def _schedule_of(application: Application, row: Membership) -> str | None:
    schedule = (await _subscription(application, row))["schedule"]
    return schedule["id"] if schedule is not None and schedule["status"] == "active" else None


async def _refunds(
    application: Application, cause: Cause, row: Membership, due: Sequence[Due]
) -> Sequence[Part]:
    """Return what is asked of each payment, so that what is due of each invoice goes back."""
    owed = {one.charge: one.net + one.tax for one in due}
    gateway = application.billing.demand()
    picture = await fetch(gateway, row.reference, at=cause.at, only=owed)
    return parts_of(owed, picture or Picture({}))


async def _brought_in(
    application: Application,
    cause: Cause,
    row: Membership,
    lease: Lease | None,
    due: tuple[Due, ...] = (),
) -> Asked:
    await sync_if_possible(application, cause, row.reference, lease)
    async with application.database.read() as connection:
        return Asked(Applied(await find_membership(connection, row.id)), due)


def _refuse_ended(row: Membership) -> None:
    if row.ended_at is not None:
        raise MembershipEnded(seen=row.ended_at.isoformat())
