"""Ordering a reward: points, stock and voucher move together, and refusals say why."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from loyalty.errors import LoyaltyError
from loyalty.members import change_class
from loyalty.rewards.catalogue import retire_reward
from loyalty.rewards.errors import (
    RewardLimitReached,
    RewardMoved,
    RewardNotAvailable,
    RewardNotForMember,
    RewardOrderConflict,
    RewardPeriodSoldOut,
    RewardPointsShort,
    RewardSoldOut,
    RewardUnknown,
)
from loyalty.rewards.orders import find_reward_order, list_reward_orders
from loyalty.rewards.reading import find_reward
from loyalty.rewards.types import Kind, OrderState
from tests.loyalty.rewards.building import (
    NOW,
    broken,
    cause,
    joined,
    offered,
    order,
    points_of,
)

DAY = timedelta(days=1)


async def test_an_order_takes_points_and_stock_together(connection: AsyncConnection) -> None:
    whose = await joined(connection, "C-1", 1_000)
    await offered(connection, stock=3)

    placed = (await order(connection, whose, quantity=2, name="R-1")).order

    assert await points_of(connection, whose) == 200
    assert (await find_reward(connection, "mug")).left == 1
    assert placed.state is OrderState.ORDERED
    assert (placed.price.points, placed.price.points_value, placed.price.taxable) == (800, 800, 0)
    assert await find_reward_order(connection, placed.id) == placed
    assert await list_reward_orders(connection, member=whose.id) == [placed]
    assert await broken(connection) == []


async def test_a_voucher_is_issued_with_its_order(connection: AsyncConnection) -> None:
    whose = await joined(connection, "C-1", 500)
    await offered(connection, "five", Kind.VOUCHER, stock=None)

    placed = (await order(connection, whose, "five")).order

    (row,) = (await connection.execute(benefits.vouchers_of(whose.id))).all()
    voucher = benefits.read_voucher(row)
    assert (voucher.id, voucher.code) == (placed.voucher, placed.voucher_code)
    assert (placed.state, placed.quantity) == (OrderState.FULFILLED, 1)
    assert await points_of(connection, whose) == 0
    assert await broken(connection) == []
