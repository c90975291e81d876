"""A plan tried by a worker: who would have gained is stored once, beside what was asked for."""

from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import RuleChange
from loyalty.ids import new_id
from loyalty.rule_drafts import change_draft, make_draft, publish_draft
from loyalty.savings.runs import ask_for_plan_run, find_plan_run, list_plan_runs, try_plan
from loyalty.savings.tables import plan_run_result
from tests.support.api import Web, admin, application, checkout, web
from tests.support.shop import Shop, cart, line, opened, shop

__all__ = ["admin", "application", "checkout", "opened", "shop", "web"]

SHIPS_FREE: dict[str, Any] = {
    "rule": "prime-ships-free",
    "when": {"fact": "plan", "is": "prime"},
    "effects": [{"effect": "free-shipping"}],
}
OTHER: dict[str, Any] = {**SHIPS_FREE, "effects": [{"effect": "earn", "multiplier": 2}]}


async def drafted(shop: Shop, change: RuleChange) -> UUID:
    return (await shop.web.application.database.write(make_draft, shop.web.cause(), change)).id


async def asked(shop: Shop, draft: UUID, *, plan: str = "prime", fee: int = 990) -> UUID:
    """Ask for a run over ten days."""
    application, because = shop.web.application, shop.web.cause()
    ask = partial(ask_for_plan_run, plan=plan, fee=fee, days=10)
    return await application.database.write(ask, application.programme, because, draft)


async def test_what_a_plan_would_have_brought_is_worked_out_once_and_never_changes(
    shop: Shop, web: Web
) -> None:
    ada, _ = await web.joined(external_id="C-1"), await web.joined(external_id="C-2")
    for number in range(2):
        await shop.buy(cart(line("1", 2), shipping=590), f"S-{number}")
    await shop.buy(cart(line(), shipping=590), "S-2", who="ext:C-2")
    database, because = web.application.database, web.cause()
    draft = await drafted(shop, RuleChange(rules=(SHIPS_FREE,)))
    run = await asked(shop, draft)
    await database.write(change_draft, because, draft, RuleChange(rules=(OTHER,)))

    first = await try_plan(web.application, because, run=str(run))
    await shop.buy(cart(line("1", 2), shipping=590), "S-3")
    again = await try_plan(web.application, because, run=str(run))
    async with database.read() as connection:
        done = await find_plan_run(connection, run)
        listed = await list_plan_runs(connection, draft, limit=5)

    assert (first, again) == (1, 0)
    assert done is not None
    assert listed == [done]
    assert (done.state, done.plan, done.fee, done.days) == ("done", "prime", 990, 10)
    assert done.figures == {
        "decided": 3,
        "undecided": 0,
        "gainers": {"members": 1, "brought": 990, "cost": 1_180},
        "all": {"members": 2, "brought": 1_980, "cost": 1_770},
        "gain_most": [{"member": str(ada.id), "orders": 2, "saved": 1_180}],
    }
    for changed in ("update", "delete"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            await database.write(_tampers, changed, run)


async def test_what_stands_in_the_way_by_then_is_the_result(shop: Shop, web: Web) -> None:
    database, because = web.application.database, web.cause()
    group = RuleChange(groups={"lane": {"mode": "best"}})
    await database.write(publish_draft, because, await drafted(shop, group))
    draft = await drafted(shop, RuleChange(rules=({**SHIPS_FREE, "group": "lane"},)))
    run = await asked(shop, draft)
    gone = await drafted(shop, RuleChange(groups={"lane": None}))
    await database.write(publish_draft, because, gone)

    gained = await try_plan(web.application, web.cause(), run=str(run))
    async with database.read() as connection:
        failed = await find_plan_run(connection, run)
        none = await find_plan_run(connection, new_id())

    assert (gained, none) == (0, None)
    assert failed is not None
    assert (failed.state, failed.figures) == ("failed", None)
    assert failed.failure


async def _tampers(connection: AsyncConnection, deed: str, run: UUID) -> None:
    which = plan_run_result.c.run == run
    statement = update(plan_run_result).values(failure="x").where(which)
    await connection.execute(
        statement if deed == "update" else delete(plan_run_result).where(which)
    )
