"""What a demo that sleeps at night does when it starts."""

from datetime import timedelta

from loyalty.billing.upkeep import comparisons
from loyalty.cause import Cause
from loyalty.demo.nightly import compare_if_missed
from loyalty.jobs.worker import work
from tests.loyalty.billing.shop import Shop, shop

__all__ = ["shop"]


async def test_a_start_has_last_night_s_comparison_with_stripe_made_once(shop: Shop) -> None:
    application = shop.application
    cause = Cause(application.clock.now(), "system", "start")
    database = application.database

    asked = [await database.write(compare_if_missed, cause) for _ in range(2)]
    await work(application, until_idle=True)
    after = await database.write(compare_if_missed, cause)
    async with database.read() as connection:
        found = await comparisons(connection, limit=2)
    later = Cause(application.clock.now() + timedelta(days=2), "system", "another start")
    on_another_day = await database.write(compare_if_missed, later)

    assert asked == [True, False]
    assert [(one.compared, one.drifted, one.unknown) for _, one in found] == [(0, 0, 0)]
    assert (after, on_another_day) == (False, True)
