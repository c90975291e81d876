"""A job that a webhook of the double's called for begins when the double says it is."""

from datetime import datetime, timedelta

from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.jobs.registry import Periodic
from loyalty.jobs.worker import run_periodic
from tests.loyalty.billing.shop import Shop, shop
from tests.support.stripe_double.passing import advance
from tests.support.stripe_double.store import DAY

__all__ = ["shop"]


async def test_a_job_is_of_the_time_that_the_test_clock_was_moved_to(shop: Shop) -> None:
    begun: list[datetime] = []

    async def look(_: Application, cause: Cause) -> None:
        begun.append(cause.at)

    job = Periodic("look", "* * * * *", look)
    for days in (0, 31):
        advance(shop.stripe.store, shop.stripe.store.now + days * DAY)
        await run_periodic(shop.application, job)
        assert abs(begun[-1] - shop.at) < timedelta(minutes=1)
    assert begun[1] - begun[0] > timedelta(days=30)
