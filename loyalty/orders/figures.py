"""The recorded figures of a line, and the shares that shipments and returns take of them.

Pure integer arithmetic. The one idea: a share is a difference of floors on the line's own axis, so
any way of cutting a line into shipments, cancellations and returns adds up to the whole exactly.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """What a line, or a share of it, comes to: money in minor units, and points.

    `regular` is before any discount, `total` what is paid after discounts and points, `tax` its
    tax, `points` those spent and `points_value` what they took off, `basis` the money that
    earning and the tiers count, `earn` the points it earns.
    """

    regular: int = 0
    total: int = 0
    tax: int = 0
    points: int = 0
    points_value: int = 0
    basis: int = 0
    earn: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        """Return the sum of both, figure by figure."""
        return Figures(
            self.regular + other.regular,
            self.total + other.total,
            self.tax + other.tax,
            self.points + other.points,
            self.points_value + other.points_value,
            self.basis + other.basis,
            self.earn + other.earn,
        )

    def __sub__(self, other: "Figures") -> "Figures":
        """Return what is left of these figures after the other."""
        return Figures(
            self.regular - other.regular,
            self.total - other.total,
            self.tax - other.tax,
            self.points - other.points,
            self.points_value - other.points_value,
            self.basis - other.basis,
            self.earn - other.earn,
        )

    def floor(self, part: int, whole: int) -> "Figures":
        """Return the share part / whole of each figure, rounded down."""
        if part == whole:
            return self
        return Figures(
            self.regular * part // whole,
            self.total * part // whole,
            self.tax * part // whole,
            self.points * part // whole,
            self.points_value * part // whole,
            self.basis * part // whole,
            self.earn * part // whole,
        )

    def between(self, start: int, end: int, whole: int) -> "Figures":
        """Return the share of the units from `start` up to `end` out of `whole`."""
        return self.floor(end, whole) - self.floor(start, whole)

    def clamped(self, least: "Figures", most: "Figures") -> "Figures":
        """Return each figure, held between the two given."""
        return Figures(
            min(max(self.regular, least.regular), most.regular),
            min(max(self.total, least.total), most.total),
            min(max(self.tax, least.tax), most.tax),
            min(max(self.points, least.points), most.points),
            min(max(self.points_value, least.points_value), most.points_value),
            min(max(self.basis, least.basis), most.basis),
            min(max(self.earn, least.earn), most.earn),
        )

    @property
    def discount(self) -> int:
        """What the rules and vouchers took off; what points took off is not in it."""
        return self.regular - self.points_value - self.total

    @property
    def impossible(self) -> bool:
        """Whether a figure is below zero or the line costs more than its regular price."""
        return (
            min(self.regular, self.total, self.points, self.points_value, self.earn) < 0
            or min(self.tax, self.basis) < 0
            or self.discount < 0
        )


NOTHING = Figures()


def total_of(figures: Iterable[Figures]) -> Figures:
    """Return the sum of all figures."""
    return sum(figures, NOTHING)
