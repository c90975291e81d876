"""What members do besides buying: recorded once, decided like an order, and never by stars."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from benefits import decision_text, find_rule_set, replay
from loyalty.activities.store import list_activities
from tests.stories.test_statements import MOST, counting
from tests.support.api import Caller, Web
from tests.support.shop import EARN_ONE, Shop, cart, line

Json = dict[str, Any]

REVIEW: Json = {
    "rule": "review",
    "on": "review-written",
    "effects": [{"effect": "earn", "bonus": 50}],
    "limits": [{"count": "uses", "for": "member", "every": "month", "most": 2}],
}
PROFILE: Json = {
    "rule": "profile",
    "on": "profile-completed",
    "effects": [{"effect": "earn", "bonus": 100}],
    "limits": [{"count": "points", "for": "member", "most": 100}],
}
FIRST_TEN: Json = {
    "rule": "first-ten",
    "on": "check-in",
    "effects": [{"effect": "earn", "bonus": 5}],
    "limits": [{"count": "uses", "for": "all", "most": 3}],
}


async def publish(admin: Caller, *rules: Json) -> None:
    made = await admin.post("/v1/rule-drafts", {"rules": rules})
    assert made.status_code == 201, made.text
    done = await admin.post(f"/v1/rule-drafts/{made.json()['id']}/publish", {})
    assert done.status_code == 200, done.text


async def report(
    checkout: Caller, name: str = "E-1", *, status: int = 201, who: str = "ext:C-1", **more: Any
) -> Json:
    body = {"event_id": name, "kind": "review-written", "member": who, **more}
    answered = await checkout.post("/v1/events", body)
    assert answered.status_code == status, answered.text
    told: Json = answered.json()
    return told


async def test_an_event_earns_once_however_often_it_is_reported(
    web: Web, admin: Caller, checkout: Caller, shop: Shop
) -> None:
    who = await web.joined(external_id="C-1")
    await publish(admin, REVIEW, PROFILE)

    first = await report(checkout)
    again = await report(checkout)

    assert first == again
    assert (first["points"], first["why"]) == (
        50,
        [{"rule": "review", "version": 1, "points": 50}],
    )
    assert (await shop.wallet(who)).available == 50
    listed = (await checkout.get("/v1/members/ext:C-1/events")).json()["items"]
    assert listed == [first]
    told = (await admin.get("/v1/changes", limit=50)).json()["items"]
    data = [each["data"] for each in told if each["type"] == "member.acted"]
    assert [(each["kind"], each["points_earned"]) for each in data] == [("review-written", 50)]
    await shop.holds()


async def test_the_same_event_with_another_payload_is_refused_naming_the_difference(
    web: Web, admin: Caller, checkout: Caller, shop: Shop
) -> None:
    who = await web.joined(external_id="C-1")
    await web.joined(external_id="C-2")
    await publish(admin, REVIEW)
    yesterday = (web.application.clock.now() - timedelta(days=1)).isoformat()
    await report(checkout)

    for other, field in (
        ({"who": "ext:C-2"}, "member"),
        ({"kind": "check-in"}, "kind"),
        ({"channel": "app"}, "channel"),
        ({"occurred_at": yesterday}, "occurred_at"),
    ):
        refused = await report(checkout, status=409, **other)
        assert (refused["code"], refused["facts"]["field"]) == ("event-conflict", field)
        assert refused["facts"]["seen"] != refused["facts"]["wanted"]
        assert refused["errors"][0]["pointer"] == f"/{field}"
    assert (await shop.wallet(who)).available == 50


async def test_what_an_event_earns_is_bounded_by_limits_of_its_member_and_of_all(
    web: Web, admin: Caller, checkout: Caller, shop: Shop
) -> None:
    await publish(admin, REVIEW, PROFILE, FIRST_TEN)
    for number in (1, 2, 3, 4, 5):
        await web.joined(external_id=f"C-{number}")

    reviews = [(await report(checkout, f"R-{each}"))["points"] for each in range(3)]
    profiles = [
        (await report(checkout, f"P-{each}", kind="profile-completed"))["points"]
        for each in range(2)
    ]
    visits = await asyncio.gather(
        *(
            report(checkout, f"V-{number}", kind="check-in", who=f"ext:C-{number}")
            for number in (1, 2, 3, 4, 5)
        )
    )

    assert reviews == [50, 50, 0]
    assert profiles == [100, 0]
    assert sorted(each["points"] for each in visits) == [0, 0, 5, 5, 5]
    await shop.holds()


async def test_a_bonus_for_a_review_never_depends_on_its_stars(
    web: Web, admin: Caller, checkout: Caller, shop: Shop
) -> None:
    await web.joined(external_id="C-1")
    await publish(admin, REVIEW)
    generous = REVIEW | {"when": {"fact": "stars", "at-least": 4}}

    asked = await admin.post("/v1/rule-drafts", {"rules": [generous]})
    brought = await report(checkout, status=422, stars=5)

    assert asked.json()["code"] == "rule-unknown-fact"
    assert asked.json()["errors"][0]["pointer"] == "/rules/0/when/fact"
    assert brought["code"] == "invalid-request"
    assert brought["errors"][0]["pointer"] == "/stars"


async def test_the_decision_is_kept_and_gives_the_same_bytes_when_it_is_made_again(
    web: Web, admin: Caller, checkout: Caller, shop: Shop
) -> None:
    who = await web.joined(external_id="C-1")
    await publish(admin, REVIEW)
    await report(checkout)
    await publish(admin, REVIEW | {"effects": [{"effect": "earn", "bonus": 9}]})

    async with web.application.database.read() as connection:
        (one,) = await list_activities(connection, [who.id])
        rule_set = await find_rule_set(connection, one.rule_set)

    assert decision_text(replay(one.decision, rule_set)) == one.decision
    question = json.loads(one.decision)["question"]
    assert question["event"] == "review-written"
    assert question["facts"]["tier"] == "standard"


async def test_an_event_is_decided_as_of_its_day_and_its_points_wait_as_an_orders_do(
    web: Web, admin: Caller, checkout: Caller, shop: Shop
) -> None:
    await shop.policy(pending_days=14)
    await publish(admin, REVIEW)
    who = await web.joined(external_id="C-1")
    now = web.application.clock.now()
    await publish(admin, REVIEW | {"effects": [{"effect": "earn", "bonus": 9}]})

    late = await report(checkout, occurred_at=now.isoformat())
    new = await report(checkout, "E-2")
    future = await report(
        checkout, "E-3", status=422, occurred_at=(now + timedelta(days=1)).isoformat()
    )

    assert (late["points"], new["points"], future["code"]) == (50, 9, "event-in-future")
    wallet = await shop.wallet(who)
    assert (wallet.available, wallet.pending) == (0, 59)
    assert late["activates_at"] is not None


async def test_a_shop_names_its_own_kinds_and_retires_them(
    web: Web, admin: Caller, checkout: Caller, shop: Shop
) -> None:
    await web.joined(external_id="C-1")
    rule = REVIEW | {"on": "shop-visited"}
    kind = {"kind": "shop-visited", "titles": {"en": "Visited a shop"}}
    early = await admin.post("/v1/rule-drafts", {"rules": [rule]})
    unknown = await report(checkout, kind="shop-visited", status=404)

    made = await admin.post("/v1/event-kinds", kind)
    again = await admin.post("/v1/event-kinds", kind)
    taken = await admin.post("/v1/event-kinds", kind | {"titles": {"en": "Other"}})
    await publish(admin, rule)
    told = await report(checkout, kind="shop-visited")
    retired = await admin.post("/v1/event-kinds/shop-visited/retire", None)

    assert (early.json()["code"], unknown["code"]) == (
        "rule-unknown-reference",
        "event-kind-unknown",
    )
    assert (made.status_code, again.json()) == (201, made.json())
    assert (taken.status_code, taken.json()["code"]) == (409, "event-kind-taken")
    assert (told["points"], retired.status_code) == (50, 200)
    gone = await report(checkout, "E-2", kind="shop-visited", status=404)
    assert gone["code"] == "event-kind-unknown"
    kinds = (await admin.get("/v1/event-kinds")).json()["items"]
    assert [each["kind"] for each in kinds] == [
        *("sign-up", "profile-completed", "review-written", "feedback-given", "check-in"),
        "shop-visited",
    ]
    assert await report(checkout, kind="shop-visited") == told, "what happened stays a replay"


async def test_rules_about_events_and_about_carts_keep_to_themselves(
    web: Web, admin: Caller, checkout: Caller, shop: Shop
) -> None:
    await web.joined(external_id="C-1")
    await publish(admin, REVIEW)

    bought = await shop.quote(cart(line()))
    visited = await report(checkout, kind="check-in")

    assert bought["points"]["earn"] == 10, EARN_ONE
    assert bought["lines"][0]["earn_why"][0]["rule"] == "base-earn"
    assert (visited["points"], visited["why"]) == (0, [])


async def test_the_same_event_reported_at_once_by_two_is_recorded_once(
    web: Web, admin: Caller, checkout: Caller, shop: Shop
) -> None:
    one = await web.joined(external_id="C-1")
    two = await web.joined(external_id="C-2")
    await publish(admin, REVIEW)
    body = {"event_id": "E-1", "kind": "review-written"}

    answers = await asyncio.gather(
        *(
            checkout.post("/v1/events", body | {"member": f"ext:C-{number}"})
            for number in (1, 2, 1, 2, 1, 2)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [201, 201, 201, 409, 409, 409]
    points = [(await shop.wallet(who)).available for who in (one, two)]
    assert sorted(points) == [0, 50]
    await shop.holds()


@pytest.mark.usefixtures("shop")
async def test_reporting_an_event_costs_at_most_six_statements(
    web: Web, admin: Caller, checkout: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    await web.joined(external_id="C-1")
    await publish(admin, REVIEW, FIRST_TEN | {"on": "review-written"})
    await report(checkout, "E-0")

    with counting(monkeypatch) as statements:
        told = await report(checkout)

    assert told["points"] == 55
    assert 4 <= len(statements) <= MOST, statements
