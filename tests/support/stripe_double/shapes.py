"""New objects in the shape that Stripe gives them; what membership never reads is null."""

from typing import Any, Final

from tests.support.stripe_double.store import API_VERSION, CLOCK, Object, Store, snapshot

_NOBODY: Final[Object] = {
    "address": None,
    "email": None,
    "name": None,
    "phone": None,
    "tax_id": None,
}

_SUBSCRIPTION: Final[Object] = {
    "application": None,
    "application_fee_percent": None,
    "billing_mode": {"flexible": None, "type": "flexible"},
    "billing_schedules": [],
    "billing_thresholds": None,
    "cancel_at": None,
    "cancel_at_period_end": False,
    "canceled_at": None,
    "cancellation_details": {"comment": None, "feedback": None, "reason": None},
    "collection_method": "charge_automatically",
    "days_until_due": None,
    "default_source": None,
    "default_tax_rates": [],
    "description": None,
    "discounts": [],
    "ended_at": None,
    "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
    "latest_invoice": None,
    "livemode": False,
    "next_pending_invoice_item_invoice": None,
    "on_behalf_of": None,
    "pause_collection": None,
    "payment_settings": None,
    "pending_invoice_item_interval": None,
    "pending_setup_intent": None,
    "pending_update": None,
    "schedule": None,
    "test_clock": CLOCK,
    "transfer_data": None,
}
"""What every subscription begins with."""

_SESSION: Final[Object] = {
    "adaptive_pricing": None,
    "after_expiration": None,
    "allow_promotion_codes": None,
    "billing_address_collection": None,
    "client_secret": None,
    "consent": None,
    "consent_collection": None,
    "currency_conversion": None,
    "custom_fields": [],
    "custom_text": {
        "after_submit": None,
        "shipping_address": None,
        "submit": None,
        "terms_of_service_acceptance": None,
    },
    "customer_creation": None,
    "customer_details": None,
    "customer_email": None,
    "discounts": [],
    "invoice": None,
    "invoice_creation": None,
    "livemode": False,
    "locale": None,
    "mode": "subscription",
    "payment_intent": None,
    "payment_link": None,
    "payment_method_options": None,
    "payment_method_types": ["card"],
    "payment_status": "unpaid",
    "recovered_from": None,
    "setup_intent": None,
    "shipping_address_collection": None,
    "shipping_cost": None,
    "shipping_options": [],
    "status": "open",
    "submit_type": None,
    "subscription": None,
    "total_details": None,
    "ui_mode": "hosted_page",
}
"""What every Checkout page begins with."""


def product(store: Store, *, name: str, metadata: Object, id: str | None) -> Object:
    """Something that is sold."""
    return store.put(
        {
            "id": id or store.new_id("prod"),
            "object": "product",
            "active": True,
            "created": store.now,
            "default_price": None,
            "description": None,
            "images": [],
            "livemode": False,
            "marketing_features": [],
            "metadata": metadata,
            "name": name,
            "package_dimensions": None,
            "shippable": None,
            "tax_code": None,
            "unit_label": None,
            "updated": store.now,
            "url": None,
        }
    )


def price(store: Store, **told: Any) -> Object:
    """What a product costs, and how often."""
    recurring = {
        "interval": told["interval"],
        "interval_count": 1,
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }
    return store.put(
        {
            "id": store.new_id("price"),
            "object": "price",
            "active": True,
            "billing_scheme": "per_unit",
            "created": store.now,
            "currency": told["currency"],
            "custom_unit_amount": None,
            "livemode": False,
            "lookup_key": told["lookup_key"],
            "metadata": told["metadata"],
            "nickname": None,
            "product": told["product"],
            "recurring": recurring,
            "tax_behavior": told["tax_behavior"],
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "recurring",
            "unit_amount": told["amount"],
            "unit_amount_decimal": str(told["amount"]),
        }
    )


def customer(store: Store, *, email: str | None, metadata: Object) -> Object:
    """Somebody who pays."""
    return store.put(
        {
            "id": store.new_id("cus"),
            "object": "customer",
            "address": None,
            "balance": 0,
            "created": store.now,
            "currency": None,
            "default_source": None,
            "delinquent": False,
            "description": None,
            "email": email,
            "invoice_prefix": None,
            "invoice_settings": {
                "custom_fields": None,
                "default_payment_method": None,
                "footer": None,
                "rendering_options": None,
            },
            "livemode": False,
            "metadata": metadata,
            "name": None,
            "phone": None,
            "preferred_locales": [],
            "shipping": None,
            "tax_exempt": "none",
            "test_clock": CLOCK,
        }
    )


def payment_method(store: Store, *, customer: str | None, last4: str) -> Object:
    """A card, of which nothing but its last digits is told."""
    card = {
        "brand": "visa",
        "checks": None,
        "country": "US",
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": None,
        "funding": "credit",
        "generated_from": None,
        "last4": last4,
        "networks": None,
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
    return store.put(
        {
            "id": store.new_id("pm"),
            "object": "payment_method",
            "billing_details": dict(_NOBODY),
            "card": card,
            "created": store.now,
            "customer": customer,
            "livemode": False,
            "metadata": {},
            "type": "card",
        }
    )


def item(store: Store, subscription: str, price: Object, period: tuple[int, int]) -> Object:
    """What is subscribed to, and the period that is paid or being paid."""
    return {
        "id": store.new_id("si"),
        "object": "subscription_item",
        "created": store.now,
        "current_period_end": period[1],
        "current_period_start": period[0],
        "discounts": [],
        "metadata": {},
        "price": price,
        "quantity": 1,
        "subscription": subscription,
        "tax_rates": [],
    }


def subscription(store: Store, **told: Any) -> Object:
    """A subscription that has just begun."""
    id = store.new_id("sub")
    began, until = told["period"]
    trial_end = told["trial_end"]
    return store.put(
        {
            "id": id,
            "object": "subscription",
            **snapshot(_SUBSCRIPTION),
            "automatic_tax": {"disabled_reason": None, "enabled": told["tax"], "liability": None},
            "billing_cycle_anchor": until if trial_end else began,
            "created": store.now,
            "currency": told["price"]["currency"],
            "customer": told["customer"],
            "default_payment_method": told["payment_method"],
            "items": {
                "object": "list",
                "data": [item(store, id, told["price"], told["period"])],
                "has_more": False,
                "url": f"/v1/subscription_items?subscription={id}",
            },
            "metadata": told["metadata"],
            "start_date": store.now,
            "status": "trialing" if trial_end else "incomplete",
            "trial_end": trial_end,
            "trial_settings": {"end_behavior": {"missing_payment_method": told["missing"]}},
            "trial_start": store.now if trial_end else None,
        }
    )


def checkout_session(store: Store, **told: Any) -> Object:
    """A page on which somebody subscribes."""
    id = store.new_id("cs_test")
    return store.put(
        {
            "id": id,
            "object": "checkout.session",
            **snapshot(_SESSION),
            "amount_subtotal": told["amount"],
            "amount_total": told["amount"],
            "automatic_tax": {
                "enabled": told["tax"],
                "liability": None,
                "provider": None,
                "status": None,
            },
            "cancel_url": told["cancel_url"],
            "client_reference_id": told["reference"],
            "created": store.now,
            "currency": told["currency"],
            "customer": told["customer"],
            "expires_at": told["expires_at"],
            "metadata": told["metadata"],
            "payment_method_collection": told["collection"],
            "success_url": told["success_url"],
            "url": f"{told['origin']}/c/pay/{id}",
        }
    )


def portal_session(store: Store, *, customer: str, return_url: str | None, origin: str) -> Object:
    """A page on which somebody looks after what they pay with."""
    id = store.new_id("bps")
    return store.put(
        {
            "id": id,
            "object": "billing_portal.session",
            "configuration": "bpc_00000001",
            "created": store.now,
            "customer": customer,
            "flow": None,
            "livemode": False,
            "locale": None,
            "on_behalf_of": None,
            "return_url": return_url,
            "url": f"{origin}/p/session/{id}",
        }
    )


def webhook_endpoint(store: Store, *, url: str, events: list[str]) -> Object:
    """Where events are sent to; the secret is told once."""
    return store.put(
        {
            "id": store.new_id("we"),
            "object": "webhook_endpoint",
            "api_version": API_VERSION,
            "application": None,
            "created": store.now,
            "description": None,
            "enabled_events": events,
            "livemode": False,
            "metadata": {},
            "status": "enabled",
            "url": url,
        }
    )


def schedule(store: Store, subscription: Object) -> Object:
    """What is to become of a subscription, in phases."""
    return store.put(
        {
            "id": store.new_id("sub_sched"),
            "object": "subscription_schedule",
            "application": None,
            "billing_mode": {"flexible": None, "type": "flexible"},
            "canceled_at": None,
            "completed_at": None,
            "created": store.now,
            "current_phase": None,
            "customer": subscription["customer"],
            "default_settings": {
                "application_fee_percent": None,
                "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
                "billing_cycle_anchor": "automatic",
                "billing_thresholds": None,
                "collection_method": "charge_automatically",
                "default_payment_method": None,
                "default_source": None,
                "description": None,
                "invoice_settings": {
                    "account_tax_ids": None,
                    "days_until_due": None,
                    "issuer": {"type": "self"},
                },
                "on_behalf_of": None,
                "transfer_data": None,
            },
            "end_behavior": "release",
            "livemode": False,
            "metadata": {},
            "phases": [],
            "released_at": None,
            "released_subscription": None,
            "status": "active",
            "subscription": subscription["id"],
            "test_clock": CLOCK,
        }
    )
