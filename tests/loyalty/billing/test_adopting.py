"""Subscriptions that were at Stripe before us are looked at first, and taken over once."""

from loyalty.billing.adopting import adopt, preview
from tests.loyalty.billing.shop import Shop, shop
from tests.support.stripe_double import life

__all__ = ["shop"]


async def test_what_fits_is_taken_over_and_the_rest_named_with_its_reason(shop: Shop) -> None:
    gateway, store = shop.stripe.gateway, shop.stripe.store
    ann = await shop.member(email="ann@example.com")
    monthly = next(store.all("price", unit_amount=1_000))["id"]
    old, dear = await shop.stripe.sell(600), await shop.stripe.sell(77_000, "year")
    ann_there = await gateway.make_customer("mem_of_another_programme", "x@x.test", key="0")
    store.objects[ann_there]["metadata"] = {}
    store.objects[ann_there]["email"] = "ANN@example.com"
    nobody = await gateway.make_customer("nobody", "nobody@example.com", key="1")
    store.objects[nobody]["metadata"] = {}
    fits = shop.stripe.begin(ann_there, old)
    strange = shop.stripe.begin(nobody, monthly)
    priceless = shop.stripe.begin(ann_there, dear)
    ended = shop.stripe.begin(nobody, monthly)
    life.end(store, ended, "cancellation_requested")

    await shop.opened(ann)  # who is another customer on our pages

    found = {each.subscription: each for each in await preview(shop.application)}

    assert {each.subscription: each.why for each in found.values()} == {
        fits["id"]: "fits",
        strange["id"]: "no-member",
        priceless["id"]: "no-price",
        ended["id"]: "ended",
    }
    assert await shop.membership(fits["id"]) is None
    assert await adopt(shop.application, shop.cause(), found[fits["id"]]) == "applied"
    assert await adopt(shop.application, shop.cause(), found[fits["id"]]) == "unchanged"
    row = await shop.membership(fits["id"])
    assert row is not None
    assert (row.member, row.state) == (ann.id, "active")
    asked = len(shop.stripe.double.calls)
    again = {each.subscription: each.why for each in await preview(shop.application)}
    assert again[fits["id"]] == "ours-already"
    assert len(shop.stripe.double.calls) - asked == 1 + 2, (
        "whose it is, of those alone that may fit"
    )
