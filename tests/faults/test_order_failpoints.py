"""The server is killed between any two statements of each step of an order; the client repeats.

The wire counts what the server says to PostgreSQL and holds it back at one place after the other:
before each statement, before COMMIT, and when COMMIT is done but not answered. There the process
is killed. The client, told nothing, sends the same again until it is answered; then everything the
programme holds about the member must be what it holds about one whom nothing happened to.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.rules import draft_rule, publish_rules
from tests.loyalty.rewards.building import offered
from tests.stories.test_events import REVIEW
from tests.support.api import application, checkout, web
from tests.support.contents import ID, INSTANT, differences, of_member
from tests.support.database import Clone
from tests.support.forked import Forked, forked_server
from tests.support.proofs import Proof
from tests.support.requirements import sample
from tests.support.serving import Journal, Sent
from tests.support.shop import RULES, Json, Shop, cart, line, opened, shop
from tests.support.statements import ANSWER, StatementWire, Stop, statements_to

__all__ = ["application", "checkout", "opened", "shop", "web"]

NEVER = 1_000_000
GIVEN = 500
LINES = [{"line_id": "1", "quantity": 2}]
SOON = "an instant to come"


@dataclass(frozen=True, slots=True)
class Step:
    """A request that moves something, what comes before it, and how it is answered."""

    path: str
    body: Json
    before: Callable[[Shop, str], Awaitable[object]]
    status: int = 200


def bought(points: int = 300) -> Json:
    """A cart that spends points and pays for shipping."""
    return cart(line("1", 4, 1000), line("2", 1, 2500), shipping=500, points_to_spend=points)


async def joined(_: Shop, __: str) -> None:
    """Nothing comes before but that the member has joined and has points."""


async def placed(shop: Shop, label: str) -> None:
    await shop.place(bought(), f"S-{label}", who=f"ext:C-{label}")


async def shipped_in_part(shop: Shop, label: str) -> None:
    await placed(shop, label)
    await shop.complete(f"S-{label}", shipment="P-1", lines=LINES)


async def shipped(shop: Shop, label: str) -> None:
    await placed(shop, label)
    await shop.complete(f"S-{label}")


async def stocked(connection: AsyncConnection, cause: Cause) -> None:
    await offered(connection, stock=1_000)
    review = await draft_rule(connection, cause, REVIEW)
    live = [(str(rule["rule"]), 1) for rule in RULES]
    await publish_rules(connection, cause, [*live, (review.rule, review.version)])


async def of_a_guest(shop: Shop, label: str) -> None:
    await shop.place(cart(line("1", 4, 1000)), f"S-{label}", who=None)
    await shop.complete(f"S-{label}")


async def ordered_a_mug(shop: Shop, label: str) -> None:
    asked = {"reward": "mug", "order_id": f"W-{label}"}
    await shop.post(f"/v1/members/ext:C-{label}/reward-orders", asked, status=201)


def step(
    verb: str, body: Json, before: Callable[[Shop, str], Awaitable[object]], status: int = 200
) -> Step:
    """A step of the order that the member has placed."""
    return Step(f"/v1/orders/ext:S-*/{verb}", body, before, status)


PLACE: Json = {"member": "ext:C-*", "order_id": "S-*", "order": bought()}
REFUSED: Json = PLACE | {"order": bought(GIVEN + 1)}
BACK: Json = {"return_id": "R-1", "lines": LINES, "shipping": True, "reason": "damaged"}
UNNAMED: Json = {
    "member": "ext:C-*",
    "return_id": "R-1",
    "lines": [{"sku": "SKU-1", "quantity": 1}, {"sku": "SKU-9", "quantity": 1}],
}
OTHER: Json = {
    "return": {"return_id": "R-1", "lines": LINES},
    "order_id": "S-*-2",
    "order": cart(line("1", 2, 1100), points_to_spend=50),
}
CLAIM: Json = {"member": "ext:C-*", "proof": "same-email"}
EVENT: Json = {"event_id": "E-*", "kind": "review-written", "member": "ext:C-*"}
MINE: Json = {"reward": "mug", "order_id": "W-*"}

STEPS: Mapping[str, Step] = {
    "place": Step("/v1/orders", PLACE, joined, 201),
    "place what is refused": Step("/v1/orders", REFUSED, joined, 409),
    "hold": step("hold", {"hold_until": SOON}, placed),
    "paid": step("paid", {}, placed),
    "complete in part": step("complete", {"shipment": "P-1", "lines": LINES}, placed),
    "complete the rest": step("complete", {"shipment": "P-2"}, shipped_in_part),
    "cancel in part": step("cancel", {"shipment": "X-1", "lines": LINES}, placed),
    "cancel the rest": step("cancel", {}, shipped_in_part),
    "return": step("returns", BACK, shipped, 201),
    "return without an order": Step("/v1/returns", UNNAMED, shipped, 201),
    "exchange": step("exchange", OTHER, shipped, 201),
    "charge back": step("chargeback", {"amount": 2000, "chargeback_id": "D-1"}, shipped, 201),
    "claim": step("claim", CLAIM, of_a_guest),
    "deliver": step("delivered", {}, shipped),
    "order a reward": Step("/v1/members/ext:C-*/reward-orders", MINE, joined, 201),
    "report an event": Step("/v1/events", EVENT, joined, 201),
    "fulfil a reward": Step("/v1/reward-orders/ext:W-*/fulfil", {}, ordered_a_mug),
    "cancel a reward": Step("/v1/reward-orders/ext:W-*/cancel", {"reason": "gone"}, ordered_a_mug),
}


@dataclass(slots=True)
class Killed:
    """One step, killed at one place, and what came of it."""

    at: str
    sent: Sent
    holds: Mapping[str, Counter[str]]
    answered: str


@dataclass(slots=True)
class Rig:
    """The shop, the wire, the server behind it, and the client that repeats."""

    shop: Shop
    wire: StatementWire
    server: Forked
    client: httpx.AsyncClient
    journal: Journal
    numbers: Iterator[int]
    cold: bool = True

    async def warm(self) -> None:
        """Let a new process read what it keeps, so that every run says the same statements."""
        if self.cold:
            name = f"W-{next(self.numbers)}"
            bought = {"member": "ext:C-warm", "order_id": name, "order": cart()}
            await self.journal.post(self.client, "/v1/orders", bought)
            sent = await self.journal.post(self.client, f"/v1/orders/ext:{name}/complete", {})
            assert sent.status == 200, sent.answer
            self.cold = False

    async def run(self, step: Step, place: int) -> tuple[Stop, Killed]:
        """Send a step for a member of its own and kill the server at a place of it."""
        label = f"q{next(self.numbers):04d}q"
        member = await self.shop.web.joined(external_id=f"C-{label}")
        await self.shop.give(member, GIVEN)
        await step.before(self.shop, label)
        await self.warm()
        stop = self.wire.stop_before(place)
        sending = asyncio.create_task(self._send(step, label))
        reaching = asyncio.create_task(stop.reached.wait())
        await asyncio.wait({sending, reaching}, return_when=asyncio.FIRST_COMPLETED)
        if stop.reached.is_set():
            self.server.kill()
            stop.cut()
            self.server.start()
            self.cold = True
        reaching.cancel()
        sent = await sending
        holds = await of_member(self.shop.web.application.database, member.id, label)
        answered = INSTANT.sub("then", ID.sub("id", sent.answer.decode())).replace(label, "*")
        return stop, Killed(stop.statement, sent, holds, answered)

    async def _send(self, step: Step, label: str) -> Sent:
        soon = (self.shop.web.application.clock.now() + timedelta(days=1)).isoformat()
        body = json.dumps(step.body).replace("*", label).replace(SOON, soon)
        path = step.path.replace("*", label)
        return await self.journal.post(self.client, path, json.loads(body))


@pytest.fixture
async def rig(shop: Shop, clone: Clone) -> AsyncIterator[Rig]:
    async with statements_to(clone.application) as wire:
        with forked_server(wire.url) as server:
            transport = httpx.AsyncHTTPTransport(uds=server.socket)
            async with httpx.AsyncClient(transport=transport, timeout=30) as client:
                journal = Journal("http://server", (await shop.web.caller("admin")).key)
                await shop.web.joined(external_id="C-warm")
                await shop.policy(pending_until="delivered")
                await shop.web.application.database.write(stocked, shop.web.cause())
                yield Rig(shop, wire, server, client, journal, count(1))


async def test_a_server_killed_at_any_statement_of_a_step_loses_nothing_and_doubles_nothing(
    rig: Rig, proof: Proof
) -> None:
    stride, every = sample(quick=6, full=1), sample(quick=3, full=1)
    places = 0
    for first, (name, step) in enumerate(list(STEPS.items())[::every]):
        undisturbed, untouched = await rig.run(step, NEVER)
        assert untouched.sent.status == step.status, (name, untouched.sent.answer)
        assert not undisturbed.reached.is_set()
        said: list[str] = []
        for place in count(first % stride, stride):
            stop, killed = await rig.run(step, place)
            if not stop.reached.is_set():
                break
            assert killed.sent.attempts > 1
            assert (name, killed.at, killed.sent.status) == (name, killed.at, step.status)
            assert killed.sent.replayed == (killed.at == ANSWER)
            assert (killed.at, killed.answered) == (killed.at, untouched.answered)
            assert differences(killed.holds, untouched.holds) == {}, (name, killed.at)
            said.append(killed.at)
        places += len(said)
        assert said, name
        if stride == 1:
            assert re.match("BEGIN", said[0])
            assert said[-2:] == ["COMMIT", ANSWER]
    await rig.shop.holds()
    proof(f"places in {len(STEPS)} steps where the server was killed, each reached", places)
