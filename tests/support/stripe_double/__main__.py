"""The double as a process of its own: `python -m tests.support.stripe_double --port 12111`.

It listens on this machine only, sends webhooks to `--webhook`, and takes its switches by
`POST /_double`: `{"advance": seconds}`, `{"faults": ["500"]}`, `{"switches": {"duplicate": true}}`.
Its clock is this machine's until it is advanced, and what was added since. With
`--keep FILE` it goes on where it was stopped.
"""

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import httpx
from granian.constants import Interfaces
from granian.server.embed import Server

from tests.support.stripe_double.keeping import keep, kept
from tests.support.stripe_double.passing import advance
from tests.support.stripe_double.server import Double, Message, Receive, Scope, Send
from tests.support.stripe_double.shapes import webhook_endpoint
from tests.support.stripe_double.store import Delivery, Store
from tests.support.stripe_double.telling import Switches, deliver

SECRET = "whsec_double_of_this_machine"
BEAT = 0.25
SETTLE = 1.0
"""Seconds in which what was just told is looked into, before the clock is moved away from it."""


class Running:
    """A double whose clock goes, whose webhooks are sent, and which may outlive its process."""

    def __init__(self, port: int, webhook: str | None, file: Path | None) -> None:
        self.file = file
        now = int(time.time())
        self.store, self.ahead = (Store(now=now), 0) if file is None else kept(file, now)
        self.double = Double(self.store, origin=f"http://127.0.0.1:{port}")
        self.switches = Switches()
        self.beat: asyncio.Task[None] | None = None
        if webhook is not None:
            self._send_to(webhook)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; the first one starts the clock. What is answered has been kept."""
        if scope["type"] != "http":
            return
        if self.beat is None:
            self.beat = asyncio.create_task(self._go_on())

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["method"] != "GET":
                self.ahead = max(self.ahead, self.store.now - int(time.time()))
                self._keep()
            await send(message)

        if scope["path"] == "/_double":
            await self._steer(receive, answer)
            return
        self._catch_up()
        await self.double(scope, receive, answer)

    def _send_to(self, webhook: str) -> None:
        """Send all that is told to an address, beginning with what did not arrive before."""
        store = self.store
        endpoint = next(store.all("webhook_endpoint"), None)
        if endpoint is None:
            endpoint = webhook_endpoint(store, url=webhook, events=["*"])
            store.secrets[endpoint["id"]] = SECRET
        endpoint["url"] = webhook
        store.outbox.extend(
            Delivery(each, webhook, SECRET)
            for each in store.events
            if each["id"] in store.undelivered
        )

    def _keep(self) -> None:
        if self.file is not None:
            keep(self.file, self.store, self.ahead)

    async def _steer(self, receive: Receive, send: Send) -> None:
        asked: dict[str, Any] = json.loads((await receive()).get("body") or b"{}")
        if asked.get("advance"):
            await asyncio.sleep(SETTLE)
        self.ahead += int(asked.get("advance", 0))
        self.double.faults.extend(asked.get("faults", ()))
        for name, value in asked.get("switches", {}).items():
            setattr(self.switches, name, value)
        self._catch_up()
        body = json.dumps({"now": self.store.now, "waiting": len(self.store.outbox)}).encode()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _catch_up(self) -> None:
        now = int(time.time()) + self.ahead
        if now > self.store.now:
            advance(self.store, now)

    async def _go_on(self) -> None:
        async with httpx.AsyncClient(timeout=10) as client:

            async def post(url: str, body: bytes, header: str) -> int:
                try:
                    sent = await client.post(
                        url, content=body, headers={"Stripe-Signature": header}
                    )
                except httpx.HTTPError:
                    return 599
                return sent.status_code

            while True:
                told = len(self.store.events)
                self._catch_up()
                arrived = await deliver(self.store, post, self.switches, at=self.store.now)
                if arrived or len(self.store.events) != told:
                    self._keep()
                await asyncio.sleep(BEAT)


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="stripe_double", description=__doc__)
    parser.add_argument("--port", type=int, default=12111)
    parser.add_argument("--webhook", help="where events are sent to")
    parser.add_argument("--keep", type=Path, help="the file that outlives it")
    given = parser.parse_args()
    running: Any = Running(given.port, given.webhook, given.keep)
    server = Server(
        running,
        address="127.0.0.1",
        port=given.port,
        interface=Interfaces.ASGI,
        websockets=False,
        log_enabled=False,
    )
    sys.stdout.write(f"a double of Stripe on http://127.0.0.1:{given.port}; no money moves\n")
    sys.stdout.flush()
    asyncio.run(server.serve())


if __name__ == "__main__":
    main()
