"""The double as an ASGI application: Stripe's API, its hosted pages, and what goes wrong."""

import asyncio
import hashlib
import json
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from tests.support.stripe_double import selling, subscribing
from tests.support.stripe_double.calls import answer
from tests.support.stripe_double.forms import read_form
from tests.support.stripe_double.pages import page
from tests.support.stripe_double.store import Object, Refused, Store

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Witness = Callable[[str, str, Object, int, Object], None]
"""Called with method, path, parameters, status and answer of every call."""

KEY = "sk_test_local"
ORIGIN = "http://127.0.0.1:12111"
ROOMS = (selling, subscribing)  # whose operations are known once they are imported


class Dropped(Exception):
    """The connection broke after the double had acted."""


class Double:
    """One account behind an address. `faults` says what goes wrong with the next calls."""

    def __init__(
        self,
        store: Store,
        *,
        origin: str = ORIGIN,
        witness: Witness | None = None,
    ) -> None:
        self.store = store
        self.origin = origin
        self.witness = witness
        self.faults: deque[str] = deque()
        self.calls: list[tuple[str, str]] = []
        self.hanging = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        method, path = scope["method"], scope["path"]
        if path.startswith("/v1/"):
            await self._api(scope, bytes(body), send)
        else:
            await self._page(method, path, bytes(body), send)

    async def _api(self, scope: Scope, body: bytes, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        self.calls.append((method, path))
        fault = self.faults.popleft() if self.faults else ""
        if fault == "hang":
            await self.hanging.wait()
        if fault in {"500", "409", "429"}:
            await _send(send, int(fault), _problem(fault), {})
            return
        text = scope["query_string"] if method in {"GET", "DELETE"} else body
        status, answered, replayed = self._once(method, path, text.decode(), headers)
        if fault == "drop":
            raise Dropped
        extra = {"idempotent-replayed": "true"} if replayed else {}
        await _send(send, status, answered, extra)

    def _once(
        self, method: str, path: str, text: str, headers: dict[str, str]
    ) -> tuple[int, bytes, bool]:
        """Answer a call once for each idempotency key, as Stripe does."""
        if headers.get("authorization") != f"Bearer {KEY}":
            body = {"error": {"type": "invalid_request_error", "message": "Invalid API Key"}}
            return 401, json.dumps(body).encode(), False
        key = headers.get("idempotency-key") if method == "POST" else None
        said = hashlib.sha256(f"{method} {path} {text}".encode()).hexdigest()
        if key is not None and key in self.store.answers:
            before, status, answered = self.store.answers[key]
            if before != said:
                message = "Keys for idempotent requests can only be used with the same parameters."
                body = {"error": {"type": "idempotency_error", "message": message}}
                return 400, json.dumps(body).encode(), False
            return status, answered, True
        status, answer = self._answer(method, path, text)
        answered = json.dumps(answer).encode()
        if key is not None:
            self.store.answers[key] = (said, status, answered)
        return status, answered, False

    def _answer(self, method: str, path: str, text: str) -> tuple[int, Object]:
        parameters: Object = {}
        try:
            parameters = read_form(text)
            answered = answer(self.store, method, path, parameters, self.origin)
            status = 200
        except Refused as refused:
            status, answered = refused.status, refused.body
        if self.witness is not None:
            self.witness(method, path, parameters, status, answered)
        return status, answered

    async def _page(self, method: str, path: str, body: bytes, send: Send) -> None:
        form = dict(parse_qsl(body.decode()))
        try:
            shown, away = page(self.store, method, path, form)
        except Refused as refused:
            await _send(send, refused.status, json.dumps(refused.body).encode(), {})
            return
        if away is not None:
            await _send(send, 303, b"", {"location": away})
            return
        await _send(send, 200, shown.encode(), {"content-type": "text/html; charset=utf-8"})


def _problem(fault: str) -> bytes:
    kind = {"429": "rate_limit_error", "409": "invalid_request_error"}.get(fault, "api_error")
    return json.dumps({"error": {"type": kind, "message": "This fault was asked for."}}).encode()


async def _send(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    told = {"content-type": "application/json", "request-id": "req_double", **headers}
    pairs = [(name.encode(), value.encode()) for name, value in told.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
