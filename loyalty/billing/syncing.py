"""The one way in which what Stripe knows becomes ours: fetch a subscription and project it.

Webhooks, the page somebody comes back to, our own deeds, the console and the nightly comparison all
end here. The fence is committed before Stripe is asked, and what was fetched under it is written
only while it is the highest; no transaction is open while Stripe is asked.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.billing.errors import BillingError, StripeUnavailable
from loyalty.billing.fetching import fetch
from loyalty.billing.leasing import Lease, release, still_holds, take_lease
from loyalty.billing.projecting import CHECKOUT, Known, Picture, current_item, prices_in, report
from loyalty.billing.store import consent_of, member_of, prices_at_stripe
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.errors import LoyaltyError
from loyalty.ids import MalformedId, read
from loyalty.members import Ref, lock_member
from loyalty.membership.applying import apply
from loyalty.membership.store import by_reference, charges_of, refunds_of
from loyalty.membership.types import Consent, Refund

LOG: Final = structlog.get_logger(__name__)
PAUSES: Final = (0.2, 0.5, 1.0)
"""Seconds to wait for somebody else who is at the same subscription."""
CHECKOUT_PREFIX: Final = "cko"
"""How ids of Checkout pages of ours begin."""

Code = Literal["applied", "unchanged", "not-begun", "not-ours", "gone", "stale", "busy"]
SETTLED: Final[frozenset[Code]] = frozenset(
    {"applied", "unchanged", "not-begun", "not-ours", "gone"}
)
"""After these nothing is left to do; after the others somebody else is at it, or has been."""


class PriceUnknownHere(BillingError):
    """The subscription {subscription} is at the price {seen}, which is none of our plans'."""

    code = "stripe-price-unknown"
    subscription: str
    seen: str


class CustomerNotYetKnown(BillingError):
    """The customer {seen} names a page of ours, but is not known to be a member yet."""

    code = "stripe-customer-not-yet-known"
    seen: str


@dataclass(frozen=True, slots=True)
class Synced:
    """What came of bringing a subscription in."""

    code: Code
    membership: UUID | None = None

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do."""
        return self.code in SETTLED


async def sync(application: Application, cause: Cause, subscription: str) -> Synced:
    """Bring what Stripe knows of a subscription into our rows, now.

    Whoever is at it may have asked before what we want to know, so it is waited for a little.
    Raises StripeUnavailable when Stripe does not answer, and what the projection refuses.
    """
    synced = await _sync(application, cause, subscription)
    for pause in PAUSES:
        if synced.settled:
            break
        await asyncio.sleep(pause)
        synced = await _sync(application, cause, subscription)
    return synced


async def _sync(application: Application, cause: Cause, subscription: str) -> Synced:
    async with alone(application, cause, subscription) as lease:
        return Synced("busy") if lease is None else await _bring_in(application, cause, lease)


@asynccontextmanager
async def alone(
    application: Application, cause: Cause, subscription: str, pauses: Sequence[float] = ()
) -> AsyncIterator[Lease | None]:
    """Be the only one to project a subscription; None where somebody else goes on being at it.

    Whoever does something at Stripe is so before, or else a webhook tells of it in another's name.
    """
    at = max(cause.at, application.clock.now())
    lease = await application.database.write(take_lease, subscription, at=at)
    for pause in pauses:
        if lease is not None:
            break
        await asyncio.sleep(pause)
        at = max(at, application.clock.now())
        lease = await application.database.write(take_lease, subscription, at=at)
    try:
        yield lease
    finally:
        if lease is not None:
            at = max(at, application.clock.now())
            await application.database.write(release, lease, at=at)


async def _bring_in(application: Application, cause: Cause, lease: Lease) -> Synced:
    at = max(cause.at, application.clock.now())
    picture = await fetch(application.billing.demand(), lease.subscription, at=at)
    if picture is None:
        return Synced("gone")
    return await application.database.write(project, cause, lease, picture)


async def project(
    connection: AsyncConnection, cause: Cause, lease: Lease, picture: Picture
) -> Synced:
    """Write what a picture says, if nobody has asked Stripe later."""
    seen = picture.subscription
    member = await member_of(connection, seen["customer"])
    if member is None:
        if CHECKOUT in (seen["metadata"] or {}):
            raise CustomerNotYetKnown(seen=seen["customer"])
        return Synced("not-ours")
    prices = await prices_at_stripe(connection, prices_in(picture))
    price = current_item(seen)["price"]["id"]
    if price not in prices:
        raise PriceUnknownHere(subscription=seen["id"], seen=price)
    consent = await _consent(connection, member, seen["metadata"].get(CHECKOUT))
    await lock_member(connection, Ref("member", str(member), id=member))
    if not await still_holds(connection, lease):
        return Synced("stale")
    known = Known(
        member=member,
        prices=prices,
        consent=consent,
        adopted=consent is None,
        recorded=await _recorded(connection, picture),
    )
    told = report(picture, known, fence=lease.fence, at=cause.at)
    if told is None:
        return Synced("not-begun")
    applied = await apply(connection, cause, told)
    if applied.stale:
        return Synced("stale", applied.membership.id)
    if told.status == "unknown":
        LOG.error("stripe-status-unknown", subscription=seen["id"], status=seen["status"])
    moved = applied.steps or applied.charges or applied.refunds
    return Synced("applied" if moved else "unchanged", applied.membership.id)


async def sync_if_possible(
    application: Application, cause: Cause, subscription: str, lease: Lease | None = None
) -> Synced | None:
    """Bring a subscription in; None when that cannot be now, and its webhook will do it later.

    The lease is the caller's, or one of its own. Whoever asks has done at Stripe what was wanted,
    and must not be told that it was refused.
    """
    try:
        if lease is not None:
            return await _bring_in(application, cause, lease)
        return await sync(application, cause, subscription)
    except StripeUnavailable:
        return None
    except LoyaltyError as error:
        LOG.warning("stripe-not-brought-in", subscription=subscription, code=error.code)
        return None


async def _recorded(connection: AsyncConnection, picture: Picture) -> Mapping[str, list[Refund]]:
    """Return what is recorded as given back, by invoice; the member is locked."""
    if not any((*picture.refunds.values(), *picture.disputes.values())):
        return {}
    row = await by_reference(connection, "stripe", picture.subscription["id"])
    charges = [] if row is None else await charges_of(connection, row.id)
    invoices = {charge.id: charge.reference for charge in charges}
    recorded: dict[str, list[Refund]] = {}
    for one in await refunds_of(connection, list(invoices)):
        recorded.setdefault(invoices[one.charge], []).append(one)
    return recorded


async def _consent(
    connection: AsyncConnection, member: UUID, checkout: str | None
) -> Consent | None:
    if checkout is None:
        return None
    try:
        return await consent_of(connection, member, read(CHECKOUT_PREFIX, checkout))
    except MalformedId:
        return None
