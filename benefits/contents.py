"""What rule sets are made of, and what a change makes of them. Pure.

A change names whole rules, names that end, and modes of groups; it says nothing of the others, so
several changes can be made at once and one can be carried into what is scheduled for later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

from benefits.errors import DuplicateRule
from benefits.grouping import GroupDocument, group_documents
from benefits.records import Group, PublishedRuleSet

V = TypeVar("V")

_NONE: Mapping[str, GroupDocument | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RuleChange:
    """Rules to add or to change, as whole documents, names that end, and modes of groups.

    A group without a mode is taken away.
    """

    rules: tuple[Mapping[str, object], ...] = ()
    retired: tuple[str, ...] = ()
    groups: Mapping[str, GroupDocument | None] = field(default_factory=lambda: _NONE)

    @property
    def empty(self) -> bool:
        """Whether it changes nothing."""
        return not (self.rules or self.retired or self.groups)

    @property
    def names(self) -> tuple[str, ...]:
        """The rules that it touches: those it adds or changes, and those that end."""
        return (*(str(document.get("rule", "")) for document in self.rules), *self.retired)


def change_document(change: RuleChange) -> dict[str, object]:
    """A change as plain JSON values."""
    return {
        "rules": [dict(document) for document in change.rules],
        "retired": list(change.retired),
        "groups": dict(change.groups),
    }


def change_from(document: Mapping[str, Any]) -> RuleChange:
    """The change of such a document."""
    return RuleChange(
        tuple(document["rules"]), tuple(document["retired"]), dict(document["groups"])
    )


@dataclass(frozen=True, slots=True)
class Contents:
    """The rules of a set with their versions, and its groups as documents."""

    rules: Mapping[str, int]
    groups: Mapping[str, GroupDocument]


EMPTY = Contents(MappingProxyType({}), MappingProxyType({}))
"""What is live before anything was published."""


def contents_of(published: PublishedRuleSet | None) -> Contents:
    """What a published set is made of."""
    if published is None:
        return EMPTY
    return Contents(
        {stored.rule: stored.version for stored in published.rules},
        group_documents(published.groups),
    )


def contents_from(rules: Sequence[tuple[str, int]], groups: Sequence[Group]) -> Contents:
    """A set of (rule, version) pairs and groups. Raises DuplicateRule."""
    names: set[str] = set()
    for rule, _ in rules:
        if rule in names:
            raise DuplicateRule(rule=rule)
        names.add(rule)
    return Contents(dict(rules), group_documents(groups))


def changed(before: Contents, versions: Mapping[str, int], change: RuleChange) -> Contents:
    """The set with a change made; `versions` are those that its documents were stored as."""
    rules = {**before.rules, **versions}
    groups = dict(before.groups)
    for name in change.retired:
        rules.pop(name, None)
    for name, mode in change.groups.items():
        groups.pop(name, None)
        if mode is not None:
            groups[name] = mode
    return Contents(rules, groups)


def carried(before: Contents, after: Contents, later: Contents) -> Contents:
    """A later set with the change from `before` to `after`; what it changed itself stands."""
    return Contents(
        _carried(before.rules, after.rules, later.rules),
        _carried(before.groups, after.groups, later.groups),
    )


def outrun_by(based_on: Contents, now: Contents, change: RuleChange) -> tuple[str, ...]:
    """The rules and groups that a change touches and that others have moved since."""
    rules = [name for name in change.names if based_on.rules.get(name) != now.rules.get(name)]
    groups = [name for name in change.groups if based_on.groups.get(name) != now.groups.get(name)]
    return tuple(sorted({*rules, *groups}))


def _carried(
    before: Mapping[str, V], after: Mapping[str, V], later: Mapping[str, V]
) -> dict[str, V]:
    result = dict(later)
    for name in {*before, *after}:
        if before.get(name) == after.get(name) or later.get(name) != before.get(name):
            continue
        if name in after:
            result[name] = after[name]
        else:
            result.pop(name, None)
    return result
