"""Every wrong input gets a problem document that names the field, and changes nothing."""

from typing import Any

import pytest
from sqlalchemy import text

from tests.support.api import Caller, Web

JOIN = "/v1/members"
ADJUST = "/v1/members/ext:C-1/adjustments"

OTHER = {"reason": "other"}
CONSENT = {"purpose": "a", "granted": True, "text_version": "1"}

BODIES: dict[str, tuple[str, Any, str, str]] = {
    "unknown field": (JOIN, {"nom": "Ada"}, "unknown-field", "/nom"),
    "wrong type": (JOIN, {"name": 7}, "wrong-type", "/name"),
    "list for an object": (JOIN, [], "wrong-type", ""),
    "boolean for a number": (ADJUST, {"points": True, **OTHER}, "wrong-type", "/points"),
    "number as text": (ADJUST, {"points": "5", **OTHER}, "wrong-type", "/points"),
    "fraction": (ADJUST, {"points": 2.5, **OTHER}, "wrong-type", "/points"),
    "whole float": (ADJUST, {"points": 2.0, **OTHER}, "wrong-type", "/points"),
    "too many points": (ADJUST, {"points": 10**13, **OTHER}, "out-of-range", "/points"),
    "endless number": (ADJUST, {"points": 10**40, **OTHER}, "out-of-range", "/points"),
    "no points": (ADJUST, {"points": 0, **OTHER}, "adjustment-empty", "/points"),
    "field missing": (ADJUST, {"points": 5}, "missing-field", "/reason"),
    "unknown reason": (
        ADJUST,
        {"points": 5, "reason": "because"},
        "adjustment-reason-unknown",
        "/reason",
    ),
    "month 13": (JOIN, {"birthday": {"month": 13, "day": 1}}, "out-of-range", "/birthday/month"),
    "31 April": (JOIN, {"birthday": {"month": 4, "day": 31}}, "birthday-impossible", "/birthday"),
    "29 February of a common year": (
        JOIN,
        {"birthday": {"month": 2, "day": 29, "year": 2001}},
        "birthday-impossible",
        "/birthday",
    ),
    "unknown class": (JOIN, {"class": "vip"}, "unknown-value", "/class"),
    "no offset": (JOIN, {"joined_at": "2026-01-01T00:00:00"}, "malformed-time", "/joined_at"),
    "no time": (JOIN, {"joined_at": "yesterday"}, "malformed-time", "/joined_at"),
    "to come": (JOIN, {"joined_at": "2199-01-01T00:00:00Z"}, "out-of-range", "/joined_at"),
    "too early": (JOIN, {"joined_at": "0001-01-01T00:00:00+14:00"}, "out-of-range", "/joined_at"),
    "no e-mail": (JOIN, {"email": "nowhere"}, "malformed-contact", "/email"),
    "no phone": (JOIN, {"phone": "call me"}, "malformed-contact", "/phone"),
    "NUL": (JOIN, {"name": "A\x00da"}, "unstorable-text", "/name"),
    "second consent wrong": (
        JOIN,
        {"consents": [CONSENT, {**CONSENT, "granted": "yes"}]},
        "wrong-type",
        "/consents/1/granted",
    ),
}


async def test_a_wrong_body_is_refused_by_field_and_changes_nothing(
    web: Web, admin: Caller, subtests: pytest.Subtests
) -> None:
    await web.joined(external_id="C-1")
    before = await _rows(web)

    for case, (path, body, code, pointer) in BODIES.items():
        with subtests.test(case):
            refused = await admin.post(path, body)

            problem = refused.json()
            assert refused.status_code == 422, refused.text
            assert refused.headers["content-type"] == "application/problem+json"
            assert problem["instance"].startswith("urn:request:")
            fault = problem["errors"][0]
            assert (fault["pointer"], fault["code"]) == (pointer, code)
            assert fault["message"]
            assert await _rows(web) == before


RAW: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "malformed-json"),
    "half": (b'{"name":', 400, "malformed-json"),
    "no utf-8": (b'{"name": "\xff"}', 400, "malformed-json"),
    "a lone surrogate": (b'{"name": "\\ud800"}', 400, "malformed-json"),
    "two documents": (b"{} {}", 400, "malformed-json"),
    "nested deeply": (b'{"name":' * 50_000, 422, "invalid-request"),
    "too large": (b'{"name": "' + b"x" * 1_100_000 + b'"}', 413, "body-too-large"),
}


async def test_bytes_that_cannot_be_read_are_refused(
    web: Web, admin: Caller, subtests: pytest.Subtests
) -> None:
    before = await _rows(web)

    for case, (body, status, code) in RAW.items():
        with subtests.test(case):
            refused = await admin.post(JOIN, body)

            assert (refused.status_code, refused.json()["code"]) == (status, code)
            assert await _rows(web) == before


async def test_only_json_is_taken(admin: Caller) -> None:
    refused = await admin.post(JOIN, b"name=Ada", **{"Content-Type": "text/plain"})

    assert (refused.status_code, refused.json()["code"]) == (415, "unsupported-media-type")


async def test_a_text_that_only_looks_like_nul_is_kept(admin: Caller) -> None:
    taken = await admin.post(JOIN, b'{"external_id": "C-1", "name": "a\\\\u0000b"}')

    assert taken.status_code == 201, taken.text
    assert (await admin.get("/v1/members/ext:C-1")).json()["name"] == "a\\u0000b"


SEARCHES = {
    "": "/query/email",
    "mail=a@b.org": "/query/mail",
    "email=a@b.org&email=c@d.org": "/query/email",
    "email=nowhere": "/email",
    "order=a%00b": "/query/order",
}


async def test_a_wrong_search_is_refused_by_parameter(
    admin: Caller, subtests: pytest.Subtests
) -> None:
    for query, pointer in SEARCHES.items():
        with subtests.test(query):
            refused = await admin.get(f"/v1/members?{query}")

            assert refused.status_code == 422, refused.text
            assert refused.json()["errors"][0]["pointer"] == pointer


async def test_a_wrong_page_is_refused(web: Web, admin: Caller, subtests: pytest.Subtests) -> None:
    await web.joined(external_id="C-1")
    wrong = [("limit", each) for each in ("0", "201", "x", "1.5", "-1")]
    wrong += [("after", each) for each in ("x", "a.b.c", "é")]

    for parameter, value in wrong:
        with subtests.test(f"{parameter}={value}"):
            refused = await admin.get("/v1/members/ext:C-1/transactions", **{parameter: value})

            assert refused.status_code == 422
            assert refused.json()["errors"][0]["pointer"] == f"/query/{parameter}"


async def test_a_cursor_of_another_list_is_refused(web: Web, admin: Caller) -> None:
    for number in range(3):
        await web.joined(external_id=f"C-{number}")
    page = (await admin.get("/v1/audit", limit=1)).json()

    refused = await admin.get("/v1/members/ext:C-1/transactions", after=page["next"])

    assert refused.status_code == 422


async def test_an_unknown_member_is_named_as_asked(admin: Caller) -> None:
    for asked in ("ext:nobody", "mem_01kfz3m6q8e4trx9n2v5w7y1ab", "nonsense"):
        refused = await admin.get(f"/v1/members/{asked}")
        assert refused.status_code == 404
        assert refused.json()["detail"] == f"There is no member {asked}."
        written = await admin.post(
            f"/v1/members/{asked}/adjustments", {"points": 1, "reason": "other"}
        )
        assert (written.status_code, written.json()["code"]) == (404, "unknown-member")


async def test_unknown_places_and_methods_are_problems_too(web: Web, admin: Caller) -> None:
    nowhere = await admin.get("/v1/nothing")
    method = await web.client.put("/v1/members")

    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not-found")
    assert (method.status_code, method.json()["code"]) == (405, "method-not-allowed")
    for answer in (nowhere, method):
        assert answer.headers["content-type"] == "application/problem+json"


HEADERS = {
    "": "credentials-missing",
    "Basic abc": "credentials-missing",
    "Bearer ": "credentials-missing",
    "Bearer nonsense": "unknown-key",
    "Bearer loy_admin_abcdefghjkmn_abcdefghjkmnpqrstvwxyzabcdefghjk": "unknown-key",
    "Bearer a.b.c": "credential-ended",
}


async def test_a_wrong_key_is_refused(web: Web, subtests: pytest.Subtests) -> None:
    for header, code in HEADERS.items():
        with subtests.test(header):
            sent = {"Authorization": header}
            refused = await web.client.get("/v1/members/ext:C-1", headers=sent)

            assert (refused.status_code, refused.json()["code"]) == (401, code)


async def test_a_key_with_a_wrong_secret_is_refused(web: Web, admin: Caller) -> None:
    forged = Caller(web.client, admin.key[:-1] + ("a" if admin.key[-1] != "a" else "b"))

    assert (await forged.get("/v1/keys")).status_code == 401


async def _rows(web: Web) -> dict[str, int]:
    tables = ("member", "profile", "name", "change", "event", "adjustment_day")
    counts = ", ".join(f"(select count(*) from loyalty.{table}) as {table}" for table in tables)
    async with web.application.database.read() as connection:
        row = (await connection.execute(text(f"select {counts}"))).one()
    return dict(row._mapping)
