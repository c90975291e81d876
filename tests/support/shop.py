"""A shop in a test: published rules and a ladder, carts, and the verbs of an order's life."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.cause import SYSTEM, Cause
from loyalty.database import Database
from loyalty.ladders import publish_ladder
from loyalty.members import Member
from loyalty.policy import document_of, policy_at, publish_policy
from loyalty.policy.store import BEGINNING
from loyalty.rules import draft_rule, publish_rules
from loyalty.tables import member
from tests.support.api import Caller, Web, application_over
from tests.support.database import Clone, Cluster, prove
from tiers import default_ladder

Json = dict[str, Any]

EARN_ONE: Json = {
    "rule": "base-earn",
    "titles": {"en": "A point a dollar"},
    "effects": [{"effect": "earn", "points": 1, "per": 100}],
}
GOLD_EARNS_TWICE: Json = {
    "rule": "gold-twice",
    "titles": {"en": "Gold earns twice"},
    "when": {"fact": "tier", "at-least": "gold"},
    "effects": [{"effect": "earn", "multiplier": 2}],
}
GOLD_SHIPS_FREE: Json = {
    "rule": "gold-free-shipping",
    "titles": {"en": "Gold ships free"},
    "when": {"fact": "tier", "at-least": "gold"},
    "effects": [{"effect": "free-shipping"}],
    "tell": True,
}
CARD_PRICE: Json = {
    "rule": "card-price",
    "titles": {"en": "Card price"},
    "when": {"fact": "member", "is": True},
    "effects": [{"effect": "exclusive-price", "line_price": True}],
}
SPEND_50: Json = {
    "rule": "spend-50",
    "titles": {"en": "10 % from 50"},
    "when": {"fact": "subtotal", "at-least": 5000},
    "effects": [{"effect": "percent-off", "percent": 10, "target": "order"}],
    "tell": True,
}
RULES: Sequence[Json] = (EARN_ONE, GOLD_EARNS_TWICE, GOLD_SHIPS_FREE, CARD_PRICE, SPEND_50)


def line(line_id: str = "1", quantity: int = 1, unit_price: int = 1000, **more: Any) -> Json:
    """Return a line of a cart."""
    sku = more.pop("sku", f"SKU-{line_id}")
    given = {"line_id": line_id, "sku": sku, "quantity": quantity, **more}
    return given if "amount" in more else given | {"unit_price": unit_price}


def cart(*lines: Json, shipping: int = 0, **more: Any) -> Json:
    """Return a cart of the lines, one of ten dollars where none is given."""
    whole: Json = {"currency": "USD", "lines": list(lines) or [line()], **more}
    return whole | ({"shipping": {"method": "standard", "price": shipping}} if shipping else {})


@dataclass(slots=True)
class Shop:
    """A shop's code, calling the API; what it does is expected to succeed unless told."""

    web: Web
    caller: Caller

    async def quote(self, order: Json, *, who: str | None = "ext:C-1", status: int = 200) -> Json:
        """Quote a cart."""
        body = {"order": order} | ({} if who is None else {"member": who})
        return await self.post("/v1/checkout/quotes", body, status=status)

    async def place(
        self,
        order: Json | None = None,
        name: str = "S-1",
        *,
        who: str | None = "ext:C-1",
        status: int = 201,
        **more: Any,
    ) -> Json:
        """Place an order."""
        body = {"order": order or cart(), "order_id": name, **more}
        if who is not None:
            body["member"] = who
        return await self.post("/v1/orders", body, status=status)

    async def complete(self, name: str = "S-1", *, status: int = 200, **body: Any) -> Json:
        """Complete a shipment, or all that is open."""
        return await self.post(f"/v1/orders/ext:{name}/complete", body, status=status)

    async def cancel(self, name: str = "S-1", *, status: int = 200, **body: Any) -> Json:
        """Cancel lines, or all that is open."""
        return await self.post(f"/v1/orders/ext:{name}/cancel", body, status=status)

    async def give_back(self, name: str = "S-1", *, status: int = 201, **body: Any) -> Json:
        """Return goods of an order."""
        return await self.post(f"/v1/orders/ext:{name}/returns", body, status=status)

    async def buy(self, order: Json | None = None, name: str = "S-1", **more: Any) -> Json:
        """Place an order and complete it."""
        await self.place(order, name, **more)
        return await self.complete(name)

    async def post(self, path: str, body: Json, *, status: int) -> Json:
        """Send a request and expect its status."""
        answered = await self.caller.post(path, body)
        assert answered.status_code == status, answered.text
        content: Json = answered.json()
        return content

    async def order(self, name: str = "S-1") -> Json:
        """Read an order."""
        answered = await self.caller.get(f"/v1/orders/ext:{name}")
        assert answered.status_code == 200, answered.text
        content: Json = answered.json()
        return content

    async def wallet(self, who: Member) -> ledger.Wallet:
        """Read a wallet."""
        async with self.web.application.database.read() as connection:
            return await ledger.wallet(connection, who.holder, at=self.web.application.clock.now())

    async def give(self, who: Member, points: int) -> None:
        """Give a member points that may be spent at once."""
        cause = self.web.cause()
        given = ledger.Earn(
            holder=who.holder,
            key=f"test:{cause.at.isoformat()}",
            journal=UUID(int=cause.at.toordinal() << 64 | cause.at.microsecond),
            effective_at=cause.at,
            actor="system",
            request_id="test",
            amount=points,
            lot=UUID(int=cause.at.toordinal() << 64 | cause.at.microsecond),
            source="test",
        )
        await self.web.application.database.write(_post, given, cause)

    async def policy(self, **changes: Any) -> None:
        """Publish a policy with other terms, before anybody has joined."""
        await self.web.application.database.write(_publish_policy, self.web.cause(), changes)

    async def holds(self) -> None:
        """Expect every promise of the books to hold."""
        async with self.web.application.database.snapshot() as connection:
            await prove(connection)


async def _post(connection: AsyncConnection, given: ledger.Earn, cause: Cause) -> None:
    for outcome in await ledger.post(connection, [given], at=cause.at):
        ledger.demand(outcome)


async def _publish_policy(
    connection: AsyncConnection, cause: Cause, changes: Mapping[str, Any]
) -> None:
    current = await policy_at(connection, cause.at)
    await publish_policy(connection, cause, {**document_of(current), **changes})


async def open_programme(connection: AsyncConnection, cause: Cause, rules: Sequence[Json]) -> None:
    """Publish a small ladder and the rules."""
    ladder = default_ladder(silver=(10_000, 2), gold=(30_000, 3), diamond=(100_000, 10), join="all")
    await publish_ladder(connection, cause, ladder)
    drafted = [await draft_rule(connection, cause, rule) for rule in rules]
    wanted = [(one.rule, one.version) for one in drafted]
    await publish_rules(connection, cause, wanted, live_from=BEGINNING)


async def members_of(connection: AsyncConnection) -> Sequence[UUID]:
    """Return all members' ids."""
    return list((await connection.execute(select(member.c.id))).scalars())


@pytest_asyncio.fixture(scope="session")
async def opened(cluster: Cluster) -> AsyncIterator[Clone]:
    """A database in which the shop's programme is open, to be cloned."""
    with cluster.cloned() as clone:
        database = Database.at(clone.application, pool_size=2)
        now = (await application_over(database)).clock.now()
        await database.write(open_programme, Cause(now, SYSTEM, "test"), RULES)
        await database.dispose()
        yield clone


@pytest.fixture
def shop(opened: Clone, web: Web, checkout: Caller) -> Shop:
    """A shop whose programme has a ladder and five rules; C-1 joins when a test says so."""
    return Shop(web, checkout)
