"""A step reported again changes nothing; other content under the same name is refused by name."""

import asyncio
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.idempotency import Attempt, Begun
from loyalty.members import Ref, lock_member
from loyalty.orders.completing import Completing, complete
from loyalty.orders.completion import Asked
from loyalty.orders.tables import order
from tests.support.api import Web
from tests.support.shop import Json, Shop, cart, line

COUNTED = ("order", "order_line", "shipment", "shipment_line", "return", "return_line", "event")


async def everything(web: Web) -> dict[str, Any]:
    """Count the rows that steps write, and the journals."""
    counts = [f'(select count(*) from loyalty."{table}") as "{table}"' for table in COUNTED]
    statement = f"select {', '.join(counts)}, (select count(*) from ledger.journal) as journal"
    async with web.application.database.read() as connection:
        return dict((await connection.execute(text(statement))).mappings().one())


async def test_every_step_may_be_repeated_without_effect(shop: Shop, web: Web) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.give(ada, 500)
    order = cart(line("1", 4, 1000), points_to_spend=400)
    part: Json = {"shipment": "P-1", "lines": [{"line_id": "1", "quantity": 2}]}
    gone: Json = {"shipment": "X-1", "lines": [{"line_id": "1", "quantity": 1}]}
    back: Json = {"return_id": "R-1", "lines": [{"line_id": "1", "quantity": 1}]}

    once = [
        await shop.place(order),
        await shop.complete(**part),
        await shop.cancel(**gone),
        await shop.give_back(**back),
    ]
    before = await everything(web)
    again = [
        await shop.place(order),
        await shop.complete(**part),
        await shop.cancel(**gone),
        await shop.give_back(**back),
    ]

    assert [strip(one) for one in again] == [strip(one) for one in once]
    assert await everything(web) == before
    await shop.holds()


def strip(answer: Json) -> Json:
    """Leave out where the order stands now."""
    return {name: value for name, value in answer.items() if name not in {"state", "tier"}}


async def test_the_same_name_with_other_content_is_a_conflict_that_names_the_difference(
    shop: Shop, web: Web
) -> None:
    await web.joined(external_id="C-1")
    await web.joined(external_id="C-2")
    order = cart(line("1", 4, 1000), shipping=500)
    await shop.place(order)
    await shop.complete(shipment="P-1", lines=[{"line_id": "1", "quantity": 2}])
    await shop.cancel(shipment="X-1", lines=[{"line_id": "1", "quantity": 1}])
    await shop.give_back(return_id="R-1", lines=[{"line_id": "1", "quantity": 1}])
    before = await everything(web)

    other = cart(line("1", 5, 1000), shipping=500)
    conflicts = {
        "lines": shop.place(other, status=409),
        "member": shop.place(order, who="ext:C-2", status=409),
        "shipping": shop.place(cart(line("1", 4, 1000)), status=409),
        "priced_by": shop.place(order, priced_by="shop", status=409),
        "cart": shop.place(cart(line("1", 4, 1000, tax=7), shipping=500), status=409),
        "lines of a shipment": shop.complete(shipment="P-1", status=409),
        "outcome": shop.cancel(shipment="P-1", status=409),
        "lines of a cancellation": shop.cancel(shipment="X-1", status=409),
        "lines of a return": shop.give_back(return_id="R-1", amount=1, status=409),
    }
    seen = {name: await asked for name, asked in conflicts.items()}

    assert {name: one["code"] for name, one in seen.items()} == dict.fromkeys(
        conflicts, "order-conflict"
    )
    assert [one["facts"]["field"] for one in seen.values()] == [
        *("lines", "member", "shipping", "priced_by", "cart", "lines", "outcome"),
        *("lines", "lines"),
    ]
    assert await everything(web) == before


async def test_one_idempotency_key_answers_the_same_bytes(shop: Shop, web: Web) -> None:
    await web.joined(external_id="C-1")
    body = {"member": "ext:C-1", "order_id": "S-1", "order": cart()}

    first = await shop.caller.post("/v1/orders", body, key="K-1")
    second = await shop.caller.post("/v1/orders", body, key="K-1")
    other = await shop.caller.post("/v1/orders", body | {"order_id": "S-2"}, key="K-1")

    assert (first.status_code, second.status_code, other.status_code) == (201, 201, 422)
    assert first.content == second.content
    assert second.headers["Idempotency-Replayed"] == "true"
    assert other.json()["code"] == "idempotency-key-reused"


async def test_a_hold_is_extended_paid_and_let_go(shop: Shop, web: Web) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.give(ada, 300)
    placed = await shop.place(cart(points_to_spend=300))
    assert placed["hold_until"] is not None

    soon = "2099-01-01T00:00:00Z"
    refused = await shop.post("/v1/orders/ext:S-1/hold", {"hold_until": soon}, status=422)
    assert (refused["code"], refused["errors"][0]["pointer"]) == ("hold-too-long", "/hold_until")

    paid = await shop.post("/v1/orders/ext:S-1/paid", {}, status=200)
    again = await shop.post("/v1/orders/ext:S-1/paid", {}, status=200)
    assert paid == again
    assert paid["hold_until"] is None
    assert (await shop.wallet(ada)).held == 300
    await shop.complete()
    assert (await shop.wallet(ada)).held == 0
    await shop.holds()


async def test_two_tills_cannot_spend_the_same_points(shop: Shop, web: Web) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.give(ada, 500)
    quoted = await shop.quote(cart(points_to_spend=500))

    answers = await asyncio.gather(
        *(
            shop.caller.post(
                "/v1/orders",
                {
                    "member": "ext:C-1",
                    "order_id": f"S-{till}",
                    "order": cart(points_to_spend=500),
                    **({"quote": quoted["quote"]} if till % 2 else {}),
                },
            )
            for till in range(8)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 7]
    refused = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert refused <= {"points-short", "points-over-available"}
    assert (await shop.wallet(ada)).held == 500
    await shop.holds()


async def test_complete_and_cancel_of_the_same_lines_have_one_outcome(shop: Shop, web: Web) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.give(ada, 800)
    for number in range(4):
        name = f"S-{number}"
        await shop.place(cart(points_to_spend=200), name)

        answers = await asyncio.gather(
            shop.caller.post(f"/v1/orders/ext:{name}/complete", {}),
            shop.caller.post(f"/v1/orders/ext:{name}/cancel", {}),
        )

        assert sorted(answer.status_code for answer in answers) == [200, 409]
        loser = next(answer.json() for answer in answers if answer.status_code == 409)
        assert loser["code"] in {"order-closed", "order-cancelled"}
    assert (await shop.wallet(ada)).held == 0
    await shop.holds()


async def test_returns_while_completing_take_back_no_more_than_was_shipped(
    shop: Shop, web: Web
) -> None:
    await web.joined(external_id="C-1")
    await shop.place(cart(line("1", 4, 1000)))
    await shop.complete(shipment="P-0", lines=[{"line_id": "1", "quantity": 1}])

    ship = [
        shop.caller.post(
            "/v1/orders/ext:S-1/complete",
            {"shipment": f"P-{number}", "lines": [{"line_id": "1", "quantity": 1}]},
        )
        for number in range(1, 4)
    ]
    back = [
        shop.caller.post("/v1/orders/ext:S-1/returns", {"lines": [{"line_id": "1", "quantity": 1}]})
        for _ in range(5)
    ]
    answers = await asyncio.gather(*ship, *back)

    assert [answer.status_code for answer in answers[:3]] == [200] * 3
    taken = sum(answer.status_code == 201 for answer in answers[3:])
    refused = [a.json()["code"] for a in answers[3:] if a.status_code != 201]
    assert refused == ["more-than-bought"] * (5 - taken)
    stands = (await shop.order())["stands"][0]
    assert (stands["shipped"], stands["returned"]) == (4, taken)
    await shop.holds()


async def test_a_shipment_that_waited_for_another_stands_behind_it(shop: Shop, web: Web) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.place(cart(line("1", 2, 1000)))
    one: Json = {"lines": [{"line_id": "1", "quantity": 1}]}

    async def overtaken(connection: AsyncConnection) -> None:
        placed = await connection.scalar(select(order.c.id))
        cause = web.cause()
        await shop.complete(shipment="P-1", **one)
        await shop.give_back(**one)
        whose = await lock_member(connection, Ref("member", str(ada.id), id=ada.id))
        attempt = Attempt("system", "complete", None, b"", None, cause.at)
        late = Completing([Asked("1", 1)], "P-2")
        begun = Begun(attempt, whose, placed)
        await complete(connection, web.application.programme, cause, begun, late)

    await web.application.database.write(overtaken)
    await shop.give_back(**one)

    assert (await shop.wallet(ada)).available == 0
    await shop.holds()


async def test_the_same_order_from_many_tills_is_placed_once(shop: Shop, web: Web) -> None:
    await web.joined(external_id="C-1")

    answers = await asyncio.gather(
        *(
            shop.caller.post(
                "/v1/orders", {"member": "ext:C-1", "order_id": "S-1", "order": cart()}
            )
            for _ in range(6)
        )
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["order"] for answer in answers}) == 1
    assert (await everything(web))["order"] == 1
