"""What the programme has decided, as one frozen value per published version.

Only days, months and conversions are computed here; nothing is stored or read. Instants become
dates in the programme's time zone, and nowhere else.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from loyalty.expiry import Activity, Expiries, Expiry, Roll, Term, rolls_of, term_of
from loyalty.money import PointValue

EarnBasis = Literal["paid"]
PendingUntil = Literal["completed", "delivered"]
Shortfall = Literal["pending-only", "down-to-zero", "debt", "deducted"]

#: The asset that orders earn and spend; others are named by the policy.
POINTS: Final = "points"
#: Where points come from: the sources that the programme itself gives its lots.
ORDER: Final = "order"
ADJUSTMENT: Final = "adjustment"
OPENING: Final = "opening"


@dataclass(frozen=True, slots=True)
class Asset:
    """Something beside points that a wallet may hold, such as growth value."""

    names: Mapping[str, str]
    expiry: Expiry


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the programme policy.

    `rolled` are the months of inactivity after which points of earlier versions lapse: what was
    earned under those goes on as it was promised.
    """

    version: int
    starts_at: datetime
    unit: Mapping[str, str]
    currency: str
    zone: ZoneInfo
    language: str
    point_value: PointValue
    earn_basis: EarnBasis
    pending_days: int
    pending_until: PendingUntil
    """What an order's points wait for: days from its completion, or the shop's word of delivery."""
    delivery_days: int
    """Days from completion after which an order counts as delivered without the shop's word."""
    expiry: Expiries
    expiry_reminder_days: int | None
    grace_days: int
    assets: Mapping[str, Asset]
    shortfall: Shortfall
    hold_minutes: int
    minimum_age: int
    spend_minimum: int
    spend_step: int
    spend_share_percent: int
    spend_on_shipping: bool
    adjustment_limits: Mapping[str, int]
    adjustment_reasons: tuple[str, ...]
    birthday_voucher: str | None
    rule_reviewers: int
    """How many others approve a change of rules before it is published: 0 or 1."""
    rolled: frozenset[int] = frozenset()

    def day_of(self, at: datetime) -> date:
        """Return the business day of an instant."""
        return at.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        """Return the instant at which a business day begins."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def activates_at(self, earned_at: datetime, source: str) -> datetime | None:
        """Return when points earned then may be spent at the latest; None means at once.

        What an order earned may be spent sooner where it waits for the shop's word of delivery.
        """
        delivered = source == ORDER and self.pending_until == "delivered"
        days = self.delivery_days if delivered else self.pending_days
        return earned_at + timedelta(days=days) if days else None

    def term(
        self, earned_at: datetime, source: str, *, asset: str = POINTS, waits: bool = False
    ) -> Term:
        """Return what a lot earned then is born with: its end, and what may move that.

        Points that wait to be activated never lapse before: an end that comes too early is counted
        from the day of activation instead.
        """
        expiry = self.expiry.of(source) if asset == POINTS else self.assets[asset].expiry
        term = term_of(expiry, self.day_of(earned_at), self.zone)
        activates_at = self.activates_at(earned_at, source) if waits else None
        if term.expires_at and activates_at and term.expires_at <= activates_at:
            return term_of(expiry, self.day_of(activates_at), self.zone)
        return term

    @property
    def known_assets(self) -> tuple[str, ...]:
        """What wallets may hold: points, and what the policy names beside them."""
        return (POINTS, *sorted(self.assets))

    @property
    def units(self) -> dict[str, Mapping[str, str]]:
        """What people call each asset, by language."""
        return {POINTS: self.unit, **{code: one.names for code, one in self.assets.items()}}

    def rolls(self, at: datetime, activities: Collection[Activity]) -> list[Roll]:
        """Return what activities of an instant do to points that lapse with inactivity."""
        months = self.expiry.rolling_months() | self.rolled
        if not months or self.expiry.activities.isdisjoint(activities):
            return []
        return rolls_of(months, self.day_of(at), self.zone)
