"""A member on a paid plan that the shop charges for, as the shop reports it."""

from datetime import timedelta
from typing import Any

from tests.support.api import Caller, Web

Json = dict[str, Any]


async def on_plan(
    web: Web,
    admin: Caller,
    checkout: Caller,
    plan: Json,
    *,
    days: int,
    net: int,
    tax: int,
) -> str:
    """Open a plan and let C-1 join it with its first period paid; the id of the membership."""
    await web.joined(external_id="C-1")
    now = web.application.clock.now()
    made = await admin.post("/v1/plans", plan)
    assert made.status_code == 201, made.text
    joined = await checkout.post(
        "/v1/memberships",
        {
            "member": "ext:C-1",
            "plan": plan["code"],
            "price": plan["prices"][0]["code"],
            "reference": "SUB-1",
            "consent": {"text": f"{plan['code']}-terms", "version": "1"},
            "paid": {
                "reference": "PAY-1",
                "from": now.isoformat(),
                "until": (now + timedelta(days=days)).isoformat(),
                "net": net,
                "tax": tax,
                "currency": "USD",
            },
        },
    )
    assert joined.status_code == 201, joined.text
    id_: str = joined.json()["membership"]["id"]
    return id_
