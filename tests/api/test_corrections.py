"""What people do to wallets by hand: done once, for a reason, and refused by name."""

from datetime import timedelta
from typing import Any

import ledger
from loyalty.ids import new_id, show
from loyalty.members import Member
from tests.support.api import Caller, Web, mem

ASSETS = {"growth": {"names": {"en": "growth", "zh": "成长值"}, "expiry": {"kind": "never"}}}


async def posted(web: Web, whose: Member, posting: ledger.Posting) -> None:
    async def work(connection: Any) -> None:
        for outcome in await ledger.post(connection, [posting], at=web.application.clock.now()):
            ledger.demand(outcome)

    await web.application.database.write(work)


def words(web: Web, whose: Member, key: str) -> dict[str, Any]:
    cause = web.cause()
    return {
        "holder": whose.holder,
        "key": key,
        "journal": new_id(cause.at),
        "effective_at": cause.at,
        "actor": cause.actor,
        "request_id": cause.request_id,
    }


async def wallet(admin: Caller, whose: Member, **query: str) -> Any:
    answered = await admin.get(f"/v1/members/{mem(whose)}/wallet", **query)
    assert answered.status_code == 200, answered.text
    return answered.json()


async def post(
    caller: Caller, whose: Member, what: str, body: dict[str, Any], status: int = 201
) -> Any:
    answered = await caller.post(f"/v1/members/{mem(whose)}/{what}", body)
    assert answered.status_code == status, answered.text
    return answered.json()


async def publish(admin: Caller, **fields: Any) -> None:
    policy = (await admin.get("/v1/policy")).json()["policy"]
    answered = await admin.post("/v1/policy", {"policy": {**policy, **fields}})
    assert answered.status_code == 201, answered.text


async def test_debt_is_written_off_within_the_limit_and_no_further(
    web: Web, admin: Caller, finance: Caller
) -> None:
    ada = await web.joined(external_id="C-1")
    spend = ledger.Spend(**words(web, ada, "overdrawn"), amount=300, overdraw=True)
    await posted(web, ada, spend)
    body = {"points": 200, "reason": "goodwill"}

    done = await post(finance, ada, "write-offs", body)
    refused = await post(admin, ada, "write-offs", body, 409)

    assert (done["points"], refused["code"]) == (200, "debt-too-small")
    assert (await wallet(admin, ada))["debt"] == 100
    over = await post(admin, ada, "write-offs", {**body, "points": 10**7}, 409)
    assert over["code"] == "adjustment-over-limit"
    unknown = await post(admin, ada, "write-offs", {**body, "reason": "because"}, 422)
    assert unknown["code"] == "adjustment-reason-unknown"
    for points in (0, -1, 10**13):
        wrong = await post(admin, ada, "write-offs", {**body, "points": points}, 422)
        assert wrong["errors"][0]["pointer"] == "/points"
    trail = (await admin.get("/v1/audit", member=mem(ada), subject_kind="wallet")).json()["items"]
    assert [row["action"] for row in trail] == ["write-off"]


async def test_a_locked_wallet_neither_spends_nor_holds_until_it_is_unlocked(
    web: Web, admin: Caller
) -> None:
    ada = await web.joined(external_id="C-1")
    await post(admin, ada, "adjustments", {"points": 100, "reason": "goodwill"})

    await post(admin, ada, "freezes", {"frozen": True, "reason": "complaint"})

    assert (await wallet(admin, ada))["frozen"] is True
    cause = web.cause()

    async def spend(connection: Any, key: str) -> str:
        posting = ledger.Spend(**words(web, ada, key), amount=1)
        (outcome,) = await ledger.post(connection, [posting], at=cause.at + timedelta(seconds=1))
        return outcome.code

    assert await web.application.database.write(spend, "a") == "wallet-frozen"
    await post(admin, ada, "freezes", {"frozen": False, "reason": "complaint"})
    assert await web.application.database.write(spend, "b") == "posted"
    assert (await post(admin, ada, "freezes", {"frozen": True}, 422))["code"] == "invalid-request"


async def test_an_event_makes_pending_points_available_once(
    web: Web, admin: Caller, checkout: Caller
) -> None:
    ada, lot = await web.joined(external_id="C-1"), new_id()
    earn = ledger.Earn(**words(web, ada, "bonus"), amount=70, lot=lot, source="bonus", pending=True)
    await posted(web, ada, earn)
    assert (await wallet(admin, ada))["lots"][0]["id"] == show("lot", lot)
    body = {"lot": show("lot", lot), "reason": "other"}

    done = await post(checkout, ada, "activations", body)
    again = await post(checkout, ada, "activations", body)

    assert done["points"] == again["points"] == 70
    shown = await wallet(admin, ada)
    assert (shown["available"], shown["pending"]) == (70, 0)
    for unknown in (show("lot", new_id()), "nonsense"):
        refused = await post(checkout, ada, "activations", {**body, "lot": unknown}, 404)
        assert refused["code"] == "lot-unknown"


async def test_a_second_asset_is_given_and_read_by_its_code(web: Web, admin: Caller) -> None:
    await publish(admin, assets=ASSETS)
    ada = await web.joined(external_id="C-1")

    given = await post(
        admin, ada, "adjustments", {"points": 12, "reason": "goodwill", "asset": "growth"}
    )

    assert (given["asset"], given["points"]) == ("growth", 12)
    growth, points = await wallet(admin, ada, asset="growth"), await wallet(admin, ada)
    assert (growth["available"], growth["unit"]["zh"], growth["face_value"]) == (12, "成长值", None)
    assert points["available"] == 0
    moved = (await admin.get(f"/v1/members/{mem(ada)}/transactions", asset="growth")).json()
    assert [one["change"] for one in moved["items"]] == [12]
    refused = await post(
        admin, ada, "adjustments", {"points": 1, "reason": "goodwill", "asset": "gold"}, 422
    )
    assert refused["code"] == "asset-unknown"
    unread = await admin.get(f"/v1/members/{mem(ada)}/wallet", asset="gold")
    assert (unread.status_code, unread.json()["errors"][0]["pointer"]) == (422, "/query/asset")


async def test_a_wallet_and_a_statement_are_told_as_of_an_instant(web: Web, admin: Caller) -> None:
    ada = await web.joined(external_id="C-1")
    before = web.application.clock.now()
    await post(admin, ada, "adjustments", {"points": 100, "reason": "goodwill"})
    between = web.application.clock.now()
    await post(admin, ada, "adjustments", {"points": -30, "reason": "correction"})
    after = web.application.clock.now()

    stood = await wallet(admin, ada, at=between.isoformat())
    known = await wallet(admin, ada, recorded_by=between.isoformat())
    page = f"/v1/members/{mem(ada)}/statement"
    span: dict[str, str] = {"from": before.isoformat(), "to": after.isoformat(), "limit": "1"}
    told = await admin.get(page, **span)

    assert (stood["available"], stood["lots"], stood["frozen"]) == (100, None, None)
    assert known["available"] == 100
    assert (await wallet(admin, ada))["available"] == 70
    assert told.status_code == 200, told.text
    first = told.json()
    assert (first["opening"]["available"], first["closing"]["available"]) == (0, 70)
    assert [one["change"] for one in first["items"]] == [100]
    rest = await admin.get(page, **span, after=first["next"])
    assert [one["change"] for one in rest.json()["items"]] == [-30]
    assert rest.json()["next"] is None
    later = (web.application.clock.now() + timedelta(days=1)).isoformat()
    for query in ({"at": later}, {"recorded_by": later}, {"at": "1971-01-01T00:00:00Z"}):
        refused = await admin.get(f"/v1/members/{mem(ada)}/wallet", **query)
        assert refused.status_code in (409, 422), refused.text


async def test_what_lapses_is_listed_with_its_exact_instants(web: Web, admin: Caller) -> None:
    soon = {"kind": "after-days", "days": 3, "notice": False}
    policy = (await admin.get("/v1/policy")).json()["policy"]
    await publish(admin, expiry={**policy["expiry"], "sources": {"adjustment": soon}})
    ada = await web.joined(external_id="C-1")

    await post(admin, ada, "adjustments", {"points": 40, "reason": "goodwill"})
    shown = await wallet(admin, ada)

    at = web.application.clock.now()
    midnight = (at + timedelta(days=4)).replace(hour=0, minute=0, second=0, microsecond=0)
    instant = midnight.isoformat().replace("+00:00", "Z")
    assert shown["expiring"] == [{"expires_at": instant, "points": 40}]
    assert (shown["lots"][0]["expires_at"], shown["lots"][0]["ends_at"]) == (instant, instant)
