"""What the shop owes somebody who leaves or moves up, by the plan's policy. Pure.

Days are those of the programme's time zone; the day on which somebody leaves counts as used. Shares
are rounded down, so that no series of them exceeds the charge.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from loyalty.membership.types import Charge
from loyalty.plans.types import RefundPolicy


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be given back of a charge: by days, or whole."""

    charge: str
    net: int
    tax: int
    days: int
    of_days: int


def due_back(
    charges: Sequence[Charge], policy: RefundPolicy, at: datetime, zone: ZoneInfo, *, used: bool
) -> list[Due]:
    """Return what is due of the charges whose period has not ended, and of those taken too late.

    A period that has not begun is due whole whatever the policy says, and so is what was taken
    for a membership that had ended.
    """
    due = [_due(charge, policy, at, zone, used=used) for charge in charges]
    return [one for one in due if one is not None and one.net + one.tax > 0]


def _due(
    charge: Charge, policy: RefundPolicy, at: datetime, zone: ZoneInfo, *, used: bool
) -> Due | None:
    if charge.reason == "late" or charge.starts_at > at:
        return _whole(charge, zone)
    if charge.ends_at <= at or policy == "none":
        return None
    if policy == "full-if-unused" and not used:
        return _whole(charge, zone)
    return _by_days(charge, at, zone)


def unused(charges: Sequence[Charge], at: datetime, zone: ZoneInfo) -> list[Due]:
    """Return what of the charges is not used up by days: the credit at a change of plan."""
    return due_back(charges, "pro-rata", at, zone, used=True)


def _whole(charge: Charge, zone: ZoneInfo) -> Due:
    days = _days(charge.starts_at, charge.ends_at, zone)
    return _at_most(charge, charge.net, charge.tax, (days, days))


def _by_days(charge: Charge, at: datetime, zone: ZoneInfo) -> Due:
    days = _days(charge.starts_at, charge.ends_at, zone)
    left = min(days, max(0, _days(at, charge.ends_at, zone) - 1))
    net, tax = charge.net * left // days, charge.tax * left // days
    return _at_most(charge, net, tax, (left, days))


def _at_most(charge: Charge, net: int, tax: int, days: tuple[int, int]) -> Due:
    return Due(
        charge.reference,
        min(net, charge.net - charge.refunded_net),
        min(tax, charge.tax - charge.refunded_tax),
        *days,
    )


def _days(since: datetime, until: datetime, zone: ZoneInfo) -> int:
    """Return how many days lie between the days of two instants; a short period is one day."""
    return max(1, (until.astimezone(zone).date() - since.astimezone(zone).date()).days)
