"""The life of a rule over HTTP, seen by every process without a restart."""

from datetime import timedelta
from typing import Any

from tests.support.api import Caller, Web

Json = dict[str, Any]

BASE: Json = {"rule": "base", "effects": [{"effect": "earn", "points": 1, "per": 100}]}
DOUBLE: Json = {"rule": "base", "effects": [{"effect": "earn", "points": 2, "per": 100}]}
FREE: Json = {"rule": "free", "effects": [{"effect": "free-shipping"}]}
CART: Json = {
    "currency": "USD",
    "lines": [{"line_id": "1", "sku": "TEA", "quantity": 1, "unit_price": 1_000}],
}


async def drafted(admin: Caller, *rules: Json, **more: Any) -> str:
    made = await admin.post("/v1/rule-drafts", {"rules": rules, **more})
    assert made.status_code == 201, made.text
    draft: str = made.json()["id"]
    return draft


async def publish(admin: Caller, draft: str, **body: Any) -> Json:
    done = await admin.post(f"/v1/rule-drafts/{draft}/publish", body)
    assert done.status_code == 200, done.text
    published: Json = done.json()
    return published


async def earned(checkout: Caller) -> int:
    quoted = await checkout.post("/v1/checkout/quotes", {"member": "ext:C-1", "order": CART})
    assert quoted.status_code == 200, quoted.text
    points: int = quoted.json()["points"]["earn"]
    return points


async def test_a_publication_is_seen_at_the_next_quote_of_a_running_server(
    web: Web, admin: Caller, checkout: Caller
) -> None:
    await web.joined(external_id="C-1")
    await publish(admin, await drafted(admin, BASE))
    before = await earned(checkout)
    draft = await drafted(admin, DOUBLE, FREE)
    drafting = await earned(checkout)

    done = await publish(admin, draft)

    assert (before, drafting, await earned(checkout)) == (10, 10, 20)
    assert (done["state"], done["rule_set"]) == ("published", 2)
    ended = await admin.post("/v1/rules/base/end", {})
    assert (ended.status_code, ended.json()) == (201, {"version": 3})
    assert await earned(checkout) == 0


async def test_a_scheduled_draft_is_listed_and_withdrawn(web: Web, admin: Caller) -> None:
    await publish(admin, await drafted(admin, BASE))
    soon = (web.application.clock.now() + timedelta(days=3)).isoformat()
    draft = await drafted(admin, DOUBLE, FREE)

    done = await publish(admin, draft, live_from=soon)
    listed = (await admin.get("/v1/rules")).json()["items"]
    scheduled = (await admin.get("/v1/rules", state="scheduled")).json()["items"]
    away = await admin.post(f"/v1/rule-drafts/{draft}/retire", None)

    assert done["state"] == "scheduled"
    seen = [(each["name"], each["state"], each["live"], len(each["coming"])) for each in listed]
    assert seen == [("base", "live", 1, 1), ("free", "scheduled", None, 1)]
    assert [each["name"] for each in scheduled] == ["free"]
    assert away.json()["state"] == "retired"
    again = await admin.post(f"/v1/rule-drafts/{draft}/retire", None)
    assert (again.status_code, again.json()["code"]) == (409, "rule-draft-closed")
    free = (await admin.get("/v1/rules/free")).json()
    assert (free["state"], free["coming"]) == ("draft", [])


async def test_what_is_different_is_told_by_pointer_and_in_two_languages(
    web: Web, admin: Caller
) -> None:
    await publish(admin, await drafted(admin, BASE, FREE))
    draft = await drafted(admin, DOUBLE, retire=["free"])

    of_draft = (await admin.get(f"/v1/rule-drafts/{draft}/diff")).json()
    checked = (await admin.post(f"/v1/rule-drafts/{draft}/check", None, key=None)).json()
    await publish(admin, draft)
    of_rule = (await admin.get("/v1/rules/base/diff")).json()
    of_set = (await admin.get("/v1/rule-sets/2/diff", **{"from": 1})).json()

    changed = [{"pointer": "/effects/0/points", "kind": "changed", "before": 1, "after": 2}]
    assert [(each["rule"], each["kind"]) for each in of_draft["rules"]] == [
        ("base", "changed"),
        ("free", "retired"),
    ]
    assert of_draft["rules"][0]["changes"] == changed
    assert of_draft["rules"][0]["sentences"] == {
        "en": ["It gives now: 2 points per 100 (before: 1 point per 100)."],
        "zh": ["给予：每100得2积分（原为：每100得1积分）。"],
    }
    assert (checked["publishable"], checked["diff"]) == (True, of_draft)
    assert (of_rule["before"], of_rule["after"], of_rule["changes"]) == (1, 2, changed)
    assert of_set["rules"][0]["after"] == 2
    versions = (await admin.get("/v1/rules/base/versions")).json()["items"]
    assert [each["version"] for each in versions] == [2, 1]
    sets = (await admin.get("/v1/rule-sets", limit=1)).json()
    assert [each["rules"] for each in sets["items"]] == [{"base": 2}]
    older = (await admin.get("/v1/rule-sets", after=sets["next"])).json()["items"]
    assert older[0]["rules"] == {"base": 1, "free": 1}
    assert (await admin.get("/v1/rule-sets/1")).json() == older[0]


async def test_what_cannot_be_is_refused_by_name_with_the_path_to_the_node(
    web: Web, admin: Caller
) -> None:
    await publish(admin, await drafted(admin, BASE))
    stars = FREE | {"when": {"all": [{"fact": "stars", "at-least": 4}]}}
    yesterday = (web.application.clock.now() - timedelta(days=1)).isoformat()
    mine, theirs = await drafted(admin, DOUBLE), await drafted(admin, BASE | {"priority": 7})
    await publish(admin, theirs)

    for path, body, status, code, pointer in (
        ("", {"rules": [BASE, stars]}, 422, "rule-unknown-fact", "/rules/1/when/all/0/fact"),
        ("", {}, 422, "rule-draft-empty", None),
        ("", {"rules": [], "retire": ["gone"]}, 409, "rule-not-live", "/retire/0"),
        ("", {"rules": [BASE], "stars": 5}, 422, "invalid-request", "/stars"),
        (f"/{mine}/publish", {}, 409, "rule-draft-outrun", None),
        (f"/{mine}/publish", {"after": 1}, 409, "rule-set-moved", None),
        (f"/{mine}/publish", {"live_from": yesterday, "after": 2}, 422, "rule-set-backdated", None),
        ("/rdr_nothing/publish", {}, 404, "rule-draft-unknown", None),
    ):
        refused = await admin.post(f"/v1/rule-drafts{path}", body)
        assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
        faults = refused.json().get("errors", [])
        assert [each["pointer"] for each in faults] == [pointer] * bool(pointer)
    found = await admin.post("/v1/rule-drafts/check", {"rules": [stars, BASE | {"tell": 1}]})
    assert [each["pointer"] for each in found.json()["problems"]] == [
        "/rules/0/when/all/0/fact",
        "/rules/1/tell",
    ]
    assert (found.json()["publishable"], found.json()["diff"]) == (False, None)
    assert len((await admin.get("/v1/rule-drafts", limit=2)).json()["items"]) == 2
    assert (await admin.get("/v1/rules/none/versions")).status_code == 404
    assert (await admin.get("/v1/rule-sets/99")).json()["code"] == "rule-set-not-found"


async def test_an_open_draft_is_changed_and_read(web: Web, admin: Caller) -> None:
    draft = await drafted(admin, BASE)

    changed = await admin.post(
        f"/v1/rule-drafts/{draft}", {"rules": [DOUBLE], "groups": {"lane": "best"}}
    )

    assert changed.status_code == 200, changed.text
    assert (await admin.get(f"/v1/rule-drafts/{draft}")).json() == changed.json()
    assert changed.json()["groups"] == {"lane": "best"}


async def test_a_draft_is_approved_over_http_by_a_key_that_did_not_write_it(
    web: Web, admin: Caller
) -> None:
    document = (await admin.get("/v1/policy")).json()["policy"] | {"rule_reviewers": 1}
    asked = await admin.post("/v1/policy", {"policy": document})
    assert asked.status_code == 201, asked.text
    other, draft = await web.caller("admin"), await drafted(admin, BASE)

    async def said(caller: Caller, path: str, body: Json | None = None) -> tuple[int, str]:
        answer = await caller.post(f"/v1/rule-drafts/{draft}/{path}", body)
        told: Json = answer.json()
        return answer.status_code, told.get("code") or told["state"]

    assert await said(admin, "publish", {}) == (409, "review-missing")
    assert await said(other, "send-back", {"reason": "no"}) == (409, "review-not-asked")
    assert await said(admin, "review") == (200, "review")
    assert await said(admin, "review") == (409, "review-pending")
    shown = (await admin.get(f"/v1/rule-drafts/{draft}")).json()
    rule = (await admin.get("/v1/rules", state="review")).json()["items"]
    assert (shown["review"]["digest"], [one["name"] for one in rule]) == (shown["digest"], ["base"])
    seen = {"digest": shown["digest"]}
    assert await said(admin, "approve", seen) == (409, "review-own")
    assert await said(other, "approve", {"digest": "0" * 64}) == (409, "review-stale")
    assert (await said(other, "approve", {"digest": "?"}))[0] == 422
    assert (await said(other, "send-back", {"reason": " "}))[0] == 422
    assert await said(other, "approve", seen) == (200, "approved")
    assert await said(other, "publish", {}) == (200, "published")
    ended = await admin.post("/v1/rules/base/end", {})
    assert (ended.status_code, ended.json()["code"]) == (409, "review-missing")
