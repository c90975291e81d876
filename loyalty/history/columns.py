"""The columns of a history file of orders: which there are, where they stand, and what is missing.

A file has one of two forms: whole orders (`order_amount`) or lines (`line_id`, `sku`, ... and a
price). The first three columns of a rejects file are accepted and ignored, so that a mended one
can be imported as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from loyalty.errors import LoyaltyError

REQUIRED: Final = ("order_id", "member", "ordered_at", "kind", "currency")
OPTIONAL: Final = ("returns_order_id",)
WHOLE_ORDER: Final = ("order_amount",)
LINE: Final = ("line_id", "sku", "category", "quantity")
PRODUCT: Final = ("brand", "tags")
PRICES: Final = ("unit_price", "amount")
SHARED: Final = ("member", "ordered_at", "kind", "currency", "returns_order_id")
TAGS_PARTED_BY: Final = ";"
REPORT: Final = ("row", "column", "reason")


class ColumnsUnusable(LoyaltyError):
    """The file cannot be read: column {columns} {problem}."""

    code: ClassVar[str] = "import-columns-unusable"
    columns: str
    problem: str


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each column stands; -1 for one that the file does not have.

    `shared` are those that every row of an order says alike.
    """

    names: tuple[str, ...]
    shared: tuple[int, ...]
    order_id: int
    member: int
    ordered_at: int
    kind: int
    currency: int
    returns_order_id: int
    order_amount: int
    line_id: int
    sku: int
    category: int
    brand: int
    tags: int
    quantity: int
    unit_price: int
    amount: int

    @property
    def by_line(self) -> bool:
        """Whether a row is one line of an order, rather than a whole order."""
        return self.order_amount < 0


def read_header(header: Sequence[str]) -> Columns:
    """Find every column, or raise `ColumnsUnusable` naming what is missing, unknown or doubled."""
    names = tuple(name.strip().lower() for name in header)
    known = (*REQUIRED, *OPTIONAL, *WHOLE_ORDER, *LINE, *PRODUCT, *PRICES)
    _refuse("appears twice", [name for name in dict.fromkeys(names) if names.count(name) > 1])
    _refuse("is not a column of an order file", [n for n in names if n not in (*known, *REPORT)])
    _refuse("is missing", [name for name in REQUIRED if name not in names])
    if "order_amount" in names:
        _refuse(
            "cannot stand beside order_amount",
            [n for n in (*LINE, *PRODUCT, *PRICES) if n in names],
        )
    else:
        _refuse("is missing (or order_amount)", [name for name in LINE if name not in names])
        if not any(price in names for price in PRICES):
            _refuse("is missing (or unit_price)", ["amount"])
    place = {name: index for index, name in enumerate(names)}
    shared = tuple(place[name] for name in SHARED if name in place)
    return Columns(names=names, shared=shared, **{name: place.get(name, -1) for name in known})


def _refuse(what: str, columns: Sequence[str]) -> None:
    if columns:
        raise ColumnsUnusable(columns=", ".join(columns), problem=what)
