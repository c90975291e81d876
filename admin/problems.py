"""Refusals as pages: what happened, in a sentence, and the way out."""

from http import HTTPStatus
from typing import Any, Final

import structlog
from admin.browser import cookie_name
from admin.errors import FormForeign, FormMalformed, NotSignedIn, NotYours, PageMissing
from admin.refusals import sentence
from admin.render import Renderer, go
from admin.visit import Visit
from admin.words import N_
from litestar import Request, Response
from litestar.exceptions import HTTPException
from admin.refusals import REFUSALS
from loyalty.errors import Unavailable
from loyalty.staff import LinkUnusable
from urllib.parse import urlencode

LOG: Final = structlog.get_logger(__name__)
_MISSING: Final = frozenset({"malformed-id", "link-unusable"})


def problem_page(
    renderer: Renderer, request: Request[Any, Any, Any], error: Exception
) -> Response[Any]:
    """Answer a refusal or a failure with a page in the visitor's language."""
    visit: Visit = request.scope["state"]["visit"]
    if isinstance(error, NotSignedIn) and request.url.path.startswith("/console"):
        return _to_sign_in(request, visit)
    status = status_of(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, Unavailable):
        LOG.error("page-failed", exc_info=error)
    heading, words = _words(visit, error, status)
    page = renderer.page(
        visit,
        "problem.html",
        status=status,
        heading=heading,
        sentence=words,
        code=int(status),
        way_out=_way_out(visit),
        request_id=visit.request_id if status >= HTTPStatus.INTERNAL_SERVER_ERROR else None,
    )
    if isinstance(error, Unavailable):
        page.headers["retry-after"] = str(error.retry_after)
    return page


def status_of(error: Exception) -> HTTPStatus:
    """The HTTP status of a refusal on a page."""
    match error:
        case NotSignedIn() | NotYours() | FormForeign():
            return HTTPStatus.FORBIDDEN
        case FormMalformed():
            return HTTPStatus.BAD_REQUEST
        case PageMissing():
            return HTTPStatus.NOT_FOUND
        case Unavailable():
            return HTTPStatus.SERVICE_UNAVAILABLE
        case HTTPException(status_code=status):
            return HTTPStatus(status)
    if not isinstance(error, REFUSALS):
        return HTTPStatus.INTERNAL_SERVER_ERROR
    if error.code.startswith("unknown-") or error.code in _MISSING:
        return HTTPStatus.NOT_FOUND
    return HTTPStatus.CONFLICT


def _words(visit: Visit, error: Exception, status: HTTPStatus) -> tuple[str, str]:
    say = visit.voice.say
    match error, status:
        case NotSignedIn(), _:
            return say("Open your wallet from the shop"), say(
                "This link is over: it works for a short while only. Please open your wallet again"
                " from the shop's site or app."
            )
        case _, HTTPStatus.NOT_FOUND | HTTPStatus.METHOD_NOT_ALLOWED:
            if isinstance(error, LinkUnusable):
                return say("This link opens nothing any more"), sentence(visit.voice, error)
            return say("There is nothing here"), say(
                "The address may be mistyped, or what it named is not in this programme."
            )
        case FormForeign(), _:
            return say("This form was not accepted"), say(
                "It did not come from a page of this session, or the page was open too long."
                " Nothing was changed. Please go back, reload the page and send it again."
            )
        case _, HTTPStatus.FORBIDDEN:
            return say("This page is for another role"), say(
                "Nothing was changed. Somebody with the administration role can give you the role."
            )
        case _, HTTPStatus.SERVICE_UNAVAILABLE:
            return say("One moment, please"), say(
                "The database is busy or starting. Nothing was lost; please try again in a moment."
            )
        case _, HTTPStatus.INTERNAL_SERVER_ERROR:
            return say("Something went wrong on our side"), say(
                "Nothing was half done: a change is made whole or not at all."
            )
    return say("That was refused"), sentence(visit.voice, error)


def _way_out(visit: Visit) -> tuple[str, str] | None:
    if visit.session is not None:
        return visit.voice.say("To the overview"), "/console"
    if visit.path.startswith("/console"):
        return visit.voice.say("To the sign-in"), "/console/sign-in"
    return None


def _to_sign_in(request: Request[Any, Any, Any], visit: Visit) -> Response[None]:
    address = visit.path if request.method == "GET" else "/console"
    return go(f"/console/sign-in?{urlencode({'next': address})}")
