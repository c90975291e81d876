"""Rewards from pages: made, classed by finance, published; ordered, fulfilled, cancelled."""

import re

from loyalty.bootstrap import Application
from loyalty.rewards.reading import find_reward
from tests.admin.conftest import Visitor, browser
from tests.admin.shop import Shop
from tests.support.api import Web

REWARDS = "/console/rewards"
NEW = "/console/rewards-new"
PAN = f"{REWARDS}/pan"
GOOD = {
    "code": "pan",
    "kind": "goods",
    "counted": "yes",
    "title_en": "Cast-iron pan",
    "title_zh": "铸铁锅",
    "points": "60",
    "sku": "PAN-1",
    "rank": "0",
    "hidden": "no",
    "limit0_quantity": "2",
    "limit0_every": "year",
    "limit0_per": "member",
}


async def test_a_reward_is_made_classed_published_stocked_and_seen_in_the_wallet(
    application: Application, web: Web, finance: Visitor, clerk: Visitor, shop: Shop
) -> None:
    for name, value, sentence in (
        ("points", "many", "Please give a whole number."),
        ("points", "0", "Expected: a whole number from 1"),
        ("sku", "", "since it is of the kind goods"),
        ("when", "gold", "Please give a condition"),
        ("available_until", "soon", "Please give a day and time"),
    ):
        answer = await clerk.send(NEW, GOOD | {name: value}, at=NEW)
        assert answer.status_code == 422, (name, value)
        assert sentence in answer.text, (name, value)
        assert f'href="#f-reward-{name}"' in answer.text, (name, value)

    await clerk.get(NEW)
    first = await clerk.send(NEW, GOOD, fresh=False)
    second = await clerk.send(NEW, GOOD, fresh=False)
    made = await clerk.follow(first)
    early = await clerk.send(f"{PAN}/publish", {}, at=PAN)
    audience = GOOD | {"when": '{"fact": "tier", "is": "gold"}'}
    changed = await clerk.follow(await clerk.send(f"{PAN}/change", audience, at=f"{PAN}/change"))
    await clerk.send(f"{PAN}/change", GOOD, at=f"{PAN}/change")
    classed = await finance.follow(
        await finance.send(f"{PAN}/tax-class", {"tax_class": "discount"}, at=PAN)
    )
    published = await clerk.follow(await clerk.send(f"{PAN}/publish", {}, at=PAN))
    stocked = await clerk.follow(
        await clerk.send(f"{PAN}/stock", {"amount": "5", "reason": "delivery"}, at=PAN)
    )
    too_many = await clerk.send(f"{PAN}/stock", {"amount": "-9", "reason": "damaged"}, at=PAN)
    async with application.database.read() as connection:
        reward = await find_reward(connection, "pan")

    assert first.headers["location"] == second.headers["location"]
    assert "nobody sees it before it is published" in made.text
    assert re.findall("For whom</dt><dd><code>(.*?)</code>", changed.text) == [
        "{&#34;is&#34;: &#34;gold&#34;, &#34;fact&#34;: &#34;tier&#34;}"
    ]
    assert early.status_code == 422
    assert "finance chooses its tax class" in early.text
    assert "The tax class is chosen" in classed.text
    assert "The reward is published" in published.text
    assert "The stock was changed." in stocked.text
    assert too_many.status_code == 422
    assert "Only 5 are left." in too_many.text
    assert (reward.state, reward.version, reward.left) == ("live", 1, 5)
    assert "Choose the tax class" not in (await clerk.get(PAN)).text
    assert (await finance.get(NEW)).status_code == 403

    async with browser(web) as client:
        member = Visitor(client)
        wallet = await member.follow(await member.get(shop.link))
        chinese = await member.get("/wallet", lang="zh")
    assert "What your points buy" in wallet.text
    assert "Cast-iron pan" in wallet.text
    assert "铸铁锅" in chinese.text


async def test_an_order_of_a_reward_is_fulfilled_and_another_cancelled_with_its_points(
    web: Web, admin: Visitor, shop: Shop
) -> None:
    await admin.send(NEW, GOOD, at=NEW)
    await admin.send(f"{PAN}/tax-class", {"tax_class": "discount"}, at=PAN)
    await admin.send(f"{PAN}/publish", {}, at=PAN)
    await admin.send(f"{PAN}/stock", {"amount": "5", "reason": "delivery"}, at=PAN)
    checkout = await web.caller("checkout")
    for _ in range(2):
        made = await checkout.post(
            f"/v1/members/{shop.member}/reward-orders", {"reward": "pan", "quantity": 1}
        )
        assert made.status_code == 201, made.text

    listed = (await admin.get("/console/reward-orders")).text
    one, other = re.findall(r'href="(/console/reward-orders/rwo_\w+)"', listed)
    wrong = await admin.send(f"{one}/fulfil", {"reference": "two words"}, at=one)
    done = await admin.follow(await admin.send(f"{one}/fulfil", {"reference": "PARCEL-7"}, at=one))
    blank = await admin.send(f"{other}/cancel", {"reason": "whim"}, at=other)
    gone = await admin.follow(
        await admin.send(f"{other}/cancel", {"reason": "goodwill", "restock": "yes"}, at=other)
    )

    assert wrong.status_code == blank.status_code == 422
    assert "dots, slashes and hyphens" in wrong.text
    assert "Please choose one of the reasons." in blank.text
    assert "The order is fulfilled." in done.text
    assert "PARCEL-7" in done.text
    assert "The order is cancelled; points and stock came back." in gone.text
    assert "Nothing here" in (await admin.get("/console/reward-orders")).text
    assert ">4<" in (await admin.get(PAN)).text
    assert (
        "An order of a reward was cancelled"
        in (await admin.get(f"/console/members/{shop.member}")).text
    )
