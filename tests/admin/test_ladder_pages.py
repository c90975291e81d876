"""Ladders and standings from pages: drafted, previewed, aimed at, published; granted, pinned."""

import re
from datetime import UTC, date, datetime, time, timedelta
from html import unescape

from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from loyalty.bootstrap import Application
from loyalty.members import Member
from tests.admin.conftest import Visitor
from tests.admin.shop import Shop

LADDER = "/console/ladder"
NEW = f"{LADDER}/drafts/new"


async def test_a_ladder_is_drafted_previewed_and_published_once_and_members_are_shown_moving(
    application: Application, admin: Visitor, shop: Shop
) -> None:
    form = _fields((await admin.get(NEW)).text)
    first = await admin.send(NEW, form | {"t1_purchases": "100.00"}, fresh=False)
    second = await admin.send(NEW, form | {"t1_purchases": "100.00"}, fresh=False)
    draft = first.headers["location"].partition("?")[0]
    page = await admin.follow(first)
    assert first.headers["location"] == second.headers["location"]
    assert "Silver is reached with" in page.text
    assert "Not held against the members yet" in page.text

    future = await admin.send(draft, {"on": "2099-01-01"}, at=draft)
    assert future.status_code == 422
    assert "A preview is of today or of a day that has been." in future.text
    today = f"{application.clock.now() - timedelta(days=1):%Y-%m-%d}"
    seen = await admin.follow(await admin.send(draft, {"on": today}, at=draft))
    cells = [
        [_number(cell) for cell in re.findall(r'<td class="n[^"]*">(.*?)</td>', row, re.DOTALL)]
        for row in re.findall(r"<tr>.*?</tr>", _part(seen.text, "matrix"), re.DOTALL)[1:]
    ]
    assert all(sum(row[:-1]) == row[-1] for row in cells)
    assert [sum(column) for column in zip(*cells[:-1], strict=True)] == cells[-1]
    assert cells[-1][-1] == 6

    publish = f"{draft}/publish"
    shown = (await admin.get(publish)).text
    wrong = await admin.send(publish, {"moves": "at-once", "on": "2001-01-01"}, at=publish)
    done = await admin.follow(await admin.send(publish, {"moves": "next-review"}, at=publish))
    again = await admin.send(publish, {"moves": "next-review"}, at=NEW, of=NEW)
    assert "members would rise" in shown
    assert wrong.status_code == 422
    assert "Please give a day to come" in wrong.text
    assert "The new ladder is live" in done.text
    assert "$100.00" in done.text
    assert again.status_code == 422
    assert "does not change" in again.text
    async with application.database.read() as connection:
        live = await tiers.live_ladder(connection)
        (kept,) = await tiers.list_drafts(connection)
    assert live is not None
    assert (live.version, kept.published, kept.state) == (2, 2, "published")


async def test_a_ladder_that_cannot_work_is_told_at_its_field_and_stores_nothing(
    application: Application, admin: Visitor, shop: Shop
) -> None:
    form = _fields((await admin.get(NEW)).text)
    for changed, field, sentence in (
        ({"t1_purchases": "2000"}, "t2_purchases", "must have enough for silver"),
        ({"t1_purchases": "", "t1_orders": ""}, "t1_purchases", "what reaching it takes"),
        ({"t2_code": "silver"}, "t2_code", "Two tiers have the code silver"),
        ({"t2_orders": "many"}, "t2_orders", "a whole number of at least 1"),
        ({"t2_keep_purchases": "9000"}, "t2_keep_purchases", "may not take more"),
        ({"window_kind": "year"}, "validity_unit", "do not fit"),
        ({"upgrade": "next-period"}, "upgrade", "There is a next period only where"),
        ({"minimum_order": "-1"}, "minimum_order", "an amount such as 1.00"),
    ):
        answer = await admin.send(NEW, form | changed, at=NEW)
        assert answer.status_code == 422, changed
        assert sentence in unescape(answer.text), changed
        assert f'href="#f-ladder-{field}"' in answer.text, changed
        assert 'aria-invalid="true"' in answer.text, changed

    between = await admin.send(NEW, form | {"arrange": "above-1"}, at=NEW)
    moved = _fields(between.text)
    taken = await admin.send(NEW, moved | {"arrange": "without-2"}, at=NEW)
    assert (between.status_code, taken.status_code) == (200, 200)
    assert [moved[f"t{rank}_code"] for rank in range(5)] == [
        "standard", "silver", "", "gold", "diamond",
    ]  # fmt: skip
    assert _fields(taken.text) == form
    async with application.database.read() as connection:
        assert await tiers.list_drafts(connection) == ()


async def test_a_target_gives_thresholds_that_a_click_puts_in_the_draft(
    application: Application, admin: Visitor, finance: Visitor, shop: Shop
) -> None:
    form = _fields((await admin.get(NEW)).text)
    draft = (await admin.send(NEW, form, fresh=False)).headers["location"].partition("?")[0]
    spread = f"{draft}/spread"

    wrong = await admin.get(spread, metric="purchases", silver="all")
    aimed = await admin.get(spread, metric="purchases", silver="50")
    fields = _hidden(aimed.text, f"{draft}/change")
    changed = await admin.follow(await admin.send(f"{draft}/change", fields, at=draft, of="/no"))
    put_away = await admin.follow(await admin.send(f"{draft}/retire", {}, at=f"{draft}/publish"))

    assert "a share between 0 and 100 percent" in wrong.text
    assert "On it or above" in aimed.text
    assert fields["t1_purchases"] != form["t1_purchases"]
    assert "The draft was changed" in changed.text
    assert "Put away" in put_away.text
    assert f"{draft}/publish" not in put_away.text
    assert (await finance.get(spread)).status_code == 200
    assert (await finance.get(f"{draft}/change")).status_code == 403
    assert (await finance.get(f"{LADDER}/drafts/drf_nothing")).status_code == 404


async def test_a_tier_is_granted_pinned_and_let_go_for_a_reason(
    application: Application, admin: Visitor, finance: Visitor, shop: Shop
) -> None:
    page = f"/console/members/{shop.member}/tier"
    ends = f"{application.clock.now() + timedelta(days=40):%Y-%m-%d}"
    good = {"tier": "diamond", "until": ends, "reason": "goodwill", "note": "Our first customer."}
    for name, value, sentence in (
        ("until", "", "the day on which it ends"),
        ("until", "2001-01-01", "A grant ends on a day to come."),
        ("reason", "whim", "Please choose one of the reasons."),
        ("tier", "platinum", "has no tier platinum"),
    ):
        answer = await admin.send(f"{page}/grant", good | {name: value}, at=page)
        assert answer.status_code == 422, (name, value)
        assert sentence in answer.text, (name, value)
        assert f'href="#f-grant-{name}"' in answer.text, (name, value)

    await admin.get(page)
    first = await admin.send(f"{page}/grant", good, fresh=False)
    second = await admin.send(f"{page}/grant", good, fresh=False)
    granted = await admin.follow(first)
    why = {"reason": "correction"}
    pinned = await admin.follow(await admin.send(f"{page}/pin", why | {"frozen": "yes"}, at=page))
    loose = await admin.follow(await admin.send(f"{page}/pin", why | {"frozen": "no"}, at=page))
    lifted = await admin.follow(await admin.send(f"{page}/lift", why, at=page))
    member = (await finance.get(f"/console/members/{shop.member}")).text

    assert first.status_code == second.status_code == 303
    assert granted.text.count("Is held at Diamond at least") == 1
    assert "Take the grant back" in granted.text
    assert "Was pinned at Diamond" in pinned.text
    assert "Let the tier move" in pinned.text
    assert "Was unpinned" in loose.text
    assert "Is no longer held up; now Silver" in lifted.text
    assert "Take the grant back" not in lifted.text
    assert "A tier was granted by hand" in member
    assert "Our first customer." in member
    assert "Grant a tier" not in (await finance.get(page)).text
    refused = await finance.send(f"{page}/pin", why | {"frozen": "yes"}, at="/console", of="/no")
    assert refused.status_code == 403


async def test_a_grant_and_a_plan_under_one_standing_are_both_shown(
    application: Application, admin: Visitor, shop: Shop
) -> None:
    page, today = f"/console/members/{shop.member}/tier", application.clock.now().date()
    grant = {"tier": "diamond", "until": f"{today + timedelta(days=40)}", "reason": "goodwill"}
    await admin.send(f"{page}/grant", grant, at=page)
    alone = (await admin.get(page)).text

    await application.database.write(_lay_plan, shop.regular, today)
    both = (await admin.get(page)).text

    assert (alone.count("<dt>Granted</dt>"), alone.count("<dt>Held by a plan</dt>")) == (1, 0)
    assert (both.count("<dt>Granted</dt>"), both.count("<dt>Held by a plan</dt>")) == (1, 1)
    assert '<code class="quiet">goodwill</code>' in both
    assert '<code class="quiet">plan:plus</code>' in both


async def _lay_plan(connection: AsyncConnection, whose: Member, today: date) -> None:
    """Hold a member at gold by a paid plan, as plans will."""
    ladder = await tiers.live_ladder(connection)
    assert ladder is not None
    subject = (await tiers.find_subjects(connection, {whose.id: today}))[whose.id]
    laid = tiers.place_floor(
        ladder,
        subject,
        kind="plan",
        tier="gold",
        until=today + timedelta(days=90),
        reason="plan:plus",
        on=today,
    )
    at = datetime.combine(today, time(12), UTC)
    await tiers.record(connection, [laid], at=at, actor="system", request_id="test")


def _fields(html: str) -> dict[str, str]:
    """What a browser would send of the form of a ladder."""
    fields = {
        unescape(name): unescape(value)
        for name, value in re.findall(r'<input (?:id="[^"]*" )?(?:type="hidden" )?name="([^"]*)"'
                                      r'[^>]*? ?value="([^"]*)"', _part(html, "stack", tag="form"))
    }  # fmt: skip
    for name, options in re.findall(r'<select [^>]*name="([^"]*)".*?>(.*?)</select>', html):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(
            r'value="([^"]*)"', options
        )
        fields[name] = "" if chosen is None else chosen[1]
    return {name: value for name, value in fields.items() if name not in {"csrf", "form_key"}}


def _hidden(html: str, action: str) -> dict[str, str]:
    form = re.search(rf'<form method="post" action="{action}">(.*?)</form>', html, re.DOTALL)
    assert form is not None
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form[1])
    return {name: unescape(value) for name, value in found}


def _part(html: str, name: str, *, tag: str = "table") -> str:
    found = re.search(rf'<{tag} class="{name}".*?</{tag}>', html, re.DOTALL)
    assert found is not None
    return found[0]


def _number(cell: str) -> int:
    digits = re.sub(r"<[^>]+>", "", cell)
    return int("".join(letter for letter in digits if letter.isdigit()) or 0)
