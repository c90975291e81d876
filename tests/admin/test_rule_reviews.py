"""A draft of rules looked at by a second person, on its page."""

import json

from tests.admin.conftest import Visitor
from tests.admin.shop import Shop
from tests.admin.test_forms import policy_values

RULES = "/console/rules"
NEW = f"{RULES}/drafts/new"
POLICY = "/console/settings/policy"
FREE = {"rule": "free-for-all", "effects": [{"effect": "free-shipping"}]}


async def test_a_draft_is_handed_in_sent_back_approved_by_another_and_published(
    admin: Visitor, clerk: Visitor, finance: Visitor, shop: Shop
) -> None:
    asked = await admin.send(POLICY, await policy_values(admin) | {"rule_reviewers": "1"})
    assert "Somebody else approves it" in (await admin.follow(asked)).text
    values = {"documents": json.dumps(FREE), "retired": "", "verb": "store"}
    made = await admin.send(NEW, values, at=f"{NEW}?view=written")
    draft = made.headers["location"].partition("?")[0]

    early = await admin.send(f"{draft}/publish", {"on": ""}, at=draft)
    assert early.status_code == 422
    assert "Somebody else has to approve a draft" in early.text
    handed = await admin.follow(await admin.send(f"{draft}/hand-in", {}, at=draft))
    assert "It stays as it is until it is approved or sent back." in handed.text
    assert "Approve the draft" not in handed.text, "it is their own"
    assert f"{draft}/publish" not in handed.text
    assert f"{draft}/try" in (await clerk.get(draft)).text
    assert "free-for-all" in (await finance.get(RULES, state="review")).text
    assert "Send the draft back" not in (await finance.get(draft)).text

    silent = await clerk.send(f"{draft}/send-back", {"reason": ""}, at=draft, of=f"{draft}/approve")
    assert silent.status_code == 422
    assert "Please say why" in silent.text
    back = await clerk.send(
        f"{draft}/send-back", {"reason": "too free"}, at=draft, of=f"{draft}/approve"
    )
    assert "too free" in (await clerk.follow(back)).text
    await admin.send(f"{draft}/hand-in", {}, at=draft)
    own = await admin.send(f"{draft}/approve", {"reason": ""}, at=draft, of=f"{draft}/send-back")
    assert own.status_code == 422
    assert "Somebody who neither wrote the draft nor handed it in" in own.text
    good = await clerk.follow(await clerk.send(f"{draft}/approve", {"reason": ""}, at=draft))
    assert "Approved by cleo" in good.text
    assert "In review" in (await admin.get(RULES)).text
    done = await admin.follow(await admin.send(f"{draft}/publish", {"on": ""}, at=draft))
    assert "The rules are live" in done.text
