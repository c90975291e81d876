"""Ladders in the making: drafts, their previews, publishing and retiring, each on the trail.

A draft changes nothing. Publishing says when members move: at once, to where their whole history
puts them; at their next review, keeping what was promised; or on a day, which is at once on it.
"""

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import Select, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.errors import LoyaltyError
from loyalty.filling import fill_gains
from loyalty.ids import new_id, show
from loyalty.policy import policy_at
from loyalty.tables import member

_PATIENCE: Final = "300s"
_MEMORY: Final = "256MB"

DRAFT: Final = "drf"
"""How ids of drafts begin."""
_record: Final = partial(record_change, subject_kind="ladder-draft")


class PreviewInFuture(LoyaltyError):
    """A ladder is previewed on a day that has come, not on {seen}."""

    code = "preview-in-future"
    seen: str


class StartInPast(LoyaltyError):
    """A ladder starts on a day after today, not on {seen}; without a day it starts now."""

    code = "ladder-starts-in-past"
    seen: str


def qualifying() -> Select[UUID]:
    """The members who stand on a ladder: consumers whose account is open."""
    return select(member.c.id).where(member.c.class_ == "consumer", member.c.closed_at.is_(None))


async def publish_ladder(
    connection: AsyncConnection,
    cause: Cause,
    document: Mapping[str, object],
    *,
    after: int | None = None,
    moves: tiers.Moves | None = None,
) -> tiers.Ladder:
    """Publish the next version; `after` refuses when somebody published another meanwhile."""
    before = await tiers.live_ladder(connection)
    ladder = await tiers.publish_ladder(
        connection,
        document,
        at=cause.at,
        actor=cause.actor,
        request_id=cause.request_id,
        after=after,
        moves=moves,
    )
    await _bring_gains(connection, cause, ladder)
    await record_change(
        connection,
        cause,
        subject_kind="ladder",
        subject=str(ladder.version),
        action="publish",
        before=None if before is None else {"version": before.version},
        after={"version": ladder.version, "moves": ladder.moves, "document": dict(document)},
    )
    return ladder


async def make_draft(
    connection: AsyncConnection, cause: Cause, document: Mapping[str, object]
) -> tiers.Draft:
    """Store a draft; raises a `Ladder…` refusal where the ladder could not work."""
    made = await tiers.add_draft(
        connection,
        document,
        draft_id=new_id(cause.at),
        at=cause.at,
        actor=cause.actor,
        request_id=cause.request_id,
    )
    await _bring_gains(connection, cause, made.ladder)
    await _record(
        connection,
        cause,
        subject=show(DRAFT, made.id),
        action="draft",
        after={"document": dict(document)},
    )
    return made


async def change_draft(
    connection: AsyncConnection, cause: Cause, draft: UUID, document: Mapping[str, object]
) -> tiers.Draft:
    """Put another document in an open draft; its earlier previews stay with their figures."""
    before = await tiers.open_draft(connection, draft)
    await tiers.change_draft(connection, draft, document=dict(document))
    await _record(
        connection,
        cause,
        subject=show(DRAFT, draft),
        action="change",
        before={"document": dict(before.document)},
        after={"document": dict(document)},
    )
    changed = await tiers.find_draft(connection, draft)
    await _bring_gains(connection, cause, changed.ladder)
    return changed


async def preview_draft(
    connection: AsyncConnection, cause: Cause, draft: UUID, *, on: date | None = None
) -> tuple[int, tiers.Preview]:
    """Where the draft would put every consumer today or on a past day; kept with the draft."""
    found = await tiers.open_draft(connection, draft)
    today = (await policy_at(connection, cause.at)).day_of(cause.at)
    day = on or today
    if day > today:
        raise PreviewInFuture(seen=day.isoformat(), pointer="/on")
    await _take_time(connection)
    await _bring_gains(connection, cause, found.ladder)
    seen = await tiers.preview(connection, found.ladder, on=day, members=qualifying())
    number = await tiers.keep_preview(
        connection,
        draft,
        seen.figures(),
        on=day,
        at=cause.at,
        actor=cause.actor,
        request_id=cause.request_id,
    )
    return number, seen


async def distribution_of(
    connection: AsyncConnection, cause: Cause, ladder: tiers.Ladder, *, on: date | None = None
) -> tiers.Distribution:
    """What every consumer has in the ladder's window today or on a past day, and its thresholds."""
    today = (await policy_at(connection, cause.at)).day_of(cause.at)
    day = on or today
    if day > today:
        raise PreviewInFuture(seen=day.isoformat(), pointer="/on")
    await _take_time(connection)
    return await tiers.distribution(connection, ladder, on=day, members=qualifying())


async def meet_targets(
    connection: AsyncConnection,
    cause: Cause,
    draft: UUID,
    targets: Mapping[str, int],
    *,
    metric: str,
) -> tiers.Met:
    """The draft's ladder with the thresholds that meet targets today; nothing is changed."""
    found = await tiers.find_draft(connection, draft)
    today = (await policy_at(connection, cause.at)).day_of(cause.at)
    await _take_time(connection)
    return await tiers.meet_targets(
        connection, found.ladder, targets, metric=metric, on=today, members=qualifying()
    )


async def publish_draft(
    connection: AsyncConnection,
    cause: Cause,
    draft: UUID,
    *,
    moves: tiers.Moves,
    starts_on: date | None = None,
    after: int | None = None,
) -> tiers.Draft:
    """Publish a draft now, or on a day to come; until then it may be changed or retired."""
    found = await tiers.open_draft(connection, draft)
    today = (await policy_at(connection, cause.at)).day_of(cause.at)
    if starts_on is not None:
        if starts_on <= today:
            raise StartInPast(seen=starts_on.isoformat(), pointer="/on")
        await tiers.change_draft(connection, draft, moves=moves, starts_on=starts_on)
        told: dict[str, object] = {"moves": moves, "starts_on": starts_on.isoformat()}
        await _record(connection, cause, subject=show(DRAFT, draft), action="schedule", after=told)
        return await tiers.find_draft(connection, draft)
    ladder = await publish_ladder(connection, cause, found.document, after=after, moves=moves)
    await tiers.change_draft(connection, draft, moves=moves, published=ladder.version)
    await _record(
        connection,
        cause,
        subject=show(DRAFT, draft),
        action="publish",
        after={"version": ladder.version},
    )
    return await tiers.find_draft(connection, draft)


async def retire_draft(connection: AsyncConnection, cause: Cause, draft: UUID) -> tiers.Draft:
    """Put an open or scheduled draft away; it stays readable and is never published."""
    await tiers.open_draft(connection, draft)
    await tiers.change_draft(connection, draft, retired_at=cause.at)
    await _record(connection, cause, subject=show(DRAFT, draft), action="retire")
    return await tiers.find_draft(connection, draft)


async def publish_due_drafts(connection: AsyncConnection, cause: Cause) -> int:
    """Publish the drafts whose day has come; answer how many."""
    policy = await policy_at(connection, cause.at)
    due = await tiers.drafts_due(connection, policy.day_of(cause.at))
    for draft in due:
        found = await tiers.open_draft(connection, draft)
        await publish_draft(connection, cause, draft, moves=found.moves or "at-once")
    return len(due)


async def _bring_gains(connection: AsyncConnection, cause: Cause, ladder: tiers.Ladder) -> None:
    """Let what its assets earned so far count; of a ladder without assets nothing is read."""
    if ladder.assets:
        await _take_time(connection)
        await fill_gains(connection, await policy_at(connection, cause.at), ladder)


async def _take_time(connection: AsyncConnection) -> None:
    """Let this transaction read everybody's history: longer than a page may, in more memory."""
    local = literal(value=True)
    await connection.execute(
        select(
            func.set_config("statement_timeout", _PATIENCE, local),
            func.set_config("work_mem", _MEMORY, local),
        )
    )
