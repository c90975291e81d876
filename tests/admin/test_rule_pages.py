"""Rules and exceptions from pages: written, read back in words, published; worked through."""

import json
import re
from datetime import timedelta

import benefits
from loyalty.bootstrap import Application
from tests.admin.conftest import Visitor
from tests.admin.shop import Shop
from tests.support.api import Web

RULES = "/console/rules"
NEW = f"{RULES}/drafts/new"
WRITTEN = f"{NEW}?view=written"
DOUBLE = {"rule": "gold-double", "effects": [{"effect": "earn", "multiplier": 3}]}


async def test_a_change_of_rules_is_read_back_published_once_and_ended(
    application: Application, admin: Visitor, finance: Visitor, shop: Shop
) -> None:
    values = {"documents": json.dumps(DOUBLE), "retired": "", "verb": "check"}
    checked = await admin.send(NEW, values, at=WRITTEN)
    assert checked.status_code == 200
    assert "3 times the points" in checked.text
    assert "Changed" in checked.text
    async with application.database.read() as connection:
        assert await benefits.list_rule_drafts(connection) == []

    await admin.get(WRITTEN)
    first = await admin.send(NEW, values | {"verb": "store"}, fresh=False)
    second = await admin.send(NEW, values | {"verb": "store"}, fresh=False)
    draft = first.headers["location"].partition("?")[0]
    shown = await admin.follow(first)
    assert first.headers["location"] == second.headers["location"]
    assert "/effects/0/multiplier" in shown.text

    past = await admin.send(f"{draft}/publish", {"on": "2001-01-01"}, at=draft)
    done = await admin.follow(await admin.send(f"{draft}/publish", {"on": ""}, at=draft))
    rule = (await admin.get(f"{RULES}/gold-double")).text
    assert past.status_code == 422
    assert "Please give a day to come" in past.text
    assert "The rules are live" in done.text
    assert re.search(r"Version 2 <span[^>]*>Live", rule)
    assert "3 times the points" in rule

    ended = await admin.follow(
        await admin.send(f"{RULES}/gold-double/end", {"on": ""}, at=f"{RULES}/gold-double")
    )
    assert "A rule set without it is published." in ended.text
    assert "gold-double" in (await finance.get(RULES, state="ended")).text
    assert (await finance.get(NEW)).status_code == 403
    assert (await finance.get(draft)).status_code == 200
    assert (await finance.get(f"{RULES}/no-such-rule")).status_code == 404


async def test_a_published_rule_whose_days_are_to_come_is_nowhere_called_live(
    application: Application, admin: Visitor, shop: Shop
) -> None:
    begins = application.clock.now() + timedelta(days=20)
    winter = {**DOUBLE, "rule": "winter", "schedule": {"from": begins.isoformat()}}
    values = {"documents": json.dumps(winter), "retired": "", "verb": "store"}
    stored = await admin.send(NEW, values, at=WRITTEN)
    draft = stored.headers["location"].partition("?")[0]
    await admin.send(f"{draft}/publish", {"on": ""}, at=draft)

    rule = (await admin.get(f"{RULES}/winter")).text

    assert re.search(r"Version 1 <span[^>]*>Comes later", rule)
    assert '<span class="state good">Live</span>' not in rule
    assert "Live since" not in rule


async def test_rules_that_cannot_be_are_told_at_their_field_and_store_nothing(
    application: Application, admin: Visitor, shop: Shop
) -> None:
    for text, sentence in (
        ("{", "This is not JSON; look at line 1."),
        ('"base"', "Please give one rule as an object"),
        ('{"rule": "x", "effects": [{"effect": "wish"}]}', "/effects/0"),
        ("", "A draft changes at least one rule."),
    ):
        answer = await admin.send(NEW, {"documents": text, "retired": ""}, at=WRITTEN)
        assert answer.status_code == 422, text
        assert sentence in answer.text, text
        assert 'href="#f-rules-documents"' in answer.text, text
    async with application.database.read() as connection:
        assert await benefits.list_rule_drafts(connection) == []


async def test_an_exception_is_listed_and_settled_once_for_a_reason(
    web: Web, admin: Visitor, shop: Shop
) -> None:
    checkout = await web.caller("checkout")
    back = await checkout.post(
        "/v1/orders/ext:B-1005/chargeback", {"chargeback_id": "dp_1", "reason": "fraudulent"}
    )
    assert back.status_code < 300, back.text

    listed = (await admin.get("/console/exceptions")).text
    found = re.search(r'href="(/console/exceptions/exc_\w+)">The bank took the money back', listed)
    assert found is not None
    assert "B-1005" in listed
    assert "Exceptions wait to be worked through" in (await admin.get("/console")).text
    page, good = found[1], {"outcome": "released", "reason": "member-contacted"}
    for name, value, sentence in (
        ("reason", "whim", "Please choose one of the reasons."),
        ("outcome", "", "Please say whether the wallet is released"),
        ("reference", "two words", "dots, slashes and hyphens"),
    ):
        answer = await admin.send(page, good | {name: value}, at=page)
        assert answer.status_code == 422, name
        assert sentence in answer.text, name

    await admin.get(page)
    first = await admin.send(page, good, fresh=False)
    second = await admin.send(page, good, fresh=False)
    after = await admin.follow(first)
    assert first.status_code == second.status_code == 303
    assert "The exception is settled" in after.text
    assert "Nothing waits to be worked through" in after.text
    assert "Cleared up with the member" in (await admin.get(page)).text
    assert "Wallet locked" not in (await admin.get(f"/console/members/{shop.member}")).text
