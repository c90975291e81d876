"""Codes in numbers: made once, read once, from outside, void as a whole, followed singly."""

import asyncio
import csv
import io
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from loyalty.cause import Cause
from loyalty.ids import read as read_id
from loyalty.issuing import batches
from loyalty.issuing.making import JOB, make_batch
from loyalty.rules import draft_rule, publish_rules
from loyalty.tables import change, name
from loyalty.vouchers import define_voucher
from tests.support.api import Caller, Web
from tests.support.shop import Json, Shop, cart, line

FIVE_OFF: Json = {
    "rule": "five-off",
    "voucher": "five-off",
    "effects": [{"effect": "amount-off", "amount": 500, "target": "order"}],
}


async def publish(connection: AsyncConnection, cause: Cause, rule: Json) -> None:
    """Publish one rule alone."""
    drafted = await draft_rule(connection, cause, rule)
    await publish_rules(connection, cause, [(drafted.rule, drafted.version)])


async def define(web: Web, **said: Any) -> None:
    """Define vouchers of five off."""
    definition = benefits.VoucherDefinition("five-off", {"en": "5 off"}, **said)
    await web.application.database.write(define_voucher, web.cause(), definition)


async def call(
    caller: Caller, path: str, body: Json, status: int = 201, *, key: str = "fresh"
) -> Json:
    """Ask for something and expect its status."""
    answered = await caller.post(f"/v1{path}", body, key=key)
    assert answered.status_code == status, answered.text
    told: Json = answered.json()
    return told


async def read(caller: Caller, path: str) -> Json:
    """Read something."""
    answered = await caller.get(f"/v1{path}")
    assert answered.status_code == 200, answered.text
    told: Json = answered.json()
    return told


async def codes_of(caller: Caller, batch: str) -> list[dict[str, str]]:
    """Read the codes of a batch."""
    answered = await caller.post(f"/v1/voucher-batches/{batch}/codes", {})
    assert answered.status_code == 200, answered.text
    assert answered.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answered.text)))


async def test_a_batch_is_made_once_and_its_codes_are_read_once_by_whoever_asked(
    web: Web, admin: Caller, shop: Shop
) -> None:
    await define(web)
    asked = "/voucher-definitions/five-off/batches"
    batch = await call(admin, asked, {"quantity": 30}, key="B-1")
    again = await call(admin, asked, {"quantity": 30}, key="B-1")
    assert again == batch
    assert (batch["state"], batch["made"], batch["bound"]) == ("made", 30, False)

    other = await web.caller("admin")
    refused = await other.post(f"/v1/voucher-batches/{batch['batch']}/codes", {})
    codes = await codes_of(admin, batch["batch"])
    late = await admin.post(f"/v1/voucher-batches/{batch['batch']}/codes", {})

    assert (refused.status_code, refused.json()["code"]) == (403, "voucher-batch-not-yours")
    assert len({each["code"] for each in codes}) == 30
    assert all(len(benefits.read_code(each["code"])) == 12 for each in codes)
    assert (late.status_code, late.json()["code"]) == (409, "voucher-batch-codes-read")
    async with web.application.database.read() as connection:
        trail = await connection.scalars(
            select(change.c.action).where(change.c.subject == batch["batch"]).order_by(change.c.id)
        )
        assert list(trail) == ["ask", "read-codes"]
        named = select(func.count()).where(name.c.kind == "voucher")
        assert await connection.scalar(named) == 30
    await shop.holds()


async def test_a_large_batch_is_made_by_the_job_and_a_run_that_dies_goes_on_where_it_was(
    web: Web, admin: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    await define(web)
    monkeypatch.setattr(batches, "AT_ONCE", 10)
    monkeypatch.setattr("loyalty.issuing.making.CHUNK", 7)
    batch = await call(admin, "/voucher-definitions/five-off/batches", {"quantity": 20})
    assert (batch["state"], batch["made"]) == ("making", 0)
    one = str(read_id("vbt", batch["batch"]))
    cause = Cause(at=web.cause().at, actor=f"job:{JOB}", request_id="test")
    early = await admin.post(f"/v1/voucher-batches/{batch['batch']}/codes", {})
    assert early.json()["code"] == "voucher-batch-not-made"

    made = await asyncio.gather(*(make_batch(web.application, cause, batch=one) for _ in range(3)))
    again = await make_batch(web.application, cause, batch=one)

    assert sum(made) == 20
    assert again == 0
    stands = await read(admin, f"/voucher-batches/{batch['batch']}")
    assert (stands["batch"]["state"], stands["states"]["issued"]) == ("made", 20)
    assert len(await codes_of(admin, batch["batch"])) == 20


async def test_members_each_get_one_and_one_of_a_batch_may_be_made_void(
    web: Web, admin: Caller, shop: Shop
) -> None:
    await define(web, binding="member")
    for external in ("C-1", "C-2"):
        await web.joined(external_id=external)
    asked = "/voucher-definitions/five-off/batches"
    free = await call(admin, asked, {"quantity": 5}, 422)
    unknown = await call(admin, asked, {"members": ["ext:C-1", "ext:C-9"]}, 404)
    both = await call(admin, asked, {"members": ["ext:C-1"], "quantity": 5}, 422)
    assert free["code"] == "voucher-binding-differs"
    assert unknown["errors"][0]["pointer"] == "/members/1"
    assert both["code"] == "voucher-batch-malformed"

    batch = await call(admin, asked, {"members": ["ext:C-1", "ext:C-2", "ext:C-1"]})
    codes = await codes_of(admin, batch["batch"])
    used, left = codes[0], codes[1]
    whose = {each["member"] for each in codes}
    void = await call(admin, f"/vouchers/{left['code']}/void", {"reason": "mistake"}, 200)

    assert len(whose) == batch["made"] == 2
    assert (void["voucher"]["state"], void["void_reason"]) == ("void", "mistake")
    listed = await read(admin, "/voucher-definitions/five-off/vouchers?state=issued")
    assert [each["member"] for each in listed["items"]] == [used["member"]]
    assert listed["items"][0]["code_ends"] == used["code"][-4:]
    states = (await read(admin, "/voucher-definitions/five-off"))["states"]
    assert (states["issued"], states["void"]) == (1, 1)


async def test_codes_from_outside_are_taken_row_by_row_and_each_bad_one_is_named(
    web: Web, admin: Caller
) -> None:
    await define(web)
    await web.joined(external_id="C-1")
    taken = await call(
        admin, "/voucher-definitions/five-off/imports", {"codes": [{"code": "PARTNER-1"}]}
    )
    assert (taken["taken"], taken["refused"]) == (1, [])
    other = benefits.VoucherDefinition("other", {"en": "Another"})
    await web.application.database.write(define_voucher, web.cause(), other)
    await call(admin, "/voucher-definitions/other/imports", {"codes": [{"code": "PARTNER-0"}]})
    rows: list[Json] = [
        {"code": "PARTNER-2", "member": "ext:C-1", "uses": 3},
        {"code": "PARTNER-0"},
        {"code": "PARTNER-3", "member": "ext:C-9"},
        {"code": "PARTNER-2"},
        {"code": "abc"},
        {"code": "PARTNER-4", "expires_at": "2001-01-01T00:00:00Z"},
        {"code": "PARTNER-5", "amount": 700},
        {"code": "PARTNER-1"},
    ]

    some = await call(admin, "/voucher-definitions/five-off/imports", {"codes": rows})

    assert some["taken"] == some["batch"]["made"] == 2
    assert some["known"] == 1
    assert [(each["row"], each["reason"]) for each in some["refused"]] == [
        (2, "code-taken"),
        (3, "unknown-member"),
        (4, "code-repeated"),
        (5, "code-malformed"),
        (6, "ends-before-it-begins"),
    ]
    mine = await read(admin, "/members/ext:C-1/vouchers")
    assert [(each["code"], each["uses"]) for each in mine["items"]] == [("PARTNER-2", 3)]


async def test_one_code_is_followed_through_orders_and_the_rest_of_a_batch_made_void(
    web: Web, admin: Caller, shop: Shop
) -> None:
    await define(web, uses=2, uses_per_member=1, minimum_order=2000)
    for external in ("C-1", "C-2"):
        await web.joined(external_id=external)
    await web.application.database.write(publish, web.cause(), FIVE_OFF)
    batch = await call(admin, "/voucher-definitions/five-off/batches", {"quantity": 3})
    codes = [each["code"] for each in await codes_of(admin, batch["batch"])]
    mine = codes[0]
    small = cart(line("1", 1, 1000), voucher_codes=[mine])
    large = cart(line("1", 1, 3000), voucher_codes=[mine])

    short = (await shop.quote(small))["not_applied"]
    assert [each["code"] for each in short if each["voucher_code"]] == ["voucher-minimum-not-met"]
    refused = await shop.place(small, status=409)
    assert refused["code"] == "voucher-minimum-not-met"
    assert (refused["facts"]["seen"], refused["facts"]["wanted"]) == (1000, 2000)
    await shop.buy(large, "S-1")
    second = cart(line("1", 1, 3000), voucher_codes=[codes[1]])
    twice = await shop.place(second, "S-2", status=409)
    guest = await shop.place(second, "S-3", who=None, status=409)
    await shop.place(large, "S-4", who="ext:C-2")
    gone = await call(admin, f"/voucher-batches/{batch['batch']}/void", {"reason": "leaked"}, 200)
    again = await call(admin, f"/voucher-batches/{batch['batch']}/void", {"reason": "twice"}, 200)
    await shop.complete("S-4")

    assert (twice["code"], guest["code"]) == ("voucher-member-limit", "voucher-members-only")
    assert (gone["state"], gone["voided"], again["void_reason"]) == ("void", 3, "leaked")
    followed = await read(admin, f"/vouchers/{mine}")
    assert followed["batch"] == batch["batch"]
    assert [each["state"] for each in followed["history"]] == ["redeemed", "redeemed"]
    await shop.holds()


async def test_what_was_used_up_before_its_batch_was_made_void_stays_void_when_it_comes_back(
    web: Web, admin: Caller, shop: Shop
) -> None:
    await define(web)
    await web.joined(external_id="C-1")
    await web.application.database.write(publish, web.cause(), FIVE_OFF)
    batch = await call(admin, "/voucher-definitions/five-off/batches", {"quantity": 2})
    codes = [each["code"] for each in await codes_of(admin, batch["batch"])]
    basket = cart(line("1", 1, 3000), voucher_codes=codes[:1])
    await shop.buy(basket, "S-1")
    reason = {"reason": "leaked"}
    gone = await call(admin, f"/voucher-batches/{batch['batch']}/void", reason, 200)
    stands = (await read(admin, f"/voucher-batches/{batch['batch']}"))["states"]
    assert (gone["voided"], stands["redeemed"], stands["void"]) == (1, 1, 1)

    await shop.give_back("S-1", lines=[{"line_id": "1", "quantity": 1}])

    again = await shop.place(basket, "S-2", status=409)
    assert again["code"] == "voucher-void"
    stands = (await read(admin, f"/voucher-batches/{batch['batch']}"))["states"]
    assert (stands["redeemed"], stands["void"]) == (0, 2)
    await shop.holds()
