"""An earn and a spend in books of ten thousand journals, and in books of ten million.

Every member has fifty earns, each a lot that stays open, so a member of the large books is like one
of the small. A million journals at most come in set by set through the intake; the rest are copies
of their rows for other members, which is quicker and makes the same tables. Members are drawn at
random from all of them. The runs of both sizes take turns.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.bench import budgets
from loyalty.bench.figures import Budget, Figure, beside, ratio
from loyalty.bench.opponent import Script, run_script
from loyalty.bench.plan import Plan
from loyalty.bench.postings import earning, spending_from_one_lot
from loyalty.bench.rig import Rig
from loyalty.database import Database, Patience
from loyalty.ids import new_id

EACH: Final = 50
BATCH: Final = 250_000
FILLERS: Final = 2
POSTED: Final = 1_000_000
FILLING: Final = Patience(
    statement=3_600_000, lock=10_000, idle_in_transaction=60_000, deadline=60_000
)
SMALL, LARGE = "few_journals", "many_journals"

# Ids are drawn from the position, in the order of time as UUID v7 are.
_EARNS: Final = r"""
    SELECT CAST(:batch AS uuid), place, 'earn', lpad(to_hex(1 + place / :each), 32, '0')::uuid,
        'points', 'order\:' || id || '\:earn\:1', id, 1000, at, '', 'system', 'bench',
        '{"tier": "gold", "channel": "web"}'::jsonb, id, 'order', 'sale', false,
        TIMESTAMPTZ '2200-01-01 00:00:00+00', 0
    FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS place
    CROSS JOIN LATERAL (SELECT lpad(to_hex(place), 32, '0')::uuid AS id,
        TIMESTAMPTZ '2024-01-01 00:00:00+00' + place * interval '1 second' AS at) AS one
"""
# Whatever table has a holder is copied, column by column, with another holder.
_COPY: Final = """
    DO $do$
    DECLARE
        one record;
    BEGIN
        FOR one IN
            SELECT c.oid::regclass AS name, string_agg(quote_ident(a.attname), ', ') AS columns,
                string_agg(CASE a.attname WHEN 'holder' THEN
                    $$lpad(to_hex(('x' || right(holder::text, 8))::bit(32)::bigint + %(after)d),
                        32, '0')::uuid$$ ELSE quote_ident(a.attname) END, ', ') AS copies
            FROM pg_class AS c
            JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE c.relnamespace = 'ledger'::regnamespace AND c.relkind = 'r'
            GROUP BY c.oid HAVING bool_or(a.attname = 'holder')
        LOOP
            EXECUTE format('INSERT INTO %%s (%%s) SELECT %%s FROM %%s WHERE holder <= %%L',
                one.name, one.columns, one.copies, one.name,
                lpad(to_hex(%(members)d), 32, '0')::uuid);
        END LOOP;
    END
    $do$
"""
_COLUMNS: Final = (
    *("kind", "holder", "asset", "key", "journal", "amount", "effective_at", "reason", "actor"),
    *("request_id", "labels", "lot", "source", "lot_class", "pending", "expires_at", "allocated"),
)


def measure(rig: Rig, pgbench: Path, plan: Plan) -> list[Figure]:
    """Fill both books, then let earns and spends take turns on them."""
    few, many = plan.journals
    for database, journals in ((SMALL, few), (LARGE, many)):
        rig.add_programme(database)
        posted = min(journals, POSTED)
        asyncio.run(fill(rig, database, posted))
        multiply(rig, database, posted, journals)
        rig.run_as_superuser("VACUUM ANALYZE", database=database)
    return [
        _figure(rig, pgbench, plan, budgets.EARN_FLAT, earning),
        _figure(rig, pgbench, plan, budgets.SPEND_FLAT, _spending),
    ]


def _spending(members: int) -> Script:
    return spending_from_one_lot(1, members)


def _figure(
    rig: Rig, pgbench: Path, plan: Plan, budget: Budget, script: Callable[[int], Script]
) -> Figure:
    few, many = plan.journals
    rates: dict[str, list[float]] = {SMALL: [], LARGE: []}
    for _ in range(plan.runs):
        for database, journals in ((SMALL, few), (LARGE, many)):
            rig.settle_down()
            own = script(journals // EACH)
            rate = run_script(rig, pgbench, own, seconds=plan.seconds, database=database)
            rates[database].append(rate)
    told = beside(rates[SMALL], rates[LARGE], f"a second, {few:,} and {many:,} journals")
    return Figure(budget, ratio(rates[SMALL], rates[LARGE]), told)


def multiply(rig: Rig, database: str, journals: int, wanted: int) -> None:
    """Copy the rows of members to members after them, until there are as many as wanted."""
    while journals < wanted:
        copied = min(journals, wanted - journals) // EACH
        values = {"members": copied, "after": journals // EACH}
        rig.run_as_superuser(_COPY % values, database=database)
        journals += copied * EACH


async def fill(rig: Rig, database: str, journals: int) -> None:
    """Write so many journals of earns, a batch of whole members at a time, two at once."""
    programme = Database.at(rig.url(database), patience=FILLING)
    try:
        starts = range(0, journals, BATCH)
        for turn in range(0, len(starts), FILLERS):
            async with asyncio.TaskGroup() as group:
                for first in starts[turn : turn + FILLERS]:
                    last = min(first + BATCH, journals) - 1
                    group.create_task(programme.write(_earn, rig.now(), first, last))
    finally:
        await programme.dispose()


async def _earn(connection: AsyncConnection, at: datetime, first: int, last: int) -> None:
    batch = new_id(at)
    staged = text(ledger.stage_in_sql(_COLUMNS, _EARNS))
    values = {"batch": batch, "first": first, "last": last, "each": EACH}
    await connection.execute(staged, values)
    refused = await ledger.post_intake(connection, batch, at=at)
    if refused:
        ledger.demand(refused[0])
