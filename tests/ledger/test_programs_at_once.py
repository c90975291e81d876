"""The state machine's operations run by many connections at once, then told one after the other.

Whatever the order in which they came to stand, the plain model must reach the same wallets when it
is told the postings in that order: nothing is lost, done twice or seen half (I6, I7, I9, I12).
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

import ledger
from loyalty.database import LONG, Database
from loyalty.ids import new_id
from tests.ledger.building import Books, day, said
from tests.ledger.model import NEVER, Model
from tests.support.database import Clone
from tests.support.requirements import sample

HOLDERS = 3
WORKERS = 10
AT = 1
STAND = """
    SELECT j.key, j.holder, j.asset FROM ledger.journal AS j
    WHERE j.key IS NOT NULL ORDER BY j.holder, j.asset, j.sequence
"""


@dataclass
class Said:
    """One posting, and how the model is told it."""

    posting: ledger.Posting
    tell: Callable[[dict[tuple[UUID, str], Model]], str]


@dataclass
class Author:
    """Writes postings that refer to what others have said before, whether it stands or not."""

    random: Random
    holders: list[UUID]
    number: int = 0
    earns: list[tuple[UUID, str, str, UUID]] = field(default_factory=list)
    holds: list[tuple[UUID, str, str]] = field(default_factory=list)
    spends: list[tuple[UUID, str, str]] = field(default_factory=list)

    def sentences(self) -> Iterator[Said]:
        verbs: list[Callable[[], Said | None]] = [
            *(self.earn, self.earn, self.earn, self.adjust, self.spend, self.write_off),
            *(self.hold, self.capture, self.capture, self.release),
            *(self.claw_back, self.restore, self.reschedule, self.move),
        ]
        while True:
            said = self.random.choice(verbs)()
            if said is not None:
                yield said

    def opened(self, **more: Any) -> tuple[tuple[UUID, str], str, dict[str, Any]]:
        """Whose wallet, a new key, and what every posting says."""
        self.number += 1
        who = (self.random.choice(self.holders), self.random.choice(["points", "points", "growth"]))
        return self.of(*who, **more)

    def of(
        self, holder: UUID, asset: str, **more: Any
    ) -> tuple[tuple[UUID, str], str, dict[str, Any]]:
        self.number += 1
        key = f"key {self.number}"
        return (holder, asset), key, said(holder, key, AT, asset=asset, **more)

    def amount(self) -> int:
        return self.random.randint(1, 60)

    def earn(self) -> Said:
        amount, lot = self.amount(), new_id()
        who, key, said = self.opened(amount=amount, lot=lot, source="order")
        expires = 10 + self.number  # no two alike: ids do not decide about the order of spending
        self.earns.append((*who, key, lot))
        return Said(
            ledger.Earn(**said, expires_at=day(expires)),
            lambda models: models[who].earn(key, amount, AT, AT, expires),
        )

    def adjust(self) -> Said:
        amount = self.random.choice([-1, 1]) * self.amount()
        who, key, said = self.opened(amount=amount, reason="service")
        expires = 10 + self.number
        if amount > 0:
            said["lot"] = new_id()
        return Said(
            ledger.Adjust(**said, expires_at=day(expires)),
            lambda models: models[who].adjust(key, amount, AT, expires),
        )

    def spend(self) -> Said:
        amount, overdraw = self.amount(), self.random.random() < 0.3
        who, key, said = self.opened(amount=amount, overdraw=overdraw)
        self.spends.append((*who, key))
        return Said(
            ledger.Spend(**said),
            lambda models: models[who].spend(key, amount, AT, overdraw=overdraw),
        )

    def hold(self) -> Said:
        amount = self.random.randint(1, 25)
        who, key, said = self.opened(amount=amount, until=None)
        self.holds.append((*who, key))
        return Said(ledger.Hold(**said), lambda models: models[who].hold(key, amount, AT, NEVER))

    def capture(self) -> Said | None:
        if not self.holds:
            return None
        holder, asset, of = self.random.choice(self.holds)
        amount, stay = self.random.randint(1, 25), self.random.random() < 0.4
        who, key, said = self.of(holder, asset, of=of, amount=amount)
        self.spends.append((*who, key))
        return Said(
            ledger.Capture(**said, rest=ledger.Rest.STAY if stay else ledger.Rest.RELEASE),
            lambda models: models[who].capture(
                key, of, amount, AT, stay=stay, retake=False, grace=0
            ),
        )

    def release(self) -> Said | None:
        if not self.holds:
            return None
        holder, asset, of = self.random.choice(self.holds)
        who, _, said = self.of(holder, asset, of=of)
        return Said(ledger.Release(**said), lambda models: models[who].release(of, None, AT, 0))

    def claw_back(self) -> Said | None:
        if not self.earns:
            return None
        holder, asset, of, _ = self.random.choice(self.earns)
        amount, policy = self.random.randint(1, 40), self.random.choice(list(ledger.Shortfall))
        who, _, said = self.of(holder, asset, of=of, amount=amount)
        return Said(
            ledger.ClawBack(**said, shortfall=policy),
            lambda models: models[who].claw_back(of, amount, policy, AT),
        )

    def restore(self) -> Said | None:
        if not self.spends:
            return None
        holder, asset, of = self.random.choice(self.spends)
        amount = self.random.randint(1, 30)
        who, _, said = self.of(holder, asset, of=of, amount=amount)
        return Said(ledger.Restore(**said), lambda models: models[who].restore(of, amount, AT, 0))

    def write_off(self) -> Said:
        amount = self.random.randint(1, 10)
        who, _, said = self.opened(amount=amount)
        return Said(ledger.WriteOff(**said), lambda models: models[who].write_off(amount, AT))

    def reschedule(self) -> Said | None:
        if not self.earns:
            return None
        holder, asset, of, lot = self.random.choice(self.earns)
        who, _, said = self.of(holder, asset, lots=[lot])
        ends = 10_000 + self.number
        return Said(
            ledger.Reschedule(**said, expires_at=day(ends)),
            lambda models: models[who].reschedule([of], ends, AT),
        )

    def move(self) -> Said:
        who, _, said = self.opened(arrival=new_id())
        to = self.random.choice([one for one in self.holders if one != who[0]])
        return Said(
            ledger.Move(**said, to=to),
            lambda models: models[who].move(models[to, who[1]], AT),
        )


async def post_one(connection: Any, posting: ledger.Posting) -> ledger.Outcome:
    if isinstance(posting, ledger.Move):
        (outcome,) = await ledger.move(connection, [posting], at=day(AT))
    else:
        (outcome,) = await ledger.post(connection, [posting], at=day(AT))
    return outcome


def in_order(stand: list[Any]) -> Iterator[str]:
    """The keys as they came to stand: each when it is next in all of its wallets."""
    wallets: dict[tuple[UUID, str], deque[str]] = {}
    for key, holder, asset in stand:
        wallets.setdefault((holder, asset), deque()).append(key)
    places = Counter(key for key, _, _ in stand)
    while wallets:
        heads = Counter(keys[0] for keys in wallets.values())
        key = next(key for key, seen in heads.items() if seen == places[key])
        yield key
        for who in [who for who, keys in wallets.items() if keys[0] == key]:
            wallets[who].popleft()
            if not wallets[who]:
                del wallets[who]


@pytest.mark.parametrize("seed", range(sample(quick=6, full=40)))
async def test_what_many_connections_post_at_once_is_what_the_model_says_in_their_order(
    database: Database, clone: Clone, seed: int
) -> None:
    patient = Database.at(clone.application, patience=LONG)  # ten queue for six wallets
    random = Random(seed)
    author = Author(random, [new_id() for _ in range(HOLDERS)])
    sentences = author.sentences()
    program = [next(sentences) for _ in range(sample(quick=600, full=1_500))]
    codes: Counter[str] = Counter()
    waiting = deque([*program, *random.sample(program, 40)])  # some are said twice

    async def work() -> None:
        while waiting:
            outcome = await patient.write(post_one, waiting.popleft().posting)
            codes["replayed" if outcome.replayed else outcome.code] += 1

    await asyncio.gather(*(work() for _ in range(WORKERS)))
    await patient.dispose()

    told = {said.posting.key: said for said in program}
    models = {(one, asset): Model() for one in author.holders for asset in ("points", "growth")}
    async with database.snapshot() as connection:
        stand = [tuple(row) for row in await connection.execute(text(STAND))]
        assert list(await ledger.verify(connection)) == []
        for key in in_order(stand):
            assert told[key].tell(models) == "posted", told[key].posting
        for (holder, asset), model in models.items():
            books = Books(connection, holder, asset)
            assert await books.counters(AT) == model.counters()
            left = Counter((lot.remaining, lot.expires_at) for lot in await books.lots(AT))
            assert left == Counter(
                (lot.remaining, None if lot.expires >= NEVER else day(lot.expires))
                for lot in model.lots.values()
                if lot.remaining
            )
    assert codes["posted"] > len(program) / 4
    assert codes["replayed"] > 0
    assert codes["posted"] == len({key for key, _, _ in stand})
