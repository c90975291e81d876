"""The proof notices every row of the catalogue that is edited behind the back of its functions."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from loyalty.rewards.settling import cancel_order
from loyalty.rewards.types import Kind
from loyalty.rewards.verify import CHECKS, first_broken_reward
from tests.loyalty.rewards.building import broken, cause, joined, offered, order
from tests.support.database import Clone

LIMITS = [
    {"per": "member", "every": "month", "quantity": 5},
    {"per": "all", "every": "day", "quantity": 9},
]
TAMPERED = {
    "update loyalty.reward_shelf set stocked = 99": "the stock of a reward is what came in",
    "delete from loyalty.reward_stock_change": "the stock of a reward is what came in",
    "update loyalty.reward_shelf set taken = 0": "what is taken of a reward is what was ordered",
    "update loyalty.reward_order set restocked = false where state = 'cancelled'": (
        "what is taken of a reward is what was ordered"
    ),
    "update loyalty.reward_shelf set version = 0": "the version published last is on the shelf",
    "update loyalty.reward_order set money = 1, taxable = 1": (
        "an order of a reward costs what its version says"
    ),
    "update loyalty.reward_order set points = points - 1": "an order of a reward spent its points",
    "delete from loyalty.reward_order where state = 'ordered'": (
        "an order of a reward spent its points"
    ),
    "update loyalty.reward_order set state = 'cancelled', cancelled_at = ordered_at,"
    " cancel_reason = 'x', restocked = false where state = 'ordered'": (
        "a cancelled order of a reward gave its points back"
    ),
    "delete from loyalty.name where kind = 'reward-order'": (
        "every order of a reward has its name"
    ),
    "update loyalty.reward_period set taken = 0": "a reward's period counts its orders",
    "update loyalty.reward_allowance set taken = 0": "a member's limit counts their orders",
    "update loyalty.reward_order set voucher = member where voucher is not null": (
        "a voucher that was ordered was issued"
    ),
}


@pytest.fixture
async def owner(rolled_back: Clone) -> AsyncIterator[AsyncConnection]:
    """The owner in a transaction that is rolled back: one who may do what nobody may."""
    engine = create_async_engine(rolled_back.owner, poolclass=NullPool)
    async with engine.connect() as connection, connection.begin() as transaction:
        yield connection
        await transaction.rollback()
    await engine.dispose()


async def test_every_edited_row_breaks_the_promise_it_is_about(
    owner: AsyncConnection, subtests: pytest.Subtests
) -> None:
    whose = await joined(owner, "C-1", 5_000)
    await offered(owner, limits=LIMITS)
    await offered(owner, "five", Kind.VOUCHER)
    await order(owner, await joined(owner, "C-2", 5_000))
    await order(owner, whose)
    await order(owner, whose, "five")
    gone = (await order(owner, whose)).order
    await cancel_order(owner, cause(), gone.id, reason="test")
    assert await broken(owner) == []

    for statement, check in TAMPERED.items():
        with subtests.test(statement):
            async with owner.begin_nested() as savepoint:
                await owner.execute(text(statement))
                found = await first_broken_reward(owner)
                await savepoint.rollback()
            assert check in found
    assert set(TAMPERED.values()) == set(CHECKS)
