"""The published types of events: declared once, described whole, and only gaining fields."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from loyalty.event_types import EVENT_TYPES
from loyalty.events import Event
from loyalty.ids import new_id
from tests.support.events import closed, validator

PUBLISHED = Path(__file__).with_name("published_events.json")
"""The schemas as they were first published; what stands there is promised for ever."""

Schema = Mapping[str, Any]


def published() -> Mapping[str, Schema]:
    read: Mapping[str, Schema] = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    return read


def broken(before: Any, now: Any, path: str) -> list[str]:
    """Say what a consumer of the earlier schema may no longer rely on."""
    if isinstance(before, dict) and isinstance(now, dict):
        found = [f"{path}/{name} is gone" for name in before.keys() - now.keys() - {"description"}]
        for name in before.keys() & now.keys() - {"description"}:
            if name == "required":
                missing = set(before[name]) - set(now[name])
                found += [f"{path}: {each} may be left out" for each in sorted(missing)]
            else:
                found += broken(before[name], now[name], f"{path}/{name}")
        return found
    return [] if before == now else [f"{path} was {before!r} and is {now!r}"]


@pytest.mark.parametrize("name", sorted(published()))
def test_a_published_type_only_gains_fields(name: str) -> None:
    assert name in EVENT_TYPES, "a type that was published stays"

    assert broken(published()[name], EVENT_TYPES[name].document(), name) == []


def test_the_comparison_finds_what_breaks_a_consumer() -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
        "required": ["a", "b"],
    }
    gained = {**schema, "properties": {**schema["properties"], "c": {"type": "string"}}}
    lost = {**schema, "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    other = {**schema, "properties": {**schema["properties"], "a": {"type": "string"}}}

    assert broken(schema, gained, "it") == []
    assert sorted(broken(schema, lost, "it")) == [
        "it/properties/b is gone",
        "it: b may be left out",
    ]
    assert broken(schema, other, "it") == ["it/properties/a/type was 'integer' and is 'string'"]


def test_an_event_of_an_unpublished_type_cannot_be_made() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)

    with pytest.raises(ValueError, match="no such type"):
        Event(new_id(), new_id(), "member.sneezed", at, {})
    with pytest.raises(ValueError, match="no such type"):
        Event(new_id(), new_id(), "member.joined", at, {}, schema_version=2)


def test_every_field_is_described_and_every_object_says_what_it_requires() -> None:
    def undescribed(schema: Any, path: str) -> list[str]:
        if not isinstance(schema, Mapping):
            return []
        found = []
        for name, field in schema.get("properties", {}).items():
            if not ({"description", "properties"} & field.keys()):
                found.append(f"{path}/{name}")
            found += undescribed(field, f"{path}/{name}")
        return found + undescribed(schema.get("items"), f"{path}[]")

    for each in EVENT_TYPES.values():
        assert undescribed(each.data, each.name) == []
        assert each.summary.endswith(".")
        assert each.data["required"]


def test_the_check_of_written_events_refuses_a_field_that_is_not_described() -> None:
    assert list(validator("member.joined").iter_errors({"class": "consumer"})) == []
    assert list(validator("member.joined").iter_errors({"class": "consumer", "name": "Ann"}))
    assert list(validator("member.joined").iter_errors({}))
    assert closed({"properties": {"a": {"properties": {}}}})["properties"]["a"] == {
        "properties": {},
        "additionalProperties": False,
    }
