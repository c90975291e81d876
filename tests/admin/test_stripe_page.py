"""What Stripe told us on its page: what failed and why, another try, and the comparisons."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.billing.hints import Hint
from loyalty.billing.inbox import ATTEMPTS, Waiting, count_events, keep, put_off
from loyalty.billing.operations import REFUND, Operation, end
from loyalty.billing.operations import keep as keep_asked
from loyalty.billing.upkeep import Comparison, record
from loyalty.bootstrap import Application
from loyalty.ids import show
from loyalty.membership.types import PREFIX
from tests.admin.conftest import Visitor, cause
from tests.loyalty.membership.building import NOW, begun, joined, opened
from tests.loyalty.membership.building import cause as at

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


async def refused(connection: AsyncConnection, reference: str) -> str:
    """Keep a refund that Stripe refused for a membership, and return the membership's id."""
    ada = await joined(connection, reference)
    row = (await begun(connection, ada, reference)).membership
    asked = {"of": reference, "attempt": 1, "place": 0, "amount": 990, "intent": "pi_1"}
    try_ = Operation(ada.id, reference, REFUND, reference, {**asked, "before": []})
    await keep_asked(connection, at(NOW), [try_])
    await end(connection, try_, at(NOW), refused="charge_disputed")
    return show(PREFIX, row.id)


async def test_a_refund_that_stripe_refused_is_asked_for_again_or_settled_once(
    application: Application, clerk: Visitor
) -> None:
    assert "Refunds that Stripe refused" not in (await clerk.get(PAGE)).text
    await application.database.write(opened)
    ours, others = [await application.database.write(refused, name) for name in ("S-1", "S-2")]
    listed = (await clerk.get(PAGE)).text
    assert listed.count("charge_disputed") == 2
    assert "$9.90" in listed

    asked = {"answer": "retry"}
    again = await clerk.send(f"{PAGE}/refunds/{ours}", asked, at=PAGE, fresh=False)
    twice = await clerk.send(f"{PAGE}/refunds/{ours}", asked, at=PAGE, fresh=False)
    assert "Stripe is asked for the refund again" in (await clerk.follow(again)).text
    assert twice.headers["location"] == again.headers["location"]
    way = f"{PAGE}/refunds/{others}"
    late = await clerk.send(f"{PAGE}/refunds/{ours}", {"answer": "not-owed"}, at=PAGE, of=way)
    assert (late.status_code, "look again in a minute" in late.text) == (422, True)
    gone = await clerk.send(f"{PAGE}/refunds/mbs_nobody", asked, at=PAGE, of=way)
    neither = await clerk.send(way, {"answer": "forget-it"}, at=PAGE)
    settled = await clerk.send(way, {"answer": "paid-otherwise"}, at=PAGE)
    shown = (await clerk.follow(settled)).text

    assert "Nobody asks Stripe for the refund any more" in shown
    assert "charge_disputed" not in shown
    assert (gone.status_code, neither.status_code) == (404, 400)
    async with application.database.read() as connection:
        tries = await connection.execute(
            text("select key, deed, done_at is null from loyalty.stripe_operation order by 1")
        )
        assert [tuple(each) for each in tries] == [
            ("S-1", "refund", False),
            ("S-1:2", "refund", True),
            ("S-2", "refund", False),
            ("S-2:2", "refund-settled", False),
        ]
