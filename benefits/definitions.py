"""Voucher definitions: what vouchers of a name are. What they give, the rules bound to them say."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits.birthdays import WINDOWS
from benefits.errors import DefinitionExists, DefinitionNotFound, DefinitionRefused
from benefits.language.values import read_name, read_titles
from benefits.records import VoucherDefinition
from benefits.tables import voucher_definition

TAX_CLASSES = ("discount", "single-purpose", "multi-purpose")
_MOST_USES = 1_000_000
_LONGEST = 36_500


async def define_voucher(
    connection: AsyncConnection, definition: VoucherDefinition, *, actor: str, at: datetime
) -> None:
    """Store a definition; the same again is a replay, other content raises DefinitionExists."""
    _refuse(definition)
    added = await connection.execute(
        insert(voucher_definition)
        .values(
            name=definition.name,
            titles=dict(definition.titles),
            uses=definition.uses,
            valid_for_days=definition.valid_for_days,
            tax_class=definition.tax_class,
            birthday_window=definition.birthday_window,
            created_at=at,
            created_by=actor,
        )
        .on_conflict_do_nothing()
        .returning(voucher_definition.c.name)
    )
    if added.first() is None and await find_definition(connection, definition.name) != definition:
        raise DefinitionExists(pointer="/name", definition=definition.name)


async def find_definition(connection: AsyncConnection, name: str) -> VoucherDefinition:
    """One definition, retired or not. Raises DefinitionNotFound."""
    row = (
        await connection.execute(
            select(voucher_definition).where(voucher_definition.c.name == name)
        )
    ).one_or_none()
    if row is None:
        raise DefinitionNotFound(definition=name)
    return VoucherDefinition(
        row.name, row.titles, row.uses, row.valid_for_days, row.tax_class, row.birthday_window
    )


async def list_definitions(
    connection: AsyncConnection, *, after: str = "", limit: int = 50
) -> list[VoucherDefinition]:
    """The definitions that are not retired, by name."""
    table = voucher_definition
    statement = (
        select(table)
        .where(table.c.name > after, table.c.retired_at.is_(None))
        .order_by(table.c.name)
        .limit(limit)
    )
    return [
        VoucherDefinition(
            row.name, row.titles, row.uses, row.valid_for_days, row.tax_class, row.birthday_window
        )
        for row in await connection.execute(statement)
    ]


async def retire_definition(connection: AsyncConnection, name: str, *, at: datetime) -> None:
    """Issue no more vouchers of a definition from an instant on; those issued stay good."""
    retired = await connection.execute(
        update(voucher_definition)
        .where(voucher_definition.c.name == name)
        .values(retired_at=at)
        .returning(voucher_definition.c.name)
    )
    if retired.first() is None:
        raise DefinitionNotFound(definition=name)


def _refuse(definition: VoucherDefinition) -> None:
    read_name(definition.name, "/name")
    read_titles(definition.titles, "/titles")
    days = definition.valid_for_days
    if not 1 <= definition.uses <= _MOST_USES:
        raise DefinitionRefused(pointer="/uses", reason=f"uses are 1 to {_MOST_USES}")
    if days is not None and not 1 <= days <= _LONGEST:
        raise DefinitionRefused(pointer="/valid_for_days", reason=f"it is 1 to {_LONGEST}")
    if definition.tax_class not in TAX_CLASSES:
        reason = f"the tax class is one of {', '.join(TAX_CLASSES)}"
        raise DefinitionRefused(pointer="/tax_class", reason=reason)
    if definition.birthday_window not in {None, *WINDOWS}:
        reason = f"the birthday window is one of {', '.join(WINDOWS)}"
        raise DefinitionRefused(pointer="/birthday_window", reason=reason)
