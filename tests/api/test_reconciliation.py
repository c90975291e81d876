"""Reconciliations over HTTP: run, read, clear."""

from datetime import timedelta

from tests.support.api import Caller, Web
from tests.support.shop import Shop, cart, line

RUNS = "/v1/finance/reconciliations"


def today(web: Web) -> dict[str, str]:
    """The days around now."""
    now = web.application.clock.now().date()
    return {
        "from": (now - timedelta(days=1)).isoformat(),
        "to": (now + timedelta(days=2)).isoformat(),
    }


async def test_a_difference_is_run_into_listed_and_cleared_by_finance_alone(
    shop: Shop, admin: Caller, finance: Caller
) -> None:
    await shop.web.joined(external_id="C-1")
    await shop.buy(cart(line("1", 2, 2_000)), "S-1")
    control = [
        {"order": "S-1", "completed": 4_000, "status": "completed"},
        {"order": "S-9", "completed": 700},
        {"order": "S-8", "completed": 300},
    ]

    ran = await finance.post(RUNS, {**today(shop.web), "control": control})
    points, money = ran.json()["items"]
    path = f"{RUNS}/{money['number']}"
    first = (await finance.get(f"{path}/items", limit=1)).json()
    rest = (await finance.get(f"{path}/items", limit=1, after=first["next"])).json()
    clear = {"reason": "corrected-by-shop", "reference": "FIN-204"}
    refused = await admin.post(f"{path}/items/1/clear", clear)
    cleared = await finance.post(f"{path}/items/1/clear", clear)
    again = await finance.post(f"{path}/items/1/clear", clear)

    assert ran.status_code == 201, ran.text
    assert (points["leg"], points["items"], points["agreed"]) == ("orders-ledger", 0, 1)
    assert (money["leg"], money["open_items"]) == ("shop-orders", 2)
    assert money["totals"]["completed"] == {"left": 5_000, "right": 4_000}
    named = {item["order"]: item for item in first["items"] + rest["items"]}
    assert set(named) == {"ext:S-8", "ext:S-9"}
    assert named["ext:S-9"]["kind"] == "missing-in-programme"
    assert rest["next"] is None
    assert refused.status_code == 403
    assert cleared.status_code == 200, cleared.text
    assert cleared.json()["clearing"]["reference"] == "FIN-204"
    assert (again.status_code, again.json()["code"]) == (409, "item-cleared")
    left = (await finance.get(f"{path}/items", open="true")).json()["items"]
    assert [item["position"] for item in left] == [2]
    assert (await finance.get(path)).json()["open_items"] == 1
    reopen = {"reason": "disproved", "reference": "FIN-219"}
    assert (await admin.post(f"{path}/items/1/reopen", reopen)).status_code == 403
    reopened = await finance.post(f"{path}/items/1/reopen", reopen)
    assert (reopened.status_code, reopened.json()["open"]) == (200, True), reopened.text
    never = await finance.post(f"{path}/items/2/reopen", reopen)
    assert (never.status_code, never.json()["code"]) == (409, "item-not-cleared")
    listed = (await finance.get(RUNS)).json()["items"]
    assert [run["number"] for run in listed] == [2, 1]


async def test_what_cannot_be_reconciled_is_refused_by_name(web: Web, finance: Caller) -> None:
    days = today(web)
    twice = [{"order": "S-1", "completed": 1}, {"order": "S-1", "completed": 1}]
    for body, pointer in (
        ({**days, "control": twice}, "/control/1/order"),
        ({"from": days["to"], "to": days["from"]}, "/from"),
        ({**days, "tolerance_points": -1}, "/tolerance_points"),
        ({**days, "control": [{"order": "S-1", "completed": -1}]}, "/control/0/completed"),
    ):
        refused = await finance.post(RUNS, body)

        assert refused.status_code == 422, refused.text
        assert refused.json()["errors"][0]["pointer"] == pointer
    for path in (f"{RUNS}/7", f"{RUNS}/7/items"):
        assert (await finance.get(path)).status_code == 404
    assert (await finance.get(f"{RUNS}/7/items", kind="other")).status_code == 422
