"""Coming in and going out: sign-in, sign-out, and the one-time link that sets a password."""

from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath

from admin.browser import STAFF_COOKIE, is_local
from admin.forms import Form, Sent, blank, sent
from admin.guards import NEEDS, Needs
from admin.refusals import sentence
from admin.render import go, page
from admin.visit import Crumb, Visit, visit_of
from loyalty.cause import SYSTEM, Cause
from loyalty.staff import (
    Invitation,
    Passwords,
    StaffError,
    TooManyAttempts,
    claim,
    end_session,
    read_link,
    sign_in,
)

NOBODY: Final = {NEEDS: Needs.NOBODY}
HOME: Final = "/console"
_PASSWORDS: Final = Passwords()


@get("/console/sign-in", opt=NOBODY)
async def sign_in_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """The sign-in form; somebody signed in already goes on."""
    visit = visit_of(request)
    if visit.session is not None:
        return go(HOME)
    return page(
        request, "sign_in.html", form=blank(visit, "in"), refusal=None, next=_next(visit, None)
    )


@post("/console/sign-in", opt=NOBODY)
async def sign_in_form(request: Request[Any, Any, Any]) -> Response[Any]:
    """Check the password and start a session, or say no without saying why."""
    visit, form = visit_of(request), await sent(request)
    try:
        token = await sign_in(
            visit.application.database,
            _PASSWORDS,
            email=form.get("email"),
            password=form.raw("password"),
            network=request.client.host if request.client else "",
            cause=Cause(visit.at, SYSTEM, visit.request_id),
        )
    except StaffError as error:
        too_many = isinstance(error, TooManyAttempts)
        again = page(
            request,
            "sign_in.html",
            status=HTTPStatus.TOO_MANY_REQUESTS if too_many else HTTPStatus.FORBIDDEN,
            form=form.form("in"),
            refusal=sentence(visit.voice, error),
            next=_next(visit, form),
        )
        if isinstance(error, TooManyAttempts):
            again.headers["retry-after"] = str(error.wait_seconds)
        return again
    _let_in(visit, token)
    return go(_next(visit, form))


@post("/console/sign-out", opt=NOBODY)
async def sign_out_form(request: Request[Any, Any, Any]) -> Response[bytes]:
    """End the session."""
    visit = visit_of(request)
    if visit.token is not None:
        await visit.application.database.write(end_session, visit.token)
    visit.cookies[STAFF_COOKIE] = Crumb("", max_age=0, same_site="Strict")
    return go("/console/sign-in?done=signed-out")


@get("/console/claim/{token:str}", opt=NOBODY)
async def claim_page(request: Request[Any, Any, Any], token: FromPath[str]) -> Response[Any]:
    """The form behind a one-time link; looking at it does not use the link up."""
    visit = visit_of(request)
    async with visit.application.database.read() as connection:
        invitation = await read_link(connection, token, at=visit.at)
    return _claim_again(request, invitation, blank(visit, "seat"), HTTPStatus.OK)


@post("/console/claim/{token:str}", opt=NOBODY)
async def claim_form(request: Request[Any, Any, Any], token: FromPath[str]) -> Response[Any]:
    """Set the password and sign in; the link is used up."""
    visit, form = visit_of(request), await sent(request)
    database = visit.application.database
    async with database.read() as connection:
        invitation = await read_link(connection, token, at=visit.at)
    wrong = _differ(visit, form)
    if not wrong:
        try:
            session = await claim(
                database,
                _PASSWORDS,
                token,
                email=form.get("email"),
                name=form.get("name"),
                password=form.raw("password"),
                cause=Cause(visit.at, SYSTEM, visit.request_id),
            )
        except StaffError as error:
            if error.pointer is None:
                raise
            wrong = {error.pointer.removeprefix("/"): sentence(visit.voice, error)}
        else:
            _let_in(visit, session)
            return go(HOME)
    return _claim_again(
        request, invitation, form.form("seat", wrong), HTTPStatus.UNPROCESSABLE_ENTITY
    )


def _claim_again(
    request: Request[Any, Any, Any], invitation: Invitation, form: Form, status: HTTPStatus
) -> Response[str]:
    email = "" if invitation.person is None else invitation.person.email
    return page(
        request, "claim.html", status=status, form=form, first=invitation.first, email=email
    )


def _differ(visit: Visit, form: Sent) -> dict[str, str]:
    if form.raw("password") == form.raw("password_again"):
        return {}
    return {"password_again": visit.voice.say("The two passwords differ.")}


def _let_in(visit: Visit, token: str) -> None:
    visit.cookies[STAFF_COOKIE] = Crumb(token, max_age=None, same_site="Strict")


def _next(visit: Visit, form: Sent | None) -> str:
    wanted = visit.query.get("next", "") if form is None else form.get("next")
    return wanted if is_local(wanted) else HOME


ROUTES: Final = (sign_in_page, sign_in_form, sign_out_form, claim_page, claim_form)
