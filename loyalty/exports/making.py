"""Making the file of an export: the first time fixes what was seen, later ones must come out alike.

Everything is read in one snapshot and written to a file of the caller's, a batch at a time. What
the first making saw (the journals that were committed, the money by cohort) is stored with the
file's digest; every later one reads the same and compares. A file that differs is not handed out:
either history was edited, or a release writes another revision.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from io import BufferedRandom
from pathlib import Path
from typing import Any, BinaryIO, Final

from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import insert as insert_once
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.cause import Cause
from loyalty.database import Database
from loyalty.exports.comma import CommaWriter
from loyalty.exports.entries import MoneyFacts, Moved, Reader, Span
from loyalty.exports.errors import ExportDiffers, ExportRevisionGone
from loyalty.exports.fees import FeeMoved
from loyalty.exports.hledger import HledgerWriter
from loyalty.exports.money import money_until
from loyalty.exports.store import find_export, find_map
from loyalty.exports.tables import export_file
from loyalty.exports.types import Export, Format
from loyalty.exports.workbook import WorkbookWriter
from loyalty.exports.writing import REVISION, Head, Writer
from loyalty.policy import policy_at

#: Sorting a year takes longer than a request may; nothing is locked meanwhile.
_PATIENCE: Final = "600s"


@dataclass(frozen=True, slots=True)
class _Facts:
    """What an export sees."""

    seen: ledger.Seen
    money: MoneyFacts


@dataclass(frozen=True, slots=True)
class _Made:
    """A file as it came out."""

    digest: bytes
    size: int
    entries: int
    lines: int


async def make_file(database: Database, cause: Cause, number: int, path: Path) -> Export:
    """Write the file of an export to a path that does not exist yet, and return the export."""
    async with database.snapshot() as connection:
        await _set(connection, "statement_timeout", _PATIENCE)
        wanted = await find_export(connection, number)
        kept = await _kept(connection, number)
        facts = kept or await _look(connection, cause, wanted)
        made = await _write(connection, wanted, facts, path)
    if kept is None and not await database.write(_keep, cause, number, facts, made):
        # somebody made it at the same time and fixed what it sees: come out like theirs
        await asyncio.to_thread(path.unlink)
        return await make_file(database, cause, number, path)
    async with database.read() as connection:
        told = await find_export(connection, number)
    first = "none" if told.file is None else told.file.sha256
    if first != made.digest.hex():
        await asyncio.to_thread(path.unlink)
        raise ExportDiffers(number=number, wanted=first, seen=made.digest.hex())
    return told


async def _write(connection: AsyncConnection, wanted: Export, facts: _Facts, path: Path) -> _Made:
    policy = await policy_at(connection, wanted.requested_at)
    account_map = await find_map(connection, wanted.map, wanted.map_version)
    span = Span(wanted.since, wanted.until, policy.zone.key, facts.seen)
    reader = Reader(connection, span, account_map, facts.money)
    async with _all_history(connection):
        stands = await reader.stands()
    head = Head(
        export=wanted,
        account_map=account_map,
        currency=facts.money.currency,
        seen=str(facts.seen),
        stands=stands,
    )
    with path.open("x+b") as file:
        writer = WRITERS[wanted.format](file, head, path.parent)
        await asyncio.to_thread(writer.begin)
        async for entries in reader.batches():
            await asyncio.to_thread(writer.add, entries)
        await asyncio.to_thread(writer.end)
        size = file.tell()
        digest = await asyncio.to_thread(_digest, file)
    return _Made(digest, size, reader.entries, reader.lines)


WRITERS: Final[Mapping[Format, Callable[[BinaryIO, Head, Path], Writer]]] = {
    Format.CSV: lambda file, head, _: CommaWriter(file, head),
    Format.HLEDGER: lambda file, head, _: HledgerWriter(file, head),
    Format.XLSX: WorkbookWriter,
}


async def _look(connection: AsyncConnection, cause: Cause, wanted: Export) -> _Facts:
    async with _all_history(connection):
        money = await money_until(connection, wanted.until, known_by=cause.at)
    return _Facts(await ledger.seen_now(connection), money)


@asynccontextmanager
async def _all_history(connection: AsyncConnection) -> AsyncIterator[None]:
    """Sums over all history hash their rows; looking each up is what stale statistics suggest."""
    await _set(connection, "enable_nestloop", "off")
    yield
    await _set(connection, "enable_nestloop", "on")


async def _set(connection: AsyncConnection, name: str, value: str) -> None:
    await connection.execute(select(func.set_config(name, value, literal(value=True))))


async def _kept(connection: AsyncConnection, number: int) -> _Facts | None:
    row = (
        await connection.execute(
            select(export_file.c.revision, export_file.c.seen, export_file.c.money).where(
                export_file.c.number == number
            )
        )
    ).one_or_none()
    if row is None:
        return None
    if row.revision != REVISION:
        raise ExportRevisionGone(number=number, seen=row.revision, wanted=REVISION)
    return _Facts(ledger.Seen.read(row.seen), _read_money(row.money))


async def _keep(
    connection: AsyncConnection, cause: Cause, number: int, facts: _Facts, made: _Made
) -> bool:
    kept = await connection.execute(
        insert_once(export_file)
        .values(
            number=number,
            revision=REVISION,
            seen=str(facts.seen),
            money=_document(facts.money),
            digest=made.digest,
            size=made.size,
            entries=made.entries,
            lines=made.lines,
            made_at=cause.at,
        )
        .on_conflict_do_nothing(constraint="export_file_is_one_per_export")
    )
    return kept.rowcount == 1


def _document(money: MoneyFacts) -> dict[str, Any]:
    moved = [
        [one.month.isoformat(), one.lot_class, one.issued_in.isoformat(), one.reason, one.amount]
        for one in money.moved
    ]
    fees = [[one.month.isoformat(), one.plan, one.reason, one.amount] for one in money.fees]
    return {"currency": money.currency, "moved": moved} | ({"fees": fees} if fees else {})


def _read_money(document: Mapping[str, Any]) -> MoneyFacts:
    moved = [
        Moved(date.fromisoformat(month), lot_class, date.fromisoformat(issued_in), reason, amount)
        for month, lot_class, issued_in, reason, amount in document["moved"]
    ]
    fees = [
        FeeMoved(date.fromisoformat(month), plan, reason, amount)
        for month, plan, reason, amount in document.get("fees", ())
    ]
    return MoneyFacts(document["currency"], moved, fees)


def _digest(file: BufferedRandom) -> bytes:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").digest()
