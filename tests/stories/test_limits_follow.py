"""What limits and remainders have counted follows members who turn out to be one."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.members import Member
from loyalty.orders.upkeep import release_overdue_holds
from loyalty.vouchers import give_voucher
from tests.stories.test_discount_limits import ten_off
from tests.stories.test_earning_counters import STAR, bought, limited, opened
from tests.stories.test_merging import merge
from tests.stories.test_upkeep import later
from tests.stories.test_voucher_batches import FIVE_OFF, define, publish
from tests.support.api import Caller, Web
from tests.support.shop import cart, line


async def _given(connection: AsyncConnection, cause: Cause, whose: Member) -> str:
    given = await give_voucher(connection, cause, whose, definition="five-off", reason="goodwill")
    return given.code


async def test_limits_and_remainders_of_both_count_for_whom_they_go_on_as(
    web: Web, checkout: Caller, admin: Caller
) -> None:
    most = limited("TEA", **{"for": "member", "every": "month", "most": 10, "short": "partial"})
    shop, ada = await opened(web, checkout, most, STAR, members=3)
    two = (await admin.get("/v1/members/ext:C-2")).json()["id"]
    assert await bought(shop, 333, "S-1", "TEA") == 3
    assert await bought(shop, 555, "S-2", "TEA", who="ext:C-2") == 5
    assert await bought(shop, 4_111, "S-3", who="ext:C-2") == 0

    merged = await admin.post(
        f"/v1/members/{two}/merge", {"into": "ext:C-1", "reason": "same-person"}
    )
    assert merged.status_code == 200, merged.text

    # 8 of 10 are used, and 49.99 stand towards the star
    assert await bought(shop, 777, "S-4", "TEA") == 2 + 1
    assert await bought(shop, 777, "S-5", "TEA") == 0
    assert (await shop.wallet(ada)).available == 3 + 5 + 3
    await shop.holds()


async def test_what_becomes_of_an_order_after_the_merge_moves_the_limits_of_whom_they_go_on_as(
    web: Web, checkout: Caller, admin: Caller
) -> None:
    most = limited("TEA", **{"for": "member", "every": "month", "most": 10, "short": "partial"})
    shop, ada = await opened(web, checkout, most, STAR)
    two, three = [await web.joined(external_id=f"C-{number}") for number in (2, 3)]
    assert await bought(shop, 500, "S-1", "TEA", who="ext:C-3") == 5
    await shop.place(cart(line("1", 3, 100, category="TEA")), "S-2", who="ext:C-3")
    await merge(admin, three, two)
    await merge(admin, two, ada)

    # 8 of 10 are used, of which the cancelled 2 and the returned 5 come back
    await shop.cancel("S-2", shipment="X", lines=[{"line_id": "1", "quantity": 2}])
    assert (await shop.quote(cart(line(unit_price=900, category="TEA"))))["points"]["earn"] == 4
    await shop.complete("S-2")
    await shop.give_back("S-1", lines=[{"line_id": "1", "quantity": 1}])
    assert await bought(shop, 1_100, "S-3", "TEA") == 9
    # 11 and 1 of the 50 to the star stand there
    assert await bought(shop, 3_799, "S-4") == 0
    assert await bought(shop, 1, "S-5") == 1
    await shop.holds()


async def test_a_return_that_names_no_order_finds_what_a_merged_member_bought(
    web: Web, checkout: Caller, admin: Caller
) -> None:
    most = limited("TEA", **{"for": "member", "every": "month", "most": 10, "short": "partial"})
    shop, ada = await opened(web, checkout, most)
    two = await web.joined(external_id="C-2")
    await bought(shop, 400, "S-1", "TEA")
    await bought(shop, 600, "S-2", "TEA", who="ext:C-2")
    await merge(admin, two, ada)
    body = {"member": "ext:C-1", "return_id": "R-1", "lines": [{"sku": "SKU-1", "quantity": 3}]}

    returned = await shop.post("/v1/returns", body, status=201)

    assert [each["refund_money"] for each in returned["orders"]] == [600, 400]
    assert (returned["refund_money"], len(returned["unmatched"])) == (1_000, 1)
    assert (await shop.wallet(ada)).available == 0
    assert await bought(shop, 1_200, "S-3", "TEA") == 10
    again = await shop.post("/v1/returns", body, status=409)
    assert again["code"] == "order-conflict"
    await shop.holds()


async def test_uses_of_vouchers_counted_for_each_member_are_those_of_both(
    web: Web, checkout: Caller, admin: Caller
) -> None:
    shop, ada = await opened(web, checkout)
    two, write = await web.joined(external_id="C-2"), web.application.database.write
    await define(web, uses_per_member=1)
    await write(publish, web.cause(), FIVE_OFF)
    own, other = [await write(_given, web.cause(), whose) for whose in (ada, two)]

    def basket(code: str) -> Any:
        return cart(line(unit_price=2_000), voucher_codes=[code])

    await shop.buy(basket(other), "S-2", who="ext:C-2")
    await merge(admin, two, ada)
    refused = await shop.quote(basket(own))

    assert [each["code"] for each in refused["not_applied"]] == ["voucher-member-limit"]
    await shop.post(
        "/v1/returns",
        {"member": "ext:C-1", "lines": [{"sku": "SKU-1", "quantity": 1}]},
        status=201,
    )
    free = await shop.quote(basket(own))
    assert free["totals"]["discount"] == 500
    await shop.holds()


async def test_what_an_old_order_passes_of_limits_is_told_by_the_counters_of_whom_they_go_on_as(
    web: Web, checkout: Caller, admin: Caller
) -> None:
    once = {"count": "uses", "for": "member", "every": "month", "most": 2}
    shop, ada = await opened(web, checkout, ten_off("sale", limits=[once]))
    two = await web.joined(external_id="C-2")
    basket = cart(line("1", 1, 1000))
    await shop.place(basket, "S-1", who="ext:C-2")
    await release_overdue_holds(web.application, later(web, minutes=31))
    await shop.buy(basket, "S-2", who="ext:C-2")
    await merge(admin, two, ada)
    await shop.buy(basket, "S-3")

    done = await shop.complete("S-1")

    assert done["exceptions"] == ["limit-overrun"]
    await shop.holds()
