"""Gives a member a partner's code: one for a membership, or for each period, while it has access.

Asking again answers the code that was given. Codes are taken so that nobody waits for anybody: two
who ask at once get two codes, and the last one goes to one of them.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.events import Event, record_events
from loyalty.ids import new_id
from loyalty.membership.states import standing_of
from loyalty.membership.store import lock_membership
from loyalty.membership.types import Membership
from loyalty.partners.ending import whose
from loyalty.partners.errors import BenefitArchived, CodesRunOut, NoAccess
from loyalty.partners.store import find_benefit, list_benefits
from loyalty.partners.tables import partner_code, partner_grant
from loyalty.partners.types import Benefit, Given, Offer
from loyalty.plans.store import plan_of_price


async def give_code(connection: AsyncConnection, cause: Cause, id_: UUID, benefit: str) -> Given:
    """Return the code of a partner benefit that a membership has now, giving one if need be.

    Raises MembershipUnknown, BenefitUnknown, NoAccess, BenefitArchived and CodesRunOut.
    """
    row = await lock_membership(connection, id_)
    wanted = await find_benefit(connection, row.plan, benefit)
    standing = standing_of(row, await plan_of_price(connection, row.price), cause.at)
    if not standing.access:
        raise NoAccess(seen=standing.state)
    period = _period_of(row, wanted)
    had = _had(await codes_of(connection, row), wanted, period)
    if had is not None:
        return had
    if wanted.archived_at is not None:
        raise BenefitArchived(seen=wanted.code)
    code, text = await _take(connection, wanted, cause.at)
    given = Given(new_id(cause.at), wanted.code, text, period, cause.at)
    await connection.execute(
        insert(partner_grant).values(
            member=row.member,
            id=given.id,
            membership=row.id,
            plan=row.plan,
            benefit=wanted.code,
            period=period,
            code=code,
            given_at=cause.at,
            **cause.columns(),
        )
    )
    last = not await connection.scalar(select(exists(_left(wanted))))
    told = {**whose(row, wanted.plan, wanted.code, given.id), "last": last}
    event = Event(new_id(cause.at), row.member, "partner.code-given", cause.at, told)
    await record_events(connection, cause, [event])
    return given


async def codes_of(connection: AsyncConnection, row: Membership) -> list[Given]:
    """Return the partners' codes that a membership was given, the newest first."""
    own = partner_grant.c
    rows = await connection.execute(
        select(own.id, own.benefit, partner_code.c.code, own.period, own.given_at, own.voided_at)
        .join(partner_code, partner_code.c.id == own.code)
        .where(own.member == row.member, own.membership == row.id)
        .order_by(own.given_at.desc(), own.id.desc())
        .limit(200)
    )
    return [Given(*each) for each in rows]


async def offers_of(connection: AsyncConnection, row: Membership) -> list[Offer]:
    """Return what partners give with a membership now: what is open, and what it has a code of."""
    given = await codes_of(connection, row)
    offers = [
        Offer(each, _had(given, each, _period_of(row, each)))
        for each in await list_benefits(connection, row.plan)
    ]
    return [one for one in offers if one.given is not None or one.benefit.archived_at is None]


def _had(given: Sequence[Given], benefit: Benefit, period: datetime) -> Given | None:
    """The code that was given of a benefit for this period."""
    return next((one for one in given if (one.benefit, one.period) == (benefit.code, period)), None)


def _period_of(row: Membership, benefit: Benefit) -> datetime:
    if benefit.each == "membership":
        return row.began_at
    return row.period_start or row.began_at


async def _take(connection: AsyncConnection, benefit: Benefit, at: datetime) -> tuple[UUID, str]:
    """Take the first code that nobody takes at this moment. Raises CodesRunOut."""
    first = _left(benefit).order_by(partner_code.c.id).limit(1).with_for_update(skip_locked=True)
    taken = await connection.execute(
        update(partner_code)
        .where(partner_code.c.id == first.scalar_subquery())
        .values(taken_at=at)
        .returning(partner_code.c.id, partner_code.c.code)
    )
    found = taken.one_or_none()
    if found is None:
        raise CodesRunOut(seen=benefit.code)
    return found.id, found.code


def _left(benefit: Benefit) -> Select[UUID]:
    own = partner_code.c
    return select(own.id).where(
        own.plan == benefit.plan, own.benefit == benefit.code, own.taken_at.is_(None)
    )
