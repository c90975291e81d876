"""Why things came back, and what a member did besides buying, as pages tell it."""

import re

from loyalty.bootstrap import Application
from loyalty.cause import SYSTEM, Cause
from loyalty.rules import draft_rule, publish_rules
from tests.admin.conftest import Visitor
from tests.admin.shop import Shop
from tests.support.api import Web

REASONS = "/console/return-reasons"


async def test_reasons_of_returns_are_counted_in_the_months_asked_for(
    web: Web, admin: Visitor, shop: Shop
) -> None:
    shown = (await admin.get(REASONS)).text
    long_ago = (await admin.get(REASONS, **{"from": "2001-01", "to": "2001-02"})).text
    mistaken = (await admin.get(REASONS, **{"from": "2001-13"})).text

    row = re.search(r"<tr><th scope=\"row\">Damaged <code[^>]*>damaged<.*?</tr>", shown, re.DOTALL)
    assert row is not None
    cells = re.findall(r'<td class="n">(.*?)</td>', row[0])
    assert cells[:5] == ["<strong>1</strong>", "100%", "1", "1", "$4.99"]
    assert "Nothing came back in these months" in long_ago
    assert "Please give a month such as 2026-10." in mistaken


async def test_events_of_a_member_stand_with_what_each_earned_and_why(
    application: Application, web: Web, admin: Visitor, shop: Shop
) -> None:
    cause = Cause(application.clock.now(), SYSTEM, "test")
    page = f"/console/members/{shop.member}/events"
    assert "No events yet" in (await admin.get(page)).text
    rule = {"rule": "review", "on": "review-written", "effects": [{"effect": "earn", "bonus": 25}]}
    drafted = await application.database.write(draft_rule, cause, rule)
    await application.database.write(publish_rules, cause, [(drafted.rule, drafted.version)])
    checkout = await web.caller("checkout")
    for number, kind in enumerate(("review-written", "check-in")):
        told = {"event_id": f"E-{number}", "kind": kind, "member": shop.member, "channel": "app"}
        assert (await checkout.post("/v1/events", told)).status_code == 201

    shown = (await admin.get(page)).text
    linked = (await admin.get(f"/console/members/{shop.member}")).text

    assert f'href="{page}"' in linked
    assert re.search(r"Wrote a review.*?review \(version 1\): \+25.*?\+25", shown, re.DOTALL)
    assert re.search(r"Checked in.*?no rule gave anything", shown, re.DOTALL)
    assert shown.index("Checked in") < shown.index("Wrote a review")
    assert (await admin.get("/console/members/mem_nobody/events")).status_code == 404
