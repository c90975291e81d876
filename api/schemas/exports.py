"""Shapes of journal exports and account maps."""

from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from api.schemas.types import Code, Instant
from loyalty.exports import AccountMap, Export, document_of_map

Period = Annotated[
    str,
    Meta(
        pattern="^(19|20|21)[0-9]{2}(-(0[1-9]|1[0-2]))?$",
        description="A month or a year of the books.",
        examples=["2026-01", "2026"],
    ),
]


class ExportBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What to export: a month or a year, through which map, and how it is written down."""

    period: Period
    map: Code
    format: Literal["csv", "xlsx", "hledger"]
    language: Literal["en", "zh"] | None = None


class ExportFileOut(Struct, frozen=True):
    """The file as it was first made; whenever it is made again it has this digest."""

    name: str
    sha256: str
    size: int
    entries: int
    lines: int
    made_at: Instant


class ExportOut(Struct, frozen=True):
    """One export; `file` is null until the file has been made once."""

    number: int
    since: date
    until: date
    format: str
    language: str
    map: str
    map_version: int
    provisional: bool
    requested_at: Instant
    actor: str
    file: ExportFileOut | None

    @classmethod
    def of(cls, export: Export) -> "ExportOut":
        """Show the export."""
        file = None
        if export.file is not None:
            file = ExportFileOut(
                name=export.name,
                sha256=export.file.sha256,
                size=export.file.size,
                entries=export.file.entries,
                lines=export.file.lines,
                made_at=export.file.made_at,
            )
        return cls(
            number=export.number,
            since=export.since,
            until=export.until,
            format=export.format.value,
            language=export.language,
            map=export.map,
            map_version=export.map_version,
            provisional=export.provisional,
            requested_at=export.requested_at,
            actor=export.actor,
            file=file,
        )


class AccountMapBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole account map; the next version of its name."""

    map: dict[str, Any]


class AccountMapOut(Struct, frozen=True):
    """One version of an account map; version 0 is as shipped and not used yet."""

    name: str
    version: int
    map: dict[str, Any]

    @classmethod
    def of(cls, account_map: AccountMap) -> "AccountMapOut":
        """Show the map."""
        return cls(account_map.name, account_map.version, document_of_map(account_map))


class AccountMapsOut(Struct, frozen=True):
    """The latest version of every map."""

    items: list[AccountMapOut]
