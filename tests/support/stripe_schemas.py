"""Stripe's own schemas, from the shared data: what the double may be asked, and what it may answer.

Requests are held to the parameters of the SDK's pinned version, answers and events to Stripe's
OpenAPI document. Both are read only by tests, and a test without them is skipped by name.
"""

import json
import re
from functools import cache
from typing import Any, Final

import jsonschema_rs

from tests.support.requirements import shared_data

Schema = dict[str, Any]

REQUESTS: Final = "requests.2026-10-28.endive.json"
ANSWERS: Final = "openapi-billing.2026-08-26.dahlia.json"
NULL: Final[Schema] = {"type": "null"}


class Judge:
    """Holds calls of a double against Stripe's schemas; what it finds wrong it keeps."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.calls = 0

    def witness(
        self, method: str, path: str, parameters: Schema, status: int, answer: Schema
    ) -> None:
        """Judge one call; what was refused need not have been right."""
        self.calls += 1
        if status == 200:
            self._request(method, path, parameters)
            self._answer(method, path, answer)

    def event(self, event: Schema) -> None:
        """Judge an event, and the object that it tells of."""
        self._valid(f"event {event['type']}", _answer_of("event"), event)
        thing = event["data"]["object"]
        self._valid(f"object of {event['type']}", _answer_of(thing["object"]), thing)

    def _request(self, method: str, path: str, parameters: Schema) -> None:
        operation = _operation(method, path)
        if operation is None:
            self.found.append(f"{method} {path}: no operation of the SDK")
            return
        schema = _requests()["$defs"][operation["schema"]] if operation["schema"] else {}
        told = _typed(parameters, schema)
        self._valid(f"{method} {path} {told}", _request_of(operation["schema"]), told)

    def _answer(self, method: str, path: str, answer: Schema) -> None:
        schema = _response(method, path)
        if schema is None:
            self.found.append(f"{method} {path}: not in Stripe's document")
            return
        self._valid(f"{method} {path}", schema, answer)

    def _valid(self, what: str, validator: Any, value: Any) -> None:
        for error in validator.iter_errors(value):
            where = "/".join(str(step) for step in error.instance_path)
            self.found.append(f"{what} at {where}: {error.message[:300]}")


@cache
def _requests() -> Schema:
    read: Schema = json.loads((shared_data("stripe") / REQUESTS).read_text(encoding="utf-8"))
    return read


@cache
def _answers() -> Schema:
    read: Schema = json.loads((shared_data("stripe") / ANSWERS).read_text(encoding="utf-8"))
    normalised: Schema = _nullable(read)
    return normalised


def pinned_version() -> str:
    """Return the API version whose requests the file describes."""
    return str(_requests()["api_version"])


def _nullable(value: Any) -> Any:
    """Say `nullable` as JSON Schema does, all the way down."""
    if isinstance(value, list):
        return [_nullable(each) for each in value]
    if not isinstance(value, dict):
        return value
    made = {name: _nullable(each) for name, each in value.items() if name != "nullable"}
    return {"anyOf": [made, NULL]} if value.get("nullable") is True else made


def _closed(value: Any) -> Any:
    """Close nested objects, so that a misspelt key does not pass."""
    if isinstance(value, list):
        return [_closed(each) for each in value]
    if not isinstance(value, dict):
        return value
    made = {name: _closed(each) for name, each in value.items()}
    if made.pop("x-open", False):  # the SDK lists some strings, and any other is possible
        made.pop("enum", None)
        made.setdefault("type", "string")
    if "properties" in made and "additionalProperties" not in made:
        made["additionalProperties"] = False
    return made


@cache
def _request_of(name: str | None) -> Any:
    if name is None:
        return jsonschema_rs.Draft202012Validator({"additionalProperties": False})
    definitions = {each: _closed(schema) for each, schema in _requests()["$defs"].items()}
    return jsonschema_rs.Draft202012Validator({"$defs": definitions, "$ref": f"#/$defs/{name}"})


@cache
def _answer_of(kind: str) -> Any:
    return _compiled(f"#/components/schemas/{kind}")


@cache
def _compiled(pointer: str) -> Any:
    document = {"components": _answers()["components"], "$ref": pointer}
    return jsonschema_rs.Draft202012Validator(document)


@cache
def _operation(method: str, path: str) -> Schema | None:
    for each in _requests()["operations"].values():
        if each["method"] == method.lower() and _matches(each["path"], path):
            found: Schema = each
            return found
    return None


@cache
def _response(method: str, path: str) -> Any:
    for template, operations in _answers()["paths"].items():
        if method.lower() in operations and _matches(template, path):
            schema = operations[method.lower()]["responses"]["200"]["content"]["application/json"]
            return jsonschema_rs.Draft202012Validator(
                {"components": _answers()["components"], **schema["schema"]}
            )
    return None


def _matches(template: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path) is not None


def _typed(value: Any, schema: Schema) -> Any:
    """Turn the strings of a form into what the schema says they are."""
    schema = _resolved(schema)
    for option in schema.get("anyOf", ()):
        told = _typed(value, option)
        if told != value or not isinstance(value, str):
            return told
    if isinstance(value, dict):
        inner = schema.get("properties", {})
        other = schema.get("additionalProperties")
        rest = other if isinstance(other, dict) else {}
        return {name: _typed(each, inner.get(name, rest)) for name, each in value.items()}
    if isinstance(value, list):
        return [_typed(each, schema.get("items", {})) for each in value]
    return _leaf(value, schema.get("type"))


def _leaf(value: str, kind: object) -> object:
    if kind == "integer" and re.fullmatch(r"-?\d+", value):
        return int(value)
    if kind == "boolean" and value in {"true", "false"}:
        return value == "true"
    return float(value) if kind == "number" else value


def _resolved(schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = _requests()["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return schema
