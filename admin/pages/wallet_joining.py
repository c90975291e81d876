"""Joining a plan that Stripe charges for, from the wallet: what is agreed to, the way, coming back.

Money and cards are Stripe's: a form opens a page there, and coming back asks what became of it.
"""

import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from admin.errors import NotSignedIn, PageMissing
from admin.forms import Form, sent
from admin.guards import NEEDS, Needs
from admin.joining import CONSENT, Joinable, address_of, here, joinable, leads_to_stripe
from admin.refusals import REFUSALS, sentence
from admin.render import go, page
from admin.visit import Visit, visit_of
from loyalty.billing.pages import Wanted, come_back, open_page, open_portal
from loyalty.billing.syncing import CHECKOUT_PREFIX, sync_if_possible
from loyalty.ids import read, show
from loyalty.members import Member, Ref, find_member
from loyalty.membership.store import live_membership
from loyalty.membership.types import Consent

MEMBER: Final = {NEEDS: Needs.MEMBER}
HERE: Final = "/wallet/membership"
JOIN: Final = f"{HERE}/join"
CARDS: Final = f"{HERE}/cards"
DONE: Final = {
    "joined": "membership-joined",
    "being-confirmed": "membership-confirming",
    "open": "membership-left",
    "left": "membership-left",
}


@get(JOIN, opt=MEMBER)
async def joining_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Plan, price, trial, and the text that whoever joins agrees to."""
    visit = visit_of(request)
    return await _page(request, await _offer(visit, visit.query), Form("join"), HTTPStatus.OK)


@post(JOIN, opt=MEMBER)
async def joining_form(request: Request[Any, Any, Any]) -> Response[Any]:
    """Keep what was agreed to, and go to Stripe's page; the same form again is the same page."""
    visit, form = visit_of(request), await sent(request)
    offer = await _offer(visit, form.values)
    if not form.chosen("agreed"):
        wrong = {"agreed": visit.voice.say("Please agree to the text first.")}
        return await _page(
            request, offer, form.form("join", wrong), HTTPStatus.UNPROCESSABLE_ENTITY
        )
    trial = offer.trial_days > 0 and bool(form.chosen("trial"))
    told = f"{visit.actor} {form.key} {offer.plan} {offer.price} {trial}".encode()
    checkout = UUID(bytes=hashlib.sha256(told).digest()[:16], version=4)
    back = address_of(request, visit)
    wanted = Wanted(
        plan=offer.plan,
        price=offer.price,
        trial=trial,
        consent=Consent(*CONSENT, visit.at),
        success_url=f"{back}{HERE}/joined/{show(CHECKOUT_PREFIX, checkout)}",
        cancel_url=f"{back}{JOIN}?plan={offer.plan}&price={offer.price}",
    )
    try:
        whose = await _whose(visit)
        opened = await open_page(visit.application, visit.cause(), whose, checkout, wanted)
    except REFUSALS as error:
        again = form.form("join", {"": sentence(visit.voice, error)})
        return await _page(request, offer, again, HTTPStatus.UNPROCESSABLE_ENTITY)
    return go(opened.url or f"{HERE}/joined/{show(CHECKOUT_PREFIX, checkout)}")


@get(f"{HERE}/joined/{{checkout:str}}", opt=MEMBER)
async def joined_page(request: Request[Any, Any, Any], checkout: FromPath[str]) -> Response[bytes]:
    """Ask Stripe what became of the page, bring in what was joined, and look at it."""
    visit = visit_of(request)
    whose, one = await _whose(visit), read(CHECKOUT_PREFIX, checkout)
    came, _ = await come_back(visit.application, visit.cause(), whose, one)
    return go(f"{HERE}?done={DONE[came]}")


@post(CARDS, opt=MEMBER)
async def cards_form(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Go to Stripe's page of cards and invoices, and come back to the membership."""
    visit = visit_of(request)
    back = f"{address_of(request, visit)}{CARDS}"
    return go(await open_portal(visit.application, await _whose(visit), back))


@get(CARDS, opt=MEMBER)
async def cards_page(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Come back from there: ask Stripe what was done, bring it in, and look at it."""
    visit = visit_of(request)
    async with visit.application.database.read() as connection:
        row = await live_membership(connection, (await _whose(visit)).id)
    if row is not None and here(visit, row.adapter):
        await sync_if_possible(visit.application, visit.cause(), row.reference)
    return go(HERE)


async def _offer(visit: Visit, values: Mapping[str, str]) -> Joinable:
    whose = await _whose(visit)
    async with visit.application.database.snapshot() as connection:
        found = await joinable(
            connection, visit, whose.id, values.get("plan", ""), values.get("price", "")
        )
    if found is None:
        raise PageMissing
    return found


async def _page(
    request: Request[Any, Any, Any], offer: Joinable, form: Form, status: HTTPStatus
) -> Response[Any]:
    leads_to_stripe(visit_of(request))
    return page(request, "wallet_join.html", status=status, form=form, offer=offer)


async def _whose(visit: Visit) -> Member:
    """Whose wallet it is by now, also after a merge."""
    if visit.member is None:
        raise NotSignedIn
    async with visit.application.database.read() as connection:
        return await find_member(connection, Ref(kind="member", text="", id=visit.member))


ROUTES: Final = (joining_page, joining_form, joined_page, cards_form, cards_page)
