"""Decide where a member stands, and why.

Nothing is read or written here. The one idea: a standing is the replay of all activity from its
seed; ordinary events continue from the standing, events that touch the past replay from the seed,
and both give the same place (tests/tiers/test_qualification.py).
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from tiers.errors import FloorWithoutEnd, MergeMalformed, ReasonMalformed, StandingMalformed
from tiers.scale import (
    Ladder,
)
from tiers.story import Move, Story
from tiers.types import (
    Activity,
    Decision,
    Floor,
    FloorKind,
    Freeze,
    Movement,
    Subject,
)

_REASON = re.compile(r"[a-z0-9:._-]{1,80}")


def begin(ladder: Ladder, *, member: UUID, joined_on: date) -> Decision:
    """The standing of a member who just joined: on the bottom tier."""
    return Story(ladder, Subject(member, joined_on, None, ())).decision(joined_on)


def decide(
    ladder: Ladder, subject: Subject, activities: Sequence[Activity], *, on: date
) -> Decision:
    """Where the member stands after these activities, on the business date of the event.

    Activity that is known already changes nothing; the same shipment with another date or other
    purchases raises `ActivityConflict`, a date after `on` `ActivityInFuture`. Without activities
    this is the periodic review.
    """
    story = Story(ladder, subject)
    story.tell(activities, on=on)
    return story.decision(on)


def fold(ladder: Ladder, subject: Subject, events: Sequence[tuple[date, Activity]]) -> Decision:
    """One decision for many events of one member, equal to deciding and recording one by one.

    Each event is its business date and the activity as it stood after it, in order of time.
    """
    return walk(ladder, subject, events)[0]


def walk(
    ladder: Ladder,
    subject: Subject,
    events: Sequence[tuple[date, Activity | tuple[Activity, ...]]],
) -> tuple[Decision, tuple[str, ...], tuple[Move, ...]]:
    """What `fold` gives, and for each event two things; one event may tell several activities.

    The tier in force on its date before it counted, and the tiers between which the standing
    moved when it was told, what time alone had changed since the event before included.
    """
    story = Story(ladder, subject)
    last = subject.joined_on
    story.tell((), on=last)
    before: list[str] = []
    moves: list[Move] = []
    for on, activity in events:
        before.append(story.foreseen(on))
        known = story.count
        story.tell(activity if isinstance(activity, tuple) else (activity,), on=on)
        moves.append(story.moved(known))
        last = on
    return story.decision(last), tuple(before), tuple(moves)


def place_floor(
    ladder: Ladder,
    subject: Subject,
    *,
    tier: str,
    until: date,
    reason: str,
    on: date,
    kind: FloorKind = "grant",
) -> Decision:
    """The standing with a floor under it until a date (exclusive).

    It replaces an earlier floor of its kind; of a grant and a plan's floor the higher one holds,
    and each ends by itself. Raises `TierUnknown`, or `FloorWithoutEnd` where the end does not lie
    after `on`.
    """
    rank = ladder.rank_of(tier)
    _check_reason(reason)
    if until <= on:
        raise FloorWithoutEnd(pointer="/until", seen=until.isoformat(), wanted=f"after {on}")
    story = Story(ladder, subject)
    story.tell((), on=on)
    story.lay_floor(Floor(tier, rank, until, reason, kind), on)
    return story.decision(on)


def lift_floor(
    ladder: Ladder, subject: Subject, *, on: date, kind: FloorKind = "grant"
) -> Decision:
    """The standing without its floor of a kind: it falls to what was earned, or the other floor."""
    story = Story(ladder, subject)
    story.tell((), on=on)
    story.lift_floor(kind, on)
    return story.decision(on)


def freeze(ladder: Ladder, subject: Subject, *, reason: str, on: date) -> Decision:
    """The standing pinned at the tier now in force; what is earned goes on underneath."""
    _check_reason(reason)
    story = Story(ladder, subject)
    story.tell((), on=on)
    if story.freeze is None:
        tier, rank = story.in_force(on)
        story.lay_freeze(Freeze(tier, rank, reason), Movement.FROZEN, on)
    return story.decision(on)


def thaw(ladder: Ladder, subject: Subject, *, on: date) -> Decision:
    """The standing free to move again: it shows what was earned meanwhile."""
    story = Story(ladder, subject)
    story.tell((), on=on)
    if story.freeze is not None:
        story.lay_freeze(None, Movement.THAWED, on)
    return story.decision(on)


def settle(
    ladder: Ladder, subject: Subject, *, tier: str, since: date, until: date | None, on: date
) -> Decision:
    """The standing of a member who brings a tier along, held since a day and kept until another.

    A new member is placed there, another tier is moved, and the same tier gets the new dates; from
    then on the ladder decides. Without `until` the ladder's own validity counts from `on`. Raises
    `TierUnknown` and `StandingMalformed`.
    """
    rank = ladder.rank_of(tier)
    if since > on:
        raise StandingMalformed(pointer="/since", seen=since.isoformat(), wanted=f"at most {on}")
    if until is not None and until <= on:
        raise StandingMalformed(pointer="/until", seen=until.isoformat(), wanted=f"after {on}")
    story = Story(ladder, subject)
    story.tell((), on=on)
    story.settle(rank, since, until, on)
    return story.decision(on)


def merge(ladder: Ladder, kept: Subject, absorbed: Subject, *, on: date) -> Decision:
    """The standing of a member who takes in another: one history out of two.

    All that either bought counts, from the earlier joining; of what either was promised, by another
    ladder or from elsewhere, the better stays, and so do the better floor and a freeze. The
    decision carries the other's activity. The caller holds both members' locks and keeps the other
    from deciding anything again.
    """
    if kept.member == absorbed.member:
        raise MergeMalformed(seen=str(kept.member), wanted="another member")
    other = Story(ladder, absorbed)
    other.tell((), on=on)
    story = Story(ladder, kept)
    story.tell((), on=on)
    story.take_in(other, absorbed.activities, on)
    return story.decision(on)


def replayed(ladder: Ladder, subject: Subject) -> Subject:
    """The same subject with its standing replayed from the seed; equal unless a row was altered."""
    standing = subject.standing
    if standing is None or standing.ladder != ladder.version:
        return subject
    story = Story(ladder, subject)
    return replace(subject, standing=story.from_seed(standing.through))


def _check_reason(reason: str) -> None:
    """Free text and personal data never enter this schema, so a reason is a code."""
    if _REASON.fullmatch(reason) is None:
        raise ReasonMalformed(pointer="/reason")
