"""Rules in the making: drafts that are checked, compared with what is live, published or put away.

A draft changes nothing. Publishing makes it live now or from an instant on, with all that it
changes at once; every step leaves its row in the trail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.ids import new_id, show
from loyalty.policy import policy_at
from loyalty.rule_reviews import DRAFT, outrun, refuse_unreviewed, refuse_without_draft
from loyalty.rules import publish_contents, vocabulary_of

_record: Final = partial(record_change, subject_kind="rule-draft")
_JUST_BEFORE: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a change would do to what is live, and what stands in its way.

    `outrun` are the rules and groups that others have moved since the draft was made.
    """

    problems: tuple[benefits.BenefitsError, ...]
    outrun: tuple[str, ...]
    diff: benefits.SetDiff


async def make_draft(
    connection: AsyncConnection, cause: Cause, change: benefits.RuleChange
) -> benefits.RuleDraft:
    """Store a draft; raises the first thing that stands in its way, with the path to the node."""
    based_on = await _refuse_unfit(connection, cause.at, change)
    draft = benefits.RuleDraft(new_id(cause.at), change, based_on, cause.at, cause.actor)
    stored = await benefits.add_rule_draft(connection, draft, request_id=cause.request_id)
    await _record(
        connection,
        cause,
        subject=show(DRAFT, draft.id),
        action="draft",
        after=benefits.change_document(change),
    )
    return stored


async def change_draft(
    connection: AsyncConnection, cause: Cause, draft_id: UUID, change: benefits.RuleChange
) -> benefits.RuleDraft:
    """Put another change into a draft; it then starts from what is live now.

    One that was approved has to be looked at again.
    """
    before = await benefits.open_rule_draft(connection, draft_id, at=cause.at)
    based_on = await _refuse_unfit(connection, cause.at, change)
    await benefits.replace_rule_draft(
        connection,
        draft_id,
        change,
        based_on=based_on,
        authors=dict.fromkeys((*before.authors, cause.actor)),
    )
    await _record(
        connection,
        cause,
        subject=show(DRAFT, draft_id),
        action="change",
        before=benefits.change_document(before.change),
        after=benefits.change_document(change),
    )
    return await benefits.find_rule_draft(connection, draft_id)


async def check_draft(connection: AsyncConnection, at: datetime, draft_id: UUID) -> Checked:
    """Say what publishing a draft now would change, and everything that stands in its way."""
    draft = await benefits.find_rule_draft(connection, draft_id)
    return await _check(connection, at, draft.change, based_on=draft.based_on, since=True)


async def check_change(
    connection: AsyncConnection, at: datetime, change: benefits.RuleChange
) -> Checked:
    """The same for a change that is not stored."""
    return await _check(connection, at, change, based_on=None, since=False)


async def publish_draft(
    connection: AsyncConnection,
    cause: Cause,
    draft_id: UUID,
    *,
    live_from: datetime | None = None,
    after: int | None = None,
) -> benefits.RuleDraft:
    """Publish a draft now or from an instant on.

    Where others have moved a rule that it touches, it is refused (RuleDraftOutrun) unless `after`
    names the newest rule set, which says that the caller has seen them; where the policy wants a
    reviewer, that is for the reviewer to see.
    """
    policy = await policy_at(connection, cause.at)
    besides: set[benefits.DraftState] = {"review"} if policy.rule_reviewers else set()
    draft = await benefits.open_rule_draft(connection, draft_id, at=cause.at, besides=besides)
    await benefits.publish_in_turn(connection)
    begins = live_from or cause.at
    await refuse_unreviewed(connection, policy, draft, begins)
    if after is None:
        await _refuse_outrun(connection, draft, begins)
    version = await _publish(connection, cause, draft.change, live_from=begins, after=after)
    await benefits.close_rule_draft(connection, draft_id, published=version, live_from=begins)
    action = "schedule" if begins > cause.at else "publish"
    told = {"rule_set": version, "live_from": begins.isoformat()}
    await _record(connection, cause, subject=show(DRAFT, draft_id), action=action, after=told)
    return await benefits.find_rule_draft(connection, draft_id)


async def retire_draft(
    connection: AsyncConnection, cause: Cause, draft_id: UUID
) -> benefits.RuleDraft:
    """Put an open draft away; one that is scheduled is withdrawn from its instant on."""
    allowed: set[benefits.DraftState] = {"review", "scheduled"}
    draft = await benefits.open_rule_draft(connection, draft_id, at=cause.at, besides=allowed)
    if draft.live_from is not None:
        await _withdraw(connection, cause, draft, draft.live_from)
    await benefits.put_away(connection, draft_id, at=cause.at)
    await _record(connection, cause, subject=show(DRAFT, draft_id), action="retire")
    return await benefits.find_rule_draft(connection, draft_id)


async def end_rule(
    connection: AsyncConnection,
    cause: Cause,
    rule: str,
    *,
    ends_at: datetime | None = None,
    after: int | None = None,
) -> int:
    """End a rule now or at an instant and return the rule set without it.

    Raises RuleNotLive, and ReviewMissing where the policy wants that to be a draft.
    """
    await refuse_without_draft(connection, cause.at)
    await benefits.publish_in_turn(connection)
    begins = ends_at or cause.at
    change = benefits.RuleChange(retired=(rule,))
    return await _publish(connection, cause, change, live_from=begins, after=after)


async def _publish(
    connection: AsyncConnection,
    cause: Cause,
    change: benefits.RuleChange,
    *,
    live_from: datetime,
    after: int | None,
) -> int:
    live = await _live_set(connection, live_from)
    _raise_first(await _problems(connection, cause.at, change, live))
    vocabulary = await vocabulary_of(connection)
    versions = {}
    for document in change.rules:
        stored = await benefits.draft_rule(
            connection, document, vocabulary=vocabulary, actor=cause.actor, at=cause.at
        )
        versions[stored.rule] = stored.version
    contents = benefits.changed(benefits.contents_of(live), versions, change)
    return await publish_contents(connection, cause, contents, live_from=live_from, based_on=after)


async def _withdraw(
    connection: AsyncConnection, cause: Cause, draft: benefits.RuleDraft, since: datetime
) -> None:
    """Publish for the draft's instant what would be live without it."""
    await benefits.publish_in_turn(connection)
    now = benefits.contents_of(await _live_set(connection, since))
    before = benefits.contents_of(await _live_set(connection, since - _JUST_BEFORE))
    own = await benefits.read_contents(connection, draft.published)
    without = benefits.carried(own, _undone(own, before, draft.change), now)
    await publish_contents(connection, cause, without, live_from=since)


def _undone(
    own: benefits.Contents, before: benefits.Contents, change: benefits.RuleChange
) -> benefits.Contents:
    """The draft's own set with what it touched put back as it is before."""
    rules = {name: number for name, number in own.rules.items() if name not in change.names}
    rules |= {name: before.rules[name] for name in change.names if name in before.rules}
    groups = {name: mode for name, mode in own.groups.items() if name not in change.groups}
    groups |= {name: before.groups[name] for name in change.groups if name in before.groups}
    return benefits.Contents(rules, groups)


async def _refuse_outrun(
    connection: AsyncConnection, draft: benefits.RuleDraft, at: datetime
) -> None:
    moved = await outrun(connection, draft.change, draft.based_on, at)
    if moved:
        newest = (await benefits.list_rule_set_versions(connection, limit=1))[0]
        raise benefits.RuleDraftOutrun(seen=", ".join(moved), wanted=newest)


async def _check(
    connection: AsyncConnection,
    at: datetime,
    change: benefits.RuleChange,
    *,
    based_on: int | None,
    since: bool,
) -> Checked:
    live = await _live_set(connection, at)
    problems = await _problems(connection, at, change, live)
    stored = () if live is None else live.rules
    groups = {} if live is None else benefits.group_documents(live.groups)
    named = [each for each in change.rules if isinstance(each.get("rule"), str)]
    kept = [each for each in stored if each.rule not in change.names]
    diff = benefits.diff_contents(
        stored,
        [*kept, *benefits.drafted(benefits.RuleChange(tuple(named)))],
        before=None if live is None else live.version,
        after=None,
        groups=(groups, benefits.modes_after(groups, change)),
    )
    moved = await outrun(connection, change, based_on, at) if since else ()
    return Checked(tuple(problems), moved, diff)


async def _problems(
    connection: AsyncConnection,
    at: datetime,
    change: benefits.RuleChange,
    live: benefits.PublishedRuleSet | None,
) -> Sequence[benefits.BenefitsError]:
    if change.empty:
        return [benefits.RuleDraftEmpty()]
    policy = await policy_at(connection, at)
    return benefits.find_problems(
        change,
        () if live is None else live.rules,
        {} if live is None else benefits.group_documents(live.groups),
        await vocabulary_of(connection),
        zone=policy.zone.key,
    )


async def _refuse_unfit(
    connection: AsyncConnection, at: datetime, change: benefits.RuleChange
) -> int | None:
    """Raise the first problem; answer the rule set that is live."""
    live = await _live_set(connection, at)
    _raise_first(await _problems(connection, at, change, live))
    return None if live is None else live.version


def _raise_first(problems: Sequence[benefits.BenefitsError]) -> None:
    for problem in problems:
        raise problem


async def _live_set(connection: AsyncConnection, at: datetime) -> benefits.PublishedRuleSet | None:
    version = await connection.scalar(benefits.live_rule_set_version(at))
    return None if version is None else await benefits.find_published_rule_set(connection, version)
