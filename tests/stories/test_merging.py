"""Two members found to be one: what either had goes on, and nothing of it twice."""

from typing import Any

from sqlalchemy import text

from loyalty.ids import read
from loyalty.members import Member
from loyalty.orders.listing import orders_of
from tests.support.api import Caller, Web, mem
from tests.support.shop import Shop, cart, line


async def merge(admin: Caller, gone: Member, into: Member, status: int = 200) -> Any:
    answered = await admin.post(
        f"/v1/members/{mem(gone)}/merge", {"into": mem(into), "reason": "same-person"}
    )
    assert answered.status_code == status, answered.text
    return answered.json()


async def test_points_names_and_tier_go_on_under_one_member(
    shop: Shop, web: Web, admin: Caller
) -> None:
    ada = await web.joined(external_id="C-1", email="ada@example.org", language="en")
    two = await web.joined(external_id="C-2", email="ada@work.example", phone="+41 44 123 45 67")
    await shop.give(ada, 100)
    await shop.give(two, 30)
    await shop.buy(cart(line(unit_price=9_000)), "S-1")
    await shop.buy(cart(line(unit_price=9_000)), "S-2", who="ext:C-2")

    merged = await merge(admin, two, ada)

    assert merged == {
        "id": mem(two),
        "into": mem(ada),
        "points": {"points": 30 + 81},
        "debt": {"points": 0},
        "vouchers": 0,
    }
    assert (await shop.wallet(ada)).available == 100 + 81 + 30 + 81
    assert (await shop.wallet(two)).available == 0
    for name in (mem(two), "ext:C-2", "ext:C-1"):
        read = (await admin.get(f"/v1/members/{name}")).json()
        assert (read["id"], read["email"]) == (mem(ada), "ada@example.org")
        assert (read["phone"], read["external_ids"]) == ("+41 44 123 45 67", ["C-1", "C-2"])
        wallet = (await admin.get(f"/v1/members/{name}/wallet")).json()
        assert (wallet["member"], wallet["available"]) == (mem(ada), 292)
    for query in ({"email": "ada@work.example"}, {"phone": "0041441234567"}, {"order": "S-2"}):
        found = (await admin.get("/v1/members", **query)).json()["items"]
        assert [one["id"] for one in found] == [mem(ada)], query
    tier = (await admin.get(f"/v1/members/{mem(ada)}/tier")).json()
    assert tier["tier"] == "silver"
    async with web.application.database.read() as connection:
        theirs = await orders_of(connection, ada.id, limit=10)
    assert [one.external_id for one in theirs] == ["S-2", "S-1"]
    await shop.holds()


async def test_a_first_order_is_had_once_and_a_chain_of_merges_leads_to_its_end(
    shop: Shop, web: Web, admin: Caller
) -> None:
    ada, two, three = [await web.joined(external_id=f"C-{number}") for number in (1, 2, 3)]
    await shop.buy(cart(), "S-1", who="ext:C-3")

    await merge(admin, three, two)
    await merge(admin, two, ada)

    assert (await admin.get(f"/v1/members/{mem(three)}")).json()["id"] == mem(ada)
    placed = await shop.place(cart(), "S-2", who=mem(three))
    async with web.application.database.read() as connection:
        order = read("ord", placed["order"])
        query = text("select facts from loyalty.decision where order_id = :order")
        facts = await connection.scalar(query, {"order": order})
    assert facts["order_count"] == 1, facts
    returned = await shop.give_back("S-1", lines=[{"line_id": "1", "quantity": 1}])
    assert returned["points_clawed_back"] == 10
    assert (await shop.wallet(ada)).available == 0
    await shop.holds()


async def test_orders_of_the_merged_member_go_on_and_count_for_the_survivor(
    shop: Shop, web: Web, admin: Caller
) -> None:
    ada, two = await web.joined(external_id="C-1"), await web.joined(external_id="C-2")
    await shop.buy(cart(line("1", 2, 5_000)), "S-1", who="ext:C-2")
    await shop.place(cart(line("1", 1, 20_000)), "S-2", who="ext:C-2")
    await merge(admin, two, ada)
    before = (await shop.wallet(ada)).available

    completed = await shop.complete("S-2")
    returned = await shop.give_back("S-1", lines=[{"line_id": "1", "quantity": 1}])

    assert (completed["points_earned"], returned["points_clawed_back"]) == (180, 45)
    assert (await shop.wallet(ada)).available == before + 180 - 45
    assert (await shop.wallet(two)).available == 0
    tier = (await admin.get(f"/v1/members/{mem(ada)}/tier")).json()
    assert tier["tier"] == "silver"
    again = await shop.complete("S-2")
    assert again["points_earned"] == 180
    assert (await shop.wallet(ada)).available == before + 180 - 45
    await shop.holds()


async def test_writes_by_the_old_id_mean_the_survivor(shop: Shop, web: Web, admin: Caller) -> None:
    ada, two = await web.joined(external_id="C-1"), await web.joined(external_id="C-2")
    await merge(admin, two, ada)

    given = await admin.post(
        f"/v1/members/{mem(two)}/adjustments", {"points": 5, "reason": "goodwill"}
    )
    placed = await shop.place(cart(), "S-9", who=mem(two), priced_by="shop")

    refused = await shop.quote(cart(), who=mem(two), status=409)
    assert (refused["code"], mem(ada) in refused["detail"]) == ("member-merged", True)
    assert given.status_code == 201, given.text
    found = (await admin.get("/v1/members", order="S-9")).json()["items"]
    assert (placed["priced_by"], [one["id"] for one in found]) == ("shop", [mem(ada)])
    assert (await shop.wallet(ada)).available == 5
    await shop.holds()


async def test_merging_again_changes_nothing(shop: Shop, web: Web, admin: Caller) -> None:
    ada, two = await web.joined(external_id="C-1"), await web.joined(external_id="C-2")
    await shop.give(two, 30)
    await merge(admin, two, ada)

    again = await merge(admin, two, ada)

    assert again["points"] == {}
    assert (await shop.wallet(ada)).available == 30


async def test_a_merge_is_refused_by_name_and_then_nothing_moved(
    shop: Shop, web: Web, admin: Caller
) -> None:
    ada, two = await web.joined(external_id="C-1"), await web.joined(external_id="C-2")
    third = await web.joined(external_id="C-3")
    blocked = await web.joined(external_id="C-4", class_="blocked")
    closed = await web.joined(external_id="C-5")
    await admin.patch(f"/v1/members/{mem(closed)}", {"closed": True})
    await shop.give(two, 5_000)
    await shop.place(cart(line(unit_price=1_000), points_to_spend=500), "S-1", who="ext:C-2")

    assert (await merge(admin, ada, ada, 422))["code"] == "merge-with-itself"
    assert (await merge(admin, two, ada, 409))["code"] == "holds-open"
    assert (await merge(admin, blocked, ada, 409))["code"] == "member-blocked"
    assert (await merge(admin, ada, blocked, 409))["code"] == "member-blocked"
    assert (await merge(admin, ada, closed, 409))["code"] == "member-closed"
    await merge(admin, third, ada)
    assert (await merge(admin, third, two, 409))["code"] == "member-merged"
    assert (await merge(admin, two, third, 409))["code"] == "member-merged"

    wallet = await shop.wallet(two)
    assert (wallet.available, wallet.held) == (4_500, 500)
    assert (await admin.get(f"/v1/members/{mem(two)}")).json()["id"] == mem(two)
    await shop.holds()


async def test_vouchers_pass_on_and_a_birthday_comes_once_a_year(
    shop: Shop, web: Web, admin: Caller
) -> None:
    ada, two = await web.joined(external_id="C-1"), await web.joined(external_id="C-2")
    definition = {"name": "five-off", "titles": {"en": "Five off"}, "valid_for_days": 30}
    assert (await admin.post("/v1/voucher-definitions", definition)).status_code == 201
    given = await admin.post(
        f"/v1/members/{mem(two)}/vouchers", {"definition": "five-off", "reason": "goodwill"}
    )
    assert given.status_code == 201, given.text

    merged = await merge(admin, two, ada)

    assert merged["vouchers"] == 1
    listed = (await admin.get(f"/v1/members/{mem(ada)}/vouchers")).json()["items"]
    assert [one["code"] for one in listed] == [given.json()["code"]]
    assert listed[0]["state"] == "issued"
    await shop.holds()


async def test_debt_goes_along_and_is_repaid_by_what_the_survivor_has(
    shop: Shop, web: Web, admin: Caller
) -> None:
    ada, two = await web.joined(external_id="C-1"), await web.joined(external_id="C-2")
    await shop.buy(cart(line(unit_price=10_000)), "S-1", who="ext:C-2")
    taken = await admin.post(
        f"/v1/members/{mem(two)}/adjustments", {"points": -90, "reason": "correction"}
    )
    assert taken.status_code == 201
    await shop.give_back("S-1", lines=[{"line_id": "1", "quantity": 1}])
    await shop.give(ada, 100)
    assert (await shop.wallet(two)).debt == 90

    merged = await merge(admin, two, ada)

    assert merged["debt"] == {"points": 90}
    wallet = await shop.wallet(ada)
    assert (wallet.available, wallet.debt) == (10, 0)
    await shop.holds()


async def test_the_feed_and_the_trail_tell_of_a_merge_on_both_sides(
    web: Web, admin: Caller
) -> None:
    ada, two = await web.joined(external_id="C-1"), await web.joined(external_id="C-2")

    await merge(admin, two, ada)

    for one, action in ((two, "merge"), (ada, "absorb")):
        trail = (await admin.get("/v1/audit", subject_kind="member", subject=str(one.id))).json()[
            "items"
        ]
        assert action in [row["action"] for row in trail]
