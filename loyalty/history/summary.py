"""What an import came to, in the figures that its reader checks against the file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Final

from loyalty.history.reconciling import Reconciled


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The figures of one run; each row of the file is in exactly one of them."""

    rows: int
    members_new: int = 0
    members_known: int = 0
    orders: int = 0
    lines: int = 0
    guest_orders: int = 0
    returns: int = 0
    unmatched_returns: int = 0
    replays: int = 0
    baskets_dropped: int = 0
    lines_dropped: int = 0
    quantities_zero_with_money: int = 0
    third_decimals: int = 0
    times_without_offset: int = 0
    orders_rejected: int = 0
    rows_rejected: int = 0
    points_earned: int = 0
    points_taken_back: int = 0
    orders_without_rules: int = 0
    seconds: float = 0.0
    reconciled: Reconciled | None = None

    @property
    def complete(self) -> bool:
        """Whether everything in the file went in, now or before."""
        return not self.rows_rejected

    def told(self) -> Iterator[str]:
        """Say each figure in a line; those that are rarely anything only when they are."""
        for name, sentence in _SENTENCES.items():
            value = getattr(self, name)
            if value or name in _ALWAYS:
                yield figure(value, sentence)
        if self.reconciled is not None:
            yield from self.reconciled.told()


def figure(value: float, sentence: str) -> str:
    """Say one figure in a line."""
    shown = f"{value:,}" if isinstance(value, int) else f"{value:.1f}"
    return f"{shown:>12}  {sentence}"


def summary_of(
    counts: Mapping[str, int], *, seconds: float, reconciled: Reconciled | None = None
) -> Summary:
    """Make a summary of what was counted; other counts are of no interest here."""
    known = {each.name for each in fields(Summary)} - {"seconds", "reconciled"}
    return Summary(
        seconds=seconds,
        reconciled=reconciled,
        **{name: count for name, count in counts.items() if name in known},
    )


_ALWAYS: Final = frozenset(
    {"rows", "members_new", "orders", "returns", "points_earned", "points_taken_back", "seconds"}
)

_SENTENCES: Final[Mapping[str, str]] = {
    "rows": "rows in the file",
    "members_new": "members joined",
    "members_known": "members known before",
    "orders": "orders recorded",
    "lines": "lines of orders and returns",
    "guest_orders": "of the orders are guests'",
    "returns": "returns recorded",
    "unmatched_returns": "of the returns matched no sale, or not all of it; that earned nothing",
    "replays": "orders and returns were recorded before and are the same",
    "baskets_dropped": "orders dropped: no line of them was left",
    "lines_dropped": "lines dropped: quantity 0 and no money",
    "quantities_zero_with_money": "lines with money mended: quantity 0 became 1",
    "third_decimals": "prices with more decimals than the currency; their lines are whole",
    "times_without_offset": "orders whose time had no offset: taken in the programme's zone",
    "orders_without_rules": "orders from a time without rules: they earned nothing",
    "orders_rejected": "orders rejected",
    "rows_rejected": "rows rejected, with all rows of their orders",
    "points_earned": "points earned",
    "points_taken_back": "points taken back by returns",
    "seconds": "seconds",
}
