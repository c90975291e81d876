"""The real year of baskets behind the demo, with what the till took off each line, and why.

The package's documentation (completejourney, `transactions`) says of its columns: `sales_value` is
what the retailer receives for the line, `retail_disc` what the loyalty card took off,
`coupon_match_disc` what the retailer gave to match a manufacturer's coupon, and `coupon_disc` that
coupon itself. The manufacturer pays for its coupon, so it is a means of payment: the customer hands
over less than `sales_value`, and the shop still receives all of it. What a line costs is therefore

    regular price of the line = sales_value + coupon_match_disc + retail_disc
    price with the card       = sales_value + coupon_match_disc
    what the shop receives    = sales_value

and `coupon_disc` stands in none of them. All are whole cents for the line's whole quantity. A
basket stands in one run of rows and names no product twice.
"""

import csv
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from loyalty.demo.shop import data_folder

KEYS: Final = ("basket_id", "household_id", "transaction_timestamp", "product_id", "quantity")
MONEY: Final = ("sales_value", "retail_disc", "coupon_disc", "coupon_match_disc")
ROWS: Final = 65_536
"""Rows held at a time."""
HISTORY: Final = (
    *("order_id", "member", "ordered_at", "kind", "currency", "returns_order_id"),
    *("line_id", "sku", "category", "brand", "quantity", "amount"),
)


class Bought(NamedTuple):
    """One line of a real basket; money is cents for the whole quantity."""

    sku: str
    quantity: int
    paid: int
    card: int
    coupon: int
    matched: int

    @property
    def regular(self) -> int:
        """What it costs without a card."""
        return self.with_card + self.card

    @property
    def with_card(self) -> int:
        """What it costs with the card, before the match of a coupon."""
        return self.paid + self.matched


class RealBasket(NamedTuple):
    """What one household bought at once."""

    name: str
    household: str
    at: datetime
    lines: list[Bought]


def real_baskets() -> Iterator[RealBasket]:
    """Read all baskets in the order of the file, a batch of rows at a time."""
    for (basket, household, at), rows in groupby(_rows(), key=itemgetter(0, 1, 2)):
        lines = [Bought(str(sku), *figures) for _, _, _, sku, *figures in rows]
        yield RealBasket(str(basket), str(household), at, lines)


def write_history(path: Path, most: int) -> None:
    """Write baskets as a history file: what was paid, and each product's category and brand."""
    table = parquet.read_table(
        data_folder() / "products.parquet", columns=["product_id", "department", "brand"]
    )
    columns = (column.to_pylist() for column in table.columns)
    products = {str(sku): (of or "", brand or "") for sku, of, brand in zip(*columns, strict=True)}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HISTORY)
        for basket in islice(real_baskets(), most):
            head = (basket.name, basket.household, basket.at.isoformat(), "sale", "USD", "")
            for line_id, line in enumerate(basket.lines, start=1):
                paid = f"{line.paid // 100}.{line.paid % 100:02}"
                product = products.get(line.sku, ("", ""))
                writer.writerow((*head, line_id, line.sku, *product, line.quantity, paid))


def _rows() -> Iterator[tuple[Any, ...]]:
    file = parquet.ParquetFile(data_folder() / "transactions.parquet")
    for batch in file.iter_batches(ROWS, columns=[*KEYS, *MONEY]):
        columns = [batch.column(name) for name in KEYS]
        columns[2] = pc.cast(columns[2], pa.timestamp("s"))
        columns += [_cents(batch.column(name)) for name in MONEY]
        yield from zip(*(column.to_pylist() for column in columns), strict=True)


def _cents(dollars: pa.Array) -> pa.Array:
    return pc.cast(pc.round(pc.multiply(dollars, 100)), pa.int64())
