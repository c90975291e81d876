"""The way to Stripe: the one module that knows the SDK. Never called inside a transaction.

Every call has a time limit and two repetitions, every write an idempotency key of ours. Answers
come back as plain dictionaries, refusals as our own errors, which name codes and no personal data.
"""

import logging
from collections.abc import AsyncIterator, Coroutine
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import stripe

from loyalty.billing.errors import CardRefused, StripeRefused, StripeUnavailable
from loyalty.database import in_transaction

Seen = dict[str, Any]
"""An object of Stripe's, as plain values."""

TIMEOUT_SECONDS: Final = 10
REPETITIONS: Final = 2
PAGE: Final = 100
T = TypeVar("T")
S = TypeVar("S", bound=stripe.StripeObject)


class Gateway:
    """Stripe's API, as far as membership uses it."""

    def __init__(self, client: stripe.StripeClient, transport: stripe.HTTPClient) -> None:
        self._client = client
        self._transport = transport

    async def close(self) -> None:
        """Close the connections."""
        transport: Any = self._transport  # the SDK gives this method no types
        await transport.close_async()

    async def subscription(self, id: str) -> Seen | None:
        """Return a subscription with its schedule; None when there is none of this id."""
        return await _found(
            self._client.v1.subscriptions.retrieve_async(id, {"expand": ["schedule"]})
        )

    async def subscriptions(self) -> AsyncIterator[Seen]:
        """Every subscription of the account, whatever became of it."""
        page = await _asked(
            self._client.v1.subscriptions.list_async({"status": "all", "limit": PAGE})
        )
        async for each in _paged(page):
            yield each

    async def invoices(self, subscription: str) -> list[Seen]:
        """Return what was ever billed for a subscription, the latest first, with its payments."""
        page = await _asked(
            self._client.v1.invoices.list_async(
                {"subscription": subscription, "limit": PAGE, "expand": ["data.payments"]}
            )
        )
        return await _all(page)

    async def refunds(self, intent: str) -> list[Seen]:
        """Return what was given back of a payment."""
        return await _all(
            await _asked(
                self._client.v1.refunds.list_async({"payment_intent": intent, "limit": PAGE})
            )
        )

    async def disputes(self, intent: str) -> list[Seen]:
        """Return the disputes about a payment."""
        return await _all(
            await _asked(
                self._client.v1.disputes.list_async({"payment_intent": intent, "limit": PAGE})
            )
        )

    async def subscription_of_payment(self, intent: str) -> str | None:
        """Return which subscription a payment was for; None when it was for something else."""
        page = await _asked(
            self._client.v1.invoice_payments.list_async(
                {
                    "payment": {"type": "payment_intent", "payment_intent": intent},
                    "expand": ["data.invoice"],
                }
            )
        )
        for each in await _all(page):
            parent = each["invoice"].get("parent") or {}
            details = parent.get("subscription_details") or {}
            if details.get("subscription"):
                return str(details["subscription"])
        return None

    async def undelivered(self, types: list[str], since: datetime) -> AsyncIterator[Seen]:
        """Events since an instant that did not reach us."""
        page = await _asked(
            self._client.v1.events.list_async(
                {
                    "types": types,
                    "delivery_success": False,
                    "created": {"gte": int(since.timestamp())},
                    "limit": PAGE,
                }
            )
        )
        async for each in _paged(page):
            yield each

    async def customer(self, id: str) -> Seen | None:
        """Return a customer."""
        return await _found(self._client.v1.customers.retrieve_async(id))

    async def make_customer(self, member: str, email: str | None, *, key: str) -> str:
        """Return the customer that a member is at Stripe, made under a key of its own."""
        asked: stripe.params.CustomerCreateParams = {"metadata": {"loyalty_member": member}}
        if email is not None:
            asked["email"] = email
        made = await _asked(self._client.v1.customers.create_async(asked, _under(key)))
        return made.id

    async def product_of(self, code: str, name: str) -> str:
        """Return the product that a plan is at Stripe, made if it is not there."""
        product = f"loyalty_{code}"
        if await _found(self._client.v1.products.retrieve_async(product)) is None:
            about = {"loyalty_plan": code}
            await _asked(
                self._client.v1.products.create_async(
                    {"id": product, "name": name, "metadata": about}, _under(f"product:{code}")
                )
            )
        return product

    async def price_by_key(self, key: str) -> str | None:
        """Return the price that carries a lookup key."""
        page = await _asked(self._client.v1.prices.list_async({"lookup_keys": [key]}))
        return next((price.id for price in page.data), None)

    async def make_price(self, asked: stripe.params.PriceCreateParams, *, key: str) -> str:
        """Return the price that ours is at Stripe."""
        made = await _asked(self._client.v1.prices.create_async(asked, _under(key)))
        return made.id

    async def close_price(self, price: str, *, key: str) -> None:
        """Let nobody buy at a price any more; who has it keeps it."""
        await _asked(self._client.v1.prices.update_async(price, {"active": False}, _under(key)))

    async def open_page(
        self, asked: "stripe.params.checkout.SessionCreateParams", *, key: str
    ) -> Seen:
        """Open a Checkout page."""
        made = await _asked(self._client.v1.checkout.sessions.create_async(asked, _under(key)))
        return made.to_dict(for_json=True)

    async def page(self, session: str) -> Seen | None:
        """Return a Checkout page as it stands."""
        return await _found(self._client.v1.checkout.sessions.retrieve_async(session))

    async def close_page(self, session: str) -> None:
        """Let nobody join on a page any more."""
        await _asked(self._client.v1.checkout.sessions.expire_async(session))

    async def open_portal(self, customer: str, return_url: str) -> str:
        """Return the address of the page where a customer looks after cards and invoices."""
        made = await _asked(
            self._client.v1.billing_portal.sessions.create_async(
                {"customer": customer, "return_url": return_url}
            )
        )
        return made.url

    async def cancel_later(self, subscription: str, *, cancels: bool, key: str) -> None:
        """Let a subscription end with its period, or take that back."""
        await _asked(
            self._client.v1.subscriptions.update_async(
                subscription, {"cancel_at_period_end": cancels}, _under(key)
            )
        )

    async def cancel_now(self, subscription: str, *, why: str) -> None:
        """End a subscription, saying why; one that has ended already is as wanted."""
        await _asked_unless(
            "resource_missing",
            self._client.v1.subscriptions.cancel_async(
                subscription, {"cancellation_details": {"comment": why}}
            ),
        )

    async def upgrade(self, subscription: str, item: str, price: str, *, key: str) -> None:
        """Change the price now and bill the difference; a refused card changes nothing."""
        await _asked(
            self._client.v1.subscriptions.update_async(
                subscription,
                {
                    "items": [{"id": item, "price": price}],
                    "proration_behavior": "always_invoice",
                    "payment_behavior": "error_if_incomplete",
                },
                _under(key),
            )
        )

    async def schedule(self, subscription: str, *, key: str) -> Seen:
        """Return a schedule for a subscription, which then says what follows this period."""
        made = await _asked(
            self._client.v1.subscription_schedules.create_async(
                {"from_subscription": subscription}, _under(key)
            )
        )
        return made.to_dict(for_json=True)

    async def change_later(
        self, schedule: str, now: tuple[str, int, int], then: tuple[str, str], *, key: str
    ) -> None:
        """Let another price follow when the period ends: (price, start, end), (price, every)."""
        price, start, end = now
        next_price, every = then
        phases: list[stripe.params.SubscriptionScheduleUpdateParamsPhase] = [
            {"items": [{"price": price}], "start_date": start, "end_date": end},
            {
                "items": [{"price": next_price}],
                "duration": {"interval": "year" if every == "year" else "month"},
            },
        ]
        await _asked(
            self._client.v1.subscription_schedules.update_async(
                schedule,
                {
                    "phases": phases,
                    "end_behavior": "release",
                    "proration_behavior": "none",
                    "metadata": {"loyalty_next_price": next_price},
                },
                _under(key),
            )
        )

    async def release(self, schedule: str, *, key: str) -> None:
        """Forget what was to follow."""
        await _asked(
            self._client.v1.subscription_schedules.release_async(schedule, {}, _under(key))
        )

    async def refund(self, intent: str, amount: int, *, key: str) -> None:
        """Give a part of a payment back; one that was given back whole is as wanted."""
        asked: stripe.params.RefundCreateParams = {
            "payment_intent": intent,
            "amount": amount,
            "reason": "requested_by_customer",
        }
        await _asked_unless(
            "charge_already_refunded", self._client.v1.refunds.create_async(asked, _under(key))
        )

    async def test_clock(self) -> datetime | None:
        """Return what the double's clock says; only a double has one for the whole account."""
        page = await _asked(self._client.v1.test_helpers.test_clocks.list_async({"limit": 1}))
        for clock in page.data:
            return _instant(clock.frozen_time)
        return None


def open_gateway(
    key: str, address: str | None = None, transport: stripe.HTTPClient | None = None
) -> Gateway:
    """Return the way to Stripe, or to a double at an address; nothing is asked yet."""
    logging.getLogger("stripe").setLevel(logging.WARNING)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    stripe.enable_telemetry = False
    carried = transport or stripe.HTTPXClient(timeout=TIMEOUT_SECONDS)
    client = stripe.StripeClient(
        key,
        http_client=carried,
        max_network_retries=REPETITIONS,
        base_addresses={} if address is None else {"api": address.rstrip("/")},
    )
    return Gateway(client, carried)


def _under(key: str) -> stripe.RequestOptions:
    return {"idempotency_key": key}


async def _found(call: Coroutine[Any, Any, stripe.StripeObject]) -> Seen | None:
    found = await _asked_unless("resource_missing", call)
    return None if found is None else found.to_dict(for_json=True)


async def _asked_unless(code: str, call: Coroutine[Any, Any, T]) -> T | None:
    """Return an answer, or None where Stripe refuses with a code that is an answer, too."""
    try:
        return await _asked(call)
    except StripeRefused as refused:
        if refused.seen != code:
            raise
        return None


async def _paged(page: stripe.ListObject[S]) -> AsyncIterator[Seen]:
    try:
        async for each in page.auto_paging_iter():
            yield each.to_dict(for_json=True)
    except stripe.StripeError as error:
        raise told(error) from error


async def _all(page: stripe.ListObject[S]) -> list[Seen]:
    return [each async for each in _paged(page)]


async def _asked(call: Coroutine[Any, Any, T]) -> T:
    if in_transaction():
        call.close()
        message = "Stripe is asked inside a transaction, which would wait as long as Stripe does"
        raise RuntimeError(message)
    try:
        return await call
    except stripe.StripeError as error:
        raise told(error) from error


def told(error: stripe.StripeError) -> CardRefused | StripeRefused | StripeUnavailable:
    """Say an error of Stripe's in our words: refused for good, or to be tried again."""
    if isinstance(error, stripe.CardError):
        return CardRefused(seen=error.code or "card_error")
    if isinstance(error, stripe.InvalidRequestError) and error.http_status != _CONFLICT:
        return StripeRefused(seen=error.code or f"status {error.http_status}")
    if isinstance(error, stripe.IdempotencyError):
        return StripeRefused(seen="idempotency_error")
    return StripeUnavailable()


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


_CONFLICT: Final = 409
