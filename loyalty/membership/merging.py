"""What a merge of two members does to their memberships: they go on with the survivor.

Only one membership of a person can be live, so two of them are refused by name: the shop ends one
first, with the money that its policy gives back.
"""

from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.membership.errors import BothMembers
from loyalty.membership.tables import membership
from loyalty.tables import name

_NAMED = ("membership", "membership-charge", "membership-refund")


async def pass_on_memberships(connection: AsyncConnection, gone: UUID, into: UUID) -> None:
    """Let memberships with their timeline, charges and refunds be the survivor's.

    Both members are locked. Raises BothMembers.
    """
    live = await connection.scalar(
        select(func.count()).where(
            membership.c.member.in_([gone, into]), membership.c.ended_at.is_(None)
        )
    )
    if (live or 0) > 1:
        raise BothMembers
    await connection.execute(
        update(membership).where(membership.c.member == gone).values(member=into)
    )
    await connection.execute(
        update(name).where(name.c.member == gone, name.c.kind.in_(_NAMED)).values(member=into)
    )
