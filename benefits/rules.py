"""Storing rules, their immutable versions, and the rule sets that are live together.

A rule set is published whole, as the next number, with the ladder's tiers, the groups and the
zone it was checked against, so that it means the same for ever. Which one is live at an instant
is decided by `live_from` alone: publishing moves nothing that stands.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, insert, literal, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits.errors import (
    RuleNotFound,
    RuleSetBackdated,
    RuleSetMoved,
    RuleSetNotFound,
    UnknownReference,
)
from benefits.grouping import MODES, group_documents, groups_from
from benefits.language import read_rule
from benefits.language.limits import read_holdout
from benefits.records import (
    Group,
    PublishedRuleSet,
    RuleVersion,
    Vocabulary,
)
from benefits.rule_set import RuleSet, compile_rule_set
from benefits.tables import price_list, rule_set, rule_set_rule, rule_version, voucher_definition

_PUBLISHING: Final = text("select pg_advisory_xact_lock(hashtext('benefits.rule_set'))")


async def find_vocabulary(
    connection: AsyncConnection, *, tiers: Sequence[str], groups: Sequence[str] | None = None
) -> Vocabulary:
    """The names that rules may use now: the ladder's tiers, price lists, voucher definitions."""
    lists = await connection.scalars(select(price_list.c.name))
    definitions = await connection.scalars(
        select(voucher_definition.c.name).where(voucher_definition.c.retired_at.is_(None))
    )
    return Vocabulary(tuple(tiers), groups, tuple(lists), tuple(definitions))


async def draft_rule(
    connection: AsyncConnection,
    document: Mapping[str, object],
    *,
    vocabulary: Vocabulary,
    actor: str,
    at: datetime,
) -> RuleVersion:
    """Check a rule and store it as the next version of its name; unchanged content adds none.

    Raises RuleRefused with the pointer to the node.
    """
    name = read_rule(document, vocabulary).name
    await connection.execute(_PUBLISHING)
    latest = await _versions(connection, select(rule_version).where(_is_newest_of(name)))
    if latest and latest[0].document == document:
        return latest[0]
    version = latest[0].version + 1 if latest else 1
    await connection.execute(
        insert(rule_version).values(
            rule=name, version=version, document=dict(document), created_at=at, created_by=actor
        )
    )
    return RuleVersion(name, version, document, at, actor)


async def publish_rule_set(
    connection: AsyncConnection,
    rules: Sequence[tuple[str, int]],
    *,
    groups: Sequence[Group],
    tiers: Sequence[str],
    zone: str,
    live_from: datetime,
    actor: str,
    at: datetime,
    based_on: int | None = None,
) -> int:
    """Publish (rule, version) pairs as the next rule set and return its version.

    Atomic with the caller's transaction. `based_on` refuses with RuleSetMoved where another set
    was published meanwhile. A set goes live at once or later; only where none is live yet may it
    begin in the past, for orders that are brought along.
    """
    await connection.execute(_PUBLISHING)
    newest = await connection.scalar(select(func.max(rule_set.c.version))) or 0
    if based_on is not None and based_on != newest:
        raise RuleSetMoved(seen=newest, wanted=based_on)
    if live_from < at and await connection.scalar(live_rule_set_version(at)) is not None:
        raise RuleSetBackdated(seen=live_from.isoformat())
    for position, group in enumerate(groups):
        if group.mode not in MODES:
            raise UnknownReference(
                pointer=f"/groups/{position}/mode", kind="group mode", seen=group.mode
            )
    stored = await _find_versions(connection, rules)
    compile_rule_set(stored, zone=zone, tiers=tiers, groups=groups)
    version = newest + 1
    await connection.execute(
        insert(rule_set).values(
            version=version,
            live_from=live_from,
            zone=zone,
            tiers=list(tiers),
            groups=group_documents(groups),
            published_at=at,
            published_by=actor,
        )
    )
    if rules:
        rows = [
            {"rule_set": version, "rule": rule, "rule_version": number} for rule, number in rules
        ]
        await connection.execute(insert(rule_set_rule), rows)
    return version


async def publish_in_turn(connection: AsyncConnection) -> None:
    """Wait until nobody else is publishing; until commit nobody else will."""
    await connection.execute(_PUBLISHING)


async def find_rule(
    connection: AsyncConnection, rule: str, version: int | None = None
) -> RuleVersion:
    """One version of a rule, the newest by default. Raises RuleNotFound."""
    wanted = _is_newest_of(rule) if version is None else rule_version.c.version == version
    found = await _versions(
        connection, select(rule_version).where(rule_version.c.rule == rule, wanted)
    )
    if not found:
        raise RuleNotFound(rule=rule, version=version or 0)
    return found[0]


async def list_rules(
    connection: AsyncConnection, *, after: str = "", limit: int = 50
) -> list[RuleVersion]:
    """The newest version of every rule, by name."""
    newest = (
        select(rule_version)
        .ext(distinct_on(rule_version.c.rule))
        .where(rule_version.c.rule > after)
        .order_by(rule_version.c.rule, rule_version.c.version.desc())
        .limit(limit)
    )
    return await _versions(connection, newest)


async def list_versions(
    connection: AsyncConnection, rule: str, *, limit: int = 50
) -> list[RuleVersion]:
    """The versions of one rule, newest first."""
    statement = (
        select(rule_version)
        .where(rule_version.c.rule == rule)
        .order_by(rule_version.c.version.desc())
        .limit(limit)
    )
    return await _versions(connection, statement)


async def find_rule_set(connection: AsyncConnection, version: int) -> RuleSet:
    """The compiled rule set of a version, in two statements. Raises RuleSetNotFound."""
    published = await find_published_rule_set(connection, version)
    return compile_rule_set(
        published.rules,
        version=version,
        zone=published.zone,
        tiers=published.tiers,
        groups=published.groups,
    )


async def find_published_rule_set(connection: AsyncConnection, version: int) -> PublishedRuleSet:
    """A rule set as it was published, with its rules by name. Raises RuleSetNotFound."""
    row = (
        await connection.execute(select(rule_set).where(rule_set.c.version == version))
    ).one_or_none()
    if row is None:
        raise RuleSetNotFound(version=version)
    rules = await _versions(
        connection,
        select(rule_version)
        .join(
            rule_set_rule,
            (rule_set_rule.c.rule == rule_version.c.rule)
            & (rule_set_rule.c.rule_version == rule_version.c.version),
        )
        .where(rule_set_rule.c.rule_set == version)
        .order_by(rule_version.c.rule),
    )
    return PublishedRuleSet(
        version=row.version,
        live_from=row.live_from,
        zone=row.zone,
        tiers=tuple(row.tiers),
        groups=tuple(groups_from(row.groups)),
        rules=tuple(rules),
        published_at=row.published_at,
        published_by=row.published_by,
    )


async def list_rule_set_versions(
    connection: AsyncConnection, *, before: int | None = None, limit: int = 50
) -> list[int]:
    """The versions of the published rule sets, newest first."""
    statement = select(rule_set.c.version).order_by(rule_set.c.version.desc()).limit(limit)
    if before is not None:
        statement = statement.where(rule_set.c.version < before)
    return list(await connection.scalars(statement))


def live_rule_set_version(at: datetime | ColumnElement[datetime]) -> Select[int]:
    """One row `version`: the rule set that is live at the instant; no row where none is."""
    return (
        select(rule_set.c.version)
        .where(rule_set.c.live_from <= at)
        .order_by(rule_set.c.live_from.desc(), rule_set.c.version.desc())
        .limit(1)
    )


def sets_holding_out(rule: str) -> Select[int]:
    """The versions of the rule sets in which a rule holds members out."""
    return (
        select(rule_set_rule.c.rule_set)
        .join(
            rule_version,
            (rule_version.c.rule == rule_set_rule.c.rule)
            & (rule_version.c.version == rule_set_rule.c.rule_version),
        )
        .where(rule_set_rule.c.rule == rule, rule_version.c.document.has_key("holdout"))
    )


def share_held_out(document: Mapping[str, object]) -> int | None:
    """The share of members that a stored rule holds out, in hundredths of a percent."""
    return read_holdout(document["holdout"], "/holdout") if "holdout" in document else None


def _is_newest_of(rule: str) -> ColumnElement[bool]:
    newest = (
        select(func.max(rule_version.c.version))
        .where(rule_version.c.rule == literal(rule))
        .scalar_subquery()
    )
    return (rule_version.c.rule == rule) & (rule_version.c.version == newest)


async def _versions(
    connection: AsyncConnection, statement: Select[*tuple[Any, ...]]
) -> list[RuleVersion]:
    return [
        RuleVersion(row.rule, row.version, row.document, row.created_at, row.created_by)
        for row in await connection.execute(statement)
    ]


async def _find_versions(
    connection: AsyncConnection, rules: Sequence[tuple[str, int]]
) -> list[RuleVersion]:
    """The versions named, in the order named, in one statement. Raises RuleNotFound."""
    names = [rule for rule, _ in rules]
    found = await _versions(
        connection, select(rule_version).where(rule_version.c.rule == func.any(names))
    )
    by_key = {(each.rule, each.version): each for each in found}
    for rule, version in rules:
        if (rule, version) not in by_key:
            raise RuleNotFound(rule=rule, version=version)
    return [by_key[key] for key in rules]
