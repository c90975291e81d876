"""Groups of rules from pages: drafted with their limits, said in words, published with a rule."""

import json
import re

import benefits
from loyalty.bootstrap import Application
from tests.admin.conftest import Visitor
from tests.admin.shop import Shop

GROUPS = "/console/rule-groups"
NEW = "/console/rule-groups-new"
RULES = "/console/rules"
LANE = {
    "name": "lane",
    "mode": "best",
    "limit0_most": "1,500.00",
    "limit0_count": "money",
    "limit0_for": "all",
    "limit0_every": "month",
    "limit0_short": "partial",
}
RULE = {
    "rule": "lane-ten",
    "group": "lane",
    "effects": [{"effect": "percent-off", "percent": 10, "target": "order"}],
}


async def test_a_group_is_drafted_with_its_limits_and_published_with_a_rule_of_it(
    application: Application, admin: Visitor, finance: Visitor, shop: Shop
) -> None:
    for name, value, sentence in (
        ("name", "No Name", "lower-case letters, digits and hyphens"),
        ("mode", "worst", "Please choose one."),
        ("limit0_most", "much", "Please give an amount such as 1.00."),
        ("limit0_most", "0", "Expected:"),
    ):
        wrong = await admin.send(NEW, LANE | {name: value}, at=NEW)
        assert wrong.status_code == 422, (name, value)
        assert sentence in wrong.text, (name, value)
        assert f'href="#f-group-{name}"' in wrong.text, (name, value)

    drafted = await admin.follow(await admin.send(NEW, LANE, at=NEW))
    draft = drafted.url.path
    assert "Of its rules only the one that gives the member most." in drafted.text
    assert "At most $1,500.00 off a month for all." in drafted.text
    assert "Nothing: it says what is live." not in drafted.text

    page = f"{draft}/change"
    assert re.search('<option value="lane">', (await admin.get(page)).text)
    values = {"documents": json.dumps(RULE), "retired": "", "verb": "store"}
    stored = await admin.follow(await admin.send(page, values, at=f"{page}?view=written"))
    assert "lane-ten" in stored.text
    assert "Of its rules only the one" in stored.text
    await admin.follow(await admin.send(f"{draft}/publish", {"on": ""}, at=draft))
    live = (await finance.get(GROUPS)).text
    async with application.database.read() as connection:
        version = await connection.scalar(benefits.live_rule_set_version(application.clock.now()))
        groups = (await benefits.read_contents(connection, version)).groups

    assert groups == {
        "lane": {
            "mode": "best",
            "limits": [
                {
                    "count": "money",
                    "for": "all",
                    "every": "month",
                    "most": 150_000,
                    "short": "partial",
                }
            ],
        }
    }
    assert "$0.00 of $1,500.00 used" in live
    assert "lane-ten" in live
    assert "Draft a change of it" not in live
    assert (await finance.get(NEW)).status_code == 403


async def test_a_live_group_is_changed_and_taken_away_by_drafts_only(
    admin: Visitor, shop: Shop
) -> None:
    drafted = await admin.follow(await admin.send(NEW, LANE, at=NEW))
    await admin.send(f"{drafted.url.path}/publish", {"on": ""}, at=drafted.url.path)
    change = f"{GROUPS}/lane/change"

    form = (await admin.get(change)).text
    first = LANE | {"mode": "first", "limit0_most": ""}
    other = await admin.follow(await admin.send(change, first, at=change))
    listed = (await admin.get(GROUPS)).text
    again = f"{change}?draft={other.url.path.rpartition('/')[2]}"
    kept = (await admin.get(again)).text
    gone = await admin.follow(await admin.send(f"{GROUPS}/lane/end", {}, at=GROUPS))

    assert 'value="1500.00"' in form
    assert "Of its rules only the first that gives anything" in other.text
    assert "until now:" in other.text
    assert "Of its rules only the one that gives the member most." in listed
    assert '<option value="first" selected>' in kept
    assert "Ends" in gone.text
    assert (await admin.get(f"{GROUPS}/nothing/change")).status_code == 404
