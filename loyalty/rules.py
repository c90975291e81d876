"""Drafting rules and publishing rule sets: benefits stores them, the programme gives them words.

A rule may name only tiers of the live ladder, and voucher definitions and lists of members that
exist; days are those of the programme's time zone. Every draft and every publication leaves its row
in the trail.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
import tiers
from loyalty.activities.kinds import kind_names
from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.members.lists import list_names
from loyalty.policy import policy_at
from loyalty.rule_reviews import refuse_without_draft

_PAGE: Final = 200


async def draft_rule(
    connection: AsyncConnection, cause: Cause, document: Mapping[str, object]
) -> benefits.RuleVersion:
    """Store a rule as its next version; unchanged content adds none."""
    drafted = await benefits.draft_rule(
        connection,
        document,
        vocabulary=await vocabulary_of(connection),
        actor=cause.actor,
        at=cause.at,
    )
    await record_change(
        connection,
        cause,
        subject_kind="rule",
        subject=drafted.rule,
        action="draft",
        after={"version": drafted.version, "document": dict(drafted.document)},
    )
    return drafted


async def publish_rules(
    connection: AsyncConnection,
    cause: Cause,
    rules: Sequence[tuple[str, int]],
    *,
    groups: Sequence[benefits.Group] = (),
    live_from: datetime | None = None,
    based_on: int | None = None,
) -> int:
    """Publish rules together as the next rule set and return its version.

    It goes live at once unless an instant is named. While none is live that may be one in the past,
    for orders that are brought along; what was bought before the first one earns nothing. Raises
    ReviewMissing where the policy wants changes to be drafts that somebody approves.
    """
    await refuse_without_draft(connection, cause.at)
    return await publish_contents(
        connection,
        cause,
        benefits.contents_from(rules, groups),
        live_from=live_from or cause.at,
        based_on=based_on,
    )


async def publish_contents(
    connection: AsyncConnection,
    cause: Cause,
    contents: benefits.Contents,
    *,
    live_from: datetime,
    based_on: int | None = None,
) -> int:
    """Publish what a set is made of; the change is carried into the sets that are to come."""
    policy = await policy_at(connection, cause.at)
    by = benefits.Publishing(
        tiers=tiers_of(await tiers.live_ladder(connection)),
        zone=policy.zone.key,
        actor=cause.actor,
        at=cause.at,
    )
    version = await benefits.publish_contents(
        connection, contents, by, live_from=live_from, based_on=based_on
    )
    await record_change(
        connection,
        cause,
        subject_kind="rule-set",
        subject=str(version),
        action="publish",
        before=None if based_on is None else {"version": based_on},
        after={
            "rules": [[rule, number] for rule, number in contents.rules.items()],
            "groups": [[name, mode] for name, mode in contents.groups.items()],
            "live_from": live_from.isoformat(),
        },
    )
    return version


async def vocabulary_of(connection: AsyncConnection) -> benefits.Vocabulary:
    """Return the names that a rule may use."""
    ladder = await tiers.live_ladder(connection)
    names: list[str] = []
    while page := await benefits.list_definitions(
        connection, after=names[-1] if names else "", limit=_PAGE
    ):
        names += [definition.name for definition in page]
    return benefits.Vocabulary(
        tiers=tiers_of(ladder),
        voucher_definitions=names,
        events=await kind_names(connection),
        member_lists=await list_names(connection),
    )


def tiers_of(ladder: tiers.Ladder | None) -> tuple[str, ...]:
    """Return the tiers that rules may name, from lowest to highest."""
    return () if ladder is None else tuple(tier.code for tier in ladder.tiers)
