"""The journal over HTTP: ask for an export, read its file, publish a map of one's own."""

import base64
import csv
import hashlib
import io
from copy import deepcopy
from typing import Any

import pytest

from tests.support.api import Caller, Web

EXPORTS = "/v1/finance/exports"
MAPS = "/v1/finance/account-maps"


def this_month(web: Web) -> str:
    """The month of now, as a period."""
    return f"{web.application.clock.now():%Y-%m}"


async def asked(finance: Caller, web: Web, format_: str = "csv", map_: str = "ifrs") -> Any:
    """Ask for an export of this month."""
    body = {"period": this_month(web), "map": map_, "format": format_}
    answered = await finance.post(EXPORTS, body)
    assert answered.status_code == 201, answered.text
    return answered.json()


async def test_an_export_is_asked_for_read_and_proved_by_its_digest(
    web: Web, admin: Caller, finance: Caller
) -> None:
    await web.joined(external_id="C-1")
    await admin.post("/v1/members/ext:C-1/adjustments", {"points": 70, "reason": "goodwill"})

    export = await asked(finance, web)
    file = await finance.get(f"{EXPORTS}/{export['number']}/file")
    again = await finance.get(f"{EXPORTS}/{export['number']}/file")
    made = (await finance.get(f"{EXPORTS}/{export['number']}")).json()

    assert (export["number"], export["provisional"], export["file"]) == (1, True, None)
    assert file.status_code == 200, file.text
    assert file.content == again.content
    digest = hashlib.sha256(file.content)
    assert made["file"]["sha256"] == digest.hexdigest()
    assert made["file"]["size"] == len(file.content)
    told = base64.b64encode(digest.digest()).decode()
    assert file.headers["repr-digest"] == f"sha-256=:{told}:"
    assert made["file"]["name"] in file.headers["content-disposition"]
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    (debit, credit, *_) = csv.DictReader(io.StringIO(file.text))
    assert (debit["opens"], debit["debit"]) == ("adjusted", "70")
    journal = (await finance.get(f"/v1/finance/journals/{credit['journal']}")).json()
    assert journal["transfers"][0]["lot"] == credit["lot"]


@pytest.mark.parametrize(
    ("format_", "begins"), [("xlsx", b"PK"), ("hledger", b"; export 1,"), ("csv", b"entry,")]
)
async def test_every_format_is_served_as_what_it_is(
    web: Web, finance: Caller, format_: str, begins: bytes
) -> None:
    export = await asked(finance, web, format_, "cas")

    file = await finance.get(f"{EXPORTS}/{export['number']}/file")

    assert file.content.startswith(begins)
    document = (await web.client.get("/schema/openapi.json")).json()
    path = document["paths"][EXPORTS + "/{number}/file"]["get"]
    kinds = path["responses"]["200"]["content"]
    assert file.headers["content-type"].partition(";")[0] in kinds


async def test_exports_are_listed_the_newest_first(web: Web, finance: Caller) -> None:
    for _ in range(3):
        await asked(finance, web)

    first = (await finance.get(EXPORTS, limit=2)).json()
    rest = (await finance.get(EXPORTS, limit=2, after=first["next"])).json()

    assert [one["number"] for one in first["items"] + rest["items"]] == [3, 2, 1]
    assert rest["next"] is None


async def test_the_same_request_is_one_export(web: Web, finance: Caller) -> None:
    body = {"period": this_month(web), "map": "ifrs", "format": "csv"}

    first = await finance.post(EXPORTS, body, key="once")
    second = await finance.post(EXPORTS, body, key="once")

    assert first.content == second.content
    assert len((await finance.get(EXPORTS)).json()["items"]) == 1


async def test_a_map_of_ones_own_is_published_and_used(web: Web, finance: Caller) -> None:
    shipped = (await finance.get(f"{MAPS}/ifrs")).json()
    document = deepcopy(shipped["map"]) | {"name": "ours"}
    document["accounts"][0]["names"]["zh"] = "应收账款"

    published = await finance.post(MAPS, {"map": document})
    export = await asked(finance, web, map_="ours")

    assert (shipped["version"], published.status_code) == (0, 201)
    assert published.json()["map"] == document
    assert (export["map"], export["map_version"]) == ("ours", 1)
    listed = (await finance.get(MAPS)).json()["items"]
    assert [one["name"] for one in listed] == ["cas", "ifrs", "ours"]


async def test_what_cannot_be_exported_is_refused_by_name(web: Web, finance: Caller) -> None:
    month = this_month(web)
    document = (await finance.get(f"{MAPS}/cas")).json()["map"]
    del document["points"]["held"]
    for path, body, status, code, pointer in (
        (EXPORTS, {"period": "2150", "map": "ifrs", "format": "csv"}, 422, "period", "/period"),
        (EXPORTS, {"period": "2026-13", "map": "ifrs", "format": "csv"}, 422, "", "/period"),
        (EXPORTS, {"period": month, "map": "none", "format": "csv"}, 404, "map", "/map"),
        (EXPORTS, {"period": month, "map": "ifrs", "format": "pdf"}, 422, "", "/format"),
        (MAPS, {"map": document}, 422, "malformed", "/map/points/held"),
    ):
        refused = await finance.post(path, body)

        assert refused.status_code == status, refused.text
        assert code in refused.json()["code"]
        if refused.json().get("errors"):
            assert refused.json()["errors"][0]["pointer"] == pointer
    for path in (f"{EXPORTS}/7", f"{EXPORTS}/7/file", f"{MAPS}/none"):
        assert (await finance.get(path)).status_code == 404
    assert (await finance.get(EXPORTS)).json()["items"] == []
