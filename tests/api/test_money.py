"""The money side over HTTP: finance signs, and a figure opens down to the order behind it."""

import pytest

from tests.support.api import Caller, Web
from tests.support.shop import Shop, cart, line

ESTIMATES = "/v1/finance/estimates"
ROLL_FORWARD = "/v1/finance/money/roll-forward"
COHORTS = "/v1/finance/money/cohorts"
REVIEWED = {"class": "sale", "method": "history", "reason": "yearly-review"}


async def test_a_sale_is_deferred_and_leads_down_to_its_order(
    web: Web, shop: Shop, finance: Caller
) -> None:
    await web.joined(external_id="C-1")
    await shop.buy(cart(line(unit_price=100_000)))  # a tenth off: 900 points
    order = await shop.order()

    rolled = (await finance.get(ROLL_FORWARD)).json()
    (month,) = [one for one in rolled["months"] if one["class"] == "sale"]
    (cohort,) = (await finance.get(COHORTS)).json()["items"]
    lots = (await finance.get(f"{COHORTS}/sale/{cohort['issued_in']}/lots")).json()

    assert rolled["currency"] == "USD"
    assert month["treatment"] == "deferred"
    assert month["deferred"] == month["closing"] == month["liability"] == cohort["balance"] > 0
    assert month["points_outstanding"] == cohort["points_issued"] == 900
    (lot,) = lots["items"]
    assert (lot["allocated"], lot["granted"]) == (month["deferred"], 900)
    assert lot["order"] == order["order"]
    assert lots["next"] is None


async def test_what_is_signed_moves_the_next_allocation_and_is_listed(
    web: Web, shop: Shop, finance: Caller
) -> None:
    await web.joined(external_id="C-1")
    whole = {"expected": await _allocated(shop, finance, "S-1")}

    signed = await finance.post(ESTIMATES, {**REVIEWED, "percent": "50.00"})
    half = await _allocated(shop, finance, "S-2")

    assert signed.status_code == 201, signed.text
    assert signed.json()["percent"] == "50.00"
    assert half * 2 == pytest.approx(whole["expected"], abs=20)
    (listed,) = (await finance.get(ESTIMATES)).json()["items"]
    assert listed == signed.json()
    (cohort,) = (await finance.get(COHORTS)).json()["items"]
    assert cohort["estimate"] == 1
    assert cohort["points_expected"] == 900
    assert cohort["expected_breakage"] == 900


async def test_goodwill_is_no_liability(web: Web, admin: Caller, finance: Caller) -> None:
    await web.joined(external_id="C-1")
    await admin.post("/v1/members/ext:C-1/adjustments", {"points": 700, "reason": "goodwill"})

    (month,) = (await finance.get(ROLL_FORWARD)).json()["months"]

    assert (month["class"], month["treatment"]) == ("goodwill", "at-grant")
    assert (month["deferred"], month["closing"], month["liability"]) == (700, 700, 0)


async def test_the_same_signature_under_the_same_key_happens_once(finance: Caller) -> None:
    body = {**REVIEWED, "percent": "90"}

    first = await finance.post(ESTIMATES, body, key="once")
    again = await finance.post(ESTIMATES, body, key="once")
    other = await finance.post(ESTIMATES, {**body, "percent": "80"}, key="once")

    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert other.json()["code"] == "idempotency-key-reused"
    assert len((await finance.get(ESTIMATES)).json()["items"]) == 1


async def test_wrong_estimates_are_refused_by_name(
    finance: Caller, subtests: pytest.Subtests
) -> None:
    cases = {
        "estimate-malformed": {**REVIEWED},
        "estimate-class-unfit": {**REVIEWED, "class": "promotion", "percent": "90"},
        "unknown-cohort": {**REVIEWED, "issued_in": "2020-01", "points": 5},
        "estimate-in-future": {**REVIEWED, "percent": "90", "effective_on": "2199-01-01"},
        "invalid-request": {**REVIEWED, "percent": "101"},
    }
    for code, body in cases.items():
        with subtests.test(code):
            refused = await finance.post(ESTIMATES, body)
            assert refused.json()["code"] == code, refused.text


async def test_a_question_about_no_month_is_refused_by_name(finance: Caller) -> None:
    odd = await finance.get(ROLL_FORWARD, **{"from": "2026-01-02", "to": "2026-02-01"})
    backwards = await finance.get(ROLL_FORWARD, **{"from": "2026-02-01", "to": "2026-01-01"})
    unknown = await finance.get(f"{COHORTS}/sale/January/lots")
    tomorrow = await finance.get(COHORTS, recorded_by="2199-01-01T00:00:00Z")

    assert odd.json()["errors"][0]["pointer"] == "/query/from"
    assert backwards.json()["errors"][0]["pointer"] == "/query/to"
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown-cohort")
    assert tomorrow.json()["errors"][0]["pointer"] == "/query/recorded_by"


async def _allocated(shop: Shop, finance: Caller, name: str) -> int:
    before = await _deferred(finance)
    await shop.buy(cart(line(unit_price=100_000)), name)
    return await _deferred(finance) - before


async def _deferred(finance: Caller) -> int:
    rolled = (await finance.get(ROLL_FORWARD)).json()
    return sum(month["deferred"] for month in rolled["months"])
