"""A second person looks at a draft of rules: handed in, approved, or sent back with a reason.

While it is in review a draft stays as it is. Whether one has to be approved before it is published
is said by the policy (`rule_reviewers`); what was approved is one digest, on top of what was live
then. Every step leaves its row in the trail.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.ids import show
from loyalty.policy import Policy, policy_at

DRAFT: Final = "rdr"
"""How ids of drafts begin."""
THE_DRAFT: Final = "the draft"
"""What has changed where it is no single rule."""


async def hand_in(connection: AsyncConnection, cause: Cause, draft_id: UUID) -> benefits.RuleDraft:
    """Hand a draft in as it is now; it is frozen until somebody approves it or sends it back."""
    draft = await benefits.open_rule_draft(connection, draft_id, at=cause.at)
    review = benefits.Review(
        number=1 if draft.review is None else draft.review.number + 1,
        digest=draft.digest,
        authors=tuple(dict.fromkeys((*draft.authors, cause.actor))),
        handed_in_at=cause.at,
        handed_in_by=cause.actor,
    )
    await benefits.add_review(connection, draft_id, review, request_id=cause.request_id)
    return await _recorded(connection, cause, draft_id, "hand-in", {"digest": review.digest})


async def approve(
    connection: AsyncConnection,
    cause: Cause,
    draft_id: UUID,
    *,
    digest: str,
    reason: str | None = None,
) -> benefits.RuleDraft:
    """Approve what was handed in, naming the digest of what was looked at.

    Raises ReviewStale for another digest, and ReviewOwn for who wrote it or handed it in.
    """
    review = await _in_review(connection, cause.at, draft_id)
    if digest != review.digest:
        raise benefits.ReviewStale(seen=THE_DRAFT)
    if cause.actor in review.authors:
        raise benefits.ReviewOwn
    live = await connection.scalar(benefits.live_rule_set_version(cause.at))
    decided = _decided(review, cause, "approved", reason)
    await benefits.decide_review(connection, draft_id, replace(decided, rule_set=live))
    told = {"digest": digest, "reason": reason}
    return await _recorded(connection, cause, draft_id, "approve", told)


async def send_back(
    connection: AsyncConnection, cause: Cause, draft_id: UUID, *, reason: str
) -> benefits.RuleDraft:
    """Send back what was handed in, for a reason; whoever handed it in may take it back so."""
    review = await _in_review(connection, cause.at, draft_id)
    decided = _decided(review, cause, "sent-back", reason)
    await benefits.decide_review(connection, draft_id, decided)
    return await _recorded(connection, cause, draft_id, "send-back", {"reason": reason})


async def refuse_unreviewed(
    connection: AsyncConnection, policy: Policy, draft: benefits.RuleDraft, at: datetime
) -> None:
    """Refuse to publish, from an instant on, what the policy wants reviewed and nobody approved.

    Raises ReviewMissing, and ReviewStale where the draft or what it changes has moved since.
    """
    if not policy.rule_reviewers:
        return
    review = draft.review
    if review is None or review.verdict != "approved":
        raise benefits.ReviewMissing
    if review.digest != draft.digest:
        raise benefits.ReviewStale(seen=THE_DRAFT)
    moved = await outrun(connection, draft.change, review.rule_set, at)
    if moved:
        raise benefits.ReviewStale(seen=", ".join(moved))


async def refuse_without_draft(connection: AsyncConnection, at: datetime) -> None:
    """Refuse to publish past any draft where the policy wants changes reviewed."""
    if (await policy_at(connection, at)).rule_reviewers:
        raise benefits.ReviewMissing


async def outrun(
    connection: AsyncConnection, change: benefits.RuleChange, since: int | None, at: datetime
) -> tuple[str, ...]:
    """Return the rules and groups of a change that others have moved since a rule set."""
    was = await benefits.read_contents(connection, since)
    live = await connection.scalar(benefits.live_rule_set_version(at))
    return benefits.outrun_by(was, await benefits.read_contents(connection, live), change)


async def _in_review(connection: AsyncConnection, at: datetime, draft_id: UUID) -> benefits.Review:
    draft = await benefits.open_rule_draft(connection, draft_id, at=at, besides={"review"})
    if draft.review is None or draft.review.verdict is not None:
        raise benefits.ReviewNotAsked(seen=draft.state_at(at))
    return draft.review


def _decided(
    review: benefits.Review,
    cause: Cause,
    verdict: Literal["approved", "sent-back"],
    reason: str | None,
) -> benefits.Review:
    return replace(
        review, verdict=verdict, reason=reason, decided_at=cause.at, decided_by=cause.actor
    )


async def _recorded(
    connection: AsyncConnection,
    cause: Cause,
    draft_id: UUID,
    action: str,
    told: dict[str, str | None],
) -> benefits.RuleDraft:
    """Leave the step's row in the trail and return the draft after it."""
    subject = show(DRAFT, draft_id)
    await record_change(
        connection, cause, subject_kind="rule-draft", subject=subject, action=action, after=told
    )
    return await benefits.find_rule_draft(connection, draft_id)
