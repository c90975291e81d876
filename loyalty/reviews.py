"""The tier review: what time alone decides about standings, batch by batch.

A standing says on which day something is next decided about it even if nothing happens. Each batch
locks its members, and one statement decides and stores them with their reasons. So does moving to a
ladder that was published at once; where promises are kept, they differ, and members of an earlier
ladder are decided one by one. Who will soon lose a tier is
told so, and what would prevent it.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Select, Text, Uuid, case, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.database import Database
from loyalty.events import Event, events_from, record_events
from loyalty.filling import fill_gains
from loyalty.ids import new_id
from loyalty.ladders import publish_due_drafts
from loyalty.policy import Policy, policy_at
from loyalty.tables import event, member

BATCH: Final = 200
YOUNG: Final = timedelta(days=2)
"""How long after its publication a ladder is still given what was earned meanwhile."""
SIDE_BY_SIDE: Final = 3
"""How many batches are reviewed at a time."""
MANY: Final = 20_000
"""How many standings one statement decides; their members are locked meanwhile."""
OF_MANY: Final = select(
    func.set_config("work_mem", "64MB", literal(value=True)),
    func.set_config("plan_cache_mode", "force_custom_plan", literal(value=True)),
    case(
        (
            func.has_parameter_privilege("wal_compression", "SET"),
            func.set_config("wal_compression", "off", literal(value=True)),
        )
    ),
)
"""In this transaction: memory for what is decided of so many, and a plan that knows how many.

Where the role may say so, pages are logged as they are: pressing them took as long as deciding.
"""


async def review_tiers(application: Application, cause: Cause) -> int:
    """Review every standing that is due or on an older ladder; answer how many."""
    await application.database.write(publish_due_drafts, cause)
    await application.database.write(bring_gains, cause)
    reviewed = 0
    while moved := await application.database.write(move_batch, cause):
        reviewed += moved
        await asyncio.sleep(0)
    last = None
    while behind := await application.database.write(catch_up_batch, cause, after=last):
        reviewed += len(behind)
        last = behind[-1]
        await asyncio.sleep(0)
    reviewed += await review_due(application.database, cause)
    while batch := await application.database.write(foretell_batch, cause):
        del batch
        await asyncio.sleep(0)
    return reviewed


async def bring_gains(connection: AsyncConnection, cause: Cause) -> int:
    """Bring along what the assets of a young ladder earned while it was being published."""
    published = (await tiers.list_ladders(connection))[:1]
    if not published or cause.at - published[0].published_at > YOUNG:
        return 0
    return await fill_gains(connection, await policy_at(connection, cause.at), published[0].ladder)


async def review_due(database: Database, cause: Cause, *, size: int = MANY) -> int:
    """Review every standing that is due, some batches at a time, and return how many.

    Each has a connection and members of its own, and takes the next part when it is done. What has
    become due meanwhile waits for the next review.
    """
    waiting = iter(await _parts_due(database, cause, size))
    takers = (_take_parts(database, cause, waiting) for _ in range(SIDE_BY_SIDE))
    reviewed = 0
    for taken in await asyncio.gather(*takers, return_exceptions=True):
        if isinstance(taken, BaseException):
            raise taken
        reviewed += taken
    return reviewed


async def review_batch(
    connection: AsyncConnection, cause: Cause, part: tiers.Part = tiers.EVERYBODY
) -> int:
    """Review the standings of a part that are due, tell who moved, and return how many were due."""
    ladder = await tiers.live_ladder(connection)
    if ladder is None:
        return 0
    today = (await policy_at(connection, cause.at)).day_of(cause.at)
    await connection.execute(OF_MANY)
    batch = await _lock_due(connection, tiers.due_in(part, today, version=ladder.version))
    if batch is None:
        return 0
    moved = tiers.review(
        ladder,
        batch,
        on=today,
        at=cause.at,
        actor=cause.actor,
        request_id=cause.request_id,
    ).cte("moved")
    told = events_from(cause, "tier.changed", moved, _change(moved)).returning(event.c.sequence)
    await connection.execute(select(func.count()).select_from(told.cte("told")))
    return batch.count


async def move_batch(connection: AsyncConnection, cause: Cause, *, limit: int = MANY) -> int:
    """Move one batch of standings to a ladder that was published at once; answer how many."""
    ladder = await tiers.live_ladder(connection)
    if ladder is None or ladder.moves != "at-once":
        return 0
    policy = await policy_at(connection, cause.at)
    today = policy.day_of(cause.at)
    behind = await tiers.movable(connection, ladder.version, on=today, limit=limit)
    if not behind:
        return 0
    await connection.execute(OF_MANY)
    await _lock(connection, policy, behind)
    moved = await tiers.move(
        connection,
        ladder,
        behind,
        on=today,
        at=cause.at,
        actor=cause.actor,
        request_id=cause.request_id,
    )
    await record_events(connection, cause, [_changed(cause, each) for each in moved])
    return len(behind)


async def catch_up_batch(
    connection: AsyncConnection, cause: Cause, *, after: UUID | None, limit: int = BATCH
) -> Sequence[UUID]:
    """Decide one batch of standings that name an older ladder, by the live one."""
    ladder = await tiers.live_ladder(connection)
    if ladder is None:
        return ()
    policy = await policy_at(connection, cause.at)
    behind = await tiers.left_behind(connection, ladder.version, limit=limit, after=after)
    joined_on = await _lock(connection, policy, behind)
    if not joined_on:
        return behind
    subjects = await tiers.find_subjects(connection, joined_on)
    decisions = [
        tiers.decide(ladder, subject, (), on=policy.day_of(cause.at))
        for subject in subjects.values()
        if subject.standing is not None
    ]
    await tiers.record(
        connection, decisions, at=cause.at, actor=cause.actor, request_id=cause.request_id
    )
    await record_events(connection, cause, changes_of(cause, decisions))
    return behind


async def foretell_batch(connection: AsyncConnection, cause: Cause, *, limit: int = BATCH) -> int:
    """Tell one batch of members which tier they will lose, and what would keep it."""
    ladder = await tiers.live_ladder(connection)
    if ladder is None or ladder.notice_days == 0:
        return 0
    policy = await policy_at(connection, cause.at)
    today = policy.day_of(cause.at)
    falling = await tiers.about_to_fall(connection, today, within=ladder.notice_days, limit=limit)
    if not falling:
        return 0
    joined_on = await _lock(connection, policy, falling)
    subjects = await tiers.find_subjects(connection, joined_on)
    await tiers.mark_told(connection, falling)
    told = [
        event
        for subject in subjects.values()
        if (event := _will_fall(cause, ladder, subject, today)) is not None
    ]
    await record_events(connection, cause, told)
    return len(falling)


def changes_of(cause: Cause, decisions: Sequence[tiers.Decision]) -> list[Event]:
    """The events of decisions that no order made: one for each change of the tier in force."""
    return [
        _changed(
            cause,
            tiers.Moved(one.member, change.on, change.rule, change.before, change.after),
        )
        for one in decisions
        for change in one.changes
        if change.before != change.after
    ]


async def _lock(
    connection: AsyncConnection, policy: Policy, members: Sequence[UUID]
) -> dict[UUID, date]:
    """Lock the members in order of id, and answer when each joined."""
    locked = await connection.execute(
        select(member.c.id, member.c.joined_at)
        .where(member.c.id == func.any(literal(list(members), ARRAY(Uuid))))
        .order_by(member.c.id)
        .with_for_update(key_share=True)
    )
    return {row.id: policy.day_of(row.joined_at) for row in locked}


async def _parts_due(database: Database, cause: Cause, size: int) -> tuple[tiers.Part, ...]:
    async with database.read() as connection:
        today = (await policy_at(connection, cause.at)).day_of(cause.at)
        return await tiers.parts_due(connection, today, size=size, takers=SIDE_BY_SIDE)


async def _take_parts(database: Database, cause: Cause, waiting: Iterator[tiers.Part]) -> int:
    """Review one part after another of those that nobody took, and return how many were due."""
    return sum([await database.write(review_batch, cause, part) for part in waiting])


async def _lock_due(connection: AsyncConnection, who: Select[UUID, date]) -> tiers.Batch | None:
    """Lock the members who are due in order of id; their ids stay where they are."""
    due = who.subquery("due")
    locked = (
        select(due.c.member, due.c.first)
        .join_from(due, member, member.c.id == due.c.member)
        .order_by(member.c.id)
        .with_for_update(key_share=True, of=member)
        .cte("locked")
    )
    return tiers.read_batch((await connection.execute(tiers.batch_of(locked))).one())


def _change(moved: CTE) -> ColumnElement[Any]:
    """The SQL of what `_changed` tells."""
    return func.jsonb_build_object(
        literal("before", Text),
        moved.c.tier_before,
        literal("after", Text),
        moved.c.tier,
        literal("rule", Text),
        moved.c.rule,
        literal("on", Text),
        moved.c.effective_on,
        type_=JSONB,
    )


def _changed(cause: Cause, moved: tiers.Moved) -> Event:
    return Event(
        id=new_id(cause.at),
        member=moved.member,
        type="tier.changed",
        effective_at=cause.at,
        data={
            "before": moved.before,
            "after": moved.after,
            "rule": moved.rule.value,
            "on": moved.on.isoformat(),
        },
    )


def _will_fall(
    cause: Cause, ladder: tiers.Ladder, subject: tiers.Subject, today: date
) -> Event | None:
    standing = subject.standing
    if standing is None or standing.fall is None:
        return None
    data: dict[str, object] = {
        "tier": standing.effective_on(today)[0],
        "to": standing.effective_on(standing.fall.on)[0],
        "on": standing.fall.on.isoformat(),
    }
    keep = tiers.progress_of(ladder, subject, on=today).keep
    if keep is not None and keep.by is not None:
        data["keep"] = {
            "join": keep.join,
            "purchases": keep.purchases,
            "orders": keep.orders,
            "active_days": keep.active_days,
            "assets": [{"asset": asset, "missing": short} for asset, short in keep.assets],
            "by": keep.by.isoformat(),
        }
    return Event(
        id=new_id(cause.at),
        member=subject.member,
        type="tier.will-fall",
        effective_at=cause.at,
        data=data,
    )
