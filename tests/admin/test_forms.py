"""What forms do: once, for a reason, with every mistake at its field."""

import re

import ledger
from loyalty.bootstrap import Application
from loyalty.expiry import Activity, Expiry, ExpiryKind
from loyalty.policy import policy_at
from tests.admin.conftest import Visitor
from tests.admin.shop import Shop
from tests.support.api import mem


async def test_points_given_twice_by_a_double_click_are_given_once(
    application: Application, admin: Visitor, shop: Shop
) -> None:
    page = f"/console/members/{shop.member}"
    values = {"amount": "250", "reason": "goodwill", "note": "Sorry about the wait."}
    before = await available(application, shop)

    await admin.get(page)
    first = await admin.send(f"{page}/points", values, fresh=False)
    second = await admin.send(f"{page}/points", values, fresh=False)

    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"] == f"{page}?done=points-given"
    assert await available(application, shop) == before + 250


async def test_points_given_stand_in_the_history_and_on_record_with_who_why_and_the_note(
    admin: Visitor, shop: Shop
) -> None:
    page = f"/console/members/{shop.member}"
    values = {"amount": "250", "reason": "complaint", "note": "Only for <b>us</b>"}

    shown = await admin.follow(await admin.send(f"{page}/points", values, at=page))

    assert "The points were posted" in shown.text
    assert re.search(r"Adjusted<div[^>]*>Ada · Complaint</div>", shown.text)
    assert "Ada · 投诉</div>" in (await admin.get(page, lang="zh")).text
    assert re.search(r"Earned<div[^>]*>The shop</div>", shown.text)
    assert not re.search(r"· (order|due|unspecified)</", shown.text)
    assert "+250" in shown.text
    assert "Only for &lt;b&gt;us&lt;/b&gt;" in shown.text


async def test_a_wrong_amount_is_named_at_its_field_and_the_rest_is_kept(
    application: Application, admin: Visitor, shop: Shop
) -> None:
    page, before = f"/console/members/{shop.member}", await available(application, shop)
    for amount in ("", "0", "1.5", "-", "many", "9" * 40, "\N{SUPERSCRIPT TWO}"):
        values = {"amount": amount, "reason": "goodwill", "note": "kept <b>words</b>"}
        answer = await admin.send(f"{page}/points", values, at=page)

        assert answer.status_code == 422, amount
        assert "Please give a whole number other than 0" in answer.text
        assert 'aria-invalid="true"' in answer.text
        assert "kept &lt;b&gt;words&lt;/b&gt;" in answer.text
    assert await available(application, shop) == before


async def test_more_than_the_wallet_holds_or_the_role_may_is_refused_in_words(
    application: Application, admin: Visitor, shop: Shop
) -> None:
    page, before = f"/console/members/{shop.member}", await available(application, shop)

    taken = await admin.send(f"{page}/points", {"amount": "-9999", "reason": "correction"}, at=page)
    given = await admin.send(f"{page}/points", {"amount": "10001", "reason": "correction"}, at=page)

    assert taken.status_code == given.status_code == 422
    assert f"The wallet has {before:,} points available; 9,999 were to be taken." in taken.text
    assert "Your role may move at most 10,000 points a day" in given.text
    assert await available(application, shop) == before


async def test_a_voucher_given_by_hand_stands_among_the_member_s_vouchers(
    admin: Visitor, shop: Shop
) -> None:
    page = f"/console/members/{mem(shop.stranger)}"

    shown = await admin.follow(
        await admin.send(
            f"{page}/vouchers", {"definition": "birthday", "reason": "goodwill"}, at=page
        )
    )

    assert "Birthday gift: $5 off" in shown.text
    assert "Ready to use" in shown.text


async def test_a_policy_is_published_as_the_next_version_once(
    application: Application, admin: Visitor, shop: Shop
) -> None:
    page = "/console/settings/policy"
    values = await policy_values(admin) | {"hold_minutes": "45"}

    await admin.get(page)
    first = await admin.send(page, values, fresh=False)
    second = await admin.send(page, values, fresh=False)
    shown = await admin.follow(first)

    assert first.status_code == second.status_code == 303
    assert "Version 3" in shown.text
    assert "Version 4" not in shown.text
    assert re.search(r"<s>30</s> → <strong>45</strong>", shown.text)
    async with application.database.read() as connection:
        policy = await policy_at(connection, application.clock.now())
    assert policy.hold_minutes == 45


async def test_the_life_of_points_is_set_row_by_row_and_told_in_words(
    application: Application, admin: Visitor, shop: Shop
) -> None:
    page = "/console/settings/policy"
    values = await policy_values(admin) | {
        "expiry_kind": "rolling",
        "expiry_count": "12",
        "activities": "spend",
        "grace_days": "14",
        "source_0": "bonus",
        "source_0_kind": "fixed-day",
        "source_0_count": "2",
        "source_0_day": "03-31",
        "source_0_notice": "yes",
        "asset_0": "growth",
        "asset_0_en": "growth value",
        "asset_0_zh": "成长值",
    }

    shown = await admin.follow(await admin.send(page, values, at=page))

    async with application.database.read() as connection:
        policy = await policy_at(connection, application.clock.now())
    assert policy.expiry.default == Expiry(ExpiryKind.ROLLING, 12)
    bonus = Expiry(ExpiryKind.FIXED_DAY, 2, month=3, day=31, notice=True)
    assert policy.expiry.sources == {"bonus": bonus}
    assert policy.expiry.activities == {Activity.SPEND}
    assert (policy.grace_days, policy.known_assets) == (14, ("points", "growth"))
    assert "after months without activity: 12" in shown.text
    assert "bonus on 03-31, times: 2, not before the member was told" in shown.text
    for field, wrong in (("source_0_day", "31.3."), ("source_0_count", ""), ("grace_days", "x")):
        refused = await admin.send(page, values | {field: wrong}, at=page)
        assert refused.status_code == 422, field
    unknown = await admin.send(page, values | {"source_0": "Bonus!"}, at=page)
    assert 'aria-invalid="true"' in unknown.text


async def test_mistakes_in_a_policy_stand_at_their_fields_and_publish_nothing(
    admin: Visitor, shop: Shop
) -> None:
    page, values = "/console/settings/policy", await policy_values(admin)
    for field, wrong, sentence in (
        ("pending_days", "soon", "Please give a whole number."),
        ("value_money", "1.234", "Please give an amount such as 1.00."),
        ("spend_share_percent", "101", "a whole number from 0 to 100"),
        ("currency", "EUR", "With members in the programme this stays USD."),
        ("time_zone", "Mars/Olympus", "a time zone such as Europe/Zurich"),
        ("starts_on", "2001-01-01", "The start must not lie before"),
        ("value_points", "200", "only after 30 days&#39; notice"),
    ):
        answer = await admin.send(page, values | {field: wrong}, at=page)

        assert answer.status_code == 422, field
        assert sentence in answer.text, (field, sentence)
        assert f'value="{wrong}"' in answer.text, field
    assert "Version 3" not in (await admin.get(page)).text


async def test_a_key_is_shown_once_and_opens_nothing_after_it_is_revoked(admin: Visitor) -> None:
    page = "/console/settings/keys"
    made = await admin.send(page, {"label": "Till 4", "role": "checkout"})
    secret = re.search(r'<code id="key">(loy_checkout_\w+)</code>', made.text)
    assert secret is not None
    authorization = {"authorization": f"Bearer {secret[1]}"}
    members = "/v1/members?email=nobody@example.com"
    opened = await admin.client.get(members, headers=authorization)

    listed = await admin.get(page)
    revoke = re.search(r'href="(/console/settings/keys/[\w-]+/revoke)"', listed.text)
    assert revoke is not None
    await admin.send(revoke[1], {"reason": "leaked"})
    closed = await admin.client.get(members, headers=authorization)

    assert secret[1] not in listed.text
    assert opened.status_code == 200
    assert closed.status_code == 401


async def test_any_name_of_a_member_or_order_leads_to_its_page(admin: Visitor, shop: Shop) -> None:
    for name in ("C-1000", "ext:C-1000", "member0@example.com", "+1 555 010 1000", "B-1003"):
        answer = await admin.get("/console/members", q=name)

        assert answer.status_code == 303, name
        assert answer.headers["location"] == f"/console/members/{shop.member}", name
    assert "Nobody goes by" in (await admin.get("/console/members", q="%' or 1=1 --")).text
    order = await admin.get("/console/members", q=shop.order)
    assert order.headers["location"] == f"/console/orders/{shop.order}"


async def test_the_box_in_the_frame_finds_orders_first_and_members_next(
    admin: Visitor, shop: Shop
) -> None:
    by_number = await admin.get("/console/find", q="B-1009")
    by_person = await admin.get("/console/find", q="member0@example.com")
    strange = await admin.get("/console/find", q="ord_//evil.example")

    assert by_number.headers["location"] == f"/console/orders/{shop.order}"
    assert by_person.headers["location"] == "/console/members?q=member0%40example.com"
    assert strange.headers["location"].startswith("/console/orders/ord_")


async def available(application: Application, shop: Shop) -> int:
    async with application.database.read() as connection:
        wallet = await ledger.wallet(connection, shop.regular.holder, at=application.clock.now())
    return wallet.available


async def policy_values(admin: Visitor) -> dict[str, str]:
    """The values the policy form shows, as a browser would send them back."""
    html = (await admin.get("/console/settings/policy")).text
    form = html[html.index('action="/console/settings/policy"') :]
    values = dict(
        re.findall(r'<input id="f-policy-\w+" name="(\w+)" type="text" value="([^"]*)"', form)
    )
    for name, options in re.findall(r'<select [^>]*name="(\w+)"[^>]*>(.*?)</select>', form):
        chosen = re.search(r'value="([^"]*)" selected', options)
        values[name] = chosen[1] if chosen else ""
    return values
