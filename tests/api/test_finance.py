"""The books over HTTP: from the trial balance down to a transfer."""

from tests.support.api import Caller, Web


async def test_a_figure_of_the_trial_balance_leads_down_to_its_transfers(
    web: Web, admin: Caller, finance: Caller
) -> None:
    await web.joined(external_id="C-1")
    for points in (70, 50):
        await admin.post(
            "/v1/members/ext:C-1/adjustments", {"points": points, "reason": "goodwill"}
        )

    books = (await finance.get("/v1/finance/trial-balance")).json()
    entries = (await finance.get("/v1/finance/accounts/adjusted/entries")).json()
    journal = (await finance.get(f"/v1/finance/journals/{entries['items'][0]['journal']}")).json()

    assert books["difference"] == 0
    member_side = {part["account"]: part["balance"] for part in books["member_side"]}
    programme_side = {part["account"]: part["balance"] for part in books["programme_side"]}
    assert member_side["available"] == 120
    assert programme_side["adjusted"] == -120
    assert sorted(entry["debit"] for entry in entries["items"]) == [50, 70]
    (transfer,) = journal["transfers"]
    assert (transfer["debit"], transfer["credit"]) == ("adjusted", "available")
    assert transfer["amount"] == entries["items"][0]["debit"]
    assert journal["reason"] == "goodwill"
    assert journal["actor"].startswith("key:")


async def test_entries_page_by_key(web: Web, admin: Caller, finance: Caller) -> None:
    await web.joined(external_id="C-1")
    for points in (1, 2, 3):
        await admin.post("/v1/members/ext:C-1/adjustments", {"points": points, "reason": "other"})

    path = "/v1/finance/accounts/adjusted/entries"
    first = (await finance.get(path, limit=2)).json()
    rest = (await finance.get(path, limit=2, after=first["next"])).json()

    assert [entry["debit"] for entry in first["items"] + rest["items"]] == [3, 2, 1]
    assert rest["next"] is None


async def test_the_books_of_an_earlier_instant_are_as_they_were(
    web: Web, admin: Caller, finance: Caller
) -> None:
    await web.joined(external_id="C-1")
    before = web.application.clock.now().isoformat()
    await admin.post("/v1/members/ext:C-1/adjustments", {"points": 7, "reason": "other"})

    books = (await finance.get("/v1/finance/trial-balance", at=before)).json()

    balances = [part["balance"] for part in books["member_side"] + books["programme_side"]]
    assert set(balances) == {0}


async def test_what_the_books_do_not_have_is_named(finance: Caller) -> None:
    account = await finance.get("/v1/finance/accounts/petty-cash/entries")
    journal = await finance.get("/v1/finance/journals/jrn_nothing")
    tomorrow = await finance.get("/v1/finance/trial-balance", at="2199-01-01T00:00:00Z")
    naive = await finance.get("/v1/finance/trial-balance", at="2026-01-01T00:00:00")

    assert (account.status_code, account.json()["code"]) == (404, "unknown-account")
    assert (journal.status_code, journal.json()["code"]) == (404, "unknown-journal")
    for refused in (tomorrow, naive):
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == "/query/at"
