"""What a return answers: money, points, gifts, and what becomes of points that are gone."""

import pytest

from tests.support.api import Caller, Web
from tests.support.shop import Json, Shop, cart, line


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        ("pending-only", {"clawed": 0, "short": 99, "money": 0, "left": 9, "debt": 0}),
        ("down-to-zero", {"clawed": 2, "short": 97, "money": 0, "left": 7, "debt": 0}),
        ("debt", {"clawed": 9, "short": 90, "money": 0, "left": 0, "debt": 90}),
        ("deducted", {"clawed": 9, "short": 90, "money": 90, "left": 0, "debt": 0}),
    ],
)
async def test_points_that_are_gone_when_their_goods_come_back_go_by_the_policy(
    shop: Shop, web: Web, policy: str, wanted: dict[str, int]
) -> None:
    await shop.policy(shortfall=policy)
    ada = await web.joined(external_id="C-1")
    await shop.buy(cart(line("1", 3, 3_333)), "S-1", priced_by="shop")
    await shop.buy(cart(line(unit_price=834), points_to_spend=97), "S-2")

    thirds = [
        await shop.give_back("S-1", lines=[{"line_id": "1", "quantity": 1}]) for _ in range(3)
    ]

    assert [one["refund_money"] for one in thirds] == [3_333] * 3
    seen = {
        "clawed": sum(one["points_clawed_back"] for one in thirds),
        "short": sum(one["shortfall_points"] for one in thirds),
        "money": sum(one["shortfall_money"] for one in thirds),
    }
    wallet = await shop.wallet(ada)
    assert seen | {"left": wallet.available, "debt": wallet.debt} == wanted
    await shop.holds()


async def test_pending_points_are_taken_back_first_whatever_the_policy(
    shop: Shop, web: Web
) -> None:
    await shop.policy(shortfall="pending-only", pending_days=14)
    ada = await web.joined(external_id="C-1")
    await shop.buy(cart(line("1", 7, 333)))

    back = await shop.give_back(lines=[{"line_id": "1", "quantity": 3}])

    assert (back["points_clawed_back"], back["shortfall_points"]) == (9, 0)
    assert (await shop.wallet(ada)).pending == 14
    await shop.holds()


async def test_a_gift_goes_back_when_nothing_of_what_it_came_with_remains_sold(
    shop: Shop, web: Web
) -> None:
    await web.joined(external_id="C-1")
    order = cart(line("1", 2, 999), line("2", amount=0, gift_with="1"), line("3", 1, 500))
    await shop.buy(order)

    one = await shop.give_back(return_id="R-1", lines=[{"line_id": "1", "quantity": 1}])
    other = await shop.give_back(return_id="R-2", lines=[{"line_id": "3", "quantity": 1}])
    last = await shop.give_back(return_id="R-3", lines=[{"line_id": "1", "quantity": 1}])
    gift = await shop.give_back(return_id="R-4", lines=[{"line_id": "2", "quantity": 1}])
    again = await shop.give_back(return_id="R-3", lines=[{"line_id": "1", "quantity": 1}])

    assert [each["to_return"] for each in (one, other, last, gift)] == [[], [], ["2"], []]
    assert again == last
    unfit = await shop.place(cart(line("1", 1, 9, gift_with="1")), "S-2", status=422)
    dear = cart(line("1"), line("2", 1, 9, gift_with="1"))
    costs = await shop.place(dear, "S-3", status=422)
    assert [each["errors"][0]["pointer"] for each in (unfit, costs)] == [
        *("/order/lines/0/gift_with", "/order/lines/1/gift_with"),
    ]
    conflict = await shop.place(
        cart(line("1", 2, 999), line("2", amount=0), line("3", 1, 500)), status=409
    )
    assert conflict["facts"]["field"] == "gift_with"
    await shop.holds()


async def test_reasons_are_counted_for_consumers_and_guests_by_the_days_of_the_returns(
    shop: Shop, web: Web, finance: Caller
) -> None:
    await web.joined(external_id="C-1")
    await web.joined(external_id="C-9", class_="staff")
    for name, who in (("S-1", "ext:C-1"), ("S-2", None), ("S-3", "ext:C-9")):
        await shop.place(cart(line("1", 3, 333)), name, who=who)
        await shop.complete(name)
        await shop.give_back(name, lines=[{"line_id": "1", "quantity": 2}], reason="damaged")
    body: Json = {"reason": "damaged", "amount": 100}
    await shop.post("/v1/orders/ext:S-1/chargeback", body, status=201)
    await shop.give_back("S-1", lines=[{"line_id": "1", "amount": 33}], reason="late")

    found = await finance.get("/v1/statistics/return-reasons?from=2020-01-01&to=2100-01-01")
    none = await finance.get("/v1/statistics/return-reasons?from=2020-01-01&to=2020-02-01")

    assert [tuple(one.values()) for one in found.json()["items"]] == [
        ("damaged", "return", 2, 2, 4, 1_332, 0, 6),
        ("damaged", "chargeback", 1, 1, 0, 100, 0, 0),
        ("late", "return", 1, 1, 0, 33, 0, 1),
    ]
    assert none.json()["items"] == []
