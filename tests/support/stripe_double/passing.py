"""Time passing at Stripe: whatever falls due is done in its own order, at its own instant."""

from collections.abc import Callable, Iterator
from functools import partial

from tests.support.stripe_double import life
from tests.support.stripe_double.store import CLOCK, DAY, HOUR, Object, Store

Due = tuple[int, int, str, Callable[[], None]]
NOTICE = 3 * DAY
EXPIRES = 23 * HOUR


def advance(store: Store, to: int) -> None:
    """Move the clock to an instant, doing all that falls due on the way."""
    while due := min(_due(store), key=lambda each: each[:3], default=None):
        at, _, _, act = due
        if at > to:
            break
        _set(store, max(at, store.now))
        act()
    _set(store, to)


def _set(store: Store, now: int) -> None:
    store.now = now
    store.objects[CLOCK]["frozen_time"] = now


def _due(store: Store) -> Iterator[Due]:
    for subscription in list(store.all("subscription")):
        if subscription["status"] in life.LIVE:
            yield from _of(store, subscription)


def _of(store: Store, subscription: Object) -> Iterator[Due]:
    id, status = subscription["id"], subscription["status"]
    latest = store.objects[subscription["latest_invoice"]]
    if status == "incomplete":
        yield subscription["created"] + EXPIRES, 0, id, partial(_expire, store, subscription)
        return
    if status == "trialing" and id not in _told(store):
        told = max(subscription["trial_end"] - NOTICE, subscription["created"])
        yield told, 1, id, partial(_announce, store, subscription)
    if latest["status"] == "draft":
        collect = partial(life.attempt, store, subscription, latest)
        yield latest["automatically_finalizes_at"], 2, id, collect
    elif latest["next_payment_attempt"] is not None:
        collect = partial(life.attempt, store, subscription, latest)
        yield latest["next_payment_attempt"], 2, id, collect
    until = life.item_of(subscription)["current_period_end"]
    if subscription["cancel_at"] is not None:
        end = partial(life.end, store, subscription, "cancellation_requested")
        yield subscription["cancel_at"], 3, id, end
    elif status == "trialing" and life.card_of(store, subscription) is None:
        yield until, 4, id, partial(life.trial_without_card, store, subscription)
    elif status in {"trialing", "active", "past_due"}:
        yield until, 4, id, partial(life.renew, store, subscription)


def _announce(store: Store, subscription: Object) -> None:
    store.tell("customer.subscription.trial_will_end", subscription)


def _told(store: Store) -> set[str]:
    kind = "customer.subscription.trial_will_end"
    return {each["data"]["object"]["id"] for each in store.events if each["type"] == kind}


def _expire(store: Store, subscription: Object) -> None:
    owed = store.objects[subscription["latest_invoice"]]
    owed["status"] = "void"
    owed["status_transitions"]["voided_at"] = store.now
    store.tell("invoice.voided", owed)
    life.change(store, subscription, {"status": "incomplete_expired", "ended_at": store.now})
