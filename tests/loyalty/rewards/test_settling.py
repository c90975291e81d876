"""What becomes of orders of rewards: fulfilled, cancelled, and everything given back but once."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from loyalty.changes import list_changes, texts_of
from loyalty.ids import new_id, show
from loyalty.members import Ref
from loyalty.members.merging import merge_members
from loyalty.policy import document_of, policy_at, publish_policy
from loyalty.rewards.catalogue import retire_reward
from loyalty.rewards.errors import (
    RewardLimitReached,
    RewardOrderClosed,
    RewardOrderUnknown,
    RewardVoucherUsed,
)
from loyalty.rewards.orders import list_reward_orders
from loyalty.rewards.reading import find_reward
from loyalty.rewards.settling import cancel_order, fulfil_order
from loyalty.rewards.types import Kind, OrderState
from tests.loyalty.rewards.building import (
    NOW,
    broken,
    cause,
    joined,
    offered,
    order,
    points_of,
    tell,
)

LATER = NOW + timedelta(days=2)
EACH = {"per": "member", "every": "ever", "quantity": 2}
ALL = {"per": "all", "every": "day", "quantity": 2}


async def test_an_order_is_fulfilled_once_also_of_a_reward_that_was_retired(
    connection: AsyncConnection,
) -> None:
    whose = await joined(connection, "C-1", 1_000)
    await offered(connection)
    placed = (await order(connection, whose)).order
    await retire_reward(connection, cause(), "mug")

    done = await fulfil_order(connection, cause(LATER), placed.id, reference="DN-1")

    assert (done.state, done.fulfilled_at, done.fulfilment) == ("fulfilled", LATER, "DN-1")
    assert await fulfil_order(connection, cause(), placed.id, reference="DN-1") == done
    with pytest.raises(RewardOrderClosed):
        await fulfil_order(connection, cause(), placed.id, reference="DN-2")
    with pytest.raises(RewardOrderUnknown):
        await fulfil_order(connection, cause(), new_id(NOW))
    assert await tell(connection, whose) == ["reward.ordered", "reward.fulfilled"]
    assert await list_reward_orders(connection, state=OrderState.ORDERED) == []
    assert await broken(connection) == []


async def test_a_cancellation_gives_points_stock_and_limits_back_once(
    connection: AsyncConnection,
) -> None:
    whose = await joined(connection, "C-1", 1_000)
    await offered(connection, stock=2, limits=[EACH, ALL])
    placed = (await order(connection, whose, quantity=2)).order

    done = await cancel_order(connection, cause(), placed.id, reason="damaged", note="Broken.")

    assert (done.state, done.cancel_reason, done.restocked) == ("cancelled", "damaged", True)
    assert await points_of(connection, whose) == 1_000
    assert (await find_reward(connection, "mug")).left == 2
    assert await broken(connection) == []  # limits too, before another order counts them anew
    assert await cancel_order(connection, cause(), placed.id, reason="damaged") == done
    with pytest.raises(RewardOrderClosed):
        await cancel_order(connection, cause(), placed.id, reason="other")
    with pytest.raises(RewardOrderClosed):
        await fulfil_order(connection, cause(), placed.id)
    (change,) = await list_changes(connection, limit=1, subject_kind="reward-order")
    assert (change.action, change.subject) == ("cancel", show("rwo", placed.id))
    kept: Any = (change.after or {})["note"]
    assert list((await texts_of(connection, whose.id, [kept["history"]])).values()) == ["Broken."]
    await order(connection, whose, quantity=2)
    assert await tell(connection, whose) == ["reward.ordered", "reward.cancelled", "reward.ordered"]
    assert await broken(connection) == []


async def test_what_cannot_be_sold_again_stays_taken(connection: AsyncConnection) -> None:
    whose = await joined(connection, "C-1", 1_000)
    await offered(connection, stock=2)
    placed = (await order(connection, whose)).order
    await fulfil_order(connection, cause(), placed.id)

    await cancel_order(connection, cause(), placed.id, reason="broken", restock=False)

    assert await points_of(connection, whose) == 1_000
    assert (await find_reward(connection, "mug")).left == 1
    assert await broken(connection) == []


async def test_points_come_back_to_lots_that_have_lapsed_for_the_days_of_grace(
    connection: AsyncConnection,
) -> None:
    policy = document_of(await policy_at(connection, NOW))
    before = cause(NOW - timedelta(days=1))
    await publish_policy(connection, before, {**policy, "grace_days": 30})
    whose = await joined(connection, "C-1", 1_000, lives=timedelta(days=1))
    await offered(connection)
    placed = (await order(connection, whose)).order

    await cancel_order(connection, cause(LATER), placed.id, reason="damaged")

    assert await points_of(connection, whose, LATER) == 400
    assert await broken(connection) == []


async def test_a_voucher_is_taken_back_unless_it_was_used(connection: AsyncConnection) -> None:
    whose = await joined(connection, "C-1", 1_000)
    await offered(connection, "five", Kind.VOUCHER)
    first, second = [(await order(connection, whose, "five")).order for _ in range(2)]
    assert first.voucher is not None
    assert second.voucher is not None
    used = [(whose.id, first.voucher)]
    await benefits.redeem_vouchers(connection, used, order=new_id(NOW), used_by=whose.id, at=NOW)

    with pytest.raises(RewardVoucherUsed):
        await cancel_order(connection, cause(), first.id, reason="unwanted")


async def test_a_voucher_that_was_not_used_is_void_after_the_cancellation(
    connection: AsyncConnection,
) -> None:
    whose = await joined(connection, "C-1", 1_000)
    await offered(connection, "five", Kind.VOUCHER)
    placed = (await order(connection, whose, "five")).order

    await cancel_order(connection, cause(), placed.id, reason="unwanted")

    (row,) = (await connection.execute(benefits.vouchers_of(whose.id))).all()
    assert benefits.voucher_state(benefits.read_voucher(row), NOW) == "void"
    assert await points_of(connection, whose) == 1_000
    assert await broken(connection) == []


async def test_orders_of_a_merged_member_are_cancelled_for_whom_they_go_on_as(
    connection: AsyncConnection,
) -> None:
    ada, bob = await joined(connection, "C-1", 1_000), await joined(connection, "C-2", 1_400)
    await offered(connection, limits=[EACH], stock=5)
    await offered(connection, "five", Kind.VOUCHER)
    mug = (await order(connection, ada)).order
    five = (await order(connection, ada, "five")).order
    await order(connection, bob)
    await merge_members(
        connection,
        cause(),
        Ref("member", "", id=ada.id),
        Ref("member", "", id=bob.id),
        reason="same-person",
    )
    assert await broken(connection) == []

    with pytest.raises(RewardLimitReached) as refused:
        await order(connection, bob)
    for placed in (mug, five):
        await cancel_order(connection, cause(), placed.id, reason="unwanted")
    await order(connection, bob)

    assert (refused.value.seen, refused.value.limit) == (2, 2)
    assert await points_of(connection, bob) == 1_600
    assert await broken(connection) == []


async def test_an_order_cannot_be_cancelled_past_the_function_that_gives_its_stock_back(
    connection: AsyncConnection,
) -> None:
    right = text(
        "select has_column_privilege(current_user, 'loyalty.reward_order', 'cancelled_at',"
        " 'UPDATE') or has_table_privilege(current_user, 'loyalty.reward_order', 'DELETE')"
        " or has_column_privilege(current_user, 'loyalty.reward_shelf', 'taken', 'UPDATE')"
        " or has_column_privilege(current_user, 'loyalty.reward_shelf', 'stocked', 'UPDATE')"
        " or has_table_privilege(current_user, 'loyalty.reward_period', 'INSERT')"
        " or has_table_privilege(current_user, 'loyalty.reward_stock_change', 'INSERT')"
        " or has_table_privilege(current_user, 'loyalty.reward_version', 'UPDATE')"
    )

    assert await connection.scalar(right) is False
