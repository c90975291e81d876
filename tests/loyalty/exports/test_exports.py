"""Exports of real books: numbered, fixed by what was seen, alike whenever they are made again."""

import asyncio
import csv
import hashlib
import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.cause import Cause
from loyalty.database import Database
from loyalty.exports import (
    Export,
    ExportDiffers,
    ExportPeriodUnfit,
    Format,
    UnknownAccountMap,
    document_of_map,
    find_map,
    list_exports,
    list_maps,
    make_file,
    publish_map,
    request_export,
)
from loyalty.exports.entries import MoneyFacts, Reader, Span
from loyalty.exports.types import Entry
from tests.ledger.building import Books, day
from tests.loyalty.exports.reading import check
from tests.support import waiting
from tests.support.requirements import needs_hledger

SAID: dict[str, Any] = {"actor": "system", "request_id": "test"}
JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)


def cause(at: float = 100) -> Cause:
    """A request so many days after the start."""
    return Cause(at=day(at), actor="staff:1", request_id="test")


async def fill(connection: AsyncConnection) -> None:
    """Two months in which everything happens once."""
    ada, bob = Books(connection), Books(connection)
    await ada.earn("sale-a", 500, 1, expires=40)
    await ada.earn("sale-b", 300, 2, activates=16, expires=400)
    await ada.hold("hold", 200, 3, until=20)
    await ada.capture("capture", "hold", 150, 4)
    await ada.restore("restore", "capture", 50, 6)
    await ada.claw_back("claw", "sale-a", 100, "debt", 8)
    await ada.adjust("thanks", 40, 9, lot_class="goodwill")
    await bob.earn("sale-c", 80, 10)
    await bob.spend("spend", 80, 11)
    await bob.claw_back("claw", "sale-c", 80, "debt", 12)
    await bob.write_off("write-off", 30, 13)
    await ada.settle(50)
    await bob.earn("sale-d", 70, 50)


async def asked(
    database: Database, format_: Format, since: date = JANUARY, until: date = FEBRUARY, **more: Any
) -> Export:
    """An export that was asked for."""
    return await database.write(
        request_export, cause(), since=since, until=until, format=format_, map="ifrs", **more
    )


async def file_of(database: Database, export: Export, path: Path) -> bytes:
    """The file of an export."""
    await make_file(database, cause(), export.number, path)
    return await asyncio.to_thread(path.read_bytes)


def rows_of(raw: bytes) -> list[dict[str, str]]:
    """The rows of a CSV."""
    return list(csv.DictReader(io.StringIO(raw.decode())))


@needs_hledger
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_operation_of_the_ledger_is_accepted_by_hledger(
    database: Database, tmp_path: Path, language: str
) -> None:
    await database.write(fill)
    for since, until in ((JANUARY, FEBRUARY), (FEBRUARY, MARCH), (JANUARY, MARCH)):
        export = await asked(database, Format.HLEDGER, since, until, language=language)
        path = tmp_path / export.name

        await file_of(database, export, path)

        assert check(path) == ""


async def test_a_journal_that_the_cursor_cuts_in_two_stays_one_entry(database: Database) -> None:
    await database.write(fill)
    await database.write(spend_three_lots)
    async with database.snapshot() as connection:
        span = Span(JANUARY, FEBRUARY, "UTC", await ledger.seen_now(connection))
        ifrs = await find_map(connection, "ifrs")

        async def read(**size: int) -> list[Entry]:
            reader = Reader(connection, span, ifrs, MoneyFacts("USD", []), **size)
            return [entry async for entries in reader.batches() for entry in entries]

        whole = await read()
        for batch in (1, 2, 3):
            assert await read(batch=batch) == whole, batch
    spends = [entry for entry in whole if entry.kind == "spend"]
    assert sorted(len(entry.lines) for entry in spends) == [2, 6]


async def spend_three_lots(connection: AsyncConnection) -> None:
    """One journal of three transfers."""
    eve = Books(connection)
    for key in "abc":
        await eve.earn(key, 10, 14)
    await eve.spend("spend", 30, 15)


async def test_a_month_begins_where_the_last_one_ended(database: Database, tmp_path: Path) -> None:
    await database.write(fill)
    january = await file_of(database, await asked(database, Format.HLEDGER), tmp_path / "january")
    february = await file_of(
        database, await asked(database, Format.HLEDGER, FEBRUARY, MARCH), tmp_path / "february"
    )

    closing = stands(january.decode().split("closing balances\n")[1])
    opening = stands(february.decode().split("opening balances\n")[1].partition("\n\n")[0])
    assert opening == {account: figure for account, figure in closing.items() if figure[0] != "0"}
    assert len(opening) > 5


def stands(postings: str) -> dict[str, str]:
    """What stands on each account."""
    lines = (line.strip().split("  ") for line in postings.splitlines())
    return {account: figure.rpartition("== ")[2] for account, figure in lines}


async def test_entries_are_numbered_without_gaps_and_name_their_lots(
    database: Database, tmp_path: Path
) -> None:
    await database.write(fill)
    rows = rows_of(await file_of(database, await asked(database, Format.CSV), tmp_path / "x"))

    numbers = [int(row["entry"]) for row in rows]
    assert sorted(set(numbers)) == list(range(1, numbers[-1] + 1))
    assert numbers == sorted(numbers)
    assert [row["booked_on"] for row in rows] == sorted(row["booked_on"] for row in rows)
    for row in rows:
        if row["opens"] in ("available", "pending", "held"):
            assert row["lot"].startswith("lot_"), row
    debit = sum(int(row["debit"] or 0) for row in rows)
    assert debit == sum(int(row["credit"] or 0) for row in rows) > 0


@pytest.mark.parametrize("format_", Format)
async def test_an_export_comes_out_alike_although_the_books_went_on(
    database: Database, tmp_path: Path, format_: Format
) -> None:
    await database.write(fill)
    export = await asked(database, format_)
    first = await file_of(database, export, tmp_path / "first")

    async def later(connection: AsyncConnection) -> None:
        await Books(connection).earn("late", 99, 5)

    await database.write(later)
    again = await file_of(database, export, tmp_path / "again")
    fresh = await file_of(database, await asked(database, format_), tmp_path / "fresh")

    assert again == first
    assert fresh != first
    told = (await _listed(database))[-1]
    assert told.number == export.number
    assert told.file is not None
    assert told.file.sha256 == hashlib.sha256(first).hexdigest()
    assert told.file.size == len(first)
    assert told.name == f"journal-000001-2026-01-ifrs.{format_.suffix}"


@pytest.mark.parametrize(
    "edit",
    [
        "update ledger.transfer set amount = amount + 1 where position = 1 and amount = 500",
        "update ledger.journal set effective_at = '2026-01-01' where key = 'hold'",
        "delete from ledger.transfer where amount = 40",
        "update ledger.lot set class = 'fee' where granted = 500",
    ],
)
async def test_a_row_that_was_edited_changes_the_digest_and_nothing_is_handed_out(
    database: Database, owner_connection: AsyncConnection, tmp_path: Path, edit: str
) -> None:
    await database.write(fill)
    export = await asked(database, Format.CSV)
    await file_of(database, export, tmp_path / "first")
    assert (await owner_connection.execute(text(edit))).rowcount > 0

    with pytest.raises(ExportDiffers) as refused:
        await file_of(database, export, tmp_path / "again")

    assert refused.value.facts["number"] == export.number
    assert not (tmp_path / "again").exists()


async def test_two_who_make_the_first_file_at_once_get_the_same(
    database: Database, tmp_path: Path
) -> None:
    await database.write(fill)
    export = await asked(database, Format.CSV)

    files = await asyncio.gather(
        *(file_of(database, export, tmp_path / str(each)) for each in range(4))
    )

    assert len(set(files)) == 1


async def test_numbers_have_no_gaps_also_when_many_ask_and_some_are_refused(
    database: Database,
) -> None:
    async def ask(number: int) -> Export | Exception:
        try:
            return await database.write(
                request_export,
                cause(),
                since=JANUARY,
                until=FEBRUARY,
                format=Format.CSV,
                map="ifrs" if number % 3 else "nobodys",
            )
        except UnknownAccountMap as refused:
            return refused

    await asyncio.gather(*(ask(number) for number in range(12)))

    assert [one.number for one in await _listed(database)] == list(range(8, 0, -1))
    assert {one.map_version for one in await _listed(database)} == {1}


async def test_an_export_keeps_the_map_it_was_made_with(database: Database, tmp_path: Path) -> None:
    await database.write(fill)
    export = await asked(database, Format.CSV)
    first = await file_of(database, export, tmp_path / "first")
    async with database.read() as connection:
        document = document_of_map(await find_map(connection, "ifrs"))
    document["accounts"][0]["names"]["en"] = "Partners"
    document["points"]["redeemed"]["*"] = "9151"
    await database.write(publish_map, cause(), document)

    again = await file_of(database, export, tmp_path / "again")
    fresh = await file_of(database, await asked(database, Format.CSV), tmp_path / "fresh")

    assert again == first
    assert fresh != first
    async with database.read() as connection:
        versions = {one.name: one.version for one in await list_maps(connection)}
    assert versions == {"cas": 0, "ifrs": 2}


async def test_what_comes_late_to_a_closed_month_stands_in_the_open_one(
    database: Database, tmp_path: Path
) -> None:
    await database.write(fill)
    await database.write(ledger.begin_closing, JANUARY, at=day(60), **SAID)
    await waiting.until(lambda: database.write(ledger.is_drained, JANUARY))
    closing = await asked(database, Format.CSV)
    proved = {"verified_by": "verification:1", "reconciled_by": "reconciliation:1"}
    await database.write(ledger.finish_closing, JANUARY, at=day(60), **SAID, **proved)
    closed = await asked(database, Format.CSV)
    before = rows_of(await file_of(database, closed, tmp_path / "before"))

    async def late(connection: AsyncConnection) -> None:
        await Books(connection).earn("late", 99, 61, effective_at=day(5))

    await database.write(late)
    january = await asked(database, Format.CSV)
    after = rows_of(await file_of(database, january, tmp_path / "after"))
    february = await asked(database, Format.CSV, FEBRUARY, MARCH)
    rows = rows_of(await file_of(database, february, tmp_path / "february"))

    assert [one.provisional for one in (closing, closed, january, february)] == [
        *(True, False, False, True)
    ]
    assert after == before
    (found,) = (row for row in rows if row["debit"] == "99")
    assert (found["booked_on"], found["effective_at"][:10]) == ("2026-02-01", "2026-01-06")


async def test_a_month_that_has_not_begun_is_refused(database: Database) -> None:
    with pytest.raises(ExportPeriodUnfit):
        await asked(database, Format.CSV, date(2027, 1, 1), date(2027, 2, 1))


async def test_a_month_without_events_is_an_export_too(database: Database, tmp_path: Path) -> None:
    raw = await file_of(database, await asked(database, Format.CSV), tmp_path / "x")

    assert rows_of(raw) == []


@pytest.mark.parametrize(
    "statement",
    [
        "update loyalty.export set provisional = false",
        "delete from loyalty.export",
        "update loyalty.export_file set digest = digest",
        "delete from loyalty.export_file",
        "update loyalty.account_map set document = document",
        "update loyalty.reconciliation_item set kind = 'timing'",
        "delete from loyalty.reconciliation_clearing",
        "update loyalty.reconciliation_clearing set turn = 2",
        "delete from loyalty.reconciliation_reopening",
        "update loyalty.reconciliation set item_count = 0",
    ],
)
async def test_the_application_cannot_change_what_was_exported_or_reconciled(
    connection: AsyncConnection, statement: str
) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        await connection.execute(text(statement))


async def _listed(database: Database) -> list[Export]:
    async with database.read() as connection:
        return list(await list_exports(connection, limit=50))
