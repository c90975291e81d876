"""Ladders in the making and standings by hand, over HTTP."""

from datetime import timedelta
from typing import Any

import tiers
from tests.support.api import Caller, Web

LADDER = tiers.default_ladder(silver=(50_000, 4), gold=(150_000, 12), diamond=(400_000, 30))
EASIER = tiers.default_ladder(silver=(20_000, 2), gold=(150_000, 12), diamond=(400_000, 30))


async def drafted(admin: Caller, document: dict[str, Any] | None = None) -> str:
    made = await admin.post("/v1/ladders/drafts", document or EASIER)
    assert made.status_code == 201, made.text
    draft: str = made.json()["id"]
    return draft


async def test_a_draft_changes_nothing_until_it_is_published(web: Web, admin: Caller) -> None:
    await admin.post("/v1/ladders", LADDER)
    await web.joined(external_id="C-1")
    draft = await drafted(admin)

    seen = await admin.post(f"/v1/ladders/drafts/{draft}/previews", {})

    assert seen.status_code == 201, seen.text
    assert seen.json()["matrix"] == [{"before": "standard", "after": "standard", "members": 1}]
    assert [each["version"] for each in (await admin.get("/v1/ladders")).json()["items"]] == [1]
    published = await admin.post(
        f"/v1/ladders/drafts/{draft}/publish", {"moves": "at-once", "after": 1}
    )
    assert published.status_code == 200, published.text
    assert (published.json()["state"], published.json()["version"]) == ("published", 2)
    again = await admin.post(f"/v1/ladders/drafts/{draft}/publish", {"moves": "at-once"})
    assert (again.status_code, again.json()["code"]) == (409, "ladder-draft-closed")
    trail = await admin.get("/v1/ladders/drafts")
    assert [each["state"] for each in trail.json()["items"]] == ["published"]


async def test_a_draft_may_wait_for_its_day_be_changed_and_be_put_away(
    web: Web, admin: Caller
) -> None:
    await admin.post("/v1/ladders", LADDER)
    draft = await drafted(admin)
    today = web.application.clock.now().date()
    soon = (today + timedelta(days=9)).isoformat()

    waits = await admin.post(
        f"/v1/ladders/drafts/{draft}/publish", {"moves": "at-once", "on": soon}
    )
    changed = await admin.post(f"/v1/ladders/drafts/{draft}", LADDER)
    away = await admin.post(f"/v1/ladders/drafts/{draft}/retire", None)

    assert (waits.json()["state"], waits.json()["starts_on"]) == ("scheduled", soon)
    assert changed.json()["ladder"]["tiers"][1]["reach"]["any"]["purchases"] == 50_000
    assert away.json()["state"] == "retired"
    for path, body in (("", EASIER), ("/publish", {"moves": "at-once"}), ("/previews", {})):
        refused = await admin.post(f"/v1/ladders/drafts/{draft}{path}", body)
        assert (refused.status_code, refused.json()["code"]) == (409, "ladder-draft-closed")


async def test_what_cannot_be_drafted_is_refused_by_name(web: Web, admin: Caller) -> None:
    await admin.post("/v1/ladders", LADDER)
    draft = await drafted(admin)
    tomorrow = (web.application.clock.now() + timedelta(days=2)).date().isoformat()
    yesterday = (web.application.clock.now() - timedelta(days=2)).date().isoformat()
    unknown = tiers.default_ladder(silver=(1, 1), gold=(2, 2), diamond=(3, 3))
    visits = {"code": "silver", "reach": {"any": {"visits": 3}}}
    unknown |= {"tiers": [{"code": "standard"}, visits]}
    rolling = EASIER | {"upgrade": "next-period"}

    for path, body, status, code in (
        ("/ladders/drafts", unknown, 422, "ladder-metric-unknown"),
        ("/ladders/drafts", rolling, 422, "ladder-upgrade-unfit"),
        (f"/ladders/drafts/{draft}/previews", {"on": tomorrow}, 422, "preview-in-future"),
        (
            f"/ladders/drafts/{draft}/publish",
            {"moves": "at-once", "on": yesterday},
            422,
            "ladder-starts-in-past",
        ),
        (f"/ladders/drafts/{draft}/publish", {"moves": "later"}, 422, "invalid-request"),
        (
            f"/ladders/drafts/{draft}/targets",
            {"targets": {"standard": 10}},
            422,
            "ladder-target-malformed",
        ),
        ("/ladders/drafts/drf_nothing/retire", None, 404, "ladder-draft-unknown"),
    ):
        refused = await admin.post(f"/v1{path}", body)
        assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text


async def test_a_target_is_answered_with_thresholds(web: Web, admin: Caller) -> None:
    await admin.post("/v1/ladders", LADDER)
    for number in range(4):
        await web.joined(external_id=f"C-{number}")
    draft = await drafted(admin)

    met = await admin.post(f"/v1/ladders/drafts/{draft}/targets", {"targets": {"gold": 2_500}})

    assert met.status_code == 200, met.text
    assert met.json()["members"] == 4
    assert met.json()["reached"]["gold"] == 0


async def test_a_tier_is_granted_until_a_day_and_taken_back(web: Web, admin: Caller) -> None:
    await admin.post("/v1/ladders", LADDER)
    await web.joined(external_id="C-1")
    until = (web.application.clock.now() + timedelta(days=90)).date().isoformat()

    given = await admin.post(
        "/v1/members/ext:C-1/tier/grants",
        {"tier": "gold", "until": until, "reason": "goodwill", "note": "Long wait."},
    )

    assert given.status_code == 201, given.text
    assert given.json() == {
        "tier": "gold",
        "earned": "standard",
        "granted_until": until,
        "frozen": False,
    }
    assert (await admin.get("/v1/members/ext:C-1/tier")).json()["tier"] == "gold"
    back = await admin.post("/v1/members/ext:C-1/tier/grants/lift", {"reason": "mistake"})
    assert (back.json()["tier"], back.json()["granted_until"]) == ("standard", None)
    twice = await admin.post("/v1/members/ext:C-1/tier/grants/lift", {"reason": "mistake"})
    assert (twice.status_code, twice.json()["code"]) == (409, "nothing-granted")


async def test_a_grant_without_end_or_reason_or_tier_changes_nothing(
    web: Web, admin: Caller
) -> None:
    await admin.post("/v1/ladders", LADDER)
    await web.joined(external_id="C-1")
    now = web.application.clock.now()
    until = (now + timedelta(days=90)).date().isoformat()
    gone = (now - timedelta(days=2)).date().isoformat()

    for body, code in (
        ({"tier": "gold", "reason": "goodwill"}, "floor-without-end"),
        ({"tier": "gold", "until": gone, "reason": "goodwill"}, "floor-without-end"),
        ({"tier": "gold", "until": until}, "reason-malformed"),
        ({"tier": "iron", "until": until, "reason": "goodwill"}, "tier-unknown"),
    ):
        refused = await admin.post("/v1/members/ext:C-1/tier/grants", body)
        assert (refused.status_code, refused.json()["code"]) == (422, code), refused.text
    refused = await admin.post("/v1/members/ext:C-1/tier/freezes", {"frozen": True})
    assert (refused.status_code, refused.json()["code"]) == (422, "reason-malformed")
    standing = (await admin.get("/v1/members/ext:C-1/tier")).json()
    assert (standing["tier"], len(standing["history"])) == ("standard", 1)


async def test_a_frozen_tier_stays_when_a_grant_ends(web: Web, admin: Caller) -> None:
    await admin.post("/v1/ladders", LADDER)
    await web.joined(external_id="C-1")
    until = (web.application.clock.now() + timedelta(days=90)).date().isoformat()
    grant = {"tier": "gold", "until": until, "reason": "goodwill"}
    await admin.post("/v1/members/ext:C-1/tier/grants", grant)

    held = await admin.post(
        "/v1/members/ext:C-1/tier/freezes", {"frozen": True, "reason": "complaint"}
    )
    await admin.post("/v1/members/ext:C-1/tier/grants/lift", {"reason": "mistake"})

    assert (held.json()["tier"], held.json()["frozen"]) == ("gold", True)
    assert (await admin.get("/v1/members/ext:C-1/tier")).json()["tier"] == "gold"
    free = await admin.post(
        "/v1/members/ext:C-1/tier/freezes", {"frozen": False, "reason": "settled"}
    )
    assert (free.json()["tier"], free.json()["frozen"]) == ("standard", False)


async def test_the_spread_of_members_shows_where_each_threshold_lies(
    web: Web, admin: Caller
) -> None:
    nothing = await admin.get("/v1/ladders/distribution")
    await admin.post("/v1/ladders", LADDER)
    await web.joined(external_id="C-1")
    draft = await drafted(admin)
    tomorrow = (web.application.clock.now() + timedelta(days=2)).date().isoformat()

    live = await admin.get("/v1/ladders/distribution")
    drawn = await admin.get(f"/v1/ladders/drafts/{draft}/distribution")
    early = await admin.get(f"/v1/ladders/distribution?on={tomorrow}")

    assert nothing.json()["code"] == "no-ladder"
    assert (live.status_code, live.json()["members"]) == (200, 1)
    purchases, orders = live.json()["spreads"]
    assert (purchases["metric"], orders["metric"]) == ("purchases", "orders")
    assert purchases["buckets"][0] == {"least": 0, "below": 6_250, "members": 1}
    assert purchases["marks"][0] == {
        "tier": "silver",
        "kind": "reach",
        "wanted": 50_000,
        "members": 0,
    }
    assert drawn.json()["spreads"][0]["marks"][0]["wanted"] == 20_000
    assert (early.status_code, early.json()["code"]) == (422, "preview-in-future")
