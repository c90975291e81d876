"""The feed and the messages over HTTP."""

import asyncio
import base64
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from jsonschema_rs import validator_for

from loyalty.ids import show
from loyalty.outbox import relay_events
from tests.support.api import Caller, Web, mem
from tests.support.mailing import open_ladder

PATIENCE = 120.0


async def feed(caller: Caller, count: int, after: str | None = None) -> Mapping[str, Any]:
    """Ask until so many events are settled; other tests' transactions may hold the feed back."""
    query = {} if after is None else {"after": after}
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = await caller.get("/v1/changes", **query)
            assert answer.status_code == 200, answer.text
            told: Mapping[str, Any] = answer.json()
            if len(told["items"]) >= count:
                return told
            await asyncio.sleep(0.02)


async def test_the_feed_is_followed_by_its_cursor(web: Web, checkout: Caller) -> None:
    joined = [await web.joined(external_id=f"C-{number}") for number in range(3)]
    whole = await feed(checkout, 3)

    first = (await checkout.get("/v1/changes", limit=2)).json()
    second = (await checkout.get("/v1/changes", after=first["next"])).json()
    third = (await checkout.get("/v1/changes", after=second["next"])).json()

    assert [each["member"] for each in whole["items"]] == [mem(member) for member in joined]
    assert [*first["items"], *second["items"]] == whole["items"]
    assert (first["more"], second["more"], third["more"]) == (True, False, False)
    assert (third["items"], third["next"]) == ([], second["next"])
    event = whole["items"][0]
    assert (event["type"], event["data"], event["sequence"]) == (
        "member.joined",
        {"class": "consumer"},
        1,
    )


async def test_an_empty_feed_has_no_cursor_yet(checkout: Caller) -> None:
    assert (await checkout.get("/v1/changes")).json() == {"items": [], "next": None, "more": False}


async def test_a_cursor_that_is_none_and_one_whose_event_is_gone_are_told_apart(
    web: Web, checkout: Caller
) -> None:
    await web.joined()
    await feed(checkout, 1)
    behind = base64.urlsafe_b64encode(f"1.1.1.{UUID(int=7).hex}".encode()).decode().rstrip("=")

    malformed = await checkout.get("/v1/changes", after="nonsense")
    lost = await checkout.get("/v1/changes", after=behind)

    assert (malformed.status_code, malformed.json()["code"]) == (422, "feed-cursor-malformed")
    assert (lost.status_code, lost.json()["code"]) == (410, "feed-cursor-lost")


async def test_every_event_of_an_order_s_life_is_as_its_published_schema_says(
    web: Web, checkout: Caller
) -> None:
    await web.joined(external_id="C-1")
    schemas = (await checkout.get("/v1/changes/schemas")).json()["items"]
    cart = {
        "currency": "USD",
        "lines": [{"line_id": "1", "sku": "A", "quantity": 2, "unit_price": 500}],
    }
    placed = {"order_id": "O-1", "member": "ext:C-1", "priced_by": "shop", "order": cart}
    steps = [
        ("/v1/orders", placed),
        ("/v1/orders/ext:O-1/paid", {}),
        ("/v1/orders/ext:O-1/complete", {"shipment": "1"}),
        (
            "/v1/orders/ext:O-1/returns",
            {"return_id": "R", "lines": [{"line_id": "1", "quantity": 1}]},
        ),
    ]
    for path, body in steps:
        answer = await checkout.post(path, body)
        assert answer.status_code in {200, 201}, answer.text

    told = (await feed(checkout, 5))["items"]

    assert [each["type"] for each in told] == [
        *("member.joined", "order.placed", "order.paid", "order.completed", "order.returned"),
    ]
    by_type = {each["type"]: each for each in schemas}
    for each in told:
        published = by_type[each["type"]]
        assert each["schema_version"] == published["schema_version"]
        assert list(validator_for(published["schema"]).iter_errors(each["data"])) == []


async def test_an_order_that_reaches_a_tier_says_so_and_the_member_is_told(
    web: Web, checkout: Caller
) -> None:
    await web.application.database.write(open_ladder, web.cause())
    await web.joined(external_id="C-1")
    line = {"line_id": "1", "sku": "A", "quantity": 1, "unit_price": 12_000}
    cart = {"currency": "USD", "lines": [line]}
    placed = {"order_id": "O-1", "member": "ext:C-1", "priced_by": "shop", "order": cart}
    back = {"return_id": "R", "lines": [{"line_id": "1", "quantity": 1}]}

    await checkout.post("/v1/orders", placed)
    await checkout.post("/v1/orders/ext:O-1/complete", {"shipment": "1"})
    await checkout.post("/v1/orders/ext:O-1/returns", back)
    told = (await feed(checkout, 4))["items"]
    await _relay(web, 2)

    assert [each["data"].get("tier") for each in told[2:]] == [
        {"before": "standard", "after": "silver"},
        {"before": "silver", "after": "standard"},
    ]
    messages = (await checkout.get("/v1/messages", member="ext:C-1")).json()["items"]
    assert [each["template"] for each in messages] == ["tier-downgraded", "tier-upgraded"]


async def test_messages_are_listed_found_and_reported_as_told_by_the_shop(
    web: Web, admin: Caller, checkout: Caller
) -> None:
    member = await web.joined(external_id="C-1")
    other = await web.joined(external_id="C-2")
    for caller, whose in ((admin, "C-1"), (admin, "C-1"), (admin, "C-2")):
        answer = await caller.post("/v1/voucher-definitions", _DEFINITION)
        assert answer.status_code in {200, 201}, answer.text
        given = await caller.post(
            f"/v1/members/ext:{whose}/vouchers", {"definition": "five-off", "reason": "goodwill"}
        )
        assert given.status_code == 201, given.text
    await feed(checkout, 5)
    await _relay(web, 3)

    listed = (await checkout.get("/v1/messages", limit=2)).json()
    rest = (await checkout.get("/v1/messages", limit=2, after=listed["next"])).json()
    of_one = (await admin.get("/v1/messages", member="ext:C-2", state="skipped")).json()
    one = of_one["items"][0]
    found = (await checkout.get(f"/v1/messages/{one['id']}")).json()
    told = await checkout.post(f"/v1/messages/{one['id']}/told", {})
    again = await checkout.post(f"/v1/messages/{one['id']}/told", {})
    first = rest["items"][0]
    early = await checkout.post(
        f"/v1/messages/{first['id']}/told", {"told_at": "2020-01-01T00:00:00Z"}
    )
    unsent = await admin.post(f"/v1/messages/{one['id']}/resend", {})
    resent = await admin.post(f"/v1/messages/{first['id']}/resend", {})
    unknown = await admin.get("/v1/messages/msg_nothing")

    assert {each["reason"] for each in [*listed["items"], *rest["items"]]} == {"mail-off"}
    assert len(listed["items"]) + len(rest["items"]) == 3
    assert [each["member"] for each in of_one["items"]] == [mem(other)]
    assert found == one
    assert (told.json()["state"], told.json()["reason"]) == ("sent", "told-by-shop")
    assert again.json()["sent_at"] == told.json()["sent_at"]
    assert (early.status_code, early.json()["code"]) == (422, "told-too-early")
    assert (unsent.status_code, unsent.json()["code"]) == (409, "message-stands")
    assert (resent.json()["state"], resent.json()["reason"]) == ("queued", None)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown-message")
    trail = (await admin.get("/v1/audit", subject_kind="message")).json()["items"]
    assert [each["action"] for each in trail] == ["resend", "report-told"]
    assert {each["member"] for each in trail} == {show("mem", member.id), mem(other)}


_DEFINITION = {"name": "five-off", "titles": {"en": "5 off"}, "valid_for_days": 30}


async def _relay(web: Web, count: int) -> None:
    """Relay until so many messages are made."""
    async with asyncio.timeout(PATIENCE):
        made = 0
        while made < count:
            made += await relay_events(web.application, web.cause())
            await asyncio.sleep(0.02)
