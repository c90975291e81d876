"""The races: two requests that want the same thing, and what comes before them."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.members import Member
from loyalty.vouchers import give_voucher
from tests.loyalty.rewards.building import offered
from tests.support.shop import Json, Shop, cart, line

GIVEN = 500
"""Points that every member of a race has."""

Request = tuple[str, Json]
"""A path and a body; an asterisk is the member's label, HIDDEN a code or token that they have."""


async def nothing(_: Shop, __: str, ___: Member) -> Sequence[str]:
    return ()


async def placed(shop: Shop, label: str, _: Member) -> Sequence[str]:
    order = cart(line("1", 4, 1000), line("2", 2, 333), points_to_spend=300, shipping=500)
    await shop.place(order, f"S-{label}", who=f"ext:C-{label}")
    return ()


async def shipped_in_part(shop: Shop, label: str, who: Member) -> Sequence[str]:
    await placed(shop, label, who)
    await shop.complete(f"S-{label}", shipment="P-0", lines=units(1))
    return ()


async def shipped(shop: Shop, label: str, who: Member) -> Sequence[str]:
    await placed(shop, label, who)
    await shop.complete(f"S-{label}")
    return ()


async def quoted(shop: Shop, label: str, _: Member) -> Sequence[str]:
    answer = await shop.quote(two(points_to_spend=GIVEN), who=f"ext:C-{label}")
    return (str(answer["quote"]),)


async def given_a_voucher(shop: Shop, _: str, who: Member) -> Sequence[str]:
    given = await shop.web.application.database.write(
        give_voucher, shop.web.cause(), who, definition="five", reason="goodwill"
    )
    return (given.code,)


async def of_a_guest(shop: Shop, label: str, _: Member) -> Sequence[str]:
    await shop.place(two(), f"S-{label}", who=None)
    await shop.complete(f"S-{label}")
    return ()


async def wrote_a_review(shop: Shop, label: str, _: Member) -> Sequence[str]:
    path, body = event("a")
    await shop.post(path, json.loads(json.dumps(body).replace("*", label)), status=201)
    return ()


async def last_mug(shop: Shop, label: str, _: Member) -> Sequence[str]:
    async def stocked(connection: AsyncConnection) -> None:
        await offered(connection, f"mug-{label}", stock=1)

    await shop.web.application.database.write(stocked)
    return ()


async def took_a_mug(shop: Shop, label: str, who: Member) -> Sequence[str]:
    await last_mug(shop, label, who)
    path, body = mug(f"C-{label}", "a")
    await shop.post(path, json.loads(json.dumps(body).replace("*", label)), status=201)
    return ()


def units(quantity: int) -> list[Json]:
    return [{"line_id": "1", "quantity": quantity}]


def place(till: str, *, quote: str | None = None, **more: Any) -> Request:
    body = {"member": "ext:C-*", "order_id": f"S-*-{till}", "order": two(**more)}
    return "/v1/orders", body if quote is None else body | {"quote": quote}


def two(**more: Any) -> Json:
    return cart(line("1", 2, 1000), **more)


def mug(member: str, till: str) -> Request:
    path = f"/v1/members/ext:{member}/reward-orders"
    return path, {"reward": "mug-*", "order_id": f"W-*-{till}"}


def event(name: str, **more: Any) -> Request:
    told = {"event_id": f"E-*-{name}", "kind": "review-written", "member": "ext:C-*"}
    return "/v1/events", {**told, **more}


def step(verb: str, **body: Any) -> Request:
    return f"/v1/orders/ext:S-*/{verb}", body


@dataclass(frozen=True, slots=True)
class Race:
    """Two requests for the same thing, what comes before, and what losers are told."""

    before: Callable[[Shop, str, Member], Awaitable[Sequence[str]]]
    one: Request
    other: Request
    told: frozenset[str] = frozenset()


def race(
    before: Callable[[Shop, str, Member], Awaitable[Sequence[str]]],
    one: Request,
    other: Request,
    *told: str,
) -> Race:
    return Race(before, one, other, frozenset(told))


EXCHANGE: Json = {
    "return": {"return_id": "R-1", "lines": units(3)},
    "order_id": "S-*-2",
    "order": two(),
}

RACES: Mapping[str, Race] = {
    "two tills spend the same points": race(
        nothing,
        place("a", points_to_spend=GIVEN),
        place("b", points_to_spend=GIVEN),
        "points-over-available",
    ),
    "two tills spend the points of one quote": race(
        quoted,
        place("a", quote="HIDDEN", points_to_spend=GIVEN),
        place("b", quote="HIDDEN", points_to_spend=GIVEN),
        "points-short",
    ),
    "two tills use the same voucher": race(
        given_a_voucher,
        place("a", voucher_codes=["HIDDEN"]),
        place("b", voucher_codes=["HIDDEN"]),
        "voucher-used-up",
    ),
    "two tills place the same order": race(nothing, place("a"), place("a")),
    "two tills place orders of one name": race(
        nothing, place("a"), place("a", shipping=500), "order-conflict"
    ),
    "complete and cancel the same lines": race(
        placed,
        step("complete", shipment="P-1"),
        step("cancel", shipment="X-1"),
        "order-closed",
        "order-cancelled",
    ),
    "complete and cancel more than there is": race(
        placed,
        step("complete", shipment="P-1", lines=units(3)),
        step("cancel", shipment="X-1", lines=units(2)),
        "more-than-open",
    ),
    "two shipments of the same lines": race(
        placed,
        step("complete", shipment="P-1", lines=units(3)),
        step("complete", shipment="P-2", lines=units(3)),
        "more-than-open",
    ),
    "one shipment told twice": race(
        placed, step("complete", shipment="P-1"), step("complete", shipment="P-1")
    ),
    "return while completing": race(
        shipped_in_part,
        step("complete", shipment="P-1"),
        step("returns", return_id="R-1", lines=units(2)),
        "more-than-bought",
    ),
    "two returns of the same units": race(
        shipped,
        step("returns", return_id="R-1", lines=units(3)),
        step("returns", return_id="R-2", lines=units(3)),
        "more-than-bought",
    ),
    "a return with and one without its order": race(
        shipped,
        step("returns", return_id="R-1", lines=units(3)),
        (
            "/v1/returns",
            {
                "member": "ext:C-*",
                "return_id": "R-2",
                "lines": [{"sku": "SKU-1", "quantity": 3}],
            },
        ),
        "more-than-bought",
    ),
    "pay and cancel": race(placed, step("paid"), step("cancel", shipment="X-1")),
    "exchange and return of the same units": race(
        shipped,
        step("exchange", **EXCHANGE),
        step("returns", return_id="R-2", lines=units(3)),
        "more-than-bought",
    ),
    "charge back and return": race(
        shipped,
        step("chargeback", chargeback_id="D-1", amount=1000),
        step("returns", return_id="R-1", lines=units(3)),
    ),
    "deliver and return": race(
        shipped, step("delivered"), step("returns", return_id="R-1", lines=units(3))
    ),
    "two members claim an order": race(
        of_a_guest,
        step("claim", member="ext:C-*", proof="same-email"),
        step("claim", member="ext:D-*", proof="same-email"),
        "order-claimed",
    ),
    "two members take the last reward": race(
        last_mug, mug("C-*", "a"), mug("D-*", "b"), "reward-sold-out"
    ),
    "an order and a reward spend the same points": race(
        last_mug,
        place("a", points_to_spend=GIVEN),
        mug("C-*", "b"),
        "points-over-available",
        "reward-points-short",
    ),
    "one event told twice": race(nothing, event("a"), event("a")),
    "one name for two events": race(
        nothing, event("a"), event("a", channel="app"), "event-conflict"
    ),
    "two events want the last that a limit gives": race(wrote_a_review, event("b"), event("c")),
    "fulfil and cancel a reward": race(
        took_a_mug,
        ("/v1/reward-orders/ext:W-*-a/fulfil", {}),
        ("/v1/reward-orders/ext:W-*-a/cancel", {"reason": "gone"}),
        "reward-order-closed",
    ),
}
