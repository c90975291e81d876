"""Groups of rules in words: how their rules go together, what bounds them, what changes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from admin.language import Voice
from admin.limit_view import LimitView, limit_views
from admin.rule_view import DIFF_KINDS
from admin.words import N_, Badge, badge
from benefits import GroupDocument
from loyalty.rule_costs import Totals

MODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "all": N_("All of them give what they have; times the points are multiplied."),
        "add": N_("All of them give what they have; times the points are added up."),
        "best": N_("Of its rules only the one that gives the member most."),
        "first": N_("Of its rules only the first that gives anything, the highest priority first."),
    }
)
MODE_CHOICES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "all": N_("all, times the points multiplied"),
        "add": N_("all, times the points added up"),
        "best": N_("only the best for the member"),
        "first": N_("only the first, by priority"),
    }
)
"""The same, short enough to be chosen from."""
_NOTHING: Final[Totals] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group: how its rules go together, its limits, and the rules that are live in it."""

    name: str
    words: str
    limits: tuple[LimitView, ...]
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupChanged:
    """What a change does to one group; `before` is how it is live, where that is different."""

    name: str
    kind: Badge
    before: GroupView | None
    after: GroupView | None


async def live_groups(connection: AsyncConnection, at: datetime) -> Mapping[str, GroupDocument]:
    """The groups of the rule set that is live, as documents."""
    version = await connection.scalar(benefits.live_rule_set_version(at))
    return (await benefits.read_contents(connection, version)).groups


def group_view(
    voice: Voice,
    name: str,
    document: GroupDocument,
    totals: Totals = _NOTHING,
    rules: Iterable[str] = (),
) -> GroupView:
    """A group in words."""
    (group,) = benefits.groups_from({name: document})
    limits = limit_views(voice, benefits.group_scope(name), group.limits, totals)
    return GroupView(name, voice.say(MODES[group.mode]), limits, tuple(rules))


def changed_groups(
    voice: Voice,
    live: Mapping[str, GroupDocument],
    change: Mapping[str, GroupDocument | None],
) -> list[GroupChanged]:
    """Every group that a change touches, in words; one that stays as it is is left out."""
    found = []
    for name, after in sorted(change.items()):
        before = live.get(name)
        if before == after:
            continue
        kind = "added" if before is None else "retired" if after is None else "changed"
        views = [None if one is None else group_view(voice, name, one) for one in (before, after)]
        found.append(GroupChanged(name, badge(voice, DIFF_KINDS, kind), views[0], views[1]))
    return found
