"""Invoices and what pays them: lines, payments, intents, charges, refunds and disputes."""

import itertools
from typing import Any, Final

from tests.support.stripe_double.store import CLOCK, DAY, Object, Refused, Store, snapshot

DECLINED: Final = "Your card was declined."

_INVOICE: Final[Object] = {
    "account_country": "US",
    "account_name": None,
    "amount_overpaid": 0,
    "amount_paid": 0,
    "amount_paid_off_stripe": 0,
    "amount_shipping": 0,
    "application": None,
    "attempt_count": 0,
    "attempted": False,
    "auto_advance": True,
    "automatically_finalizes_at": None,
    "collection_method": "charge_automatically",
    "default_payment_method": None,
    "default_source": None,
    "default_tax_rates": [],
    "description": None,
    "discounts": [],
    "due_date": None,
    "ending_balance": None,
    "footer": None,
    "hosted_invoice_url": None,
    "issuer": {"type": "self"},
    "livemode": False,
    "metadata": {},
    "next_payment_attempt": None,
    "number": None,
    "on_behalf_of": None,
    "payment_settings": {
        "default_mandate": None,
        "payment_method_options": None,
        "payment_method_types": None,
    },
    "post_payment_credit_notes_amount": 0,
    "pre_payment_credit_notes_amount": 0,
    "receipt_number": None,
    "starting_balance": 0,
    "status": "draft",
    "status_transitions": {
        "finalized_at": None,
        "marked_uncollectible_at": None,
        "paid_at": None,
        "voided_at": None,
    },
    "test_clock": CLOCK,
    "total_discount_amounts": [],
    "total_pretax_credit_amounts": [],
    "webhooks_delivered_at": None,
}
"""What every invoice begins with."""


def taxed(store: Store, subscription: Object, price: Object, amount: int) -> tuple[int, int]:
    """Split what a line costs into what it is without tax, and the tax; half up."""
    if not subscription["automatic_tax"]["enabled"] or not store.tax_percent:
        return amount, 0
    if price["tax_behavior"] == "exclusive":
        return amount, _half_up(amount * store.tax_percent, 100)
    net = _half_up(amount * 100, 100 + store.tax_percent)
    return net, amount - net


def line(store: Store, subscription: Object, price: Object, amount: int, **told: Any) -> Object:
    """One line of an invoice; a part of a period that is billed or credited is a proration."""
    net, tax = taxed(store, subscription, price, amount)
    began, until = told["period"]
    inclusive = price["tax_behavior"] != "exclusive"
    taxes = [
        {
            "amount": tax,
            "tax_behavior": "inclusive" if inclusive else "exclusive",
            "tax_rate_details": None,
            "taxability_reason": "standard_rated",
            "taxable_amount": net,
            "type": "tax_rate_details",
        }
    ]
    return {
        "id": store.new_id("il"),
        "object": "line_item",
        "amount": amount,
        "currency": price["currency"],
        "description": told["description"],
        "discount_amounts": [],
        "discountable": False,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": dict(subscription["metadata"]),
        "parent": {
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": None,
                "proration": told["proration"],
                "proration_details": {"credited_items": None},
                "subscription": subscription["id"],
                "subscription_item": subscription["items"]["data"][0]["id"],
            },
            "type": "subscription_item_details",
        },
        "period": {"end": until, "start": began},
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": str(price["unit_amount"]),
        },
        "quantity": 1,
        "subtotal": amount,
        "taxes": taxes if tax else [],
    }


def invoice(store: Store, subscription: Object, reason: str, lines: list[Object]) -> Object:
    """A draft of what is owed; nothing is collected before it is final."""
    id = store.new_id("in")
    for each in lines:
        each["invoice"] = id
    subtotal = sum(each["amount"] for each in lines)
    tax = sum(one["amount"] for each in lines for one in each["taxes"])
    added = sum(
        one["amount"]
        for each in lines
        for one in each["taxes"]
        if one["tax_behavior"] == "exclusive"
    )
    total = subtotal + added
    due = max(total, 0)
    made = {
        "id": id,
        "object": "invoice",
        **snapshot(_INVOICE),
        "amount_due": due,
        "amount_remaining": due,
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": subscription["automatic_tax"]["enabled"],
            "liability": None,
            "provider": None,
            "status": None,
        },
        "billing_reason": reason,
        "created": store.now,
        "currency": subscription["currency"],
        "customer": subscription["customer"],
        "lines": {
            "object": "list",
            "data": lines,
            "has_more": False,
            "url": f"/v1/invoices/{id}/lines",
        },
        "parent": {
            "quote_details": None,
            "subscription_details": {
                "metadata": dict(subscription["metadata"]),
                "subscription": subscription["id"],
            },
            "type": "subscription_details",
        },
        "period_end": store.now,
        "period_start": store.now,
        "subtotal": subtotal,
        "subtotal_excluding_tax": total - tax,
        "total": total,
        "total_excluding_tax": total - tax,
        "total_taxes": [one for each in lines for one in each["taxes"]],
    }
    subscription["latest_invoice"] = id
    store.put(made)
    store.tell("invoice.created", made)
    return made


def finalise(store: Store, made: Object) -> None:
    """Make a draft final; what costs nothing is paid with that."""
    made["status"] = "open"
    made["automatically_finalizes_at"] = None
    made["number"] = f"DOUBLE-{store.numbers['in']:04d}"
    made["status_transitions"]["finalized_at"] = store.now
    store.tell("invoice.finalized", made)
    if made["amount_due"] == 0:
        _paid(store, made)
        store.tell("invoice.paid", made)


def collect(store: Store, made: Object, card: str | None) -> bool:
    """Try to collect an invoice with a card; say whether it worked."""
    if made["status"] == "paid":
        return True
    made["attempted"] = True
    made["attempt_count"] += 1
    behaviour = store.cards.get(card or "", "declined")
    if behaviour != "pays":
        intent = _intent(store, made, card, made["amount_due"])
        charge = _charge(store, intent, works=False)
        intent["status"] = (
            "requires_action" if behaviour == "authentication" else "requires_payment_method"
        )
        store.tell("charge.failed", charge)
        store.tell("payment_intent.payment_failed", intent)
        return False
    for amount in _shares(made["amount_due"], store.payments):
        _pay(store, made, card, amount)
    _paid(store, made)
    store.tell("invoice.payment_succeeded", made)
    store.tell("invoice.paid", made)
    return True


def refund(store: Store, charge: Object, amount: int, reason: str | None, about: Object) -> Object:
    """Give money back."""
    if charge["amount_refunded"] + amount > charge["amount_captured"] or amount <= 0:
        left = charge["amount_captured"] - charge["amount_refunded"]
        raise Refused(
            400,
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            param="amount",
        )
    before = charge["amount_refunded"]
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    made = store.put(
        {
            "id": store.new_id("re"),
            "object": "refund",
            "amount": amount,
            "balance_transaction": None,
            "charge": charge["id"],
            "created": store.now,
            "currency": charge["currency"],
            "metadata": about,
            "payment_intent": charge["payment_intent"],
            "reason": reason,
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": "succeeded",
            "transfer_reversal": None,
        }
    )
    store.tell("refund.created", made)
    store.tell("charge.refunded", charge, amount_refunded=before)
    return made


def dispute(store: Store, charge: Object) -> Object:
    """Let the bank of whoever paid take the money back for now."""
    charge["disputed"] = True
    evidence = {"due_by": store.now + 14 * DAY, "has_evidence": False, "past_due": False}
    made = store.put(
        {
            "id": store.new_id("dp"),
            "object": "dispute",
            "amount": charge["amount"],
            "balance_transactions": [],
            "charge": charge["id"],
            "created": store.now,
            "currency": charge["currency"],
            "enhanced_eligibility_types": [],
            "evidence": {"enhanced_evidence": {}},
            "evidence_details": evidence | {"enhanced_eligibility": {}, "submission_count": 0},
            "is_charge_refundable": False,
            "livemode": False,
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "reason": "fraudulent",
            "status": "needs_response",
        }
    )
    store.tell("charge.dispute.created", made)
    return made


def settle(store: Store, made: Object, *, won: bool) -> None:
    """Decide a dispute."""
    before = made["status"]
    made["status"] = "won" if won else "lost"
    store.tell("charge.dispute.closed", made, status=before)


def payments_of(store: Store, invoice: str) -> Object:
    """Return what has paid an invoice, or was to."""
    found = list(store.all("invoice_payment", invoice=invoice))
    return {
        "object": "list",
        "data": found,
        "has_more": False,
        "url": f"/v1/invoice_payments?invoice={invoice}",
    }


def _paid(store: Store, made: Object) -> None:
    made["status"] = "paid"
    made["amount_paid"], made["amount_remaining"] = made["amount_due"], 0
    made["attempted"], made["next_payment_attempt"] = True, None
    made["status_transitions"]["paid_at"] = store.now


def _intent(store: Store, made: Object, card: str | None, amount: int) -> Object:
    intent = {
        "id": store.new_id("pi"),
        "object": "payment_intent",
        "amount": amount,
        "amount_received": 0,
        "capture_method": "automatic",
        "confirmation_method": "automatic",
        "created": store.now,
        "currency": made["currency"],
        "customer": made["customer"],
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "payment_method": card,
        "payment_method_types": ["card"],
        "status": "processing",
    }
    return store.put(intent)


def _charge(store: Store, intent: Object, *, works: bool) -> Object:
    nobody = {"address": None, "email": None, "name": None, "phone": None, "tax_id": None}
    charge = store.put(
        {
            "id": store.new_id("ch"),
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": intent["amount"] if works else 0,
            "amount_refunded": 0,
            "balance_transaction": None,
            "billing_details": nobody,
            "captured": works,
            "created": store.now,
            "currency": intent["currency"],
            "customer": intent["customer"],
            "disputed": False,
            "failure_code": None if works else "card_declined",
            "failure_message": None if works else DECLINED,
            "livemode": False,
            "metadata": {},
            "paid": works,
            "payment_intent": intent["id"],
            "payment_method": intent["payment_method"],
            "refunded": False,
            "status": "succeeded" if works else "failed",
        }
    )
    intent["latest_charge"] = charge["id"]
    return charge


def _pay(store: Store, made: Object, card: str | None, amount: int) -> None:
    """Collect a part of an invoice, or all of it, with a payment of its own."""
    intent = _intent(store, made, card, amount)
    charge = _charge(store, intent, works=True)
    intent["status"], intent["amount_received"] = "succeeded", amount
    store.put(
        {
            "id": store.new_id("inpay"),
            "object": "invoice_payment",
            "amount_paid": amount,
            "amount_requested": amount,
            "created": store.now,
            "currency": made["currency"],
            "invoice": made["id"],
            "is_default": amount == made["amount_due"],
            "livemode": False,
            "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
            "status": "paid",
            "status_transitions": {"canceled_at": None, "paid_at": store.now},
        }
    )
    store.tell("charge.succeeded", charge)
    store.tell("payment_intent.succeeded", intent)


def _shares(amount: int, number: int) -> list[int]:
    """Split an amount over payments, the first of which are the smaller ones."""
    ends = [amount * place // number for place in range(number + 1)]
    return [after - before for before, after in itertools.pairwise(ends)]


def _half_up(amount: int, by: int) -> int:
    return (2 * amount + by) // (2 * by)
