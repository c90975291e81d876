import re
from datetime import timedelta

import pytest

from admin.browser import comes_from_here, is_local
from loyalty.bootstrap import Application
from loyalty.staff import find_session, first_link, link_for, list_people
from loyalty.staff.throttle import TRIES_PER_ACCOUNT
from tests.admin.conftest import HERE, PASSWORD, Visitor, browser, cause
from tests.support.api import Web

SIGN_IN = "/console/sign-in"
ADA = {"email": "ada@example.com", "password": PASSWORD}


async def test_nobody_sees_the_console_without_signing_in(visitor: Visitor) -> None:
    answer = await visitor.get("/console")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/sign-in?next=%2Fconsole"


async def test_the_first_link_makes_the_first_person_with_both_roles(admin: Visitor) -> None:
    page = await admin.get("/console/settings/staff")

    assert page.status_code == 200
    assert "ada@example.com" in page.text
    assert "Administration · Finance" in page.text


async def test_there_is_no_second_first_link(application: Application, admin: Visitor) -> None:
    assert await application.database.write(first_link, cause=cause(application)) is None


async def test_a_newer_first_link_voids_the_older(
    application: Application, visitor: Visitor
) -> None:
    older = await application.database.write(first_link, cause=cause(application))
    newer = await application.database.write(first_link, cause=cause(application))
    assert older is not None
    assert newer is not None

    assert (await visitor.get(older.path)).status_code == 404
    assert (await visitor.get(newer.path)).status_code == 200


async def test_a_one_time_link_works_once_and_a_look_does_not_use_it(
    application: Application, visitor: Visitor
) -> None:
    link = await application.database.write(first_link, cause=cause(application))
    assert link is not None
    seat = {"name": "Ada", **ADA, "password_again": PASSWORD}

    await visitor.get(link.path)
    first = await visitor.send(link.path, seat)
    await visitor.client.post("/console/sign-out")
    second = await visitor.get(link.path)

    assert first.status_code == 303
    assert second.status_code == 404


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"password": "short", "password_again": "short"}, "at least 12 characters, not 5"),
        ({"password": "x" * 20, "password_again": "x" * 20}, "harder to guess"),
        ({"password_again": "something else!"}, "The two passwords differ."),
        ({"email": "nowhere"}, "An e-mail address reads name@host."),
        ({"name": " "}, "a name of 1 to 100 characters"),
    ],
)
async def test_a_claim_with_a_mistake_names_it_and_keeps_the_values_but_no_password(
    application: Application, visitor: Visitor, values: dict[str, str], sentence: str
) -> None:
    link = await application.database.write(first_link, cause=cause(application))
    assert link is not None
    seat = {"name": "Ada", **ADA, "password_again": PASSWORD} | values

    answer = await visitor.send(link.path, seat)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert PASSWORD not in answer.text
    async with application.database.read() as connection:
        assert await list_people(connection) == ()


async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(
    admin: Visitor, web: Web
) -> None:
    async with browser(web) as client:
        stranger = Visitor(client)
        wrong = await stranger.send(SIGN_IN, ADA | {"password": "not the password"})
        unknown = await stranger.send(SIGN_IN, ADA | {"email": "eve@example.com"})

    assert wrong.status_code == unknown.status_code == 403
    assert _refusal(wrong.text) == _refusal(unknown.text) != ""


async def test_guessing_is_slowed_down_and_the_right_password_must_wait_too(
    admin: Visitor, web: Web
) -> None:
    async with browser(web) as client:
        stranger = Visitor(client)
        for _ in range(TRIES_PER_ACCOUNT):
            assert (await stranger.send(SIGN_IN, ADA | {"password": "no"})).status_code == 403

        answer = await stranger.send(SIGN_IN, ADA)

    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 30


async def test_the_session_cookie_is_http_only_and_strict(admin: Visitor, web: Web) -> None:
    async with browser(web) as client:
        answer = await Visitor(client).send(SIGN_IN, ADA)

    (cookie,) = [one for one in answer.headers.get_list("set-cookie") if "staff" in one]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


async def test_beyond_this_machine_cookies_are_host_bound_and_secure(web: Web) -> None:
    async with browser(web) as client:
        answer = await client.get(SIGN_IN, headers={"host": "rewards.example.com"})

    (cookie,) = answer.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-loyalty-door=")
    assert "Secure" in cookie


async def test_a_session_ends_when_idle_and_at_its_end(
    application: Application, admin: Visitor
) -> None:
    token = admin.client.cookies["loyalty-staff"]
    now = application.clock.now()
    async with application.database.read() as connection:
        fresh = await find_session(connection, token, at=now)
        idle = await find_session(connection, token, at=now + timedelta(minutes=31))
        late = await find_session(connection, token, at=now + timedelta(hours=13))

    assert fresh is not None
    assert idle is None
    assert late is None


async def test_signing_out_ends_the_session_itself(
    application: Application, admin: Visitor
) -> None:
    token = admin.client.cookies["loyalty-staff"]

    await admin.send("/console/sign-out", {}, at="/console")
    admin.client.cookies.set("loyalty-staff", token)

    assert (await admin.get("/console")).status_code == 303


async def test_a_new_password_ends_the_sessions_of_the_old_one(
    application: Application, admin: Visitor, web: Web
) -> None:
    async with application.database.read() as connection:
        (ada,) = await list_people(connection)
    link = await application.database.write(link_for, ada.id, cause=cause(application))
    async with browser(web) as client:
        new = {"password": PASSWORD * 2, "password_again": PASSWORD * 2}
        assert (await Visitor(client).send(link.path, new)).status_code == 303

    assert (await admin.get("/console")).status_code == 303


async def test_a_form_from_elsewhere_is_refused_and_changes_nothing(admin: Visitor) -> None:
    foreign: list[tuple[str | None, str | None]] = [
        ("https://evil.example", "same-origin"),
        (HERE, "cross-site"),
        (HERE, "same-site"),
        ("null", None),
        (None, None),
        (None, "none"),
    ]
    for origin, site in foreign:
        answer = await admin.send(
            "/console/settings/keys",
            {"label": "Lighthouse", "role": "checkout"},
            origin=origin,
            site=site,
        )

        assert answer.status_code == 403, (origin, site)
        assert "This form was not accepted" in answer.text
    assert "Lighthouse" not in (await admin.get("/console/settings/keys")).text


async def test_a_form_without_the_session_s_token_is_refused(admin: Visitor) -> None:
    await admin.get("/console/settings/keys")

    answer = await admin.send("/console/settings/keys", {"csrf": "A" * 43, "label": "Lighthouse"})

    assert answer.status_code == 403


async def test_the_sign_in_form_is_bound_to_the_browser_that_asked_for_it(
    admin: Visitor, web: Web
) -> None:
    async with browser(web) as one, browser(web) as other:
        visitor = Visitor(one)
        await visitor.get(SIGN_IN)
        page = visitor.seen
        thief = Visitor(other, page)
        await other.get(SIGN_IN)

        answer = await thief.send(SIGN_IN, ADA, fresh=False)

    assert answer.status_code == 403
    assert "loyalty-staff" not in other.cookies


async def test_after_signing_in_one_goes_on_only_within_the_console(
    admin: Visitor, web: Web
) -> None:
    async with browser(web) as client:
        visitor = Visitor(client)
        await visitor.get(SIGN_IN, next="//evil.example/console")
        answer = await visitor.send(SIGN_IN, ADA, fresh=False)

    assert answer.headers["location"] == "/console"


def test_only_addresses_of_the_console_are_local() -> None:
    assert is_local("/console/orders")
    assert not is_local("//evil.example")
    assert not is_local("https://evil.example/console")
    assert not is_local("/console\\@evil.example")
    assert not is_local("/console\r\nset-cookie: a=b")


def test_https_is_wanted_of_an_origin_beyond_this_machine() -> None:
    headers = {"host": "rewards.example.com", "origin": "http://rewards.example.com"}

    assert not comes_from_here(headers, loopback=False)
    assert comes_from_here(headers | {"origin": "https://rewards.example.com"}, loopback=False)


def _refusal(html: str) -> str:
    found = re.search(r'<div class="note bad".*?</div>', html, re.DOTALL)
    return found[0] if found else ""
