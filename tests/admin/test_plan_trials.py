"""A draft of rules tried as a plan, from its page."""

from benefits import RuleChange
from loyalty.bootstrap import Application
from loyalty.ids import read, show
from loyalty.rule_drafts import make_draft
from loyalty.rule_reviews import DRAFT
from loyalty.savings.runs import RUN, try_plan
from tests.admin.conftest import Visitor, cause
from tests.admin.shop import Shop

PRIME = {
    "rule": "prime-ten",
    "when": {"fact": "plan", "is": "prime"},
    "effects": [{"effect": "percent-off", "percent": 10, "target": "order"}],
}


async def test_a_draft_says_who_would_have_gained_by_joining_and_what_it_would_have_cost(
    application: Application, admin: Visitor, finance: Visitor, shop: Shop
) -> None:
    because = cause(application)
    draft = await application.database.write(make_draft, because, RuleChange(rules=(PRIME,)))
    page = f"/console/rules/drafts/{show(DRAFT, draft.id)}"
    path, values = f"{page}/plan", {"plan": "prime", "fee": "9.90", "days": "400"}
    for name, value, sentence in (
        ("plan", "Prime!", "a letter first"),
        ("fee", "0", "Please give an amount such as 1.00."),
        ("days", "1101", "Please give 1 to 1,100 days."),
    ):
        wrong = await admin.send(path, values | {name: value}, at=path)
        assert wrong.status_code == 422, name
        assert sentence in wrong.text, name
        assert f'href="#f-plan-{name}"' in wrong.text, name
        assert 'value="prime"' in wrong.text or name == "plan"

    assert path in (await admin.get(f"{page}/try")).text
    await admin.get(path)
    first = await admin.send(path, values, fresh=False)
    second = await admin.send(path, values, fresh=False)
    run = first.headers["location"].partition("?")[0]
    waiting = (await finance.get(run)).text
    await try_plan(application, because, run=str(read(RUN, run.rpartition("/")[2])))
    done = (await finance.get(run)).text

    assert first.headers["location"] == second.headers["location"]
    assert "It waits for a worker" in waiting
    assert "prime for $9.90" in done
    assert "of 6 members with orders" in done
    assert f'<a href="/console/members/{shop.member}">C-1000</a>' in done
    assert "If everybody had joined" in done
    assert run in (await admin.get(path)).text
    assert (await finance.get(path)).status_code == 403
    assert (await finance.get(f"{page}/plan/{show(RUN, draft.id)}")).status_code == 404
    assert (await finance.get(f"{page}/plan/ptr_no")).status_code == 404
