"""What somebody does stands in their name, however quick the webhook is that tells of it."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from loyalty.billing import deeds, syncing
from loyalty.billing.gateway import open_gateway
from loyalty.billing.leasing import Lease, release, take_lease
from loyalty.billing.syncing import sync
from loyalty.cause import Cause, job_actor
from loyalty.membership.store import timeline_of
from loyalty.membership.types import Membership
from tests.loyalty.billing.shop import Shop, joined, row_of, shop
from tests.support.stripe_double import InProcess
from tests.support.stripe_double.server import KEY
from tests.support.stripe_double.store import Object
from tests.support.waiting import PATIENCE, PAUSE, until

__all__ = ["shop"]


def hinted(shop: Shop) -> Cause:
    """Return the cause of a job that looks into what a webhook told."""
    return Cause(shop.at, job_actor("handle-stripe-events"), "hint")


class Overtaken(InProcess):
    """A way to the double on which a job looks into the subscription before a deed is answered."""

    def __init__(self, shop: Shop, subscription: str) -> None:
        super().__init__(shop.stripe.double)
        self.shop = shop
        self.subscription = subscription
        self.seen: list[str] = []

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Call the double, and let the job be quicker."""
        answered = await super().request_async(method, url, headers, post_data)
        if method == "post":
            hint = hinted(self.shop)
            self.seen.append((await sync(self.shop.application, hint, self.subscription)).code)
        return answered


async def test_a_webhook_that_overtakes_the_answer_leaves_a_deed_its_name(shop: Shop) -> None:
    made = await shop.joined(await shop.member())
    await sync(shop.application, shop.cause(), made["id"])
    row = await shop.membership(made["id"])
    assert row is not None
    way = Overtaken(shop, made["id"])
    gateway = open_gateway(KEY, shop.stripe.double.origin, way)
    billing = replace(shop.application.billing, gateway=gateway)
    application = replace(shop.application, billing=billing)

    await deeds.cancel_later(application, shop.cause(), row, cancels=True, key="a")
    later = await sync(shop.application, shop.cause(), made["id"])
    await gateway.close()

    assert (way.seen, later.code) == (["busy"], "unchanged")
    assert await last_told(shop, row) == ("cancel-asked", shop.cause().actor)


async def last_told(shop: Shop, row: Membership) -> tuple[str, str]:
    """Return the last step of a timeline, and whose it is."""
    async with shop.application.database.read() as connection:
        last = (await timeline_of(connection, row.id))[-1]
    return last.cause, last.actor


async def held(shop: Shop) -> tuple[Object, Membership, Lease]:
    """Return a subscription that a job is at."""
    made, row = await joined(shop)
    lease = await shop.application.database.write(take_lease, made["id"], at=shop.at)
    assert lease is not None
    return made, row, lease


async def test_a_deed_waits_for_a_job_that_is_at_its_subscription(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, row, lease = await held(shop)
    monkeypatch.setattr(deeds, "PAUSES", [PAUSE] * int(PATIENCE / PAUSE))
    locked = text("select xmax::text from loyalty.stripe_lease")  # by who tried in vain, too

    async def was_tried() -> bool:
        async with shop.application.database.read() as connection:
            return bool(await connection.scalar(locked) != before)

    async with shop.application.database.read() as connection:
        before = await connection.scalar(locked)
    asked = asyncio.create_task(
        deeds.cancel_later(shop.application, shop.cause(), row, cancels=True, key="a")
    )
    await until(was_tried)
    assert made["cancel_at_period_end"] is False, "nothing is asked of Stripe before"
    await shop.application.database.write(release, lease, at=shop.at)

    assert (await asked).applied.membership.cancel_at == row.period_end
    assert await last_told(shop, row) == ("cancel-asked", shop.cause().actor)
    assert (await row_of(shop, made)).fence == lease.fence + 1


async def test_a_deed_is_done_all_the_same_where_a_job_goes_on_being_there(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, row, lease = await held(shop)
    for module in (deeds, syncing):
        monkeypatch.setattr(module, "PAUSES", (0,))

    asked = await deeds.cancel_later(shop.application, shop.cause(), row, cancels=True, key="a")

    assert made["cancel_at_period_end"] is True
    assert asked.applied.membership == row, "nobody else may write what came of it"
    await shop.application.database.write(release, lease, at=shop.at)
    assert (await sync(shop.application, hinted(shop), made["id"])).code == "applied"
    assert (await row_of(shop, made)).cancel_at == row.period_end
    assert await last_told(shop, row) == ("cancel-asked", hinted(shop).actor)
