"""The OpenAPI document is true: requests drawn from it get answers that it describes."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import hypothesis
import msgspec
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

import benefits
from api.operation import OPT
from api.registry import ROUTES
from tests.support.api import Caller, Web
from tests.support.requirements import sample

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


async def test_every_operation_tells_its_refusals_and_has_an_example_of_its_body(
    web: Web, subtests: pytest.Subtests
) -> None:
    document = (await web.client.get("/schema/openapi.json")).json()

    assert len(document["paths"]) > 100
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            with subtests.test(f"{method} {path}"):
                assert {"401", "403", "500", "503"} <= set(told["responses"])
                assert told["summary"]
                assert told["description"]
                for part in told.get("requestBody", {}).get("content", {}).values():
                    assert part["example"]


async def test_the_shape_of_a_rule_is_the_languages_own(web: Web) -> None:
    document = (await web.client.get("/schema/openapi.json")).json()
    said = json.dumps(benefits.rule_schema()).replace("#/$defs/", "#/components/schemas/")
    wanted = json.loads(said)
    defined = wanted.pop("$defs")

    body = document["paths"]["/v1/rules"]["post"]["requestBody"]["content"]

    assert body["application/json"]["schema"] == wanted
    for name, definition in defined.items():
        assert document["components"]["schemas"][name] == definition


def test_every_example_of_a_body_is_one_that_is_taken(subtests: pytest.Subtests) -> None:
    for handler in ROUTES:
        declared = handler.opt[OPT]
        if declared.example is not None:
            with subtests.test(declared.summary):
                taken = msgspec.convert(declared.example, declared.body, strict=True)
                assert declared.example.keys() <= msgspec.to_builtins(taken).keys()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::pytest.PytestWarning")
async def test_requests_drawn_from_the_document_get_answers_that_it_describes(
    web: Web, admin: Caller
) -> None:
    await web.joined(external_id="C-1", email="ada@example.org")
    document = (await web.client.get("/schema/openapi.json")).json()
    loop = asyncio.get_running_loop()

    def send(request: dict[str, Any]) -> httpx.Response:
        asking = web.client.request(**request)
        return asyncio.run_coroutine_threadsafe(asking, loop).result(timeout=120)

    tried = await asyncio.to_thread(lambda: list(_draw(document, admin.key, send)))

    assert tried == [
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in methods
    ]


def _draw(
    document: dict[str, Any], key: str, send: Callable[[dict[str, Any]], httpx.Response]
) -> Iterator[str]:
    """Name each operation once the answers to requests drawn for it were all described."""
    schema = schemathesis.openapi.from_dict(document)
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        _try_operation(found.ok(), key, send)
        yield found.ok().label


def _try_operation(
    operation: Any, key: str, send: Callable[[dict[str, Any]], httpx.Response]
) -> None:
    @hypothesis.settings(
        max_examples=sample(quick=2, full=150),
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(case=operation.as_strategy())
    def try_one(case: Any) -> None:
        if "member" in case.path_parameters:
            case.path_parameters["member"] = "ext:C-1"
        request = case.as_transport_kwargs(base_url="http://loyalty.test")
        request["headers"] = {**dict(request["headers"]), "Authorization": f"Bearer {key}"}
        request.pop("cookies", None)
        case.validate_response(send(request), checks=CHECKS)

    try_one()
