"""A write repeated under its key happens once, and says so."""

import asyncio

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.api import Caller, Web
from tests.support.waiting import until_blocked

ADJUST = "/v1/members/ext:C-1/adjustments"
GIVE = {"points": 100, "reason": "goodwill"}


async def test_a_repeated_write_gets_the_same_bytes_and_happens_once(
    web: Web, admin: Caller
) -> None:
    await web.joined(external_id="C-1")

    first = await admin.post(ADJUST, GIVE, key="once")
    again = await admin.post(ADJUST, GIVE, key="once")

    assert first.status_code == 201, first.text
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await _available(admin) == 100


async def test_the_order_of_fields_does_not_make_another_request(web: Web, admin: Caller) -> None:
    await web.joined(external_id="C-1")

    first = await admin.post(ADJUST, b'{"points": 5, "reason": "other"}', key="once")
    again = await admin.post(ADJUST, b'{ "reason":"other","points":5}', key='"once"')

    assert again.content == first.content


async def test_the_same_key_with_another_body_is_refused(web: Web, admin: Caller) -> None:
    await web.joined(external_id="C-1")
    await admin.post(ADJUST, GIVE, key="once")

    other = await admin.post(ADJUST, {**GIVE, "points": 200}, key="once")

    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert await _available(admin) == 100


async def test_the_same_key_of_another_caller_or_operation_is_another_key(
    web: Web, admin: Caller
) -> None:
    await web.joined(external_id="C-1")
    other = await web.caller("admin")

    answers = [
        await admin.post(ADJUST, GIVE, key="once"),
        await other.post(ADJUST, GIVE, key="once"),
        await admin.post("/v1/members", {"external_id": "C-2"}, key="once"),
    ]

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert await _available(admin) == 200


async def test_a_write_that_moves_value_needs_a_key(web: Web, admin: Caller) -> None:
    await web.joined(external_id="C-1")

    without = await admin.post(ADJUST, GIVE, key=None)
    endless = await admin.post(ADJUST, GIVE, key="k" * 256)
    unreadable = await admin.post(ADJUST, GIVE, key="a\tb")

    assert (without.status_code, without.json()["code"]) == (400, "idempotency-key-missing")
    assert (endless.status_code, endless.json()["code"]) == (400, "idempotency-key-invalid")
    assert (unreadable.status_code, unreadable.json()["code"]) == (400, "idempotency-key-invalid")
    assert await _available(admin) == 0


async def test_a_business_refusal_is_remembered_even_when_luck_changes(
    web: Web, admin: Caller
) -> None:
    await web.joined(external_id="C-1")
    take = {"points": -50, "reason": "correction"}

    refused = await admin.post(ADJUST, take, key="take")
    await admin.post(ADJUST, GIVE)
    again = await admin.post(ADJUST, take, key="take")

    assert (refused.status_code, refused.json()["code"]) == (409, "insufficient-points")
    assert (again.status_code, again.content) == (409, refused.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["content-type"] == "application/problem+json"
    assert await _available(admin) == 100


async def test_a_body_that_cannot_be_read_burns_no_key(web: Web, admin: Caller) -> None:
    await web.joined(external_id="C-1")

    await admin.post(ADJUST, {"points": "x"}, key="once")
    mended = await admin.post(ADJUST, GIVE, key="once")

    assert mended.status_code == 201


async def test_fifty_requests_with_one_key_happen_once(web: Web, admin: Caller) -> None:
    await web.joined(external_id="C-1")

    answers = await asyncio.gather(*(admin.post(ADJUST, GIVE, key="once") for _ in range(50)))

    done = [answer for answer in answers if answer.status_code == 201]
    busy = [answer for answer in answers if answer.status_code == 409]
    assert len(done) + len(busy) == 50
    assert done
    assert len({answer.content for answer in done}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in done) == 1
    assert {answer.json()["code"] for answer in busy} <= {"idempotency-in-progress"}
    assert all(answer.headers["Retry-After"] == "1" for answer in busy)
    assert await _available(admin) == 100


async def test_a_key_in_flight_is_answered_at_once(web: Web, admin: Caller) -> None:
    member = await web.joined(external_id="C-1")
    held, proceed = asyncio.Event(), asyncio.Event()

    async def hold(connection: AsyncConnection) -> None:
        lock = text("select from loyalty.member where id = :id for update")
        await connection.execute(lock, {"id": member.id})
        held.set()
        await proceed.wait()

    holding = asyncio.create_task(web.application.database.write(hold))
    await held.wait()
    slow = asyncio.create_task(admin.post(ADJUST, GIVE, key="once"))
    await until_blocked(web.application.database)
    second = await admin.post(ADJUST, GIVE, key="once")
    assert not slow.done()
    proceed.set()
    await holding

    assert (second.status_code, second.json()["code"]) == (409, "idempotency-in-progress")
    assert (await slow).status_code == 201


async def test_a_commit_that_fails_gives_no_success_and_burns_no_key(
    web: Web, checkout: Caller, owner_connection: AsyncConnection
) -> None:
    await owner_connection.execute(
        text(
            "create function loyalty.refuse() returns trigger language plpgsql as"
            " $$ begin raise exception 'at commit' using errcode = 'check_violation'; end $$"
        )
    )
    await owner_connection.execute(
        text(
            "create constraint trigger refuse_at_commit after insert on loyalty.member"
            " deferrable initially deferred for each row execute function loyalty.refuse()"
        )
    )

    failed = await checkout.post("/v1/members", {"external_id": "C-1"}, key="once")

    assert (failed.status_code, failed.json()["code"]) == (500, "internal-error")
    assert "commit" not in failed.json()["detail"]
    assert (await checkout.get("/v1/members/ext:C-1")).status_code == 404
    await owner_connection.execute(text("drop trigger refuse_at_commit on loyalty.member"))
    mended = await checkout.post("/v1/members", {"external_id": "C-1"}, key="once")
    assert mended.status_code == 201
    assert "Idempotency-Replayed" not in mended.headers


async def test_a_revoked_key_is_refused_at_once_even_where_it_is_remembered(
    web: Web, admin: Caller
) -> None:
    await web.joined(external_id="C-1")
    other = await web.caller("admin")
    assert (await other.post(ADJUST, GIVE)).status_code == 201
    keys = (await admin.get("/v1/keys")).json()["items"]
    (mine,) = [key["id"] for key in keys if key["prefix"] in other.key]

    remembered = dict(web.application.keys._seen)
    await admin.delete(f"/v1/keys/{mine}")
    web.application.keys._seen.update(remembered)  # as another process would still have it
    refused = await other.post(ADJUST, GIVE)

    assert (refused.status_code, refused.json()["code"]) == (401, "key-ended")
    assert await _available(admin) == 100


async def _available(caller: Caller) -> int:
    wallet = await caller.get("/v1/members/ext:C-1/wallet")
    available: int = wallet.json()["available"]
    return available
