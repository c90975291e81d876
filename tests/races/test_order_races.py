"""Two requests want the same thing: one is held before each of its statements while the other runs.

Whatever the place, the outcome is that of one order or the other: both answers, and everything that
the programme then holds about the member, are as if the two had come one after the other. Both
orders are seen, and the loser is told why.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import VoucherDefinition
from loyalty.cause import Cause
from loyalty.database import LONG, Database
from loyalty.members import Member
from loyalty.rules import draft_rule, publish_rules
from loyalty.vouchers import define_voucher
from tests.races.contests import GIVEN, RACES, Race, Request, place
from tests.stories.test_events import REVIEW
from tests.stories.test_upkeep import FIVE_OFF
from tests.support.api import Caller
from tests.support.contents import ID, INSTANT, of_member
from tests.support.database import Clone
from tests.support.proofs import Proof
from tests.support.requirements import sample
from tests.support.shop import RULES, Shop
from tests.support.statements import StatementWire, statements_to
from tests.support.waiting import count_blocked


@dataclass(frozen=True, slots=True)
class Outcome:
    """What both were answered, and what is held about the member afterwards."""

    answers: tuple[tuple[int, str], ...]
    holds: Sequence[Mapping[str, Counter[str]]]

    def codes(self) -> set[str]:
        """The refusals that were told."""
        return {code for status, code in self.answers if status >= 400}


@dataclass(frozen=True, slots=True)
class Meeting:
    """Whom two requests are about, what their names have in common, and what they may use."""

    label: str
    members: Sequence[Member]
    hidden: Sequence[str] = ()


@dataclass(slots=True)
class Track:
    """A shop behind a wire that can stop, and members to race for."""

    shop: Shop
    caller: Caller
    wire: StatementWire
    beside: Database
    numbers: Iterator[int]

    async def one_after_the_other(self, race: Race, *, turned: bool) -> Outcome:
        """Let one finish before the other begins."""
        meeting = await self._meeting(race)
        pair = (race.other, race.one) if turned else (race.one, race.other)
        answers = [await self.send(each, meeting) for each in pair]
        return await self._outcome(answers[::-1] if turned else answers, meeting)

    async def held_at(self, race: Race, place: int) -> Outcome | None:
        """Hold one before a statement while the other runs or waits for a lock."""
        meeting = await self._meeting(race)
        stop = self.wire.stop_before(place)
        one = asyncio.create_task(self.send(race.one, meeting))
        reaching = asyncio.create_task(stop.reached.wait())
        await asyncio.wait({one, reaching}, return_when=asyncio.FIRST_COMPLETED)
        other = asyncio.create_task(self.send(race.other, meeting))
        if stop.reached.is_set():
            await self._runs_or_waits(other)
        reaching.cancel()
        stop.let_go()
        outcome = await self._outcome([await one, await other], meeting)
        return outcome if stop.reached.is_set() else None

    async def send(self, request: Request, meeting: Meeting) -> httpx.Response:
        """Send a request about the members of a meeting."""
        path, body = request
        told = json.dumps(body).replace("*", meeting.label)
        for each in meeting.hidden:
            told = told.replace("HIDDEN", each)
        return await self.caller.post(path.replace("*", meeting.label), told.encode())

    async def insist(self, request: Request, meeting: Meeting) -> httpx.Response:
        """Send a request again as long as the answer is to come back later, as a till does."""
        while True:
            answer = await self.send(request, meeting)
            if answer.status_code != 503:
                return answer
            await asyncio.sleep(int(answer.headers["Retry-After"]))

    async def _meeting(self, race: Race) -> Meeting:
        label = f"q{next(self.numbers):04d}q"
        names = ["C", "D"] if "D-*" in json.dumps(race.other) else ["C"]
        members = [await self.shop.web.joined(external_id=f"{name}-{label}") for name in names]
        for each in members:
            await self.shop.give(each, GIVEN)
        return Meeting(label, members, await race.before(self.shop, label, members[0]))

    async def _outcome(self, answers: Sequence[httpx.Response], meeting: Meeting) -> Outcome:
        told = tuple((answer.status_code, _said(answer, meeting.label)) for answer in answers)
        hidden = (meeting.label, *meeting.hidden)
        holds = [await of_member(self.beside, each.id, *hidden) for each in meeting.members]
        return Outcome(told, holds)

    async def _runs_or_waits(self, other: asyncio.Task[httpx.Response]) -> None:
        async with self.beside.read() as connection:
            while not await count_blocked(connection):
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
    database = Database.at(wire.url, patience=LONG, pool_size=20)
    yield database
    await database.dispose()


async def with_more_rules(connection: AsyncConnection, cause: Cause) -> None:
    await define_voucher(connection, cause, VoucherDefinition("five", {"en": "Five off"}))
    drafted = [await draft_rule(connection, cause, rule) for rule in (FIVE_OFF, REVIEW)]
    live = [(str(rule["rule"]), 1) for rule in RULES]
    new = [(rule.rule, rule.version) for rule in drafted]
    await publish_rules(connection, cause, [*live, *new])


@pytest.fixture
async def track(shop: Shop, wire: StatementWire, clone: Clone) -> AsyncIterator[Track]:
    await shop.web.application.database.write(with_more_rules, shop.web.cause())
    beside = Database.at(clone.application, pool_size=2)
    yield Track(shop, await shop.web.caller("admin"), wire, beside, count(1))
    await beside.dispose()


async def test_two_requests_come_out_as_one_after_the_other_wherever_they_meet(
    track: Track, proof: Proof
) -> None:
    stride, every = sample(quick=4, full=1), sample(quick=2, full=1)
    met = 0
    for first, (name, each) in enumerate(list(RACES.items())[::every]):
        orders = [await track.one_after_the_other(each, turned=turned) for turned in (False, True)]
        told = set.union(*(order.codes() for order in orders))
        assert (name, sorted(told)) == (name, sorted(each.told))
        seen: list[int] = []
        for number in count(first % stride, stride):
            outcome = await track.held_at(each, number)
            if outcome is None:
                break
            assert outcome in orders, (name, number, outcome.answers)
            seen.append(orders.index(outcome))
        met += len(seen)
        if stride == 1 and orders[0] != orders[1]:
            assert set(seen) == {0, 1}, (name, "one of them always won")
    await track.shop.holds()
    proof(f"places at which two requests met, in {len(RACES)} races", met)


async def test_of_many_tills_exactly_as_many_spend_as_there_are_points_for(
    track: Track, proof: Proof
) -> None:
    tills, repeats = 24, sample(quick=2, full=100)
    for number in range(repeats):
        label = f"m{number:04d}m"
        who = await track.shop.web.joined(external_id=f"C-{label}")
        meeting = Meeting(label, [who])
        await track.shop.give(who, GIVEN)

        answers = await asyncio.gather(
            *(track.insist(place(f"{till}", points_to_spend=70), meeting) for till in range(tills))
        )

        told = Counter(_said(each, "") if each.status_code >= 400 else "" for each in answers)
        assert told == {"": GIVEN // 70, "points-over-available": tills - GIVEN // 70}
        wallet = await track.shop.wallet(who)
        assert (wallet.available, wallet.held) == (GIVEN % 70, GIVEN - GIVEN % 70)
    await track.shop.holds()
    proof(f"repeats of {tills} tills at once, none of which spent too much", repeats)
