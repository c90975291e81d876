"""How a handler writes: it hands a piece of work to the one edge and renders its answer.

The request's key, its fingerprint and its cause are made here; the transaction, the stored answer
and the repetition live in `loyalty.idempotency`.
"""

import hashlib
from datetime import datetime
from functools import partial
from typing import Any, Final, cast

import msgspec
from litestar import Response
from litestar.response.base import ASGIResponse
from litestar.types import Message, Receive, Scope, Send

from api.auth import ApiRequest, application_of, principal_of
from api.operation import OPT, Operation
from api.problems import refusal
from loyalty.cause import Cause
from loyalty.idempotency import (
    Answer,
    Attempt,
    KeyInvalid,
    KeyMissing,
    Work,
    answer_once,
)
from loyalty.keys import KeyEnded
from loyalty.members import Ref

HEADER: Final = "Idempotency-Key"
_LONGEST_KEY: Final = 255
_FIRST_PRINTABLE, _LAST_PRINTABLE = " ", "~"


def answer(status: int, content: object, *, location: str | None = None) -> Answer:
    """Render what a handler answers; the bytes are what is stored and repeated."""
    return Answer(status, msgspec.json.encode(content), location=location)


class Rendered(Response[bytes]):
    """An answer that was rendered before: the framework has nothing to make of it."""

    def __init__(self, given: Answer) -> None:
        """Take the bytes, and write the headers."""
        headers = [
            (b"content-type", given.media_type.encode()),
            (b"content-length", str(len(given.body)).encode()),
        ]
        if given.replayed:
            headers.insert(0, (b"idempotency-replayed", b"true"))
        if given.location is not None:
            headers.insert(0, (b"location", given.location.encode("latin-1")))
        self._start: Message = {
            "type": "http.response.start",
            "status": given.status,
            "headers": headers,
        }
        self._body: Message = {
            "type": "http.response.body",
            "body": given.body,
            "more_body": False,
        }

    def to_asgi_response(self, *_: object, **__: object) -> ASGIResponse:
        """Return what sends the answer; the framework calls it and asks no more of it."""
        return cast("ASGIResponse", self._send)

    async def _send(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send(self._start)
        await send(self._body)


def respond(given: Answer) -> Response[bytes]:
    """Send an answer as it was rendered, now or the first time."""
    return Rendered(given)


def ok(content: object) -> Response[bytes]:
    """Answer a question."""
    return respond(answer(200, content))


def now_of(request: ApiRequest) -> datetime:
    """Return the instant of the request, by the one clock."""
    return application_of(request).clock.now()


def cause_of(request: ApiRequest, at: datetime) -> Cause:
    """Return what every row written for this request names."""
    return Cause(at=at, actor=principal_of(request).actor, request_id=request_id_of(request))


def request_id_of(request: ApiRequest) -> str:
    """Return the id that the access log and the problem document carry."""
    return str(request.scope["state"]["request_id"])


async def write(request: ApiRequest, subject: Ref | None, work: Work) -> Response[bytes]:
    """Run the work once under the request's key and answer."""
    attempt = await attempt_of(request)
    application = application_of(request)
    told = partial(refusal, request_id=request_id_of(request))
    try:
        given = await answer_once(application.database, attempt, subject, work, told)
    except KeyEnded:
        application.keys.forget(principal_of(request).key)
        raise
    return respond(given)


async def attempt_of(request: ApiRequest) -> Attempt:
    """Return what makes this request the same as another."""
    declared: Operation = request.route_handler.opt[OPT]
    principal = principal_of(request)
    operation = f"{request.method} {request.scope['path_template']}"
    return Attempt(
        principal=principal.actor,
        operation=operation,
        key=_key(request, declared),
        fingerprint=_fingerprint(operation, request.path_params, await request.body()),
        api_key=principal.key,
        at=now_of(request),
    )


def _key(request: ApiRequest, declared: Operation) -> str | None:
    given = request.headers.get(HEADER)
    if given is None or declared.key == "none":
        if declared.key == "required":
            raise KeyMissing(pointer=f"/header/{HEADER}")
        return None
    key = given[1:-1] if len(given) > 1 and given[0] == given[-1] == '"' else given
    printable = all(_FIRST_PRINTABLE <= letter <= _LAST_PRINTABLE for letter in key)
    if not printable or not 0 < len(key) <= _LONGEST_KEY:
        raise KeyInvalid(pointer=f"/header/{HEADER}")
    return key


def _fingerprint(operation: str, path: dict[str, Any], body: bytes) -> bytes:
    content = msgspec.json.decode(body) if body else None
    told = [operation, {name: str(value) for name, value in path.items()}, content]
    return hashlib.sha256(msgspec.json.encode(told, order="deterministic")).digest()
