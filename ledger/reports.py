"""The values that finance reads: periods, sums by month, ages, debts, and wallets through time.

Nothing here knows SQL; every value is frozen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from ledger.types import LotClass, Movement


class PeriodState(StrEnum):
    """Where a month of the books stands: closing takes no more bookings, closed has been proved."""

    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The days of the books: their zone, where they begin, and the first day still open.

    ``begins_on`` is the day of their founding or of the first journal, whichever is earlier;
    ``open_from`` is None while no period was ever closed.
    """

    zone: str
    founded_on: date | None
    begins_on: date | None
    open_from: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One month of the books; ``month`` is its first day."""

    month: date
    state: PeriodState
    closing_at: datetime | None = None
    closing_by: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    verified_by: str | None = None
    reconciled_by: str | None = None


class Breakdown(StrEnum):
    """What a roll-forward is split by: what its lots were born with."""

    NONE = "none"
    CLASS = "class"
    TIER = "tier"


class Component(StrEnum):
    """A line between opening and closing; ``repaid`` moves between births and is zero in all."""

    IMPORTED = "imported"
    EARNED = "earned"
    SPENT = "spent"
    RESTORED = "restored"
    EXPIRED = "expired"
    CLAWED_BACK = "clawed-back"
    ADJUSTED = "adjusted"
    WRITTEN_OFF = "written-off"
    MOVED = "moved"
    REPAID = "repaid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outstanding:
    """What members hold: ``total`` is pending + available + held less debt."""

    pending: int = 0
    available: int = 0
    held: int = 0
    debt: int = 0

    @property
    def total(self) -> int:
        """What is owed to members less what they owe."""
        return self.pending + self.available + self.held - self.debt


@dataclass(frozen=True, slots=True, kw_only=True)
class RollForwardLine:
    """One month of one birth: opening + imported + earned less spent and so on = closing.

    ``spent``, ``expired`` and ``clawed_back`` are taken off; ``adjusted`` and ``moved`` carry
    their sign. ``birth`` is the class or tier that the line is about, empty for debt (which has no
    birth) and for lots born without one, and None where nothing is split.
    """

    month: date
    birth: str | None
    opening: Outstanding
    imported: int
    earned: int
    spent: int
    restored: int
    expired: int
    clawed_back: int
    adjusted: int
    written_off: int
    moved: int
    repaid: int
    closing: Outstanding

    @property
    def difference(self) -> int:
        """Zero while opening and what moved make the closing."""
        moved = (
            (self.imported + self.earned - self.spent + self.restored)
            + (self.adjusted - self.expired - self.clawed_back)
            + (self.written_off + self.moved + self.repaid)
        )
        return self.opening.total + moved - self.closing.total


@dataclass(frozen=True, slots=True, kw_only=True)
class RollForward:
    """The months in [since, until): ``totals`` has one line a month, ``lines`` one a birth too.

    ``at`` is up to when time itself was counted, posted or not.
    """

    asset: str
    since: date
    until: date
    at: datetime
    recorded_by: datetime | None
    by: Breakdown
    totals: Sequence[RollForwardLine]
    lines: Sequence[RollForwardLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeLine:
    """What is left of lots of one birth that are ``from_days`` old, up to ``to_days`` (or more)."""

    from_days: int
    to_days: int | None
    lot_class: LotClass
    tier: str
    lots: int
    pending: int
    available: int
    held: int

    @property
    def points(self) -> int:
        """All that is left of them."""
        return self.pending + self.available + self.held


@dataclass(frozen=True, slots=True, kw_only=True)
class Ageing:
    """All lots with something left, by age; their sum is what the trial balance has."""

    asset: str
    at: datetime
    recorded_by: datetime | None
    lines: Sequence[AgeLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """What one holder owes, and since which effective instant they have owed without a break."""

    holder: UUID
    asset: str
    debt: int
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """One wallet's counters by effective time, as of two instants."""

    holder: UUID
    asset: str
    at: datetime
    recorded_by: datetime | None
    pending: int
    available: int
    held: int
    debt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One wallet's movements in [since, until) in the order in which they took effect.

    Their running balances are by effective time, so a movement recorded late stands where it
    belongs. ``opening`` is what stood before the first day, ``closing`` before ``until``.
    """

    holder: UUID
    asset: str
    since: datetime
    until: datetime
    recorded_by: datetime | None
    opening: Outstanding
    movements: Sequence[Movement]
    closing: Outstanding
