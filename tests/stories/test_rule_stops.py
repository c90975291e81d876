"""A rule stopped by hand gives nothing at once, anywhere; a share of members held out of one."""

from collections import Counter

from benefits import decision_text, replay
from loyalty.members import Ref
from loyalty.orders.reading import find_order_by
from tests.stories.test_discount_limits import off, ten_off
from tests.stories.test_earning_counters import opened
from tests.support.api import Caller, Web
from tests.support.shop import EARN_ONE, Json, cart, line

BASKET = cart(line("1", 3, 1000))


async def switched(admin: Caller, verb: str, rule: str = "sale", **body: str) -> Json:
    """Stop a rule, or let it go on."""
    answered = await admin.post(f"/v1/rules/{rule}/{verb}", body or {"reason": "wrong price"})
    content: Json = answered.json()
    return content


async def test_a_stopped_rule_gives_nothing_at_once_and_goes_on_when_it_is_resumed(
    web: Web, checkout: Caller
) -> None:
    shop, _ = await opened(web, checkout, ten_off("sale"), EARN_ONE)
    admin = await web.caller("admin")
    before = await shop.quote(BASKET)
    paid = await shop.quote(BASKET)

    stopped = await switched(admin, "stop")
    again = await switched(admin, "stop", reason="once more")
    quoted = await shop.quote(BASKET)
    refused = await shop.place(BASKET, "S-1", quote=before["quote"], status=409)
    await shop.place(BASKET, "S-2", quote=quoted["quote"])
    at = web.cause().at.isoformat()
    await shop.place(BASKET, "S-3", quote=paid["quote"], placed_at=at, paid_at=at)

    assert (stopped["stopped"], stopped["reason"]) == (True, "wrong price")
    assert again == stopped
    assert (off(quoted), quoted["points"]["earn"]) == (0, 30)
    assert [(one["rule"], one["code"]) for one in quoted["not_applied"]] == [("sale", "stopped")]
    assert (refused["code"], refused["errors"][0]["pointer"]) == ("rule-stopped", "/quote")
    await shop.complete("S-3")
    async with web.application.database.read() as connection:
        stored = (await find_order_by(connection, Ref("order", "S-2", external="S-2"))).decision
        rule_set = await web.application.programme.rule_set(connection, quoted["rule_set"])
    assert decision_text(replay(stored, rule_set)) == stored

    listed = {each["name"]: each for each in (await admin.get("/v1/rules")).json()["items"]}
    assert listed["sale"]["stopped"] == {name: stopped[name] for name in ("at", "reason", "actor")}
    assert (listed["sale"]["state"], listed["base-earn"]["stopped"]) == ("live", None)

    assert (await switched(admin, "resume"))["stopped"] is False
    assert (await admin.get("/v1/rules/sale")).json()["stopped"] is None
    assert off(await shop.quote(BASKET)) == 1000
    assert (await switched(admin, "stop", "unknown"))["code"] == "rule-not-found"
    feed = (await admin.get("/v1/changes")).json()["items"]
    told = Counter(each["type"] for each in feed if each["type"].startswith("rule."))
    assert told == {"rule.stopped": 1, "rule.resumed": 1}
    await shop.holds()


async def test_what_is_paid_for_is_recorded_though_its_rule_was_stopped(
    web: Web, checkout: Caller
) -> None:
    shop, _ = await opened(web, checkout, ten_off("sale"), EARN_ONE)
    admin = await web.caller("admin")
    await shop.place(BASKET, "S-1")
    await switched(admin, "stop")
    await switched(admin, "stop", "base-earn")

    done = await shop.complete("S-1")
    sold = await shop.place(BASKET, "S-2", priced_by="shop")

    again = await shop.caller.get("/v1/orders/ext:S-2/decision/replay")
    assert again.json()["same"] is True, again.text
    assert done["points_earned"] == 20
    assert sold["points"]["earn"] == 0
    assert (await shop.give_back("S-1", lines=[{"line_id": "1", "quantity": 3}]))["refund_money"]
    await shop.holds()


async def test_members_are_held_out_by_chance_and_what_both_sides_buy_is_told(
    web: Web, checkout: Caller
) -> None:
    members = 24
    shop, _ = await opened(web, checkout, ten_off("sale", holdout=40), EARN_ONE, members=members)
    offs: Counter[int] = Counter()
    for number in range(1, members + 1):
        answer = await shop.quote(BASKET, who=f"ext:C-{number}")
        await shop.place(BASKET, f"S-{number}", who=f"ext:C-{number}", quote=answer["quote"])
        reasons = [(each["rule"], each["code"]) for each in answer["not_applied"]]
        discount = off(answer)
        assert reasons == ([] if discount else [("sale", "held-out")])
        offs[discount] += 1
    guest = await shop.quote(BASKET, who=None)

    lift = (await shop.caller.get("/v1/rules/sale/lift?since=2020-01-01T00:00:00Z")).json()

    held, treated = offs[0], offs[1000]
    assert held + treated == members
    assert min(held, treated) > 0
    assert off(guest) == 1000
    assert lift["holdout"] == "40"
    assert lift["held_out"] == {"members": held, "orders": held, "money": 3000 * held}
    assert lift["treated"] == {"members": treated, "orders": treated, "money": 2000 * treated}
    await shop.holds()
