"""A shop to be measured: members, a ladder, rules, and carts of 20 lines.

Members are written set by set; ladder, rules and keys through the use cases. A few rules concern
every cart; all others name a SKU each, as a shop's price actions do, so about four of a thousand
are candidates for a cart of 20 lines out of 5,000 SKUs.
"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from loyalty.bench.rig import Rig
from loyalty.cause import SYSTEM, Cause
from loyalty.database import LONG, Database
from loyalty.history.copying import copy_rows
from loyalty.ids import new_id
from loyalty.keys import Role, create_key
from loyalty.ladders import publish_ladder
from loyalty.policy.store import BEGINNING
from loyalty.rules import draft_rule, publish_rules
from loyalty.signing import make_first_signing_key
from loyalty.tables import member, name, profile

T = TypeVar("T")

SKUS: Final = 5_000
CATEGORIES: Final = 50
LINES: Final = 20
SEED: Final = 2_026
BATCH: Final = 5_000

EVERYBODY: Final[tuple[Mapping[str, Any], ...]] = (
    {"rule": "base", "effects": [{"effect": "earn", "points": 1, "per": 100}]},
    {
        "rule": "card-price",
        "when": {"fact": "member", "is": True},
        "effects": [{"effect": "exclusive-price", "line_price": True}],
    },
    {
        "rule": "gold-triple",
        "when": {"fact": "tier", "is": "gold"},
        "effects": [{"effect": "earn", "multiplier": 3}],
    },
    {
        "rule": "gold-free-shipping",
        "when": {"fact": "tier", "at-least": "gold"},
        "effects": [{"effect": "free-shipping"}],
    },
    {
        "rule": "ten-off",
        "when": {"fact": "subtotal", "at-least": 10_000},
        "effects": [{"effect": "amount-off", "amount": 1_000, "target": "order"}],
    },
    {
        "rule": "welcome",
        "when": {"fact": "first-order", "is": True},
        "effects": [{"effect": "earn", "bonus": 50}],
    },
)


def build_shop(rig: Rig, database: str, *, members: int, rules: int) -> str:
    """Furnish a migrated database as a shop's programme and answer a checkout key."""
    return _run(rig.url(database), _build, rig, members, rules)


def prepare_history(rig: Rig, database: str) -> None:
    """Publish a ladder and the base rule, which decide what an imported year earned."""

    async def prepare(database: Database, rig: Rig) -> None:
        cause = Cause(at=rig.now(), actor=SYSTEM, request_id="bench")
        await database.write(make_first_signing_key, cause)
        await database.write(_publish_ladder, cause)
        await database.write(_publish, cause, 1, BEGINNING)

    _run(rig.url(database), prepare, rig)


def replace_rules(rig: Rig, database: str, rules: int) -> None:
    """Publish another number of rules."""

    async def publish(database: Database, rig: Rig) -> None:
        cause = Cause(at=rig.now(), actor=SYSTEM, request_id="bench")
        await database.write(_publish, cause, rules)

    _run(rig.url(database), publish, rig)


def give_key(rig: Rig, database: str, role: Role) -> str:
    """Answer a new key of a role."""

    async def give(database: Database, rig: Rig) -> str:
        cause = Cause(at=rig.now(), actor=SYSTEM, request_id="bench")
        _, text = await database.write(
            create_key, cause, role=role, label="bench", lives=timedelta(days=1)
        )
        return text

    return _run(rig.url(database), give, rig)


def holder_of(number: int) -> UUID:
    """The holder of the n-th member's wallet, as `loyalty.bench.postings` numbers them."""
    return UUID(int=number)


def carts(members: int) -> Iterator[bytes]:
    """Bodies of quotes, without end: any member, any 20 SKUs."""
    draw = random.Random(SEED)
    while True:
        order = cart(draw)
        body = {"member": f"ext:C-{draw.randint(1, members)}", "order": order}
        yield json.dumps(body, separators=(",", ":")).encode()


def cart(draw: random.Random) -> Mapping[str, Any]:
    """Some cart of 20 lines."""
    return {
        "currency": "USD",
        "channel": "web",
        "country": "US",
        "lines": [_line(draw, place) for place in range(1, LINES + 1)],
        "shipping": {"method": "standard", "price": 590},
    }


def _line(draw: random.Random, place: int) -> Mapping[str, Any]:
    sku = draw.randrange(SKUS)
    price = 199 + sku % 1_800
    return {
        "line_id": str(place),
        "sku": f"SKU-{sku}",
        "category": f"C-{sku % CATEGORIES}",
        "quantity": draw.randint(1, 3),
        "unit_price": price,
        "member_price": price - price // 20,
    }


def _run(url: URL, work: Callable[..., Awaitable[T]], *arguments: object) -> T:
    async def within() -> T:
        database = Database.at(url, patience=LONG)
        try:
            return await work(database, *arguments)
        finally:
            await database.dispose()

    return asyncio.run(within())


async def _build(database: Database, rig: Rig, members: int, rules: int) -> str:
    cause = Cause(at=rig.now(), actor=SYSTEM, request_id="bench")
    await database.write(make_first_signing_key, cause)
    ladder = await database.write(_publish_ladder, cause)
    for begin in range(1, members + 1, BATCH):
        numbers = range(begin, min(begin + BATCH, members + 1))
        await database.write(_join, cause, ladder, numbers)
    await database.write(_publish, cause, rules)
    _, text = await database.write(
        create_key, cause, role="checkout", label="bench", lives=timedelta(days=1)
    )
    return text


async def _publish_ladder(connection: AsyncConnection, cause: Cause) -> tiers.Ladder:
    document = tiers.default_ladder(
        silver=(100_000, 5), gold=(300_000, 12), diamond=(1_000_000, 30)
    )
    return await publish_ladder(connection, cause, document)


async def _join(
    connection: AsyncConnection, cause: Cause, ladder: tiers.Ladder, numbers: range
) -> None:
    joined = [(number, new_id(cause.at)) for number in numbers]
    at = cause.at - timedelta(days=400)
    by = (cause.actor, cause.request_id)
    await copy_rows(
        connection,
        member,
        ("id", "holder", "class", "joined_at", "actor", "request_id"),
        ((one, holder_of(number), "consumer", at, *by) for number, one in joined),
    )
    await copy_rows(
        connection,
        name,
        ("kind", "name", "member", "id"),
        (("member", f"C-{number}", one, one) for number, one in joined),
    )
    await copy_rows(connection, profile, ("member",), ((one,) for _, one in joined))
    await tiers.record(
        connection,
        [tiers.begin(ladder, member=one, joined_on=at.date()) for _, one in joined],
        at=cause.at,
        actor=cause.actor,
        request_id=cause.request_id,
    )


async def _publish(
    connection: AsyncConnection, cause: Cause, rules: int, live_from: datetime | None = None
) -> None:
    actions = range(max(rules - len(EVERYBODY), 0))
    chosen = [*EVERYBODY[:rules], *(_action(number) for number in actions)]
    drafted = [await draft_rule(connection, cause, document) for document in chosen]
    wanted = [(one.rule, one.version) for one in drafted]
    await publish_rules(connection, cause, wanted, live_from=live_from)


def _action(number: int) -> Mapping[str, Any]:
    """A price action on one SKU."""
    sku = {"fact": "sku", "is": f"SKU-{number * 7 % SKUS}"}
    return {
        "rule": f"action-{number}",
        "when": {"fact": "quantity", "at-least": 1, "where": sku},
        "effects": [{"effect": "percent-off", "percent": 5, "target": "lines", "where": sku}],
    }
