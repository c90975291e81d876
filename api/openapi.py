"""The OpenAPI document, generated from the operations that the handlers declare.

Paths, roles, bodies, answers, every refusal with its status, and examples all come from the same
declaration that the handler obeys. It is served as JSON; no page loads anything from elsewhere.
"""

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any, Final

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from api.operation import OPT, Operation
from api.problems import MEDIA_TYPE as PROBLEM_MEDIA_TYPE
from api.problems import Problem
from api.statuses import STATUSES
from api.writing import HEADER

REFS: Final = "#/components/schemas/{name}"
_JSON: Final = "application/json"
_NUMBERS: Final = frozenset({"version", "number", "position"})
_REASONS: Final = {200: "Answered.", 201: "Made.", 202: "Taken."}
_DESCRIPTION: Final = (
    "Membership and loyalty for an online shop. Amounts are whole numbers in minor units, instants"
    " carry an offset, unknown fields are refused, and every refusal is an RFC 9457 problem"
    " document with a stable code."
)

Document = dict[str, Any]


def build_document(prefix: str, routes: Iterable[HTTPRouteHandler]) -> Document:
    """Return the document of the routes under the prefix."""
    handlers = list(routes)
    schemas, components = _schemas(handlers)
    for handler in handlers:
        for name, definition in (handler.opt[OPT].body_schema or {}).get("$defs", {}).items():
            components[name] = _hoisted(definition)
    paths: Document = {}
    for handler in handlers:
        declared: Operation = handler.opt[OPT]
        for path in sorted(handler.paths):
            place = paths.setdefault(_path(prefix, path), {})
            for method in sorted(handler.http_methods):
                place[str(method).lower()] = _operation(handler, declared, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Loyalty",
            "version": version("loyalty"),
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "tags": _tags(handlers),
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key, or a member's short-lived credential.",
                }
            },
        },
    }


def serve_document(document: Document) -> HTTPRouteHandler:
    """Return the handler that serves the document as it was generated."""
    content = msgspec.json.encode(document)

    @get("/schema/openapi.json", opt={"public": True})
    async def read_openapi() -> Response[bytes]:
        return Response(content=content, media_type=_JSON)

    return read_openapi


def _schemas(handlers: Iterable[HTTPRouteHandler]) -> tuple[Mapping[Any, Document], Document]:
    types: list[Any] = [Problem]
    for handler in handlers:
        declared: Operation = handler.opt[OPT]
        types += [part for part in (declared.body, declared.query) if part is not None]
        types += declared.answers.values()
    unique = list(dict.fromkeys(types))
    schemas, components = msgspec.json.schema_components(unique, ref_template=REFS)
    return dict(zip(unique, schemas, strict=True)), components


def _path(prefix: str, path: str) -> str:
    steps = (step.partition(":")[0] + "}" if ":" in step else step for step in path.split("/"))
    return prefix + "/".join(steps)


def _tags(handlers: Iterable[HTTPRouteHandler]) -> list[Document]:
    names = dict.fromkeys(handler.opt[OPT].tag for handler in handlers)
    return [{"name": name} for name in names]


def _operation(
    handler: HTTPRouteHandler, declared: Operation, schemas: Mapping[Any, Document]
) -> Document:
    told: Document = {
        "operationId": handler.fn.__name__,
        "summary": declared.summary,
        "description": (handler.fn.__doc__ or "").strip(),
        "tags": [declared.tag],
        "x-roles": sorted(declared.roles),
        "parameters": [*_path_parameters(declared), *_query(declared), *_key(declared)],
        "responses": {**_answers(declared, schemas), **_refusals(declared, schemas)},
    }
    if declared.body is not None:
        content: Document = {"schema": schemas[declared.body]}
        if declared.body_schema is not None:
            shape = {name: part for name, part in declared.body_schema.items() if name != "$defs"}
            content["schema"] = _hoisted(shape)
        if declared.example is not None:
            content["example"] = declared.example
        told["requestBody"] = {"required": True, "content": {_JSON: content}}
    return told


def _hoisted(schema: object) -> object:
    """Let references lead to the document's components."""
    match schema:
        case dict():
            return {
                name: part.replace("#/$defs/", "#/components/schemas/")
                if name == "$ref"
                else _hoisted(part)
                for name, part in schema.items()
            }
        case list():
            return [_hoisted(part) for part in schema]
        case _:
            return schema


def _path_parameters(declared: Operation) -> list[Document]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": said,
            "schema": {"type": "integer" if name in _NUMBERS else "string"},
        }
        for name, said in declared.parameters.items()
    ]


def _query(declared: Operation) -> list[Document]:
    if declared.query is None:
        return []
    fields = msgspec.structs.fields(declared.query)
    schemas, _ = msgspec.json.schema_components([field.type for field in fields], ref_template=REFS)
    return [
        {"name": field.encode_name, "in": "query", "required": field.required, "schema": schema}
        for field, schema in zip(fields, (_given(schema) for schema in schemas), strict=True)
    ]


def _given(schema: Document) -> Document:
    """Drop null: a query parameter that is not given is left out."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind.get("type") != "null"]
    return kinds[0] if len(kinds) == 1 else schema


def _key(declared: Operation) -> list[Document]:
    if declared.key == "none":
        return []
    return [
        {
            "name": HEADER,
            "in": "header",
            "required": declared.key == "required",
            "description": "Repeat a request with the same key and it happens once.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        }
    ]


def _answers(declared: Operation, schemas: Mapping[Any, Document]) -> Document:
    answers: Document = {}
    for status, type_ in declared.answers.items():
        content: Document = {"schema": {} if declared.media_types else schemas[type_]}
        if declared.example_answer is not None:
            content["example"] = declared.example_answer
        answers[str(status)] = {
            "description": _REASONS[status],
            "content": dict.fromkeys(declared.media_types or (_JSON,), content),
        }
    return answers


def _refusals(declared: Operation, schemas: Mapping[Any, Document]) -> Document:
    by_status: dict[int, list[str]] = {}
    for code in (*_general(declared), *declared.refusals):
        by_status.setdefault(STATUSES[code], []).append(code)
    content = {PROBLEM_MEDIA_TYPE: {"schema": schemas[Problem]}}
    return {
        str(status): {"description": ", ".join(dict.fromkeys(codes)), "content": content}
        for status, codes in sorted(by_status.items())
    }


def _general(declared: Operation) -> Iterable[str]:
    """Name the refusals that follow from what the operation takes."""
    yield from ("credentials-missing", "unknown-key", "key-ended", "credential-ended")
    yield from ("role-not-allowed", "internal-error", "unavailable", "not-found")
    if declared.body is not None:
        yield from ("malformed-json", "body-too-large", "unsupported-media-type")
    if declared.body is not None or declared.query is not None:
        yield "invalid-request"
    if declared.key == "required":
        yield "idempotency-key-missing"
    if declared.key != "none":
        yield from ("idempotency-key-invalid", "idempotency-key-reused", "idempotency-in-progress")
