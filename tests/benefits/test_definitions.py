"""Definitions of vouchers: stored once, never changed, and refused when they make no sense."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import (
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
    ],
)
async def test_a_definition_that_makes_no_sense_is_refused(
    connection: AsyncConnection, change: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(DefinitionRefused) as refused:
        await define_voucher(connection, replace(TEN_OFF, **change), actor="t", at=NOON)

    assert refused.value.pointer == pointer
