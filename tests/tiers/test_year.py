"""A year lived day by day: joins, orders, returns and lapses, every standing equal to an oracle's.

The order path and the nightly review take turns; the oracle knows nothing of either.
"""

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.tiers.builders import AT, named, review_all
from tests.tiers.test_oracle import Oracle
from tiers import (
    Activity,
    Decision,
    Ladder,
    begin,
    decide,
    find_subjects,
    parse_ladder,
    publish_ladder,
    record,
    verify,
)

FIRST = date(2024, 2, 1)
DAYS = 400
MEMBERS = 12

TIERS = [
    {"code": "standard"},
    {"code": "silver", "reach": {"any": {"purchases": 900, "orders": 5}}},
    {"code": "gold", "reach": {"any": {"purchases": 2_000, "orders": 9}}},
]
LADDERS: dict[str, dict[str, object]] = {
    "rolling": {
        "window": {"kind": "rolling-months", "length": 3},
        "validity": {"unit": "months", "length": 3},
        "grace_days": 7,
    },
    "quarters": {
        "window": {"kind": "quarter"},
        "validity": {"unit": "periods", "length": 1},
        "upgrade": "next-period",
        "downgrade": "to-earned",
    },
    "anniversary": {
        "window": {"kind": "anniversary"},
        "validity": {"unit": "periods", "length": 1},
    },
}


class Town:
    """People who join, buy and bring back, decided as the order path decides."""

    def __init__(self, connection: AsyncConnection, ladder: Ladder) -> None:
        self.connection = connection
        self.ladder = ladder
        self.joined: dict[str, date] = {}
        self.bought: dict[str, list[Activity]] = {}

    async def join(self, who: str, on: date) -> None:
        self.joined[who], self.bought[who] = on, []
        await self.write(begin(self.ladder, member=named(who), joined_on=on))

    async def happens(self, who: str, on: date, activity: Activity) -> None:
        kept = [each for each in self.bought[who] if each.shipment != activity.shipment]
        self.bought[who] = [*kept, activity]
        subjects = await find_subjects(self.connection, {named(who): on})
        await self.write(decide(self.ladder, subjects[named(who)], [activity], on=on))

    async def night(self, on: date) -> None:
        """The review, in batches of five."""
        await review_all(self.connection, self.ladder, on, size=5)

    async def write(self, decision: Decision) -> None:
        await record(self.connection, [decision], at=AT, actor="key:1", request_id="day")

    async def agrees(self, on: date) -> None:
        people = {named(who): on for who in self.joined}
        subjects = await find_subjects(self.connection, people)
        for who, joined in self.joined.items():
            standing = subjects[named(who)].standing
            assert standing is not None
            oracle = Oracle(self.ladder, self.bought[who], joined=joined)
            rank, _ = oracle.stands(on)
            assert standing.earned_on(on)[1] == rank, (who, on)


@pytest.mark.parametrize("name", LADDERS)
async def test_every_standing_of_a_year_equals_the_oracles(
    connection: AsyncConnection, name: str
) -> None:
    document = {"tiers": TIERS, **LADDERS[name]}
    ladder = parse_ladder(document, version=1)
    await publish_ladder(connection, document, at=AT, actor="staff:1", request_id="year", after=0)
    town = Town(connection, ladder)
    chance = random.Random(7)
    for day in range(DAYS):
        on = FIRST + timedelta(days=day)
        await town.night(on)
        if len(town.joined) < MEMBERS and chance.random() < 0.1:
            await town.join(f"{name} {len(town.joined)}", on)
        for who, bought in town.bought.items():
            if chance.random() < 0.04:
                order = named(f"{who} order {day}")
                late = min(day, chance.choice([0, 0, 0, 5]))
                done = max(town.joined[who], on - timedelta(days=late))
                one = Activity(order, named(f"{order} 1"), done, chance.randrange(50, 600))
                await town.happens(who, on, one)
            elif bought and chance.random() < 0.01:
                one = chance.choice(bought)
                back = chance.randrange(one.returned, one.purchases + 1)
                await town.happens(who, on, replace(one, returned=back))
        if day % 5 == 0:
            await town.agrees(on)

    assert await verify(connection) == ()
