"""What finance reads: any instant, months in points and money, each figure down to its order."""

import re
from datetime import timedelta
from html import unescape

from admin.books_words import COMPONENTS, PROMISES
from ledger import Component
from ledger.audit import CHECKS
from loyalty.books import list_estimates
from loyalty.bootstrap import Application
from tests.admin.conftest import Visitor
from tests.admin.shop import Shop, fall_into_debt
from tests.support.api import Web

BOOKS = "/console/finance"


async def test_an_instant_is_asked_on_both_axes_and_kept_in_every_link(
    application: Application, finance: Visitor, shop: Shop
) -> None:
    yesterday = f"{application.clock.now() - timedelta(days=1):%Y-%m-%dT%H:%M}"

    now = await finance.get(f"{BOOKS}/trial-balance")
    then = await finance.get(f"{BOOKS}/trial-balance", recorded_by=yesterday)

    assert _lead(now.text) > 0
    assert _lead(then.text) == 0
    assert "as far as it was recorded by" in then.text
    assert f"/console/finance/accounts/issued?{_query(recorded_by=yesterday)}" in then.text


async def test_an_instant_that_cannot_be_read_or_answered_is_told_at_its_field(
    finance: Visitor, shop: Shop
) -> None:
    for query, sentence in (
        ({"at": "soon"}, "Please give a past day and time"),
        ({"at": "2099-01-01T00:00"}, "Please give a past day and time"),
        ({"recorded_by": "9999-99-99"}, "Please give a past day and time"),
        ({"at": "1999-01-01T00:00"}, "The books begin on"),
    ):
        answer = await finance.get(f"{BOOKS}/trial-balance", **query)

        assert answer.status_code == 200, query
        assert sentence in answer.text, query
        assert 'aria-invalid="true"' in answer.text, query
        assert "The books balance" in answer.text, query


async def test_every_figure_of_the_roll_forward_is_the_sum_of_the_journals_it_opens(
    application: Application, web: Web, finance: Visitor, shop: Shop
) -> None:
    await fall_into_debt(application, web, shop)
    for by in ("none", "class", "tier"):
        html = (await finance.get(f"{BOOKS}/roll-forward", by=by)).text

        assert "Every month adds up" in html
        figures = re.findall(r'<a href="(roll-forward/[^"]+)">([^<]+)</a>', html)
        assert len(figures) > 10, by
        for href, figure in figures:
            entries = (await finance.get(f"{BOOKS}/{unescape(href)}")).text
            assert abs(_sum(entries)) == abs(_number(figure)), (href, figure)


async def test_a_figure_leads_to_its_order_in_two_clicks(finance: Visitor, shop: Shop) -> None:
    html = (await finance.get(f"{BOOKS}/roll-forward")).text
    earned = re.search(r'<a href="(roll-forward/earned[^"]+)">', html)
    assert earned is not None

    entries = (await finance.get(f"{BOOKS}/{unescape(earned[1])}")).text
    order = re.search(r'<a href="(/console/orders/ord_\w+)">(B-\d+)</a>', entries)
    assert order is not None
    shown = await finance.get(order[1])

    assert shown.status_code == 200
    assert order[2] in shown.text


async def test_months_that_cannot_be_shown_are_told_and_nonsense_is_nowhere(
    finance: Visitor, shop: Shop
) -> None:
    for query, sentence in (
        ({"from": "2026-13"}, "Please give a month such as 2026-10."),
        ({"to": "2099-01"}, "This month has not begun."),
        ({"from": "2026-11", "to": "2026-10"}, "The first month comes before the last."),
    ):
        answer = await finance.get(f"{BOOKS}/roll-forward", **query)

        assert answer.status_code == 200, query
        assert sentence in answer.text, query
    for path in (
        "roll-forward/nothing?from=2026-10&to=2026-10",
        "roll-forward/earned",
        "money/why",
    ):
        assert (await finance.get(f"{BOOKS}/{path}")).status_code == 404, path


async def test_money_opens_its_cohorts_and_a_cohort_its_lots_and_their_orders(
    finance: Visitor, shop: Shop
) -> None:
    html = (await finance.get(f"{BOOKS}/money")).text
    deferred = re.findall(r'<a href="(money/deferred[^"]+)">\$([^<]+)</a>', html)
    assert len(deferred) > 3
    for href, figure in deferred:
        reason = (await finance.get(f"{BOOKS}/{unescape(href)}")).text
        total = re.search(r'<tfoot>.*?<td class="n">\$([^<]+)</td>', reason, re.DOTALL)
        assert total is not None
        assert total[1] == figure

    cohorts = (await finance.get(f"{BOOKS}/cohorts")).text
    cohort = re.search(r'href="(cohorts/sale/[\d-]+)"', cohorts)
    assert cohort is not None
    shown = (await finance.get(f"{BOOKS}/{cohort[1]}")).text

    assert re.search(r'href="/console/orders/ord_\w+">B-\d+</a>', shown)
    assert "Sign an estimate" in shown


async def test_an_estimate_is_signed_once_with_its_reason_and_changes_what_is_expected(
    application: Application, finance: Visitor, shop: Shop
) -> None:
    page, month = f"{BOOKS}/estimates", f"{application.clock.now():%Y-%m}"
    values = {"class": "sale", "method": "history", "reason": "review-q3", "percent": "80"}

    await finance.get(page)
    first = await finance.send(page, values, fresh=False)
    second = await finance.send(page, values, fresh=False)
    shown = await finance.follow(first)
    cohorts = await finance.get(f"{BOOKS}/cohorts", **{"class": "sale"})

    assert first.status_code == second.status_code == 303
    assert "The estimate is signed" in shown.text
    assert "review-q3" in shown.text
    assert "finn" in shown.text
    assert "80%" in cohorts.text
    assert "80%" not in (await finance.get(f"{BOOKS}/cohorts", at="2026-01-01T00:00")).text
    assert month
    async with application.database.read() as connection:
        (signed,) = await list_estimates(connection)
    assert (signed.hundredths, signed.reason) == (8000, "review-q3")


async def test_an_estimate_with_a_mistake_is_told_at_its_field_and_signs_nothing(
    application: Application, finance: Visitor, shop: Shop
) -> None:
    page = f"{BOOKS}/estimates"
    good = {"class": "sale", "method": "history", "reason": "review", "percent": "80"}
    for field, wrong, sentence in (
        ("percent", "101", "from 0 to 100"),
        ("percent", "many", "from 0 to 100"),
        ("percent", "", "either a percentage or a number"),
        ("reason", "Because!", "lower-case letters, digits and hyphens"),
        ("issued_in", "2001-01", "No points of this class were earned in 2001-01."),
        ("issued_in", "once", "Please give a month"),
        ("class", "promotion", "Please choose one of the classes."),
        ("effective_on", "2099-01-01", "at the latest"),
        ("points", "10", "either a percentage or a number"),
    ):
        answer = await finance.send(page, good | {field: wrong}, at=page)

        assert answer.status_code == 422, (field, wrong)
        assert sentence in answer.text, (field, wrong)
    async with application.database.read() as connection:
        assert await list_estimates(connection) == []


async def test_the_ages_of_all_lots_are_what_the_trial_balance_says(
    finance: Visitor, shop: Shop
) -> None:
    for by in ("class", "tier"):
        html = (await finance.get(f"{BOOKS}/ageing", by=by)).text

        assert "Agrees with the trial balance" in html, by
        assert "31 to 90 days" in html, by


async def test_a_debt_is_listed_and_written_off_once_for_a_reason(
    application: Application, web: Web, finance: Visitor, shop: Shop
) -> None:
    owed = await fall_into_debt(application, web, shop)
    listed = (await finance.get(f"{BOOKS}/debts")).text
    page = f"/console/members/{shop.member}/debt"
    values = {"points": str(owed), "reason": "goodwill", "note": "Moved away."}

    assert owed > 0
    assert f"<strong>{owed}</strong>" in listed
    assert page in listed
    await finance.get(page)
    first = await finance.send(page, values, fresh=False)
    second = await finance.send(page, values, fresh=False)
    shown = await finance.follow(first)

    assert first.status_code == second.status_code == 303
    assert "The debt was written off" in shown.text
    assert "Moved away." in shown.text
    assert "Debt was written off" in shown.text
    assert "Nobody owes anything" in (await finance.get(f"{BOOKS}/debts")).text


async def test_a_write_off_that_cannot_be_is_told_at_its_field(
    application: Application, web: Web, finance: Visitor, shop: Shop
) -> None:
    owed = await fall_into_debt(application, web, shop)
    page = f"/console/members/{shop.member}/debt"
    for values, sentence in (
        ({"points": str(owed + 1), "reason": "goodwill"}, f"The wallet owes {owed};"),
        ({"points": "0", "reason": "goodwill"}, "Please give a whole number of at least 1."),
        ({"points": str(owed), "reason": "whim"}, "Please choose one of the reasons."),
        ({"points": "6000", "reason": "goodwill"}, "Your role may move at most 5,000 points a day"),
    ):
        answer = await finance.send(page, values, at=page)

        assert answer.status_code == 422, values
        assert sentence in answer.text, values
        assert 'aria-invalid="true"' in answer.text, values


def test_every_line_and_every_promise_of_the_books_has_its_words() -> None:
    assert set(COMPONENTS) == set(Component)
    assert set(PROMISES) == set(CHECKS.values())


def _query(**asked: str) -> str:
    return "&amp;".join(f"{name}={value.replace(':', '%3A')}" for name, value in asked.items())


def _lead(html: str) -> int:
    found = re.search(r'class="lead">.*?class="figure">([^<]+)<', html, re.DOTALL)
    assert found is not None
    return _number(found[1])


def _sum(html: str) -> int:
    """Credits less debits of a list of journals."""
    total = 0
    for row in re.findall(r"<tr><td class=\"date\">.*?</tr>", html, re.DOTALL):
        debit, credit = re.findall(r'<td class="n">(.*?)</td>', row, re.DOTALL)
        total += _number(re.sub(r"<[^>]+>", "", credit)) - _number(re.sub(r"<[^>]+>", "", debit))
    return total


def _number(text: str) -> int:
    return int(text.replace(",", "").replace("\N{MINUS SIGN}", "-") or 0)
