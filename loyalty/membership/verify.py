"""Proves that a membership's row is what its timeline and its charges say.

What was given back of charges is proved with their books, in `loyalty.fees.verify`. Each check is
one statement that returns the first row that breaks it.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import and_, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.checks import Broken, Check, Checks, first_broken_by
from loyalty.membership.tables import (
    membership,
    membership_change,
    membership_charge,
)
from loyalty.tables import name


async def first_broken_membership(connection: AsyncConnection) -> Mapping[str, Broken]:
    """Return, by check, the first row that breaks it."""
    return await first_broken_by(connection, CHECKS)


def _timeline_is_whole() -> Check:
    """The timeline is numbered without gaps up to the row's version and ends in its state."""
    counted = (
        select(
            membership_change.c.membership,
            func.count().label("steps"),
            func.max(membership_change.c.number).label("last"),
        )
        .group_by(membership_change.c.membership)
        .subquery("counted")
    )
    last = membership_change.alias("last_change")
    joined = membership.outerjoin(counted, counted.c.membership == membership.c.id).outerjoin(
        last, and_(last.c.membership == membership.c.id, last.c.number == membership.c.version)
    )
    return (
        select(membership.c.id, membership.c.version)
        .select_from(joined)
        .where(
            or_(
                counted.c.steps.is_distinct_from(membership.c.version),
                counted.c.last.is_distinct_from(membership.c.version),
                last.c.after.is_distinct_from(membership.c.state),
            )
        )
    )


def _period_was_paid() -> Check:
    """What the shop's memberships are paid until is the end of a charge."""
    paid = select(func.max(membership_charge.c.ends_at)).where(
        membership_charge.c.membership == membership.c.id, membership_charge.c.reason != "late"
    )
    return select(membership.c.id, membership.c.period_end).where(
        membership.c.adapter == "external",
        membership.c.period_end.is_not(None),
        membership.c.period_end > paid.scalar_subquery(),
    )


def _reference_is_named() -> Check:
    """Every membership has the name of its reference, which leads to the member."""
    of = membership
    named = select(name.c.id).where(
        name.c.kind == "membership",
        name.c.name == of.c.adapter + literal(":") + of.c.reference,
        name.c.member == of.c.member,
        name.c.id == of.c.id,
    )
    return select(of.c.id, of.c.reference).where(~named.exists())


CHECKS: Final[Checks] = {
    "a membership is what its timeline says": _timeline_is_whole,
    "a membership is paid until the end of a charge": _period_was_paid,
    "a membership is found by its reference": _reference_is_named,
}
