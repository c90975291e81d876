"""`POST /v1/stripe/webhook`: the right answer to whatever comes, and nothing taken is lost."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from sqlalchemy import text

from api.access import Access
from api.problems import answer_problem
from api.stripe_webhook import LARGEST, webhook_routes
from loyalty.billing.connecting import Billing
from loyalty.billing.inbox import JOB, handle_events
from loyalty.bootstrap import Application
from loyalty.jobs.worker import work
from tests.loyalty.billing.shop import SECRETS, Shop, shop
from tests.support.api import Web, web
from tests.support.stripe_double.telling import Switches, body_of, deliver, signed

__all__ = ["shop", "web"]

PATH = "/v1/stripe/webhook"
ROTATED = (*SECRETS, "whsec_the_one_before")


@asynccontextmanager
async def served(application: Application) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the route alone, as the whole application does."""
    app = Litestar(
        route_handlers=list(webhook_routes(application.billing)),
        state=State({"application": application}),
        exception_handlers={HTTPException: answer_problem, Exception: answer_problem},
        openapi_config=None,
        logging_config=None,
    )
    app.asgi_handler = Access(app.asgi_handler)
    whole: Any = app
    transport = httpx.ASGITransport(app=whole, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://loyalty.test") as client:
        yield client


def event_of(shop: Shop, **changes: Any) -> dict[str, Any]:
    """Return the last event of a sign-up, with something changed."""
    found = next(each for each in shop.stripe.store.events if each["type"] == "invoice.paid")
    return found | changes


async def post(client: httpx.AsyncClient, shop: Shop, body: bytes, **told: Any) -> httpx.Response:
    """Send a body as Stripe would."""
    at = shop.application.clock.now() + told.get("skew", timedelta(0))
    mac_of = told.get("secret", SECRETS[0]).encode()
    stamp = int(at.timestamp())
    mac = hmac.new(mac_of, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    header = told.get("header", f"t={stamp},v1={mac}")
    headers = {} if header is None else {"Stripe-Signature": header}
    return await client.post(PATH, content=body, headers=headers)


async def kept(shop: Shop) -> list[tuple[Any, ...]]:
    """Return what the inbox holds."""
    async with shop.application.database.read() as connection:
        rows = await connection.execute(
            text("select id, api_version, outcome from loyalty.stripe_event order by id")
        )
        return [tuple(row) for row in rows]


async def test_what_comes_in_is_answered_and_kept_as_it_should_be(shop: Shop) -> None:
    await shop.joined(await shop.member())
    billing = replace(shop.application.billing, secrets=ROTATED)
    shop.application = replace(shop.application, billing=billing)
    good = body_of(event_of(shop))
    hour = timedelta(hours=1)
    refused: list[tuple[bytes, dict[str, Any]]] = [
        (good, {"secret": "whsec_of_somebody_else"}),
        (good, {"header": None}),
        (good, {"header": "t=1"}),
        (good, {"header": "v1=zz"}),
        (good, {"skew": -hour}),
        (good, {"skew": hour}),
        (b"\x00\xff\xfe", {}),
        (b"[]", {}),
        (b"not json", {}),
        (b"", {}),
        (body_of(event_of(shop, livemode=True)), {}),
        (body_of(event_of(shop, id=5)), {}),
        (body_of(event_of(shop, data={"object": {"id": "\x00"}})), {}),
    ]
    async with served(shop.application) as client:
        for body, told in refused:
            answer = await post(client, shop, body, **told)
            assert answer.status_code == 400, (body[:40], told, answer.text)
            assert answer.json()["code"] == "stripe-event-refused"
        huge = await post(client, shop, b"x" * (LARGEST + 1))
        assert (huge.status_code, huge.json()["code"]) == (413, "body-too-large")
        assert await kept(shop) == []

        assert (await post(client, shop, good)).status_code == 200
        assert (await post(client, shop, good, secret=ROTATED[1])).status_code == 200
        other = body_of(event_of(shop, id="evt_old", api_version="2019-01-01"))
        assert (await post(client, shop, other)).status_code == 200
        unheard = body_of(event_of(shop, id="evt_unheard", type="price.created"))
        assert (await post(client, shop, unheard)).status_code == 200
        thing = {"object": {"object": "balance", "livemode": False}}
        nameless = body_of(event_of(shop, id="evt_x", type="balance.available", data=thing))
        assert (await post(client, shop, nameless)).status_code == 200
    first = event_of(shop)["id"]
    assert await kept(shop) == [
        (first, "2026-10-28.endive", None),
        ("evt_old", "2019-01-01", None),
        ("evt_unheard", "2026-10-28.endive", "passed-over"),
        ("evt_x", "2026-10-28.endive", "passed-over"),
    ]


async def test_the_same_event_many_times_at_once_is_kept_once(shop: Shop) -> None:
    await shop.joined(await shop.member())
    body = body_of(event_of(shop))
    async with served(shop.application) as client:
        answers = await asyncio.gather(*(post(client, shop, body) for _ in range(8)))

    assert {answer.status_code for answer in answers} == {200}
    assert len(await kept(shop)) == 1


async def test_a_worker_that_died_before_it_looked_leaves_nothing_undone(shop: Shop) -> None:
    made = await shop.joined(await shop.member())
    async with served(shop.application) as client:
        await post(client, shop, body_of(event_of(shop)))
    assert await shop.membership(made["id"]) is None
    async with shop.application.database.read() as connection:
        queued = await connection.scalars(
            text("select task_name from procrastinate.procrastinate_jobs")
        )
        assert list(queued) == [JOB], "with the event, not with the next minute"

    await work(shop.application, until_idle=True)

    found = await shop.membership(made["id"])
    assert found is not None
    assert found.state == "active"
    assert [outcome for _, _, outcome in await kept(shop)] == ["applied"]


async def test_an_event_that_is_quicker_than_our_own_commit_waits_for_it(shop: Shop) -> None:
    whose = await shop.member()
    made = await shop.joined(whose)
    customer = made["customer"]
    unknown = f"{customer}_not_yet"
    shop.stripe.store.objects[unknown] = shop.stripe.store.objects[customer]
    made["customer"] = unknown
    async with served(shop.application) as client:
        assert (await post(client, shop, body_of(event_of(shop)))).status_code == 200
    cause = replace(shop.cause(), at=shop.application.clock.now())
    assert await handle_events(shop.application, cause) == 0
    assert [code for _, _, code in await kept(shop)] == ["stripe-customer-not-yet-known"]

    made["customer"] = customer
    later = replace(cause, at=cause.at + timedelta(minutes=1))
    assert await handle_events(shop.application, later) == 1

    assert await shop.membership(made["id"]) is not None
    del shop.stripe.store.objects[unknown]


@pytest.mark.parametrize(
    ("switches", "arrived"),
    [
        (Switches(), True),
        (Switches(duplicate=True), True),
        (Switches(api_version="2020-08-27"), True),
        (Switches(drop=1), True),
        (Switches(held=True), False),
        (Switches(stale=True), False),
        (Switches(wrong_secret=True), False),
    ],
)
async def test_what_goes_wrong_on_the_way_is_survived(
    shop: Shop, switches: Switches, *, arrived: bool
) -> None:
    client_of = shop.stripe.gateway._client
    await client_of.v1.webhook_endpoints.create_async(
        {"url": PATH, "enabled_events": ["customer.subscription.created", "invoice.paid"]}
    )
    await shop.joined(await shop.member())
    async with served(shop.application) as client:

        async def send(url: str, body: bytes, header: str) -> int:
            answer = await client.post(url, content=body, headers={"Stripe-Signature": header})
            assert answer.status_code in {200, 400}
            return answer.status_code

        now = int(shop.application.clock.now().timestamp())
        await deliver(shop.stripe.store, send, switches, at=now)
        assert bool(await kept(shop)) is arrived
        await deliver(shop.stripe.store, send, Switches(), at=now)

    assert len(await kept(shop)) >= 1


def test_without_a_secret_there_is_no_route() -> None:
    assert webhook_routes(Billing()) == ()
    assert len(webhook_routes(Billing(secrets=SECRETS))) == 1


async def test_the_programme_without_a_secret_has_nothing_at_that_address(web: Web) -> None:
    body = json.dumps({"id": "evt_1"}).encode()
    header = signed(body, "", int(web.application.clock.now().timestamp()))

    answer = await web.client.post(PATH, content=body, headers={"Stripe-Signature": header})

    assert answer.status_code == 404
