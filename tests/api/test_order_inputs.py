"""Every wrong input about a cart or an order names the field, says why, and changes nothing."""

from copy import deepcopy
from typing import Any

import pytest
from sqlalchemy import text

from tests.support.api import Web
from tests.support.shop import Json, Shop, cart, line

LINE = "/order/lines/0"
WRONG_CARTS: dict[str, tuple[str, Any, str, str]] = {
    "empty cart": ("/order/lines", [], "out-of-range", "/order/lines"),
    "no lines": ("/order/lines", None, "missing-field", "/order/lines"),
    "negative quantity": (f"{LINE}/quantity", -1, "out-of-range", f"{LINE}/quantity"),
    "quantity zero": (f"{LINE}/quantity", 0, "out-of-range", f"{LINE}/quantity"),
    "fractional quantity": (f"{LINE}/quantity", 1.5, "wrong-type", f"{LINE}/quantity"),
    "quantity as text": (f"{LINE}/quantity", "2", "wrong-type", f"{LINE}/quantity"),
    "huge quantity": (f"{LINE}/quantity", 10**9, "out-of-range", f"{LINE}/quantity"),
    "negative price": (f"{LINE}/unit_price", -1, "out-of-range", f"{LINE}/unit_price"),
    "no price": (f"{LINE}/unit_price", None, "malformed", f"{LINE}/unit_price"),
    "price and amount": (f"{LINE}/amount", 5, "malformed", f"{LINE}/unit_price"),
    "member amount with unit price": (
        *(f"{LINE}/member_amount", 5, "malformed", f"{LINE}/member_amount"),
    ),
    "unknown field": (f"{LINE}/colour", "red", "unknown-field", f"{LINE}/colour"),
    "foreign currency": ("/order/currency", "EUR", "foreign-currency", "/order/currency"),
    "malformed currency": ("/order/currency", "usd", "malformed", "/order/currency"),
    "negative shipping": (
        *("/order/shipping", {"price": -1}, "out-of-range", "/order/shipping/price"),
    ),
    "negative points": (*("/order/points_to_spend", -5, "out-of-range", "/order/points_to_spend"),),
    "more points than there are": (
        *("/order/points_to_spend", 500, "points-over-available", "/order/points_to_spend"),
    ),
    "unknown member": ("/member", "ext:nobody", "unknown-member", "/member"),
    "malformed member": ("/member", "mem_1", "unknown-member", "/member"),
}
WRONG_ORDERS: dict[str, tuple[str, Any, str, str]] = {
    "malformed time": ("/placed_at", "yesterday", "malformed-time", "/placed_at"),
    "time without offset": ("/placed_at", "2026-01-01T10:00:00", "malformed-time", "/placed_at"),
    "placed in time to come": (
        *("/placed_at", "2090-01-01T00:00:00Z", "instant-out-of-order", "/placed_at"),
    ),
    "held for too long": ("/hold_until", "2090-01-01T00:00:00Z", "hold-too-long", "/hold_until"),
    "unknown pricing": ("/priced_by", "nobody", "unknown-value", "/priced_by"),
    "a token that is none": ("/quote", "not.a.token", "token-malformed", "/quote"),
    "a voucher that is none": (
        *("/order/voucher_codes", ["NOPE"], "voucher-not-found", "/order/voucher_codes"),
    ),
}


def changed(body: Json, pointer: str, value: Any) -> Json:
    """Return the body with one value put in another's place; None takes it away."""
    document = deepcopy(body)
    *path, last = pointer.strip("/").split("/")
    node: Any = document
    for name in path:
        node = node[int(name)] if isinstance(node, list) else node[name]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return document


async def rows(web: Web) -> Any:
    """Count what must not change."""
    counted = 'select (select count(*) from loyalty."order"), (select count(*) from loyalty.event)'
    async with web.application.database.read() as connection:
        found = await connection.execute(text(f"{counted}, (select count(*) from ledger.journal)"))
        return tuple(found.one())


def fault(problem: Json) -> tuple[str, str]:
    """Return the code and the pointer of a problem document."""
    errors = problem.get("errors") or [{"pointer": "", "code": problem["code"]}]
    return errors[0]["code"], errors[0]["pointer"]


async def test_a_wrong_cart_is_refused_by_field_at_quote_and_at_place(
    shop: Shop, web: Web, subtests: pytest.Subtests
) -> None:
    await web.joined(external_id="C-1")
    right: Json = {"member": "ext:C-1", "order": cart(line())}
    before = await rows(web)

    for name, (pointer, value, code, at) in WRONG_CARTS.items():
        for path in ("/v1/checkout/quotes", "/v1/orders"):
            with subtests.test(name, path=path):
                answered = await shop.caller.post(path, changed(right, pointer, value))
                assert answered.status_code in {404, 409, 422}, answered.text
                assert fault(answered.json()) == (code, at)

    assert await rows(web) == before


async def test_a_wrong_order_is_refused_by_field(
    shop: Shop, web: Web, subtests: pytest.Subtests
) -> None:
    await web.joined(external_id="C-1")
    right: Json = {"member": "ext:C-1", "order": cart(line()), "order_id": "S-1"}
    before = await rows(web)

    for name, (pointer, value, code, at) in WRONG_ORDERS.items():
        with subtests.test(name):
            answered = await shop.caller.post("/v1/orders", changed(right, pointer, value))
            assert answered.status_code in {404, 409, 422}, answered.text
            assert fault(answered.json()) == (code, at)

    assert await rows(web) == before


async def test_the_shop_s_own_prices_take_neither_points_nor_vouchers_nor_a_quote(
    shop: Shop, web: Web
) -> None:
    await web.joined(external_id="C-1")

    points = await shop.place(cart(points_to_spend=5), priced_by="shop", status=422)
    vouchers = await shop.place(cart(voucher_codes=["X"]), priced_by="shop", status=422)
    quoted = await shop.place(cart(), priced_by="shop", quote="a.b.c", status=422)

    assert fault(points) == ("not-for-shop-prices", "/order/points_to_spend")
    assert fault(vouchers) == ("not-for-shop-prices", "/order/voucher_codes")
    assert fault(quoted) == ("not-for-shop-prices", "/quote")


async def test_a_quote_is_good_for_its_member_and_its_cart_only(shop: Shop, web: Web) -> None:
    await web.joined(external_id="C-1")
    await web.joined(external_id="C-2")
    token = (await shop.quote(cart(line())))["quote"]

    tampered = f"{token[:-2]}{'AA' if token[-2:] != 'AA' else 'BB'}"
    answers = {
        "another cart": await shop.place(cart(line("1", 2)), quote=token, status=409),
        "another member": await shop.place(cart(line()), quote=token, who="ext:C-2", status=409),
        "more points": await shop.place(cart(line(), points_to_spend=1), quote=token, status=409),
        "a changed token": await shop.place(cart(line()), quote=tampered, status=422),
    }

    assert [one["code"] for one in answers.values()] == [
        *("quote-mismatch", "quote-mismatch", "quote-mismatch", "token-malformed"),
    ]
    assert [one["facts"].get("field") for one in answers.values()][:3] == [
        *("cart", "member", "points_to_spend"),
    ]
    await shop.place(cart(line()), quote=token)


STEPS: dict[str, tuple[str, Json, int, str, str]] = {
    "an unknown order": ("ext:S-9/complete", {}, 404, "unknown-order", ""),
    "a malformed order": ("ord_1/complete", {}, 404, "unknown-order", ""),
    "an unknown line": (
        "ext:S-1/complete",
        {"shipment": "P-2", "lines": [{"line_id": "9", "quantity": 1}]},
        422,
        "unknown-line",
        "/lines/0/line_id",
    ),
    "more than is open": (
        "ext:S-1/complete",
        {"shipment": "P-2", "lines": [{"line_id": "1", "quantity": 2}]},
        409,
        "more-than-open",
        "/lines/0/quantity",
    ),
    "the same line twice": (
        "ext:S-1/complete",
        {"shipment": "P-2", "lines": [{"line_id": "1", "quantity": 1}] * 2},
        422,
        "unknown-line",
        "/lines/1/line_id",
    ),
    "a line that weighs more": (
        "ext:S-1/complete",
        {"shipment": "P-2", "lines": [{"line_id": "1", "quantity": 1, "amount": 1001}]},
        409,
        "more-than-ordered",
        "/lines/0/amount",
    ),
    "no lines": ("ext:S-1/complete", {"lines": []}, 422, "out-of-range", "/lines"),
    "a quantity of zero": (
        "ext:S-1/complete",
        {"lines": [{"line_id": "1", "quantity": 0}]},
        422,
        "out-of-range",
        "/lines/0/quantity",
    ),
    "completed before it was placed": (
        "ext:S-1/complete",
        {"shipment": "P-2", "completed_at": "2001-01-01T00:00:00Z"},
        422,
        "instant-out-of-order",
        "/completed_at",
    ),
    "cancelling more than is open": (
        "ext:S-1/cancel",
        {"lines": [{"line_id": "1", "quantity": 2}]},
        409,
        "more-than-open",
        "/lines/0/quantity",
    ),
    "returning more than was shipped": (
        "ext:S-1/returns",
        {"lines": [{"line_id": "1", "quantity": 2}]},
        409,
        "more-than-bought",
        "/lines/0/quantity",
    ),
    "refunding more than was paid": (
        "ext:S-1/returns",
        {"lines": [{"line_id": "1", "amount": 1001}]},
        409,
        "more-than-paid",
        "/lines/0/amount",
    ),
    "an amount above what was paid": (
        *("ext:S-1/returns", {"amount": 1001}, 409, "more-than-paid", "/amount"),
    ),
    "more shipping than was paid": (
        *("ext:S-1/returns", {"shipping": 501}, 409, "more-than-paid", "/shipping"),
    ),
    "nothing to return": ("ext:S-1/returns", {}, 409, "nothing-to-return", "/lines"),
    "a line without quantity and amount": (
        "ext:S-1/returns",
        {"lines": [{"line_id": "1"}]},
        422,
        "malformed",
        "/lines/0/quantity",
    ),
    "a malformed reason": (
        "ext:S-1/returns",
        {"amount": 1, "reason": "Not Good"},
        422,
        "malformed",
        "/reason",
    ),
    "paid before it was placed": (
        "ext:S-1/paid",
        {"paid_at": "2001-01-01T00:00:00Z"},
        422,
        "instant-out-of-order",
        "/paid_at",
    ),
    "held without end": ("ext:S-1/hold", {}, 422, "missing-field", "/hold_until"),
}


async def test_a_wrong_step_is_refused_by_field_and_changes_nothing(
    shop: Shop, web: Web, subtests: pytest.Subtests
) -> None:
    await web.joined(external_id="C-1")
    await shop.place(cart(line("1", 2, 1000), shipping=500))
    await shop.complete(shipment="P-1", lines=[{"line_id": "1", "quantity": 1}])
    before = await rows(web)

    for name, (path, body, status, code, at) in STEPS.items():
        with subtests.test(name):
            answered = await shop.caller.post(f"/v1/orders/{path}", body)
            assert answered.status_code == status, answered.text
            assert fault(answered.json()) == (code, at)

    assert await rows(web) == before


async def test_a_step_needs_an_idempotency_key_and_a_role(shop: Shop, web: Web) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.place()
    finance = await web.caller("finance")
    member = await web.caller("member", ada.id)
    path = "/v1/orders/ext:S-1/complete"

    missing = await shop.caller.post(path, {}, key=None)
    assert (missing.status_code, missing.json()["code"]) == (400, "idempotency-key-missing")
    for caller in (finance, member):
        refused = await caller.post(path, {})
        assert (refused.status_code, refused.json()["code"]) == (403, "role-not-allowed")


async def test_a_member_sees_their_own_orders_only(shop: Shop, web: Web) -> None:
    ada = await web.joined(external_id="C-1")
    other = await web.joined(external_id="C-2")
    await shop.place()

    own = await (await web.caller("member", ada.id)).get("/v1/orders/ext:S-1")
    foreign = await (await web.caller("member", other.id)).get("/v1/orders/ext:S-1")

    assert own.status_code == 200
    assert (foreign.status_code, foreign.json()["code"]) == (404, "unknown-order")
