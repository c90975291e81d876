"""Members of a plan get the codes of its partners: one each, as long as there are some."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.database import Database
from loyalty.doctor import examine_partners
from loyalty.errors import LoyaltyError
from loyalty.members import Member, Ref
from loyalty.members.merging import merge_members
from loyalty.membership.asking import cancel
from loyalty.membership.types import Membership
from loyalty.partners.errors import (
    BenefitArchived,
    BenefitTaken,
    BenefitUnknown,
    CodesRunOut,
    NoAccess,
)
from loyalty.partners.giving import codes_of, give_code
from loyalty.partners.store import (
    archive_benefit,
    bring_in_codes,
    count_codes,
    open_benefit,
)
from loyalty.partners.types import NewBenefit, Stock
from loyalty.plans.errors import PlanUnknown
from tests.loyalty.membership.building import (
    MONTH,
    NOW,
    begun,
    cause,
    joined,
    opened,
    renewed,
)

DAY = timedelta(days=1)


async def filled(connection: AsyncConnection, /, *codes: str, **more: Any) -> None:
    """Open a plan with a partner benefit, and bring codes in."""
    await opened(connection)
    await open_benefit(connection, cause(), "prime", NewBenefit("music", {"en": "Music"}, **more))
    if codes:
        await bring_in_codes(connection, cause(), "prime", "music", codes)


async def told(connection: AsyncConnection, whose: Member) -> list[tuple[str, object]]:
    """Return what the world was told of a member's codes."""
    rows = await connection.execute(
        text(
            "select type, data from loyalty.event"
            " where member = :member and type like 'partner.%' order by sequence"
        ),
        {"member": whose.id},
    )
    return [(row.type, row.data.get("last")) for row in rows]


async def test_a_member_with_access_is_given_one_code_and_the_same_again(
    connection: AsyncConnection,
) -> None:
    await filled(connection, "A-1", "A-2")
    ada, bob = await joined(connection), await joined(connection, "C-2")
    row = (await begun(connection, ada)).membership
    other = (await begun(connection, bob, "SUB-2", trial=True)).membership

    first = await give_code(connection, cause(), row.id, "music")
    again = await give_code(connection, cause(NOW + DAY), row.id, "music")
    second = await give_code(connection, cause(), other.id, "music")

    assert (first, {first.code, second.code}) == (again, {"A-1", "A-2"})
    assert await count_codes(connection, "prime") == {"music": Stock(left=0, given=2)}
    assert await told(connection, ada) == [("partner.code-given", False)]
    assert await told(connection, bob) == [("partner.code-given", True)]
    assert [finding.name for finding in await examine_partners(connection)] == ["partner-codes-out"]
    row = (await renewed(connection, row, NOW + MONTH)).membership
    assert await give_code(connection, cause(NOW + MONTH), row.id, "music") == first


async def test_a_benefit_of_each_period_gives_a_code_with_each(connection: AsyncConnection) -> None:
    await filled(connection, "A-1", "A-2", each="period")
    row = (await begun(connection, await joined(connection))).membership

    first = await give_code(connection, cause(), row.id, "music")
    row = (await renewed(connection, row, NOW + MONTH)).membership
    second = await give_code(connection, cause(NOW + MONTH), row.id, "music")

    assert {first.code, second.code} == {"A-1", "A-2"}
    assert await codes_of(connection, row) == [second, first]


@pytest.mark.parametrize(("at_end", "voided"), [("keep", None), ("void", NOW + DAY)])
async def test_the_end_voids_the_codes_of_benefits_that_end_with_it(
    connection: AsyncConnection, at_end: str, voided: object
) -> None:
    await filled(connection, "A-1", "A-2", at_end=at_end)
    ada = await joined(connection)
    row = (await begun(connection, ada)).membership
    given = await give_code(connection, cause(), row.id, "music")

    await cancel(connection, cause(NOW + DAY), row.id, "now")

    (kept,) = await codes_of(connection, row)
    assert (kept.code, kept.voided_at) == (given.code, voided)
    assert [type_ for type_, _ in await told(connection, ada)] == [
        "partner.code-given",
        *(["partner.code-voided"] if voided else []),
    ]
    with pytest.raises(NoAccess):
        await give_code(connection, cause(NOW + DAY), row.id, "music")


async def test_what_cannot_be_given_is_refused_by_name(connection: AsyncConnection) -> None:
    await filled(connection)
    row = (await begun(connection, await joined(connection))).membership

    async def refused(refusal: type[LoyaltyError], benefit: str = "music") -> None:
        with pytest.raises(refusal):
            await give_code(connection, cause(), row.id, benefit)

    await refused(CodesRunOut)
    await refused(BenefitUnknown, "films")
    with pytest.raises(PlanUnknown):
        await open_benefit(connection, cause(), "none", NewBenefit("music", {"en": "Music"}))
    with pytest.raises(BenefitTaken):
        await open_benefit(connection, cause(), "prime", NewBenefit("music", {"en": "Songs"}))
    assert await bring_in_codes(connection, cause(), "prime", "music", ["A-1", "A-1"]) == 1
    assert await bring_in_codes(connection, cause(), "prime", "music", ["A-1", "A-2"]) == 1
    for _ in range(2):
        await archive_benefit(connection, cause(NOW + DAY), "prime", "music")
    await refused(BenefitArchived)
    assert await examine_partners(connection) == []


async def test_a_merge_passes_a_code_on(connection: AsyncConnection) -> None:
    await filled(connection, "A-1", "A-2")
    ada, bob = await joined(connection), await joined(connection, "C-2")
    row = (await begun(connection, bob)).membership
    given = await give_code(connection, cause(), row.id, "music")

    refs = (Ref("member", "", id=bob.id), Ref("member", "", id=ada.id))
    await merge_members(connection, cause(), *refs, reason="same-person")

    assert await give_code(connection, cause(NOW + DAY), row.id, "music") == given


async def test_many_who_ask_at_once_get_a_code_each_until_there_is_none(database: Database) -> None:
    await database.write(filled, "A-1", "A-2", "A-3")

    async def member(connection: AsyncConnection, number: int) -> Membership:
        whose = await joined(connection, f"C-{number}")
        return (await begun(connection, whose, f"SUB-{number}")).membership

    rows = [await database.write(member, number) for number in range(4)]

    async def ask(row: Membership) -> str:
        try:
            return (await database.write(give_code, cause(), row.id, "music")).code
        except CodesRunOut as refused:
            return refused.code

    came = await asyncio.gather(*(ask(row) for row in rows))
    again = await asyncio.gather(*(ask(row) for row in rows))

    assert Counter(came) == Counter(["A-1", "A-2", "A-3", CodesRunOut.code])
    assert came == again


async def test_the_database_gives_no_code_twice_and_takes_none_back(
    connection: AsyncConnection,
) -> None:
    await filled(connection, "A-1")
    row = (await begun(connection, await joined(connection))).membership
    await give_code(connection, cause(), row.id, "music")

    twice = (
        "insert into loyalty.partner_grant select member, gen_random_uuid(), membership, plan,"
        " benefit, period + interval '1 day', code, given_at, null, actor, request_id"
        " from loyalty.partner_grant"
    )

    for statement in (
        twice,
        "update loyalty.partner_grant set code = gen_random_uuid()",
        "update loyalty.partner_code set code = 'B-1'",
        "delete from loyalty.partner_grant",
    ):
        with pytest.raises(DBAPIError):
            async with connection.begin_nested():
                await connection.execute(text(statement))
