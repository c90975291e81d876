"""One small month in each format, letter by letter, and what an independent reader says of it."""

import csv
import io
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from loyalty.exports.comma import CommaWriter
from loyalty.exports.hledger import HledgerWriter
from loyalty.exports.types import Format
from loyalty.exports.workbook import WorkbookWriter
from loyalty.exports.writing import Writer
from tests.loyalty.exports.reading import check
from tests.loyalty.exports.small import entries, head
from tests.support.requirements import needs_hledger

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
MAPS = (("ifrs", "en"), ("cas", "zh"), ("cas", "en"), ("ifrs", "zh"))

BEGINNING = """\
; export 12, revision 1, 2026-01-01 to 2026-01-31
; map ifrs 1, IFRS 15
; seen 7/10:10:/, requested 2026-02-03T09:00:00.000000+00:00
; Provisional: the period was not closed
decimal-mark .
commodity 1. points
commodity 1.00 USD
account Assets:1260 Receivables from points partners  ; type:A
"""
MIDDLE = """
2026-01-01 opening balances
    Memorandum:9111 Points available – sale  -40 points
    Memorandum:9151 Points issued  40 points

2026-01-03 (1) earn | order  ; journal:jrn_01kdx40000e008000000000080, \
order:ord_01kdx40000e00800000000000a, at:2026-01-03T12:00:00.000000+00:00
    Memorandum:9151 Points issued  100 points  ; lot:lot_01kdx40000e008000000000001
    Memorandum:9121 Points pending – sale  -100 points  ; lot:lot_01kdx40000e008000000000001

2026-01-17 (2) activate | order  ; journal:jrn_01kdx40000e0080000000000g0, \
order:ord_01kdx40000e00800000000000a, at:2026-01-17T12:00:00.000000+00:00
    Memorandum:9121 Points pending – sale  100 points  ; lot:lot_01kdx40000e008000000000001
    Memorandum:9111 Points available – sale  -100 points  ; lot:lot_01kdx40000e008000000000001

2026-01-20 (3) spend | order  ; journal:jrn_01kdx40000e0080000000000r0, \
order:ord_01kdx40000e00800000000000a, at:2026-01-20T12:00:00.000000+00:00
    Memorandum:9111 Points available – sale  30 points  ; lot:lot_01kdx40000e008000000000001
    Memorandum:9152 Points redeemed  -30 points  ; lot:lot_01kdx40000e008000000000001

2026-01-31 (4) money-deferred | sale-2026-01
    Revenue:4010 Revenue – goods  86.76 USD
    Liabilities:2610 Contract liabilities – loyalty points  -86.76 USD

2026-01-31 (5) money-spent | sale-2026-01
    Revenue:4020 Revenue – points redeemed  -26.00 USD
    Liabilities:2610 Contract liabilities – loyalty points  26.00 USD

2026-01-31 closing balances
    Assets:1260 Receivables from points partners  0.00 USD == 0.00 USD
    Assets:1270 Clearing of membership fees  0.00 USD == 0.00 USD
    Liabilities:2610 Contract liabilities – loyalty points  0.00 USD == -60.76 USD
"""


def made(format_: Format, folder: Path, *, map_: str = "ifrs", language: str = "en") -> bytes:
    """The small month in a format."""
    around, out = head(format_, map_=map_, language=language), io.BytesIO()
    writer: Writer
    match format_:
        case Format.CSV:
            writer = CommaWriter(out, around)
        case Format.XLSX:
            writer = WorkbookWriter(out, around, folder)
        case Format.HLEDGER:
            writer = HledgerWriter(out, around)
    writer.begin()
    for entry in entries(around):
        writer.add([entry])
    writer.end()
    return out.getvalue()


def test_hledger_reads_declarations_balances_lots_and_assertions(tmp_path: Path) -> None:
    text = made(Format.HLEDGER, tmp_path).decode()

    assert text.startswith(BEGINNING)
    assert MIDDLE in text
    assert text.endswith(
        "    Memorandum:9158 Points debt written off  0 points == 0 points\n"
        "    Memorandum:9159 Points in transit  0 points == 0 points\n"
    )


@needs_hledger
@pytest.mark.parametrize(("map_", "language"), MAPS)
def test_hledger_accepts_every_map_in_every_language(
    tmp_path: Path, map_: str, language: str
) -> None:
    path = tmp_path / "small.journal"
    path.write_bytes(made(Format.HLEDGER, tmp_path, map_=map_, language=language))

    assert check(path) == ""


@needs_hledger
@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("  100 points", "  101 points"),
        ("-86.76 USD\n", "-86.77 USD\n"),
        ("== -110 points", "== -111 points"),
        ("(3) spend", "(3) spend\n    Assets:petty cash  0 points\n;"),
    ],
)
def test_hledger_refuses_what_was_changed_by_hand(tmp_path: Path, was: str, becomes: str) -> None:
    path = tmp_path / "small.journal"
    text = made(Format.HLEDGER, tmp_path).decode()
    assert was in text
    path.write_text(text.replace(was, becomes, 1))

    assert check(path) != ""


def test_csv_has_a_row_for_each_line(tmp_path: Path) -> None:
    raw = made(Format.CSV, tmp_path, map_="cas", language="zh")
    rows = list(csv.DictReader(io.StringIO(raw.decode())))

    assert raw.count(b"\r\n") == 11
    assert [int(row["entry"]) for row in rows] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert rows[4] == {
        "entry": "3",
        "booked_on": "2026-01-20",
        "effective_at": "2026-01-20T12:00:00.000000+00:00",
        "journal": "jrn_01kdx40000e0080000000000r0",
        "kind": "spend",
        "reason": "order",
        "order": "ord_01kdx40000e00800000000000a",
        "account": "B911",
        "account_name": "可用积分（销售）",
        "commodity": "points",
        "debit": "30",
        "credit": "",
        "opens": "available",
        "class": "sale",
        "lot": "lot_01kdx40000e008000000000001",
    }
    last = rows[-1]
    assert (last["account_name"], last["debit"]) == ("合同负债——会员积分", "26.00")


def test_the_workbook_sums_a_day_and_shows_balances(tmp_path: Path) -> None:
    book = zipfile.ZipFile(io.BytesIO(made(Format.XLSX, tmp_path)))

    about, journal, balances, accounts = (_cells(book, number) for number in range(1, 5))
    assert about[2] == ["State", "Provisional: the period was not closed"]
    assert journal[0][:4] == ["Entry", "Booked on", "Kind", "Account"]
    assert journal[3] == [
        *("2", "2026-01-17", "activate", "9111", "Points available – sale", "available"),
        *("sale", "points", "100", "1"),
    ]
    assert ["2610", "Contract liabilities – loyalty points", "USD", "0.00", "-60.76"] in balances
    assert ["9111", "Points available – sale", "points", "-40", "-110"] in balances
    assert accounts[3][3] == "合同负债——会员积分"


@pytest.mark.parametrize("format_", Format)
def test_the_same_month_comes_out_in_the_same_bytes(tmp_path: Path, format_: Format) -> None:
    (tmp_path / "other").mkdir()

    assert made(format_, tmp_path) == made(format_, tmp_path / "other")


def test_nothing_of_the_machine_stands_in_a_workbook(tmp_path: Path) -> None:
    book = zipfile.ZipFile(io.BytesIO(made(Format.XLSX, tmp_path)))

    for part in book.infolist():
        assert part.compress_type == zipfile.ZIP_STORED
        assert (part.date_time, part.create_system) == ((1980, 1, 1, 0, 0, 0), 0)
        assert part.external_attr == 0o600 << 16
    assert b"1980-01-01T00:00:00Z" in book.read("docProps/core.xml")
    assert list(tmp_path.iterdir()) == []


def _cells(book: zipfile.ZipFile, number: int) -> list[list[str]]:
    """The cells of a sheet, as they are shown."""
    root = ET.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))  # noqa: S314 (a workbook of our own)
    return [
        ["".join(cell.itertext()) for cell in row.iter(f"{SHEET}c")]
        for row in root.iter(f"{SHEET}row")
    ]
