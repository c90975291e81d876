"""Vouchers of members who turn out to be one: each is there once, and what comes back is theirs."""

import asyncio

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.members import Member, Ref
from loyalty.members.merging import merge_members
from tests.stories.test_merging import merge
from tests.stories.test_voucher_batches import FIVE_OFF, call, codes_of, define, publish, read
from tests.support.api import Caller, Web, mem
from tests.support.shop import Json, Shop, cart, line
from tests.support.waiting import until_blocked

BATCHES = "/voucher-definitions/five-off/batches"
ONE = [{"line_id": "1", "quantity": 1}]


@pytest_asyncio.fixture
async def members(web: Web) -> list[Member]:
    """Ada, and two more who are her."""
    await define(web, uses=3)
    await web.application.database.write(publish, web.cause(), FIVE_OFF)
    return [await web.joined(external_id=f"C-{number}") for number in (1, 2, 3)]


def basket(code: str) -> Json:
    """Return a cart that uses a code."""
    return cart(line(unit_price=2_000), voucher_codes=[code])


async def given(admin: Caller, whose: int) -> tuple[str, str]:
    """Make a batch of one code for a member; return both."""
    batch = await call(admin, BATCHES, {"members": [f"ext:C-{whose}"]})
    listed = await read(admin, f"/members/ext:C-{whose}/vouchers")
    return batch["batch"], listed["items"][0]["code"]


async def slow_merge(
    connection: AsyncConnection,
    web: Web,
    gone: Member,
    into: Member,
    *,
    done: asyncio.Event,
    may_commit: asyncio.Event,
) -> None:
    """Merge two members, and hold their rows until it may be committed."""
    refs = [Ref("member", str(each.id), id=each.id) for each in (gone, into)]
    await merge_members(connection, web.cause(), *refs, reason="same-person")
    done.set()
    await may_commit.wait()


async def test_a_code_that_passed_on_is_listed_and_counted_once_for_whom_it_passed_to(
    web: Web, shop: Shop, admin: Caller, members: list[Member]
) -> None:
    ada, two, three = members
    batch, code = await given(admin, 3)
    await shop.buy(basket(code), "S-1", who="ext:C-3")
    await merge(admin, three, two)
    await merge(admin, two, ada)

    codes = await codes_of(admin, batch)
    listed = await read(admin, "/voucher-definitions/five-off/vouchers")
    of_batch = await read(admin, f"/voucher-batches/{batch}")
    defined = await read(admin, "/voucher-definitions/five-off")

    assert [(each["code"], each["member"]) for each in codes] == [(code, mem(ada))]
    assert [(each["member"], each["state"]) for each in listed["items"]] == [(mem(ada), "issued")]
    assert {name: count for name, count in of_batch["states"].items() if count} == {"issued": 1}
    assert {name: count for name, count in defined["states"].items() if count} == {"issued": 1}
    await shop.holds()


async def test_what_old_orders_give_back_of_vouchers_is_had_by_whom_the_member_goes_on_as(
    web: Web, shop: Shop, admin: Caller, members: list[Member]
) -> None:
    ada, two, three = members
    _, code = await given(admin, 3)
    await shop.buy(basket(code), "S-1", who="ext:C-3")
    await shop.place(basket(code), "S-2", who="ext:C-3")
    await shop.buy(basket(code), "S-3", who="ext:C-3")
    await merge(admin, three, two)
    await merge(admin, two, ada)
    used_up = await shop.place(basket(code), "S-4", status=409)
    assert used_up["code"] == "voucher-not-yours", "nothing was left to pass on"

    await shop.cancel("S-2")
    await shop.give_back("S-1", lines=ONE)

    for name in ("S-5", "S-6"):
        await shop.buy(basket(code), name)
    gone = await shop.place(basket(code), "S-7", status=409)
    assert gone["code"] == "voucher-used-up"
    batch = (await read(admin, f"/vouchers/{code}"))["batch"]
    await call(admin, f"/voucher-batches/{batch}/void", {"reason": "leaked"}, 200)
    await shop.give_back("S-3", lines=ONE)
    await shop.give_back("S-5", lines=ONE)
    void = await shop.place(basket(code), "S-8", status=409)
    assert void["code"] == "voucher-void"
    await shop.holds()


@pytest.mark.parametrize("alone", [True, False], ids=["one", "its batch"])
async def test_what_is_made_void_during_a_merge_is_void_for_whom_it_passed_to(
    web: Web, shop: Shop, admin: Caller, members: list[Member], *, alone: bool
) -> None:
    ada, two, _ = members
    batch, code = await given(admin, 2)
    database = web.application.database
    passed, may_commit = asyncio.Event(), asyncio.Event()
    work = database.write(slow_merge, web, two, ada, done=passed, may_commit=may_commit)
    merging = asyncio.create_task(work)
    await passed.wait()
    path = f"/vouchers/{code}/void" if alone else f"/voucher-batches/{batch}/void"
    voiding = asyncio.create_task(call(admin, path, {"reason": "leaked"}, 200))
    await until_blocked(database)
    may_commit.set()
    await asyncio.gather(merging, voiding)

    refused = await shop.place(basket(code), "S-1", status=409)
    assert refused["code"] == "voucher-void"
    assert (await read(admin, f"/vouchers/{code}"))["void_reason"] == "leaked"
    await shop.holds()


async def test_codes_that_are_made_or_brought_in_during_a_merge_are_for_whom_the_member_goes_on_as(
    web: Web, shop: Shop, admin: Caller, members: list[Member]
) -> None:
    ada, two, _ = members
    database = web.application.database
    merged, may_commit = asyncio.Event(), asyncio.Event()
    outside = {"codes": [{"code": "PARTNER-1", "member": "ext:C-2"}]}

    async def making() -> None:
        await merged.wait()
        await asyncio.gather(
            call(admin, BATCHES, {"members": ["ext:C-2"]}),
            call(admin, "/voucher-definitions/five-off/imports", outside),
        )

    made = asyncio.create_task(making())
    work = database.write(slow_merge, web, two, ada, done=merged, may_commit=may_commit)
    merging = asyncio.create_task(work)
    await merged.wait()
    await until_blocked(database, 2)
    may_commit.set()
    await asyncio.gather(merging, made)

    listed = (await read(admin, "/members/ext:C-1/vouchers"))["items"]
    assert len(listed) == 2
    for number, each in enumerate(listed):
        await shop.buy(basket(each["code"]), f"S-{number}")
    await shop.holds()
