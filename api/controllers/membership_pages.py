"""Joining a plan that Stripe charges for: a page of Stripe's, and what became of it.

Nothing here is written by the request alone: the page's id follows from the idempotency key, so the
same request opens the same page, and coming back asks Stripe.
"""

import hashlib
from datetime import datetime
from typing import Final
from uuid import UUID

from litestar import Response, post

from api.auth import ApiRequest, application_of, member_ref, only_own
from api.bodies import body_of
from api.controllers.wallets import MEMBER
from api.operation import Operation, operation
from api.schemas.membership_pages import ConfirmedOut, PageBody, PageOut, PortalBody, PortalOut
from api.schemas.memberships import MembershipOut
from api.writing import answer, attempt_of, cause_of, now_of, ok, respond
from loyalty.billing.errors import CheckoutUnknown
from loyalty.billing.pages import Wanted, come_back, open_page, open_portal
from loyalty.billing.syncing import CHECKOUT_PREFIX, Synced
from loyalty.bootstrap import Application
from loyalty.ids import MalformedId, read, show
from loyalty.keys import Role
from loyalty.members import Member, find_member
from loyalty.membership.store import find_membership
from loyalty.membership.types import Consent
from loyalty.plans.store import list_plans

_MAY: Final[frozenset[Role]] = frozenset({"checkout", "admin", "member"})
_PAGE: Final = {**MEMBER, "page": "The id of the page (cko_…)."}
_AWAY: Final = ("stripe-off", "stripe-unavailable", "stripe-refused")


@post(
    "/members/{member:str}/membership-pages",
    opt=operation(
        Operation(
            summary="Open a page of Stripe's on which a member joins a plan",
            tag="memberships",
            roles=_MAY,
            key="required",
            body=PageBody,
            answers={201: PageOut},
            refusals=(
                *("unknown-member", "unknown-plan", "unknown-price", "plan-archived"),
                *("price-archived", "not-billed-by-stripe", "membership-live", "trial-taken"),
                *("trial-not-offered", "membership-consent-missing", "address-not-allowed"),
                *_AWAY,
            ),
            parameters=MEMBER,
            example={
                "plan": "prime",
                "price": "monthly",
                "success_url": "https://shop.example.com/prime/joined",
                "cancel_url": "https://shop.example.com/prime",
                "consent": {"text": "prime-terms", "version": "3"},
            },
            example_answer={
                "id": "cko_01kdvcmnsvfk5sqb8sgt8m9xyz",
                "url": "https://checkout.stripe.com/c/pay/cs_test_a1b2c3",
            },
        )
    ),
)
async def open_membership_page(request: ApiRequest) -> Response[bytes]:
    """Keep what the member agreed to and answer where they pay; the same key is the same page."""
    body, at = await body_of(request, PageBody), now_of(request)
    whose = await _whose(request)
    wanted = Wanted(
        plan=body.plan,
        price=body.price,
        trial=body.trial,
        consent=_consent(body, at),
        success_url=body.success_url,
        cancel_url=body.cancel_url,
    )
    attempt = await attempt_of(request)
    told = f"{attempt.principal} {attempt.key} {attempt.fingerprint.hex()}".encode()
    checkout = UUID(bytes=hashlib.sha256(told).digest()[:16], version=4)
    page = await open_page(application_of(request), cause_of(request, at), whose, checkout, wanted)
    return respond(answer(201, PageOut(show(CHECKOUT_PREFIX, page.checkout), page.url)))


@post(
    "/members/{member:str}/membership-pages/{page:str}/confirm",
    status_code=200,
    opt=operation(
        Operation(
            summary="Say what became of a member's page",
            tag="memberships",
            roles=_MAY,
            answers={200: ConfirmedOut},
            refusals=("unknown-member", "unknown-checkout", *_AWAY),
            parameters=_PAGE,
        )
    ),
)
async def confirm_membership_page(request: ApiRequest) -> Response[bytes]:
    """Ask Stripe what became of the page, and bring in what was joined on it."""
    at, application = now_of(request), application_of(request)
    whose = await _whose(request)
    text = str(request.path_params["page"])
    try:
        checkout = read(CHECKOUT_PREFIX, text)
    except MalformedId:
        raise CheckoutUnknown(seen=text[:80]) from None
    came, synced = await come_back(application, cause_of(request, at), whose, checkout)
    shown = await _shown(application, synced, at)
    return ok(ConfirmedOut(came, shown))


@post(
    "/members/{member:str}/billing-portal",
    opt=operation(
        Operation(
            summary="Open the page where a member looks after cards and invoices",
            tag="memberships",
            roles=_MAY,
            body=PortalBody,
            answers={201: PortalOut},
            refusals=("unknown-member", "unknown-checkout", "address-not-allowed", *_AWAY),
            parameters=MEMBER,
            example={"return_url": "https://shop.example.com/account"},
            example_answer={"url": "https://billing.stripe.com/p/session/test_a1b2c3"},
        )
    ),
)
async def open_billing_portal(request: ApiRequest) -> Response[bytes]:
    """Answer where the member finds their cards and invoices at Stripe."""
    body = await body_of(request, PortalBody)
    whose = await _whose(request)
    url = await open_portal(application_of(request), whose, body.return_url)
    return respond(answer(201, PortalOut(url)))


async def _whose(request: ApiRequest) -> Member:
    ref = member_ref(request)
    async with application_of(request).database.read() as connection:
        found = await find_member(connection, ref)
    only_own(request, found, ref)
    return found


def _consent(body: PageBody, at: datetime) -> Consent | None:
    agreed = body.consent
    return None if agreed is None else Consent(agreed.text, agreed.version, at)


async def _shown(
    application: Application, synced: Synced | None, at: datetime
) -> MembershipOut | None:
    if synced is None or synced.membership is None:
        return None
    async with application.database.snapshot() as connection:
        row = await find_membership(connection, synced.membership)
        return MembershipOut.of(row, await list_plans(connection), at)


ROUTES: Final = (open_membership_page, confirm_membership_page, open_billing_portal)
