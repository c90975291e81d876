"""History files written for tests, and the programme they are brought into."""

import csv
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from loyalty.bootstrap import Application
from loyalty.cause import SYSTEM, Cause
from loyalty.database import Database
from loyalty.history.orders import import_orders
from loyalty.history.programme import Effects
from loyalty.history.summary import Summary
from loyalty.policy import document_of, policy_at, publish_policy
from loyalty.policy.store import BEGINNING
from loyalty.rules import draft_rule, publish_rules
from tests.support.api import application_over
from tests.support.database import Clone
from tests.support.policies import lasting

BASE_RULE: Mapping[str, object] = {
    "rule": "base",
    "effects": [{"effect": "earn", "points": 1, "per": 100}],
}
LADDER = tiers.default_ladder(silver=(10_000, 3), gold=(30_000, 6), diamond=(90_000, 20))

BY_LINE = (
    *("order_id", "member", "ordered_at", "kind", "currency", "returns_order_id"),
    *("line_id", "sku", "category", "quantity", "amount"),
)
WHOLE = ("order_id", "member", "ordered_at", "kind", "currency", "order_amount")


@pytest_asyncio.fixture
async def application(database: Database, clone: Clone) -> AsyncIterator[Application]:
    """The object graph over the test's own database, which other processes reach as well."""
    url = clone.application.render_as_string(hide_password=False)
    yield await application_over(database, url)


def cause_now(application: Application) -> Cause:
    """The cause of what a test sets up."""
    return Cause(application.clock.now(), SYSTEM, "test")


async def publish(
    application: Application,
    *,
    rules: Sequence[Mapping[str, object]] = (BASE_RULE,),
    ladder: Mapping[str, object] | None = LADDER,
    live_from: datetime | None = BEGINNING,
    **policy: object,
) -> None:
    """Publish a policy that differs from the first one as said, a ladder and rules."""
    cause = cause_now(application)

    async def work(connection: AsyncConnection) -> None:
        live = await policy_at(connection, cause.at)
        document = {**document_of(live), **lasting(None), **policy}
        await publish_policy(connection, cause, document)
        if ladder is not None:
            await tiers.publish_ladder(
                connection, ladder, at=cause.at, actor=cause.actor, request_id=cause.request_id
            )
        drafted = [await draft_rule(connection, cause, rule) for rule in rules]
        if drafted:
            wanted = [(rule.rule, rule.version) for rule in drafted]
            await publish_rules(connection, cause, wanted, live_from=live_from)

    await application.database.write(work)


async def bring(
    application: Application,
    path: Path,
    *,
    effects: Effects = "both",
    rules: int | None = None,
    processes: int | None = None,
) -> Summary:
    """Bring a file along."""
    return await import_orders(application, path, effects=effects, rules=rules, processes=processes)


def write(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    """Write a history file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
    return path


def rejects_of(path: Path) -> list[dict[str, str]]:
    """The rows of the file of rejects."""
    with path.with_name(path.name + ".rejects.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
