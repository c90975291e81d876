"""Operations about what is sold, who buys, and where events go."""

from typing import Any

from tests.support.stripe_double import shapes
from tests.support.stripe_double.calls import LISTING, Asked, call, created_within, listed
from tests.support.stripe_double.forms import needed, whole, yes
from tests.support.stripe_double.passing import advance
from tests.support.stripe_double.store import Object, Refused

CREATED = ("created[gt]", "created[gte]", "created[lt]", "created[lte]")


@call("POST", "/v1/products", "name", "id", "metadata")
def create_product(asked: Asked) -> Object:
    needed(asked.parameters, "name")
    id = asked.text("id")
    if id in asked.store.objects:
        raise Refused(400, f"Product already exists: {id}", code="resource_already_exists")
    name = asked.parameters["name"]
    return shapes.product(asked.store, name=name, metadata=asked.about(), id=id)


@call("GET", "/v1/products/{id}")
def retrieve_product(asked: Asked) -> Object:
    return asked.store.get("product", asked.id)


@call("POST", "/v1/products/{id}", "name", "active", "metadata")
def update_product(asked: Asked) -> Object:
    found = asked.store.get("product", asked.id)
    return _updated(asked, found)


@call(
    "POST",
    "/v1/prices",
    *("currency", "unit_amount", "product", "recurring[interval]", "tax_behavior"),
    *("lookup_key", "metadata"),
)
def create_price(asked: Asked) -> Object:
    needed(asked.parameters, "currency", "unit_amount", "product", "recurring")
    interval = asked.parameters["recurring"]["interval"]
    if interval not in {"month", "year"}:
        raise Refused(400, f"Invalid recurring[interval]: {interval}", param="recurring[interval]")
    asked.store.get("product", asked.parameters["product"], "product")
    return shapes.price(
        asked.store,
        interval=interval,
        currency=asked.parameters["currency"],
        amount=whole(asked.parameters["unit_amount"], "unit_amount"),
        product=asked.parameters["product"],
        tax_behavior=asked.text("tax_behavior") or "unspecified",
        lookup_key=asked.text("lookup_key"),
        metadata=asked.about(),
    )


@call("GET", "/v1/prices", "product", "active", "lookup_keys[]", *LISTING)
def list_prices(asked: Asked) -> Object:
    where: dict[str, Any] = {}
    if (product := asked.text("product")) is not None:
        where["product"] = product
    if "active" in asked.parameters:
        where["active"] = yes(asked.parameters["active"], "active")
    keys = asked.parameters.get("lookup_keys")
    found = asked.store.all("price", **where)
    return listed(
        asked, [one for one in found if keys is None or one["lookup_key"] in keys], "/v1/prices"
    )


@call("GET", "/v1/prices/{id}")
def retrieve_price(asked: Asked) -> Object:
    return asked.store.get("price", asked.id)


@call("POST", "/v1/prices/{id}", "active", "metadata")
def update_price(asked: Asked) -> Object:
    return _updated(asked, asked.store.get("price", asked.id))


@call("POST", "/v1/customers", "email", "metadata", "test_clock", "preferred_locales[]")
def create_customer(asked: Asked) -> Object:
    made = shapes.customer(asked.store, email=asked.text("email"), metadata=asked.about())
    asked.store.tell("customer.created", made)
    return made


@call("GET", "/v1/customers/{id}")
def retrieve_customer(asked: Asked) -> Object:
    return asked.store.get("customer", asked.id)


@call("POST", "/v1/customers/{id}", "email", "metadata", "invoice_settings[default_payment_method]")
def update_customer(asked: Asked) -> Object:
    found = asked.store.get("customer", asked.id)
    settings = asked.parameters.get("invoice_settings", {})
    if "default_payment_method" in settings:
        card = asked.store.get("payment_method", settings["default_payment_method"])
        found["invoice_settings"]["default_payment_method"] = card["id"]
    return _updated(asked, found)


@call("GET", "/v1/customers/{id}/payment_methods", "type", *LISTING)
def list_cards(asked: Asked) -> Object:
    asked.store.get("customer", asked.id, "customer")
    found = asked.store.all("payment_method", customer=asked.id)
    return listed(asked, found, f"/v1/customers/{asked.id}/payment_methods")


@call("POST", "/v1/webhook_endpoints", "url", "enabled_events[]", "api_version", "metadata")
def create_endpoint(asked: Asked) -> Object:
    needed(asked.parameters, "url", "enabled_events")
    made = shapes.webhook_endpoint(
        asked.store, url=asked.parameters["url"], events=asked.parameters["enabled_events"]
    )
    secret = f"whsec_double_{made['id']}"
    asked.store.secrets[made["id"]] = secret
    return made | {"secret": secret}


@call("GET", "/v1/webhook_endpoints", *LISTING)
def list_endpoints(asked: Asked) -> Object:
    return listed(asked, asked.store.all("webhook_endpoint"), "/v1/webhook_endpoints")


@call("GET", "/v1/events", "types[]", "delivery_success", *CREATED, *LISTING)
def list_events(asked: Asked) -> Object:
    found = list(reversed(asked.store.events))
    if "types" in asked.parameters:
        found = [each for each in found if each["type"] in asked.parameters["types"]]
    if "delivery_success" in asked.parameters:
        wanted = yes(asked.parameters["delivery_success"], "delivery_success")
        late = asked.store.undelivered
        found = [each for each in found if (each["id"] not in late) == wanted]
    return listed(asked, created_within(asked, found), "/v1/events")


@call("GET", "/v1/events/{id}")
def retrieve_event(asked: Asked) -> Object:
    return asked.store.get("event", asked.id)


@call("GET", "/v1/test_helpers/test_clocks", *LISTING)
def list_clocks(asked: Asked) -> Object:
    found = asked.store.all("test_helpers.test_clock")
    return listed(asked, found, "/v1/test_helpers/test_clocks")


@call("GET", "/v1/test_helpers/test_clocks/{id}")
def retrieve_clock(asked: Asked) -> Object:
    return asked.store.get("test_helpers.test_clock", asked.id)


@call("POST", "/v1/test_helpers/test_clocks/{id}/advance", "frozen_time")
def advance_clock(asked: Asked) -> Object:
    needed(asked.parameters, "frozen_time")
    clock = asked.store.get("test_helpers.test_clock", asked.id)
    to = whole(asked.parameters["frozen_time"], "frozen_time")
    if to <= asked.store.now:
        raise Refused(400, "frozen_time must be later than it is.", param="frozen_time")
    advance(asked.store, to)
    return clock


def _updated(asked: Asked, found: Object) -> Object:
    if "name" in asked.parameters:
        found["name"] = asked.parameters["name"]
    if "email" in asked.parameters:
        found["email"] = asked.text("email")
    if "active" in asked.parameters:
        found["active"] = yes(asked.parameters["active"], "active")
    found["metadata"].update(asked.about())
    if "updated" in found:
        found["updated"] = asked.store.now
    return found
