"""Health, headers and the access log."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

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
