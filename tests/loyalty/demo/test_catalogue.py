"""The demo's catalogue: what it offers can be had, and what is ordered keeps every promise."""

from loyalty.demo.catalogue import REWARDS, order_rewards
from loyalty.demo.programme import publish_programme
from loyalty.rewards.offering import offers_to
from loyalty.rewards.orders import list_reward_orders
from loyalty.rewards.reading import list_rewards
from tests.support.api import Web, application, checkout, web
from tests.support.shop import Shop

__all__ = ["application", "checkout", "web"]


async def test_rewards_of_the_demo_are_live_and_households_order_them_once(web: Web) -> None:
    running = web.application
    zone = "America/New_York"
    await running.database.write(publish_programme, web.cause(), currency="USD", zone=zone)
    names = [f"household-{number}" for number in range(1, 9)]
    shop = Shop(web, await web.caller("checkout"))
    for name in names:
        await shop.give(await web.joined(external_id=name), 1_000)

    first = await order_rewards(running, web.cause(), names)
    again = await order_rewards(running, web.cause(), names)

    async with running.database.snapshot() as connection:
        live = [reward.code for reward in await list_rewards(connection, state="live")]
        placed = await list_reward_orders(connection)
        whose = await web.joined(external_id="C-9")
        offers = await offers_to(connection, running.programme, whose, at=web.cause().at)
    assert sorted(live) == sorted(code for code, *_ in REWARDS)
    assert (first, again) == (len(placed), 0)
    assert {order.reward for order in placed} == {"tote-bag", "five-off"}
    assert [offer.reward for offer in offers] == [code for code, *_ in REWARDS]
    await shop.holds()
