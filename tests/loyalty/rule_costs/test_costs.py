"""What rules gave is kept with every order, and summed by rule without reading a decision."""

import runpy
from pathlib import Path
from typing import Any

from sqlalchemy import text

from loyalty import migrations
from tests.support.api import Caller, admin, application, checkout, web
from tests.support.shop import Shop, cart, line, opened, shop

__all__ = ["admin", "application", "checkout", "opened", "shop", "web"]

Json = dict[str, Any]


async def costs(admin: Caller, **query: str) -> dict[str, Json]:
    read = await admin.get("/v1/rule-costs", **query)
    assert read.status_code == 200, read.text
    return {each["rule"]: each for each in read.json()["items"]}


def figures(cost: Json) -> tuple[int, int, int, int]:
    return cost["orders"], cost["members"], cost["money"], cost["points"]


async def test_what_live_rules_gave_is_summed_by_rule(shop: Shop, admin: Caller) -> None:
    for name in ("C-1", "C-2"):
        await shop.web.joined(external_id=name)
    await shop.buy(cart(line(unit_price=6_000)), "S-1")
    await shop.buy(cart(line(unit_price=5_001, member_price=5_000)), "S-2", who="ext:C-2")
    await shop.buy(cart(line(unit_price=9_900)), "S-3", who=None)
    await shop.buy(cart(line(unit_price=700)), "S-4", priced_by="shop")
    await shop.place(cart(line(unit_price=8_000)), "S-5")
    await shop.cancel("S-5")

    found = await costs(admin)

    assert figures(found["spend-50"]) == (3, 2, 600 + 500 + 990, 0)
    assert figures(found["card-price"]) == (1, 1, 1, 0)
    assert figures(found["base-earn"]) == (3, 2, 0, 54 + 45 + 7)
    assert figures(found["gold-twice"]) == (0, 0, 0, 0)
    assert figures((await costs(admin, since="2999-01-01"))["spend-50"]) == (0, 0, 0, 0)


async def test_what_is_kept_by_rule_is_what_the_migration_reads_from_decisions(
    shop: Shop,
) -> None:
    await shop.web.joined(external_id="C-1")
    await shop.buy(cart(line(unit_price=6_000), line("2", 3, 333), shipping=500), "S-1")
    await shop.buy(cart(line(unit_price=700)), "S-2", priced_by="shop")

    async with shop.web.application.database.read() as connection:
        kept = (await connection.execute(text("select * from loyalty.order_rule"))).all()
        read = [row for each in filling() for row in await connection.execute(text(each))]

    assert sorted(kept) == sorted(tuple(row) for row in read)
    assert len(kept) == 3


def filling() -> list[str]:
    """Return the queries by which the migration fills the table."""
    versions = Path(migrations.__path__[0]) / "versions"
    steps: list[str] = runpy.run_path(str(versions / "0023_dry_runs.py"))["_STEPS"]
    filled = [step for step in steps if "insert into loyalty.order_rule" in step]
    return [step.replace("insert into loyalty.order_rule", "", 1) for step in filled]
