"""Joining, finding and changing members over HTTP."""

from tests.support.api import Caller


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
