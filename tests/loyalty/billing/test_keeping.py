"""A double that is stopped goes on where it was, with its clock, its answers and what it told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from loyalty.billing.gateway import open_gateway
from tests.loyalty.billing.building import Stripe, stripe
from tests.support.stripe_double import Double, InProcess, life, pages
from tests.support.stripe_double.__main__ import Running
from tests.support.stripe_double.keeping import keep, kept
from tests.support.stripe_double.passing import advance
from tests.support.stripe_double.server import KEY
from tests.support.stripe_double.store import DAY

__all__ = ["stripe"]

NOWHERE, ELSEWHERE = "http://127.0.0.1:1/first", "http://127.0.0.1:1/second"


async def test_what_was_kept_goes_on_as_if_it_had_never_stopped(
    stripe: Stripe, tmp_path: Path
) -> None:
    price = await stripe.sell()
    customer = await stripe.gateway.make_customer("mem_1", None, key="customer:1")
    stripe.begin(customer, price, trial_days=14)
    subscription = stripe.begin(customer, price)
    pages.mend(stripe.store, customer, "declined")
    await stripe.gateway.cancel_later(subscription["id"], cancels=True, key="cancel:1")

    keep(tmp_path / "double.json", stripe.store, 3 * DAY)
    again, ahead = kept(tmp_path / "double.json", 0)

    assert (again, ahead) == (stripe.store, 3 * DAY)
    gateway = open_gateway(KEY, stripe.double.origin, InProcess(Double(again)))
    for store, way in ((stripe.store, stripe.gateway), (again, gateway)):
        await way.cancel_later(subscription["id"], cancels=True, key="cancel:1")
        await way.close_price(price, key="close:1")
        advance(store, store.now + 60 * DAY)
    assert again == stripe.store
    assert life.item_of(again.get("subscription", subscription["id"]))["price"]["active"] is False
    await gateway.close()


def test_where_nothing_was_kept_an_account_is_new(tmp_path: Path) -> None:
    store, ahead = kept(tmp_path / "double.json", 1_800_000_000)

    assert (store.now, ahead, store.events) == (1_800_000_000, 0, [])


async def test_a_running_double_keeps_what_it_answers_and_sends_again_what_did_not_arrive(
    tmp_path: Path,
) -> None:
    file = tmp_path / "home" / "double.json"
    sent = {"Authorization": f"Bearer {KEY}", "Idempotency-Key": "customer:1"}
    async with _running(file, NOWHERE) as (_, client):
        moved = await client.post("/_double", json={"advance": 40 * DAY})
        made = await client.post("/v1/customers", headers=sent)
    assert made.status_code == 200

    async with _running(file, ELSEWHERE) as (running, client):
        assert [(each.event["type"], each.url) for each in running.store.outbox] == [
            ("customer.created", ELSEWHERE)
        ]
        again = await client.post("/v1/customers", headers=sent)
        later = await client.post("/_double", json={})

    assert again.json() == made.json()
    assert moved.json()["now"] <= later.json()["now"] < moved.json()["now"] + DAY


@asynccontextmanager
async def _running(file: Path, hook: str) -> AsyncIterator[tuple[Running, httpx.AsyncClient]]:
    """A process's double, in this one."""
    running: Any = Running(12111, hook, file)
    transport = httpx.ASGITransport(app=running)
    async with httpx.AsyncClient(transport=transport, base_url="http://double.test") as client:
        yield running, client
    running.beat.cancel()
    with suppress(asyncio.CancelledError):
        await running.beat
