"""The sale of the standard from checkout to the books: deferred, spent and returned to the cent."""

from typing import Any

import pytest_asyncio

from tests.support.api import Caller, Web
from tests.support.shop import Shop, cart, line, open_programme

TEN_POINTS_A_HUNDRED = {
    "rule": "base-earn",
    "titles": {"en": "Ten points a hundred"},
    "effects": [{"effect": "earn", "points": 1, "per": 10}],
}
EXPECTED = {"class": "sale", "method": "history", "reason": "opening", "percent": "95.00"}
MONEY = ("deferred", "recognised_on_spending", "change_of_estimate", "reversed_by_returns")


@pytest_asyncio.fixture
async def store(web: Web, checkout: Caller, finance: Caller) -> Shop:
    """A shop with one rule, a member, and ninety-five per cent expected to be redeemed."""
    await web.application.database.write(open_programme, web.cause(), [TEN_POINTS_A_HUNDRED])
    await web.joined(external_id="C-1")
    signed = await finance.post("/v1/finance/estimates", EXPECTED)
    assert signed.status_code == 201, signed.text
    return Shop(web, checkout)


async def sale(finance: Caller) -> dict[str, Any]:
    """The month's money of class sale."""
    months = (await finance.get("/v1/finance/money/roll-forward")).json()["months"]
    found: dict[str, Any] = next(month for month in months if month["class"] == "sale")
    return found


async def test_the_sale_of_the_standard_is_deferred_spent_and_returned_to_the_cent(
    store: Shop, finance: Caller
) -> None:
    await store.buy(cart(line(unit_price=100_000)), "earning")
    sold = await sale(finance)
    assert [sold[name] for name in MONEY] == [8_676, 0, 0, 0]
    assert (sold["liability"], sold["face_value"]) == (8_676, 10_000)

    paid_with_points = cart(line(unit_price=9_000, earns=False), points_to_spend=4_500)
    await store.buy(paid_with_points, "spending")
    spent = await sale(finance)
    assert [spent[name] for name in MONEY] == [8_676, -4_110, 0, 0]
    assert spent["liability"] == 8_676 - 4_110
    assert (spent["points_used"], spent["used_value"]) == (4_500, 4_500)

    await store.give_back("spending", lines=[{"line_id": "1", "quantity": 1}])
    undone = await sale(finance)
    assert undone["recognition_undone"] == 4_110
    assert undone["liability"] == 8_676

    await store.give_back("earning", lines=[{"line_id": "1", "quantity": 1}])
    returned = await sale(finance)
    assert returned["reversed_by_returns"] == -8_676
    assert (returned["liability"], returned["face_value"]) == (0, 0)
    await store.holds()


async def test_an_order_that_comes_back_after_its_points_were_spent_leaves_no_liability(
    store: Shop, finance: Caller
) -> None:
    await store.buy(cart(line(unit_price=100_000)), "earning")
    whole = cart(line(unit_price=20_000, earns=False), points_to_spend=10_000)
    await store.buy(whole, "spending")
    spent = await sale(finance)

    await store.give_back("earning", lines=[{"line_id": "1", "quantity": 1}])

    returned = await sale(finance)
    assert spent["liability"] == returned["liability"] == returned["closing"] == 0
    assert returned["deferred"] == 8_676
    moved = ("recognised_on_spending", "released_at_cohort_end", "change_of_estimate")
    into_revenue = sum(returned[name] for name in (*moved, "reversed_by_returns"))
    assert into_revenue == -8_676
