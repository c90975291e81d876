"""Nobody goes on paying at Stripe for what they do not have here."""

from datetime import timedelta

from sqlalchemy import text

from loyalty.billing.arriving import take_in
from loyalty.billing.inbox import handle_events
from loyalty.billing.leaving import end_left_behind
from loyalty.billing.operations import PATIENCE, finish_operations
from loyalty.billing.syncing import sync
from loyalty.members import Member, Ref
from loyalty.members.changing import close_member
from loyalty.members.merging import merge_members
from tests.loyalty.billing.shop import ASKED_FIRST, Shop, shop
from tests.support.stripe_double import pages

__all__ = ["shop"]


async def closed(shop: Shop, whose: Member) -> None:
    """Let a member leave."""
    await shop.application.database.write(close_member, shop.cause(), whose, reason="asked")


async def states(shop: Shop) -> dict[str, tuple[str, str | None]]:
    """Return how each membership stands, and why it ended, by Stripe's id."""
    async with shop.application.database.read() as connection:
        rows = await connection.execute(
            text("select reference, state, end_cause from loyalty.membership")
        )
        return {row.reference: (row.state, row.end_cause) for row in rows}


async def refunded(shop: Shop) -> list[tuple[str, int]]:
    """Return what was given back here, by the reference of the membership."""
    async with shop.application.database.read() as connection:
        rows = await connection.execute(
            text(
                "select m.reference, sum(c.refunded_net + c.refunded_tax)"
                " from loyalty.membership_charge c join loyalty.membership m on m.id = c.membership"
                " where c.refunded_net > 0 group by 1"
            )
        )
        return [(row[0], int(row[1])) for row in rows]


async def told(shop: Shop) -> None:
    """Bring every webhook so far in and look into it."""
    for hint in shop.hints():
        await shop.application.database.write(take_in, hint, at=shop.at)
    await handle_events(shop.application, shop.cause())


async def test_what_a_member_has_at_stripe_ends_when_they_leave(shop: Shop) -> None:
    ann, bob = await shop.member(), await shop.member()
    anns, bobs = await shop.joined(ann), await shop.joined(bob)
    await told(shop)
    await closed(shop, ann)

    asked_about, ended = 4, 1
    before = [""] * (asked_about + ASKED_FIRST + ended)
    shop.stripe.double.faults.extend(before + ["500"] * 3)
    assert await end_left_behind(shop.application, shop.cause()) == 0
    async with shop.application.database.read() as connection:
        kept = await connection.execute(
            text("select deed, done_at, asked ->> 'why' from loyalty.stripe_operation order by 1")
        )
        assert [(row[0], row[1] is None, row[2]) for row in kept] == [
            ("cancel-now", False, "member-closed"),
            ("refund", True, None),
        ]
    assert await finish_operations(shop.application, shop.cause(2 * PATIENCE)) == 1
    assert await end_left_behind(shop.application, shop.cause()) == 0

    assert (anns["status"], bobs["status"]) == ("canceled", "active")
    assert await states(shop) == {
        anns["id"]: ("ended", "member-closed"),
        bobs["id"]: ("active", None),
    }
    assert await refunded(shop) == [(anns["id"], 1_000)]
    assert [each["amount"] for each in shop.stripe.store.all("refund")] == [1_000]


async def test_who_leaves_while_a_page_is_open_does_not_pay_for_it(shop: Shop) -> None:
    ann = await shop.member()
    _, page = await shop.opened(ann)
    await closed(shop, ann)
    made = pages.complete(shop.stripe.store, page)
    await told(shop)

    assert await end_left_behind(shop.application, shop.cause()) == 1

    assert await states(shop) == {made["id"]: ("ended", "member-closed")}
    assert await refunded(shop) == [(made["id"], 1_000)]


async def test_a_merge_passes_a_subscription_on_and_a_later_one_of_who_is_gone_ends(
    shop: Shop,
) -> None:
    ann, bob = await shop.member(), await shop.member()
    kept = await shop.joined(bob)
    await told(shop)
    _, page = await shop.opened(ann)
    refs = (Ref("member", "", id=ann.id), Ref("member", "", id=bob.id))
    await shop.application.database.write(merge_members, shop.cause(), *refs, reason="same-person")
    second = pages.complete(shop.stripe.store, page)
    await told(shop)
    await end_left_behind(shop.application, shop.cause())

    assert (kept["status"], second["status"]) == ("active", "canceled")
    assert await states(shop) == {
        kept["id"]: ("active", None),
        second["id"]: ("ended", "second-membership"),
    }
    assert await refunded(shop) == [(second["id"], 1_000)]
    found = await shop.membership(kept["id"])
    assert found is not None
    assert found.member == bob.id


async def test_of_two_pages_that_are_paid_one_is_given_back(shop: Shop) -> None:
    ann = await shop.member()
    _, first = await shop.opened(ann)
    _, second = await shop.opened(ann)
    second["status"] = first["status"] = "open"  # closing one came too late
    kept, again = (pages.complete(shop.stripe.store, page) for page in (first, second))
    await sync(shop.application, shop.cause(), kept["id"])

    await told(shop)

    assert (kept["status"], again["status"]) == ("active", "canceled")
    assert await states(shop) == {
        kept["id"]: ("active", None),
        again["id"]: ("ended", "second-membership"),
    }
    assert await refunded(shop) == [(again["id"], 1_000)]


async def test_an_end_that_was_not_heard_of_makes_room_for_the_next(shop: Shop) -> None:
    ann = await shop.member()
    _, first = await shop.opened(ann)
    _, second = await shop.opened(ann)
    second["status"] = first["status"] = "open"
    gone, stays = (pages.complete(shop.stripe.store, page) for page in (first, second))
    await sync(shop.application, shop.cause(), gone["id"])
    await shop.stripe.gateway.cancel_now(gone["id"], why="asked for at the counter")

    hint = next(each for each in shop.hints() if each.subscription == stays["id"])
    await shop.application.database.write(take_in, hint, at=shop.at)
    await handle_events(shop.application, shop.cause(timedelta(minutes=1)))

    assert await states(shop) == {
        gone["id"]: ("ended", "cancelled-now"),
        stays["id"]: ("active", None),
    }
    assert list(shop.stripe.store.all("refund")) == []
