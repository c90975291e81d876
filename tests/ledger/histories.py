"""Random lives of several wallets, for promises that must hold whatever has happened."""

from collections.abc import Sequence
from random import Random

from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from tests.ledger.building import Books

CLASSES = (ledger.LotClass.SALE, ledger.LotClass.PROMOTION, ledger.LotClass.GOODWILL)
TIERS: tuple[dict[str, str], ...] = ({}, {"tier": "gold"}, {"tier": "silver"})


class Life:
    """One holder's random events; each is posted on the day it is asked for, or some days late."""

    def __init__(self, connection: AsyncConnection, drawn: Random) -> None:
        self.books = Books(connection)
        self.drawn = drawn
        self.earns: list[tuple[str, int]] = []
        self.spends: list[tuple[str, int]] = []
        self.holds: list[str] = []
        self.count = 0

    async def live(self, at: float, *, late: float = 0) -> None:
        """Let one thing happen; what cannot be done is refused, which is part of life, too."""
        self.count += 1
        key, drawn = f"k{self.count}", self.drawn
        happened = {"effective_at": self._instant(at - drawn.choice((0, 0, late)))}
        match drawn.choice(("earn", "earn", "spend", "hold", "capture", "back", "restore", "odd")):
            case "earn":
                await self._earn(key, at, happened)
            case "spend":
                overdraw = drawn.random() < 0.2
                amount = drawn.randint(1, 90)
                done = await self.books.spend(key, amount, at, overdraw=overdraw, **happened)
                self.spends += [(key, amount)] if done.posted else []
            case "hold":
                done = await self.books.hold(
                    key, drawn.randint(1, 60), at, until=at + 9, **happened
                )
                self.holds += [key] if done.posted else []
            case "capture" if self.holds:
                of = drawn.choice(self.holds)
                await self.books.capture(key, of, drawn.randint(1, 60), at, **happened)
            case "back" if self.earns:
                of, amount = drawn.choice(self.earns)
                policy = drawn.choice(("debt", "down-to-zero", "deducted"))
                part = drawn.randint(1, amount)
                await self.books.claw_back(key, of, part, policy, at, **happened)
            case "restore" if self.spends:
                of, amount = drawn.choice(self.spends)
                part = drawn.randint(1, amount)
                await self.books.restore(key, of, part, at, grace_days=drawn.choice((0, 20)))
            case _:
                await self._odd(key, at)

    async def _earn(self, key: str, at: float, happened: dict[str, object]) -> None:
        drawn, amount = self.drawn, self.drawn.randint(1, 120)
        await self.books.earn(
            key,
            amount,
            at,
            activates=drawn.choice((None, at + 5)),
            expires=drawn.choice((None, at + 12, at + 45)),
            lot_class=drawn.choice(CLASSES),
            labels=drawn.choice(TIERS),
            **happened,
        )
        self.earns.append((key, amount))

    async def _odd(self, key: str, at: float) -> None:
        _, _, _, debt = await self.books.counters(at)
        if debt:
            await self.books.write_off(key, self.drawn.randint(1, debt), at)
        else:
            await self.books.adjust(key, self.drawn.choice((-20, 15, 40)), at)

    def _instant(self, at: float) -> object:
        return self.books.said("", at)["effective_at"]


async def lives(
    connection: AsyncConnection, seed: int, *, wallets: int = 3, days: int = 75, late: float = 0
) -> Sequence[Life]:
    """Let wallets live side by side; the sweep comes by now and then."""
    drawn = Random(seed)
    all_of_them = [Life(connection, drawn) for _ in range(wallets)]
    at = 0.0
    while at < days:
        at += drawn.random() * 3
        await drawn.choice(all_of_them).live(at, late=late)
        if drawn.random() < 0.1:
            await drawn.choice(all_of_them).books.settle(at)
    return all_of_them
