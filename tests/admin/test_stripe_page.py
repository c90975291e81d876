"""What Stripe told us on its page: what failed and why, another try, and the comparisons."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.billing.hints import Hint
from loyalty.billing.inbox import ATTEMPTS, Waiting, count_events, keep, put_off
from loyalty.billing.upkeep import Comparison, record
from loyalty.bootstrap import Application
from tests.admin.conftest import Visitor, cause

PAGE = "/console/stripe"


async def failed(connection: AsyncConnection, application: Application) -> None:
    """Keep an event that was tried for the last time."""
    at = cause(application).at
    hint = Hint("evt_1", "invoice.paid", None, "in_1", "sub_1", None, at)
    await keep(connection, hint, source="webhook", at=at)
    tried = Waiting("evt_1", "invoice.paid", "in_1", "sub_1", None, ATTEMPTS - 1)
    await put_off(connection, [tried], "stripe-price-unknown", at=at)


async def test_what_failed_says_why_and_is_looked_into_again_once(
    application: Application, clerk: Visitor
) -> None:
    await application.database.write(failed, application)
    listed = (await clerk.get(PAGE, state="failed")).text
    assert "LOYALTY_STRIPE_API_KEY is not set" in listed
    assert "未设置 LOYALTY_STRIPE_API_KEY" in (await clerk.get(PAGE, lang="zh")).text
    await clerk.get(PAGE, lang="en")
    assert "At a price that is none of our plans" in listed
    assert '<span class="state bad">Failed</span>' in listed

    first = await clerk.send(f"{PAGE}/events/evt_1/replay", {}, fresh=False)
    second = await clerk.send(f"{PAGE}/events/evt_1/replay", {}, fresh=False)
    shown = (await clerk.follow(first)).text

    assert first.headers["location"] == second.headers["location"]
    assert "The event waits again" in shown
    assert '<span class="state calm">Waits</span>' in shown
    async with application.database.read() as connection:
        assert await count_events(connection) == {"waiting": 1, "handled": 0, "failed": 0}


async def test_drift_of_every_night_is_shown(application: Application, clerk: Visitor) -> None:
    assert "Nothing was compared yet" in (await clerk.get(PAGE)).text
    now = cause(application)
    await application.database.write(record, now, Comparison(7, 0, 0, 0))
    later = replace(now, at=now.at + timedelta(hours=1))
    await application.database.write(record, later, Comparison(8, 2, 1, 1))

    shown = (await clerk.get(PAGE, before=f"{(now.at - timedelta(days=1)).isoformat()}~evt")).text

    assert shown.index("Drift stays") < shown.index("The same")
    assert "Nothing here" in shown
