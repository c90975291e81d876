"""Prove that what is stored follows from what happened.

Reads only. The one idea: a standing is its last change, and also the replay of its activity; where
the three disagree, a row was altered outside this package.
"""

from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tiers.ladder import parse_ladder
from tiers.qualification import replayed
from tiers.scale import (
    Ladder,
)
from tiers.standings import find_subjects
from tiers.tables import activity, ladder, standing, standing_change
from tiers.types import (
    Finding,
    Standing,
    Subject,
)

_BATCH: Final = 1_000


async def verify(connection: AsyncConnection) -> tuple[Finding, ...]:
    """Every row that breaks an invariant, by check and member; empty where all holds.

    Run it on a snapshot. Memory is bounded by a batch of members.
    """
    findings = [*await _standings_against_changes(connection), *await _orphans(connection)]
    ladders = await _ladders(connection)
    after: UUID | None = None
    while members := await _members(connection, after):
        subjects = await find_subjects(connection, dict.fromkeys(members, date.min))
        for member in members:
            findings.extend(_against_replay(subjects[member], ladders))
        after = members[-1]
    return tuple(findings)


def _against_replay(subject: Subject, ladders: dict[int, Ladder]) -> list[Finding]:
    stored = subject.standing
    if stored is None:
        return []
    known = ladders.get(stored.ladder)
    if known is None:
        return [
            Finding("standing-names-published-ladder", subject.member, str(stored.ladder), "any")
        ]
    follows = replayed(known, subject).standing
    if follows is None or follows == stored:
        return []
    return [Finding("standing-equals-replay", subject.member, _brief(stored), _brief(follows))]


async def _standings_against_changes(connection: AsyncConnection) -> list[Finding]:
    last = (
        select(
            standing_change.c.member,
            func.count().label("changes"),
            func.max(standing_change.c.number).label("number"),
        )
        .group_by(standing_change.c.member)
        .subquery("last")
    )
    change = standing_change
    held = standing
    statement = (
        select(
            func.coalesce(held.c.member, last.c.member).label("member"),
            held.c.number,
            held.c.tier,
            held.c.valid_until,
            last.c.changes,
            change.c.number.label("change"),
            change.c.earned,
            change.c.valid_until.label("until"),
        )
        .select_from(held)
        .join(last, last.c.member == held.c.member, full=True)
        .outerjoin(change, (change.c.member == last.c.member) & (change.c.number == last.c.number))
        .where(
            held.c.number.is_distinct_from(last.c.number)
            | held.c.number.is_distinct_from(last.c.changes)
            | held.c.tier.is_distinct_from(change.c.earned)
            | held.c.valid_until.is_distinct_from(change.c.valid_until)
        )
    )
    return [
        Finding(
            "standing-equals-last-change",
            row.member,
            f"{row.number}: {row.tier} until {row.valid_until}",
            f"{row.change} of {row.changes}: {row.earned} until {row.until}",
        )
        for row in (await connection.execute(statement)).all()
    ]


async def _orphans(connection: AsyncConnection) -> list[Finding]:
    statement = (
        select(activity.c.member, func.count().label("rows"))
        .outerjoin(standing, standing.c.member == activity.c.member)
        .where(standing.c.member.is_(None))
        .group_by(activity.c.member)
    )
    rows = (await connection.execute(statement)).all()
    return [
        Finding("activity-has-standing", row.member, f"{row.rows} rows", "a standing")
        for row in rows
    ]


async def _ladders(connection: AsyncConnection) -> dict[int, Ladder]:
    rows = (await connection.execute(select(ladder.c.version, ladder.c.document))).all()
    return {row.version: parse_ladder(row.document, version=row.version) for row in rows}


async def _members(connection: AsyncConnection, after: UUID | None) -> list[UUID]:
    statement = select(standing.c.member).order_by(standing.c.member).limit(_BATCH)
    if after is not None:
        statement = statement.where(standing.c.member > after)
    return list((await connection.execute(statement)).scalars())


def _brief(standing: Standing) -> str:
    return f"{standing.tier} since {standing.since} until {standing.valid_until}"
