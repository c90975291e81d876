"""Where every rule stands in its life: drafted, reviewed, to come, live, or over. Reads only.

Nothing stores a state: it follows from the rule sets and their instants, from the rule's own
schedule, and from the drafts that are open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits.contents import Contents
from benefits.drafts import RuleDraft, list_open_drafts
from benefits.errors import RuleNotFound
from benefits.publishing import ComingSet, list_coming, read_contents, winning_sets
from benefits.rules import live_rule_set_version
from benefits.switches import Switch, list_stopped
from benefits.tables import rule_set, rule_set_rule, rule_version

RuleState = Literal["draft", "review", "scheduled", "live", "ended"]


@dataclass(frozen=True, slots=True)
class Coming:
    """What a rule set to come does to a rule: another version, or with None its end."""

    version: int | None
    at: datetime
    rule_set: int


@dataclass(frozen=True, slots=True)
class RuleLife:
    """A rule and where it stands.

    `opens_at` and `closes_at` are those of the rule's own schedule; a rule that is in the live set
    and whose schedule has not begun is scheduled, and one whose schedule is over has ended.
    """

    rule: str
    state: RuleState
    document: Mapping[str, object]
    """What is live, else what comes next, else the newest stored, else the draft's."""
    latest: int | None
    """The newest stored version."""
    newest: Mapping[str, object] | None
    """Its document."""
    live: int | None
    """The version in the live set."""
    live_since: datetime | None
    """When that version first was in a set that was live."""
    coming: tuple[Coming, ...]
    drafts: tuple[UUID, ...]
    """The open drafts that touch it, newest first."""
    opens_at: datetime | None
    closes_at: datetime | None
    stopped: Switch | None
    """How it was stopped by hand, while it is."""


async def list_lives(
    connection: AsyncConnection,
    *,
    at: datetime,
    state: str | None = None,
    after: str = "",
    limit: int = 50,
) -> list[RuleLife]:
    """The rules by name with where they stand at an instant, those of one state if asked."""
    scene = await _read_scene(connection, at)
    names = [name for name in sorted({*scene.latest, *scene.drafted}) if name > after]
    found = [name for name in names if state is None or scene.state_of(name) == state]
    return await _lives(connection, scene, found[:limit])


async def find_life(connection: AsyncConnection, rule: str, *, at: datetime) -> RuleLife:
    """Where one rule stands. Raises RuleNotFound."""
    scene = await _read_scene(connection, at)
    if rule not in scene.latest and rule not in scene.drafted:
        raise RuleNotFound(rule=rule, version=0)
    (life,) = await _lives(connection, scene, [rule])
    return life


@dataclass(frozen=True, slots=True)
class _Scene:
    """All that the states of rules follow from."""

    at: datetime
    live: Contents
    spans: Mapping[str, tuple[datetime | None, datetime | None]]
    coming: Sequence[tuple[ComingSet, Contents]]
    latest: Mapping[str, int]
    drafted: Mapping[str, Sequence[RuleDraft]]
    ever: frozenset[str]
    """The rules that have been in a set that was live."""

    def state_of(self, rule: str) -> RuleState:
        if rule in self.live.rules:
            opens, closes = self.spans.get(rule, (None, None))
            if closes is not None and closes <= self.at:
                return "ended"
            return "scheduled" if opens is not None and opens > self.at else "live"
        if any(rule in contents.rules for _, contents in self.coming):
            return "scheduled"
        if rule in self.ever:
            return "ended"
        drafts = self.drafted.get(rule, ())
        handed_in = any(one.state_at(self.at) in {"review", "approved"} for one in drafts)
        return "review" if handed_in else "draft"

    def coming_of(self, rule: str) -> tuple[Coming, ...]:
        found, before = [], self.live.rules.get(rule)
        for each, contents in self.coming:
            version = contents.rules.get(rule)
            if version != before:
                found.append(Coming(version, each.at, each.rule_set))
            before = version
        return tuple(found)

    def shown(self, rule: str) -> int | None:
        """The version that is shown: live, else to come, else the newest."""
        live = self.live.rules.get(rule)
        if live is not None:
            return live
        to_come = [each.version for each in self.coming_of(rule) if each.version is not None]
        return to_come[0] if to_come else self.latest.get(rule)


async def _read_scene(connection: AsyncConnection, at: datetime) -> _Scene:
    version = await connection.scalar(live_rule_set_version(at))
    live = await read_contents(connection, version)
    coming = [
        (each, await read_contents(connection, each.rule_set))
        for each in await list_coming(connection, after=at)
    ]
    latest = await connection.execute(
        select(rule_version.c.rule, func.max(rule_version.c.version).label("latest")).group_by(
            rule_version.c.rule
        )
    )
    drafted: dict[str, list[RuleDraft]] = {}
    for draft in await list_open_drafts(connection):
        for rule in draft.change.names:
            drafted.setdefault(rule, []).append(draft)
    won = winning_sets().where(rule_set.c.live_from <= at).subquery("won")
    ever = await connection.scalars(
        select(rule_set_rule.c.rule).join(won, won.c.version == rule_set_rule.c.rule_set).distinct()
    )
    return _Scene(
        at=at,
        live=live,
        spans=await _read_spans(connection, version),
        coming=coming,
        latest={row.rule: row.latest for row in latest},
        drafted=drafted,
        ever=frozenset(ever),
    )


async def _read_spans(
    connection: AsyncConnection, live: int | None
) -> Mapping[str, tuple[datetime | None, datetime | None]]:
    """The beginnings and ends that live rules name themselves, where they name any."""
    schedule = rule_version.c.document["schedule"]
    rows = await connection.execute(
        select(
            rule_version.c.rule,
            schedule["from"].astext.label("opens"),
            schedule["to"].astext.label("closes"),
        )
        .join(
            rule_set_rule,
            (rule_set_rule.c.rule == rule_version.c.rule)
            & (rule_set_rule.c.rule_version == rule_version.c.version),
        )
        .where(rule_set_rule.c.rule_set == live, rule_version.c.document.has_key("schedule"))
    )
    return {row.rule: (_instant(row.opens), _instant(row.closes)) for row in rows}


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


async def _lives(
    connection: AsyncConnection, scene: _Scene, names: Sequence[str]
) -> list[RuleLife]:
    wanted = [
        (name, version)
        for name in names
        for version in {scene.shown(name), scene.latest.get(name)}
        if version is not None
    ]
    stored = await connection.execute(
        select(rule_version.c.rule, rule_version.c.version, rule_version.c.document).where(
            tuple_(rule_version.c.rule, rule_version.c.version).in_(wanted)
        )
    )
    documents = {(row.rule, row.version): row.document for row in stored}
    since = await _live_since(connection, scene, names)
    stopped = {switch.rule: switch for switch in await list_stopped(connection)}
    return [
        RuleLife(
            rule=name,
            state=scene.state_of(name),
            document=documents.get((name, scene.shown(name) or 0))
            or _drafted_document(scene.drafted[name], name),
            latest=scene.latest.get(name),
            newest=documents.get((name, scene.latest.get(name, 0))),
            live=scene.live.rules.get(name),
            live_since=since.get(name),
            coming=scene.coming_of(name),
            drafts=tuple(draft.id for draft in scene.drafted.get(name, ())),
            opens_at=scene.spans.get(name, (None, None))[0],
            closes_at=scene.spans.get(name, (None, None))[1],
            stopped=stopped.get(name),
        )
        for name in names
    ]


async def _live_since(
    connection: AsyncConnection, scene: _Scene, names: Sequence[str]
) -> Mapping[str, datetime]:
    pairs = [(name, scene.live.rules[name]) for name in names if name in scene.live.rules]
    won = winning_sets().where(rule_set.c.live_from <= scene.at).subquery("won")
    rows = await connection.execute(
        select(rule_set_rule.c.rule, func.min(won.c.live_from).label("since"))
        .join(won, won.c.version == rule_set_rule.c.rule_set)
        .where(tuple_(rule_set_rule.c.rule, rule_set_rule.c.rule_version).in_(pairs))
        .group_by(rule_set_rule.c.rule)
    )
    return {row.rule: row.since for row in rows}


def _drafted_document(drafts: Sequence[RuleDraft], rule: str) -> Mapping[str, object]:
    return next(
        document
        for draft in drafts
        for document in draft.change.rules
        if document.get("rule") == rule
    )
