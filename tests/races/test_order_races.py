"""Two requests want the same thing: one is held before each of its statements while the other runs.

Whatever the place, the outcome is that of one order or the other: both answers, and everything that
the programme then holds about the member, are as if the two had come one after the other. Both
orders are seen, and the loser is told why.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import VoucherDefinition
from loyalty.cause import Cause
from loyalty.database import Database
from loyalty.members import Member
from loyalty.rules import draft_rule, publish_rules
from loyalty.vouchers import define_voucher, give_voucher
from tests.stories.test_upkeep import FIVE_OFF
from tests.support.contents import ID, INSTANT, of_member
from tests.support.database import Clone
from tests.support.proofs import Proof
from tests.support.requirements import sample
from tests.support.shop import RULES, Json, Shop, cart, line
from tests.support.statements import StatementWire, statements_to

NEVER = 1_000_000
GIVEN = 500
WAITING = text(
    "select count(*) from pg_stat_activity"
    " where datname = current_database() and wait_event_type = 'Lock'"
)

Request = tuple[str, Json]
"""A path and a body; an asterisk is the member's label, HIDDEN a code or token that they have."""


async def nothing(_: Shop, __: str, ___: Member) -> Sequence[str]:
    return ()


async def placed(shop: Shop, label: str, _: Member) -> Sequence[str]:
    order = cart(line("1", 4, 1000), line("2", 2, 333), points_to_spend=300, shipping=500)
    await shop.place(order, f"S-{label}", who=f"ext:C-{label}")
    return ()


async def shipped_in_part(shop: Shop, label: str, who: Member) -> Sequence[str]:
    await placed(shop, label, who)
    await shop.complete(f"S-{label}", shipment="P-0", lines=units(1))
    return ()


async def shipped(shop: Shop, label: str, who: Member) -> Sequence[str]:
    await placed(shop, label, who)
    await shop.complete(f"S-{label}")
    return ()


async def quoted(shop: Shop, label: str, _: Member) -> Sequence[str]:
    answer = await shop.quote(two(points_to_spend=GIVEN), who=f"ext:C-{label}")
    return (str(answer["quote"]),)


async def given_a_voucher(shop: Shop, _: str, who: Member) -> Sequence[str]:
    given = await shop.web.application.database.write(
        give_voucher, shop.web.cause(), who, definition="five", reason="goodwill"
    )
    return (given.code,)


async def with_vouchers(connection: AsyncConnection, cause: Cause) -> None:
    await define_voucher(connection, cause, VoucherDefinition("five", {"en": "Five off"}))
    five = await draft_rule(connection, cause, FIVE_OFF)
    live = [(str(rule["rule"]), 1) for rule in RULES]
    await publish_rules(connection, cause, [*live, (five.rule, five.version)])


def units(quantity: int) -> list[Json]:
    return [{"line_id": "1", "quantity": quantity}]


def place(till: str, *, quote: str | None = None, **more: Any) -> Request:
    body = {"member": "ext:C-*", "order_id": f"S-*-{till}", "order": two(**more)}
    return "/v1/orders", body if quote is None else body | {"quote": quote}


def two(**more: Any) -> Json:
    return cart(line("1", 2, 1000), **more)


def step(verb: str, **body: Any) -> Request:
    return f"/v1/orders/ext:S-*/{verb}", body


@dataclass(frozen=True, slots=True)
class Race:
    """Two requests for the same thing, what comes before, and what losers are told."""

    before: Callable[[Shop, str, Member], Awaitable[Sequence[str]]]
    one: Request
    other: Request
    told: frozenset[str] = frozenset()


def race(
    before: Callable[[Shop, str, Member], Awaitable[Sequence[str]]],
    one: Request,
    other: Request,
    *told: str,
) -> Race:
    return Race(before, one, other, frozenset(told))


RACES: Mapping[str, Race] = {
    "two tills spend the same points": race(
        nothing,
        place("a", points_to_spend=GIVEN),
        place("b", points_to_spend=GIVEN),
        "points-over-available",
    ),
    "two tills spend the points of one quote": race(
        quoted,
        place("a", quote="HIDDEN", points_to_spend=GIVEN),
        place("b", quote="HIDDEN", points_to_spend=GIVEN),
        "points-short",
    ),
    "two tills use the same voucher": race(
        given_a_voucher,
        place("a", voucher_codes=["HIDDEN"]),
        place("b", voucher_codes=["HIDDEN"]),
        "voucher-used-up",
    ),
    "two tills place the same order": race(nothing, place("a"), place("a")),
    "two tills place orders of one name": race(
        nothing, place("a"), place("a", shipping=500), "order-conflict"
    ),
    "complete and cancel the same lines": race(
        placed,
        step("complete", shipment="P-1"),
        step("cancel", shipment="X-1"),
        "order-closed",
        "order-cancelled",
    ),
    "complete and cancel more than there is": race(
        placed,
        step("complete", shipment="P-1", lines=units(3)),
        step("cancel", shipment="X-1", lines=units(2)),
        "more-than-open",
    ),
    "two shipments of the same lines": race(
        placed,
        step("complete", shipment="P-1", lines=units(3)),
        step("complete", shipment="P-2", lines=units(3)),
        "more-than-open",
    ),
    "one shipment told twice": race(
        placed, step("complete", shipment="P-1"), step("complete", shipment="P-1")
    ),
    "return while completing": race(
        shipped_in_part,
        step("complete", shipment="P-1"),
        step("returns", return_id="R-1", lines=units(2)),
        "more-than-bought",
    ),
    "two returns of the same units": race(
        shipped,
        step("returns", return_id="R-1", lines=units(3)),
        step("returns", return_id="R-2", lines=units(3)),
        "more-than-bought",
    ),
    "a return with and one without its order": race(
        shipped,
        step("returns", return_id="R-1", lines=units(3)),
        (
            "/v1/returns",
            {
                "member": "ext:C-*",
                "return_id": "R-2",
                "lines": [{"sku": "SKU-1", "quantity": 3}],
            },
        ),
        "more-than-bought",
    ),
    "pay and cancel": race(placed, step("paid"), step("cancel", shipment="X-1")),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What both were answered, and what is held about the member afterwards."""

    answers: tuple[tuple[int, str], ...]
    holds: Mapping[str, Counter[str]]

    def codes(self) -> set[str]:
        """The refusals that were told."""
        return {code for status, code in self.answers if status >= 400}


@dataclass(slots=True)
class Track:
    """A shop behind a wire that can stop, and members to race for."""

    shop: Shop
    wire: StatementWire
    beside: Database
    numbers: Iterator[int]

    async def one_after_the_other(self, race: Race, *, turned: bool) -> Outcome:
        """Let one finish before the other begins."""
        label, who, hidden = await self._ready(race)
        pair = (race.other, race.one) if turned else (race.one, race.other)
        answers = [await self.send(each, label, hidden) for each in pair]
        return await self._outcome(answers[::-1] if turned else answers, who, label, hidden)

    async def held_at(self, race: Race, place: int) -> Outcome | None:
        """Hold one before a statement while the other runs or waits for a lock."""
        label, who, hidden = await self._ready(race)
        stop = self.wire.stop_before(place)
        one = asyncio.create_task(self.send(race.one, label, hidden))
        reaching = asyncio.create_task(stop.reached.wait())
        await asyncio.wait({one, reaching}, return_when=asyncio.FIRST_COMPLETED)
        other = asyncio.create_task(self.send(race.other, label, hidden))
        if stop.reached.is_set():
            await self._runs_or_waits(other)
        reaching.cancel()
        stop.let_go()
        outcome = await self._outcome([await one, await other], who, label, hidden)
        return outcome if stop.reached.is_set() else None

    async def _ready(self, race: Race) -> tuple[str, Member, Sequence[str]]:
        label = f"q{next(self.numbers):04d}q"
        who = await self.shop.web.joined(external_id=f"C-{label}")
        await self.shop.give(who, GIVEN)
        return label, who, await race.before(self.shop, label, who)

    async def send(self, request: Request, label: str, hidden: Sequence[str]) -> httpx.Response:
        path, body = request
        told = json.dumps(body).replace("*", label)
        for each in hidden:
            told = told.replace("HIDDEN", each)
        return await self.shop.caller.post(path.replace("*", label), told.encode())

    async def _outcome(
        self, answers: Sequence[httpx.Response], who: Member, label: str, hidden: Sequence[str]
    ) -> Outcome:
        told = tuple((answer.status_code, _said(answer, label)) for answer in answers)
        return Outcome(told, await of_member(self.beside, who.id, label, *hidden))

    async def _runs_or_waits(self, other: asyncio.Task[httpx.Response]) -> None:
        async with self.beside.read() as connection:
            while not await connection.scalar(WAITING):
                done, _ = await asyncio.wait({other}, timeout=0.002)
                if done:
                    return


def _said(answer: httpx.Response, label: str) -> str:
    if answer.status_code >= 400:
        return str(answer.json()["code"])
    return INSTANT.sub("then", ID.sub("id", answer.text)).replace(label, "*")


@pytest.fixture
async def wire(clone: Clone) -> AsyncIterator[StatementWire]:
    async with statements_to(clone.application) as wire:
        yield wire


@pytest.fixture
async def database(wire: StatementWire) -> AsyncIterator[Database]:
    """The application's database lies behind the wire."""
    database = Database.at(wire.url, pool_size=20)
    yield database
    await database.dispose()


@pytest.fixture
async def track(shop: Shop, wire: StatementWire, clone: Clone) -> AsyncIterator[Track]:
    await shop.web.application.database.write(with_vouchers, shop.web.cause())
    beside = Database.at(clone.application, pool_size=2)
    yield Track(shop, wire, beside, count(1))
    await beside.dispose()


async def test_two_requests_come_out_as_one_after_the_other_wherever_they_meet(
    track: Track, proof: Proof
) -> None:
    stride = sample(quick=4, full=1)
    met = 0
    for first, (name, each) in enumerate(RACES.items()):
        orders = [await track.one_after_the_other(each, turned=turned) for turned in (False, True)]
        told = set.union(*(order.codes() for order in orders))
        assert (name, sorted(told)) == (name, sorted(each.told))
        seen: list[int] = []
        for place in count(first % stride, stride):
            outcome = await track.held_at(each, place)
            if outcome is None:
                break
            assert outcome in orders, (name, place, outcome.answers)
            seen.append(orders.index(outcome))
        met += len(seen)
        if stride == 1 and orders[0] != orders[1]:
            assert set(seen) == {0, 1}, (name, "one of them always won")
    await track.shop.holds()
    proof("places at which two requests met, in races of two", met)


async def test_of_many_tills_exactly_as_many_spend_as_there_are_points_for(
    track: Track, proof: Proof
) -> None:
    tills, repeats = 24, sample(quick=2, full=100)
    for number in range(repeats):
        label = f"m{number:04d}m"
        who = await track.shop.web.joined(external_id=f"C-{label}")
        await track.shop.give(who, GIVEN)

        answers = await asyncio.gather(
            *(track.send(place(f"{till}", points_to_spend=70), label, ()) for till in range(tills))
        )

        told = Counter(_said(each, "") if each.status_code >= 400 else "" for each in answers)
        assert told == {"": GIVEN // 70, "points-over-available": tills - GIVEN // 70}
        wallet = await track.shop.wallet(who)
        assert (wallet.available, wallet.held) == (GIVEN % 70, GIVEN - GIVEN % 70)
    await track.shop.holds()
    proof(f"repeats of {tills} tills at once, none of which spent too much", repeats)
