"""Joining, finding and changing members over HTTP."""

import asyncio

import pytest

from tests.support.api import Caller, Web, mem


async def test_a_member_joins_and_is_found_by_every_name(checkout: Caller) -> None:
    joined = await checkout.post(
        "/v1/members",
        {
            "external_id": "C-1047",
            "email": "Ada@Example.org",
            "phone": "+41 44 123 45 67",
            "birthday": {"month": 2, "day": 29},
        },
    )

    assert joined.status_code == 201, joined.text
    id_ = joined.json()["id"]
    assert joined.headers["Location"] == f"/v1/members/{id_}"
    for names in ({"email": "ada@example.ORG"}, {"phone": "0041441234567"}):
        found = await checkout.get("/v1/members", **names)
        assert [item["id"] for item in found.json()["items"]] == [id_], found.text
    read = await checkout.get("/v1/members/ext:C-1047")
    assert read.json()["email"] == "Ada@Example.org"
    assert read.json()["birthday"] == {"month": 2, "day": 29}


async def test_what_a_write_answers_holds_no_personal_data(checkout: Caller) -> None:
    joined = await checkout.post("/v1/members", {"external_id": "C-1", "email": "ada@example.org"})

    assert set(joined.json()) == {"id", "class", "joined_at"}


async def test_joining_again_under_the_same_external_id_is_the_same_member(
    checkout: Caller,
) -> None:
    who = {"external_id": "C-1", "name": "Ada"}

    first = await checkout.post("/v1/members", who)
    again = await checkout.post("/v1/members", who)
    other = await checkout.post("/v1/members", {**who, "name": "Eve"})

    assert again.json() == first.json()
    assert other.status_code == 409
    assert other.json()["code"] == "joined-with-other-content"
    assert other.json()["errors"][0]["pointer"] == "/name"


async def test_an_external_id_joins_once_even_when_twenty_requests_race(
    web: Web, checkout: Caller
) -> None:
    racing = [checkout.post("/v1/members", {"external_id": "C-1"}) for _ in range(20)]

    answers = await asyncio.gather(*racing)

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1


@pytest.mark.parametrize(("field", "value"), [("email", "a@b.org"), ("phone", "+41441234567")])
async def test_a_contact_belongs_to_one_member(checkout: Caller, field: str, value: str) -> None:
    await checkout.post("/v1/members", {"external_id": "C-1", field: value})

    second = await checkout.post("/v1/members", {"external_id": "C-2", field: value})

    assert second.status_code == 409
    assert second.json()["code"] == "name-taken"
    assert second.json()["errors"][0]["pointer"] == f"/{field}"
    assert (await checkout.get("/v1/members/ext:C-2")).status_code == 404


async def test_a_changed_contact_is_found_and_the_old_one_is_free(checkout: Caller) -> None:
    await checkout.post("/v1/members", {"external_id": "C-1", "email": "old@example.org"})

    changed = await checkout.patch("/v1/members/ext:C-1", {"email": "new@example.org"})

    assert changed.status_code == 200, changed.text
    assert len((await checkout.get("/v1/members", email="new@example.org")).json()["items"]) == 1
    other = await checkout.post("/v1/members", {"external_id": "C-2", "email": "old@example.org"})
    assert other.status_code == 201


async def test_a_field_left_out_stays_and_null_empties_it(checkout: Caller) -> None:
    await checkout.post("/v1/members", {"external_id": "C-1", "name": "Ada", "language": "en"})

    await checkout.patch("/v1/members/ext:C-1", {"name": None})

    read = (await checkout.get("/v1/members/ext:C-1")).json()
    assert (read["name"], read["language"]) == (None, "en")


async def test_the_latest_consent_of_a_purpose_counts(checkout: Caller) -> None:
    yes = {"purpose": "newsletter", "granted": True, "text_version": "1"}
    await checkout.post("/v1/members", {"external_id": "C-1", "consents": [yes]})

    await checkout.patch("/v1/members/ext:C-1", {"consents": [{**yes, "granted": False}]})

    read = (await checkout.get("/v1/members/ext:C-1")).json()
    assert read["consents"] == [{**yes, "granted": False}]


async def test_a_member_who_left_stays_readable_and_unchangeable(checkout: Caller) -> None:
    await checkout.post("/v1/members", {"external_id": "C-1"})

    left = await checkout.patch("/v1/members/ext:C-1", {"closed": True})
    again = await checkout.patch("/v1/members/ext:C-1", {"name": "Ada"})

    assert left.status_code == 200
    assert (await checkout.get("/v1/members/ext:C-1")).json()["closed_at"] is not None
    assert (again.status_code, again.json()["code"]) == (409, "member-closed")


async def test_the_trail_names_personal_fields_and_never_shows_them(
    web: Web, checkout: Caller, admin: Caller
) -> None:
    await checkout.post("/v1/members", {"external_id": "C-1", "email": "secret@example.org"})
    await checkout.patch("/v1/members/ext:C-1", {"email": "other@example.org", "class": "staff"})

    trail = await admin.get("/v1/audit", member="ext:C-1")

    assert [row["action"] for row in trail.json()["items"]] == [
        "change-class",
        "update-profile",
        "join",
    ]
    assert "example.org" not in trail.text
    assert set(trail.json()["items"][1]["after"]["email"]) == {"history"}
    assert trail.json()["items"][0]["before"] == {"class": "consumer"}


async def test_a_member_credential_sees_its_own_member_only(web: Web) -> None:
    ada, eve = await web.joined(external_id="C-1"), await web.joined(external_id="C-2")
    key = await web.caller("member", ada.id)

    for own in (mem(ada), "ext:C-1"):
        assert (await key.get(f"/v1/members/{own}")).status_code == 200
    for other in (mem(eve), "ext:C-2", "ext:C-3", "mem_nonsense"):
        for part in ("", "/wallet", "/transactions", "/tier", "/vouchers"):
            refused = await key.get(f"/v1/members/{other}{part}")
            assert (refused.status_code, refused.json()["code"]) == (404, "unknown-member")


async def test_a_link_credential_is_good_for_its_member_until_it_ends(
    web: Web, checkout: Caller
) -> None:
    ada = await web.joined(external_id="C-1")
    made = await checkout.post(f"/v1/members/{mem(ada)}/links", {"purpose": "credential"})
    key = Caller(web.client, made.json()["token"])

    assert made.json()["url"] is None
    assert (await key.get("/v1/members/ext:C-1/wallet")).status_code == 200
    tampered = Caller(web.client, made.json()["token"][:-2] + "xx")
    refused = await tampered.get("/v1/members/ext:C-1/wallet")
    assert (refused.status_code, refused.json()["code"]) == (401, "credential-ended")


async def test_a_wallet_link_opens_no_api(web: Web, checkout: Caller) -> None:
    await web.joined(external_id="C-1")
    made = await checkout.post("/v1/members/ext:C-1/links", {"purpose": "wallet"})

    assert made.json()["url"].endswith(f"/wallet/enter/{made.json()['token']}")
    refused = await Caller(web.client, made.json()["token"]).get("/v1/members/ext:C-1/wallet")
    assert refused.status_code == 401
