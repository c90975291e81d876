"""Since when versions of rules have been live."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits.tables import rule_set, rule_set_rule


async def rules_live_since(
    connection: AsyncConnection, rules: Sequence[tuple[str, int]], *, at: datetime
) -> dict[str, datetime]:
    """When the first rule set that has the version of each rule went live, by the rule's name."""
    if not rules:
        return {}
    statement = (
        select(rule_set_rule.c.rule, func.min(rule_set.c.live_from).label("since"))
        .join(rule_set, rule_set.c.version == rule_set_rule.c.rule_set)
        .where(
            tuple_(rule_set_rule.c.rule, rule_set_rule.c.rule_version).in_(rules),
            rule_set.c.live_from <= at,
        )
        .group_by(rule_set_rule.c.rule)
    )
    return {row.rule: row.since for row in await connection.execute(statement)}
