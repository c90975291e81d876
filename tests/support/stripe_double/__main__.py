"""The double as a process of its own: `python -m tests.support.stripe_double --port 12111`.

It listens on this machine only, sends webhooks to `--webhook`, and takes its switches by
`POST /_double`: `{"advance": seconds}`, `{"faults": ["500"]}`, `{"switches": {"duplicate": true}}`.
Its clock is this machine's until it is advanced, and what was added since.
"""

import argparse
import asyncio
import json
import sys
import time
from typing import Any

import httpx
from granian.constants import Interfaces
from granian.server.embed import Server

from tests.support.stripe_double.passing import advance
from tests.support.stripe_double.server import Double, Receive, Scope, Send
from tests.support.stripe_double.shapes import webhook_endpoint
from tests.support.stripe_double.store import Store
from tests.support.stripe_double.telling import Switches, deliver

SECRET = "whsec_double_of_this_machine"
BEAT = 0.25


class Running:
    """A double whose clock goes, and whose webhooks are sent."""

    def __init__(self, port: int, webhook: str | None) -> None:
        self.store = Store(now=int(time.time()))
        self.double = Double(self.store, origin=f"http://127.0.0.1:{port}")
        self.switches = Switches()
        self.ahead = 0
        self._beat: asyncio.Task[None] | None = None
        if webhook is not None:
            made = webhook_endpoint(self.store, url=webhook, events=["*"])
            self.store.secrets[made["id"]] = SECRET

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; the first one starts the clock."""
        if scope["type"] != "http":
            return
        if self._beat is None:
            self._beat = asyncio.create_task(self._go_on())
        if scope["path"] == "/_double":
            await self._steer(receive, send)
            return
        self._catch_up()
        await self.double(scope, receive, send)
        self.ahead = max(self.ahead, self.store.now - int(time.time()))

    async def _steer(self, receive: Receive, send: Send) -> None:
        asked: dict[str, Any] = json.loads((await receive()).get("body") or b"{}")
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
                self._catch_up()
                await deliver(self.store, post, self.switches, at=self.store.now)
                await asyncio.sleep(BEAT)


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="stripe_double", description=__doc__)
    parser.add_argument("--port", type=int, default=12111)
    parser.add_argument("--webhook", help="where events are sent to")
    given = parser.parse_args()
    running: Any = Running(given.port, given.webhook)
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
