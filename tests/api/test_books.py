"""Finance's work over HTTP: months, what their figures are made of, ages, debts and periods."""

from datetime import timedelta

from loyalty.books.closing import finish_period
from tests.loyalty.books.test_periods import earned
from tests.support.api import Caller, Web


async def given(web: Web, admin: Caller, points: int, external_id: str = "C-1") -> None:
    """A member with points given by hand."""
    await web.joined(external_id=external_id)
    answer = await admin.post(
        f"/v1/members/ext:{external_id}/adjustments", {"points": points, "reason": "goodwill"}
    )
    assert answer.status_code == 201, answer.text


async def test_a_month_rolls_forward_and_its_figures_open(
    web: Web, admin: Caller, finance: Caller
) -> None:
    await given(web, admin, 70)

    rolled = (await finance.get("/v1/finance/roll-forward", by="class")).json()
    (total,) = rolled["totals"]
    (line,) = rolled["lines"]
    entries = (
        await finance.get(
            "/v1/finance/roll-forward/entries",
            **{
                "component": "adjusted",
                "from": rolled["from"],
                "to": rolled["to"],
                "class": line["birth"],
            },
        )
    ).json()

    assert (total["opening"]["total"], total["adjusted"], total["closing"]["total"]) == (0, 70, 70)
    assert (line["birth"], line["closing"]["available"]) == ("goodwill", 70)
    (entry,) = entries["items"]
    assert (entry["debit"], entry["order"]) == (70, None)
    assert entry["member"].startswith("mem_")
    assert entry["booked_on"][:7] == total["month"]


async def test_months_are_asked_for_in_order_and_within_reason(finance: Caller) -> None:
    for wrong in (
        {"from": "2026-03-01", "to": "2026-02-01"},
        {"from": "2000-01-01", "to": "2026-02-01"},
        {"from": "1900-01-01"},
        {"from": "March"},
        {"by": "colour"},
    ):
        answer = await finance.get("/v1/finance/roll-forward", **wrong)
        assert answer.status_code == 422, wrong


async def test_ages_and_debts_are_told(web: Web, admin: Caller, finance: Caller) -> None:
    await given(web, admin, 70)

    aged = (await finance.get("/v1/finance/ageing")).json()
    debts = (await finance.get("/v1/finance/debts")).json()

    assert aged["points"] == 70
    assert [(line["class"], line["available"]) for line in aged["lines"]] == [("goodwill", 70)]
    assert debts == {"items": [], "next": None}


async def test_what_cannot_be_told_is_refused_by_name(
    web: Web, admin: Caller, finance: Caller
) -> None:
    await given(web, admin, 70)
    tomorrow = (web.application.clock.now() + timedelta(days=1)).isoformat()

    for path, query, code in (
        ("trial-balance", {"recorded_by": tomorrow}, "recorded-in-future"),
        ("ageing", {"recorded_by": tomorrow}, "recorded-in-future"),
        ("debts", {"asset": "growth"}, "unknown-asset"),
        ("ageing", {"at": "2001-01-01T00:00:00Z"}, "unanswerable-instant"),
        ("roll-forward", {"from": "2001-01-01", "to": "2001-02-01"}, "unanswerable-instant"),
        ("periods/2001-01", {}, "period-unknown"),
        ("periods/soon", {}, "period-unknown"),
    ):
        answer = await finance.get(f"/v1/finance/{path}", **query)
        assert answer.json()["code"] == code, path


async def test_a_month_that_is_not_over_is_not_closed(
    web: Web, admin: Caller, finance: Caller
) -> None:
    await given(web, admin, 70)
    (month,) = [p["month"] for p in (await finance.get("/v1/finance/periods")).json()["items"]]

    refused = await finance.post(f"/v1/finance/periods/{month}/close", {})
    state = (await finance.get(f"/v1/finance/periods/{month}")).json()["state"]

    assert (refused.status_code, refused.json()["code"]) == (409, "period-not-over")
    assert state == "open"


async def test_a_month_is_closed_by_a_worker(web: Web, finance: Caller) -> None:
    await earned(web.application)
    listed = (await finance.get("/v1/finance/periods")).json()["items"]
    month = listed[-1]["month"]

    begun = await finance.post(f"/v1/finance/periods/{month}/close", {})
    await finish_period(web.application, web.cause(), f"{month}-01")
    ended = (await finance.get(f"/v1/finance/periods/{month}")).json()
    again = await finance.post(f"/v1/finance/periods/{month}/close", {})
    proofs = (await finance.get("/v1/finance/verifications")).json()["items"]

    assert (begun.status_code, begun.json()["state"]) == (202, "closing")
    assert (ended["state"], ended["obstacle"]) == ("closed", None)
    assert (again.status_code, again.json()["state"]) == (200, "closed")
    assert ended["verified_by"] == proofs[0]["id"]
    assert proofs[0]["clean"]
