"""Voucher definitions: what vouchers of a name are. What they give, the rules bound to them say.

A definition never changes: who holds a voucher keeps what they were given. Other terms are another
definition, and one that nobody is to get any more is retired.
"""

from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits.birthdays import WINDOWS
from benefits.errors import DefinitionExists, DefinitionNotFound, DefinitionRefused
from benefits.language.limits import read_limits
from benefits.language.values import read_name, read_titles
from benefits.records import VoucherDefinition
from benefits.tables import voucher_definition

TAX_CLASSES = ("discount", "single-purpose", "multi-purpose")
BINDINGS = ("member", "free", "any")
_MOST_USES = 1_000_000
_LONGEST = 36_500
_MOST_MONEY = 1_000_000_000_000


async def define_voucher(
    connection: AsyncConnection, definition: VoucherDefinition, *, actor: str, at: datetime
) -> None:
    """Store a definition; the same again is a replay, other content raises DefinitionExists.

    A definition that was retired meanwhile is the same one, and stays retired.
    """
    _refuse(definition)
    added = await connection.execute(
        insert(voucher_definition)
        .values(**{**_said(definition), "created_at": at, "created_by": actor})
        .on_conflict_do_nothing()
        .returning(voucher_definition.c.name)
    )
    if added.first() is None:
        stored = await find_definition(connection, definition.name)
        if _said(stored) != _said(definition):
            raise DefinitionExists(pointer="/name", definition=definition.name)


async def find_definition(connection: AsyncConnection, name: str) -> VoucherDefinition:
    """One definition, retired or not. Raises DefinitionNotFound."""
    row = (await connection.execute(_stored().where(voucher_definition.c.name == name))).first()
    if row is None:
        raise DefinitionNotFound(definition=name[:80])
    return _definition(row)


async def list_definitions(
    connection: AsyncConnection, *, after: str = "", limit: int = 50, retired: bool = False
) -> list[VoucherDefinition]:
    """The definitions that are not retired, by name; with `retired` those as well."""
    table = voucher_definition
    statement = _stored().where(table.c.name > after).order_by(table.c.name).limit(limit)
    if not retired:
        statement = statement.where(table.c.retired_at.is_(None))
    return [_definition(row) for row in await connection.execute(statement)]


async def retire_definition(connection: AsyncConnection, name: str, *, at: datetime) -> bool:
    """Issue no more vouchers of a definition from an instant on; those issued stay good.

    Answers whether it was not retired yet. Raises DefinitionNotFound.
    """
    table = voucher_definition
    retired = await connection.execute(
        update(table)
        .where(table.c.name == name, table.c.retired_at.is_(None))
        .values(retired_at=at)
        .returning(table.c.name)
    )
    if retired.first() is not None:
        return True
    await find_definition(connection, name)
    return False


def _stored() -> Select[*tuple[Any, ...]]:
    return select(*(voucher_definition.c[field] for field in _FIELDS))


def _definition(row: Row[*tuple[Any, ...]]) -> VoucherDefinition:
    found = VoucherDefinition(*row)
    return replace(found, limits=tuple(found.limits))


def _said(definition: VoucherDefinition) -> dict[str, Any]:
    """What a definition says; that it was retired is told of it later."""
    said = {field: getattr(definition, field) for field in _FIELDS if field != "retired_at"}
    limits = [dict(limit) for limit in definition.limits]
    return {**said, "titles": dict(definition.titles), "limits": limits}


def _refuse(definition: VoucherDefinition) -> None:
    read_name(definition.name, "/name")
    read_titles(definition.titles, "/titles")
    if definition.limits:
        read_limits(list(definition.limits), "/limits")
    for field, most in _BOUNDS.items():
        number = getattr(definition, field)
        if number is not None and not 1 <= number <= most:
            raise DefinitionRefused(pointer=f"/{field}", reason=f"{field} is 1 to {most}")
    for field, words in _WORDS.items():
        if getattr(definition, field) not in words:
            known = ", ".join(word for word in words if word is not None)
            raise DefinitionRefused(pointer=f"/{field}", reason=f"{field} is one of {known}")
    since, until = definition.valid_from, definition.valid_until
    for field, instant in (("valid_from", since), ("valid_until", until)):
        if instant is not None and instant.utcoffset() is None:
            raise DefinitionRefused(pointer=f"/{field}", reason=f"{field} has an offset")
    if since is not None and until is not None and until <= since:
        reason = "its vouchers are good until after they begin to be"
        raise DefinitionRefused(pointer="/valid_until", reason=reason)
    if definition.binding == "free" and definition.birthday_window is not None:
        raise DefinitionRefused(pointer="/binding", reason="a birthday voucher is a member's")


_FIELDS = tuple(field.name for field in fields(VoucherDefinition))
_BOUNDS = {
    "uses": _MOST_USES,
    "valid_for_days": _LONGEST,
    "minimum_order": _MOST_MONEY,
    "uses_per_member": _MOST_USES,
}
_WORDS: dict[str, tuple[str | None, ...]] = {
    "tax_class": TAX_CLASSES,
    "birthday_window": (None, *WINDOWS),
    "binding": BINDINGS,
}
