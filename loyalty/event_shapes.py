"""The JSON Schemas that the data of events are made of. Pure."""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]


def text(description: str, **more: object) -> Schema:
    """A text."""
    return {"type": "string", "description": description, **more}


def id_of(prefix: str, what: str) -> Schema:
    """One of our ids, with its prefix."""
    return text(f"Our id of {what}.", pattern=f"^{prefix}_[0-9a-z]{{26}}$")


def uuid_of(what: str) -> Schema:
    """One of our ids without a prefix."""
    return text(f"Our id of {what}.", format="uuid")


def whole(description: str, **more: object) -> Schema:
    """A whole number."""
    return {"type": "integer", "description": description, **more}


def yes_or_no(description: str) -> Schema:
    """True or false."""
    return {"type": "boolean", "description": description}


def or_null(schema: Schema) -> Schema:
    """What may be missing."""
    return {**schema, "type": [schema["type"], "null"]}


def list_of(items: Schema, description: str) -> Schema:
    """A list."""
    return {"type": "array", "items": items, "description": description}


def object_of(
    required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None
) -> Schema:
    """Describe an object; fields that are not named may come one day, and are to be ignored."""
    properties = {**required, **(optional or {})}
    return {"type": "object", "properties": properties, "required": sorted(required)}
