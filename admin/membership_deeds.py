"""What pages do to a membership: with the shop's in our transaction, with Stripe's over there.

A deed of a Stripe membership is saved under the form's key before Stripe is called, as the API
does; nothing here waits for Stripe inside a transaction.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal
from uuid import UUID

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.forms import Sent
from admin.once import once
from admin.plan_words import LEFT_FOR
from admin.render import go
from admin.visit import Visit
from loyalty.billing import deeds
from loyalty.billing.store import ADAPTER
from loyalty.cause import Cause
from loyalty.idempotency import Begun
from loyalty.membership import asking
from loyalty.membership.asking import Asked, NewChange
from loyalty.membership.reasons import say_why
from loyalty.membership.types import Membership

Deed = Literal["cancel", "undo", "leave", "withdraw", "change"]
_Ours = Callable[[AsyncConnection, Cause, UUID], Awaitable[Asked]]


async def _cancel(connection: AsyncConnection, cause: Cause, one: UUID) -> Asked:
    return await asking.cancel(connection, cause, one, "period-end")


async def _leave(connection: AsyncConnection, cause: Cause, one: UUID) -> Asked:
    return await asking.cancel(connection, cause, one, "now")


OURS: Final[Mapping[str, _Ours]] = MappingProxyType(
    {
        "cancel": _cancel,
        "undo": asking.undo_cancel,
        "leave": _leave,
        "withdraw": asking.withdraw,
    }
)


async def do(
    visit: Visit, form: Sent, row: Membership, deed: Deed, *, then: str, price: str = ""
) -> Response[bytes]:
    """Do it once, in the name of who acts on the page, and look at what came of it.

    `price` is what a membership goes on at from the end of its period, where that is the deed. Why
    somebody leaves is kept with it, where the form says so.
    """
    cause, why = visit.cause(), form.get("reason") if form.get("reason") in LEFT_FOR else ""
    if row.adapter == ADAPTER:
        await _at_stripe(visit, form, row, deed, price)
        if why:
            await visit.application.database.write(say_why, cause, row.id, why)
        return go(then)

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        if deed == "change":
            await asking.change(connection, cause, row.id, NewChange(price))
        else:
            await OURS[deed](connection, cause, row.id)
        if why:
            await say_why(connection, cause, row.id, why)

    return await once(visit, form, f"console.membership-{deed}", None, effect, then=then)


async def _at_stripe(visit: Visit, form: Sent, row: Membership, deed: Deed, price: str) -> Asked:
    """Do it at Stripe, and bring in what Stripe says of it."""
    application, cause = visit.application, visit.cause()
    key = f"{cause.actor}:{form.key}"
    match deed:
        case "cancel" | "undo":
            cancels = deed == "cancel"
            return await deeds.cancel_later(application, cause, row, cancels=cancels, key=key)
        case "leave":
            return await deeds.leave(application, cause, row, "cancelled-now", key=key)
        case "withdraw":
            return await deeds.leave(application, cause, row, "withdrawn", key=key)
        case "change":
            return await deeds.change(application, cause, row, NewChange(price), key=key)
