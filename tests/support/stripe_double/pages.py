"""The hosted pages: Checkout and the portal, as plain as can be, saying that no money moves."""

from datetime import UTC, datetime
from html import escape
from typing import Final

from loyalty.money import written
from tests.support.stripe_double import life, papers, shapes
from tests.support.stripe_double.store import Object, Refused, Store

CARDS: Final = {
    "pays": ("4242", "Pay: the card works"),
    "declined": ("0002", "The card is declined"),
    "authentication": ("3155", "The card wants 3-D Secure, and it fails"),
    "later-declined": ("0341", "Pay: the card works now and is declined at the next renewal"),
    "abandons": ("", "Leave without paying"),
}
"""What a button of the Checkout page does → the card's last digits, and what the button says."""

_FRAME: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem}}
button{{display:block;width:100%;margin:.5rem 0;padding:.6rem;font:inherit}}
h2{{font-size:1.1rem}}
.no-money{{border:2px solid #b45309;padding:.5rem 1rem}}</style></head><body><main>
<h1>{title}</h1><p class="no-money"><strong>No money moves.</strong> This is a double of Stripe on
this machine; no card is asked for and nothing is charged.</p>{body}</main></body></html>"""


def checkout_page(store: Store, id: str) -> str:
    """Show what is bought, and a button for every way it can end."""
    session = store.get("checkout.session", id)
    if session["status"] != "open":
        return _page("Checkout", "<p>This page is no longer open.</p>")
    wanted = store.pages[id]
    price = store.objects[wanted["price"]]
    name = escape(str(store.objects[price["product"]]["name"]))
    trial = f"<p>{wanted['trial_days']} days of trial first.</p>" if wanted["trial_days"] else ""
    cost = f"<p>{name}: {_costs(price)}.</p>"
    return _page("Checkout", f"{cost}{trial}{_form(f'/c/pay/{id}', CARDS)}")


def pay_page(store: Store, id: str, button: str) -> tuple[str, str | None]:
    """Do what a button of the Checkout page says; the page to show, or where to go."""
    session = store.get("checkout.session", id)
    if session["status"] != "open" or button not in CARDS:
        return _page("Checkout", "<p>This page is no longer open.</p>"), None
    if button == "abandons":
        return "", session["cancel_url"]
    if button in {"declined", "authentication"}:
        sentence = papers.DECLINED if button == "declined" else "Authentication failed."
        return _page("Checkout", f"<p role=alert>{sentence}</p>{_form('', CARDS)}"), None
    complete(store, session, button)
    return "", session["success_url"].replace("{CHECKOUT_SESSION_ID}", id)


def complete(store: Store, session: Object, card: str = "pays") -> Object:
    """Subscribe as the page says, with a card that works now."""
    wanted = store.pages[session["id"]]
    without = session["payment_method_collection"] == "if_required" and wanted["trial_days"]
    method = None if without and card == "none" else _card(store, session["customer"], "pays", card)
    made = life.subscribe(
        store,
        customer=session["customer"],
        price=store.objects[wanted["price"]],
        trial_days=wanted["trial_days"],
        payment_method=method,
        metadata=wanted["metadata"],
        missing=wanted["missing"],
        tax=wanted["tax"],
    )
    if method is not None and card == "later-declined":
        store.cards[method] = "declined"
    session["status"], session["url"] = "complete", None
    session["payment_status"] = "no_payment_required" if wanted["trial_days"] else "paid"
    session["subscription"], session["invoice"] = made["id"], made["latest_invoice"]
    store.tell("checkout.session.completed", session)
    return made


def portal_page(store: Store, id: str) -> str:
    """Show what somebody has and was billed, with the buttons of the portal."""
    session = store.get("billing_portal.session", id)
    payer = session["customer"]
    has = "".join(_held(store, each) for each in store.all("subscription", customer=payer))
    billed = "".join(_billed(each) for each in store.all("invoice", customer=payer))
    body = f"<h2>Subscriptions</h2><ul>{has}</ul>{_form(f'/p/session/{id}', _PORTAL)}"
    return _page("Billing portal", f"{_back(session)}{body}<h2>Invoices</h2><ul>{billed}</ul>")


def portal_act(store: Store, id: str, button: str) -> str:
    """Do what a button of the portal says, and show the page again."""
    session = store.get("billing_portal.session", id)
    payer = session["customer"]
    live = [
        each for each in store.all("subscription", customer=payer) if each["status"] in life.LIVE
    ]
    if button in {"card-pays", "card-declined"}:
        mend(store, payer, "pays" if button == "card-pays" else "declined")
    for subscription in live if button in {"cancel", "undo"} else ():
        life.cancel_later(store, subscription, cancels=button == "cancel")
    return portal_page(store, id)


def mend(store: Store, payer: str, behaviour: str) -> None:
    """Give a customer another card, and collect with it what is open."""
    card = _card(store, payer, behaviour, behaviour)
    store.objects[payer]["invoice_settings"]["default_payment_method"] = card
    for subscription in list(store.all("subscription", customer=payer)):
        if subscription["status"] not in life.LIVE:
            continue
        life.change(store, subscription, {"default_payment_method": card})
        owed = store.objects[subscription["latest_invoice"]]
        if owed["status"] == "open":
            life.attempt(store, subscription, owed)


_PORTAL: Final = {
    "cancel": ("", "Cancel at the end of the period"),
    "undo": ("", "Keep the subscription"),
    "card-pays": ("4242", "Use a card that works"),
    "card-declined": ("0341", "Use a card that is declined"),
}


def _card(store: Store, payer: str, behaviour: str, kind: str) -> str:
    last4 = CARDS[kind][0] if kind in CARDS else "4242"
    made = shapes.payment_method(store, customer=payer, last4=last4)
    store.cards[made["id"]] = behaviour
    id: str = made["id"]
    return id


def _held(store: Store, subscription: Object) -> str:
    """What is subscribed to, how it stands, and the card that pays for it."""
    only = life.item_of(subscription)
    name = escape(str(store.objects[only["price"]["product"]]["name"]))
    until = f"paid for until {_day(only['current_period_end'])}"
    if subscription["status"] == "canceled":
        until = f"ended on {_day(subscription['ended_at'])}"
    elif subscription["cancel_at"] is not None:
        until = f"ends on {_day(subscription['cancel_at'])}"
    elif subscription["status"] == "past_due":
        until = "its last invoice is due"
    card = life.card_of(store, subscription)
    behaves = {"pays": "works"}.get(store.cards.get(card or "", ""), "is declined")
    paid = f", the card ···· {store.objects[card]['card']['last4']} {behaves}" if card else ""
    status = subscription["status"].replace("_", " ")
    return f"<li>{name}, {_costs(only['price'])}: {status}, {until}{paid}</li>"


def _billed(invoice: Object) -> str:
    amount = _money(invoice["amount_due"], invoice["currency"])
    return f"<li>{_day(invoice['created'])}: {amount}, {invoice['status']}</li>"


def _costs(price: Object) -> str:
    amount = _money(price["unit_amount"], price["currency"])
    return f"{amount} each {price['recurring']['interval']}"


def _money(amount: int, currency: str) -> str:
    code = currency.upper()
    return f"{written(amount, code)} {code}"


def _day(instant: int) -> str:
    return f"{datetime.fromtimestamp(instant, UTC):%Y-%m-%d}"


def _form(action: str, buttons: dict[str, tuple[str, str]]) -> str:
    made = "".join(
        f'<button name="do" value="{name}">{escape(said)}{f" (···· {digits})" if digits else ""}'
        "</button>"
        for name, (digits, said) in buttons.items()
    )
    return f'<form method="post" action="{action}">{made}</form>'


def _back(session: Object) -> str:
    if session["return_url"] is None:
        return ""
    return f'<p><a href="{escape(session["return_url"])}">Back</a></p>'


def _page(title: str, body: str) -> str:
    return _FRAME.format(title=title, body=body)


def page(store: Store, method: str, path: str, form: dict[str, str]) -> tuple[str, str | None]:
    """Answer a hosted page: what to show, or where to go."""
    room, _, id = path.strip("/").rpartition("/")
    button = form.get("do", "")
    if room == "c/pay":
        return pay_page(store, id, button) if method == "POST" else (checkout_page(store, id), None)
    if room == "p/session":
        shown = portal_act(store, id, button) if method == "POST" else portal_page(store, id)
        return shown, None
    raise Refused(404, f"Unrecognized request URL ({method}: {path}).")
