"""Whatever comes in, in whatever order, our row becomes what Stripe knows."""

import hashlib
import itertools
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.billing import syncing
from loyalty.billing.arriving import replay, take_in
from loyalty.billing.errors import CheckoutUnknown, StripeUnavailable
from loyalty.billing.fetching import fetch
from loyalty.billing.hints import Hint
from loyalty.billing.inbox import ATTEMPTS, count_events, handle_events, keep
from loyalty.billing.leasing import LEASE, Lease, release, take_lease
from loyalty.billing.pages import come_back
from loyalty.billing.projecting import Known, prices_in, report
from loyalty.billing.syncing import project, sync
from loyalty.billing.upkeep import (
    compare_with_stripe,
    last_comparison,
    look_into_inbox,
    sweep_stripe_events,
)
from loyalty.membership.applying import apply
from tests.loyalty.billing.shop import Shop, shop
from tests.support.requirements import sample
from tests.support.stripe_double import life, pages, papers
from tests.support.stripe_double.passing import advance
from tests.support.stripe_double.store import DAY, HOUR

__all__ = ["shop"]

DIGESTED = (
    """select state, reference, plan, price, began_at, trial_ends_at, period_start, period_end,
              cancel_at, cancel_asked_at, past_due_since, grace_ends_at, paused_at, ended_at,
              end_cause, next_price, consent_text, consent_version, consent_at
         from loyalty.membership order by reference""",
    """select reference, starts_at, ends_at, net, tax, currency, reason, paid_at
         from loyalty.membership_charge order by reference""",
    "select reference, net, tax, kind, reason, at from loyalty.membership_refund order by 1",
    "select available, pending, held, debt from ledger.wallet order by holder",
)


async def digest(connection: AsyncConnection) -> str:
    """Return what became of memberships, charges, refunds and points, in one figure."""
    seen = [list(await connection.execute(text(statement))) for statement in DIGESTED]
    return hashlib.sha256(repr(seen).encode()).hexdigest()


async def test_who_comes_back_from_the_page_is_a_member_at_once(shop: Shop) -> None:
    ann = await shop.member(email="ann@example.com")
    checkout, page = await shop.opened(ann)
    still = await come_back(shop.application, shop.cause(), ann, checkout)

    made = pages.complete(shop.stripe.store, page)
    came, _ = await come_back(shop.application, shop.cause(), ann, checkout)

    found = await shop.membership(made["id"])
    assert (still[0], came) == ("open", "joined")
    assert found is not None
    assert (found.member, found.state) == (ann.id, "active")
    assert found.consent is not None
    assert (found.consent.text, found.consent.version) == ("plus-terms", "3")
    page["customer"] = "cus_of_somebody_else"
    with pytest.raises(CheckoutUnknown):
        await come_back(shop.application, shop.cause(), ann, checkout)
    page["customer"] = made["customer"]


async def test_every_order_of_the_events_of_a_sign_up_ends_in_the_same_row(shop: Shop) -> None:
    made = await shop.joined(await shop.member())
    hints = shop.hints()
    assert len(hints) == 3
    orders = [
        order
        for length in range(1, len(hints) + 1)
        for order in itertools.permutations(hints, length)
    ]
    seen = set()

    for order in orders:
        seen.add(await _played(shop, order, made["id"]))

    assert len(orders) == 15
    assert len(seen) == 1


async def _played(shop: Shop, order: Sequence[Hint], subscription: str) -> str:
    """Bring events in one by one, each projected by itself, and take it all back afterwards."""
    picture = await fetch(shop.application.billing.demand(), subscription, at=shop.at)
    assert picture is not None
    async with shop.application.database._writing.connect() as connection:
        transaction = await connection.begin()
        for place, hint in enumerate(order):
            at = shop.at + timedelta(minutes=5 * place)
            assert await take_in(connection, hint, at=at)
            lease = await take_lease(connection, subscription, at=at)
            assert isinstance(lease, Lease)
            await project(connection, shop.cause(timedelta(minutes=5 * place)), lease, picture)
        found = await digest(connection)
        await transaction.rollback()
    return found


async def test_the_inbox_is_emptied_by_one_question_for_each_subscription(shop: Shop) -> None:
    made = await shop.joined(await shop.member())
    for hint in shop.hints():
        assert await shop.application.database.write(take_in, hint, at=shop.at)
    asked = len(shop.stripe.double.calls)

    settled = await handle_events(shop.application, shop.cause())

    assert settled == 3
    assert len(shop.stripe.double.calls) - asked == 4
    found = await shop.membership(made["id"])
    assert found is not None
    assert found.state == "active"
    async with shop.application.database.read() as connection:
        assert (await count_events(connection))["waiting"] == 0


async def test_an_event_that_came_before_is_not_kept_again(shop: Shop) -> None:
    await shop.joined(await shop.member())
    (first, *_) = shop.hints()
    write = shop.application.database.write

    assert await write(take_in, first, at=shop.at)
    assert not await write(keep, first, source="sweep", at=shop.at)


async def test_a_longer_life_comes_out_the_same_with_events_shuffled_doubled_and_lost(
    shop: Shop,
) -> None:
    ann = await shop.member()
    made = await shop.joined(ann)
    store = shop.stripe.store
    only = life.item_of(made)
    advance(store, only["current_period_end"] + 2 * HOUR)
    pages.mend(store, made["customer"], "later-declined")
    store.cards[life.card_of(store, made) or ""] = "declined"
    advance(store, only["current_period_end"] + 2 * HOUR)
    pages.mend(store, made["customer"], "pays")
    charge = next(each for each in store.all("charge") if each["paid"])
    papers.refund(store, charge, 400, "requested_by_customer", {})
    papers.settle(store, papers.dispute(store, list(store.all("charge"))[-1]), won=True)
    life.cancel_later(store, made, cancels=True)
    advance(store, made["cancel_at"] + HOUR)
    seen = set()

    for seed in range(sample(quick=3, full=1_000)):
        chance = random.Random(seed)
        seen.add(await _shuffled(shop, chance, made["id"]))

    assert len(seen) == 1
    assert made["status"] == "canceled"


async def _shuffled(shop: Shop, chance: random.Random, subscription: str) -> str:
    hints = list(shop.hints())
    brought = [each for each in hints if chance.random() > 0.3]
    brought += [each for each in hints if chance.random() < 0.2]
    chance.shuffle(brought)
    brought = brought or hints[:1]
    picture = await fetch(shop.application.billing.demand(), subscription, at=shop.at)
    assert picture is not None
    async with shop.application.database._writing.connect() as connection:
        transaction = await connection.begin()
        for place, hint in enumerate(brought):
            at = shop.at + timedelta(minutes=5 * place)
            await take_in(connection, hint, at=at)
            if chance.random() < 0.5 and place:
                continue
            lease = await take_lease(connection, subscription, at=at)
            assert isinstance(lease, Lease)
            await project(connection, shop.cause(), lease, picture)
        found = await digest(connection)
        await transaction.rollback()
    return found


async def test_grace_begins_with_a_failed_renewal_and_ends_when_it_is_mended(shop: Shop) -> None:
    made = await shop.joined(await shop.member())
    await sync(shop.application, shop.cause(), made["id"])
    first = await shop.membership(made["id"])
    store = shop.stripe.store
    pages.mend(store, made["customer"], "declined")
    renews = life.item_of(made)["current_period_end"]
    advance(store, renews + HOUR // 2)
    assert (await sync(shop.application, shop.cause(), made["id"])).code == "unchanged"
    advance(store, renews + 2 * HOUR)
    await sync(shop.application, shop.cause(), made["id"])
    late = await shop.membership(made["id"])

    pages.mend(store, made["customer"], "pays")
    await sync(shop.application, shop.cause(), made["id"])
    mended = await shop.membership(made["id"])

    assert first is not None
    assert late is not None
    assert mended is not None
    assert (late.state, mended.state) == ("past-due", "active")
    assert late.past_due_since == late.period_end == first.period_end == mended.period_start
    assert late.past_due_since is not None
    assert late.grace_ends_at == late.past_due_since + timedelta(days=10)
    async with shop.application.database.read() as connection:
        reasons = await connection.scalars(
            text("select reason from loyalty.membership_charge order by paid_at")
        )
        assert list(reasons) == ["first", "mend"]
        told = await connection.scalars(
            text("select cause from loyalty.membership_change order by number")
        )
        assert list(told) == ["joined", "paid", "payment-failed", "mended"]


async def test_what_a_second_question_learned_is_not_overwritten_by_the_first(shop: Shop) -> None:
    made = await shop.joined(await shop.member())
    write, gateway = shop.application.database.write, shop.application.billing.demand()
    slow = await write(take_lease, made["id"], at=shop.at)
    assert slow is not None
    old = await fetch(gateway, made["id"], at=shop.at)
    assert old is not None
    assert await write(take_lease, made["id"], at=shop.at) is None
    life.cancel_later(shop.stripe.store, made, cancels=True)
    later = shop.cause(LEASE + timedelta(seconds=1))
    quick = await write(take_lease, made["id"], at=later.at)
    assert quick is not None
    assert (await write(project, later, slow, old)).code == "stale"
    await write(release, slow, at=later.at)
    assert await write(take_lease, made["id"], at=later.at) is None, "it was not the slow one's"
    await write(release, quick, at=later.at)
    assert (await sync(shop.application, later, made["id"])).code == "applied"

    synced = await write(project, later, slow, old)

    assert synced.code == "stale"
    found = await shop.membership(made["id"])
    assert found is not None
    assert found.cancel_at is not None
    known = Known(member=found.member, prices=dict.fromkeys(prices_in(old), found.price))
    told = report(old, known, fence=found.fence - 1, at=later.at)
    assert told is not None
    assert (await write(apply, later, told)).stale, "the row keeps the number, too"


async def test_what_has_ended_is_not_raised_by_a_picture_of_before(shop: Shop) -> None:
    made = await shop.joined(await shop.member())
    old = await fetch(shop.application.billing.demand(), made["id"], at=shop.at)
    assert old is not None
    life.end(shop.stripe.store, made, "cancellation_requested")
    await sync(shop.application, shop.cause(), made["id"])
    later = shop.cause(LEASE)
    lease = await shop.application.database.write(take_lease, made["id"], at=later.at)
    assert lease is not None

    synced = await shop.application.database.write(project, later, lease, old)

    assert synced.code == "stale"
    found = await shop.membership(made["id"])
    assert found is not None
    assert found.state == "ended"


async def test_a_worker_killed_while_it_asks_is_overtaken_and_its_hint_is_settled(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "PAUSES", ())
    made = await shop.joined(await shop.member())
    await shop.application.database.write(take_in, shop.hints()[-1], at=shop.at)
    assert await shop.application.database.write(take_lease, made["id"], at=shop.at)

    assert await look_into_inbox(shop.application, shop.cause()) == 0
    assert await shop.membership(made["id"]) is None
    assert await look_into_inbox(shop.application, shop.cause(LEASE)) == 1

    assert await shop.membership(made["id"]) is not None


@pytest.mark.parametrize("fault", ["500", "429", "hang", "drop"])
async def test_while_stripe_is_down_hints_wait_and_then_catch_up(shop: Shop, fault: str) -> None:
    made = await shop.joined(await shop.member())
    for hint in shop.hints():
        await shop.application.database.write(take_in, hint, at=shop.at)
    shop.stripe.double.faults.extend([fault] * 3)

    assert await handle_events(shop.application, shop.cause()) == 0
    assert await shop.membership(made["id"]) is None
    shop.stripe.double.faults.clear()
    assert await look_into_inbox(shop.application, shop.cause(timedelta(minutes=2))) == 3

    found = await shop.membership(made["id"])
    assert found is not None
    assert found.state == "active"


async def test_what_fails_many_times_is_left_to_a_person_who_may_try_again(shop: Shop) -> None:
    made = await shop.joined(await shop.member())
    hint = shop.hints()[-1]
    await shop.application.database.write(take_in, hint, at=shop.at)
    for day in range(ATTEMPTS + 1):
        shop.stripe.double.faults.extend(["500"] * 3)
        await handle_events(shop.application, shop.cause(timedelta(days=day)))
    async with shop.application.database.read() as connection:
        assert await count_events(connection) == {"waiting": 0, "handled": 0, "failed": 1}

    shop.stripe.double.faults.clear()
    later = shop.cause(timedelta(days=ATTEMPTS + 1))
    await shop.application.database.write(replay, hint.id, at=later.at)
    await handle_events(shop.application, later)

    assert await shop.membership(made["id"]) is not None


async def test_the_sweep_finds_what_was_never_delivered(shop: Shop) -> None:
    client = shop.stripe.gateway._client
    await client.v1.webhook_endpoints.create_async(
        {"url": "https://shop.test/hook", "enabled_events": ["*"]}
    )
    made = await shop.joined(await shop.member())

    assert await sweep_stripe_events(shop.application, shop.cause()) == 3
    assert await sweep_stripe_events(shop.application, shop.cause()) == 0

    assert await shop.membership(made["id"]) is not None


async def test_the_nightly_comparison_counts_drift_and_repairs_it(shop: Shop) -> None:
    made = await shop.joined(await shop.member())
    await sync(shop.application, shop.cause(), made["id"])
    assert await compare_with_stripe(shop.application, shop.cause()) == 0
    life.cancel_later(shop.stripe.store, made, cancels=True)
    advance(shop.stripe.store, shop.stripe.store.now + DAY)

    assert await compare_with_stripe(shop.application, shop.cause()) == 1
    assert await compare_with_stripe(shop.application, shop.cause(timedelta(hours=1))) == 0

    async with shop.application.database.read() as connection:
        last = await last_comparison(connection)
    assert last is not None
    assert (last[1].compared, last[1].drifted) == (1, 0)


async def test_a_subscription_of_somebody_else_is_not_ours(shop: Shop) -> None:
    store = shop.stripe.store
    payer = await shop.stripe.gateway.make_customer("nobody", None, key="n")
    price = next(store.all("price"))["id"]
    made = shop.stripe.begin(payer, price)

    assert (await sync(shop.application, shop.cause(), made["id"])).code == "not-ours"
    assert (await sync(shop.application, shop.cause(), "sub_none")).code == "gone"


async def test_no_transaction_is_open_while_stripe_is_asked(shop: Shop) -> None:
    made = await shop.joined(await shop.member())
    double, seen = shop.stripe.double, []
    witness = double.witness
    pool: Any = shop.application.database._writing.pool

    def watch(*call: Any) -> None:
        seen.append(pool.checkedout())
        if witness is not None:
            witness(*call)

    double.witness = watch
    await sync(shop.application, shop.cause(), made["id"])

    assert len(seen) == 4
    assert set(seen) == {0}


async def test_a_stripe_that_does_not_answer_changes_nothing(shop: Shop) -> None:
    made = await shop.joined(await shop.member())
    shop.stripe.double.faults.extend(["hang"] * 3)

    with pytest.raises(StripeUnavailable):
        await sync(shop.application, shop.cause(), made["id"])

    assert await shop.membership(made["id"]) is None
    assert (await sync(shop.application, shop.cause(), made["id"])).code == "applied"
