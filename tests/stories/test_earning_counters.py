"""Remainders, limits and bands of earning through the API, exact whatever becomes of the orders."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import text

from loyalty.members import Member
from loyalty.orders.upkeep import release_overdue_holds
from tests.stories.test_upkeep import later
from tests.support.api import Caller, Web
from tests.support.requirements import sample
from tests.support.shop import Json, Shop, cart, line, open_programme

STAR: Json = {
    "rule": "star",
    "titles": {"en": "A star for every 50", "zh": "每满50得一星"},
    "effects": [{"effect": "earn", "points": 1, "per": 5000, "remainder": "carry"}],
}


def limited(category: str, **limit: Any) -> Json:
    """Return a point a dollar on goods of a category, with one limit."""
    where = {"fact": "category", "is": category}
    earn = {"effect": "earn", "points": 1, "per": 100, "where": where}
    return {"rule": category.lower(), "effects": [earn], "limits": [{"count": "points", **limit}]}


async def opened(web: Web, checkout: Caller, *rules: Json, members: int = 1) -> tuple[Shop, Member]:
    """Return a shop with these rules and members C-1, C-2 and so on, and the first of them."""
    await web.application.database.write(open_programme, web.cause(), rules)
    joined = [await web.joined(external_id=f"C-{number}") for number in range(1, members + 1)]
    return Shop(web, checkout), joined[0]


async def bought(shop: Shop, price: int, name: str, category: str = "", **more: Any) -> int:
    """Buy something, and return the points it earned."""
    done = await shop.buy(cart(line(unit_price=price, category=category)), name, **more)
    earned: int = done["points_earned"]
    return earned


async def brought_back(shop: Shop, *names: str) -> None:
    """Return the one thing each order had."""
    for name in names:
        await shop.give_back(name, lines=[{"line_id": "1", "quantity": 1}])


async def stand(web: Web) -> Mapping[str, int]:
    """Return where the counters stand, by scope; those at nothing are left out."""
    async with web.application.database.read() as connection:
        rows = await connection.execute(
            text("select scope, sum(used) from benefits.counter group by scope")
        )
        return {scope.split(":")[1]: int(used) for scope, used in rows if used}


async def test_thirty_and_twenty_earn_the_star_at_fifty_and_what_comes_back_takes_its_money_along(
    web: Web, checkout: Caller
) -> None:
    shop, _ = await opened(web, checkout, STAR)

    earned = [await bought(shop, price, f"S-{price}") for price in (3000, 2000, 10_001)]
    assert (earned, await stand(web)) == ([0, 1, 2], {"star": 1})

    await brought_back(shop, "S-3000", "S-10001")
    assert await stand(web) == {"star": -3000}
    assert [await bought(shop, price, f"T-{price}") for price in (2999, 1, 5000)] == [0, 0, 1]

    await brought_back(shop, "S-2000", "T-2999", "T-1", "T-5000")
    assert await stand(web) == {}
    for _again in range(2):
        await shop.buy(cart(line(unit_price=7777)), "S-1")
    assert await stand(web) == {"star": 2777}
    await shop.holds()


async def test_a_star_cut_over_shipments_cancellations_and_returns_comes_back_whole(
    web: Web, checkout: Caller
) -> None:
    shop, who = await opened(web, checkout, STAR)
    await shop.place(cart(line("1", 3, 3333), line("2", 7, 999)), "S-1")  # 16 992

    await shop.complete(shipment="P-1", lines=[{"line_id": "1", "quantity": 2}])
    await shop.cancel(shipment="C-1", lines=[{"line_id": "2", "quantity": 3}])
    await shop.complete(shipment="P-2")
    halfway = await stand(web)
    await shop.give_back(amount=1)
    await shop.give_back(lines=[{"line_id": "2", "quantity": 3}])
    await shop.give_back(lines=[{"line_id": "1", "quantity": 3}, {"line_id": "2", "quantity": 1}])

    assert halfway == {"star": 3 * 3333 + 4 * 999 - 2 * 5000}
    assert await stand(web) == {}
    wallet = await shop.wallet(who)
    assert (wallet.available, wallet.pending, wallet.debt) == (0, 0, 0)
    await shop.holds()


async def test_a_quote_made_before_another_order_cannot_take_its_remainder_twice(
    web: Web, checkout: Caller
) -> None:
    shop, _ = await opened(web, checkout, STAR)
    await bought(shop, 4999, "S-0")
    small = cart(line(unit_price=1))
    quotes = [await shop.quote(small) for _ in range(2)]

    await shop.place(small, "S-1", quote=quotes[0]["quote"])
    refused = await shop.place(small, "S-2", quote=quotes[1]["quote"], status=409)

    assert [quoted["points"]["earn"] for quoted in quotes] == [1, 1]
    assert refused["code"] == "limit-reached"
    assert (await shop.quote(small))["points"]["earn"] == 0
    await shop.holds()


async def test_a_limit_gives_what_is_left_or_nothing_and_what_is_cancelled_or_returned_again(
    web: Web, checkout: Caller
) -> None:
    daily = {"for": "member", "every": "day", "most": 50}
    shop, _ = await opened(
        web,
        checkout,
        limited("PART", **daily),
        limited("NONE", **daily, short="none"),
        limited("ALL", **{"for": "all", "most": 10}),
        members=2,
    )

    for category, second, third in (("PART", 17, 33), ("NONE", 0, 0)):
        names = [f"{category}-{number}" for number in range(4)]
        earned = [await bought(shop, 3333, name, category) for name in names[:2]]
        earned.append(await bought(shop, 3333, names[2], category, who="ext:C-2"))
        await brought_back(shop, names[0])
        earned.append(await bought(shop, 9999, names[3], category))
        assert earned == [33, second, 33, third]

    await shop.place(cart(line("1", 10, 100, category="ALL")), "S-1")
    none_left = await bought(shop, 1000, "S-2", "ALL")
    why = (await shop.quote(cart(line(category="ALL"))))["not_applied"]
    await shop.cancel("S-1", shipment="C", lines=[{"line_id": "1", "quantity": 4}])
    assert (none_left, await bought(shop, 1000, "S-3", "ALL")) == (0, 4)
    assert [(one["rule"], one["code"]) for one in why] == [("all", "limit-reached")]
    assert await stand(web) == {"part": 83, "none": 33, "all": 10}
    await shop.holds()


async def test_many_at_once_get_exactly_what_was_left(web: Web, checkout: Caller) -> None:
    orders = sample(quick=10, full=200)
    shop, _ = await opened(
        web,
        checkout,
        limited("USES", **{"count": "uses", "for": "all", "most": 3}),
        limited("MINE", **{"for": "member", "every": "month", "most": 25}),
        members=orders,
    )

    numbers = range(1, orders + 1)
    everybody = await asyncio.gather(
        *(bought(shop, 1000, f"S-{n}", "USES", who=f"ext:C-{n}") for n in numbers)
    )
    at_many_tills = await asyncio.gather(*(bought(shop, 1000, f"T-{n}", "MINE") for n in numbers))

    assert Counter(everybody) == {10: 3, 0: orders - 3}
    assert Counter(at_many_tills) == {10: 2, 5: 1, 0: orders - 3}
    assert await stand(web) == {"uses": 3, "mine": 25}
    await shop.holds()


async def test_bands_go_on_where_the_month_stands_and_a_hold_that_ran_out_gives_back(
    web: Web, checkout: Caller
) -> None:
    bands = [{"upto": 5000, "points": 1, "per": 100}, {"points": 3, "per": 100}]
    where = {"not": {"fact": "category", "is": "ALL"}}
    effect = {"effect": "earn", "bands": bands, "every": "month", "where": where}
    total = limited("ALL", **{"for": "all", "most": 10})
    shop, who = await opened(web, checkout, {"rule": "bands", "effects": [effect]}, total)

    earned = [await bought(shop, price, f"S-{price}") for price in (3333, 3334)]
    await brought_back(shop, "S-3333")
    again = await bought(shop, 1666, "S-3")

    # 33.33; 16.67 + 3 × 16.67 = 66.68; back to 33.34 spent, 16.66 to the band's end
    assert (earned, again, await stand(web)) == ([33, 66], 16, {"bands": 5000})

    await shop.give(who, 100)
    held = cart(line(unit_price=2000, category="ALL"), points_to_spend=100)
    await shop.place(held, "S-4")
    taken = await stand(web)
    await release_overdue_holds(web.application, later(web, minutes=31))
    assert (taken["all"], await stand(web)) == (10, {"bands": 5000})
    assert (await shop.complete("S-4"))["points_earned"] == 10
    assert (await stand(web))["all"] == 10
    await shop.holds()


async def test_a_claimed_order_keeps_within_limits_and_gives_back_what_returns(
    web: Web, checkout: Caller
) -> None:
    shop, who = await opened(web, checkout, limited("ALL", **{"for": "all", "most": 12}))
    claim = {"member": "ext:C-1", "proof": "same-email"}
    for name in ("G-1", "G-2"):
        await shop.buy(cart(line("1", 2, 500, category="ALL")), name, who=None)
        await shop.post(f"/v1/orders/ext:{name}/claim", claim, status=200)

    assert (await shop.wallet(who)).available == 12
    assert await stand(web) == {"all": 12}
    await shop.give_back("G-1", lines=[{"line_id": "1", "quantity": 1}])
    assert await stand(web) == {"all": 7}
    await shop.holds()
