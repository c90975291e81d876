"""While Stripe is slow or down, checkout asks nothing of it, and everything catches up later."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.billing import deeds
from loyalty.billing.arriving import take_in
from loyalty.billing.errors import StripeUnavailable
from loyalty.billing.inbox import handle_events
from loyalty.billing.operations import finish_operations
from loyalty.billing.syncing import sync
from loyalty.billing.upkeep import look_into_inbox
from tests.loyalty.billing.shop import Shop, shop
from tests.stories.test_statements import counting
from tests.support.api import web_over
from tests.support.shop import EARN_ONE, Json, cart, open_programme
from tests.support.shop import Shop as Till
from tests.support.stripe_double.store import DAY

__all__ = ["shop"]

SHIPS_FREE: Json = {
    "rule": "plus-free-shipping",
    "titles": {"en": "Plus ships free"},
    "when": {"fact": "plan", "is": "plus"},
    "effects": [{"effect": "free-shipping"}],
}


@pytest.mark.parametrize("fault", ["500", "hang"])
async def test_a_quote_is_the_same_and_all_catches_up_once_stripe_is_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    app, double = shop.application, shop.stripe.double
    shop.stripe.store.now = int(app.clock.now().timestamp())
    await app.database.write(open_programme, shop.cause(), (EARN_ONE, SHIPS_FREE))
    ann, bob = await shop.member(external_id="C-1"), await shop.member(external_id="C-2")
    made = await shop.joined(ann)
    await sync(app, shop.cause(), made["id"])
    row = await shop.membership(made["id"])
    assert row is not None
    async with web_over(app) as web:
        till = Till(web, await web.caller("checkout"))

        async def quoted(who: str) -> tuple[int, int, int]:
            """What shipping costs, in how many statements, and how often Stripe was asked."""
            asked = len(double.calls)
            with counting(monkeypatch) as seen:
                quote: dict[str, Any] = await till.quote(cart(shipping=590), who=who)
            return quote["shipping"]["total"], len(seen), len(double.calls) - asked

        await quoted("ext:C-1")
        before = [await quoted("ext:C-1"), await quoted("ext:C-2")]
        others = await shop.joined(bob)
        for hint in shop.hints(since=3):
            await app.database.write(take_in, hint, at=shop.at)
        double.faults.extend([fault] * 40)
        with pytest.raises(StripeUnavailable):
            await deeds.leave(app, shop.cause(), row, "cancelled-now", key="a")
        assert await handle_events(app, shop.cause()) == 0

        assert [await quoted("ext:C-1"), await quoted("ext:C-2")] == before
        assert before == [(0, 1, 0), (590, 1, 0)]
        await till.buy(cart(shipping=590))

        double.faults.clear()
        later = replace(shop.cause(), at=shop.at + timedelta(seconds=DAY // 24))
        await look_into_inbox(app, later)
        await deeds.leave(app, later, row, "cancelled-now", key="a")
        assert await finish_operations(app, later) == 0
        assert [(await quoted(f"ext:C-{one}"))[0] for one in (1, 2)] == [590, 0]
    assert (made["status"], others["status"]) == ("canceled", "active")


async def test_whoever_asks_stripe_inside_a_transaction_is_stopped(shop: Shop) -> None:
    app = shop.application
    asked = len(shop.stripe.double.calls)

    async def ask(_: AsyncConnection) -> None:
        await app.billing.demand().page("cs_1")

    with pytest.raises(RuntimeError, match="inside a transaction"):
        await app.database.write(ask)
    with pytest.raises(RuntimeError, match="inside a transaction"):
        async with app.database.snapshot() as connection:
            await ask(connection)
    assert len(shop.stripe.double.calls) == asked

    async with app.database.snapshot():
        pass
    assert await app.billing.demand().page("cs_1") is None
