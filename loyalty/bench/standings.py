"""Many standings decided at once: the night after which a whole year of them is judged.

Members have lived a few thousand different lives over three years, ten shipments each on average;
about a third stand above the bottom, and the ladder's windows are calendar years, so that all of
these are due on the same night. Beside it stands one GROUP BY over the same activity.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from time import perf_counter
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from loyalty.bench import budgets
from loyalty.bench.figures import Figure, beside, ratio, spread
from loyalty.bench.plan import Plan
from loyalty.bench.rig import Rig
from loyalty.cause import Cause, job_actor
from loyalty.database import LONG, Database
from loyalty.ids import new_id
from loyalty.reviews import review_due

JOINED: Final = date(2024, 1, 1)
DAYS: Final = 1_095
TODAY: Final = date(2026, 12, 30)
NIGHT: Final = date(2027, 1, 1)
LIVES: Final = 2_000
SHIPMENTS: Final = 10
EACH: Final = 100_000
WHOLE: Final = 1_000_000
"""The budget names so many changes among so many members; smaller runs count in proportion."""
COPY: Final = "tiers-turn"
REVIEW: Final = "bench-review"
SEED: Final = 13
MEMORY: Final = "SET work_mem = '64MB'"
TABLES: Final = ("standing", "standing_change", "activity")
CHOOSE: Final = """
CREATE TEMP TABLE chosen AS
SELECT CAST(lpad(to_hex(number), 32, '0') AS uuid) AS member,
    lives[1 + CAST(floor(random() * cardinality(lives)) AS integer)] AS life
FROM (SELECT array_agg(member) AS lives FROM tiers.{table}) AS told,
    generate_series(1, {members}) AS number
"""
MULTIPLY: Final = """
DO $$
DECLARE others text;
BEGIN
    SELECT string_agg(attname, ', ' ORDER BY attnum) INTO STRICT others FROM pg_attribute
    WHERE attrelid = 'tiers.{table}'::regclass AND attname <> 'member'
        AND attnum > 0 AND NOT attisdropped;
    CREATE TEMP TABLE told AS TABLE tiers.{table};
    ANALYZE told;
    ANALYZE chosen;
    TRUNCATE tiers.{table};
    EXECUTE format('INSERT INTO tiers.{table} (member, %1$s) SELECT chosen.member, %1$s'
        ' FROM chosen JOIN told ON told.member = chosen.life', others);
    DROP TABLE told;
END
$$
"""
JOIN: Final = """
INSERT INTO loyalty.member (id, holder, class, joined_at, actor, request_id)
SELECT member, CAST(md5(CAST(member AS text)) AS uuid), 'consumer', joined_on, 'system', 'bench'
FROM tiers.{table} ORDER BY member
"""
TELL: Final = """
INSERT INTO loyalty.event (member, sequence, id, type, schema_version, effective_at, actor,
    request_id, historic, data)
SELECT id, 1, holder, 'member.joined', 1, joined_at, actor, request_id, false, '{}'
FROM loyalty.member ORDER BY id
"""
LADDER: Final[dict[str, object]] = tiers.default_ladder(
    silver=(30_000, 6), gold=(60_000, 10), diamond=(150_000, 20)
) | {"window": {"kind": "year"}, "validity": {"unit": "periods", "length": 1}}


@dataclass(frozen=True, slots=True)
class Turn:
    """One run of each, in seconds, and how many changes the review wrote."""

    grouped: float
    decided: float
    written: float
    placed: float | None
    changes: int


def measure(rig: Rig, database: str, plan: Plan) -> list[Figure]:
    """Fill the database, then group, decide, write and place in turn, each turn in a copy of it.

    Placing takes longer than all the rest together, and is measured every other time.
    """
    ladder = asyncio.run(_fill(rig, database, plan))
    turns = []
    for number in range(plan.runs + 1):
        rig.copy_database(database, COPY, strategy="FILE_COPY")
        rig.settle_down()
        turns.append(asyncio.run(_run(rig, ladder, placing=number % 2 == 1)))
        rig.drop_database(COPY)
    return _figures(turns[1:], plan.standings * EACH // WHOLE)


def _figures(turns: Sequence[Turn], tenth: int) -> list[Figure]:
    grouped = [each.grouped for each in turns]
    decided = [each.decided for each in turns]
    placed = [each.placed for each in turns if each.placed is not None]
    more = [max(0.0, each.written - each.decided) * tenth / max(each.changes, 1) for each in turns]
    whole = spread([each.written for each in turns])
    said = f"{turns[0].changes:,} changes in {whole} s, counted by {tenth:,}"
    return [
        Figure(budgets.TIERS_DECIDE, ratio(decided, grouped), beside(decided, grouped, "s")),
        Figure(budgets.TIERS_PREVIEW, ratio(placed, grouped), beside(placed, grouped, "s")),
        Figure(budgets.TIERS_WRITE, ratio(more, grouped), said),
    ]


async def _fill(rig: Rig, database: str, plan: Plan) -> tiers.Ladder:
    programme = Database.at(rig.url(database), patience=LONG)
    try:
        ladder = await programme.write(_publish, rig)
        await programme.write(_tell, ladder, rig)
    finally:
        await programme.dispose()
    rig.run_as_superuser(*_multiplied(plan.standings), "VACUUM ANALYZE", database=database)
    return ladder


async def _run(rig: Rig, ladder: tiers.Ladder, *, placing: bool) -> Turn:
    programme = Database.at(rig.url(COPY), patience=LONG)
    try:
        grouped = await _timed(programme, _group, ladder)
        decided = await _timed(programme, _decide, ladder)
        written = await _write(programme)
        placed = await _timed(programme, _place, ladder) if placing else None
        async with programme.read() as connection:
            changes = await tiers.count_changes(connection, REVIEW)
    finally:
        await programme.dispose()
    return Turn(grouped, decided, written, placed, changes)


async def _publish(connection: AsyncConnection, rig: Rig) -> tiers.Ladder:
    return await tiers.publish_ladder(
        connection, LADDER, at=rig.now(), actor="system", request_id="bench"
    )


async def _tell(connection: AsyncConnection, ladder: tiers.Ladder, rig: Rig) -> None:
    """Store a few thousand lives as the order path stores them."""
    lives = [*_lives(ladder)]
    await tiers.record(connection, lives, at=rig.now(), actor="system", request_id="bench")


def _lives(ladder: tiers.Ladder) -> Iterator[tiers.Decision]:
    chance = random.Random(SEED)
    for _ in range(LIVES):
        joined = JOINED + timedelta(days=chance.randrange(DAYS // 2))
        days = sorted(
            joined + timedelta(days=chance.randrange(DAYS - (joined - JOINED).days))
            for _ in range(min(60, 1 + int(chance.expovariate(1 / (SHIPMENTS - 1)))))
        )
        bought = [
            tiers.Activity(new_id(), new_id(), day, 100 + int(chance.expovariate(1 / 4_000)))
            for day in days
        ]
        subject = tiers.Subject(new_id(), joined, None, ())
        told = tiers.fold(ladder, subject, [(one.on, one) for one in bought])
        known = tiers.Subject(told.member, joined, told.standing, told.written)
        later = tiers.decide(ladder, known, (), on=TODAY)
        changes = told.changes + later.changes
        yield replace(later, changes=changes, written=told.written, previous_number=None)


def _multiplied(members: int) -> tuple[str, ...]:
    """Give each of so many members one of the lives that are stored, in the order of their ids."""
    return (
        f"SELECT setseed(0.{SEED})",
        MEMORY,
        CHOOSE.format(members=members, table=TABLES[0]),
        *(MULTIPLY.format(table=table) for table in TABLES),
        JOIN.format(table=TABLES[0]),
        TELL,
    )


Work = Callable[[AsyncConnection, tiers.Ladder], Awaitable[object]]


async def _timed(programme: Database, work: Work, ladder: tiers.Ladder) -> float:
    async with programme.snapshot() as connection:
        await connection.exec_driver_sql(MEMORY)
        begun = perf_counter()
        await work(connection, ladder)
        return perf_counter() - begun


async def _group(connection: AsyncConnection, _: tiers.Ladder) -> object:
    each = tiers.totals().subquery("each")
    counted = select(func.count(), func.sum(each.c.purchases)).select_from(each)
    return (await connection.execute(counted)).one()


async def _decide(connection: AsyncConnection, ladder: tiers.Ladder) -> object:
    return await tiers.forecast(connection, ladder, on=NIGHT)


async def _place(connection: AsyncConnection, ladder: tiers.Ladder) -> object:
    where = await tiers.placed(connection, ladder, on=TODAY, foretold=False)
    statement = select(where.c.rank, func.count()).group_by(where.c.rank)
    return (await connection.execute(statement)).all()


async def _write(programme: Database) -> float:
    """Review everybody as the job does: with members locked, and those told who moved."""
    cause = Cause(datetime.combine(NIGHT, time.min, UTC), job_actor("review-tiers"), REVIEW)
    begun = perf_counter()
    await review_due(programme, cause)
    return perf_counter() - begun
