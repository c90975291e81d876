"""The outermost layer: a request id, plain security headers, one access line.

The line names the template of the route, never the path or the query string, which carry ids and
contacts of members.
"""

import re
import time
from collections.abc import Iterable
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, ReceiveMessage, Scope, Send

from loyalty.ids import new_id
from loyalty.observability import log_access, request_context

_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_ALWAYS: Final = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))
_NO_STORE: Final = (b"cache-control", b"no-store")


class Access:
    """Wraps the application."""

    def __init__(self, app: ASGIApp) -> None:
        """Take the application to wrap."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give the request an id, pass it on, and write down how it went."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope["state"]["request_id"] = request_id
        method = str(scope["method"])
        begun = time.perf_counter_ns()
        status = 500

        async def tell(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    *_headers(scope, request_id, message["headers"]),
                ]
            await send(message)

        with request_context(request_id):
            try:
                await self._app(scope, _whole(scope, receive), tell)
            finally:
                took = (time.perf_counter_ns() - begun) // 1_000_000
                log_access(method, scope.get("path_template", "unmatched"), status, took)


def _headers(
    scope: Scope, request_id: str, given: Iterable[tuple[bytes, bytes]]
) -> list[tuple[bytes, bytes]]:
    headers = [(b"x-request-id", request_id.encode()), *_ALWAYS]
    named = {name.lower() for name, _ in given}
    if scope["path"].startswith("/v1"):
        headers.append(_NO_STORE)
    return [(name, value) for name, value in headers if name not in named]


def _whole(scope: Scope, receive: Receive) -> Receive:
    """Say with the last piece of a body of an announced length that it is the last.

    The server says it with an empty piece of its own, for which it has to be asked once more: a
    task, two threads and a turn of the loop for nothing.
    """
    missing = _announced(scope)
    if not missing:
        return receive

    async def receive_whole() -> ReceiveMessage:
        nonlocal missing
        message = await receive()
        if message["type"] == "http.request":
            missing -= len(message.get("body", b""))
            if missing == 0:
                message["more_body"] = False
        return message

    return receive_whole


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return value.decode()
    return str(new_id())
