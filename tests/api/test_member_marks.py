"""Tags and uploaded lists of members over HTTP, and what rules see of them."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from loyalty.members import Member, lists
from tests.support.api import Caller, Web, mem
from tests.support.shop import Shop, cart, line

TAGGED: dict[str, Any] = {
    "rule": "for-vips",
    "when": {"fact": "tags", "has": "vip"},
    "effects": [{"effect": "amount-off", "amount": 100, "target": "order"}],
}
LISTED: dict[str, Any] = {
    "rule": "for-listed",
    "when": {"fact": "lists", "has": "spring-2026"},
    "effects": [{"effect": "amount-off", "amount": 30, "target": "order"}],
}
LAPSED: dict[str, Any] = {
    "rule": "come-back",
    "when": {"fact": "days-since-last-order", "at-least": 30},
    "effects": [{"effect": "amount-off", "amount": 7, "target": "order"}],
}


async def marks(admin: Caller, who: Member) -> Any:
    """Read a member's tags and lists."""
    return (await admin.get(f"/v1/members/{mem(who)}/tags")).json()


async def told(web: Web, who: Member) -> list[Any]:
    """Return what the feed says of a member's tags."""
    async with web.application.database.read() as connection:
        said = await connection.execute(
            text(
                "select data from loyalty.event where member = :who"
                " and type = 'member.tags-changed' order by sequence"
            ),
            {"who": who.id},
        )
        return list(said.scalars())


async def test_tags_are_set_as_a_whole_and_told_once(web: Web, admin: Caller) -> None:
    ada = await web.joined(external_id="C-1")
    path = "/v1/members/ext:C-1/tags"

    first = await admin.put(path, {"tags": ["vip", "tea-lover", "vip"]})
    again = await admin.put(path, {"tags": ["tea-lover", "vip"]})
    second = await admin.put(path, {"tags": ["vip", "slow-payer"]})

    assert first.json() == again.json() == {"tags": ["tea-lover", "vip"], "lists": []}
    assert second.json() == {"tags": ["slow-payer", "vip"], "lists": []}
    assert await told(web, ada) == [
        {"added": ["tea-lover", "vip"], "removed": []},
        {"added": ["slow-payer"], "removed": ["tea-lover"]},
    ]
    for body, pointer in (({"tags": ["A tag"]}, "/tags/0"), ({"tags": ["a"] * 51}, "/tags")):
        refused = (await admin.put(path, body)).json()
        where = refused["errors"][0]["pointer"]
        assert (refused["code"], where) == ("invalid-request", pointer)


async def test_somebody_joins_with_tags(admin: Caller) -> None:
    body = {"external_id": "C-9", "tags": ["vip", "press"]}
    joined = await admin.post("/v1/members", body)
    again = await admin.post("/v1/members", body)
    other = await admin.post("/v1/members", body | {"tags": ["vip"]})

    read = await admin.get("/v1/members/ext:C-9/tags")
    assert (joined.status_code, again.json()["id"]) == (201, joined.json()["id"])
    assert read.json() == {"tags": ["press", "vip"], "lists": []}
    refused = other.json()
    assert refused["code"] == "joined-with-other-content"
    assert refused["errors"][0]["pointer"] == "/tags"


@pytest.mark.parametrize("at_once", [1, lists.AT_ONCE])
async def test_a_list_is_replaced_by_an_upload_and_names_whom_nobody_knows(
    web: Web, admin: Caller, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(lists, "AT_ONCE", at_once)
    one, two, three = [await web.joined(external_id=f"C-{number}") for number in (1, 2, 3)]
    path = "/v1/member-lists/spring-2026"

    first = (await admin.put(path, {"members": ["C-1", "C-2", "X-9", "X-1", "C-1"]})).json()
    second = (await admin.put(path, {"members": ["C-2", "C-3"]})).json()

    assert (first["added"], first["removed"], first["unknown"]) == (2, 0, ["X-1", "X-9"])
    assert (second["added"], second["removed"], second["unknown"]) == (1, 1, [])
    assert second["member_list"]["members"] == 2
    assert [(await marks(admin, who))["lists"] for who in (one, two, three)] == [
        [],
        ["spring-2026"],
        ["spring-2026"],
    ]
    read = (await admin.get("/v1/member-lists")).json()["items"]
    assert [(each["name"], each["members"], each["retired_at"]) for each in read] == [
        ("spring-2026", 2, None)
    ]


async def test_a_list_that_is_retired_has_nobody_and_may_be_taken_up_again(
    web: Web, admin: Caller
) -> None:
    ada = await web.joined(external_id="C-1")
    path = "/v1/member-lists/spring-2026"
    await admin.put(path, {"members": ["C-1"]})

    retired = (await admin.post(f"{path}/retire", {})).json()
    again = (await admin.post(f"{path}/retire", {})).json()
    nobody = await marks(admin, ada)
    await admin.put(path, {"members": ["C-1"]})

    assert (retired["members"], retired["retired_at"]) == (0, again["retired_at"])
    assert retired["retired_at"] is not None
    assert nobody == {"tags": [], "lists": []}
    assert (await marks(admin, ada))["lists"] == ["spring-2026"]
    unknown = await admin.post("/v1/member-lists/summer/retire", {})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown-member-list")
    malformed = await admin.put("/v1/member-lists/Summer!", {"members": []})
    assert (malformed.status_code, malformed.json()["code"]) == (422, "member-list-malformed")


async def test_a_merge_leaves_tags_and_lists_to_the_survivor(web: Web, admin: Caller) -> None:
    gone, into = await web.joined(external_id="C-1"), await web.joined(external_id="C-2")
    await admin.put("/v1/members/ext:C-1/tags", {"tags": ["vip", "press"]})
    await admin.put("/v1/members/ext:C-2/tags", {"tags": ["vip"]})
    await admin.put("/v1/member-lists/a", {"members": ["C-1", "C-2"]})
    await admin.put("/v1/member-lists/b", {"members": ["C-1"]})

    body = {"into": mem(into), "reason": "same-person"}
    merged = await admin.post(f"/v1/members/{mem(gone)}/merge", body)

    assert merged.status_code == 200, merged.text
    assert await marks(admin, into) == {"tags": ["press", "vip"], "lists": ["a", "b"]}
    uploaded = (await admin.put("/v1/member-lists/b", {"members": ["C-1", "C-2"]})).json()
    assert (uploaded["added"], uploaded["member_list"]["members"]) == (0, 1)


async def test_rules_see_tags_lists_and_the_days_since_the_last_order(
    shop: Shop, web: Web, admin: Caller
) -> None:
    await web.joined(external_id="C-1")
    drafted = {"rules": [TAGGED, LISTED, LAPSED]}
    unknown = (await admin.post("/v1/rule-drafts", drafted)).json()
    await admin.put("/v1/member-lists/spring-2026", {"members": []})
    draft = (await admin.post("/v1/rule-drafts", drafted)).json()
    published = await admin.post(f"/v1/rule-drafts/{draft['id']}/publish", {})
    assert published.status_code in {200, 201}, published.text
    order = cart(line(unit_price=1_000))

    async def payable() -> Any:
        return (await shop.quote(order))["totals"]["payable"]

    bare = await payable()
    await admin.put("/v1/members/ext:C-1/tags", {"tags": ["vip"]})
    tagged = await payable()
    await admin.put("/v1/member-lists/spring-2026", {"members": ["C-1"]})
    listed = await payable()

    long_ago = (web.cause().at - timedelta(days=40)).isoformat()
    await shop.place(order, "S-0", priced_by="shop", placed_at=long_ago)
    lapsed = await payable()
    await shop.buy(order, "S-1")

    assert unknown["code"] == "rule-unknown-reference"
    assert unknown["errors"][0]["pointer"] == "/rules/1/when/has"
    assert (bare, tagged, listed, lapsed) == (1_000, 900, 870, 863)
    async with web.application.database.read() as connection:
        query = "select facts from loyalty.decision order by order_id desc limit 1"
        (facts,) = await connection.scalars(text(query))
    assert (facts["tags"], facts["lists"]) == (["vip"], ["spring-2026"])
    assert facts["days_since_last_order"] == 40
    assert await payable() == 870
