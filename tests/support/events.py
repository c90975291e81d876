"""Events against their published schemas: every one that any test writes is held to its own."""

from functools import cache
from typing import Any

from jsonschema_rs import Validator, validator_for
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.event_types import EVENT_TYPES

_SHAPES = text(
    "SELECT DISTINCT ON (type, schema_version, (SELECT array_agg(k ORDER BY k)"
    " FROM jsonb_object_keys(data) AS k)) type, schema_version, data FROM loyalty.event"
)

_PATIENTLY = text("SELECT set_config('statement_timeout', '10min', true)")


async def undeclared(connection: AsyncConnection) -> list[str]:
    """Say what is wrong with events: an unknown type, or data that its schema does not describe."""
    found = []
    await connection.execute(_PATIENTLY)  # a whole year of a shop tells millions of events
    for type_, version, data in await connection.execute(_SHAPES):
        declared = EVENT_TYPES.get(type_)
        if declared is None or declared.version != version:
            found.append(f"{type_} {version} is not declared")
        else:
            errors = validator(type_).iter_errors(data)
            found += [f"{type_}: {error.message}" for error in errors]
    return found


@cache
def validator(type_: str) -> Validator:
    """Return what checks the data of a type; here also a field that is not described is wrong."""
    return validator_for(closed(EVENT_TYPES[type_].document()), validate_formats=True)


def closed(schema: Any) -> Any:
    """Return the schema with every object closed to fields that it does not name."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not hasattr(schema, "items"):
        return schema
    whole = {name: closed(value) for name, value in schema.items()}
    return {**whole, "additionalProperties": False} if "properties" in whole else whole
