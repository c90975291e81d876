"""Two real shops by both ways: brought along as history, and told through the API by many clients.

Each client tells the life of one member at a time, order by order, at the instants at which it
happened; many do so at once. Every row of every table about members must then be the same in both
programmes, but for ids, instants of recording, actor, request and transaction numbers.
"""

import asyncio
import csv
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from pathlib import Path
from pprint import pformat
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx

import ledger
from api.app import create_app, warm
from loyalty.bootstrap import Application
from loyalty.clock import Clock
from loyalty.verify import Finding, verify
from tests.loyalty.history.files import application, bring, publish
from tests.loyalty.history.shops import grocers_month, web_shop
from tests.loyalty.history.test_books import cents, currency_of, thousandths
from tests.loyalty.history.test_equal import RULES, other
from tests.support.api import Caller, Web
from tests.support.contents import Digest, contents, differences, digests
from tests.support.policies import lasting
from tests.support.proofs import Proof
from tests.support.requirements import needs_shared, sample

__all__ = ["application", "other"]

CLIENTS: Final = 16
ZONE: Final = "America/New_York"
TERMS: Final[Mapping[str, Any]] = {"pending_days": 14, "time_zone": ZONE, **lasting(6)}
HERE: Final[ContextVar[datetime | None]] = ContextVar("HERE", default=None)
"""The instant at which a client tells what it tells."""

Row = dict[str, str]


class ClientsClock(Clock):
    """It is as late as it is for whoever asks."""

    def now(self) -> datetime:
        """The instant of the client whose request this is."""
        return HERE.get() or super().now()


@dataclass(frozen=True, slots=True)
class Told:
    """One order or return of a member, as the shop knows it."""

    name: str
    at: datetime
    returned: bool
    rows: Sequence[Row]


def lives(path: Path, zone: tzinfo) -> Mapping[str, Sequence[Told]]:
    """The orders and returns of each member of a file, in the order of time."""
    orders: dict[str, list[Row]] = defaultdict(list)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            if float(row["quantity"]) or float(row["amount"]):
                orders[row["order_id"]].append(row)
    found: dict[str, list[Told]] = defaultdict(list)
    for name, rows in orders.items():
        if not any(thousandths(row) % 10 for row in rows):
            at = datetime.fromisoformat(rows[0]["ordered_at"]).replace(tzinfo=zone)
            told = Told(name, at, rows[0]["kind"] == "return", rows)
            found[rows[0]["member"]].append(told)
    return {
        member: sorted(told, key=lambda one: (one.at, one.returned, one.name))
        for member, told in found.items()
    }


@dataclass(slots=True)
class Client:
    """The shop's code, telling lives through the API."""

    caller: Caller
    currency: str
    requests: int = 0

    async def tell(self, member: str, life: Sequence[Told]) -> None:
        """Tell one member's life."""
        HERE.set(life[0].at)
        await self._post("/v1/members", external_id=member, joined_at=life[0].at.isoformat())
        for told in life:
            HERE.set(told.at)
            await (self._give_back if told.returned else self._sell)(member, told)

    async def _sell(self, member: str, told: Told) -> None:
        at = told.at.isoformat()
        lines = [
            {
                "line_id": row["line_id"],
                "sku": row["sku"],
                "category": row["category"],
                "quantity": max(1, int(row["quantity"])),
                "amount": cents(row),
            }
            for row in told.rows
        ]
        cart = {"currency": self.currency, "lines": lines}
        who = f"ext:{member}"
        sold = {"member": who, "order_id": told.name, "order": cart, "placed_at": at}
        await self._post("/v1/orders", **sold, priced_by="shop")
        await self._post(f"/v1/orders/ext:{told.name}/complete", completed_at=at)

    async def _give_back(self, member: str, told: Told) -> None:
        lines = [
            {"sku": row["sku"], "quantity": abs(int(row["quantity"])), "amount": cents(row)}
            for row in told.rows
        ]
        back = {"return_id": told.name, "returned_at": told.at.isoformat()}
        await self._post("/v1/returns", member=f"ext:{member}", lines=lines, **back)

    async def _post(self, path: str, **body: Any) -> None:
        self.requests += 1
        answered = await self.caller.post(path, body)
        assert answered.status_code in {200, 201}, (path, body, answered.text)


@asynccontextmanager
async def clients_of(application: Application, currency: str) -> AsyncIterator[Client]:
    """The API of a programme whose clock is its clients'."""
    clock = ClientsClock()
    async with application.database.read() as connection:
        await clock.measure(connection)
    theirs = replace(application, clock=clock)
    app: Any = create_app(theirs)
    await warm(theirs)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://loyalty.test") as client:
        web = Web(app, theirs, client)
        yield Client(await web.caller("checkout"), currency)


async def tell_all(client: Client, told: Mapping[str, Sequence[Told]]) -> None:
    """Let many clients tell, each the life of one member after the other."""
    waiting = iter(told.items())

    async def work() -> None:
        for member, life in waiting:
            await client.tell(member, life)

    async with asyncio.TaskGroup() as clients:
        for _ in range(CLIENTS):
            clients.create_task(work())


async def settle(application: Application) -> None:
    """Let what is due by now be posted, as the sweep of every night does."""
    now = application.clock.now()
    while (await application.database.write(ledger.sweep, at=now)).wallets:
        pass


@dataclass(frozen=True, slots=True)
class Both:
    """What two programmes hold, to which the same lives were told, each by another way."""

    brought: Mapping[str, Digest]
    told: Mapping[str, Digest]
    differ: str
    broken: Sequence[Finding]
    lives: int
    requests: int

    def record(self, proof: Proof, name: str) -> None:
        """Say how much was compared."""
        proof(f"{name}: orders and returns by both ways", self.lives)
        proof(f"{name}: requests of {CLIENTS} clients at once", self.requests)
        proof(f"{name}: tables compared", len(self.told))
        proof(f"{name}: rows equal by digest", sum(each.rows for each in self.told.values()))


async def by_both_ways(brought: Application, told: Application, path: Path) -> Both:
    """Bring a file along in one programme, tell it to the other, and sum up every row of both."""
    for each in (brought, told):
        await publish(each, rules=RULES, currency=currency_of(path), **TERMS)
    summary = await bring(brought, path)
    async with clients_of(told, currency_of(path)) as client:
        await tell_all(client, lives(path, ZoneInfo(ZONE)))
    for each in (brought, told):
        await settle(each)
    one, other = await digests(brought.database), await digests(told.database)
    differ = frozenset(table for table in one if one[table] != other[table])
    found = [await contents(each.database, differ) for each in (brought, told)] if differ else []
    async with told.database.snapshot() as connection:
        return Both(
            brought=one,
            told=other,
            differ=pformat(differences(*found), width=1_000) if differ else "",
            broken=await verify(connection),
            lives=summary.orders + summary.returns,
            requests=client.requests,
        )


@needs_shared
async def test_a_web_shop_told_by_many_clients_equals_its_history(
    application: Application, other: Application, tmp_path: Path, proof: Proof
) -> None:
    path = web_shop(tmp_path, most=sample(quick=50, full=4_000))

    both = await by_both_ways(application, other, path)

    assert both.told == both.brought, both.differ
    assert both.broken == []
    assert both.told["ledger.journal"].rows > 100
    both.record(proof, "UCI online retail")


async def test_a_month_of_the_demos_baskets_told_by_many_clients_equals_its_history(
    application: Application, other: Application, tmp_path: Path, proof: Proof
) -> None:
    path = grocers_month(tmp_path, households=sample(quick=15, full=10_000))

    both = await by_both_ways(application, other, path)

    assert both.told == both.brought, both.differ
    assert both.broken == []
    assert both.told["ledger.journal"].rows > 100
    both.record(proof, "a month of the demo")
