"""Operations about subscriptions, their pages, and the money they have taken."""

from tests.support.stripe_double import life, papers, shapes
from tests.support.stripe_double.calls import LISTING, Asked, call, created_within, listed
from tests.support.stripe_double.forms import needed, whole, yes
from tests.support.stripe_double.selling import CREATED
from tests.support.stripe_double.store import DAY, Object, Refused

_PAGE = (
    *("mode", "customer", "client_reference_id", "success_url", "cancel_url", "metadata"),
    *("line_items[][price]", "line_items[][quantity]", "payment_method_collection"),
    *("automatic_tax[enabled]", "customer_update[address]", "locale", "expires_at"),
    *("subscription_data[metadata]", "subscription_data[trial_period_days]"),
    "subscription_data[trial_settings][end_behavior][missing_payment_method]",
)


@call("POST", "/v1/checkout/sessions", *_PAGE)
def create_page(asked: Asked) -> Object:
    said, store = asked.parameters, asked.store
    needed(said, "mode", "customer", "line_items", "success_url")
    if said["mode"] != "subscription":
        raise Refused(400, "This double sells subscriptions only.", param="mode")
    if len(said["line_items"]) != 1:
        raise Refused(400, "This double sells one price at a time.", param="line_items")
    price = store.get("price", said["line_items"][0]["price"], "line_items[0][price]")
    if not price["active"]:
        raise Refused(400, "The price specified is inactive.", param="line_items[0][price]")
    payer = store.get("customer", said["customer"], "customer")
    made = shapes.checkout_session(
        store,
        amount=price["unit_amount"],
        cancel_url=asked.text("cancel_url"),
        collection=said.get("payment_method_collection", "always"),
        currency=price["currency"],
        customer=payer["id"],
        expires_at=whole(said.get("expires_at", store.now + DAY), "expires_at"),
        metadata=asked.about(),
        origin=asked.origin,
        reference=asked.text("client_reference_id"),
        success_url=said["success_url"],
        tax=yes(said.get("automatic_tax", {}).get("enabled", "false"), "automatic_tax[enabled]"),
    )
    wanted = said.get("subscription_data", {})
    ending = wanted.get("trial_settings", {}).get("end_behavior", {})
    store.pages[made["id"]] = {
        "price": price["id"],
        "trial_days": whole(wanted.get("trial_period_days", 0), "trial_period_days"),
        "metadata": dict(wanted.get("metadata", {})),
        "missing": ending.get("missing_payment_method", "create_invoice"),
        "tax": made["automatic_tax"]["enabled"],
    }
    return made


@call("GET", "/v1/checkout/sessions/{id}")
def retrieve_page(asked: Asked) -> Object:
    return asked.store.get("checkout.session", asked.id)


@call("GET", "/v1/checkout/sessions", "customer", "status", "subscription", *LISTING)
def list_pages(asked: Asked) -> Object:
    names = ("customer", "status", "subscription")
    where = {name: asked.parameters[name] for name in names if name in asked.parameters}
    return listed(asked, asked.store.all("checkout.session", **where), "/v1/checkout/sessions")


@call("POST", "/v1/checkout/sessions/{id}/expire")
def expire_page(asked: Asked) -> Object:
    found = asked.store.get("checkout.session", asked.id)
    if found["status"] != "open":
        raise Refused(400, 'Only Checkout Sessions with a status in ["open"] can be expired.')
    found["status"], found["url"] = "expired", None
    asked.store.tell("checkout.session.expired", found)
    return found


@call("POST", "/v1/billing_portal/sessions", "customer", "return_url", "locale")
def create_portal(asked: Asked) -> Object:
    needed(asked.parameters, "customer")
    payer = asked.store.get("customer", asked.parameters["customer"], "customer")
    return shapes.portal_session(
        asked.store,
        customer=payer["id"],
        return_url=asked.text("return_url"),
        origin=asked.origin,
    )


@call("GET", "/v1/subscriptions/{id}")
def retrieve_subscription(asked: Asked) -> Object:
    return asked.store.get("subscription", asked.id)


@call("GET", "/v1/subscriptions", "customer", "status", "price", *CREATED, *LISTING)
def list_subscriptions(asked: Asked) -> Object:
    found = list(asked.store.all("subscription"))
    status = asked.text("status")
    if status is None:
        found = [each for each in found if each["status"] != "canceled"]
    elif status != "all":
        found = [each for each in found if each["status"] == status]
    if (payer := asked.text("customer")) is not None:
        found = [each for each in found if each["customer"] == payer]
    return listed(asked, created_within(asked, found), "/v1/subscriptions")


@call(
    "POST",
    "/v1/subscriptions/{id}",
    *("cancel_at_period_end", "metadata", "items[][id]", "items[][price]"),
    *("proration_behavior", "payment_behavior", "default_payment_method"),
)
def update_subscription(asked: Asked) -> Object:
    found, said = asked.store.get("subscription", asked.id), asked.parameters
    if found["status"] not in life.LIVE:
        raise Refused(400, "A canceled subscription can only update its cancellation_details.")
    if "cancel_at_period_end" in said and found["schedule"] is not None:
        raise Refused(400, "The subscription is managed by a subscription schedule.")
    if "cancel_at_period_end" in said:
        cancels = yes(said["cancel_at_period_end"], "cancel_at_period_end")
        life.cancel_later(asked.store, found, cancels=cancels)
    if "default_payment_method" in said:
        card = asked.store.get("payment_method", said["default_payment_method"])
        life.change(asked.store, found, {"default_payment_method": card["id"]})
    if "items" in said:
        if said.get("proration_behavior") != "always_invoice":
            raise Refused(400, "This double changes prices now, or by a schedule.", param="items")
        price = asked.store.get("price", said["items"][0]["price"], "items[0][price]")
        life.upgrade(asked.store, found, price)
    if asked.about():
        merged = {**found["metadata"], **asked.about()}
        life.change(asked.store, found, {"metadata": merged})
    return found


@call("DELETE", "/v1/subscriptions/{id}", "cancellation_details[comment]")
def cancel_subscription(asked: Asked) -> Object:
    found = asked.store.get("subscription", asked.id)
    comment = asked.parameters.get("cancellation_details", {}).get("comment")
    life.end(asked.store, found, "cancellation_requested", comment)
    return found


@call("POST", "/v1/subscriptions/{id}/resume", "proration_behavior")
def resume_subscription(asked: Asked) -> Object:
    found = asked.store.get("subscription", asked.id)
    if found["status"] != "paused":
        raise Refused(400, "Only paused subscriptions can be resumed.")
    life.resume(asked.store, found)
    return found


@call("POST", "/v1/subscription_schedules", "from_subscription")
def create_schedule(asked: Asked) -> Object:
    needed(asked.parameters, "from_subscription")
    found = asked.store.get("subscription", asked.parameters["from_subscription"])
    if found["schedule"] is not None:
        raise Refused(400, "The subscription is already attached to a schedule.")
    made = shapes.schedule(asked.store, found)
    life.change(asked.store, found, {"schedule": made["id"]})
    return made


@call("GET", "/v1/subscription_schedules/{id}")
def retrieve_schedule(asked: Asked) -> Object:
    return asked.store.get("subscription_schedule", asked.id)


@call(
    "POST",
    "/v1/subscription_schedules/{id}",
    *("end_behavior", "proration_behavior", "metadata"),
    *("phases[][items][][price]", "phases[][items][][quantity]", "phases[][start_date]"),
    *("phases[][end_date]", "phases[][proration_behavior]"),
    *("phases[][duration][interval]", "phases[][duration][interval_count]"),
)
def update_schedule(asked: Asked) -> Object:
    found, phases = asked.store.get("subscription_schedule", asked.id), asked.parameters["phases"]
    if found["status"] != "active" or len(phases) != 2:
        raise Refused(400, "This double takes the phase that runs, and one after it.")
    price = asked.store.get("price", phases[1]["items"][0]["price"], "phases[1][items][0][price]")
    asked.store.phases[found["subscription"]] = price["id"]
    found["metadata"].update(asked.about())
    asked.store.tell("subscription_schedule.updated", found)
    return found


@call("POST", "/v1/subscription_schedules/{id}/release")
def release_schedule(asked: Asked) -> Object:
    found = asked.store.get("subscription_schedule", asked.id)
    if found["status"] != "active":
        raise Refused(400, "This schedule is not active.")
    found["status"], found["released_at"] = "released", asked.store.now
    asked.store.phases.pop(found["subscription"], None)
    subscription = asked.store.objects[found["subscription"]]
    life.change(asked.store, subscription, {"schedule": None})
    return found


@call("GET", "/v1/invoices", "subscription", "customer", "status", *CREATED, *LISTING)
def list_invoices(asked: Asked) -> Object:
    found = list(asked.store.all("invoice"))
    if (wanted := asked.text("subscription")) is not None:
        found = [each for each in found if _subscription_of(each) == wanted]
    for name in ("customer", "status"):
        if (value := asked.text(name)) is not None:
            found = [each for each in found if each[name] == value]
    return listed(asked, created_within(asked, found), "/v1/invoices")


@call("GET", "/v1/invoices/{id}")
def retrieve_invoice(asked: Asked) -> Object:
    return asked.store.get("invoice", asked.id)


@call(
    "GET", "/v1/invoice_payments", "payment[payment_intent]", "payment[type]", "invoice", *LISTING
)
def list_payments(asked: Asked) -> Object:
    found = list(asked.store.all("invoice_payment"))
    if (owed := asked.text("invoice")) is not None:
        found = [each for each in found if each["invoice"] == owed]
    if "payment" in asked.parameters:
        intent = asked.parameters["payment"].get("payment_intent")
        found = [each for each in found if each["payment"].get("payment_intent") == intent]
    return listed(asked, found, "/v1/invoice_payments")


@call("POST", "/v1/invoices/{id}/pay")
def pay_invoice(asked: Asked) -> Object:
    owed = asked.store.get("invoice", asked.id)
    if owed["status"] != "open":
        raise Refused(400, "Invoice is already paid or not open.", code="invoice_not_open")
    subscription = asked.store.objects[_subscription_of(owed)]
    life.attempt(asked.store, subscription, owed)
    if owed["status"] != "paid":
        raise Refused(402, papers.DECLINED, type="card_error", code="card_declined")
    return owed


@call("POST", "/v1/refunds", "payment_intent", "charge", "amount", "reason", "metadata")
def create_refund(asked: Asked) -> Object:
    charge = _charge_of(asked)
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = whole(asked.parameters.get("amount", left), "amount")
    return papers.refund(asked.store, charge, amount, asked.text("reason"), asked.about())


@call("GET", "/v1/refunds", "payment_intent", "charge", *CREATED, *LISTING)
def list_refunds(asked: Asked) -> Object:
    names = ("payment_intent", "charge")
    where = {name: asked.parameters[name] for name in names if name in asked.parameters}
    found = created_within(asked, asked.store.all("refund", **where))
    return listed(asked, found, "/v1/refunds")


@call("GET", "/v1/disputes", "payment_intent", "charge", *CREATED, *LISTING)
def list_disputes(asked: Asked) -> Object:
    names = ("payment_intent", "charge")
    where = {name: asked.parameters[name] for name in names if name in asked.parameters}
    found = created_within(asked, asked.store.all("dispute", **where))
    return listed(asked, found, "/v1/disputes")


def _charge_of(asked: Asked) -> Object:
    if (id := asked.text("charge")) is not None:
        return asked.store.get("charge", id, "charge")
    needed(asked.parameters, "payment_intent")
    intent = asked.store.get("payment_intent", asked.parameters["payment_intent"])
    return asked.store.get("charge", intent["latest_charge"] or "", "charge")


def _subscription_of(owed: Object) -> str:
    return str(owed["parent"]["subscription_details"]["subscription"])
