"""Closing a month, reconciling, exporting, and what the nightly proof found: done from pages."""

import re
from hashlib import sha256

import pytest
from sqlalchemy import text

import ledger
from loyalty.books.closing import finish_period
from loyalty.bootstrap import Application
from loyalty.cause import Cause, job_actor
from loyalty.jobs.registry import JOBS
from loyalty.staff import list_people
from loyalty.verification import record_verification, verify_books
from loyalty.verify import Finding
from tests.admin.conftest import Visitor, cause
from tests.admin.shop import Shop
from tests.support.api import Web

BOOKS = "/console/finance"


async def first_month(finance: Visitor) -> str:
    """The month that the list offers to close."""
    html = (await finance.get(f"{BOOKS}/periods")).text
    found = re.search(r'class="button" href="/console/finance/periods/([\d-]+)"', html)
    assert found is not None
    return found[1]


async def test_a_month_is_closed_in_its_turn_by_a_click_and_a_worker(
    application: Application, finance: Visitor, shop: Shop
) -> None:
    month = await first_month(finance)
    page = f"{BOOKS}/periods/{month}"

    before = await finance.get(page)
    begun = await finance.follow(await finance.send(f"{page}/close", {}, at=page))
    worker = Cause(application.clock.now(), job_actor("close-period"), "test")
    closed = await finish_period(application, worker, f"{month}-01")
    after = await finance.get(page)

    assert "They are compared while the month closes." in before.text
    assert "takes no more bookings" in begun.text
    assert begun.headers["refresh"] == "5"
    assert closed == 1
    assert "Closed for good by" in after.text
    assert "refresh" not in after.headers
    assert await first_month(finance) != month


async def test_a_month_whose_turn_it_is_not_says_why_and_is_refused(
    finance: Visitor, shop: Shop, application: Application
) -> None:
    first, now = await first_month(finance), f"{application.clock.now():%Y-%m}"
    page = f"{BOOKS}/periods/{now}"
    html = (await finance.get(page)).text

    assert "It is not its turn yet" in html
    assert "It ends on" in html
    assert f'href="{BOOKS}/periods/{first}"' in html
    theirs = f"{BOOKS}/periods/{first}"
    refused = await finance.send(f"{page}/close", {}, at=theirs, of=f"{theirs}/close")

    assert refused.status_code == 422
    assert "Nothing was changed" in refused.text
    async with application.database.read() as connection:
        assert await ledger.open_from(connection) is None


async def test_a_month_that_is_no_month_of_the_books_is_nowhere(
    finance: Visitor, shop: Shop
) -> None:
    for month in ("2001-01", "2026-13", "soon"):
        status = (await finance.get(f"{BOOKS}/periods/{month}")).status_code
        assert status in {404, 409}, month


async def test_orders_and_ledger_are_compared_once_from_a_form(
    finance: Visitor, shop: Shop, application: Application
) -> None:
    page, month = f"{BOOKS}/reconciliation", f"{application.clock.now():%Y-%m}"
    values = {"month": month, "tolerance": "0"}

    await finance.get(page)
    first = await finance.send(page, values, fresh=False)
    second = await finance.send(page, values, fresh=False)
    shown = await finance.follow(first)

    assert first.headers["location"] == second.headers["location"]
    assert first.headers["location"].startswith(f"{page}/1")
    assert "✓ Reconciled" in shown.text
    assert "Nothing is left to explain" in shown.text
    wrong = await finance.send(
        page, {"month": "2099-01", "tolerance": "some", "money": "much"}, at=page
    )
    assert wrong.status_code == 422
    assert "Please give an amount such as 1.00." in wrong.text
    assert "Please give a whole number." in wrong.text


async def test_a_difference_is_explained_once_and_stands_explained_in_the_next_comparison(
    web: Web, finance: Visitor, shop: Shop, application: Application
) -> None:
    day = application.clock.now().date()
    control = {
        "from": day.replace(day=1).isoformat(),
        "to": day.isoformat(),
        "control": [{"order": "NOWHERE-1", "completed": 4990}],
    }
    caller = await web.caller("finance")
    await caller.post("/v1/finance/reconciliations", control)
    runs = (await finance.get(f"{BOOKS}/reconciliation")).text
    found = re.search(r'reconciliation/(\d+)">\d+</a><div[^>]*>The shop', runs)
    assert found is not None
    run = f"{BOOKS}/reconciliation/{found[1]}"
    items = (await finance.get(run)).text
    item = re.search(rf'href="({run}/\d+)">The shop never reported it', items)
    assert item is not None
    assert "NOWHERE-1" in items

    values = {"reason": "known-difference", "reference": "TICKET-7"}
    blank = await finance.send(item[1], values | {"reference": "two words"}, at=item[1])
    done = await finance.follow(await finance.send(item[1], values, at=item[1]))
    again = await finance.send(item[1], values, at=f"{BOOKS}/exports", of=f"{BOOKS}/exports")

    assert blank.status_code == 422
    assert "dots, slashes and hyphens" in blank.text
    assert "The difference is explained" in done.text
    assert "NOWHERE-1" not in done.text
    assert again.status_code == 422
    assert "This difference was explained already." in again.text
    cleared = (await finance.get(item[1])).text
    assert "A known difference, by finn" in cleared
    assert "TICKET-7" in cleared
    await caller.post("/v1/finance/reconciliations", control)
    latest = (await finance.get(f"{BOOKS}/reconciliation")).text
    number = re.search(r'reconciliation/(\d+)">\d+</a><div[^>]*>The shop', latest)
    assert number is not None
    every = (await finance.get(f"{BOOKS}/reconciliation/{number[1]}", show="all")).text
    assert re.search(r"NOWHERE-1.*?Explained", every, re.DOTALL)
    taken_back = {"reason": "disproved", "reference": "TICKET-8"}
    opened = await finance.send(f"{item[1]}/reopen", taken_back, at=item[1])
    assert "The difference is asked for again" in (await finance.follow(opened)).text
    assert "NOWHERE-1" in (await finance.get(f"{BOOKS}/reconciliation/{number[1]}")).text
    asked_again = (await finance.get(item[1])).text
    assert re.search(r"<s>A known difference, by finn.*?</s> <code>TICKET-7", asked_again)
    assert re.search(r"Taken back by finn.*?turned out to be wrong.*?TICKET-8", asked_again)
    elsewhere = f"{BOOKS}/exports"
    twice = await finance.send(f"{item[1]}/reopen", taken_back, at=elsewhere, of=elsewhere)
    assert twice.status_code == 422
    assert "This difference is not explained." in twice.text


@pytest.mark.parametrize("kind", ["csv", "hledger", "xlsx"])
async def test_an_export_is_numbered_once_and_downloads_the_same_bytes_with_the_digest_shown(
    finance: Visitor, shop: Shop, kind: str
) -> None:
    page = f"{BOOKS}/exports"
    values = {"period": "2026-10", "length": "month", "map": "ifrs", "format": kind}

    await finance.get(page)
    first = await finance.send(page, values, fresh=False)
    second = await finance.send(page, values, fresh=False)
    shown = await finance.follow(first)
    address = first.headers["location"].partition("?")[0]
    files = [await finance.client.get(f"{address}/file") for _ in range(2)]
    after = await finance.get(address)

    assert first.headers["location"] == second.headers["location"]
    assert "Provisional" in shown.text
    assert "The file is made at the first download" in shown.text
    assert files[0].content == files[1].content
    assert len(files[0].content) > 200
    assert sha256(files[0].content).hexdigest() in after.text
    assert "attachment" in files[0].headers["content-disposition"]
    assert files[0].headers["cache-control"] == "no-store"


async def test_an_export_that_cannot_be_is_told_at_its_field(finance: Visitor, shop: Shop) -> None:
    page = f"{BOOKS}/exports"
    good = {"period": "2026-10", "length": "month", "map": "ifrs", "format": "csv"}
    for field, wrong, sentence in (
        ("period", "2099-01", "Only months that have begun can be exported."),
        ("period", "x", "Please give a month"),
        ("map", "none", "There is no such account map."),
        ("format", "pdf", "Please choose one of the formats."),
    ):
        answer = await finance.send(page, good | {field: wrong}, at=page)

        assert answer.status_code == 422, field
        assert sentence in answer.text, field
    assert "Nothing was exported yet" in (await finance.get(page)).text


async def test_the_latest_proof_stands_on_its_page_with_the_first_bad_row(
    application: Application, finance: Visitor, shop: Shop
) -> None:
    page = f"{BOOKS}/verification"
    empty = (await finance.get(page)).text
    await verify_books(application, cause(application))
    clean = (await finance.get(page)).text
    finding = Finding("ledger", "lots equal the transfers that name them", "lot 7", "41", "40")
    because = cause(application)
    await application.database.write(
        record_verification, because, [finding], finished_at=because.at
    )
    broken = (await finance.get(page)).text

    home = (await finance.get("/console")).text
    chinese = (await finance.get(page, lang="zh")).text
    assert "The books do not keep a promise: lot 7" in home
    assert "can be closed" in home
    assert "No proof was made yet" in empty
    assert "✓ Every promise holds" in clean
    assert "1 promise is broken" in broken
    assert "<code>lot 7</code>" in broken
    assert "批次与相关分录一致" in chinese


async def test_a_proof_is_asked_for_once_and_shows_by_itself_under_the_name_of_who_asked(
    application: Application, finance: Visitor, shop: Shop
) -> None:
    page = f"{BOOKS}/verification"
    await finance.get(page)
    first = await finance.send(page, {}, fresh=False)
    second = await finance.send(page, {}, fresh=False)
    waiting = await finance.follow(first)
    async with application.database.read() as connection:
        people = await list_people(connection)
        queued = await connection.execute(
            text("SELECT args FROM procrastinate.procrastinate_jobs WHERE task_name = :task"),
            {"task": "prove-books-now"},
        )
    (asked,) = queued.scalars()
    worker = Cause(application.clock.now(), job_actor("prove-books-now"), "test")
    await JOBS["prove-books-now"].work(application, worker, **asked)
    proved = await finance.get(first.headers["location"])

    assert first.headers["location"] == second.headers["location"]
    assert asked == {"actor": f"staff:{next(one.id for one in people if one.name == 'finn')}"}
    assert "Everything is being proved" in waiting.text
    assert waiting.headers["refresh"] == "3"
    assert "refresh" not in proved.headers
    assert "Every promise holds" in proved.text
    assert proved.text.count("<td>finn</td>") == 1
