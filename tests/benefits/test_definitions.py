"""Definitions of vouchers: stored once, never changed, and refused when they make no sense."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import (
    FREE,
    DefinitionExists,
    DefinitionNotFound,
    DefinitionRefused,
    VoucherDefinition,
    define_voucher,
    find_definition,
    issue_vouchers,
    list_definitions,
    retire_definition,
)
from tests.benefits.builders import (
    MEMBER,
    NOON,
    new_voucher,
)

TEN_OFF = VoucherDefinition("ten-off", {"en": "10 off", "zh": "减10"})


async def test_a_definition_is_stored_once_and_never_changed(connection: AsyncConnection) -> None:
    await define_voucher(connection, TEN_OFF, actor="t", at=NOON)
    await define_voucher(connection, TEN_OFF, actor="someone", at=NOON)

    assert await find_definition(connection, "ten-off") == TEN_OFF
    with pytest.raises(DefinitionExists):
        await define_voucher(connection, replace(TEN_OFF, uses=2), actor="t", at=NOON)
    await retire_definition(connection, "ten-off", at=NOON)
    assert TEN_OFF not in await list_definitions(connection)
    (late,) = await issue_vouchers(connection, [new_voucher()], at=NOON)
    assert late.code == "voucher-definition-not-found"
    with pytest.raises(DefinitionNotFound):
        await retire_definition(connection, "unheard-of", at=NOON)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"uses": 0}, "/uses"),
        ({"valid_for_days": 0}, "/valid_for_days"),
        ({"tax_class": "gift"}, "/tax_class"),
        ({"birthday_window": "year"}, "/birthday_window"),
        ({"minimum_order": 0}, "/minimum_order"),
        ({"uses_per_member": 0}, "/uses_per_member"),
        ({"binding": "nobody"}, "/binding"),
        ({"binding": "free", "birthday_window": "day"}, "/binding"),
        ({"valid_from": NOON.replace(tzinfo=None)}, "/valid_from"),
        ({"valid_from": NOON, "valid_until": NOON}, "/valid_until"),
    ],
)
async def test_a_definition_that_makes_no_sense_is_refused(
    connection: AsyncConnection, change: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(DefinitionRefused) as refused:
        await define_voucher(connection, replace(TEN_OFF, **change), actor="t", at=NOON)

    assert refused.value.pointer == pointer


EVERYTHING = replace(
    TEN_OFF,
    uses=3,
    valid_for_days=30,
    tax_class="multi-purpose",
    minimum_order=5_000,
    valid_from=NOON,
    valid_until=NOON + timedelta(days=60),
    uses_per_member=2,
    binding="free",
)


async def test_all_that_a_definition_says_is_kept_and_is_what_makes_it_the_same(
    connection: AsyncConnection,
) -> None:
    await define_voucher(connection, EVERYTHING, actor="t", at=NOON)
    await define_voucher(connection, EVERYTHING, actor="t", at=NOON)
    assert await find_definition(connection, "ten-off") == EVERYTHING
    for change in ({"minimum_order": 4_999}, {"binding": "any"}, {"valid_until": None}):
        with pytest.raises(DefinitionExists):
            await define_voucher(connection, replace(EVERYTHING, **change), actor="t", at=NOON)

    assert await retire_definition(connection, "ten-off", at=NOON)
    assert not await retire_definition(connection, "ten-off", at=NOON + timedelta(days=1))
    await define_voucher(connection, EVERYTHING, actor="t", at=NOON)

    (kept,) = await list_definitions(connection, retired=True)
    assert kept == replace(EVERYTHING, retired_at=NOON)


@pytest.mark.parametrize(
    ("holder", "more", "code"),
    [
        (FREE, {}, "done"),
        (MEMBER, {}, "voucher-binding-differs"),
        (FREE, {"starts_at": NOON - timedelta(seconds=1)}, "voucher-outside-window"),
        (FREE, {"expires_at": None}, "voucher-outside-window"),
        (FREE, {"expires_at": NOON + timedelta(days=61)}, "voucher-outside-window"),
    ],
)
async def test_the_database_issues_nothing_that_its_definition_does_not_allow(
    connection: AsyncConnection, holder: UUID, more: dict[str, Any], code: str
) -> None:
    await define_voucher(connection, EVERYTHING, actor="t", at=NOON)
    voucher = new_voucher(holder, **{"starts_at": NOON, **more})

    (outcome,) = await issue_vouchers(connection, [voucher], at=NOON)

    assert outcome.code == code


async def test_what_an_order_was_promised_is_issued_although_retired_since(
    connection: AsyncConnection,
) -> None:
    await define_voucher(connection, TEN_OFF, actor="t", at=NOON)
    await retire_definition(connection, "ten-off", at=NOON)
    vouchers = [new_voucher(promised=promised) for promised in (True, False)]

    outcomes = await issue_vouchers(connection, vouchers, at=NOON)

    assert [each.code for each in outcomes] == ["done", "voucher-definition-not-found"]


async def test_the_application_cannot_change_a_definition(connection: AsyncConnection) -> None:
    await define_voucher(connection, TEN_OFF, actor="t", at=NOON)

    with pytest.raises(DBAPIError, match="permission denied"):
        await connection.execute(text("update benefits.voucher_definition set minimum_order = 1"))
