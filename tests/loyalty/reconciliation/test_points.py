"""Orders beside the ledger: clean books agree, and every planted difference is found and named."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.members import read_member_ref
from loyalty.members.merging import merge_members
from loyalty.reconciliation import (
    ClearingReason,
    Item,
    ItemCleared,
    ItemKind,
    ItemNotCleared,
    Leg,
    Reconciliation,
    ReconciliationPeriodUnfit,
    ReopeningReason,
    Tolerance,
    UnknownItem,
    clear_item,
    find_item,
    latest,
    list_items,
    open_items,
    reconcile,
    reopen_item,
)
from tests.support.api import admin, application, checkout, finance, web
from tests.support.shop import Json, Shop, cart, line, opened, shop

__all__ = ["admin", "application", "checkout", "finance", "opened", "shop", "web"]


async def trade(shop: Shop) -> None:
    """Orders that earn, spend, come back in part and as a whole."""
    who = await shop.web.joined(external_id="C-1")
    await shop.give(who, 5_000)
    big = cart(line("1", 2, 20_000), line("2", 1, 9_900), points_to_spend=1_000)
    await shop.buy(big, "S-1")
    await shop.buy(cart(line("1", 3, 5_000)), "S-2")
    await shop.place(cart(line("1", 1, 3_000)), "S-3")
    await shop.cancel("S-3")
    lines = [{"line_id": "1", "quantity": 1}]
    given: Json = {"return_id": "R-1", "lines": lines, "reason": "unwanted"}
    await shop.give_back("S-1", **given)
    await shop.give_back("S-2", **given)


async def run(shop: Shop, tolerance: int = 0) -> tuple[Reconciliation, list[Item]]:
    """Reconcile today."""
    today = shop.web.application.clock.now().date()
    runs = await shop.web.application.database.write(
        reconcile,
        shop.web.cause(),
        since=today - timedelta(days=1),
        until=today + timedelta(days=2),
        tolerance=Tolerance(points=tolerance),
    )
    (made,) = runs
    async with shop.web.application.database.read() as connection:
        return made, list(await list_items(connection, made.number, limit=50))


async def plant(owner: AsyncConnection, statement: str) -> None:
    """Change rows as no program of ours could."""
    done = await owner.execute(text(statement))
    assert done.rowcount > 0


async def test_what_was_traded_agrees_to_the_point(shop: Shop) -> None:
    await trade(shop)

    made, items = await run(shop)

    assert items == []
    assert (made.leg, made.items, made.open_items) == (Leg.ORDERS_LEDGER, 0, 0)
    assert made.compared == made.agreed == 6
    assert set(made.totals) == {"earn", "capture", "claw-back", "restore"}
    for sums in made.totals.values():
        assert sums.left == sums.right > 0


BACK = "effective_at = effective_at - interval '60 days'"
PLANTED: dict[str, tuple[str, ItemKind, str, int | None]] = {
    "a posting that is gone": (
        "delete from ledger.receipt where key like 'order:%:earn:%'",
        ItemKind.MISSING_IN_LEDGER,
        "earn",
        None,
    ),
    "a posting that no order knows": (
        "update loyalty.shipment set earn = 0 where earn > 0",
        ItemKind.MISSING_IN_ORDERS,
        "earn",
        None,
    ),
    "an order that says more": (
        'update loyalty."return" set earn = earn + 3 where earn > 0',
        ItemKind.AMOUNT_DIFFERS,
        "claw-back",
        3,
    ),
    "a posting that says less": (
        "update ledger.receipt set amount = amount - 2 where kind = 'capture'",
        ItemKind.AMOUNT_DIFFERS,
        "capture",
        2,
    ),
    "a posting in another month": (
        f"update ledger.journal set {BACK} where kind = 'restore'",
        ItemKind.TIMING,
        "restore",
        0,
    ),
    "an order in another month": (
        'update loyalty."return" set "on" = "on" - 60 where points > 0',
        ItemKind.TIMING,
        "restore",
        0,
    ),
}


@pytest.mark.parametrize("planted", PLANTED)
async def test_a_planted_difference_is_found_and_named(
    shop: Shop, owner_connection: AsyncConnection, planted: str
) -> None:
    statement, kind, step, apart = PLANTED[planted]
    await trade(shop)
    await plant(owner_connection, statement)

    _, items = await run(shop)

    found = [item for item in items if item.step == step]
    assert found
    assert {item.kind for item in found} == {kind}
    for item in found:
        assert item.order is not None
        assert item.member is not None or kind is ItemKind.MISSING_IN_ORDERS
        if apart is not None:
            assert item.left_amount is not None
            assert item.right_amount is not None
            assert item.left_amount - item.right_amount == apart
        assert item.open == (kind is not ItemKind.TIMING)


async def test_orders_of_a_merged_member_agree_in_the_wallet_that_goes_on(shop: Shop) -> None:
    await trade(shop)
    await shop.web.joined(external_id="C-2")
    await shop.web.application.database.write(
        merge_members,
        shop.web.cause(),
        read_member_ref("ext:C-1"),
        read_member_ref("ext:C-2"),
        reason="same-person",
    )
    rest: Json = {"return_id": "R-2", "reason": "unwanted"}
    await shop.give_back("S-1", **rest, lines=[{"line_id": "2", "quantity": 1}])

    made, items = await run(shop)

    assert items == []
    assert made.compared == made.agreed == 8


async def test_differences_within_the_tolerance_agree_and_are_counted(
    shop: Shop, owner_connection: AsyncConnection
) -> None:
    await trade(shop)
    await plant(owner_connection, "update loyalty.shipment set earn = earn + 2 where earn > 0")

    strict, found = await run(shop)
    made, items = await run(shop, tolerance=2)

    assert (strict.items, len(found)) == (2, 2)
    assert (items, made.items, made.within_tolerance, made.agreed) == ([], 0, 2, 4)


async def test_a_key_of_an_order_that_never_was_is_found(
    shop: Shop, owner_connection: AsyncConnection
) -> None:
    await trade(shop)
    await plant(
        owner_connection,
        "update ledger.receipt set key = 'order:nobody:earn:nothing'"
        " where key = (select min(key) from ledger.receipt where key like 'order:%:earn:%')",
    )

    _, items = await run(shop)

    kinds = {item.kind: item for item in items}
    assert set(kinds) == {ItemKind.MISSING_IN_LEDGER, ItemKind.MISSING_IN_ORDERS}
    assert kinds[ItemKind.MISSING_IN_ORDERS].order is None
    assert kinds[ItemKind.MISSING_IN_ORDERS].key == "order:nobody:earn:nothing"


async def test_a_cleared_difference_stays_cleared_until_its_figures_change(
    shop: Shop, owner_connection: AsyncConnection
) -> None:
    await trade(shop)
    await plant(owner_connection, "update loyalty.shipment set earn = earn + 7 where earn > 0")
    database = shop.web.application.database
    made, (first, second) = await run(shop)

    cleared = await database.write(
        clear_item,
        shop.web.cause(),
        made.number,
        first.position,
        reason=ClearingReason.KNOWN_DIFFERENCE,
        reference="FIN-204",
    )
    again, items = await run(shop)
    await plant(owner_connection, "update loyalty.shipment set earn = earn + 1 where earn > 0")
    changed, _ = await run(shop)

    assert cleared.clearing is not None
    assert (cleared.clearing.reference, cleared.open) == ("FIN-204", False)
    assert [item.open for item in items] == [False, True]
    assert (again.items, again.open_items, changed.open_items) == (2, 1, 2)
    async with database.read() as connection:
        left = await open_items(connection, since=made.since, until=made.until)
        assert [item.position for item in left] == [first.position, second.position]
        (newest,) = await latest(connection, since=made.since, until=made.until)
    assert newest.number == changed.number
    with pytest.raises(ItemCleared):
        await database.write(
            clear_item, shop.web.cause(), made.number, 1, reason=ClearingReason.ACCEPTED
        )
    with pytest.raises(UnknownItem):
        await database.write(
            clear_item, shop.web.cause(), made.number, 9, reason=ClearingReason.ACCEPTED
        )


async def test_a_cleared_difference_is_reopened_in_every_run_and_cleared_again(
    shop: Shop, owner_connection: AsyncConnection
) -> None:
    await trade(shop)
    await plant(owner_connection, "update loyalty.shipment set earn = earn + 7 where earn > 0")
    database, cause = shop.web.application.database, shop.web.cause()
    made, _ = await run(shop)
    later, _ = await run(shop)
    wrong, right = ClearingReason.ACCEPTED, ClearingReason.CORRECTED_HERE
    mistake, disproved = ReopeningReason.MISTAKE, ReopeningReason.DISPROVED

    with pytest.raises(ItemNotCleared):
        await database.write(reopen_item, cause, made.number, 1, reason=mistake)
    await database.write(clear_item, cause, made.number, 1, reason=wrong)
    async with database.read() as connection:
        assert not (await find_item(connection, later.number, 1)).open
    opened = await database.write(reopen_item, cause, later.number, 1, reason=disproved)
    with pytest.raises(ItemNotCleared):
        await database.write(reopen_item, cause, made.number, 1, reason=mistake)
    async with database.read() as connection:
        left = await open_items(connection, since=made.since, until=made.until)
        assert [item.position for item in left] == [1, 2]
    cleared = await database.write(clear_item, cause, made.number, 1, reason=right)

    assert (opened.open, opened.clearing) == (True, None)
    assert cleared.clearing is not None
    assert (cleared.clearing.reason, cleared.open) == (right, False)
    again, _ = await run(shop)
    assert again.open_items == 1


async def test_a_difference_is_not_cleared_twice_without_having_been_reopened(
    shop: Shop, owner_connection: AsyncConnection
) -> None:
    await trade(shop)
    await plant(owner_connection, "update loyalty.shipment set earn = earn + 7 where earn > 0")
    made, _ = await run(shop)
    await shop.web.application.database.write(
        clear_item, shop.web.cause(), made.number, 1, reason=ClearingReason.ACCEPTED
    )

    with pytest.raises(IntegrityError, match="reconciliation_clearing_follows_a_reopening"):
        await plant(
            owner_connection,
            "insert into loyalty.reconciliation_clearing (difference, turn, reconciliation,"
            " position, reason, cleared_at, actor, request_id) select difference, 2,"
            " reconciliation, position, reason, cleared_at, actor, request_id"
            " from loyalty.reconciliation_clearing",
        )


async def test_runs_are_numbered_and_on_the_trail(shop: Shop) -> None:
    await trade(shop)

    first, _ = await run(shop)
    second, _ = await run(shop)

    assert (first.number, second.number) == (1, 2)
    async with shop.web.application.database.read() as connection:
        found = await connection.execute(
            text("select subject, actor from loyalty.change where subject_kind = 'reconciliation'")
        )
        assert {tuple(row) for row in found} == {("1", "system"), ("2", "system")}


async def test_days_that_have_not_begun_cannot_be_reconciled(shop: Shop) -> None:
    tomorrow = shop.web.application.clock.now().date() + timedelta(days=2)
    with pytest.raises(ReconciliationPeriodUnfit):
        await shop.web.application.database.write(
            reconcile,
            shop.web.cause(),
            since=tomorrow,
            until=tomorrow + timedelta(days=1),
        )
