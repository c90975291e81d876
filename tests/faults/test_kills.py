"""Processes are killed under load: nothing acknowledged is lost, nothing is done twice."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.homes import lay_out
from tests.support.proofs import Proof
from tests.support.requirements import sample
from tests.support.serving import Journal, Sent, Served, reachable_directory

MEMBERS = 12
CLIENTS = 6
SEED = 7_274
BASE_RULE = {
    "rule": "base",
    "titles": {"en": "A point a dollar", "zh": "每消费一美元一分"},
    "effects": [{"effect": "earn", "points": 1, "per": 100}],
}


@pytest.fixture
def served(upgraded: Path) -> Iterator[Served]:
    with reachable_directory() as directory:
        lay_out(directory / "home", upgraded)
        with Served(directory / "home") as programme:
            yield programme


async def test_kills_under_requests_lose_nothing_and_double_nothing(
    served: Served, proof: Proof
) -> None:
    journal = Journal(served.base_url, served.key("checkout"))
    kills = sample(quick=3, full=40)
    async with httpx.AsyncClient(timeout=30) as client:
        await _open_shop(client, Journal(served.base_url, served.key("admin")))
        members = [f"ext:C-{number}" for number in range(MEMBERS)]
        for member in members:
            joined = await journal.post(client, "/v1/members", {"external_id": member[4:]})
            assert joined.status == 201, joined.answer

        stopped = asyncio.Event()
        shoppers = [_shop(client, journal, members, number, stopped) for number in range(CLIENTS)]
        results = await asyncio.gather(
            _kill(served, kills, stopped), *shoppers, return_exceptions=True
        )
        assert [failed for failed in results if isinstance(failed, BaseException)] == []

        acknowledged = [one for one in journal.sent if one.status in {200, 201}]
        assert [one for one in journal.sent if one not in acknowledged] == []
        assert journal.broken > 0, "no kill reached a request: the run proved nothing"
        await _demand_replays(client, journal, acknowledged)
        await _demand_balances(client, journal, members)

    verified = served.run("verify", check=False)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    proof("kills survived under requests", kills)
    proof("writes acknowledged meanwhile", len(acknowledged))
    proof("attempts that ended without an answer, all settled", journal.broken)
    proof("acknowledged writes lost or doubled", 0)


async def _open_shop(client: httpx.AsyncClient, admin: Journal) -> None:
    rule = await admin.post(client, "/v1/rules", BASE_RULE)
    assert rule.status == 201, rule.answer
    live = await admin.post(client, "/v1/rule-sets", {"rules": [{"name": "base", "version": 1}]})
    assert live.status == 201, live.answer


async def _shop(
    client: httpx.AsyncClient,
    journal: Journal,
    members: list[str],
    number: int,
    stopped: asyncio.Event,
) -> None:
    """Buy, receive and sometimes bring back, until told to stop."""
    chance = random.Random(SEED + number)
    bought = 0
    while not stopped.is_set():
        bought += 1
        order = f"O-{number}-{bought}"
        await journal.post(client, "/v1/orders", _order(order, chance.choice(members), chance))
        await journal.post(client, f"/v1/orders/ext:{order}/complete", {"shipment": "1"})
        if chance.random() < 0.3:
            back = {"return_id": "R-1", "lines": [{"line_id": "1", "quantity": 1}]}
            await journal.post(client, f"/v1/orders/ext:{order}/returns", back)


def _order(order: str, member: str, chance: random.Random) -> dict[str, object]:
    lines = [
        {"line_id": str(line), "sku": f"S{line}", "quantity": 2, "unit_price": price}
        for line, price in enumerate(chance.choices(range(100, 5_000), k=3), start=1)
    ]
    cart = {"currency": "USD", "lines": lines}
    return {"order_id": order, "member": member, "priced_by": "shop", "order": cart}


async def _kill(served: Served, kills: int, stopped: asyncio.Event) -> None:
    """Kill one thing after another, each while requests are under way."""
    chance = random.Random(SEED)
    ways: list[Callable[[], None]] = [
        served.kill_database,
        served.kill_worker,
        served.kill_everything,
        served.kill_server,
    ]
    try:
        for number in range(kills):
            await asyncio.sleep(chance.uniform(0.3, 1.0))
            await asyncio.to_thread(ways[number % len(ways)])
            await asyncio.to_thread(served.await_ready)
        await asyncio.sleep(0.5)
    finally:
        stopped.set()


async def _demand_replays(
    client: httpx.AsyncClient, journal: Journal, acknowledged: list[Sent]
) -> None:
    """What was acknowledged is answered again with the same bytes and has no second effect."""
    for one in acknowledged[-sample(quick=150, full=1_000_000) :]:
        again = Sent(one.method, one.path, one.body, one.key)
        await journal.settle(client, again)
        assert (again.status, again.answer) == (one.status, one.answer)
        assert again.replayed


async def _demand_balances(client: httpx.AsyncClient, journal: Journal, members: list[str]) -> None:
    """Each wallet holds what the acknowledged orders earned, less what came back."""
    expected = _expected(journal)
    for member in members:
        wallet = await journal.get(client, f"/v1/members/{member}/wallet")
        stands = wallet["available"] + wallet["pending"] - wallet["debt"]
        assert (member, stands) == (member, expected[member])


def _expected(journal: Journal) -> Counter[str]:
    """Work out the points of each member from what the client sent: floor once an order."""
    orders = {one.body["order_id"]: one.body for one in journal.sent if one.path == "/v1/orders"}
    points: Counter[str] = Counter()
    for body in orders.values():
        points[body["member"]] += sum(_amounts(body)) // 100
    for one in journal.sent:
        if one.path.endswith("/returns"):
            body = orders[one.path.split("ext:")[1].removesuffix("/returns")]
            points[body["member"]] -= _points(_amounts(body))[0] // 2
    return points


def _amounts(body: Mapping[str, Any]) -> list[int]:
    return [line["unit_price"] * line["quantity"] for line in body["order"]["lines"]]


def _points(amounts: list[int]) -> list[int]:
    """Share the points of an order, rounded down once, by the largest lost fraction."""
    shares = [amount // 100 for amount in amounts]
    by_fraction = sorted(range(len(amounts)), key=lambda place: (-(amounts[place] % 100), place))
    for place in by_fraction[: sum(amounts) // 100 - sum(shares)]:
        shares[place] += 1
    return shares
