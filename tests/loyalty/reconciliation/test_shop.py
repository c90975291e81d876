"""The shop's own list beside what it reported to us."""

from datetime import timedelta

import pytest

from loyalty.reconciliation import (
    ControlRepeated,
    ControlRow,
    Item,
    ItemKind,
    Leg,
    Reconciliation,
    Tolerance,
    list_items,
    reconcile,
)
from tests.support.api import admin, application, checkout, finance, web
from tests.support.shop import Json, Shop, cart, line, opened, shop

__all__ = ["admin", "application", "checkout", "finance", "opened", "shop", "web"]


async def trade(shop: Shop) -> None:
    """A member's order with a return, one that was cancelled, and a guest's."""
    await shop.web.joined(external_id="C-1")
    await shop.buy(cart(line("1", 2, 2_000)), "S-1")
    await shop.place(cart(line("1", 1, 3_000)), "S-2")
    await shop.cancel("S-2")
    await shop.buy(cart(line("1", 1, 1_500)), "S-3", who=None)
    lines = [{"line_id": "1", "quantity": 1}]
    given: Json = {"return_id": "R-1", "lines": lines, "reason": "unwanted"}
    await shop.give_back("S-1", **given)


TRUE = (
    ControlRow(order="S-1", completed=4_000, returned=2_000, status="completed"),
    ControlRow(order="S-2", completed=0, status="cancelled"),
    ControlRow(order="S-3", completed=1_500),
)


async def run(
    shop: Shop, *control: ControlRow, tolerance: int = 0
) -> tuple[Reconciliation, list[Item]]:
    """Compare today with a list."""
    today = shop.web.application.clock.now().date()
    _, made = await shop.web.application.database.write(
        reconcile,
        shop.web.cause(),
        since=today - timedelta(days=1),
        until=today + timedelta(days=2),
        tolerance=Tolerance(money=tolerance),
        control=control,
    )
    async with shop.web.application.database.read() as connection:
        return made, list(await list_items(connection, made.number, limit=50))


async def test_a_true_list_agrees_with_what_was_reported(shop: Shop) -> None:
    await trade(shop)

    made, items = await run(shop, *TRUE)

    assert items == []
    assert made.leg is Leg.SHOP_ORDERS
    assert {step: (one.left, one.right) for step, one in made.totals.items()} == {
        "completed": (5_500, 5_500),
        "returned": (2_000, 2_000),
    }


SAID: dict[str, tuple[tuple[ControlRow, ...], ItemKind, str | None, int | None, int | None]] = {
    "an order we never heard of": (
        (*TRUE, ControlRow(order="S-9", completed=700)),
        ItemKind.MISSING_IN_PROGRAMME,
        "S-9",
        700,
        None,
    ),
    "an order the shop does not have": (TRUE[:2], ItemKind.MISSING_AT_SHOP, None, None, 1_500),
    "another amount shipped": (
        (ControlRow(order="S-1", completed=4_001, returned=2_000), *TRUE[1:]),
        ItemKind.MONEY_DIFFERS,
        None,
        4_001,
        4_000,
    ),
    "a return the shop does not have": (
        (ControlRow(order="S-1", completed=4_000), *TRUE[1:]),
        ItemKind.MONEY_DIFFERS,
        None,
        0,
        2_000,
    ),
    "another state": (
        (TRUE[0], ControlRow(order="S-2", completed=0, status="open"), TRUE[2]),
        ItemKind.STATUS_DIFFERS,
        None,
        0,
        None,
    ),
}


@pytest.mark.parametrize("said", SAID)
async def test_what_the_list_says_otherwise_is_found_and_named(shop: Shop, said: str) -> None:
    control, kind, order, left, right = SAID[said]
    await trade(shop)

    made, (item,) = await run(shop, *control)

    assert (item.kind, item.order_name) == (kind, order)
    assert (item.left_amount, item.right_amount) == (left, right)
    assert item.order is not None
    assert item.open
    assert made.open_items == 1
    if kind is ItemKind.STATUS_DIFFERS:
        assert (item.left_state, item.right_state) == ("open", "cancelled")


async def test_an_unknown_order_is_the_same_difference_in_the_next_run(shop: Shop) -> None:
    await trade(shop)
    unknown = ControlRow(order="S-9", completed=700)

    _, (first,) = await run(shop, *TRUE, unknown)
    _, (second,) = await run(shop, *TRUE, unknown)

    assert first.difference == second.difference
    assert "S-9" not in first.difference


async def test_money_within_the_tolerance_agrees(shop: Shop) -> None:
    await trade(shop)
    near = (ControlRow(order="S-1", completed=4_002, returned=1_999), *TRUE[1:])

    made, items = await run(shop, *near, tolerance=2)

    assert items == []
    assert made.within_tolerance == 2


async def test_a_list_that_names_an_order_twice_is_refused(shop: Shop) -> None:
    await trade(shop)

    with pytest.raises(ControlRepeated) as refused:
        await run(shop, *TRUE, TRUE[0])

    assert refused.value.pointer == "/control/3/order"
