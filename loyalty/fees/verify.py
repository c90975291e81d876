"""Proves that charges, refunds, ends and bonus points agree, and that nothing exceeds its charge.

Each check is one statement that returns the first row that breaks it. What the ledger holds is read
through the Select it publishes.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Numeric, String, Subquery, and_, case, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.checks import Broken, Check, Checks, first_broken_by
from loyalty.fees.tables import fee_allocation, fee_end
from loyalty.fees.types import ChargeReason, RefundKind
from loyalty.membership.tables import membership, membership_charge, membership_refund


async def first_broken_fee(connection: AsyncConnection) -> Mapping[str, Broken]:
    """Return, by check, the first row that breaks it."""
    return await first_broken_by(connection, CHECKS)


def _refunds_are_counted() -> Check:
    """What a charge says was refunded of it is the sum of its refunds, net and tax."""
    charge, refund = membership_charge.c, membership_refund.c
    sign = case((refund.kind == RefundKind.REINSTATED.value, -1), else_=1)
    given = (
        select(
            refund.member,
            refund.charge,
            func.sum(sign * refund.net).label("net"),
            func.sum(sign * refund.tax).label("tax"),
        )
        .group_by(refund.member, refund.charge)
        .subquery("given")
    )
    net, tax = func.coalesce(given.c.net, 0), func.coalesce(given.c.tax, 0)
    return (
        select(charge.id, func.concat(charge.refunded_net, "+", charge.refunded_tax))
        .select_from(
            membership_charge.outerjoin(
                given, and_(given.c.member == charge.member, given.c.charge == charge.id)
            )
        )
        .where(
            or_(
                charge.refunded_net != net,
                charge.refunded_tax != tax,
                net > charge.net,
                tax > charge.tax,
            )
        )
    )


def _shares_fit_their_charge() -> Check:
    """No more of a fee is allocated to its bonus points than was paid without tax."""
    charge, share = membership_charge.c, fee_allocation.c
    return (
        select(share.charge, share.allocated)
        .join(membership_charge, and_(charge.member == share.member, charge.id == share.charge))
        .where(share.allocated > charge.net)
    )


def _lots_carry_their_share() -> Check:
    """The bonus points of a membership carry what its charge allocated to them, and no others."""
    allocated, fees = _allocated(), _fee_lots("%:bonus")
    return (
        select(
            func.coalesce(allocated.c.key, fees.c.key),
            func.concat(fees.c.granted, "/", fees.c.allocated),
        )
        .select_from(allocated.outerjoin(fees, fees.c.key == allocated.c.key, full=True))
        .where(
            or_(
                allocated.c.allocated.is_distinct_from(fees.c.allocated),
                allocated.c.points.is_distinct_from(fees.c.granted),
            )
        )
    )


def _points_stand_once() -> Check:
    """Bonus points that were given again carry their part, and stand in place of those before."""
    allocated, fees = _allocated(), _fee_lots("%")
    again = fees.c.key != allocated.c.key
    share = func.div(cast(allocated.c.allocated, Numeric) * fees.c.granted, allocated.c.points)
    return (
        select(allocated.c.key, func.sum(fees.c.granted - fees.c.taken_back))
        .join(fees, func.split_part(fees.c.key, ":", 2) == allocated.c.membership)
        .group_by(allocated.c.key, allocated.c.points)
        .having(
            or_(
                func.sum(fees.c.granted - fees.c.taken_back) > allocated.c.points,
                func.bool_or(and_(again, fees.c.allocated != share)),
            )
        )
    )


def _allocated() -> Subquery:
    """What charges allocated to bonus points, and the key under which those are earned."""
    charge, share = membership_charge.c, fee_allocation.c
    named = cast(charge.membership, String)
    return (
        select(
            named.label("membership"),
            func.concat("membership:", named, ":bonus").label("key"),
            share.points,
            share.allocated,
        )
        .join(membership_charge, and_(charge.member == share.member, charge.id == share.charge))
        .subquery("allocated")
    )


def _fee_lots(like: str) -> Subquery:
    """The lots of memberships, by the end of their keys."""
    earned = ledger.earned_lots(ledger.POINTS).subquery("earned")
    return (
        select(earned.c.key, earned.c.granted, earned.c.allocated, earned.c.taken_back)
        .where(
            earned.c.lot_class == ledger.LotClass.FEE.value,
            earned.c.key.like(f"membership:{like}"),
        )
        .subquery("fees")
    )


def _early_ends_are_kept() -> Check:
    """What was paid for days after a membership's end has an end in the books."""
    charge, end = membership_charge.c, fee_end.c
    kept = select(end.charge).where(end.member == charge.member, end.charge == charge.id)
    return (
        select(charge.id, membership.c.ended_at)
        .join(
            membership,
            and_(membership.c.member == charge.member, membership.c.id == charge.membership),
        )
        .where(
            charge.ends_at > membership.c.ended_at,
            charge.reason != ChargeReason.LATE.value,
            ~kept.exists(),
        )
    )


def _due_fits_its_charge() -> Check:
    """No more is due of a charge than was paid without tax."""
    charge, end = membership_charge.c, fee_end.c
    return (
        select(end.charge, end.due)
        .join(membership_charge, and_(charge.member == end.member, charge.id == end.charge))
        .where(end.due > charge.net)
    )


CHECKS: Final[Checks] = {
    "charge-refunds-are-counted": _refunds_are_counted,
    "fee-shares-fit-their-charge": _shares_fit_their_charge,
    "fee-lots-carry-their-share": _lots_carry_their_share,
    "fee-lots-stand-once": _points_stand_once,
    "fee-ends-are-kept": _early_ends_are_kept,
    "fee-ends-fit-their-charge": _due_fits_its_charge,
}
