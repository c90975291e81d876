"""A member's own membership: how it stands and what it saved; ended, taken up again, changed.

Codes of partners are had here, too.
"""

from http import HTTPStatus
from typing import Any, Final, cast
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.errors import NotSignedIn, PageMissing
from admin.forms import Form, sent
from admin.guards import NEEDS, Needs
from admin.joining import here, leads_to_stripe
from admin.membership_deeds import Deed, do
from admin.membership_view import membership_of, payments_of, plans_to_be_had
from admin.once import once
from admin.partner_view import partner_offers
from admin.plan_words import reasons_to_choose
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.visit import Visit, visit_of
from loyalty.idempotency import Begun
from loyalty.members import Ref, find_member
from loyalty.membership.store import live_membership
from loyalty.membership.types import Membership
from loyalty.partners.errors import BenefitUnknown
from loyalty.partners.giving import give_code

MEMBER: Final = {NEEDS: Needs.MEMBER}
HERE: Final = "/wallet/membership"
DEEDS: Final = frozenset({"cancel", "undo", "change"})
"""What a member does here; leaving at once with money back goes through the shop."""


@get(HERE, opt=MEMBER)
async def membership_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """The membership and what it saved, or the plans that can be had."""
    return await _page(request, Form("deed"), HTTPStatus.OK)


@post(f"{HERE}/{{deed:str}}", opt=MEMBER)
async def deed_form(request: Request[Any, Any, Any], deed: FromPath[str]) -> Response[Any]:
    """End it with its period, let it go on after all, or go on at another price."""
    visit, form = visit_of(request), await sent(request)
    if deed not in DEEDS:
        raise PageMissing
    row = await _live(visit)
    then = f"{HERE}?done=membership-{deed}"
    try:
        return await do(visit, form, row, cast("Deed", deed), then=then, price=form.get("price"))
    except REFUSALS as error:
        again = form.form("deed", {"": sentence(visit.voice, error)})
    return await _page(request, again, HTTPStatus.UNPROCESSABLE_ENTITY)


@post(f"{HERE}/codes/{{benefit:str}}", opt=MEMBER)
async def code_form(request: Request[Any, Any, Any], benefit: FromPath[str]) -> Response[Any]:
    """Have a partner's code; who has one already sees it again."""
    visit, form = visit_of(request), await sent(request)
    row, cause = await _live(visit), visit.cause()

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        await give_code(connection, cause, row.id, benefit)

    then = f"{HERE}?done=partner-code"
    try:
        return await once(visit, form, "wallet.partner-code", None, effect, then=then)
    except BenefitUnknown:
        raise PageMissing from None
    except REFUSALS as error:
        again = form.form("deed", {"": sentence(visit.voice, error)})
    return await _page(request, again, HTTPStatus.UNPROCESSABLE_ENTITY)


async def _page(request: Request[Any, Any, Any], form: Form, status: HTTPStatus) -> Response[Any]:
    visit = visit_of(request)
    whose = await _whose(visit)
    leads_to_stripe(visit)
    async with visit.application.database.snapshot() as connection:
        held = await membership_of(connection, visit, whose)
        offers = await plans_to_be_had(connection, visit)
        paid = () if held is None else await payments_of(connection, visit, held.row.id)
        partners = () if held is None else await partner_offers(connection, visit, held.row)
    return page(
        request,
        "wallet_membership.html",
        status=status,
        form=form,
        held=held,
        alive=held is not None and held.row.ended_at is None,
        offers=offers,
        paid=paid,
        partners=partners,
        reasons=reasons_to_choose(visit.voice),
        cards=held is not None and here(visit, held.row.adapter),
    )


async def _live(visit: Visit) -> Membership:
    """The membership that is acted upon; there is no page for who has none."""
    async with visit.application.database.read() as connection:
        row = await live_membership(connection, await _whose(visit))
    if row is None:
        raise PageMissing
    return row


async def _whose(visit: Visit) -> UUID:
    """Whose wallet it is by now, also after a merge."""
    if visit.member is None:
        raise NotSignedIn
    async with visit.application.database.read() as connection:
        return (await find_member(connection, Ref(kind="member", text="", id=visit.member))).id


ROUTES: Final = (membership_page, deed_form, code_form)
