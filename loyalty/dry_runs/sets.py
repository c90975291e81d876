"""The two rule sets of a dry run: what is live at an instant, and that with a change."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
import tiers
from loyalty.checkout.programme import Programme
from loyalty.policy import Policy, policy_at
from loyalty.rule_drafts import check_change
from loyalty.rules import tiers_of
from loyalty.schema import Instant


@dataclass(frozen=True, slots=True)
class Sets:
    """Both sets, which rules the change may have decided otherwise, and whose counters begin anew.

    `stopped` are the rules that are stopped by hand; with the draft its own are not.
    """

    live: benefits.RuleSet
    drafted: benefits.RuleSet
    version: int | None
    policy: Policy
    touched: frozenset[str]
    subjects: frozenset[str]
    stopped: frozenset[str]
    named: frozenset[str]

    def asked(
        self, question: benefits.Question, member: UUID
    ) -> tuple[benefits.Question, benefits.Question]:
        """A question as it is put to what is live, and to that with the draft."""
        return (
            benefits.asked_of(question, self.live, member, self.stopped),
            benefits.asked_of(question, self.drafted, member, self.stopped - self.named),
        )

    def decide(
        self, question: benefits.Question, member: UUID, *, paid: bool = False
    ) -> benefits.Trial:
        """Decide a question that stands alone by both."""
        live, drafted = self.asked(question, member)
        return benefits.Trial(
            benefits.decide_again(self.live, live, paid=paid),
            benefits.decide_again(self.drafted, drafted, paid=paid),
        )


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
    touched, subjects = benefits.touched_by(change, live, drafted)
    stopped = await connection.scalar(select(benefits.stopped_json(literal(at, Instant))))
    named = frozenset(change.names)
    return Sets(live, drafted, version, policy, touched, subjects, frozenset(stopped or ()), named)
