"""A shop whose clock is ahead: within the tolerance it counts as now, beyond it is refused."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from loyalty.instants import CLOCK_TOLERANCE
from tests.stories.test_steps_twice import everything, strip
from tests.support.api import Web
from tests.support.shop import Json, Shop, cart, line

A_LITTLE = timedelta(minutes=1)
Step = Callable[..., Awaitable[Json]]


def steps(shop: Shop) -> dict[str, tuple[Step, Json]]:
    """Every step that tells an instant, in the order of an order's life."""

    def told(path: str, success: int) -> Step:
        async def step(*, status: int = success, **body: Any) -> Json:
            return await shop.post(path, body, status=status)

        return step

    one = [{"line_id": "1", "quantity": 1}]
    event = {"event_id": "E-1", "kind": "review-written", "member": "ext:C-1"}
    return {
        "placed_at": (shop.place, {"order": cart(line("1", 4, 1000))}),
        "paid_at": (told("/v1/orders/ext:S-1/paid", 200), {}),
        "completed_at": (shop.complete, {"shipment": "P-1", "lines": one}),
        "delivered_at": (told("/v1/orders/ext:S-1/delivered", 200), {"shipment": "P-1"}),
        "cancelled_at": (shop.cancel, {"shipment": "X-1", "lines": one}),
        "returned_at": (shop.give_back, {"return_id": "R-1", "lines": one}),
        "occurred_at": (told("/v1/events", 201), event),
    }


async def test_a_clock_ahead_counts_as_now_and_repeats_alike_while_the_future_is_refused(
    shop: Shop, web: Web
) -> None:
    await web.joined(external_id="C-1")
    now = web.application.clock.now
    ahead = (now() + CLOCK_TOLERANCE - A_LITTLE).isoformat()
    told: dict[str, Json] = {}

    for field, (step, body) in steps(shop).items():
        before = await everything(web)
        future = (now() + CLOCK_TOLERANCE + A_LITTLE).isoformat()
        refused = await step(**body, **{field: future}, status=422)
        wanted = "event-in-future" if field == "occurred_at" else "instant-out-of-order"
        assert (refused["code"], refused["errors"][0]["pointer"]) == (wanted, f"/{field}")
        assert await everything(web) == before
        told[field] = await step(**body, **{field: ahead})
        assert told[field].get(field, "") <= now().isoformat()

    before = await everything(web)
    for field, (step, body) in steps(shop).items():
        again = strip(await step(**body, **{field: ahead}))
        told["placed_at"]["paid_at"] = told["paid_at"]["paid_at"]  # an answer tells how it is now
        assert again == strip(told[field])
    assert await everything(web) == before
    await shop.holds()
