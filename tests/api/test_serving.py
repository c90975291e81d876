"""Health, headers and the access log."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access import Access
from tests.support.api import Caller, Web


async def test_a_migrated_database_is_ready_and_another_one_is_not(
    web: Web, owner_connection: AsyncConnection
) -> None:
    assert (await web.client.get("/health/live")).json() == {"status": "live"}
    ready = await web.client.get("/health/ready")
    assert ready.status_code == 200, ready.text

    await owner_connection.execute(text("update migration.applied_functions set digest = 'old'"))

    refused = await web.client.get("/health/ready")
    assert (refused.status_code, refused.json()["code"]) == (503, "not-ready")


async def test_every_answer_carries_its_request_id(web: Web, admin: Caller) -> None:
    given = await web.client.get("/health/live", headers={"X-Request-Id": "till-7"})
    minted = await admin.get("/v1/keys")
    hostile = await web.client.get("/health/live", headers={"X-Request-Id": "a b\tc"})

    assert given.headers["X-Request-Id"] == "till-7"
    assert len(minted.headers["X-Request-Id"]) == 36
    assert hostile.headers["X-Request-Id"] != "a b\tc"
    assert minted.headers["Cache-Control"] == "no-store"
    assert minted.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_method_that_no_operation_has_is_refused(web: Web, checkout: Caller) -> None:
    for method, path in (("OPTIONS", "/v1/members"), ("PUT", "/v1/members")):
        for headers in ({}, {"Authorization": f"Bearer {checkout.key}"}):
            refused = await web.client.request(method, path, headers=headers)

            assert refused.status_code == 405, (method, refused.text)
            assert refused.json()["code"] == "method-not-allowed"


@pytest.mark.parametrize(
    ("announced", "pieces"),
    [
        (b"4", [(b"{}", True), (b"  ", True)]),
        (b"4", [(b"", True), (b"{}  ", True)]),
        (b"4", [(b"{}", True), (b" ", False)]),
        (None, [(b"{}", True), (b"  ", True), (b"", False)]),
        (b"four", [(b"{}  ", True), (b"", False)]),
        (b"0", [(b"", False)]),
    ],
)
async def test_a_body_is_asked_for_no_more_often_than_it_has_pieces(
    announced: bytes | None, pieces: list[tuple[bytes, bool]]
) -> None:
    left, read = [*pieces], []

    async def receive() -> Any:
        body, more = left.pop(0)
        return {"type": "http.request", "body": body, "more_body": more}

    async def app(_scope: Any, receive: Any, _send: Any) -> None:
        more = True
        while more:
            message = await receive()
            read.append(message["body"])
            more = message["more_body"]

    async def send(_message: Any) -> None:
        raise AssertionError

    headers = [] if announced is None else [(b"content-length", announced)]
    scope: Any = {"type": "http", "method": "POST", "path": "/v1", "headers": headers, "state": {}}
    await Access(app)(scope, receive, send)

    assert (read, left) == ([body for body, _ in pieces], [])


async def test_the_access_log_names_the_route_and_never_the_member(
    web: Web, checkout: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    await web.joined(external_id="C-1047", email="ada@example.org")
    capsys.readouterr()

    await checkout.get("/v1/members/ext:C-1047/wallet")
    await checkout.get("/v1/members", email="ada@example.org")
    await checkout.get("/v1/nowhere/C-1047")

    printed = "".join(capsys.readouterr())
    assert "/v1/members/{member}/wallet" in printed
    assert "C-1047" not in printed
    assert "ada" not in printed


async def test_an_unforeseen_failure_tells_nothing(
    web: Web,
    checkout: Caller,
    owner_connection: AsyncConnection,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await owner_connection.execute(text("alter table loyalty.profile rename to gone"))
    capsys.readouterr()

    failed = await checkout.post("/v1/members", {"external_id": "C-1", "name": "Ada Lovelace"})

    assert failed.status_code == 500
    assert failed.json()["code"] == "internal-error"
    for secret in ("profile", "insert", "Ada", "/", "Traceback"):
        assert secret not in failed.json()["detail"]
    assert "Ada" not in "".join(capsys.readouterr())
