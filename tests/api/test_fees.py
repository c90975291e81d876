"""The books of fees over HTTP: a paid membership is a liability, and opens down to its charge."""

import pytest

from loyalty.verify import verify
from tests.support.api import Caller, Web
from tests.support.paid_plan import on_plan

ROLL_FORWARD = "/v1/finance/fees/roll-forward"
CHARGES = "/v1/finance/fees/charges"
PLAN = {
    "code": "prime",
    "titles": {"en": "Prime"},
    "prices": [{"code": "yearly", "every": "year", "amount": 40_000, "tax": "inclusive"}],
    "bonus_points": 500,
}


async def test_a_paid_membership_is_a_liability_and_opens_its_charge(
    web: Web, admin: Caller, checkout: Caller, finance: Caller
) -> None:
    id_ = await on_plan(web, admin, checkout, PLAN, days=365, net=36_500, tax=3_500)

    rolled = (await finance.get(ROLL_FORWARD)).json()
    (month,) = rolled["months"]
    (total,) = rolled["totals"]
    first = {"month": rolled["from"], "plan": "prime"}
    (charge,) = (await finance.get(CHARGES, **first)).json()["items"]

    day = (36_500 - month["allocated_to_points"]) / 365
    assert rolled["currency"] == "USD"
    assert total == month | {"plan": None}
    assert (month["opening"], month["billed"], month["tax_billed"]) == (0, 36_500, 3_500)
    assert 0 < month["allocated_to_points"] < 500
    assert abs(month["recognised"] - day) <= 1
    assert charge["moved"] == month
    assert (charge["membership"], charge["reference"]) == (id_, "PAY-1")

    given = {"reference": "RF-1", "charge": "PAY-1", "amount": 40_000, "reason": "withdrawal"}
    back = await checkout.post(f"/v1/memberships/{id_}/refunds", given)
    assert back.status_code == 200, back.text

    (month,) = (await finance.get(ROLL_FORWARD)).json()["totals"]
    (charge,) = (await finance.get(CHARGES, **first)).json()["items"]
    assert month["closing"] == 0
    assert month["refunded"] + month["revenue_reversed"] == 36_500
    assert month["tax_refunded"] == 3_500
    assert [(one["net"], one["tax"]) for one in charge["refunds"]] == [(36_500, 3_500)]
    async with web.application.database.snapshot() as connection:
        assert await verify(connection) == []


async def test_a_list_of_charges_is_of_one_month(
    finance: Caller, subtests: pytest.Subtests
) -> None:
    for query in (
        {"month": "2026-01-02"},
        {"month": "1200-01-01"},
        {},
        {"month": "2026-01-01", "plan": "Prime!"},
    ):
        with subtests.test(str(query)):
            refused = await finance.get(CHARGES, **query)

            assert refused.status_code == 422
            assert refused.json()["code"] == "invalid-request"
