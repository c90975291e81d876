"""Ordering a reward: points, stock and voucher move together, and refusals say why."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
import ledger
from loyalty.expiry import ExpiryKind
from loyalty.ids import new_id
from loyalty.ladders import publish_ladder
from loyalty.members import change_class
from loyalty.policy import document_of, policy_at, publish_policy
from loyalty.rewards.catalogue import change_draft, publish_reward, retire_reward
from loyalty.rewards.document import read_terms
from loyalty.rewards.errors import (
    RewardLimitReached,
    RewardMalformed,
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
from loyalty.rewards.stock import change_stock
from loyalty.rewards.types import Kind, OrderState, TaxClass
from loyalty.rewards.writing import limits_for_all, take_stock
from tests.loyalty.rewards.building import (
    MUG,
    NOW,
    broken,
    cause,
    joined,
    offered,
    order,
    points_of,
    tell,
)
from tiers import default_ladder

DAY = timedelta(days=1)
UTC = ZoneInfo("UTC")
EACH = {"per": "member", "every": "month", "quantity": 2}
ALL = {"per": "all", "every": "day", "quantity": 3}


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
    assert await tell(connection, whose) == ["reward.ordered"]
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
    assert await tell(connection, whose) == ["reward.ordered", "voucher.issued"]
    assert await broken(connection) == []
    with pytest.raises(RewardMalformed, match="one by one"):
        await order(connection, whose, "five", 2)


@pytest.mark.parametrize(
    ("tax_class", "taxable"),
    [(TaxClass.DISCOUNT, 600), (TaxClass.SINGLE_PURPOSE, 600), (TaxClass.MULTI_PURPOSE, 1_400)],
)
async def test_the_money_part_and_what_tax_sees_are_reported(
    connection: AsyncConnection, tax_class: TaxClass, taxable: int
) -> None:
    whose = await joined(connection, "C-1", 1_000)
    terms: dict[str, Any] = {"money": 300, "tax": 23, "regular": 900}
    await offered(connection, tax_class=tax_class, **terms)

    price = (await order(connection, whose, quantity=2)).order.price

    assert (price.money, price.tax, price.regular, price.points_value) == (600, 46, 1_800, 800)
    assert (price.taxable, price.tax_class, price.currency) == (taxable, tax_class, "USD")


async def test_the_same_order_again_is_a_replay_and_other_content_is_named(
    connection: AsyncConnection,
) -> None:
    ada, bob = await joined(connection, "C-1", 1_000), await joined(connection, "C-2", 1_000)
    await offered(connection)
    await offered(connection, "cup")
    first = await order(connection, ada, name="R-1")

    again = await order(connection, ada, name="R-1")

    assert again.replayed
    assert again.order == first.order
    assert await points_of(connection, ada) == 600
    for whose, code, more, field in (
        (ada, "cup", {}, "reward"),
        (ada, "mug", {"quantity": 2}, "quantity"),
        (bob, "mug", {}, "member"),
        (ada, "mug", {"version": 9}, "version"),
    ):
        given: dict[str, Any] = more
        with pytest.raises(RewardOrderConflict) as refused:
            await order(connection, whose, code, name="R-1", **given)
        assert refused.value.field == field


async def test_too_few_points_too_little_stock_and_a_frozen_wallet_are_told_with_figures(
    connection: AsyncConnection,
) -> None:
    whose = await joined(connection, "C-1", 1_000)
    await offered(connection, stock=2)

    with pytest.raises(RewardSoldOut) as sold_out:
        await order(connection, whose, quantity=3)
    with pytest.raises(RewardPointsShort) as short:
        await order(connection, await joined(connection, "C-2", 399))
    frozen = ledger.Freeze(
        holder=whose.holder,
        key="test:freeze",
        journal=new_id(NOW),
        effective_at=NOW,
        actor="system",
        request_id="test",
        frozen=True,
    )
    await ledger.post(connection, [frozen], at=NOW)
    with pytest.raises(ledger.WalletFrozen):
        await order(connection, whose)

    assert (sold_out.value.seen, sold_out.value.wanted) == (2, 3)
    assert (short.value.seen, short.value.wanted) == (399, 400)
    assert await broken(connection) == []


async def test_a_member_has_no_more_than_their_limit_until_the_next_period(
    connection: AsyncConnection,
) -> None:
    whose = await joined(connection, "C-1", 4_000)
    await offered(connection, limits=[EACH])
    await order(connection, whose)
    await order(connection, whose)

    with pytest.raises(RewardLimitReached) as refused:
        await order(connection, whose)
    later = await order(connection, whose, at=NOW + 10 * DAY)

    assert (refused.value.limit, refused.value.seen, refused.value.every) == (2, 2, "month")
    assert not later.replayed
    assert await broken(connection) == []


async def test_all_together_have_no_more_than_a_days_limit_whatever_came_before_it(
    connection: AsyncConnection,
) -> None:
    ada, bob = await joined(connection, "C-1", 4_000), await joined(connection, "C-2", 4_000)
    await offered(connection, stock=None)
    await order(connection, ada, quantity=2)
    await change_draft(connection, cause(), "mug", {**MUG, "limits": [ALL]})
    await publish_reward(connection, cause(), "mug")
    await order(connection, bob)

    with pytest.raises(RewardPeriodSoldOut) as refused:
        await order(connection, bob)
    await order(connection, bob, at=NOW + DAY)

    assert (refused.value.limit, refused.value.seen) == (3, 3)
    assert await broken(connection) == []


async def test_a_limit_that_is_lowered_refuses_what_is_over_it_by_then(
    connection: AsyncConnection,
) -> None:
    whose = await joined(connection, "C-1", 4_000)
    await offered(connection, stock=None, limits=[EACH, ALL])
    await order(connection, whose, quantity=2)
    fewer = [{**EACH, "quantity": 1}, {**ALL, "quantity": 1}]
    await change_draft(connection, cause(), "mug", {**MUG, "limits": fewer})
    await publish_reward(connection, cause(), "mug")

    with pytest.raises(RewardLimitReached):
        await order(connection, whose)
    with pytest.raises(RewardPeriodSoldOut):
        await order(connection, await joined(connection, "C-2", 400))


async def test_only_those_it_is_for_may_order_it_and_hidden_ones_are_not_known_to_others(
    connection: AsyncConnection,
) -> None:
    ladder = default_ladder(silver=(10_000, 2), gold=(30_000, 3), diamond=(100_000, 10))
    await publish_ladder(connection, cause(), ladder)
    whose = await joined(connection, "C-1", 1_000)
    await offered(connection, when={"fact": "tier", "at-least": "gold"})
    await offered(connection, "secret", when={"fact": "tier", "at-least": "gold"}, hidden=True)
    await offered(connection, "new", when={"fact": "days-since-joining", "at-most": 5})

    with pytest.raises(RewardNotForMember) as refused:
        await order(connection, whose)
    with pytest.raises(RewardUnknown):
        await order(connection, whose, "secret")
    await order(connection, whose, "new")

    assert (refused.value.fact, refused.value.seen) == ("tier", "standard")


async def test_blocked_members_order_nothing(connection: AsyncConnection) -> None:
    whose = await joined(connection, "C-1", 1_000)
    await offered(connection)
    await change_class(connection, cause(), whose, "blocked")

    with pytest.raises(RewardNotForMember, match="blocked"):
        await order(connection, whose)


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"available": {"since": (NOW + DAY).isoformat()}}, "not-yet-available"),
        ({"available": {"until": NOW.isoformat()}}, "no-longer-available"),
        ({"visible": {"since": (NOW + DAY).isoformat()}}, None),
        ({"visible": {"until": NOW.isoformat()}}, None),
    ],
)
async def test_outside_its_windows_a_reward_cannot_be_had(
    connection: AsyncConnection, terms: dict[str, Any], reason: str | None
) -> None:
    whose = await joined(connection, "C-1", 1_000)
    await offered(connection, **terms)

    if reason is None:
        with pytest.raises(RewardUnknown):
            await order(connection, whose)
        return
    with pytest.raises(RewardNotAvailable) as refused:
        await order(connection, whose)
    assert refused.value.reason == reason


async def test_a_place_at_an_event_cannot_be_had_once_it_has_begun(
    connection: AsyncConnection,
) -> None:
    whose = await joined(connection, "C-1", 1_000)
    event_at = (NOW + DAY).isoformat()
    await offered(connection, "tasting", Kind.EVENT, event_at=event_at)

    await order(connection, whose, "tasting")
    with pytest.raises(RewardNotAvailable, match="event-over"):
        await order(connection, whose, "tasting", at=NOW + DAY)


async def test_the_version_that_was_seen_is_the_one_that_is_ordered(
    connection: AsyncConnection,
) -> None:
    whose = await joined(connection, "C-1", 2_000)
    await offered(connection)
    await change_draft(connection, cause(), "mug", {**MUG, "points": 600})
    await publish_reward(connection, cause(), "mug")

    with pytest.raises(RewardMoved) as refused:
        await order(connection, whose, version=1)
    placed = (await order(connection, whose, version=2)).order
    await retire_reward(connection, cause(), "mug")
    with pytest.raises(RewardUnknown):
        await order(connection, whose)

    assert (refused.value.seen, refused.value.wanted) == (2, 1)
    assert (placed.version, placed.price.points) == (2, 600)
    assert await broken(connection) == []


async def test_ordering_keeps_points_alive_that_lapse_with_inactivity(
    connection: AsyncConnection,
) -> None:
    current = document_of(await policy_at(connection, NOW))
    idle = {
        "default": {"kind": ExpiryKind.ROLLING.value, "months": 6, "notice": False},
        "sources": {},
        "by_time": True,
        "activities": ["spend"],
    }
    await publish_policy(connection, cause(NOW - DAY), {**current, "expiry": idle})
    whose = await joined(connection, "C-1", 1_000, schedule="rolling-6", lives=30 * DAY)
    await offered(connection)

    await order(connection, whose, at=NOW + 10 * DAY)

    (lot,) = await ledger.lots(connection, whose.holder, at=NOW + 10 * DAY)
    assert lot.expires_at is not None
    assert lot.expires_at > NOW + 150 * DAY


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (
            (
                "insert into loyalty.reward_version select reward, 9, document, points, money,"
                " tiers, tax_class, null, published_at, actor, request_id"
                " from loyalty.reward_version"
            ),
            "reward_version_for_points_alone_was_classed_by_finance",
        ),
        (
            (
                "insert into loyalty.reward_version select reward, 9, document, points + 1, money,"
                " tiers, tax_class, tax_chosen_by, published_at, actor, request_id"
                " from loyalty.reward_version"
            ),
            "reward_version_document_says_its_price",
        ),
        (
            "update loyalty.reward_allowance set taken = allowed + 1",
            "reward_allowance_is_not_exceeded",
        ),
        (
            "update loyalty.reward_order set state = 'cancelled'",
            "reward_order_cancelled_says_why",
        ),
        (
            "update loyalty.reward_order set state = 'fulfilled'",
            "reward_order_fulfilled_says_when",
        ),
        (
            (
                "insert into loyalty.reward select id, code || '-2', kind, counted, made_at, null,"
                " null, 'discount', null, null, actor, request_id from loyalty.reward"
            ),
            "reward_draft_is_whole",
        ),
    ],
)
async def test_the_database_refuses_what_may_not_be(
    connection: AsyncConnection, statement: str, constraint: str
) -> None:
    whose = await joined(connection, "C-1", 1_000)
    await offered(connection, limits=[EACH])
    await order(connection, whose)

    with pytest.raises(IntegrityError, match=constraint):
        await connection.execute(text(statement))


async def test_the_shelf_itself_refuses_what_was_overtaken_between_reading_and_taking(
    connection: AsyncConnection,
) -> None:
    whose = await joined(connection, "C-1", 1_000)
    await offered(connection, stock=1, limits=[ALL])
    placed = (await order(connection, whose)).order
    day = limits_for_all(read_terms({**MUG, "limits": [ALL]}, Kind.GOODS).limits, NOW, UTC)
    full = [{**one, "allowed": 1} for one in day]

    with pytest.raises(RewardSoldOut) as sold_out:
        await take_stock(connection, whose.id, placed.id, [])
    await change_stock(connection, cause(), "mug", 5, reason="found")
    with pytest.raises(RewardPeriodSoldOut) as full_day:
        await take_stock(connection, whose.id, placed.id, full)
    await change_draft(connection, cause(), "mug", MUG)
    await publish_reward(connection, cause(), "mug")
    with pytest.raises(RewardMoved) as moved:
        await take_stock(connection, whose.id, placed.id, [])

    assert (sold_out.value.seen, sold_out.value.wanted) == (0, 1)
    assert (full_day.value.seen, full_day.value.limit) == (1, 1)
    assert (moved.value.seen, moved.value.wanted) == (2, 1)
