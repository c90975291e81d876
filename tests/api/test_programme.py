"""Policy, rules, ladders, vouchers, keys and the trail over HTTP."""

from datetime import timedelta
from typing import Any

import tiers
from tests.support.api import Caller, Web
from tests.support.policies import lasting

LADDER = tiers.default_ladder(
    silver=(50_000, 4), gold=(150_000, 12), diamond=(400_000, 30), join="all"
)
RULE: dict[str, Any] = {
    "rule": "gold-free-shipping",
    "when": {"fact": "tier", "at-least": "gold"},
    "effects": [{"effect": "free-shipping"}],
}


async def test_a_policy_is_published_as_the_next_version(admin: Caller) -> None:
    policy = (await admin.get("/v1/policy")).json()["policy"]

    published = await admin.post("/v1/policy", {"policy": {**policy, "pending_days": 14}})

    assert published.status_code == 201, published.text
    assert published.json()["version"] == 2
    assert (await admin.get("/v1/policy")).json()["policy"]["pending_days"] == 14
    first = await admin.get("/v1/policy/versions/1")
    assert first.json()["policy"]["pending_days"] == 0


async def test_a_wrong_policy_is_refused_at_the_field(admin: Caller) -> None:
    policy = (await admin.get("/v1/policy")).json()["policy"]
    wrong: dict[str, tuple[str, Any]] = {
        "/policy/currency": ("currency", "dollars"),
        "/policy/time_zone": ("time_zone", "Mars/Olympus"),
        "/policy/point_value/minor": ("point_value", {"minor": 0, "points": 1}),
        "/policy/unit": ("unit", {"zh": "积分"}),
        "/policy/expiry/default/months": ("expiry", lasting(0)["expiry"]),
        "/policy/adjustment_limits/admin": ("adjustment_limits", {"admin": -1}),
        "/policy/adjustment_reasons/1": ("adjustment_reasons", ["good", "Not A Code"]),
    }

    for pointer, (field, value) in wrong.items():
        refused = await admin.post("/v1/policy", {"policy": {**policy, field: value}})
        assert (refused.status_code, refused.json()["code"]) == (422, "policy-malformed")
        assert refused.json()["errors"][0]["pointer"] == pointer
    assert len((await admin.get("/v1/policy/versions")).json()["items"]) == 1


async def test_a_worse_point_value_needs_thirty_days_notice(web: Web, admin: Caller) -> None:
    await web.joined(external_id="C-1")
    policy = (await admin.get("/v1/policy")).json()["policy"]
    worse = {**policy, "point_value": {"minor": 1, "points": 2}}

    refused = await admin.post("/v1/policy", {"policy": worse})

    assert (refused.status_code, refused.json()["code"]) == (422, "policy-starts-too-soon")
    assert refused.json()["errors"][0]["pointer"] == "/starts_at"
    in_time = web.application.clock.now() + timedelta(days=30, minutes=1)
    taken = await admin.post("/v1/policy", {"policy": worse, "starts_at": in_time.isoformat()})
    assert taken.status_code == 201, taken.text
    assert (await admin.get("/v1/policy")).json()["version"] == 1
    later = await admin.get("/v1/policy", at=in_time.isoformat())
    assert later.json()["policy"]["point_value"] == {"minor": 1, "points": 2}


async def test_a_ladder_is_published_and_members_stand_on_it(web: Web, admin: Caller) -> None:
    published = await admin.post("/v1/ladders", LADDER)
    await admin.post("/v1/members", {"external_id": "C-1"})

    standing = (await admin.get("/v1/members/ext:C-1/tier")).json()

    assert published.status_code == 201, published.text
    assert published.json() == {
        "version": 1,
        "tiers": ["standard", "silver", "gold", "diamond"],
    }
    assert (standing["tier"], standing["ladder"]) == ("standard", 1)
    assert standing["figures"] == {"purchases": 0, "orders": 0, "active_days": 0, "assets": {}}
    assert standing["next"]["tier"] == "silver"
    assert standing["next"]["sentence"] == "$500 more and 4 more orders."
    chinese = Caller(web.client, admin.key, {"Accept-Language": "zh-CN,zh;q=0.9"})
    told = (await chinese.get("/v1/members/ext:C-1/tier")).json()["next"]["sentence"]
    assert told == "再消费 US$500并再下 4 单。"
    assert standing["next"]["wanted"] == {"purchases": 50_000, "orders": 4}
    assert [change["rule"] for change in standing["history"]] == ["joined"]
    assert (await admin.get("/v1/ladders/1")).json()["ladder"] == LADDER


async def test_a_ladder_written_for_an_older_version_is_refused(admin: Caller) -> None:
    await admin.post("/v1/ladders", LADDER)

    refused = await admin.post("/v1/ladders?after=0", LADDER)

    assert (refused.status_code, refused.json()["code"]) == (409, "ladder-outrun")


async def test_a_rule_is_stored_published_and_read(admin: Caller) -> None:
    await admin.post("/v1/ladders", LADDER)

    stored = await admin.post("/v1/rules", RULE)
    published = await admin.post(
        "/v1/rule-sets", {"rules": [{"name": "gold-free-shipping", "version": 1}]}
    )

    assert stored.status_code == 201, stored.text
    assert stored.json() == {"name": "gold-free-shipping", "version": 1, "rule": RULE}
    assert (published.status_code, published.json()) == (201, {"version": 1})
    assert (await admin.get("/v1/rules/gold-free-shipping")).json()["rule"] == RULE
    listed = (await admin.get("/v1/rules")).json()["items"]
    assert [item["name"] for item in listed] == ["gold-free-shipping"]


async def test_an_unknown_tier_in_a_rule_is_refused_at_its_place(admin: Caller) -> None:
    await admin.post("/v1/ladders", LADDER)
    wrong = {**RULE, "when": {"fact": "tier", "at-least": "platinum"}}

    refused = await admin.post("/v1/rules", wrong)

    assert (refused.status_code, refused.json()["code"]) == (422, "rule-unknown-tier")
    assert refused.json()["errors"][0]["pointer"].startswith("/when")
    assert "gold" in refused.json()["detail"]
    assert (await admin.get("/v1/rules")).json()["items"] == []


async def test_a_voucher_is_defined_given_and_listed(web: Web, admin: Caller) -> None:
    await web.joined(external_id="C-1")
    sorry = {"name": "sorry", "titles": {"en": "We are sorry"}, "valid_for_days": 30}
    await admin.post("/v1/voucher-definitions", sorry)

    given = await admin.post(
        "/v1/members/ext:C-1/vouchers", {"definition": "sorry", "reason": "complaint"}
    )
    unknown = await admin.post(
        "/v1/members/ext:C-1/vouchers", {"definition": "nothing", "reason": "complaint"}
    )

    assert given.status_code == 201, given.text
    (listed,) = (await admin.get("/v1/members/ext:C-1/vouchers")).json()["items"]
    assert (listed["id"], listed["state"]) == (given.json()["id"], "issued")
    assert (listed["code"], listed["uses_left"]) == (given.json()["code"], 1)
    assert unknown.status_code == 422
    assert unknown.json()["errors"][0]["pointer"] == "/definition"


async def test_a_key_is_shown_once_used_and_ended(web: Web, admin: Caller) -> None:
    made = await admin.post("/v1/keys", {"role": "checkout", "label": "shop"}, key="once")
    shop = Caller(web.client, made.json()["secret"])

    assert (await shop.post("/v1/members", {"external_id": "C-1"})).status_code == 201
    listed = await admin.get("/v1/keys")
    assert made.json()["secret"] not in listed.text
    ended = await admin.delete(f"/v1/keys/{made.json()['key']['id']}")
    assert ended.json()["revoked_at"] is not None
    refused = await shop.get("/v1/members/ext:C-1")
    assert (refused.status_code, refused.json()["code"]) == (401, "key-ended")


async def test_every_management_write_leaves_who_when_before_and_after(
    web: Web, admin: Caller
) -> None:
    policy = (await admin.get("/v1/policy")).json()["policy"]
    await admin.post("/v1/ladders", LADDER)
    await admin.post("/v1/rules", RULE)
    await admin.post("/v1/rule-sets", {"rules": [{"name": "gold-free-shipping", "version": 1}]})
    await admin.post("/v1/policy", {"policy": {**policy, "hold_minutes": 45}})

    trail = (await admin.get("/v1/audit", limit=4)).json()

    told = [(row["subject_kind"], row["action"]) for row in trail["items"]]
    assert told == [
        ("policy", "publish"),
        ("rule-set", "publish"),
        ("rule", "draft"),
        ("ladder", "publish"),
    ]
    newest = trail["items"][0]
    assert newest["actor"].startswith("key:")
    assert newest["before"]["hold_minutes"] == 30
    assert newest["after"]["hold_minutes"] == 45
    assert trail["next"] is not None
