"""What the programme has decided, as one frozen value per published version.

Only days, months and conversions are computed here; nothing is stored or read. Instants become
dates in the programme's time zone, and nowhere else.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from loyalty.money import PointValue

EarnBasis = Literal["paid"]
Shortfall = Literal["pending-only", "down-to-zero", "debt", "deducted"]
LapsedSlice = Literal["expire", "grace"]


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the programme policy."""

    version: int
    starts_at: datetime
    unit: Mapping[str, str]
    currency: str
    zone: ZoneInfo
    language: str
    point_value: PointValue
    earn_basis: EarnBasis
    pending_days: int
    expiry_months: int | None
    shortfall: Shortfall
    lapsed_slice: LapsedSlice
    hold_minutes: int
    minimum_age: int
    spend_minimum: int
    spend_step: int
    spend_share_percent: int
    spend_on_shipping: bool
    adjustment_limits: Mapping[str, int]
    adjustment_reasons: tuple[str, ...]
    birthday_voucher: str | None

    def day_of(self, at: datetime) -> date:
        """Return the business day of an instant."""
        return at.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        """Return the instant at which a business day begins."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def activates_at(self, earned_at: datetime) -> datetime | None:
        """Return when points earned then may be spent; None means at once."""
        if self.pending_days == 0:
            return None
        return earned_at + timedelta(days=self.pending_days)

    def expires_at(self, earned_at: datetime) -> datetime | None:
        """Return the end of the business day, so many months later, on which points lapse."""
        if self.expiry_months is None:
            return None
        return _end_of(self.day_of(earned_at), self.expiry_months, self.zone)


def months_later(day: date, months: int) -> date:
    """Return the same day so many months later, or that month's last day if it is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@lru_cache(maxsize=4096)
def _end_of(day: date, months: int, zone: ZoneInfo) -> datetime:
    """The end of the day so many months later; history asks for the same days again and again."""
    after = months_later(day, months) + timedelta(days=1)
    return datetime.combine(after, time(), zone).astimezone(UTC)
