"""Groups of rules as documents: a bare mode, or a mode with limits. Pure."""

from collections.abc import Iterable, Mapping
from typing import cast

from benefits.counted import Limit
from benefits.errors import UnknownReference
from benefits.language.limits import read_limits
from benefits.language.nodes import LIMIT, Field, Kind
from benefits.language.values import (
    escape,
    read_list,
    read_object,
    read_text,
    refuse_unknown_fields,
)
from benefits.records import Group

GroupDocument = str | Mapping[str, object]
"""How the rules of a group combine, and what bounds them together."""
MODES = ("all", "add", "best", "first")
"""How the rules of a group combine; `add` is about multipliers, which else multiply."""
GROUP = (
    Field("mode", Kind.WORD, required=True, choices=MODES),
    Field("limits", Kind.OBJECTS, fields=LIMIT),
)


def read_group(name: str, document: object) -> Group:
    """A group as a change says it. Raises RuleRefused with the pointer to the node."""
    pointer = f"/groups/{escape(name)}"
    if isinstance(document, str):
        return Group(name, _mode(document, pointer))
    said = read_object(document, pointer)
    refuse_unknown_fields(said, GROUP, pointer)
    mode = _mode(read_text(said["mode"], f"{pointer}/mode"), f"{pointer}/mode")
    if "limits" not in said:
        return Group(name, mode)
    within = f"{pointer}/limits"
    read_limits(said["limits"], within)
    stored = cast("list[Mapping[str, object]]", read_list(said["limits"], within))
    return Group(name, mode, tuple(stored))


def limits_of(group: Group) -> tuple[Limit, ...]:
    """The limits of a group, read."""
    return read_limits(list(group.limits), f"/groups/{escape(group.name)}/limits")


def group_document(group: Group) -> GroupDocument:
    """A group as it is stored: a bare mode where nothing bounds it."""
    if not group.limits:
        return group.mode
    return {"mode": group.mode, "limits": [dict(limit) for limit in group.limits]}


def group_documents(groups: Iterable[Group]) -> dict[str, GroupDocument]:
    """Groups as they are stored, by name."""
    return {group.name: group_document(group) for group in groups}


def groups_from(documents: Mapping[str, GroupDocument]) -> list[Group]:
    """The groups of such documents, by name."""
    return [read_group(name, document) for name, document in sorted(documents.items())]


def _mode(seen: str, pointer: str) -> str:
    if seen not in MODES:
        raise UnknownReference(pointer=pointer, kind="group mode", seen=seen)
    return seen
