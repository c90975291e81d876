"""The member's wallet: reached by the shop's short-lived link, of one member and no other."""

from typing import Any, Final

from litestar import Request, Response, get
from litestar.params import FromPath

from admin.browser import WALLET_COOKIE
from admin.errors import NotSignedIn
from admin.guards import NEEDS, Needs
from admin.member_view import load_member, page_before
from admin.membership_view import membership_of, plans_to_be_had
from admin.render import go, page
from admin.sessions import WALLET_FOR, open_wallet
from admin.visit import Crumb, visit_of
from admin.words import named
from loyalty.members import Ref
from loyalty.signing import TokenExpired, TokenMalformed


@get("/wallet/enter/{token:str}", opt={NEEDS: Needs.NOBODY})
async def enter(request: Request[Any, Any, Any], token: FromPath[str]) -> Response[bytes]:
    """Exchange the link for a session of its own, so that the link leaves the address bar."""
    visit = visit_of(request)
    try:
        _, session = await open_wallet(visit.application, token, visit.at)
    except (TokenExpired, TokenMalformed):
        raise NotSignedIn from None
    visit.cookies[WALLET_COOKIE] = Crumb(session, max_age=int(WALLET_FOR.total_seconds()))
    language = visit.query.get("lang")
    return go("/wallet" if language is None else f"/wallet?lang={visit.voice.name}")


@get("/wallet", opt={NEEDS: Needs.MEMBER})
async def wallet_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """The balance and what it is worth, the tier and what is missing, vouchers, history."""
    visit = visit_of(request)
    if visit.member is None:
        raise NotSignedIn
    view = await load_member(
        visit,
        Ref(kind="member", text="", id=visit.member),
        before=page_before(visit),
        offers=True,
    )
    async with visit.application.database.snapshot() as connection:
        held = await membership_of(connection, visit, view.member.id)
        offers = () if held is not None else await plans_to_be_had(connection, visit)
    pending = [lot.activates_at for lot, _ in view.lots if lot.pending and lot.activates_at]
    return page(
        request,
        "wallet.html",
        view=view,
        held=held,
        offers=offers,
        unit=named(visit.voice, visit.policy.unit, ""),
        next_activation=min(pending, default=None),
        paged="before" in visit.query,
    )


ROUTES: Final = (enter, wallet_page)
