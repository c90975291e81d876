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
from admin.render import go
from admin.visit import Visit
from loyalty.billing import deeds
from loyalty.cause import Cause
from loyalty.idempotency import Begun
from loyalty.membership import asking
from loyalty.membership.asking import Asked
from loyalty.membership.types import Membership

Deed = Literal["cancel", "undo", "leave", "withdraw"]
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


async def at_stripe(visit: Visit, cause: Cause, row: Membership, deed: Deed, key: str) -> Asked:
    """Do it at Stripe, and bring in what Stripe says of it."""
    application = visit.application
    match deed:
        case "cancel" | "undo":
            cancels = deed == "cancel"
            return await deeds.cancel_later(application, cause, row, cancels=cancels, key=key)
        case "leave":
            return await deeds.leave(application, cause, row, "cancelled-now", key=key)
        case "withdraw":
            return await deeds.leave(application, cause, row, "withdrawn", key=key)


def _with_due(then: str, asked: Asked) -> str:
    """Where to look at what came of it, with what is due to the member now, in minor units."""
    due = sum(asking.owed(asked.due))
    return f"{then}&due={due}" if due else then


async def do(
    visit: Visit, form: Sent, row: Membership, deed: Deed, *, then: str
) -> Response[bytes]:
    """Do it once, in the name of the person signed in, and look at what came of it."""
    cause = visit.cause()
    if row.adapter == deeds.ADAPTER:
        return go(_with_due(then, await at_stripe(visit, cause, row, deed, str(form.key))))

    async def effect(connection: AsyncConnection, _: Begun) -> str:
        return _with_due(then, await OURS[deed](connection, cause, row.id))

    return await once(visit, form, f"console.membership-{deed}", None, effect, then=then)
