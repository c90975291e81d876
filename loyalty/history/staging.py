"""A history file read, checked and sorted into buckets of members, without a database.

First the parent reads the file once and sends each row to the bucket of its order; then each
order bucket is put together and checked (in as many processes as asked for), and its orders go to
the bucket of their member. Memory stays flat: nothing holds more than one bucket.
"""

import csv
import gzip
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Final, TextIO

from loyalty.history.assembly import Assembler, HistoricLine, HistoricOrder, Reject, Row
from loyalty.history.columns import Columns, read_header
from loyalty.history.spool import Spool, bucket_of, records

BUCKET_BYTES: Final = 2_000_000
"""About how much of the file one bucket holds."""
BUCKETS_MAX: Final = 400
GZIP_RATIO: Final = 8
TICK: Final = 50_000
"""Rows between two reports of progress."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a file is read with: the programme's currency, its decimals, its time zone, and now."""

    currency: str
    exponent: int
    zone: tzinfo
    now: datetime


@dataclass(frozen=True, slots=True)
class Staged:
    """A file cut into order buckets; `unassigned` are the rows without an order id."""

    columns: Columns
    directory: Path
    buckets: int
    rows: int
    unassigned: tuple[Reject, ...]


def buckets_for(path: Path) -> int:
    """How many buckets a file is cut into."""
    return max(4, min(BUCKETS_MAX, bytes_of(path) // BUCKET_BYTES + 1))


def bytes_of(path: Path) -> int:
    """About how many bytes of text a file holds."""
    return path.stat().st_size * (GZIP_RATIO if path.suffix == ".gz" else 1)


def split(path: Path, directory: Path, tick: Callable[[int], None]) -> Staged:
    """Send every row of the file to the bucket of its order.

    Raises `ColumnsUnusable` when the header cannot be used; `OSError` when the file cannot be read.
    """
    buckets = buckets_for(path)
    orders = directory / "orders"
    orders.mkdir()
    unassigned: list[Reject] = []
    with open_text(path) as file, Spool(orders, "0", buckets) as spool:
        reader = csv.reader(file, strict=True)
        columns = read_header(next(reader, []))
        place, number = columns.order_id, 0
        for number, fields in _numbered(reader, unassigned):
            if not fields:
                continue
            key = fields[place].strip() if place < len(fields) else ""
            if key:
                spool.add(bucket_of(key, buckets), (number, fields))
            else:
                reason = "expected the shop's id of the order, found nothing"
                unassigned.append(Reject(Row(number, fields), "order_id", reason))
            if number % TICK == 0:
                tick(number)
    tick(number)
    return Staged(columns, directory, buckets, max(0, number - 1), tuple(unassigned))


def _numbered(
    reader: Iterator[list[str]], unassigned: list[Reject]
) -> Iterator[tuple[int, list[str]]]:
    """Number the rows as a spreadsheet does; a row that is not CSV is a reject of its own."""
    number = 1
    while True:
        number += 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            unassigned.append(Reject(Row(number, []), "", f"is not CSV: {error}"))
            continue
        yield number, fields


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """A file's text, gzipped or plain; bytes that are no UTF-8 stay recognisable."""
    how: dict[str, Any] = {"encoding": "utf-8-sig", "errors": "surrogateescape", "newline": ""}
    if path.suffix == ".gz":
        with gzip.open(path, "rt", **how) as file:
            yield file
    else:
        with path.open(**how) as file:
            yield file


def assemble(staged: Staged, bucket: int, terms: Terms) -> tuple[Counter[str], list[Reject]]:
    """Put the orders of one order bucket together and send each to the bucket of its member.

    Gives what was counted and mended, and the rejected rows. A guest's order goes to the bucket
    of the order, and so does what is returned of it.
    """
    by_order: dict[str, list[Row]] = {}
    place = staged.columns.order_id
    for number, fields in records(staged.directory / "orders", bucket):
        by_order.setdefault(fields[place].strip(), []).append(Row(number, fields))
    assembler = Assembler(staged.columns, terms.currency, terms.exponent, terms.zone, terms.now)
    counts = assembler.counts
    rejects: list[Reject] = []
    members = staged.directory / "members"
    members.mkdir(exist_ok=True)
    with Spool(members, str(bucket), staged.buckets) as spool:
        for order_id, rows in by_order.items():
            order = assembler.order(rows)
            if isinstance(order, HistoricOrder):
                whose = order.member or order.returns_order_id or order_id
                target = bucket_of(whose, staged.buckets)
                spool.add(target, (*order[:-1], tuple(map(tuple, order.lines))))
                counts["assembled"] += 1
            elif order is not None:
                rejects += order
                counts["orders_rejected"] += 1
    return counts, rejects


def members_of(staged: Staged, bucket: int) -> dict[str, list[HistoricOrder]]:
    """Give the orders of one member bucket by member, in time; guests under the empty text."""
    by_member: dict[str, list[HistoricOrder]] = {}
    for *order, lines in records(staged.directory / "members", bucket):
        whole = HistoricOrder._make((*order, tuple(map(HistoricLine._make, lines))))
        by_member.setdefault(whole.member, []).append(whole)
    for orders in by_member.values():
        orders.sort(key=in_time)
    return by_member


def in_time(order: HistoricOrder) -> tuple[int, bool, str]:
    """Sort a member's history: by instant, sales before returns, then by id."""
    return order.ordered_at, order.kind == "return", order.order_id
