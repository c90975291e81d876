"""Worth it: what a plan takes off orders counts when it ships, and no more when it comes back."""

from datetime import timedelta
from typing import Any

import benefits
from loyalty.cli.plans import lines_of
from loyalty.ids import read, show
from loyalty.savings.simulating import Supposed, simulate_plan
from tests.stories.test_events import publish
from tests.support.api import Caller, Web
from tests.support.paid_plan import on_plan
from tests.support.shop import Shop, cart, line

Json = dict[str, Any]

PRIME: Json = {
    "code": "prime",
    "titles": {"en": "Prime"},
    "prices": [{"code": "monthly", "every": "month", "amount": 990, "tax": "inclusive"}],
}
SHIPS_FREE: Json = {
    "rule": "prime-ships-free",
    "when": {"fact": "plan", "is": "prime"},
    "effects": [{"effect": "free-shipping"}],
}


async def joined(web: Web, admin: Caller, checkout: Caller) -> str:
    """A member with the plan; answers the path of the membership."""
    id_ = await on_plan(web, admin, checkout, PRIME, days=30, net=900, tax=90)
    return f"/v1/memberships/{id_}"


async def test_savings_count_what_was_shipped_and_stayed(
    shop: Shop, web: Web, admin: Caller, checkout: Caller
) -> None:
    here = await joined(web, admin, checkout)
    await publish(admin, SHIPS_FREE)
    nothing = (await checkout.get(f"{here}/savings")).json()

    quoted = await shop.quote(cart(line("1", 2), shipping=590))
    await shop.place(cart(line("1", 2), shipping=590))
    placed = (await checkout.get(f"{here}/savings")).json()
    await shop.complete(shipment="P-1", lines=[{"line_id": "1", "quantity": 1}])
    half = (await checkout.get(f"{here}/savings")).json()
    await shop.complete(shipment="P-2")
    whole = (await checkout.get(f"{here}/savings")).json()
    await shop.give_back(return_id="R-1", lines=[{"line_id": "1", "quantity": 1}])
    less = (await checkout.get(f"{here}/savings")).json()
    await shop.give_back(return_id="R-2", lines=[{"line_id": "1", "quantity": 1}])
    back = (await checkout.get(f"{here}/savings")).json()

    assert (nothing["saved"], nothing["used"], nothing["orders"]) == (0, False, [])
    assert quoted["totals"]["payable"] == 2_000
    assert (placed["saved"], placed["waiting"]) == (0, 590)
    assert (half["saved"], half["waiting"]) == (295, 295)
    assert (whole["saved"], whole["waiting"], whole["used"]) == (590, 0, True)
    assert (less["saved"], back["saved"], back["used"]) == (295, 0, False)
    assert (whole["fee"], whole["currency"]) == (990, "USD")
    assert [one["saved"] for one in back["orders"]] == [590]


async def test_a_plan_is_held_against_what_it_brought(
    shop: Shop, web: Web, admin: Caller, checkout: Caller
) -> None:
    await joined(web, admin, checkout)
    await publish(admin, SHIPS_FREE)
    before = (await admin.get("/v1/plans/prime/figures")).json()
    await shop.buy(cart(shipping=590), "S-1")
    await shop.buy(cart(shipping=590), "S-2")

    told = (await admin.get("/v1/plans/prime/figures")).json()

    people = ("at_start", "joined", "lost", "at_end", "members", "trials_over", "payers")
    assert [told[name] for name in people] == [0, 1, 0, 1, 1, 0, 1]
    assert (before["benefits"], before["gained"]) == (0, 0)
    assert (told["benefits"], told["benefits_per_member"], told["gained"]) == (1_180, 1_180, 1)
    assert told["revenue"] == 30
    assert told["result"] == told["revenue"] - 1_180
    assert (await admin.get("/v1/plans/none/figures")).json()["code"] == "unknown-plan"


async def test_an_order_without_the_plan_saves_nothing(
    shop: Shop, web: Web, admin: Caller, checkout: Caller
) -> None:
    here = await joined(web, admin, checkout)
    await shop.buy(cart(line("1", unit_price=9_000), shipping=590))

    assert (await checkout.get(f"{here}/savings")).json()["orders"] == []
    unknown = await checkout.get("/v1/memberships/ext:NONE/savings")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown-membership")


async def test_a_draft_says_who_would_have_gained_by_joining(
    shop: Shop, web: Web, admin: Caller
) -> None:
    ada, bob = await web.joined(external_id="C-1"), await web.joined(external_id="C-2")
    for number in range(3):
        await shop.buy(cart(line("1", 2), shipping=590), f"S-{number}")
    await shop.give_back("S-0", return_id="R-1", lines=[{"line_id": "1", "quantity": 1}])
    await shop.buy(cart(line(), shipping=590), "S-3", who="ext:C-2")
    await shop.buy(cart(line(), shipping=590), "S-4", who=None)
    made = await admin.post("/v1/rule-drafts", {"rules": [SHIPS_FREE]})
    assert made.status_code == 201, made.text

    now = web.application.clock.now()
    async with web.application.database.snapshot() as connection:
        draft = await benefits.find_rule_draft(connection, read("rdr", made.json()["id"]))
        supposed = Supposed(
            change=draft.change,
            plan="prime",
            fee=990,
            since=now - timedelta(days=365),
            until=now,
        )
        told = await simulate_plan(connection, web.application.programme, supposed)

    assert (told.decided, told.undecided) == (4, 0)
    assert [(one.member, one.orders, one.saved) for one in told.joiners] == [
        (ada.id, 3, 295 + 590 + 590),
        (bob.id, 1, 590),
    ]
    assert [one.member for one in told.gainers] == [ada.id]
    assert (told.brought(told.gainers), told.cost(told.gainers)) == (990, 1_475)
    assert lines_of(told, "USD", 10) == [
        "orders: 4 decided, 0 could not be",
        "members: 2 with orders",
        "would have gained by joining for 9.90 USD: 1",
        "if those had joined: 9.90 USD in fees, 14.75 in benefits, -4.85 left",
        "if all had joined: 19.80 USD in fees, 20.65 in benefits, -0.85 left",
        f"  {show('mem', ada.id)}: 3 orders, 14.75 USD saved",
    ]
