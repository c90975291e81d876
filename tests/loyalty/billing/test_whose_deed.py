"""What somebody does stands in their name, however quick the webhook is that tells of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from loyalty.billing import deeds
from loyalty.billing.gateway import open_gateway
from loyalty.billing.syncing import sync
from loyalty.cause import Cause, job_actor
from loyalty.membership.store import timeline_of
from tests.loyalty.billing.shop import Shop, shop
from tests.support.stripe_double import InProcess
from tests.support.stripe_double.server import KEY

__all__ = ["shop"]


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
            hint = Cause(self.shop.at, job_actor("handle-stripe-events"), "hint")
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
    async with shop.application.database.read() as connection:
        last = (await timeline_of(connection, row.id))[-1]
    assert (last.cause, last.actor) == ("cancel-asked", shop.cause().actor)
