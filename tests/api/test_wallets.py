"""Wallets over HTTP: what they hold, corrections by hand, the statement."""

import asyncio
from datetime import datetime, timedelta

from tests.support.api import Caller, Web, mem


async def test_points_given_by_hand_are_in_the_wallet_with_their_lot(
    web: Web, admin: Caller
) -> None:
    member = await web.joined(external_id="C-1")

    given = await admin.post(
        "/v1/members/ext:C-1/adjustments",
        {"points": 250, "reason": "goodwill", "note": "Parcel came late."},
    )
    wallet = (await admin.get("/v1/members/ext:C-1/wallet")).json()

    assert given.status_code == 201, given.text
    assert given.json()["points"] == 250
    assert wallet["member"] == mem(member)
    assert wallet["unit"] == {"en": "points", "zh": "积分"}
    counters = ("available", "pending", "held", "debt", "frozen")
    assert [wallet[name] for name in counters] == [250, 0, 0, 0, False]
    assert wallet["face_value"] == {"amount": 250, "currency": "USD"}
    (lot,) = wallet["lots"]
    assert (lot["class"], lot["granted"], lot["remaining"]) == ("goodwill", 250, 250)
    expires_at = datetime.fromisoformat(lot["expires_at"])
    assert expires_at - web.application.clock.now() > timedelta(days=729)


async def test_the_statement_pages_by_key_and_every_line_carries_its_balance(
    web: Web, admin: Caller
) -> None:
    await web.joined(external_id="C-1")
    for points in (10, 20, 30, -5):
        await admin.post(
            "/v1/members/ext:C-1/adjustments", {"points": points, "reason": "correction"}
        )

    first = (await admin.get("/v1/members/ext:C-1/transactions", limit=3)).json()
    await admin.post("/v1/members/ext:C-1/adjustments", {"points": 1, "reason": "other"})
    rest = await admin.get("/v1/members/ext:C-1/transactions", limit=3, after=first["next"])

    assert [(line["change"], line["balance"]) for line in first["items"]] == [
        (-5, 55),
        (30, 60),
        (20, 30),
    ]
    assert [line["change"] for line in rest.json()["items"]] == [10]
    assert rest.json()["next"] is None


async def test_the_note_of_an_adjustment_is_kept_by_reference(web: Web, admin: Caller) -> None:
    await web.joined(external_id="C-1")
    body = {"points": 1, "reason": "goodwill", "note": "Ada was ill."}
    await admin.post("/v1/members/ext:C-1/adjustments", body)

    trail = await admin.get("/v1/audit", member="ext:C-1", subject_kind="wallet")

    (row,) = trail.json()["items"]
    assert set(row["after"]["note"]) == {"history"}
    assert (row["after"]["amount"], row["after"]["reason"]) == (1, "goodwill")
    assert "Ada" not in trail.text


async def test_the_limit_of_a_role_and_day_holds_when_requests_race(
    web: Web, admin: Caller, finance: Caller
) -> None:
    policy = (await admin.get("/v1/policy")).json()["policy"]
    policy["adjustment_limits"] = {"admin": 1_000, "finance": 10}
    assert (await admin.post("/v1/policy", {"policy": policy})).status_code == 201
    members = [mem(await web.joined(external_id=f"C-{number}")) for number in range(8)]

    answers = await asyncio.gather(
        *(
            admin.post(
                f"/v1/members/{members[number % 8]}/adjustments",
                {"points": 300, "reason": "goodwill"},
            )
            for number in range(24)
        )
    )
    codes = sorted(answer.status_code for answer in answers)
    refused = next(answer for answer in answers if answer.status_code == 409).json()
    over = await finance.post(
        f"/v1/members/{members[0]}/adjustments", {"points": -11, "reason": "correction"}
    )

    assert codes == [201] * 3 + [409] * 21
    assert refused["code"] == "adjustment-over-limit"
    assert refused["facts"] == {"role": "admin", "allowed": 1_000, "wanted": 300}
    assert refused["errors"][0]["pointer"] == "/points"
    assert over.json()["code"] == "adjustment-over-limit"
    wallets = [(await admin.get(f"/v1/members/{member}/wallet")).json() for member in members]
    assert sum(wallet["available"] for wallet in wallets) == 900


async def test_more_than_there_is_cannot_be_taken(web: Web, admin: Caller) -> None:
    await web.joined(external_id="C-1")
    await admin.post("/v1/members/ext:C-1/adjustments", {"points": 40, "reason": "goodwill"})

    refused = await admin.post(
        "/v1/members/ext:C-1/adjustments", {"points": -41, "reason": "correction"}
    )

    assert (refused.status_code, refused.json()["code"]) == (409, "insufficient-points")
    assert refused.json()["facts"]["seen"] == 40
    assert (await admin.get("/v1/members/ext:C-1/wallet")).json()["available"] == 40


async def test_a_wallet_that_never_had_points_is_empty(web: Web, admin: Caller) -> None:
    await web.joined(external_id="C-1")

    wallet = (await admin.get("/v1/members/ext:C-1/wallet")).json()
    statement = (await admin.get("/v1/members/ext:C-1/transactions")).json()

    assert (wallet["available"], wallet["lots"], wallet["expiring"]) == (0, [], [])
    assert statement == {"items": [], "next": None}
