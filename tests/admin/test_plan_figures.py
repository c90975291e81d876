"""What a plan brought and cost, on its page."""

import re

from loyalty.bootstrap import Application
from tests.admin.conftest import Visitor
from tests.admin.shop import Shop
from tests.admin.test_membership_pages import NEW, PLANS, PLUS, _joins


async def test_a_plan_says_who_came_and_left_what_it_brought_and_what_it_cost(
    application: Application, admin: Visitor, finance: Visitor, shop: Shop
) -> None:
    await admin.send(NEW, PLUS, at=NEW)
    path = f"{PLANS}/plus/figures"
    before = (await finance.get(path)).text
    address = await _joins(application, shop)
    during = (await finance.get(path)).text
    await admin.send(f"{address}/leave", {}, at=address)
    wrong = (await finance.get(path, to="2999-01")).text

    assert "Nobody had it in these months" in before
    assert path in (await finance.get(f"{PLANS}/plus")).text
    assert _figures(during) == {
        "Had it at the start": "0",
        "of them left": "0",
        "Joined": "1",
        "Have it at the end": "1",
        "Had it at some time": "1",
        "Members who paid": "1",
        "saved at least what they paid": "0",
    }
    assert "No trial ended in these months." in during
    assert "Pays for itself" in during
    assert _figures(wrong)["Have it at the end"] == "0"
    assert "This month has not begun." in wrong
    assert (await finance.get(f"{PLANS}/none/figures")).status_code == 404


def _figures(html: str) -> dict[str, str]:
    return dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", html))
