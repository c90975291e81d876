"""Who goes on as another goes on at Stripe, too: with the customer that pays, pages and keys."""

from contextlib import suppress
from uuid import UUID

import pytest

from loyalty.billing import deeds
from loyalty.billing.errors import StripeUnavailable
from loyalty.billing.operations import PATIENCE, finish_operations
from loyalty.billing.pages import come_back, open_portal
from loyalty.billing.syncing import sync
from loyalty.members import Member, Ref
from loyalty.members.merging import merge_members
from loyalty.membership.errors import CancelledAlready
from tests.loyalty.billing.shop import ASKED_FIRST, Shop, shop
from tests.support.stripe_double import pages

__all__ = ["shop"]


async def merged(shop: Shop, gone: Member, into: Member) -> None:
    """Let one member go on as another."""
    refs = (Ref("member", "", id=gone.id), Ref("member", "", id=into.id))
    await shop.application.database.write(merge_members, shop.cause(), *refs, reason="same-person")


async def portal_of(shop: Shop, whose: Member) -> str:
    """Return whose page for cards and invoices a member is sent to."""
    url = await open_portal(shop.application, whose, "https://shop.test/account")
    session: str = shop.stripe.store.objects[url.rpartition("/")[2]]["customer"]
    return session


async def member_of(shop: Shop, subscription: str) -> UUID | None:
    """Return whose membership a subscription is, brought in anew."""
    await sync(shop.application, shop.cause(), subscription)
    found = await shop.membership(subscription)
    return None if found is None else found.member


@pytest.mark.parametrize("opened_a_page", [False, True])
async def test_the_survivor_looks_after_the_cards_that_pay(
    shop: Shop, *, opened_a_page: bool
) -> None:
    ann, bob, eve = await shop.member(), await shop.member(), await shop.member()
    anns = await shop.joined(ann)
    await sync(shop.application, shop.cause(), anns["id"])
    if opened_a_page:  # so that the survivor has a customer, too, which never paid
        await shop.opened(bob)

    await merged(shop, ann, bob)
    assert await portal_of(shop, bob) == anns["customer"]
    assert await member_of(shop, anns["id"]) == bob.id

    await merged(shop, bob, eve)
    assert await portal_of(shop, eve) == anns["customer"]
    assert await member_of(shop, anns["id"]) == eve.id


async def test_the_survivor_s_own_customer_stays_where_that_one_pays(shop: Shop) -> None:
    ann, bob = await shop.member(), await shop.member()
    await shop.opened(ann)
    bobs = await shop.joined(bob)
    await sync(shop.application, shop.cause(), bobs["id"])

    await merged(shop, ann, bob)

    assert await portal_of(shop, bob) == bobs["customer"]
    assert await member_of(shop, bobs["id"]) == bob.id


async def test_a_page_of_who_is_gone_is_come_back_from_as_the_survivor(shop: Shop) -> None:
    ann, bob = await shop.member(), await shop.member()
    await shop.opened(bob)
    checkout, page = await shop.opened(ann)
    await merged(shop, ann, bob)
    made = pages.complete(shop.stripe.store, page)

    came, _ = await come_back(shop.application, shop.cause(), bob, checkout)

    assert came == "joined"
    found = await shop.membership(made["id"])
    assert found is not None
    assert found.member == bob.id
    assert found.consent is not None


async def test_what_was_under_way_for_who_is_gone_is_finished_once(shop: Shop) -> None:
    ann, bob = await shop.member(), await shop.member()
    made = await shop.joined(ann)
    await sync(shop.application, shop.cause(), made["id"])
    row = await shop.membership(made["id"])
    assert row is not None
    shop.stripe.double.faults.extend([""] * (ASKED_FIRST + 1) + ["500"] * 3)
    with suppress(StripeUnavailable):
        await deeds.leave(shop.application, shop.cause(), row, "cancelled-now", key="a")
    await merged(shop, ann, bob)
    row = await shop.membership(made["id"])
    assert row is not None

    with pytest.raises(CancelledAlready):
        await deeds.leave(shop.application, shop.cause(), row, "cancelled-now", key="b")
    assert await finish_operations(shop.application, shop.cause(2 * PATIENCE)) == 1

    assert [each["amount"] for each in shop.stripe.store.all("refund")] == [1_000]
