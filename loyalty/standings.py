"""What people do to a member's standing by hand: grant a tier until a day, pin it, let it go.

A grant is a floor: what is earned goes on underneath, and when the grant ends the standing falls to
it. Each needs a reason; a grant needs an end. The member's row must be locked.
"""

from collections.abc import Callable
from datetime import date
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from loyalty.cause import Cause
from loyalty.changes import keep_texts, record_change
from loyalty.errors import LoyaltyError
from loyalty.events import record_events
from loyalty.members import Member, refuse_closed
from loyalty.policy import policy_at
from loyalty.reviews import changes_of

GRANT: Final = "grant:"
"""How the reason of a floor begins that a person laid."""


class NoLadder(LoyaltyError):
    """No ladder is published, so nobody stands on one."""

    code = "no-ladder"


class NotQualifying(LoyaltyError):
    """Only consumers stand on a ladder, not members of class {seen}."""

    code = "not-qualifying"
    seen: str


class NothingGranted(LoyaltyError):
    """No tier is granted to this member by hand."""

    code = "nothing-granted"


async def grant_tier(
    connection: AsyncConnection,
    cause: Cause,
    whose: Member,
    *,
    tier: str,
    until: date | None,
    reason: str | None,
    note: str | None = None,
) -> tiers.Standing:
    """Hold a member at a tier or above until a day (exclusive), for a reason.

    Raises `FloorWithoutEnd`, `ReasonMalformed` and `TierUnknown`; nothing is changed then. A later
    grant replaces the one before.
    """
    if until is None:
        raise tiers.FloorWithoutEnd(pointer="/until")
    if not reason:
        raise tiers.ReasonMalformed(pointer="/reason")

    def decide(ladder: tiers.Ladder, subject: tiers.Subject, on: date) -> tiers.Decision:
        return tiers.place_floor(
            ladder, subject, tier=tier, until=until, reason=f"{GRANT}{reason}", on=on
        )

    after: dict[str, object] = {"tier": tier, "until": until.isoformat(), "reason": reason}
    return await _decided(connection, cause, whose, decide, ("grant", after, note))


async def lift_grant(
    connection: AsyncConnection,
    cause: Cause,
    whose: Member,
    *,
    reason: str | None,
    note: str | None = None,
) -> tiers.Standing:
    """Take a grant back before its end; the standing falls to what was earned."""
    if not reason:
        raise tiers.ReasonMalformed(pointer="/reason")

    def decide(ladder: tiers.Ladder, subject: tiers.Subject, on: date) -> tiers.Decision:
        standing = subject.standing
        if standing is None or standing.floor_of("grant") is None:
            raise NothingGranted
        return tiers.lift_floor(ladder, subject, on=on)

    return await _decided(connection, cause, whose, decide, ("lift", {"reason": reason}, note))


async def freeze_standing(
    connection: AsyncConnection,
    cause: Cause,
    whose: Member,
    *,
    frozen: bool,
    reason: str | None,
    note: str | None = None,
) -> tiers.Standing:
    """Pin the tier in force, or let it move again; what is earned meanwhile is not lost."""
    if not reason:
        raise tiers.ReasonMalformed(pointer="/reason")

    def decide(ladder: tiers.Ladder, subject: tiers.Subject, on: date) -> tiers.Decision:
        if frozen:
            return tiers.freeze(ladder, subject, reason=reason, on=on)
        return tiers.thaw(ladder, subject, on=on)

    action = "freeze" if frozen else "thaw"
    return await _decided(connection, cause, whose, decide, (action, {"reason": reason}, note))


Decide = Callable[[tiers.Ladder, tiers.Subject, date], tiers.Decision]
Told = tuple[str, dict[str, object], str | None]


async def _decided(
    connection: AsyncConnection, cause: Cause, whose: Member, decide: Decide, told: Told
) -> tiers.Standing:
    """Decide, store, put it on the trail, and tell the change of the tier in force."""
    refuse_closed(whose)
    if whose.class_ != "consumer":
        raise NotQualifying(seen=whose.class_)
    ladder = await tiers.live_ladder(connection)
    if ladder is None:
        raise NoLadder
    policy = await policy_at(connection, cause.at)
    joined_on, today = policy.day_of(whose.joined_at), policy.day_of(cause.at)
    subject = (await tiers.find_subjects(connection, {whose.id: joined_on}))[whose.id]
    decision = decide(ladder, subject, today)
    await tiers.record(
        connection, [decision], at=cause.at, actor=cause.actor, request_id=cause.request_id
    )
    action, after, note = told
    texts = await keep_texts(
        connection, cause, whose.id, {} if note is None else {"note": (None, note)}
    )
    before = subject.standing.effective_on(today)[0] if subject.standing is not None else None
    await record_change(
        connection,
        cause,
        subject_kind="standing",
        subject=str(whose.id),
        action=action,
        before={"tier": before},
        after={**after, **texts, "in_force": decision.standing.effective_on(today)[0]},
        member=whose.id,
    )
    await record_events(connection, cause, changes_of(cause, [decision]))
    return decision.standing
