"""Many at once, with real connections: one has the last one, and the others are told why."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Sequence

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.database import Database
from loyalty.members import Member
from loyalty.rewards.catalogue import change_draft, publish_reward
from loyalty.rewards.orders import list_reward_orders
from loyalty.rewards.reading import find_reward
from loyalty.rewards.settling import cancel_order, fulfil_order
from loyalty.rewards.stock import change_stock
from loyalty.rewards.types import Kind, OrderState
from tests.loyalty.rewards.building import MUG, broken, cause, joined, offered, order, points_of
from tests.support.requirements import sample

ROUNDS = sample(quick=1, full=20)
TOGETHER = sample(quick=6, full=12)
DAY = {"per": "all", "every": "day", "quantity": 1}
EACH = {"per": "member", "every": "ever", "quantity": 1}


async def outcomes(attempts: Sequence[Awaitable[object]]) -> Counter[str]:
    """Return how often each outcome came out: `done`, or the code of the refusal."""
    done = await asyncio.gather(*attempts, return_exceptions=True)
    return Counter("done" if not isinstance(one, BaseException) else _code(one) for one in done)


def _code(error: BaseException) -> str:
    code = getattr(error, "code", None)
    if not isinstance(code, str):
        raise error
    return code


async def crowd(connection: AsyncConnection, count: int) -> Sequence[Member]:
    """Return members who can afford a mug."""
    return [await joined(connection, f"C-{number}", 1_000) for number in range(count)]


@pytest.fixture
async def together(database: Database) -> Sequence[Member]:
    """Members who all want the same."""
    return await database.write(crowd, TOGETHER)


async def settled(database: Database) -> None:
    """Expect every promise to hold."""
    async with database.snapshot() as connection:
        assert await broken(connection) == []


async def test_one_of_many_has_the_last_one_and_the_others_are_told_that_it_is_gone(
    database: Database, together: Sequence[Member]
) -> None:
    for number in range(ROUNDS):
        code = f"mug-{number}"
        await database.write(offered, code, stock=1)
        counted = await outcomes([database.write(order, whose, code) for whose in together])
        async with database.read() as connection:
            (placed,) = await list_reward_orders(connection, reward_code=code)
            assert (await find_reward(connection, code)).left == 0
            left = {whose.id: await points_of(connection, whose) for whose in together}
        assert counted == {"done": 1, "reward-sold-out": TOGETHER - 1}
        assert left.pop(placed.member) == 600
        assert set(left.values()) == {1_000}
        await database.write(cancel_order, cause(), placed.id, reason="test")
    await settled(database)


async def test_a_limit_of_all_together_a_day_lets_exactly_as_many_through(
    database: Database, together: Sequence[Member]
) -> None:
    await database.write(offered, stock=None, limits=[DAY])

    counted = await outcomes([database.write(order, whose) for whose in together])

    assert counted == {"done": 1, "reward-period-sold-out": TOGETHER - 1}
    await settled(database)


async def test_a_members_limit_holds_against_their_own_tills(
    database: Database, together: Sequence[Member]
) -> None:
    await database.write(offered, "five", Kind.VOUCHER, limits=[EACH])
    whose = together[0]

    counted = await outcomes([database.write(order, whose, "five") for _ in range(4)])

    assert counted == {"done": 1, "reward-limit-reached": 3}
    await settled(database)


async def test_the_same_order_of_the_shop_is_placed_once_however_many_send_it(
    database: Database, together: Sequence[Member]
) -> None:
    await database.write(offered)
    ada, bob = together[:2]

    counted = await outcomes(
        [database.write(order, whose, name="R-1") for whose in (ada, ada, bob, bob)]
    )

    assert counted == {"done": 2, "reward-order-conflict": 2}
    async with database.read() as connection:
        assert len(await list_reward_orders(connection)) == 1
    await settled(database)


async def test_an_order_is_cancelled_or_fulfilled_and_gives_back_once(
    database: Database, together: Sequence[Member]
) -> None:
    await database.write(offered, stock=1)
    placed = (await database.write(order, together[0])).order

    counted = await outcomes(
        [
            *(database.write(cancel_order, cause(), placed.id, reason="test") for _ in range(3)),
            database.write(fulfil_order, cause(), placed.id),
        ]
    )

    assert counted["done"] in {3, 4}  # fulfilled before it was cancelled, or refused after
    async with database.read() as connection:
        (after,) = await list_reward_orders(connection)
        assert after.state is OrderState.CANCELLED
        assert await points_of(connection, together[0]) == 1_000
        assert (await find_reward(connection, "mug")).left == 1
    await settled(database)


async def _dearer(connection: AsyncConnection, at: Cause) -> None:
    await change_draft(connection, at, "mug", {**MUG, "points": 500})
    await publish_reward(connection, at, "mug")


async def test_stock_taken_out_and_a_new_price_meet_orders_without_overselling(
    database: Database, together: Sequence[Member]
) -> None:
    await database.write(offered, stock=2)

    counted = await outcomes(
        [
            *(database.write(order, whose) for whose in together),
            database.write(change_stock, cause(), "mug", -1, reason="broken"),
            database.write(_dearer, cause()),
        ]
    )

    assert counted.keys() <= {"done", "reward-sold-out", "reward-moved", "reward-stock-short"}
    async with database.read() as connection:
        left = (await find_reward(connection, "mug")).left
    assert left is not None
    assert left >= 0
    await settled(database)
