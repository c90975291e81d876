"""The two rule sets of a dry run: what is live at an instant, and that with a change."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
import tiers
from loyalty.checkout.programme import Programme
from loyalty.policy import Policy, policy_at
from loyalty.rule_drafts import check_change
from loyalty.rules import tiers_of


@dataclass(frozen=True, slots=True)
class Sets:
    """Both sets, and which rules (and counters) the change may have decided otherwise."""

    live: benefits.RuleSet
    drafted: benefits.RuleSet
    version: int | None
    policy: Policy
    touched: frozenset[str]
    subjects: frozenset[str]


async def sets_of(
    connection: AsyncConnection, programme: Programme, at: datetime, change: benefits.RuleChange
) -> Sets:
    """Compile both; raises the first thing that stands in the way of the change."""
    for problem in (await check_change(connection, at, change)).problems:
        raise problem
    policy = await policy_at(connection, at)
    version = await connection.scalar(benefits.live_rule_set_version(at))
    published = None
    if version is not None:
        published = await benefits.find_published_rule_set(connection, version)
    live = await programme.rule_set(connection, version)
    drafted = benefits.drafted_set(
        published,
        change,
        tiers=tiers_of(await tiers.live_ladder(connection)),
        zone=policy.zone.key,
    )
    touched = benefits.touched_by(change, live, drafted)
    subjects = {f"rule:{name}" for name in touched} | {f"group:{name}" for name in change.groups}
    return Sets(live, drafted, version, policy, touched, frozenset(subjects))
