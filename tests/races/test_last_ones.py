"""Many tills want the last voucher, the last use of a limit, and the last of a budget.

As many connections as tills: exactly what was left is given, the others are told by name, and what
is cancelled or runs out of time is to be had again, by as many as before. A till that is told to
come again does so, as a shop's would.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import FREE, Cart, Line, NewVoucher, VoucherDefinition, issue_vouchers
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.checkout.basket import Basket
from loyalty.checkout.quote import asked_of, quote
from loyalty.database import LONG, Database
from loyalty.errors import Unavailable
from loyalty.idempotency import Attempt, Begun
from loyalty.ids import new_id
from loyalty.names import VOUCHER, Name, take_names
from loyalty.orders.cancelling import Cancelling, cancel
from loyalty.orders.placing import NewOrder, Placed, place
from loyalty.orders.upkeep import release_overdue_holds
from loyalty.rules import draft_rule, publish_rules
from loyalty.verify import verify
from loyalty.vouchers import define_voucher
from tests.support.api import application_over
from tests.support.database import Clone
from tests.support.proofs import Proof
from tests.support.requirements import sample

TILLS = sample(quick=6, full=200)
ROUNDS = sample(quick=2, full=100)
CODE = "LASTONE00001"
Json = dict[str, Any]


def off(name: str, amount: int, **more: Any) -> Json:
    """Return so much off orders of a channel, within limits."""
    effect = {"effect": "amount-off", "amount": amount, "target": "order"}
    return {"rule": name, "effects": [effect], **more}


def among_all(name: str, amount: int, count: str, most: int) -> Json:
    """Return so much off orders of a channel of the rule's name, within a limit of all."""
    limit = {"count": count, "for": "all", "every": "year", "most": most}
    return off(name, amount, when={"fact": "channel", "is": name}, limits=[limit])


RULES: Sequence[Json] = (
    off("voucher", 500, voucher="last-one"),
    among_all("uses", 100, "uses", 3),
    among_all("budget", 1000, "money", 2500),
)
TOLD: Mapping[str, tuple[int, str, int]] = {
    "voucher": (1, "voucher-used-up", 1),
    "uses": (3, "limit-reached", 3),
    "budget": (2, "limit-reached", 2000),
}
"""How many of those who were quoted are let through, what the others are told, what is taken."""


@dataclass(slots=True)
class Tills:
    """Guests at many tills, who may all want the same."""

    application: Application
    minutes: int = 0
    number: int = 0

    @property
    def cause(self) -> Cause:
        """Now: time passes from one round to the next."""
        at = self.application.clock.now() + timedelta(minutes=self.minutes)
        return Cause(at, "system", "races")

    async def quoted(self, channel: str) -> str:
        """Return a guest's quote, which is good for whoever has the same cart."""
        cart = basket(channel)
        asked = asked_of(None, cart, at=self.cause.at)
        snapshot = await self.application.snapshots.take(asked)
        return quote(self.application.programme, cart, asked, snapshot).token

    async def at_once(self, channel: str, tills: int, token: str | None = None) -> list[object]:
        """Let so many place the same cart at once; answer what each got, or the refusal."""
        return await asyncio.gather(
            *(self._placed(channel, token) for _ in range(tills)), return_exceptions=True
        )

    async def _placed(self, channel: str, token: str | None) -> Placed:
        self.number += 1
        asked = NewOrder(basket(channel), name=f"L-{self.number}", quote=token)
        cause, write = self.cause, self.application.database.write
        while True:
            try:
                return await write(place, self.application.programme, cause, begun(cause), asked)
            except Unavailable as busy:  # a machine too slow for so many: nothing happened yet
                await asyncio.sleep(busy.retry_after)

    async def let_go(self, placed: Sequence[Placed]) -> None:
        """Cancel one of two orders, and let the time of the others run out."""
        for each in placed[::2]:
            cause, order = self.cause, each.history.order.id
            await self.application.database.write(
                cancel, self.application.programme, cause, begun(cause, order), Cancelling()
            )
        self.minutes += 31
        await release_overdue_holds(self.application, self.cause)

    async def taken(self) -> Mapping[str, int]:
        """Return what is taken of the voucher and of the limits; nothing is left out."""
        async with self.application.database.read() as connection:
            rows = await connection.execute(
                text(
                    "select scope, used from benefits.counter where used <> 0 union all"
                    " select 'voucher', uses_reserved + uses_redeemed from benefits.voucher"
                    " where uses_reserved + uses_redeemed <> 0"
                )
            )
            return {scope.removeprefix("rule:"): used for scope, used in rows}


def begun(cause: Cause, order: UUID | None = None) -> Begun:
    """Return a step of a guest, whose row nobody locks."""
    return Begun(Attempt(cause.actor, "races", None, b"", None, cause.at), None, order)


def basket(channel: str) -> Basket:
    """Return a cart that is worth what every rule takes off."""
    lines = (Line("1", "SKU-1", 3, 999), Line("2", "SKU-2", 1, 334))
    codes = (CODE,) if channel == "voucher" else ()
    return Basket(Cart("USD", lines, channel=channel), codes)


def told(outcomes: Sequence[object]) -> Counter[str]:
    """Return how often each outcome came out: `done`, or the code of the refusal."""
    return Counter("done" if isinstance(one, Placed) else _code(one) for one in outcomes)


def winners(outcomes: Sequence[object]) -> list[Placed]:
    """Return the orders that were placed."""
    return [one for one in outcomes if isinstance(one, Placed)]


def discounts(placed: Sequence[Placed]) -> Counter[int]:
    """Return how often how much was taken off."""
    return Counter(one.decision.totals.discount for one in placed if one.decision is not None)


def _code(error: object) -> str:
    code = getattr(error, "code", None)
    if isinstance(error, BaseException) and not isinstance(code, str):
        raise error
    return str(code)


async def opened(connection: AsyncConnection, cause: Cause) -> None:
    """Publish the rules, and issue the one voucher, which is bound to nobody."""
    await define_voucher(connection, cause, VoucherDefinition("last-one", {"en": "The last one"}))
    drafted = [await draft_rule(connection, cause, rule) for rule in RULES]
    await publish_rules(connection, cause, [(one.rule, one.version) for one in drafted])
    one = new_id(cause.at)
    await take_names(connection, [Name(VOUCHER, CODE, None, one)])
    voucher = NewVoucher(FREE, one, CODE, "last-one", cause.at - timedelta(days=1))
    await issue_vouchers(connection, [voucher], at=cause.at)


@pytest.fixture
async def database(clone: Clone) -> AsyncIterator[Database]:
    """A connection for every till; every invariant is proved at the end."""
    database = Database.at(clone.application, patience=LONG, pool_size=TILLS)
    yield database
    async with database.snapshot() as connection:
        assert list(await verify(connection)) == []
    await database.dispose()


@pytest.fixture
async def tills(database: Database) -> Tills:
    tills = Tills(await application_over(database))
    await database.write(opened, tills.cause)
    return tills


async def test_of_many_with_the_same_quote_exactly_as_many_have_the_last_as_there_were(
    tills: Tills, proof: Proof
) -> None:
    for _ in range(ROUNDS):
        for channel, (through, refusal, taken) in TOLD.items():
            outcomes = await tills.at_once(channel, TILLS, await tills.quoted(channel))

            assert told(outcomes) == {"done": through, refusal: TILLS - through}
            assert await tills.taken() == {channel: taken}
            await tills.let_go(winners(outcomes))
            assert await tills.taken() == {}
    proof(f"rounds of {TILLS} tills at once for the last voucher, use and money", ROUNDS)


async def test_of_many_priced_as_they_are_placed_each_gets_what_is_left_of_a_budget(
    tills: Tills, proof: Proof
) -> None:
    together = sample(quick=6, full=24)
    for _ in range(ROUNDS):
        outcomes = await tills.at_once("budget", together)

        assert discounts(winners(outcomes)) == {1000: 2, 500: 1, 0: together - 3}
        assert await tills.taken() == {"budget": 2500}
        await tills.let_go(winners(outcomes))
        assert await tills.taken() == {}
    proof(f"rounds of {together} tills at once that shared a budget to the cent", ROUNDS)
