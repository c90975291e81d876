from dataclasses import replace

from sqlalchemy.engine import URL

from admin.guards import Needs, check_all, needs_of
from admin.pages import PAGES
from api.app import create_app
from loyalty.bootstrap import Application
from loyalty.database import Database, Patience
from loyalty.staff import list_people
from tests.admin.conftest import Visitor, browser
from tests.admin.shop import Shop
from tests.support.api import Web

HURRIED = Patience(statement=500, lock=500, idle_in_transaction=500, deadline=500)
STAFF = [
    "/console",
    "/console/members",
    "/console/orders",
    "/console/return-reasons",
    "/console/rules",
    "/console/rule-groups",
    "/console/vouchers",
    "/console/lists",
    "/console/ladder",
]
FINANCE = [
    "/console/finance/trial-balance",
    "/console/finance/accounts/issued",
    "/console/finance/roll-forward",
    "/console/finance/money",
    "/console/finance/fees",
    "/console/finance/cohorts",
    "/console/finance/estimates",
    "/console/finance/ageing",
    "/console/finance/debts",
    "/console/finance/periods",
    "/console/finance/reconciliation",
    "/console/finance/exports",
    "/console/finance/verification",
]
ADMIN = [
    "/console/rules/drafts/new",
    "/console/rule-groups-new",
    "/console/vouchers-new",
    "/console/ladder/drafts/new",
    "/console/messages",
    "/console/stripe",
    "/console/settings/policy",
    "/console/settings/expiry",
    "/console/settings/keys",
    "/console/settings/staff",
]


def test_every_page_says_whom_it_is_for() -> None:
    check_all(PAGES)

    public = {path for page in PAGES if needs_of(page) is Needs.NOBODY for path in page.paths}
    assert public == {
        "/console/sign-in",
        "/console/sign-out",
        "/console/claim/{token:str}",
        "/wallet/enter/{token:str}",
    }


async def test_a_member_s_wallet_opens_no_page_of_the_console(shop: Shop, visitor: Visitor) -> None:
    await visitor.follow(await visitor.get(shop.link))

    for path in (*STAFF, f"/console/members/{shop.member}", *FINANCE, *ADMIN):
        answer = await visitor.get(path)

        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/console/sign-in?"), path
        assert answer.text == "", path


async def test_finance_sees_the_books_and_no_settings(finance: Visitor) -> None:
    for path in (*STAFF, *FINANCE):
        assert (await finance.get(path)).status_code == 200, path
    for path in ADMIN:
        answer = await finance.get(path)

        assert answer.status_code == 403, path
        assert "This page is for another role" in answer.text


async def test_administration_sees_settings_and_no_books(clerk: Visitor) -> None:
    for path in (*STAFF, *ADMIN):
        assert (await clerk.get(path)).status_code == 200, path
    for path in FINANCE:
        assert (await clerk.get(path)).status_code == 403, path


async def test_finance_may_not_post_what_it_may_not_see(
    application: Application, finance: Visitor
) -> None:
    answer = await finance.send(
        "/console/settings/keys", {"label": "till", "role": "admin"}, at="/console"
    )

    assert answer.status_code == 403


async def test_a_role_taken_away_is_gone_with_the_next_click(
    application: Application, admin: Visitor, clerk: Visitor
) -> None:
    async with application.database.read() as connection:
        people = {one.email: one for one in await list_people(connection)}
    cleo = f"/console/settings/staff/{people['cleo@example.com'].id}"

    await admin.send(f"{cleo}/roles", {"roles": "finance"}, at=cleo)

    assert (await clerk.get("/console/settings/keys")).status_code == 403
    assert (await clerk.get("/console/finance/trial-balance")).status_code == 200


async def test_who_has_left_is_out_at_once(
    application: Application, admin: Visitor, clerk: Visitor
) -> None:
    async with application.database.read() as connection:
        people = {one.email: one for one in await list_people(connection)}
    cleo = f"/console/settings/staff/{people['cleo@example.com'].id}"

    answer = await admin.send(f"{cleo}/retire", {"reason": "left"}, at=cleo)

    assert answer.headers["location"].endswith("done=person-retired")
    assert (await clerk.get("/console")).status_code == 303


async def test_the_last_person_with_administration_stays(
    application: Application, admin: Visitor
) -> None:
    async with application.database.read() as connection:
        (ada,) = await list_people(connection)
    page = f"/console/settings/staff/{ada.id}"

    retired = await admin.send(f"{page}/retire", {"reason": "left"}, at=page)
    demoted = await admin.send(f"{page}/roles", {"roles": "finance"}, at=page)

    assert retired.status_code == demoted.status_code == 422
    assert "the last person with the administration role" in retired.text
    assert (await admin.get("/console/settings/keys")).status_code == 200


async def test_every_answer_carries_the_headers_of_a_closed_page(
    web: Web, visitor: Visitor
) -> None:
    for path in ("/console/sign-in", "/console/nothing", "/wallet", "/console"):
        headers = (await visitor.get(path)).headers

        assert headers["content-security-policy"].startswith("default-src 'none';"), path
        assert "unsafe" not in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["cache-control"] == "no-store", path
        assert headers["referrer-policy"] == "same-origin", path


async def test_without_a_database_a_page_says_so_in_both_languages(
    application: Application, web: Web
) -> None:
    nowhere = URL.create("postgresql+psycopg", host="/nonexistent", database="none")
    broken = replace(application, database=Database.at(nowhere, patience=HURRIED))
    async with browser(replace(web, app=create_app(broken))) as client:
        answer = await client.get("/console", headers={"host": "127.0.0.1:8000"})

    assert answer.status_code == 503
    assert "One moment, please" in answer.text
    assert "请稍候" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none';")
    assert int(answer.headers["retry-after"]) > 0


async def test_an_address_that_does_not_exist_is_told_in_the_design(web: Web) -> None:
    async with browser(web) as client:
        answer = await client.get("/console/no/such/page", headers={"accept-language": "zh-CN"})

    assert answer.status_code == 404
    assert 'lang="zh-Hans"' in answer.text
    assert "这里什么也没有" in answer.text
