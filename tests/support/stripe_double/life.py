"""The life of a subscription: begun, renewed, changed, cancelled, and what its events say of it."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.support.stripe_double import papers, shapes
from tests.support.stripe_double.store import DAY, HOUR, Object, Refused, Store, snapshot

LIVE = frozenset({"trialing", "active", "past_due", "paused", "unpaid", "incomplete"})


def after(at: int, interval: str, count: int = 1) -> int:
    """Return the same day so many months or years later, or the last one of a shorter month."""
    then = datetime.fromtimestamp(at, UTC)
    months = then.month - 1 + count * (12 if interval == "year" else 1)
    year, month = then.year + months // 12, months % 12 + 1
    day = min(then.day, monthrange(year, month)[1])
    return int(then.replace(year=year, month=month, day=day).timestamp())


def item_of(subscription: Object) -> Object:
    """Return the one thing that is subscribed to."""
    only: Object = subscription["items"]["data"][0]
    return only


def card_of(store: Store, subscription: Object) -> str | None:
    """Return what a subscription is paid with."""
    own: str | None = subscription["default_payment_method"]
    payer = store.objects[subscription["customer"]]
    return own or payer["invoice_settings"]["default_payment_method"]


def subscribe(store: Store, **told: Any) -> Object:
    """Begin a subscription; its own event comes last, as at Stripe."""
    price: Object = told["price"]
    trial_days: int = told["trial_days"]
    until = (
        store.now + trial_days * DAY
        if trial_days
        else after(store.now, price["recurring"]["interval"])
    )
    made = shapes.subscription(
        store,
        customer=told["customer"],
        price=price,
        period=(store.now, until),
        trial_end=until if trial_days else None,
        payment_method=told["payment_method"],
        metadata=told["metadata"],
        missing=told["missing"],
        tax=told["tax"],
    )
    amount = 0 if trial_days else price["unit_amount"]
    owed = bill(store, made, "subscription_create", amount)
    papers.finalise(store, owed)
    if not trial_days and pay(store, made, owed):
        made["status"] = "active"
    store.tell("customer.subscription.created", made)
    return made


def bill(store: Store, subscription: Object, reason: str, amount: int) -> Object:
    """Draft the invoice of the period that the subscription is in."""
    only = item_of(subscription)
    period = (only["current_period_start"], only["current_period_end"])
    told = {"period": period, "proration": False, "description": "Membership"}
    lines = [papers.line(store, subscription, only["price"], amount, **told)]
    return papers.invoice(store, subscription, reason, lines)


def pay(store: Store, subscription: Object, owed: Object) -> bool:
    """Try to collect an invoice of a subscription, and say so when that fails."""
    if papers.collect(store, owed, card_of(store, subscription)):
        return True
    store.tell("invoice.payment_failed", owed)
    return False


def change(store: Store, subscription: Object, changes: Mapping[str, object]) -> None:
    """Set fields of a subscription and tell what they were; nothing is told when nothing moved."""
    before = {
        name: snapshot(subscription[name])
        for name, value in changes.items()
        if subscription[name] != value
    }
    subscription.update(changes)
    if before:
        store.tell("customer.subscription.updated", subscription, **before)


def cancel_later(store: Store, subscription: Object, *, cancels: bool) -> None:
    """Let it end with its period, or take that back."""
    until = subscription["trial_end"] if subscription["status"] == "trialing" else None
    until = until or item_of(subscription)["current_period_end"]
    reason = "cancellation_requested" if cancels else None
    change(
        store,
        subscription,
        {
            "cancel_at": until if cancels else None,
            "cancel_at_period_end": cancels,
            "canceled_at": store.now if cancels else None,
            "cancellation_details": {"comment": None, "feedback": None, "reason": reason},
        },
    )


def end(store: Store, subscription: Object, reason: str, comment: str | None = None) -> None:
    """End it now."""
    if subscription["status"] not in LIVE:
        raise Refused(404, f"No such subscription: '{subscription['id']}'", code="resource_missing")
    subscription["status"] = "canceled"
    subscription["canceled_at"] = subscription["canceled_at"] or store.now
    subscription["ended_at"] = store.now
    details = {"comment": comment, "feedback": None, "reason": reason}
    subscription["cancellation_details"] = details
    store.phases.pop(subscription["id"], None)
    store.tell("customer.subscription.deleted", subscription)


def upgrade(store: Store, subscription: Object, price: Object) -> None:
    """Change the price now: credit what is left, bill the new one; a refused card stops it."""
    only = item_of(subscription)
    old, before = only["price"], snapshot(subscription["items"])
    if subscription["status"] == "trialing":
        only["price"] = price
        store.tell("customer.subscription.updated", subscription, items=before)
        return
    began, until = only["current_period_start"], only["current_period_end"]
    credit = old["unit_amount"] * (until - store.now) // (until - began)
    same = price["recurring"]["interval"] == old["recurring"]["interval"]
    new_until = until if same else after(store.now, price["recurring"]["interval"])
    debit = price["unit_amount"]
    if same:
        debit = debit * (until - store.now) // (until - began)
    card = card_of(store, subscription)
    if store.cards.get(card or "") != "pays" and debit > credit:
        raise Refused(402, papers.DECLINED, type="card_error", code="card_declined")
    lines = [
        papers.line(
            store, subscription, of, amount, period=period, proration=True, description=said
        )
        for of, amount, period, said in (
            (old, -credit, (store.now, until), "Unused time"),
            (price, debit, (store.now, new_until), "Remaining time"),
        )
        if amount
    ]
    only["price"] = price
    only["current_period_start"] = began if same else store.now
    only["current_period_end"] = new_until
    latest = subscription["latest_invoice"]
    owed = papers.invoice(store, subscription, "subscription_update", lines)
    papers.finalise(store, owed)
    pay(store, subscription, owed)
    moved = {"items": before, "latest_invoice": latest}
    store.tell("customer.subscription.updated", subscription, **moved)


def renew(store: Store, subscription: Object) -> None:
    """Begin the next period and draft what it costs; it is collected an hour later."""
    only = item_of(subscription)
    before = {"items": snapshot(subscription["items"]), "latest_invoice": None}
    before["latest_invoice"] = subscription["latest_invoice"]
    if subscription["status"] == "trialing":
        before["status"], subscription["status"] = "trialing", "active"
    changed = store.phases.pop(subscription["id"], None)
    if changed is not None:
        only["price"] = store.get("price", changed)
        plan = store.objects[subscription["schedule"]]
        plan["status"], plan["released_at"] = "released", store.now
        before["schedule"], subscription["schedule"] = subscription["schedule"], None
    only["current_period_start"] = only["current_period_end"]
    interval = only["price"]["recurring"]["interval"]
    only["current_period_end"] = after(only["current_period_start"], interval)
    amount = only["price"]["unit_amount"]
    owed = bill(store, subscription, "subscription_cycle", amount)
    owed["automatically_finalizes_at"] = store.now + HOUR
    store.tell("customer.subscription.updated", subscription, **before)


def attempt(store: Store, subscription: Object, owed: Object) -> None:
    """Collect a renewal; when that fails, say when it is tried again, or end the subscription."""
    if owed["status"] == "draft":
        papers.finalise(store, owed)
    if papers.collect(store, owed, card_of(store, subscription)):
        if subscription["status"] in {"past_due", "unpaid"}:
            change(store, subscription, {"status": "active"})
        return
    retries = owed["attempt_count"] - 1
    if retries < len(store.dunning):
        owed["next_payment_attempt"] = store.now + store.dunning[retries] * DAY
    else:
        owed["next_payment_attempt"], owed["auto_advance"] = None, False
    store.tell("invoice.payment_failed", owed)
    if owed["next_payment_attempt"] is None:
        end(store, subscription, "payment_failed")
    else:
        change(store, subscription, {"status": "past_due"})


def trial_without_card(store: Store, subscription: Object) -> None:
    """Do with a trial that nobody pays for what was asked at its beginning."""
    missing = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
    if missing == "cancel":
        end(store, subscription, "payment_failed")
    elif missing == "pause":
        subscription["status"] = "paused"
        store.tell("customer.subscription.paused", subscription)
    else:
        renew(store, subscription)


def resume(store: Store, subscription: Object) -> None:
    """Let a paused subscription go on with a new period."""
    only = item_of(subscription)
    only["current_period_end"] = store.now
    subscription["status"] = "active"
    renew(store, subscription)
    store.tell("customer.subscription.resumed", subscription)
