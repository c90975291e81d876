"""An earn and a spend in books of ten thousand journals, and in books of ten million.

Every member has fifty earns, each a lot that stays open, so a member of the large books is like one
of the small. The small books come in through the intake. The large ones begin as the same, and are
then doubled until they are large enough, table by table and two at a time: every copy has members,
ids and instants of its own, and indexes are built once all rows are there.

What is compared is the size of the books, so as many members earn and spend in both: the 200 of the
small books, and 200 spread over the large. Beside that stands what it costs when every posting is
for any of the 200,000 (decision 0220). All runs take turns.
"""

import asyncio
import statistics
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.bench import budgets
from loyalty.bench.figures import Budget, Figure, beside, ratio
from loyalty.bench.opponent import Script, run_script
from loyalty.bench.plan import Plan
from loyalty.bench.postings import earning, spending_from_one_lot
from loyalty.bench.rig import Rig
from loyalty.database import LONG, Database
from loyalty.ids import new_id

EACH: Final = 50
COPIERS: Final = 2
SMALL, LARGE = "few_journals", "many_journals"

# Ids are drawn from the position, in the order of time as UUID v7 are.
_EARNS: Final = r"""
    SELECT CAST(:batch AS uuid), place, 'earn', lpad(to_hex(1 + place / :each), 32, '0')::uuid,
        'points', 'order\:' || id || '\:earn\:1', id, 1000, at, '', 'system', 'bench',
        '{"tier": "gold", "channel": "web"}'::jsonb, id, 'order', 'sale', false,
        TIMESTAMPTZ '2200-01-01 00:00:00+00', 0
    FROM generate_series(0, CAST(:journals AS bigint) - 1) AS place
    CROSS JOIN LATERAL (SELECT lpad(to_hex(place), 32, '0')::uuid AS id,
        TIMESTAMPTZ '2024-01-01 00:00:00+00' + place * interval '1 second' AS at) AS one
"""
_COLUMNS: Final = (
    *("kind", "holder", "asset", "key", "journal", "amount", "effective_at", "reason", "actor"),
    *("request_id", "labels", "lot", "source", "lot_class", "pending", "expires_at", "allocated"),
)
# Whatever table has a holder is copied, the largest first: its name, the columns, what stands in
# them in a copy, and the statements that drop and make its indexes.
_TABLES: Final = """
    SELECT c.oid::regclass::text, k.columns, k.copies, i.dropped, i.made
    FROM pg_class AS c
    CROSS JOIN LATERAL (
        SELECT bool_or(a.attname = 'holder') AS has_holder,
            string_agg(quote_ident(a.attname), ', ') AS columns,
            string_agg(format(CASE
            WHEN a.atttypid = 'uuid'::regtype THEN
            $$lpad(to_hex(('x' || right(%1$I::text, 12))::bit(48)::bigint + %2$s), 32, '0')::uuid$$
            WHEN a.attname IN ('effective_at', 'earned_at') THEN $$%1$I + %2$s * interval '1 s'$$
            ELSE '%1$I' END, a.attname,
            CASE a.attname WHEN 'holder' THEN '{members}' ELSE '{journals}' END), ', ') AS copies
        FROM pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    ) AS k
    CROSS JOIN LATERAL (
        SELECT array_agg(CASE WHEN o.oid IS NULL THEN 'DROP INDEX ' || x.indexrelid::regclass
                ELSE format('ALTER TABLE %s DROP CONSTRAINT %I', c.oid::regclass, o.conname) END
            ) AS dropped,
            array_agg(CASE WHEN o.oid IS NULL THEN pg_get_indexdef(x.indexrelid)
                ELSE format('ALTER TABLE %s ADD CONSTRAINT %I %s', c.oid::regclass, o.conname,
                    pg_get_constraintdef(o.oid)) END) AS made
        FROM pg_index AS x LEFT JOIN pg_constraint AS o
            ON o.conindid = x.indexrelid AND o.conrelid = c.oid
        WHERE x.indrelid = c.oid
    ) AS i
    WHERE c.relnamespace = 'ledger'::regnamespace AND c.relkind = 'r' AND k.has_holder
    ORDER BY pg_relation_size(c.oid) DESC
"""
_QUICKER: Final = (
    "SET synchronous_commit = off",
    "SET maintenance_work_mem = '512MB'",
    "SET max_parallel_maintenance_workers = 0",
)


def measure(rig: Rig, pgbench: Path, plan: Plan) -> list[Figure]:
    """Fill both books, then let earns and spends take turns on them."""
    few, many = plan.journals
    for database, journals in ((SMALL, few), (LARGE, many)):
        rig.add_programme(database)
        asyncio.run(fill(rig, database, few))
        multiply(rig, database, few, journals)
        rig.run_as_superuser("VACUUM ANALYZE", database=database)
    return [
        _figure(rig, pgbench, plan, budgets.EARN_FLAT, earning),
        _figure(rig, pgbench, plan, budgets.SPEND_FLAT, _spending),
    ]


def _spending(members: int, *, apart: int) -> Script:
    return spending_from_one_lot(1, members, apart=apart)


class Drawing(Protocol):
    """Makes the script of members drawn at random, of so many that stand apart."""

    def __call__(self, members: int, /, *, apart: int) -> Script:
        """The script that pgbench runs."""


def _figure(rig: Rig, pgbench: Path, plan: Plan, budget: Budget, script: Drawing) -> Figure:
    few, many = plan.journals
    members = few // EACH
    small: list[float] = []
    large: list[float] = []
    any_: list[float] = []
    sides = (
        (small, SMALL, script(members, apart=1)),
        (large, LARGE, script(members, apart=many // few)),
        (any_, LARGE, script(many // EACH, apart=1)),
    )
    for _ in range(plan.runs):
        for rates, database, own in sides:
            rig.settle_down()
            rates.append(run_script(rig, pgbench, own, seconds=plan.seconds, database=database))
    told = beside(small, large, f"a second, {few:,} and {many:,} journals of {members:,} members")
    seldom = f"{statistics.median(any_):,.4g} a second for any of {many // EACH:,}"
    return Figure(budget, ratio(small, large), f"{told}; {seldom}, {ratio(small, any_)} x")


def multiply(rig: Rig, database: str, journals: int, wanted: int) -> None:
    """Copy the rows of members to members after them, until there are as many as wanted."""

    def copy(table: tuple[str, str, str, list[str] | None, list[str] | None]) -> None:
        name, columns, copies, dropped, made = table
        rig.run_as_superuser(
            *_QUICKER,
            *(dropped or ()),
            *_doublings(f"INSERT INTO {name} ({columns}) SELECT {copies}", name, journals, wanted),
            f"VACUUM {name}",
            *(made or ()),
            database=database,
        )

    if journals < wanted:
        with ThreadPoolExecutor(COPIERS) as pool:
            for _ in pool.map(copy, rig.ask(_TABLES, database)):
                pass


def _doublings(copied: str, table: str, journals: int, wanted: int) -> Iterator[str]:
    while journals < wanted:
        more = min(journals, wanted - journals)
        last = f"lpad(to_hex({more // EACH}), 32, '0')::uuid"
        values = {"members": journals // EACH, "journals": journals}
        yield f"{copied.format(**values)} FROM {table} WHERE holder <= {last}"
        journals += more


async def fill(rig: Rig, database: str, journals: int) -> None:
    """Write so many journals of earns."""
    programme = Database.at(rig.url(database), patience=LONG)
    try:
        await programme.write(_earn, rig.now(), journals)
    finally:
        await programme.dispose()


async def _earn(connection: AsyncConnection, at: datetime, journals: int) -> None:
    batch = new_id(at)
    staged = text(ledger.stage_in_sql(_COLUMNS, _EARNS))
    values = {"batch": batch, "journals": journals, "each": EACH}
    await connection.execute(staged, values)
    refused = await ledger.post_intake(connection, batch, at=at)
    if refused:
        ledger.demand(refused[0])
