"""History comes out as if the shop had reported every order through the API when it happened."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from benefits import Cart, Line
from loyalty.bootstrap import Application
from loyalty.cause import SYSTEM, Cause
from loyalty.checkout.basket import Basket
from loyalty.database import Database
from loyalty.idempotency import Attempt, Begun
from loyalty.members import Joining, Member, join, lock_member
from loyalty.members.types import Ref
from loyalty.orders.comebacks import ReturnedRow
from loyalty.orders.completing import Completing, complete
from loyalty.orders.placing import NewOrder, place
from loyalty.orders.types import PricedBy
from loyalty.orders.unnamed import Unnamed, return_unnamed
from tests.loyalty.history.files import BY_LINE, application, bring, publish, write
from tests.support.api import application_over
from tests.support.database import Cluster
from tests.support.policies import lasting

__all__ = ["application"]

RULES: Final = (
    {"rule": "base", "effects": [{"effect": "earn", "points": 1, "per": 100}]},
    {
        "rule": "gold-more",
        "when": {"fact": "tier", "at-least": "silver"},
        "effects": [{"effect": "earn", "multiplier": "1.5"}],
    },
    {
        "rule": "tea-more",
        "effects": [
            {"effect": "earn", "points": 1, "per": 50, "where": {"fact": "category", "is": "TEA"}}
        ],
    },
    {
        "rule": "welcome",
        "when": {"fact": "first-order", "is": True},
        "effects": [{"effect": "earn", "bonus": 25}],
    },
)

ROWS: Final = (
    # a member's life: rises, returns by SKU, of a named order, more than was bought; a tie in time
    ("a1", "anna", "2025-01-05T10:00:00+00:00", "sale", "", "1", "TEA", "TEA", 3, "47.50"),
    ("a1", "anna", "2025-01-05T10:00:00+00:00", "sale", "", "2", "RYE", "BREAD", 1, "3.33"),
    ("a2", "anna", "2025-01-05T10:00:00+00:00", "sale", "", "1", "MATE", "TEA", 1, "20.01"),
    ("a3", "anna", "2025-02-01T10:00:00+00:00", "sale", "", "1", "JAM", "JAM", 2, "90.00"),
    ("ar", "anna", "2025-02-02T09:00:00+00:00", "return", "", "1", "TEA", "TEA", 2, "40.00"),
    ("as", "anna", "2025-02-03T09:00:00+00:00", "return", "a3", "1", "JAM", "JAM", 5, "99.00"),
    ("a4", "anna", "2025-09-01T10:00:00+00:00", "sale", "", "1", "TEA", "TEA", 1, "11.00"),
    # begins with a return, and returns money without goods
    ("br", "ben", "2025-03-01T10:00:00+00:00", "return", "", "1", "TEA", "TEA", 1, "5.00"),
    ("b1", "ben", "2025-03-02T10:00:00+00:00", "sale", "", "1", "TEA", "TEA", 1, "15.00"),
    ("bs", "ben", "2025-03-09T10:00:00+00:00", "return", "", "1", "", "", 1, "4.00"),
    ("g1", "", "2025-03-02T11:00:00+00:00", "sale", "", "1", "TEA", "TEA", 1, "15.00"),
)

SETTINGS: Final[dict[str, Any]] = {
    "pending_days": 14,
    "time_zone": "America/New_York",
}

_EARN: Final[dict[str, Any]] = {"effect": "earn"}

DELIVERED: Final = {"pending_days": 0, "pending_until": "delivered", "delivery_days": 14}
"""Points wait for a delivery that nobody reports."""

IDLE: Final = {
    "expiry": {
        "default": {"kind": "rolling", "months": 6, "notice": False},
        "sources": {},
        "by_time": True,
        "activities": ["purchase"],
    }
}

OWN: Final = frozenset(
    {
        *("recorded_at", "recorded_xid", "actor", "request_id", "cluster", "canonical"),
        "feed_xid",
        "replaces",  # the number of the standing that this one was decided on: one go, or many
        *("historic", "created_at", "published_at", "published_by", "created_by", "seal"),
    }
)
ID: Final = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=(?:ord|shp|ret|mem|lot)_)[0-9a-z]{26}"
)


@pytest_asyncio.fixture
async def other(cluster: Cluster) -> AsyncIterator[Application]:
    """Another programme, for the same orders by another way."""
    with cluster.cloned() as clone:
        database = Database.at(clone.application)
        url = clone.application.render_as_string(hide_password=False)
        yield await application_over(database, url)
        await database.dispose()


COUNTED: Final = (
    {"rule": "star", "effects": [{**_EARN, "points": 1, "per": 5000, "remainder": "carry"}]},
    {
        "rule": "tea",
        "effects": [{**_EARN, "points": 5, "each": "unit", "where": {"fact": "sku", "is": "TEA"}}],
        "limits": [
            {"count": "points", "for": "member", "every": "month", "most": 12},
            {"count": "uses", "for": "member", "most": 2},
        ],
    },
    {
        "rule": "bands",
        "effects": [
            {
                **_EARN,
                "every": "year",
                "bands": [{"upto": 7777, "points": 1, "per": 100}, {"points": 3, "per": 100}],
            }
        ],
    },
)


@pytest.mark.parametrize(
    ("life", "rules"),
    [(lasting(6), RULES), (IDLE, RULES), (lasting(6) | DELIVERED, COUNTED)],
    ids=["after-months", "idle", "counted"],
)
async def test_history_equals_the_same_orders_reported_when_they_happened(
    application: Application,
    other: Application,
    tmp_path: Path,
    life: Mapping[str, Any],
    rules: Sequence[Mapping[str, Any]],
) -> None:
    for each in (application, other):
        await publish(each, rules=rules, **(SETTINGS | dict(life)))
    rows = [(*row[:4], "USD", *row[4:]) for row in ROWS]
    summary = await bring(application, write(tmp_path / "orders.csv", BY_LINE, rows))
    assert summary.complete
    await report(other)
    brought, reported = await contents(application), await contents(other)
    assert brought.keys() == reported.keys()
    for table, rows_of in brought.items():
        assert (rows_of - reported[table], reported[table] - rows_of) == (Counter(), Counter()), (
            table
        )


async def report(application: Application) -> None:
    """Report every order through the use cases at the instant it happened."""
    members: dict[str, Member] = {}
    orders: dict[str, list[tuple[Any, ...]]] = {}
    for row in ROWS:
        orders.setdefault(row[0], []).append(row)
    in_time = sorted(
        orders.values(), key=lambda rows: (rows[0][2], rows[0][3] != "sale", rows[0][0])
    )
    for rows in in_time:
        _, whose, at_text, kind, *_ = rows[0]
        cause = Cause(datetime.fromisoformat(at_text), SYSTEM, "test")
        if whose and whose not in members:
            members[whose] = await application.database.write(
                join, cause, Joining(external_id=whose, joined_at=cause.at)
            )
        member = members.get(whose)
        if kind == "sale":
            await application.database.write(sell, application, cause, member, rows)
        elif member is not None:
            await application.database.write(take_back, application, cause, member, rows)
    now = application.clock.now()
    while (await application.database.write(ledger.sweep, at=now)).wallets:
        pass


async def sell(
    connection: AsyncConnection,
    application: Application,
    cause: Cause,
    member: Member | None,
    rows: list[tuple[Any, ...]],
) -> None:
    """Place an order at the shop's prices and complete it, at the instant at which it happened."""
    at = datetime.fromisoformat(rows[0][2])
    attempt = Attempt(cause.actor, "test", None, b"", None, cause.at)
    if member is not None:
        await lock_member(connection, Ref("member", "", id=member.id))
    lines = tuple(
        Line(line_id, sku, quantity, round(float(amount) * 100), category)
        for *_, line_id, sku, category, quantity, amount in rows
    )
    asked = NewOrder(
        Basket(Cart("USD", lines)), name=rows[0][0], priced_by=PricedBy.SHOP, placed_at=at
    )
    begun = Begun(attempt, member, None)
    placed = await place(connection, application.programme, cause, begun, asked)
    whole = Begun(attempt, member, placed.history.order.id)
    await complete(connection, application.programme, cause, whole, Completing(at=at))


async def take_back(
    connection: AsyncConnection,
    application: Application,
    cause: Cause,
    member: Member,
    rows: list[tuple[Any, ...]],
) -> None:
    """Return goods, or money, of the order named or of any."""
    attempt = Attempt(cause.actor, "test", None, b"", None, cause.at)
    await lock_member(connection, Ref("member", "", id=member.id))
    found = [
        ReturnedRow(sku, quantity if sku else 0, round(float(amount) * 100))
        for *_, sku, _category, quantity, amount in rows
    ]
    named, of = None, rows[0][4]
    if of:
        query = text("select id from loyalty.name where kind = 'order' and name = :name")
        named = await connection.scalar(query, {"name": of})
    at = datetime.fromisoformat(rows[0][2])
    asked = Unnamed(found, name=rows[0][0], at=at, order=named)
    begun = Begun(attempt, member, None)
    await return_unnamed(connection, application.programme, cause, begun, asked)


async def contents(application: Application) -> dict[str, Counter[str]]:
    """All rows of all tables about members, by whose they are, without what may differ."""
    found: dict[str, Counter[str]] = {}
    async with application.database.read() as connection:
        whose = {
            str(one): row.name
            for row in await connection.execute(
                text(
                    "select n.name, m.id, m.holder from loyalty.name n"
                    " join loyalty.member m on m.id = n.member where n.kind = 'member'"
                )
            )
            for one in (row.id, row.holder)
        }
        for schema, table in await _tables(connection):
            about = " where member is not null" if table == "change" else ""
            rows = await connection.execute(
                text(f'select to_jsonb(t) from {schema}."{table}" t{about}')
            )
            found[f"{schema}.{table}"] = Counter(_told(dict(row), whose, table) for (row,) in rows)
    return found


async def _tables(connection: AsyncConnection) -> list[tuple[str, str]]:
    rows = await connection.execute(
        text(
            "select table_schema, table_name from information_schema.columns"
            " where table_schema in ('loyalty', 'ledger', 'tiers')"
            " and column_name in ('member', 'holder') and table_name <> 'rollup'"
            " group by 1, 2 order by 1, 2"
        )
    )
    return [(row.table_schema, row.table_name) for row in rows]


def _told(row: dict[str, Any], whose: dict[str, str], table: str) -> str:
    owner = whose.get(str(row.get("member") or row.get("holder") or row.get("id")), "nobody")
    kept = {key: value for key, value in row.items() if key not in OWN}
    if table in {"event", "transfer"}:
        # one counts over the whole feed; of lots due at one instant, ids decide which comes first
        kept.pop("position", None)
    return owner + " " + ID.sub("id", str(sorted(kept.items())))
