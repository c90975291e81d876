"""The books of fees over HTTP: a paid membership is a liability, and opens down to its charge."""

from datetime import timedelta

import pytest

from loyalty.verify import verify
from tests.support.api import Caller, Web

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
    await web.joined(external_id="C-1")
    now = web.application.clock.now()
    made = await admin.post("/v1/plans", PLAN)
    assert made.status_code == 201, made.text
    joined = await checkout.post(
        "/v1/memberships",
        {
            "member": "ext:C-1",
            "plan": "prime",
            "price": "yearly",
            "reference": "SUB-1",
            "consent": {"text": "prime-terms", "version": "1"},
            "paid": {
                "reference": "PAY-1",
                "from": now.isoformat(),
                "until": (now + timedelta(days=365)).isoformat(),
                "net": 36_500,
                "tax": 3_500,
                "currency": "USD",
            },
        },
    )
    assert joined.status_code == 201, joined.text
    id_ = joined.json()["membership"]["id"]

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
