"""The pages of the books and of messages in a real browser, over a shop where it all happened."""

from datetime import date
from functools import partial
from uuid import UUID

import pytest
import pytest_asyncio
from playwright.async_api import Browser

import tiers
from benefits import RuleChange, list_issued
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.exports import Format, request_export
from loyalty.ids import show
from loyalty.issuing.batches import Asking, ask_for_batch
from loyalty.ladders import make_draft as make_ladder_draft
from loyalty.ladders import preview_draft
from loyalty.lifetimes import preview_expiry_change
from loyalty.orders.aftersales.exceptions import list_exceptions
from loyalty.outbox import list_messages
from loyalty.policy import document_of, policy_at
from loyalty.rewards.catalogue import choose_tax_class, make_reward, publish_reward
from loyalty.rewards.orders import list_reward_orders
from loyalty.rewards.stock import change_stock
from loyalty.rewards.types import Kind, TaxClass
from loyalty.rule_drafts import make_draft as make_rule_draft
from loyalty.rule_drafts import publish_draft
from loyalty.savings.runs import ask_for_plan_run, try_plan
from loyalty.verification import verify_books
from tests.admin.browsing import (
    CONSOLE_BUDGET,
    OPPOSITES,
    Watched,
    chromium,
    rules_for,
    served,
    signed_in,
    window,
)
from tests.admin.conftest import cause
from tests.admin.shop import Shop, fall_into_debt, tell_members_of_it
from tests.admin.test_stripe_page import failed
from tests.support.api import Web, mem
from tests.support.policies import lasting
from tests.support.requirements import needs_chromium

__all__ = ["chromium", "served"]

pytestmark = [needs_chromium]

PAGES = (
    "/console/finance/trial-balance",
    "/console/finance/trial-balance?at=soon",
    "/console/finance/trial-balance?at=1999-01-01T00:00",
    "/console/finance/accounts/issued",
    "/console/finance/roll-forward",
    "/console/finance/roll-forward?by=class",
    "/console/finance/roll-forward?by=tier",
    "/console/finance/roll-forward/earned?from={first}&to={month}",
    "/console/finance/money",
    "/console/finance/money/deferred?month={first}&class=sale",
    "/console/finance/cohorts",
    "/console/finance/cohorts/sale/{first}",
    "/console/finance/estimates",
    "/console/finance/ageing",
    "/console/finance/ageing?by=tier",
    "/console/finance/ageing/lots?class=sale&age=0",
    "/console/finance/debts",
    "/console/members/{member}/debt",
    "/console/members/{member}/lock",
    "/console/members/{member}/merge?into=C-1001",
    "/console/members/{member}",
    "/console/finance/periods",
    "/console/finance/periods/{first}",
    "/console/finance/periods/{month}",
    "/console/finance/reconciliation",
    "/console/finance/reconciliation/{run}?show=all",
    "/console/finance/reconciliation/{run}/1",
    "/console/finance/exports",
    "/console/finance/exports/{export}",
    "/console/finance/verification",
    "/console/messages",
    "/console/messages/{message}",
    "/console/settings/expiry",
    "/console/settings/expiry/{change}",
    "/console/settings/policy",
    "/console/exceptions",
    "/console/exceptions/{exception}",
    "/console/ladder?metric=orders",
    "/console/ladder/drafts/new",
    "/console/ladder/drafts/{ladder}",
    "/console/ladder/drafts/{ladder}/spread?metric=purchases&silver=50",
    "/console/ladder/drafts/{ladder}/publish",
    "/console/members/{member}/tier",
    "/console/members/{member}/events",
    "/console/members/{member}/decisions",
    "/console/members/{member}/tags",
    "/console/lists",
    "/console/vouchers",
    "/console/vouchers-new",
    "/console/vouchers/birthday",
    "/console/vouchers/birthday/batch",
    "/console/voucher-batches/{batch}",
    "/console/vouchers-issued/{voucher}",
    "/console/plans-new",
    "/console/plans",
    "/console/plans/plus",
    "/console/plans/plus/figures",
    "/console/memberships",
    "/console/memberships/{membership}",
    "/console/rule-groups",
    "/console/rule-groups/lane/change",
    "/console/rules/drafts/{group}",
    "/console/return-reasons",
    "/console/rules?state=ended",
    "/console/rules/base",
    "/console/rules/drafts/new?rule=base",
    "/console/rules/drafts/new?rule=base&view=written",
    "/console/rules/drafts/{rules}/change",
    "/console/rules/drafts/{rules}/try?order=B-1005",
    "/console/rules/drafts/{rules}",
    "/console/rules/drafts/{rules}/plan",
    "/console/rules/drafts/{rules}/plan/{tried}",
    "/console/stripe",
    "/console/rewards",
    "/console/rewards-new",
    "/console/rewards/pan",
    "/console/rewards/pan/change",
    "/console/reward-orders",
    "/console/reward-orders/{reward}",
)


@pytest_asyncio.fixture
async def facts(application: Application, web: Web, shop: Shop) -> dict[str, str]:
    """Everything that the pages show, made through the front doors; answers what they are named."""
    database, because = application.database, cause(application)
    await fall_into_debt(application, web, shop)
    await verify_books(application, because)
    await tell_members_of_it(application)
    month = because.at.date().replace(day=1)
    caller = await web.caller("finance")
    compared = await caller.post(
        "/v1/finance/reconciliations",
        {
            "from": month.isoformat(),
            "to": because.at.date().isoformat(),
            "control": [{"order": "NOWHERE-1", "completed": 4990}],
        },
    )
    assert compared.status_code == 201, compared.text
    asked = partial(request_export, format=Format.HLEDGER, map="ifrs")
    export = await database.write(asked, because, since=date(2026, 10, 1), until=date(2026, 11, 1))
    async with database.read() as connection:
        document = document_of(await policy_at(connection, because.at))
        (message, *_) = await list_messages(connection, limit=1)
    change = await database.write(preview_expiry_change, because, document | lasting(3))
    return {
        "member": shop.member,
        "first": "2026-10",
        "month": f"{month:%Y-%m}",
        "run": "2",
        "export": str(export.number),
        "message": show("msg", message.id),
        "change": str(change.id),
        **await _made(application, web, shop, because),
    }


async def _made(application: Application, web: Web, shop: Shop, because: Cause) -> dict[str, str]:
    """A draft of a ladder with its preview, one of a rule, a reward with an order, an exception."""
    database = application.database
    ladder = tiers.default_ladder(silver=(20_000, 4), gold=(90_000, 18), diamond=(400_000, 40))
    draft = await database.write(make_ladder_draft, because, ladder)
    await database.write(preview_draft, because, draft.id)
    triple = {"rule": "gold-double", "effects": [{"effect": "earn", "multiplier": 3}]}
    rules = await database.write(make_rule_draft, because, RuleChange(rules=(triple,)))
    limits = [{"count": "money", "for": "all", "every": "month", "most": 150_000}]
    lane = RuleChange(groups={"lane": {"mode": "best", "limits": limits}})
    await database.write(publish_draft, because, await _drafted(application, because, lane))
    group = await _drafted(application, because, RuleChange(groups={"lane": "first"}))
    ask = partial(ask_for_plan_run, plan="plus", fee=100, days=90)
    tried = await database.write(ask, application.programme, because, rules.id)
    await try_plan(application, because, run=str(tried))
    await database.write(failed, application)
    batch = await database.write(ask_for_batch, because, Asking("birthday", quantity=2))
    terms = {"titles": {"en": "Pan", "zh": "锅"}, "points": 10, "sku": "PAN-1"}
    await database.write(make_reward, because, "pan", Kind.GOODS, terms)
    await database.write(choose_tax_class, because, "pan", TaxClass.DISCOUNT)
    await database.write(publish_reward, because, "pan")
    await database.write(partial(change_stock, reason="delivery"), because, "pan", 5)
    admin, checkout = await web.caller("admin"), await web.caller("checkout")
    points = {"points": 50, "reason": "goodwill"}
    await admin.post(f"/v1/members/{mem(shop.stranger)}/adjustments", points)
    path = f"/v1/members/{mem(shop.stranger)}/reward-orders"
    ordered = await checkout.post(path, {"reward": "pan", "quantity": 1})
    assert ordered.status_code == 201, ordered.text
    back = await checkout.post(
        "/v1/orders/ext:B-2002/chargeback", {"chargeback_id": "dp_1", "reason": "fraudulent"}
    )
    assert back.status_code < 300, back.text
    async with database.read() as connection:
        (lacked, *_) = await list_exceptions(connection)
        (reward,) = await list_reward_orders(connection)
        vouchers = await list_issued(connection, "birthday", at=because.at, limit=1)
    return {
        "ladder": show("drf", draft.id),
        "rules": show("rdr", rules.id),
        "group": show("rdr", group),
        "tried": show("ptr", tried),
        "batch": show("vbt", batch.id),
        "membership": await _joined(web, shop),
        "voucher": show("vou", vouchers[0].id),
        "reward": show("rwo", reward.id),
        "exception": show("exc", lacked.id),
    }


async def _joined(web: Web, shop: Shop) -> str:
    """A plan, and the regular's membership of it, as the shop reports both."""
    admin, checkout = await web.caller("admin"), await web.caller("checkout")
    price = {"code": "month", "every": "month", "amount": 990}
    plan = {"code": "plus", "titles": {"en": "Plus", "zh": "尊享"}, "prices": [price]}
    opened = await admin.post("/v1/plans", plan)
    assert opened.status_code == 201, opened.text
    paid = {"reference": "PAY-1", "net": 832, "tax": 158, "currency": "USD",
            "from": "2026-11-20T00:00:00Z", "until": "2036-12-20T00:00:00Z"}  # fmt: skip
    asked = {"plan": "plus", "price": "month", "reference": "SUB-1", "paid": paid,
             "consent": {"text": "terms", "version": "1"}}  # fmt: skip
    joined = await checkout.post("/v1/memberships", {"member": shop.member, **asked})
    assert joined.status_code == 201, joined.text
    return str(joined.json()["membership"]["id"])


async def _drafted(application: Application, because: Cause, change: RuleChange) -> UUID:
    return (await application.database.write(make_rule_draft, because, change)).id


@pytest.mark.parametrize("look", OPPOSITES)
async def test_every_page_of_the_books_is_sound(
    application: Application,
    served: str,
    chromium: Browser,
    facts: dict[str, str],
    look: tuple[str, str],
) -> None:
    language, scheme = look
    unsound: list[str] = []
    async with window(chromium, language=language, scheme=scheme) as context:
        watched = Watched(await signed_in(context, application, served), served)
        watched.watch()
        for number, page in enumerate(PAGES):
            unsound += await watched.unsound(
                page.format(**facts), budget=CONSOLE_BUDGET, rules=rules_for(look, number)
            )
    assert unsound == []


async def test_a_figure_is_followed_to_its_order_without_any_script(
    application: Application, served: str, chromium: Browser, shop: Shop
) -> None:
    async with window(chromium, scripts=False) as context:
        page = await signed_in(context, application, served)
        await page.goto(f"{served}/console/finance/roll-forward")
        await page.locator('a[href^="roll-forward/earned"]').first.click()
        await page.locator('a[href^="/console/orders/"]').first.click()

        assert "/console/orders/ord_" in page.url
        assert await page.get_by_role("heading", level=1).inner_text()


async def test_an_estimate_with_a_mistake_leads_to_its_field(
    application: Application, served: str, chromium: Browser, shop: Shop
) -> None:
    async with window(chromium) as context:
        page = await signed_in(context, application, served)
        await page.goto(f"{served}/console/finance/estimates")
        await page.fill("[name=percent]", "101")
        await page.fill("[name=reason]", "review")
        await page.get_by_role("button", name="Sign the estimate").click()
        await page.wait_for_selector("[role=alert]")

        assert await Watched(page, served).barriers() == []
        await page.click("[role=alert] a")
        assert await page.evaluate("document.activeElement.name") == "percent"
