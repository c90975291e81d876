"""Dry runs over HTTP: both answers side by side, and a job with its progress and its result."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from loyalty.jobs.registry import JOBS
from tests.support.api import Caller, Web, admin, application, checkout, finance, web
from tests.support.shop import Shop, cart, line, opened, shop

__all__ = ["admin", "application", "checkout", "finance", "opened", "shop", "web"]

Json = dict[str, Any]
TENTH: Json = {
    "rule": "tenth",
    "titles": {"en": "A tenth off"},
    "when": {"fact": "subtotal", "at-least": 2_000},
    "effects": [{"effect": "percent-off", "percent": 10, "target": "lines"}],
}


async def drafted(admin: Caller, *rules: Json) -> str:
    made = await admin.post("/v1/rule-drafts", {"rules": rules})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def answered(caller: Caller, path: str, body: Json, *, status: int = 200) -> Json:
    given = await caller.post(path, body)
    assert given.status_code == status, given.text
    content: Json = given.json()
    return content


async def work(web: Web) -> None:
    """Run what was put into the queue, as a worker would."""
    queued = "select task_name, args from procrastinate.procrastinate_jobs where status = 'todo'"
    async with web.application.database.read() as connection:
        jobs = (await connection.execute(text(queued))).all()
    assert len(jobs) == 1
    for name, arguments in jobs:
        await JOBS[name].work(web.application, web.cause(), **arguments)


async def test_a_cart_and_a_past_order_are_answered_side_by_side(shop: Shop, admin: Caller) -> None:
    await shop.web.joined(external_id="C-1")
    await shop.buy(cart(line(unit_price=3_333), shipping=500), "S-1")
    path = f"/v1/rule-drafts/{await drafted(admin, TENTH)}/try"

    asked = {"member": "ext:C-1", "order": cart(line(unit_price=1_000), line("2"))}
    over_a_cart = await answered(admin, path, {"cart": asked})
    over_an_order = await answered(admin, path, {"order": "ext:S-1"})
    neither = await answered(admin, path, {}, status=422)
    unknown = await answered(admin, path, {"order": "ext:S-2"}, status=404)

    assert over_a_cart["difference"] == {
        "differs": True,
        "discount": 200,
        "payable": -200,
        "points": -2,
        "points_spent": 0,
        "lines": [
            {"line_id": each, "total_live": 1_000, "total_drafted": 900}
            | {"earn_live": 10, "earn_drafted": 9}
            for each in ("1", "2")
        ],
    }
    assert over_a_cart["placed"] is None
    assert over_an_order["placed"] == over_an_order["live"]
    assert over_an_order["live"]["totals"]["payable"] == 3_833
    assert over_an_order["drafted"]["totals"]["payable"] == 3_500
    assert over_an_order["drafted"]["lines"][0]["discounts"] == [
        {"rule": "tenth", "version": 0, "amount": 333}
    ]
    assert (neither["code"], unknown["code"]) == ("invalid-request", "unknown-order")


async def test_a_dry_run_is_a_job_whose_result_stays_with_the_draft(
    shop: Shop, admin: Caller, finance: Caller
) -> None:
    await shop.web.joined(external_id="C-1")
    await shop.buy(cart(line(unit_price=3_333)), "S-1")
    draft = await drafted(admin, TENTH)

    asked = await answered(admin, f"/v1/rule-drafts/{draft}/dry-runs", {"days": 7}, status=201)
    await work(shop.web)
    done = (await finance.get(f"/v1/dry-runs/{asked['id']}")).json()
    listed = (await finance.get(f"/v1/rule-drafts/{draft}/dry-runs")).json()
    changed = {**TENTH, "effects": [{"effect": "free-shipping"}]}
    await answered(admin, f"/v1/rule-drafts/{draft}", {"rules": [changed]})
    later = (await admin.get(f"/v1/dry-runs/{asked['id']}")).json()

    assert (asked["state"], asked["figures"]) == ("waiting", None)
    assert (done["state"], done["selected"], done["done"]) == ("done", 1, 1)
    figures = done["figures"]
    assert (figures["discount"], figures["members"], figures["points"]) == (333, 1, -3)
    assert [(day["orders"], day["money"]) for day in figures["days"]] == [(1, 333)]
    assert figures["gain_most"][0]["member"].startswith("mem_")
    assert listed["items"] == [done]
    assert not done["draft_changed"]
    assert later == {**done, "draft_changed": True}


async def test_what_a_dry_run_found_never_changes(shop: Shop, admin: Caller) -> None:
    draft = await drafted(admin, TENTH)
    await answered(admin, f"/v1/rule-drafts/{draft}/dry-runs", {"days": 7}, status=201)
    await work(shop.web)

    for statement in (
        "update loyalty.dry_run_result set figures = '{}'",
        "delete from loyalty.dry_run_result",
        "update loyalty.dry_run set days = 8",
        "delete from loyalty.dry_run",
    ):
        async with shop.web.application.database.read() as connection:
            with pytest.raises(DBAPIError, match="permission denied"):
                await connection.execute(text(statement))


async def test_a_malformed_or_unknown_dry_run_is_refused_by_name(web: Web, admin: Caller) -> None:
    draft = await drafted(admin, TENTH)
    for path in ("/v1/dry-runs/nothing", "/v1/dry-runs/dry_01kfz3m6q8e4trx9n2v5w7y1ab"):
        missing = await admin.get(path)
        assert (missing.status_code, missing.json()["code"]) == (404, "unknown-dry-run")
    for days in (0, 1_101):
        refused = await admin.post(f"/v1/rule-drafts/{draft}/dry-runs", {"days": days})
        assert refused.status_code == 422, refused.text
    unknown = "/v1/rule-drafts/rdr_01kfz3m6q8e4trx9n2v5w7y1ab/dry-runs"
    gone = await answered(admin, unknown, {"days": 7}, status=404)
    assert gone["code"] == "rule-draft-unknown"
    assert web.application is not None
