"""The one step before every page: find out who visits, and put the headers on every answer.

It reads the session and the policy in force, nothing else, and decides nothing about access:
that is the guard's. The headers are set here so that no page, and no error page, is without them.
"""

from collections.abc import Collection
from http import HTTPStatus
from secrets import token_urlsafe
from typing import Any, Final, Self

from litestar import Request
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from admin.browser import (
    DOOR_COOKIE,
    LANGUAGE_COOKIE,
    STAFF_COOKIE,
    THEME_COOKIE,
    WALLET_COOKIE,
    cookie_name,
    is_loopback,
)
from admin.language import LANGUAGES, Voice, choose
from admin.render import HTML, RENDERER, Renderer
from admin.sessions import living_session, wallet_member
from admin.visit import THEMES, Crumb, Visit
from loyalty.bootstrap import Application
from loyalty.errors import Unavailable
from loyalty.ids import new_id
from loyalty.observability import request_context

YEAR: Final = 365 * 24 * 3600
CONTENT_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action {forms}; frame-ancestors 'none'; base-uri 'none'"
)
LONGEST_QUERY: Final = 500
UNRECEIVED: Final = "unreceived"
"""Marks what needs no visit: stylesheet, script and mark."""

HEADERS: Final = {
    "content-security-policy": CONTENT_POLICY.format(forms="'self'"),
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Reception(ASGIMiddleware):
    """Makes the visit of each request and finishes the headers of each answer."""

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = UNRECEIVED

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Stay one: Litestar copies a router that it mounts, and templates are not copied."""
        return self

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Receive one request."""
        try:
            visit = await self.visit(Request(scope))
        except Unavailable as error:
            await _send_sorry(send, self._renderer.sorry(), error.retry_after)
            return
        scope.setdefault("state", {}).update({"visit": visit, RENDERER: self._renderer})

        async def finish(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                for name, value in headers_for(visit.forms_to).items():
                    headers[name] = value
                if "cache-control" not in headers:
                    headers["cache-control"] = "no-store"
                for name, crumb in visit.cookies.items():
                    secure = not visit.loopback
                    shown = cookie_name(name, loopback=visit.loopback)
                    headers.add("set-cookie", crumb.header(shown, secure=secure))
            await send(message)

        with request_context(visit.request_id):
            await next_app(scope, receive, finish)

    async def visit(self, request: Request[Any, Any, Any]) -> Visit:
        """Find out who visits and how they like to be spoken to."""
        application: Application = request.app.state.application
        at = application.clock.now()
        loopback = is_loopback(request.headers.get("host", ""))
        cookies = request.cookies

        def cookie(name: str) -> str | None:
            return cookies.get(cookie_name(name, loopback=loopback))

        query = {name: value for name, value in request.query_params.items() if _plain(value)}
        token, session = cookie(STAFF_COOKIE), None
        if token:
            session = await living_session(application, token, at)
        wallet, member = cookie(WALLET_COOKIE), None
        if wallet and request.url.path.startswith("/wallet"):
            member = await wallet_member(application, wallet, at)
        async with application.database.read() as connection:
            policy = await application.policies.at(connection, at)
        language = choose(
            asked=query.get("lang"),
            remembered=cookie(LANGUAGE_COOKIE),
            accepted=request.headers.get("accept-language"),
        )
        theme = THEMES.get(query.get("theme") or cookie(THEME_COOKIE) or "", "auto")
        door = cookie(DOOR_COOKIE) or ""
        visit = Visit(
            application=application,
            at=at,
            request_id=str(new_id()),
            path=request.url.path,
            query=query,
            loopback=loopback,
            policy=policy,
            voice=Voice(
                language,
                self._renderer.translations[language],
                policy.zone,
                policy.currency,
                {code: asset.names for code, asset in policy.assets.items()},
            ),
            theme=theme,
            form_key=new_id(at),
            door=door or token_urlsafe(24),
            token=token if session is not None else None,
            session=session,
            member=member,
        )
        _remember(visit, had_door=bool(door))
        return visit


def headers_for(forms_to: Collection[str]) -> dict[str, str]:
    """The headers of a page, whose forms lead to our own pages and to these origins."""
    if not forms_to:
        return HEADERS
    forms = " ".join(("'self'", *sorted(forms_to)))
    return HEADERS | {"content-security-policy": CONTENT_POLICY.format(forms=forms)}


async def _send_sorry(send: Send, page: bytes, retry_after: int) -> None:
    """Answer without knowing who asks: the database, which would say, is away."""
    named = {
        **HEADERS,
        "cache-control": "no-store",
        "content-type": HTML,
        "content-length": str(len(page)),
        "retry-after": str(retry_after),
    }
    headers = [(name.encode(), value.encode()) for name, value in named.items()]
    status = HTTPStatus.SERVICE_UNAVAILABLE
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": page, "more_body": False})


def _remember(visit: Visit, *, had_door: bool) -> None:
    """Set the cookies of what was chosen by the address, and of the door."""
    if not had_door:
        visit.cookies[DOOR_COOKIE] = Crumb(visit.door, max_age=None)
    if visit.query.get("lang") in LANGUAGES:
        visit.cookies[LANGUAGE_COOKIE] = Crumb(visit.voice.name, YEAR, http_only=False)
    if visit.query.get("theme") in THEMES:
        visit.cookies[THEME_COOKIE] = Crumb(visit.theme, YEAR, http_only=False)


def _plain(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_QUERY and "\x00" not in value
