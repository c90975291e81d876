"""What the shop owes somebody who leaves or moves up, by the plan's policy. Pure.

Days are those of the programme's time zone; the day on which somebody leaves counts as used. Shares
are rounded down, so that no series of them exceeds the charge.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from loyalty.membership.types import Charge, Due, ReportedCharge
from loyalty.plans.types import RefundPolicy

Giving = RefundPolicy | Literal["all-if-unused"]
"""A plan's policy, or that of a withdrawal: unused, days before an upgrade are given back too."""


def due_back(
    charges: Sequence[Charge], policy: Giving, at: datetime, zone: ZoneInfo, *, used: bool
) -> list[Due]:
    """Return what is due of the charges whose period has not ended, and of those taken too late.

    A period that has not begun is due whole whatever the policy says, and so is what was taken
    for a membership that had ended. What an upgrade took over goes on in the upgrade's period.
    """
    ordered = sorted(charges, key=_order)
    due = []
    for place, charge in enumerate(ordered, 1):
        upgrades = [one for one in ordered[place:] if one.reason == "upgrade"]
        due.append(_due(charge, upgrades, policy, at, zone, used=used))
    return [one for one in due if one is not None and one.net + one.tax > 0]


def _due(
    charge: Charge,
    upgrades: Sequence[Charge],
    policy: Giving,
    at: datetime,
    zone: ZoneInfo,
    *,
    used: bool,
) -> Due | None:
    whole = _Rest(charge, charge.net, charge.tax, charge)
    if charge.reason == "late":
        return whole.of(_days_of(charge, zone))
    rest = whole
    for upgrade in upgrades:
        rest = rest.taken_over(upgrade, zone)
    days = _days_of(rest.runs, zone)
    if rest.runs.starts_at > at:
        return rest.of(days)
    if rest.runs.ends_at <= at or policy == "none":
        return None
    if used or policy == "pro-rata":
        return rest.of(days, _left(rest.runs, at, zone))
    return replace(whole, runs=rest.runs).of(days) if policy == "all-if-unused" else rest.of(days)


@dataclass(frozen=True, slots=True)
class _Rest:
    """What of a charge still runs, and in whose period: its own, or that of an upgrade."""

    charge: Charge
    net: int
    tax: int
    runs: Charge

    def taken_over(self, upgrade: Charge, zone: ZoneInfo) -> "_Rest":
        """Return what an upgrade takes over, by the days that are left when it is paid."""
        left, days = _left(self.runs, upgrade.paid_at, zone), _days_of(self.runs, zone)
        return _Rest(self.charge, self.net * left // days, self.tax * left // days, upgrade)

    def of(self, days: int, left: int | None = None) -> Due:
        """Return what is due for the days that are left of the period, or for all of it."""
        left = days if left is None else left
        charge = self.charge
        rest = left_of(charge)
        amount = min(self.net * left // days, rest[0]) + min(self.tax * left // days, rest[1])
        net = net_of(charge, rest, amount)
        return Due(charge.reference, net, amount - net, left, days)


def left_of(charge: Charge) -> tuple[int, int]:
    """Return the net and the tax of a charge that were not given back."""
    return charge.net - charge.refunded_net, charge.tax - charge.refunded_tax


def net_of(charge: Charge | ReportedCharge, left: tuple[int, int], amount: int) -> int:
    """Return the net of what goes back of a charge, in its proportion, half up.

    The last one closes it; neither net nor tax takes more than is left of it, and what is due is
    split as the refund will be that pays it.
    """
    whole = charge.net + charge.tax
    by_then = whole - sum(left) + amount
    share = (2 * charge.net * by_then + whole) // (2 * whole) - (charge.net - left[0])
    return min(max(share, amount - left[1], 0), left[0], amount)


def unused(charges: Sequence[Charge], at: datetime, zone: ZoneInfo) -> list[Due]:
    """Return what of the charges is not used up by days: the credit at a change of plan."""
    return due_back(charges, "pro-rata", at, zone, used=True)


def _order(charge: Charge) -> tuple[datetime, bool, UUID]:
    return charge.paid_at, charge.reason == "upgrade", charge.id


def _left(runs: Charge, at: datetime, zone: ZoneInfo) -> int:
    """Return how many days of a period are left after the day of an instant."""
    if runs.starts_at > at:
        return _days_of(runs, zone)
    if runs.ends_at <= at:
        return 0
    return min(_days_of(runs, zone), max(0, _days(at, runs.ends_at, zone) - 1))


def _days_of(charge: Charge, zone: ZoneInfo) -> int:
    return _days(charge.starts_at, charge.ends_at, zone)


def _days(since: datetime, until: datetime, zone: ZoneInfo) -> int:
    """Return how many days lie between the days of two instants; a short period is one day."""
    return max(1, (until.astimezone(zone).date() - since.astimezone(zone).date()).days)
