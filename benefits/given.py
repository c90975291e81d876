"""What a decision gives beside money and points: gifts, and vouchers for a later order. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Gift:
    """Units of a SKU that come with the order for nothing; the shop adds the line itself."""

    rule: str
    version: int
    sku: str
    quantity: int
    choose: tuple[str, ...]
    """Other SKUs that the member may choose in its place."""
    titles: Mapping[str, str]
    voucher: UUID | None = None
    """The presented voucher that brought it."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Vouchers of a definition that the member gets once the order is completed."""

    rule: str
    version: int
    definition: str
    quantity: int
    titles: Mapping[str, str]
    voucher: UUID | None = None
    """The presented voucher that brought it."""
