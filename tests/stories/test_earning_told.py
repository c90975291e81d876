"""An order says why it earns: which version of which rule gave how many points of which line."""

from loyalty.checkout.sentences import LANGUAGES
from tests.support.api import Caller, Web
from tests.support.shop import Json, Shop, cart, line, open_programme

BASE: Json = {"rule": "base", "effects": [{"effect": "earn", "points": 1, "per": 100}]}
MEMBER_DAY: Json = {
    "rule": "member-day",
    "titles": {"en": "Member day", "zh": "会员日"},
    "when": {"fact": "channel", "is": "app"},
    "effects": [{"effect": "earn", "multiplier": 3}],
}
STAR: Json = {
    "rule": "star",
    "titles": {"en": "A star for every 50", "zh": "每满50得一星"},
    "when": {"fact": "channel", "is": "till"},
    "effects": [{"effect": "earn", "points": 1, "per": 5000, "remainder": "carry"}],
}


async def told(caller: Caller, name: str, language: str = "en") -> Json:
    """Read why an order earns."""
    speaking = Caller(caller.client, caller.key, {"Accept-Language": language})
    answered = await speaking.get(f"/v1/orders/ext:{name}/earning")
    assert answered.status_code == 200, answered.text
    content: Json = answered.json()
    return content


async def test_a_line_says_which_rule_gave_how_many_points_and_the_whole_adds_up(
    web: Web, checkout: Caller
) -> None:
    await web.application.database.write(open_programme, web.cause(), (BASE, MEMBER_DAY, STAR))
    await web.joined(external_id="C-1")
    shop = Shop(web, checkout)
    order = cart(line("1", 1, 1200), line("2", 1, 777), channel="app")

    for name, priced in (("S-1", {}), ("S-2", {"priced_by": "shop"})):
        await shop.buy(order, name, **priced)
        english, chinese = await told(checkout, name), await told(checkout, name, "zh-CN")
        assert [one["sentence"] for one in english["lines"]] == [
            "36 = 12 × 3, Member day.",
            "23 ≈ 7.77 × 3, Member day.",
        ]
        assert chinese["lines"][0]["sentence"] == "36 = 12 × 3，会员日。"
        for one in english["lines"]:
            assert [part["rule"] for part in one["earned_by"]] == ["base", "member-day"]
            assert sum(part["points"] for part in one["earned_by"]) == one["points"]
        assert english["points"] == 59

    for name, price, priced in (("T-1", 3000, {}), ("T-2", 2000, {"priced_by": "shop"})):
        await shop.buy(cart(line(unit_price=price), channel="till"), name, **priced)
    (last,) = (await told(checkout, "T-2"))["lines"]
    star = next(part for part in last["earned_by"] if part["rule"] == "star")
    assert (star["points"], star["carried"]) == (1, 3000)
    assert last["sentence"] == ("21 = 20 + 1, A star for every 50, 30.00 carried from before.")
    await shop.holds()


async def test_a_guests_order_earns_nothing_and_says_so(web: Web, checkout: Caller) -> None:
    await web.application.database.write(open_programme, web.cause(), (BASE,))
    await Shop(web, checkout).buy(cart(), "S-1", who=None)

    for language, sentence in zip(
        LANGUAGES, ("0: nothing here earns points.", "0：没有可得积分的内容。"), strict=True
    ):
        (only,) = (await told(checkout, "S-1", language))["lines"]
        assert (only["sentence"], only["earned_by"]) == (sentence, [])
