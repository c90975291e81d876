"""What an export is, and what stands in it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

Language = Literal["en", "zh"]


class Format(StrEnum):
    """How the journal is written down."""

    CSV = "csv"
    XLSX = "xlsx"
    HLEDGER = "hledger"

    @property
    def suffix(self) -> str:
        """The end of a file's name."""
        return {"csv": "csv", "xlsx": "xlsx", "hledger": "journal"}[self.value]

    @property
    def media_type(self) -> str:
        """What a browser is told that the file is; text is UTF-8."""
        return {
            "csv": "text/csv",
            "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "hledger": "text/plain",
        }[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFile:
    """The file of an export as it was first made; whenever it is made again it has this digest."""

    sha256: str
    size: int
    entries: int
    lines: int
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What was asked for, under its number; ``file`` is none until it has been made once."""

    number: int
    since: date
    until: date
    format: Format
    language: Language
    map: str
    map_version: int
    provisional: bool
    requested_at: datetime
    actor: str
    file: ExportFile | None

    @property
    def name(self) -> str:
        """The file's name: number, period, map and kind."""
        last = self.until.toordinal() - 1
        months = f"{self.since:%Y-%m}"
        if (ends := f"{date.fromordinal(last):%Y-%m}") != months:
            months = f"{months}--{ends}"
        return f"journal-{self.number:06d}-{months}-{self.map}.{self.format.suffix}"


@dataclass(frozen=True, slots=True)
class Line:
    """One amount on one of the company's accounts: positive is debit, negative credit.

    ``opens`` is the account of the ledger (or the reason of the money) that the figure stands for.
    """

    account: str
    commodity: str
    amount: int
    opens: str
    lot_class: str | None
    lot: UUID | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One business event on the company's accounts, numbered within its export."""

    number: int
    booked_on: date
    effective_at: datetime | None
    journal: UUID | None
    kind: str
    reason: str
    order: UUID | None
    lines: tuple[Line, ...]


Balances = Mapping[tuple[str, str], int]
"""What stands on each account in each commodity, debit less credit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stands:
    """Where the accounts stood when the period began and when it ended."""

    opening: Balances
    closing: Balances
