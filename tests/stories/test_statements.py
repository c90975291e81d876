"""How many statements each step of an order costs over HTTP, and that the quote costs one."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

import benefits
from loyalty.vouchers import define_voucher, give_voucher
from tests.support.api import Web
from tests.support.shop import Json, Shop, cart, line

MOST = 6
BOUNDS = ("BEGIN", "COMMIT", "ROLLBACK")


@contextmanager
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Count what goes to the server, transaction bounds left out."""
    seen: list[str] = []
    execute = psycopg.AsyncCursor.execute

    async def counted(self: Any, query: Any, *arguments: Any, **named: Any) -> Any:
        text = str(query).strip()
        if not text.upper().startswith(BOUNDS):
            seen.append(text)
        return await execute(self, query, *arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(psycopg.AsyncCursor, "execute", counted)
        yield seen


IDLE = {
    "default": {"kind": "rolling", "months": 6, "notice": True},
    "sources": {},
    "by_time": True,
    "activities": ["purchase", "earn", "spend"],
}


@pytest.mark.parametrize("life", [{}, {"expiry": IDLE}], ids=["by-time", "idle"])
async def test_a_step_costs_at_most_six_statements_the_tier_decision_included(
    shop: Shop, web: Web, monkeypatch: pytest.MonkeyPatch, life: Json
) -> None:
    await shop.policy(**life)
    ada = await web.joined(external_id="C-1")
    await shop.give(ada, 1000)
    order = cart(line("1", 3, 1000), shipping=500, points_to_spend=300)
    await shop.buy(order, "S-0")  # what is read once in a process has been read
    await shop.give_back("S-0", lines=[{"line_id": "1", "quantity": 1}])
    quoted = await shop.quote(order)
    two = [{"line_id": "1", "quantity": 2}]

    counts: dict[str, int] = {}
    steps: dict[str, Callable[[], Awaitable[Json]]] = {
        "place": lambda: shop.place(order, quote=quoted["quote"]),
        "complete": lambda: shop.complete(shipment="P-1", lines=two),
        "cancel": shop.cancel,
        "return": lambda: shop.give_back(lines=two),
    }
    for name, step in steps.items():
        with counting(monkeypatch) as seen:
            await step()
        counts[name] = len(seen)

    assert all(count <= MOST for count in counts.values()), counts
    assert counts == {"place": 4, "complete": 5, "cancel": 4, "return": 5}


async def test_a_quote_costs_one_statement(
    shop: Shop, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.give(ada, 1000)
    defined = benefits.VoucherDefinition("sorry", {"en": "Sorry"})
    await web.application.database.write(define_voucher, web.cause(), defined)
    given = await web.application.database.write(
        give_voucher, web.cause(), ada, definition="sorry", reason="goodwill"
    )
    order = cart(*(line(str(number)) for number in range(20)), voucher_codes=[given.code])
    await shop.quote(order)

    with counting(monkeypatch) as seen:
        await shop.quote(order)

    assert len(seen) == 1, seen
