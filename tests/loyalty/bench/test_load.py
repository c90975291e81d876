"""The load generator counts every answer, keeps its connections, and stops at a refusal."""

import asyncio
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from loyalty.bench.load import BenchRefused, Load, put_under_load, request
from loyalty.bench.shop import LINES, carts

END = b"\r\n\r\n"


@dataclass
class Seen:
    connections: int = 0
    bodies: list[bytes] = field(default_factory=list)


@contextmanager
def answering(answer: Callable[[bytes], bytes]) -> Iterator[tuple[int, Seen]]:
    """A real server in a thread of its own, which answers in two pieces."""
    seen, started = Seen(), threading.Event()
    running: list[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        while head := await _head(reader):
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            seen.bodies.append(body)
            given = answer(body)
            writer.write(given[:20])
            await writer.drain()
            await asyncio.sleep(0)
            writer.write(given[20:])
        writer.close()

    async def run() -> None:
        server, ended = await asyncio.start_server(serve, "127.0.0.1", 0), asyncio.Event()
        port = server.sockets[0].getsockname()[1]
        running.append((port, asyncio.get_running_loop(), ended))
        started.set()
        await ended.wait()
        server.close()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    started.wait()
    port, loop, ended = running[0]
    try:
        yield port, seen
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(END)
    except asyncio.IncompleteReadError:
        return b""


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d" % len(body) + END + body


def test_every_request_is_answered_once_over_connections_that_stay_open() -> None:
    requests = (request("POST", "/", "key", str(n).encode()) for n in range(100))

    with answering(ok) as (port, seen):
        load = put_under_load(port, requests, connections=4)

    assert sorted(int(body) for body in seen.bodies) == list(range(100))
    assert seen.connections == 4
    assert len(load.latencies) == 100


def test_a_run_ends_with_its_time() -> None:
    endless = itertools.repeat(request("POST", "/", "key", b"again"))

    with answering(ok) as (port, _):
        load = put_under_load(port, endless, connections=2, seconds=0.3)

    assert 0.3 <= load.seconds < 5
    assert load.rate > 1


def test_a_refusal_ends_the_run_in_its_own_words() -> None:
    refused = b"HTTP/1.1 422 No\r\ncontent-length: 9" + END + b"not today"

    with (
        answering(lambda _: refused) as (port, _),
        pytest.raises(BenchRefused, match="422: not today"),
    ):
        put_under_load(port, iter([request("POST", "/", "key", b"please")]), connections=1)


def test_a_quantile_is_the_time_within_which_that_share_was_answered() -> None:
    load = Load(1.0, [n / 1_000 for n in range(1, 101)])

    assert load.quantile(0.99) == pytest.approx(99)
    assert load.quantile(0.5) == pytest.approx(50)


def test_carts_repeat_themselves_and_have_twenty_lines() -> None:
    first, again = carts(100), carts(100)
    bodies = [next(first) for _ in range(3)]

    assert bodies == [next(again) for _ in range(3)]
    assert all(body.count(b'"line_id"') == LINES for body in bodies)
