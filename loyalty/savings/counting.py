"""How much of what an order saved counts: the part that was shipped and stayed. Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loyalty.books.allocation import half_up


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedOrder:
    """What a plan saved with one order, as decided when it was placed.

    Parts are in regular prices of its goods: `whole` was ordered, `shipped` completed, `dropped`
    cancelled, `back` returned.
    """

    order: UUID
    placed_at: datetime
    saved: int
    whole: int
    shipped: int
    dropped: int = 0
    back: int = 0

    @property
    def counted(self) -> int:
        """What counts: the share of the goods that were shipped and stayed, rounded half up."""
        return self._share(self.shipped - self.back)

    @property
    def waiting(self) -> int:
        """What will count once what is neither shipped nor cancelled is completed."""
        return self._share(self.whole - self.dropped) - self._share(self.shipped)

    def _share(self, part: int) -> int:
        return half_up(self.saved * min(max(part, 0), self.whole), self.whole) if self.whole else 0
