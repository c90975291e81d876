"""Plans and memberships from pages: opened, read back, followed, cancelled, ended, archived."""

import re
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.ids import show
from loyalty.members import lock_member, read_member_ref
from loyalty.membership.external import NewMembership, NewPayment, join_plan
from loyalty.membership.types import Applied
from loyalty.partners.store import bring_in_codes, open_benefit
from loyalty.partners.types import NewBenefit
from loyalty.plans.store import find_plan
from tests.admin.conftest import Visitor, browser, cause
from tests.admin.shop import Shop, wallet_link
from tests.support.api import Web

PLANS = "/console/plans"
NEW = "/console/plans-new"
LISTED = "/console/memberships"
OWN = "/wallet/membership"
PLUS = {
    "code": "plus",
    "title_en": "Plus",
    "title_zh": "尊享",
    "adapter": "external",
    "tier_floor": "silver",
    "bonus_points": "200",
    "trial_days": "0",
    "trial_needs_card": "no",
    "grace_days": "3",
    "margin_hours": "2",
    "refund_policy": "full-if-unused",
    "withdrawal_days": "14",
    "price0_code": "month",
    "price0_amount": "9.90",
    "price0_every": "month",
    "price0_tax": "inclusive",
    "price1_code": "year",
    "price1_amount": "99.00",
    "price1_every": "year",
    "price1_tax": "inclusive",
    "verb": "open",
}


async def test_a_plan_is_read_back_opened_once_and_archived(
    application: Application, admin: Visitor, finance: Visitor, shop: Shop
) -> None:
    for name, value, sentence in (
        ("grace_days", "some", "Please give a whole number."),
        ("price0_amount", "dear", "Please give an amount such as 1.00."),
        ("price1_code", "month", "a code of its own"),
        ("margin_hours", "0", "1 to 72"),
        ("adapter", "cash", "Please choose one."),
        ("price0_amount", "", "Please say what it costs."),
        ("price1_amount", "", "Please say what it costs."),
        ("price1_code", "", "a letter first"),
        ("price1_code", "A Year", "a letter first"),
        ("code", "Plus!", "a letter first"),
    ):
        wrong = await admin.send(NEW, PLUS | {name: value}, at=NEW)
        assert wrong.status_code == 422, (name, value)
        assert sentence in wrong.text, (name, value)
        assert f'href="#f-plan-{name}"' in wrong.text, (name, value)

    read = await admin.send(NEW, PLUS | {"verb": "check"}, at=NEW)
    assert "No plans yet" in (await admin.get(PLANS)).text
    await admin.get(NEW)
    first = await admin.send(NEW, PLUS, fresh=False)
    second = await admin.send(NEW, PLUS, fresh=False)
    opened = await admin.follow(first)
    other = await admin.send(NEW, PLUS | {"bonus_points": "1"}, at=NEW)

    assert first.headers["location"] == second.headers["location"]
    for page in (read, opened):
        for words in (
            "$9.90 a month, tax included",
            "Members stand on Silver at least, as long as it lasts.",
            "200 points with the first payment.",
        ):
            assert words in page.text, words
    assert other.status_code == 422
    assert "it says something else" in other.text
    assert "尊享" in (await finance.get(PLANS, lang="zh")).text
    assert (await finance.get(NEW)).status_code == 403

    address = f"{PLANS}/plus"
    cheaper = await admin.follow(
        await admin.send(f"{address}/archive", {"price": "year"}, at=address)
    )
    gone = await admin.follow(await admin.send(f"{address}/archive", {"price": ""}, at=address))
    async with application.database.read() as connection:
        plan = await find_plan(connection, "plus")
    assert "Nobody joins at it any more" in cheaper.text
    assert "Nobody joins any more" in gone.text
    assert plan.archived_at is not None


async def test_a_membership_is_followed_cancelled_taken_up_again_and_ended_with_what_is_due(
    application: Application, web: Web, admin: Visitor, finance: Visitor, shop: Shop
) -> None:
    await admin.send(NEW, PLUS, at=NEW)
    address = await _joins(application, shop)

    listed = (await finance.get(LISTED, plan="plus")).text
    shown = await finance.get(address)
    refused = await finance.send(f"{address}/cancel", {}, at=LISTED)
    nothing = await admin.send(f"{address}/undo", {}, at=address, of=f"{address}/cancel")
    cancelled = await admin.follow(await admin.send(f"{address}/cancel", {}, at=address))
    again = await admin.follow(await admin.send(f"{address}/undo", {}, at=address))
    ended = await admin.follow(await admin.send(f"{address}/leave", {}, at=address))
    counted = (await finance.get(PLANS)).text

    assert "C-1000" in listed
    assert "renews on" in listed
    assert "Paid for the first time" in shown.text
    assert ">$8.32<" in shown.text
    assert "End the membership now" not in shown.text
    assert refused.status_code in {400, 403}
    assert nothing.status_code == 422
    assert "Nobody has asked to end this membership." in nothing.text
    assert "Cancelled, paid until its end" in cancelled.text
    assert "Cancelled for the end of the period" in cancelled.text
    assert "It goes on after all." in again.text
    assert "$9.90 is due to the member." in ended.text
    assert "Cancelled at once" in ended.text
    assert "End it now" not in ended.text
    assert "due=" not in str(ended.url)
    later = (await finance.get(address, due="123")).text
    assert "$9.90 is due to the member." in later
    await _gives_back(web, address, 790)
    assert "$2.00 is due to the member." in (await finance.get(address)).text
    await _gives_back(web, address, 200)
    assert "is due to the member." not in (await finance.get(address)).text
    assert re.search(r"plan=plus&amp;state=ended", counted)
    assert (await finance.get(f"{LISTED}/mbs_nothing")).status_code == 404


async def _joins(application: Application, shop: Shop) -> str:
    """Let the regular pay for a month from yesterday on; answers the address of the membership."""
    because = cause(application)
    begins = because.at - timedelta(days=1)
    paid = NewPayment("PAY-1", begins, begins + timedelta(days=30), 832, 158, "USD", begins)
    asked = NewMembership("plus", "month", "SUB-1", ("terms", "1"), paid=paid)

    async def work(connection: AsyncConnection, because: Cause) -> Applied:
        whose = await lock_member(connection, read_member_ref(shop.member))
        return await join_plan(connection, because, whose, asked)

    joined = await application.database.write(work, because)
    return f"{LISTED}/{show('mbs', joined.membership.id)}"


async def test_a_member_cancels_keeps_and_changes_their_membership_in_the_wallet(
    application: Application, web: Web, admin: Visitor, shop: Shop
) -> None:
    await admin.send(NEW, PLUS, at=NEW)
    async with browser(web) as client:
        member = Visitor(client)
        joinable = await member.follow(await member.get(shop.link))
        address = await _joins(application, shop)
        wallet = (await member.get("/wallet")).text
        cancelled = await member.follow(await member.send(f"{OWN}/cancel", {}, at=OWN))
        kept = await member.follow(await member.send(f"{OWN}/undo", {}, at=OWN))
        later = await member.follow(await member.send(f"{OWN}/change", {"price": "year"}, at=OWN))
        foreign = await member.send(f"{OWN}/cancel", {}, at=OWN, origin="https://evil.example")
        money = await member.send(f"{OWN}/leave", {}, at=OWN, of=f"{OWN}/cancel")
        chinese = (await member.get(OWN, lang="zh")).text

    assert "What you can join: Plus" in joinable.text
    assert "Your membership renews on" in wallet
    assert "It has saved you $0.00; you have paid $9.90 for it." in wallet
    assert "Keep my membership" in cancelled.text
    assert "Cancel my membership" in kept.text
    assert "Times are in America/New_York." in later.text
    assert "$99.00 a year" in later.text
    assert "The price changes with the next period." in later.text
    assert foreign.status_code == 403
    assert money.status_code == 404
    assert "取消我的付费会员" in chinese
    timeline = (await admin.get(address)).text
    assert re.search(r"Cancelled for the end of the period</p><p[^>]*>The member", timeline)
    assert "Changes its price at the end of the period" in timeline


async def test_why_a_member_leaves_is_asked_and_said_in_words_wherever_the_end_is_told(
    application: Application, web: Web, admin: Visitor, shop: Shop
) -> None:
    await admin.send(NEW, PLUS, at=NEW)
    async with browser(web) as client:
        member = Visitor(client)
        await member.follow(await member.get(shop.link))
        address = await _joins(application, shop)
        await member.send(f"{OWN}/cancel", {"reason": "unused"}, at=OWN)
        cancelled = (await admin.get(address)).text
        await member.send(f"{OWN}/undo", {}, at=OWN)
        kept = (await admin.get(address)).text
        await admin.send(f"{address}/leave", {"reason": "too-expensive"}, at=address)
        ended, chinese = [(await admin.get(address, lang=name)).text for name in ("en", "zh")]
        wallets = [(await member.get(OWN, lang=name)).text for name in ("en", "zh")]
        figures = (await admin.get(f"{PLANS}/plus/figures", lang="en")).text

    assert "Said why they leave: Hardly used it" in cancelled
    assert "<dt>Why</dt><dd>Hardly used it</dd>" in cancelled
    assert "<dt>Why</dt>" not in kept
    assert "Said why they leave: Too dear" in ended
    assert re.search(r"<dt>Ended</dt>.*?Cancelled at once", ended)
    assert "<dt>Why</dt><dd>Too dear</dd>" in ended
    assert "说明了离开原因：太贵" in chinese
    assert "reason-given" not in ended + chinese
    for words, page in zip(("Cancelled at once", "立即取消"), wallets, strict=True):
        assert re.search(rf'<div class="small quiet">{words}</div>', page), page
    assert "<dd>Too dear</dd>" in wallets[0]
    assert "<dd>太贵</dd>" in wallets[1]
    assert "<dt>Too dear</dt><dd>1</dd>" in figures


async def test_a_reason_of_the_shop_s_own_is_shown_as_it_is(
    application: Application, web: Web, admin: Visitor, shop: Shop
) -> None:
    await admin.send(NEW, PLUS, at=NEW)
    address = await _joins(application, shop)
    checkout = await web.caller("checkout")
    ours = f"/v1/memberships/{address.rpartition('/')[2]}"

    answer = await checkout.post(f"{ours}/cancel", {"when": "now", "reason": "moved-abroad"})
    await _gives_back(web, address, 990)
    shown = (await admin.get(address)).text

    assert answer.status_code == 200, answer.text
    assert "Said why they leave: moved-abroad" in shown
    assert re.search(r'Money was given back<div class="small quiet">left</div>', shown)


async def test_a_member_has_a_partner_s_code_from_the_wallet_and_one_only(
    application: Application, web: Web, admin: Visitor, shop: Shop
) -> None:
    await admin.send(NEW, PLUS, at=NEW)
    await _joins(application, shop)
    codes: dict[str, list[str]] = {"music": ["M-1"], "museum": []}
    await application.database.write(_partners, cause(application), codes)
    async with browser(web) as client:
        member = Visitor(client)
        await member.follow(await member.get(shop.link))
        offered = (await member.get(OWN)).text
        given = await member.follow(await member.send(f"{OWN}/codes/music", {}, at=OWN))
        again = await member.send(f"{OWN}/codes/music", {}, at=OWN, of=f"{OWN}/codes/museum")
        out = await member.send(f"{OWN}/codes/museum", {}, at=OWN)
        unknown = await member.send(f"{OWN}/codes/zoo", {}, at=OWN, of=f"{OWN}/codes/museum")
        chinese = (await member.get(OWN, lang="zh")).text

    assert "Get the code: A music" in offered
    assert "M-1" not in offered
    assert "Here is your code." in given.text
    assert ">M-1</code>" in given.text
    assert "Get the code: A music" not in given.text
    assert again.status_code == 303
    assert out.status_code == 422
    assert "There is no code left at the moment." in out.text
    assert unknown.status_code == 404
    assert "领取兑换码" in chinese
    stock = (await admin.get(f"{PLANS}/plus")).text
    assert re.search(r'A music <code.*?>1</td><td class="n">0</td>', stock)


async def _partners(
    connection: AsyncConnection, because: Cause, codes: dict[str, list[str]]
) -> None:
    """Let partners give something to members of the plan."""
    for one, texts in codes.items():
        await open_benefit(connection, because, "plus", NewBenefit(one, {"en": f"A {one}"}))
        if texts:
            await bring_in_codes(connection, because, "plus", one, texts)


async def test_no_wallet_changes_the_membership_of_another(
    application: Application, web: Web, admin: Visitor, shop: Shop
) -> None:
    await admin.send(NEW, PLUS, at=NEW)
    address = await _joins(application, shop)
    async with browser(web) as client:
        other = Visitor(client)
        await other.follow(await other.get(wallet_link(application, shop.stranger)))
        seen = (await other.get(OWN)).text
        refused = await other.send(f"{OWN}/cancel", {}, at=OWN, of="/none")

    assert "Cancel my membership" not in seen
    assert refused.status_code in {400, 403, 404}
    assert "renews on" in (await admin.get(address)).text


async def _gives_back(web: Web, address: str, amount: int) -> None:
    """Let the shop report that it gave money back."""
    given = {"charge": "PAY-1", "reference": f"BACK-{amount}", "amount": amount, "reason": "left"}
    checkout = await web.caller("checkout")
    answer = await checkout.post(f"/v1/memberships/{address.rpartition('/')[2]}/refunds", given)
    assert answer.status_code == 200, answer.text


async def test_plans_of_stripe_s_are_off_without_a_key_and_every_page_says_so(
    web: Web, admin: Visitor, shop: Shop
) -> None:
    await admin.send(NEW, PLUS | {"adapter": "stripe"}, at=NEW)
    pages = [(await admin.get(path)).text for path in (PLANS, f"{PLANS}/plus", "/console/stripe")]
    async with browser(web) as client:
        member = Visitor(client)
        wallet = (await member.follow(await member.get(shop.link))).text
        offered = (await member.get(OWN)).text
        joining = await member.get(f"{OWN}/join", plan="plus", price="month")

    assert ["witched off" in seen for seen in pages] == [True, True, True]
    assert "Plans that cannot be joined at the moment" in wallet
    assert "cannot be joined at the moment" in offered
    assert "$9.90 a month" in offered
    assert f"{OWN}/join" not in offered
    assert joining.status_code == 404
