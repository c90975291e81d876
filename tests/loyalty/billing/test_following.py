"""Beside a double, and only there, the programme's time is the double's."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from loyalty.clock import Clock
from tests.loyalty.billing.shop import Shop, shop
from tests.support.stripe_double.passing import advance
from tests.support.stripe_double.store import DAY
from tests.support.waiting import until

__all__ = ["shop"]


async def test_the_clock_goes_where_the_test_clock_goes_and_waits_for_no_answer(shop: Shop) -> None:
    clock = Clock(may_follow=True)
    async with shop.application.database.read() as connection:
        await clock.measure(connection)
    application = replace(shop.application, clock=clock)
    shop.stripe.double.faults.extend(["500"] * 3)
    following = asyncio.create_task(application._follow_double())

    for _ in range(2):
        await _until_there(shop, clock)
        advance(shop.stripe.store, shop.stripe.store.now + 40 * DAY)
    await _until_there(shop, clock)

    following.cancel()
    with suppress(asyncio.CancelledError):
        await following
    assert abs(clock.now() - shop.at) < timedelta(minutes=1)


async def _until_there(shop: Shop, clock: Clock) -> None:
    async def is_there() -> bool:
        there = datetime.fromtimestamp(shop.stripe.store.now, UTC)
        return abs(clock.now() - there) < timedelta(seconds=30)

    await until(is_there)
