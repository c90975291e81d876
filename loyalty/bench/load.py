"""A small closed load generator: so many connections, each asking again once it has its answer.

Requests are bytes made beforehand, connections stay open, and an answer is read only as far as its
status and length, so that on two cores the client takes little from the server that it measures.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil
from typing import Final

from loyalty.errors import LoyaltyError

CONNECTIONS: Final = 16

_END_OF_HEAD: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"
_SAID: Final = 300


class BenchRefused(LoyaltyError):
    """A measured request was answered {status}: {said}."""

    code = "bench-refused"
    status: int
    said: str


@dataclass(slots=True)
class Load:
    """What a run did: how many answers in how long, and how long each one took."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def quantile(self, share: float) -> float:
        """The time in milliseconds within which this share of the answers came."""
        ordered = sorted(self.latencies)
        return ordered[max(ceil(share * len(ordered)) - 1, 0)] * 1_000


def request(method: str, path: str, key: str, body: bytes = b"", idempotency: str = "") -> bytes:
    """One request as it goes over the wire."""
    head = [
        f"{method} {path} HTTP/1.1",
        "host: 127.0.0.1",
        f"authorization: Bearer {key}",
        "content-type: application/json",
        f"content-length: {len(body)}",
    ]
    if idempotency:
        head.append(f"idempotency-key: {idempotency}")
    return "\r\n".join(head).encode() + _END_OF_HEAD + body


def put_under_load(
    port: int,
    requests: Iterator[bytes],
    *,
    connections: int = CONNECTIONS,
    seconds: float | None = None,
) -> Load:
    """Send requests until they are used up or the time is over."""
    return asyncio.run(_run(port, requests, connections, seconds))


async def _run(
    port: int, requests: Iterator[bytes], connections: int, seconds: float | None
) -> Load:
    loop = asyncio.get_running_loop()
    load = Load()
    clients = [_Client(loop.create_future(), requests, load) for _ in range(connections)]
    for client in clients:
        await client.connect(loop, port)
    begun = time.perf_counter()
    for client in clients:
        client.until = None if seconds is None else begun + seconds
        client.ask()
    try:
        await asyncio.gather(*(client.done for client in clients))
    finally:
        load.seconds = time.perf_counter() - begun
        for client in clients:
            client.close()
    return load


class _Client(asyncio.Protocol):
    """One connection."""

    def __init__(
        self,
        done: "asyncio.Future[None]",
        requests: Iterator[bytes],
        load: Load,
    ) -> None:
        self.done = done
        self.until: float | None = None
        self._requests = requests
        self._load = load
        self._transport: asyncio.Transport | None = None
        self._asked = 0.0
        self._got = b""

    async def connect(self, loop: asyncio.AbstractEventLoop, port: int) -> None:
        """Reach the server on a port of this machine."""
        await loop.create_connection(lambda: self, "127.0.0.1", port)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("the server hung up"))

    def ask(self) -> None:
        """Send the next request, or be done."""
        following = None
        if self.until is None or time.perf_counter() < self.until:
            following = next(self._requests, None)
        if following is None or self._transport is None:
            if not self.done.done():
                self.done.set_result(None)
            return
        self._asked = time.perf_counter()
        self._transport.write(following)

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, found, body = self._got.partition(_END_OF_HEAD)
        if not found or len(body) < _length(head):
            return
        self._load.latencies.append(time.perf_counter() - self._asked)
        status = int(head[9:12])
        if status not in {200, 201}:
            said = body[:_SAID].decode(errors="replace")
            self.done.set_exception(BenchRefused(status=status, said=said))
            return
        self._got = b""
        self.ask()

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


def _length(head: bytes) -> int:
    begin = head.lower().find(_LENGTH)
    if begin < 0:
        return 0
    return int(head[begin + len(_LENGTH) :].split(b"\r\n", 1)[0])
