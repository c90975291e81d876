"""Refusals as pages: what happened, in a sentence, and the way out."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from admin.errors import FormForeign, FormMalformed, NotSignedIn, NotYours, PageMissing
from admin.refusals import REFUSALS, sentence
from admin.render import BUSY, Renderer, go
from admin.visit import Visit
from admin.words import N_
from loyalty.errors import Unavailable
from loyalty.staff import LinkUnusable

LOG: Final = structlog.get_logger(__name__)
_MISSING: Final = frozenset(
    {
        "malformed-id",
        "link-unusable",
        "ladder-unknown",
        "ladder-draft-unknown",
        "rule-draft-unknown",
        "rule-not-found",
    }
)


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
    for kind, status in _STATUSES:
        if isinstance(error, kind):
            return status
    if isinstance(error, HTTPException):
        return HTTPStatus(error.status_code)
    if not isinstance(error, REFUSALS):
        return HTTPStatus.INTERNAL_SERVER_ERROR
    missing = error.code.startswith("unknown-") or error.code in _MISSING
    return HTTPStatus.NOT_FOUND if missing else HTTPStatus.CONFLICT


def _words(visit: Visit, error: Exception, status: HTTPStatus) -> tuple[str, str]:
    """Heading and sentence: what is said of this refusal, or of its status, or by its domain."""
    say = visit.voice.say
    for kind, heading, words in _SAID_OF:
        if isinstance(error, kind):
            return say(heading), say(words)
    if isinstance(error, LinkUnusable):
        return say("This link opens nothing any more"), sentence(visit.voice, error)
    if status in _SAID_BY_STATUS:
        heading, words = _SAID_BY_STATUS[status]
        return say(heading), say(words)
    return say("That was refused"), sentence(visit.voice, error)


def _way_out(visit: Visit) -> tuple[str, str] | None:
    if visit.session is not None:
        return visit.voice.say("To the overview"), "/console"
    if visit.path.startswith("/console"):
        return visit.voice.say("To the sign-in"), "/console/sign-in"
    return None


def _to_sign_in(request: Request[Any, Any, Any], visit: Visit) -> Response[bytes]:
    address = visit.path if request.method == "GET" else "/console"
    return go(f"/console/sign-in?{urlencode({'next': address})}")


_STATUSES: Final[tuple[tuple[type[Exception], HTTPStatus], ...]] = (
    (NotSignedIn, HTTPStatus.FORBIDDEN),
    (NotYours, HTTPStatus.FORBIDDEN),
    (FormForeign, HTTPStatus.FORBIDDEN),
    (FormMalformed, HTTPStatus.BAD_REQUEST),
    (PageMissing, HTTPStatus.NOT_FOUND),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)

_SAID_OF: Final[tuple[tuple[type[Exception], str, str], ...]] = (
    (
        NotSignedIn,
        N_("Open your wallet from the shop"),
        N_(
            "This link is over: it works for a short while only. Please open your wallet again"
            " from the shop's site or app."
        ),
    ),
    (
        FormForeign,
        N_("This form was not accepted"),
        N_(
            "It did not come from a page of this session, or the page was open too long."
            " Nothing was changed. Please go back, reload the page and send it again."
        ),
    ),
)

_NOTHING_HERE: Final = (
    N_("There is nothing here"),
    N_("The address may be mistyped, or what it named is not in this programme."),
)
_SAID_BY_STATUS: Final[Mapping[HTTPStatus, tuple[str, str]]] = MappingProxyType(
    {
        HTTPStatus.BAD_REQUEST: (
            N_("This form was not accepted"),
            N_("It was damaged on its way. Nothing was changed. Please reload the page."),
        ),
        HTTPStatus.NOT_FOUND: _NOTHING_HERE,
        HTTPStatus.METHOD_NOT_ALLOWED: _NOTHING_HERE,
        HTTPStatus.FORBIDDEN: (
            N_("This page is for another role"),
            N_("Nothing was changed. Somebody with the administration role can give you the role."),
        ),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
            N_("This is too large"),
            N_("Nothing was changed. Please send less at once: a file of at most 8 MB."),
        ),
        HTTPStatus.SERVICE_UNAVAILABLE: BUSY,
        HTTPStatus.INTERNAL_SERVER_ERROR: (
            N_("Something went wrong on our side"),
            N_("Nothing was half done: a change is made whole or not at all."),
        ),
    }
)
