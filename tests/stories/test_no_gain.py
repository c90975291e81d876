"""Random orders: what was quoted is what is posted, and buying and returning gains nothing."""

from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.support.api import Web
from tests.support.shop import Json, Shop, cart, line

START = 5_000


def random_cart(chance: Random) -> Json:
    """Return a cart whose amounts do not divide."""
    lines = [
        line(
            str(number),
            chance.randint(1, 5),
            (price := chance.randint(1, 4_000)),
            member_price=chance.randint(0, price),
            sku=chance.choice(["TEA", "BUN", "JAM"]),
        )
        for number in range(1, chance.randint(2, 5))
    ]
    return cart(*lines, shipping=chance.choice([0, 590]))


async def ship(shop: Shop, chance: Random, name: str, open_: dict[str, int]) -> list[Json]:
    """Ship, and now and then cancel, until nothing is open; answers what every step said."""
    said: list[Json] = []
    while open_:
        some = chance.sample(sorted(open_), chance.randint(1, len(open_)))
        taken = {one: chance.randint(1, open_[one]) for one in some}
        lines = [{"line_id": one, "quantity": units} for one, units in taken.items()]
        step = shop.cancel if chance.random() < 0.2 else shop.complete
        said.append(await step(name, shipment=f"P-{len(said)}", lines=lines))
        after = {one: units - taken.get(one, 0) for one, units in open_.items()}
        open_ = {one: left for one, left in after.items() if left}
    return said


async def bring_back(shop: Shop, chance: Random, name: str) -> list[Json]:
    """Return everything that was shipped, in pieces; answers what every return said."""
    said: list[Json] = []
    while True:
        stands = (await shop.order(name))["stands"]
        left = {s["line_id"]: s["shipped"] - s["returned"] for s in stands}
        left = {one: units for one, units in left.items() if units}
        if not left:
            return said
        some = chance.sample(sorted(left), chance.randint(1, len(left)))
        lines = [{"line_id": one, "quantity": chance.randint(1, left[one])} for one in some]
        said.append(await shop.give_back(name, lines=lines))


@pytest.mark.parametrize("seed", range(4))
async def test_what_was_quoted_is_posted_and_buying_and_returning_gains_nothing(
    shop: Shop, web: Web, seed: int
) -> None:
    chance = Random(seed)
    ada = await web.joined(external_id="C-1")
    await shop.give(ada, START)
    for number in range(3):
        name, order = f"S-{number}", random_cart(chance)
        spendable = (await shop.quote(order))["points"]["spendable"]
        order["points_to_spend"] = chance.randint(0, spendable)
        quoted = await shop.quote(order)

        placed = await shop.place(order, name, quote=quoted["quote"])
        assert placed["totals"] == quoted["totals"]
        assert placed["points"]["earn"] == quoted["points"]["earn"]

        quantities = {one["line_id"]: one["quantity"] for one in placed["lines"]}
        steps = await ship(shop, chance, name, quantities)
        shipped = [step for step in steps if "points_earned" in step]
        goods = sum(one["total"] for one in quoted["lines"])
        assert sum(step["total"] for step in steps) == goods
        spent = sum(step["points_spent"] for step in shipped)
        released = sum(step.get("points_released", 0) for step in steps)
        assert spent + released == quoted["points"]["spend"]

        backs = await bring_back(shop, chance, name)
        assert sum(b["refund_money"] for b in backs) == sum(s["total"] for s in shipped)
        assert sum(b["points_returned"] for b in backs) == spent
        earned = sum(step["points_earned"] for step in shipped)
        assert sum(b["points_clawed_back"] for b in backs) == earned
        wallet = await shop.wallet(ada)
        assert (wallet.available, wallet.pending, wallet.held, wallet.debt) == (START, 0, 0, 0)
    tier = await (await web.caller("admin")).get("/v1/members/ext:C-1/tier")
    assert tier.json()["tier"] == "standard"
    await shop.holds()


@pytest.mark.parametrize(
    "statement",
    [
        "update loyalty.order_line set earn = earn + 1",
        "delete from loyalty.shipment",
        "update loyalty.decision set document = ''",
        'update loyalty."order" set total = 0',
        "delete from loyalty.return_line",
    ],
)
async def test_the_application_cannot_rewrite_what_was_decided_or_what_happened(
    web: Web, statement: str
) -> None:
    async def rewrite(connection: Any) -> None:
        await connection.execute(text(statement))

    with pytest.raises(DBAPIError, match="permission denied"):
        await web.application.database.write(rewrite)
