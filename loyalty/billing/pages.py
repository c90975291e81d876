"""The pages of Stripe's on which a member joins and looks after cards: opened, and come back from.

What a member agreed to is kept before the page opens. Coming back proves nothing: the page is asked
what became of it, and the subscription is brought in like any other.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.billing import catalogue
from loyalty.billing.errors import (
    AddressNotAllowed,
    CheckoutUnknown,
    NotBilledByStripe,
    StripeRefused,
)
from loyalty.billing.projecting import CHECKOUT
from loyalty.billing.store import (
    customer_of,
    keep_customer,
    member_of,
    name_checkout,
    open_checkout,
    session_of,
    sessions_since,
)
from loyalty.billing.syncing import CHECKOUT_PREFIX, Synced, sync
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.ids import show
from loyalty.members import Member, refuse_closed
from loyalty.membership.errors import ConsentMissing, MembershipLive, TrialNotOffered
from loyalty.membership.store import live_membership
from loyalty.membership.trials import refuse_second_trial
from loyalty.membership.types import Consent
from loyalty.plans.store import find_plan, open_price
from loyalty.plans.types import Plan, Price
from loyalty.tables import profile

if TYPE_CHECKING:
    import stripe

    from loyalty.billing.gateway import Gateway

PAGES_LAST: Final = timedelta(hours=25)
"""Stripe closes a page after a day."""
Came = Literal["joined", "being-confirmed", "open", "left"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a member wants to join, and where to come back to."""

    plan: str
    price: str
    trial: bool
    consent: Consent | None
    success_url: str
    cancel_url: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page that is open for a member."""

    checkout: UUID
    url: str | None


@dataclass(frozen=True, slots=True)
class _Checked:
    plan: Plan
    price: Price
    consent: Consent
    customer: str | None
    email: str | None


async def open_page(
    application: Application, cause: Cause, whose: Member, checkout: UUID, wanted: Wanted
) -> Page:
    """Open a page on which a member joins; the same checkout again is the same page.

    Raises StripeOff, StripeUnavailable, and what plans, memberships and trials refuse.
    """
    gateway = application.billing.demand()
    for address in (wanted.success_url, wanted.cancel_url):
        _check(address)
    async with application.database.read() as connection:
        session = await session_of(connection, whose.id, checkout)
    if session is not None:
        seen = await gateway.page(session)
        return Page(checkout, None if seen is None else seen["url"])
    await _close_others(application, cause, gateway, whose)
    async with application.database.snapshot() as connection:
        checked = await _checked(connection, whose, wanted)
    customer = checked.customer or await _customer(application, cause, gateway, whose, checked)
    name = await catalogue.name_of(application, cause, checked.plan, checked.price)
    await application.database.write(
        open_checkout,
        cause,
        whose.id,
        checkout,
        price=checked.price.id,
        trial=wanted.trial,
        consent=checked.consent,
    )
    asked = _asked(checkout, customer, name, wanted, checked.plan)
    seen = await gateway.open_page(asked, key=f"checkout:{checkout}")
    await application.database.write(name_checkout, whose.id, checkout, seen["id"])
    return Page(checkout, seen["url"])


async def come_back(
    application: Application, cause: Cause, whose: Member, checkout: UUID
) -> tuple[Came, Synced | None]:
    """Say what became of a member's page, and bring in what was joined on it.

    Raises CheckoutUnknown for a page that is not this member's.
    """
    gateway = application.billing.demand()
    async with application.database.read() as connection:
        session = await session_of(connection, whose.id, checkout)
    if session is None or (seen := await gateway.page(session)) is None:
        raise CheckoutUnknown(seen=show(CHECKOUT_PREFIX, checkout))
    async with application.database.read() as connection:
        if await member_of(connection, seen["customer"]) != whose.id:
            raise CheckoutUnknown(seen=show(CHECKOUT_PREFIX, checkout))
    if seen["subscription"] is None:
        return ("open" if seen["status"] == "open" else "left"), None
    synced = await sync(application, cause, seen["subscription"])
    return ("joined" if synced.membership is not None else "being-confirmed"), synced


async def open_portal(application: Application, whose: Member, return_url: str) -> str:
    """Return the address where a member looks after cards and invoices. Raises CheckoutUnknown."""
    gateway = application.billing.demand()
    _check(return_url)
    async with application.database.read() as connection:
        customer = await customer_of(connection, whose.id)
    if customer is None:
        raise CheckoutUnknown(seen=show("mem", whose.id))
    return await gateway.open_portal(customer, return_url)


async def _close_others(
    application: Application, cause: Cause, gateway: "Gateway", whose: Member
) -> None:
    """Leave a member one page to join on, and bring in what was joined on another."""
    async with application.database.read() as connection:
        sessions = await sessions_since(connection, whose.id, cause.at - PAGES_LAST)
    for session in sessions:
        seen = await gateway.page(session)
        if seen is not None and seen["subscription"] is not None:
            await sync(application, cause, seen["subscription"])
        elif seen is not None and seen["status"] == "open":
            with suppress(StripeRefused):  # paid or expired in this moment
                await gateway.close_page(session)


async def _checked(connection: AsyncConnection, whose: Member, wanted: Wanted) -> _Checked:
    refuse_closed(whose)
    live = await live_membership(connection, whose.id)
    if live is not None:
        raise MembershipLive(seen=show("mbs", live.id))
    plan = await find_plan(connection, wanted.plan)
    price = open_price(plan, wanted.price)
    if plan.adapter != "stripe":
        raise NotBilledByStripe(seen=plan.code, pointer="/plan")
    if wanted.consent is None:
        raise ConsentMissing(pointer="/consent")
    if wanted.trial:
        if plan.trial_days == 0:
            raise TrialNotOffered(seen=plan.code, pointer="/trial")
        await refuse_second_trial(connection, whose.id)
    customer = await customer_of(connection, whose.id)
    email: str | None = await connection.scalar(
        select(profile.c.email).where(profile.c.member == whose.id)
    )
    return _Checked(plan, price, wanted.consent, customer, email)


async def _customer(
    application: Application, cause: Cause, gateway: "Gateway", whose: Member, checked: _Checked
) -> str:
    """Make the customer that a member is; the key is the member's, so there is one."""
    name = show("mem", whose.id)
    made = await gateway.make_customer(name, checked.email, key=f"customer:{whose.id}")
    return await application.database.write(keep_customer, whose.id, made, at=cause.at)


def _asked(
    checkout: UUID, customer: str, price: str, wanted: Wanted, plan: Plan
) -> "stripe.params.checkout.SessionCreateParams":
    about = {CHECKOUT: show(CHECKOUT_PREFIX, checkout)}
    subscribed: Any = {"metadata": about}
    if wanted.trial:
        missing = "create_invoice" if plan.trial_needs_card else "cancel"
        subscribed |= {
            "trial_period_days": plan.trial_days,
            "trial_settings": {"end_behavior": {"missing_payment_method": missing}},
        }
    without_card = wanted.trial and not plan.trial_needs_card
    return {
        "mode": "subscription",
        "customer": customer,
        "client_reference_id": show(CHECKOUT_PREFIX, checkout),
        "line_items": [{"price": price, "quantity": 1}],
        "success_url": wanted.success_url,
        "cancel_url": wanted.cancel_url,
        "automatic_tax": {"enabled": True},
        "customer_update": {"address": "auto"},
        "payment_method_collection": "if_required" if without_card else "always",
        "subscription_data": subscribed,
        "metadata": about,
    }


def _check(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname or len(address) > _LONGEST:
        raise AddressNotAllowed


_LONGEST: Final = 2_000
