"""Every refusal as an RFC 9457 problem document; the only place that knows HTTP statuses.

A refusal says its code, a sentence, its facts and, when known, the part of the request at fault.
Whatever is not foreseen is a plain 500: never a stack, a statement or a path.
"""

import traceback
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, Protocol, runtime_checkable

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from api.statuses import STATUSES
from loyalty.database import constraint, sqlstate
from loyalty.errors import Unavailable
from loyalty.idempotency import Answer
from loyalty.issuing.errors import TooManyUnknownCodes

MEDIA_TYPE: Final = "application/problem+json"
_OURS: Final = 500
LOG: Final = structlog.get_logger(__name__)


@runtime_checkable
class Refusal(Protocol):
    """The shape that the errors of all packages share."""

    code: str
    pointer: str | None
    facts: Mapping[str, int | str]


class FieldProblem(msgspec.Struct, frozen=True):
    """A part of the request that is at fault."""

    pointer: str
    code: str
    message: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """An RFC 9457 problem document."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str | None = None
    facts: dict[str, int | str] = {}
    errors: list[FieldProblem] = []


def problem_of(error: Exception) -> Problem:
    """Describe an error that is a refusal of ours, of the framework, or unforeseen."""
    if isinstance(error, Refusal) and STATUSES.get(error.code, 500) != _OURS:
        return _refused(error, str(error))
    if isinstance(error, HTTPException):
        code = _FRAMEWORK.get(error.status_code, "bad-request")
        return _problem(code, STATUSES[code], _SENTENCES[code])
    return _problem("internal-error", 500, _SENTENCES["internal-error"])


def refusal(error: Exception, request_id: str) -> Answer | None:
    """Render a business refusal, to be kept under the idempotency key; None for anything else.

    What may be tried again later is not kept, so that the same key may.
    """
    problem = problem_of(error)
    later = problem.status == HTTPStatus.TOO_MANY_REQUESTS
    if later or problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return None
    problem = msgspec.structs.replace(problem, instance=f"urn:request:{request_id}")
    return Answer(problem.status, msgspec.json.encode(problem), MEDIA_TYPE)


def answer_problem(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer any exception; the handler that the application registers for all of them."""
    problem = problem_of(error)
    request_id = request.state.get("request_id", "")
    if problem.code == "internal-error":
        _log_unforeseen(error)
    problem = msgspec.structs.replace(problem, instance=f"urn:request:{request_id}")
    headers = dict(_HEADERS.get(problem.code, {}))
    if isinstance(error, Unavailable | TooManyUnknownCodes):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, HTTPException) and error.headers and "Allow" in error.headers:
        headers["Allow"] = error.headers["Allow"]
    return Response(
        content=msgspec.json.encode(problem),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )


def _refused(error: Refusal, sentence: str) -> Problem:
    faults = []
    if error.pointer is not None:
        reason = str(error.facts.get("reason", error.code))
        faults = [FieldProblem(pointer=error.pointer, code=reason, message=sentence)]
    faults += [FieldProblem(at, error.code, said) for at, said in getattr(error, "faults", ())]
    problem = _problem(error.code, STATUSES[error.code], sentence)
    return msgspec.structs.replace(problem, facts=dict(error.facts), errors=faults)


def _problem(code: str, status: int, detail: str) -> Problem:
    return Problem(
        type=f"urn:loyalty:problem:{code}",
        title=code.replace("-", " ").capitalize(),
        status=status,
        detail=detail,
        code=code,
    )


def _log_unforeseen(error: Exception) -> None:
    """Log where it happened without its message, which may hold values of a statement."""
    frames = traceback.extract_tb(error.__traceback__)
    LOG.error(
        "unforeseen",
        error=type(error).__name__,
        sqlstate=sqlstate(error),
        constraint=constraint(error),
        frames=[
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in frames
            if "site-packages" not in frame.filename
        ],
    )


_FRAMEWORK: Final = {
    400: "bad-request",
    404: "not-found",
    405: "method-not-allowed",
    413: "body-too-large",
}

_SENTENCES: Final = {
    "bad-request": "The request could not be read.",
    "not-found": "There is nothing at this address.",
    "method-not-allowed": "This address does not take this method.",
    "body-too-large": "The body is larger than one megabyte, or a list or a report than eight.",
    "internal-error": "Something failed here; nothing was changed. Try again with the same key.",
}

_HEADERS: Final[Mapping[str, Mapping[str, str]]] = {
    "credentials-missing": {"WWW-Authenticate": "Bearer"},
    "unknown-key": {"WWW-Authenticate": 'Bearer error="invalid_token"'},
    "key-ended": {"WWW-Authenticate": 'Bearer error="invalid_token"'},
    "token-malformed": {},
    "idempotency-in-progress": {"Retry-After": "1"},
    "stripe-unavailable": {"Retry-After": "10"},
}
