"""Two real shops as history files: a British web shop with cancellations, and the demo's grocer."""

import csv
import gzip
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Final

import pyarrow as pa
from pyarrow import compute
from pyarrow import csv as arrow

from loyalty.demo.shop import write_orders
from tests.loyalty.history.files import BY_LINE, WHOLE, write
from tests.support.requirements import shared_data

TEXTS: Final = dict.fromkeys((*WHOLE, *BY_LINE), pa.string())


def web_shop(folder: Path, *, most: int) -> Path:
    """The first orders and cancellations of `uci_online_retail`; for tests that `needs_shared`."""
    shared = shared_data("uci_online_retail")
    orders = _texts(shared / "orders.csv.gz")
    known = orders.filter(compute.not_equal(orders["customer_id"], "")).slice(0, most)
    heads = {row["invoice_no"]: row for row in known.to_pylist()}
    lines = _texts(shared / "lines.csv.gz")
    theirs = compute.is_in(lines["invoice_no"], pa.array(heads, pa.string()))
    rows: list[list[object]] = []
    for part in lines.filter(theirs).to_batches():
        for line in part.to_pylist():
            head = heads[line["invoice_no"]]
            amount = abs(int(line["quantity"])) * abs(round(float(line["unit_price"]) * 1000))
            rows.append(
                [
                    *(head["invoice_no"], head["customer_id"], head["ordered_at"]),
                    *("sale" if head["kind"] == "sale" else "return", "GBP", ""),
                    *(line["line_no"], line["stock_code"], ""),
                    *(line["quantity"], f"{amount / 1000:.3f}"),
                ]
            )
    return write(folder / "uci.csv", BY_LINE, rows)


def _texts(file: Path) -> pa.Table:
    """Read a packed file of texts; each column stays as it is written."""
    with gzip.open(file, "rt", newline="") as opened:
        heads = next(csv.reader(opened))
    types = dict.fromkeys(heads, pa.string())
    return arrow.read_csv(file, convert_options=arrow.ConvertOptions(column_types=types))


def grocer(folder: Path, *, households: int, since: str = "") -> Path:
    """The year of the demo's first households, or what they bought from a day on."""
    path = folder / "shop.csv"
    keep(grocers_year(folder), path, map(str, range(1, households + 1)), since=since)
    return path


def grocers_year(folder: Path) -> Path:
    """The demo's whole year, beside a test's folder: written once for all tests of a process."""
    whole = folder.parent / "grocers-year.csv"
    if not whole.exists():
        write_orders(whole, last_day=date(2026, 1, 31), invent_returns=False)
    return whole


def keep(whole: Path, path: Path, members: Iterable[str], *, since: str = "") -> None:
    """Write the orders of some members, from a day on, to a file of their own."""
    read = arrow.read_csv(whole, convert_options=arrow.ConvertOptions(column_types=TEXTS))
    theirs = compute.is_in(read["member"], pa.array(members, pa.string()))
    late = compute.greater_equal(read["ordered_at"], since)
    arrow.write_csv(read.filter(compute.and_(theirs, late)), path)


def grocers_month(folder: Path, *, households: int) -> Path:
    """The last month of the demo's first households."""
    return grocer(folder, households=households, since="2026-01-01")
