"""What the end of a membership does to the partners' codes it was given: some are to be voided."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.events import Event, record_events
from loyalty.ids import new_id, show
from loyalty.membership.types import PREFIX as MEMBERSHIP
from loyalty.membership.types import Membership
from loyalty.partners.tables import partner_benefit, partner_grant
from loyalty.partners.types import PREFIX


async def void_codes(connection: AsyncConnection, cause: Cause, row: Membership) -> None:
    """Void the codes of benefits that end with the membership, and tell the shop, for the partner.

    The member's row is locked.
    """
    own, of = partner_grant.c, partner_benefit.c
    ends = select(of.code).where(of.plan == own.plan, of.code == own.benefit, of.at_end == "void")
    voided = await connection.execute(
        update(partner_grant)
        .where(own.member == row.member, own.membership == row.id, own.voided_at.is_(None))
        .where(ends.exists())
        .values(voided_at=cause.at)
        .returning(own.id, own.plan, own.benefit)
    )
    told = [whose(row, each.plan, each.benefit, each.id) for each in voided]
    await record_events(
        connection,
        cause,
        [Event(new_id(cause.at), row.member, "partner.code-voided", cause.at, one) for one in told],
    )


def whose(row: Membership, plan: str, benefit: str, grant: UUID) -> dict[str, object]:
    """Return what the world is told of a code: whose it is, never the code itself."""
    return {
        "membership": show(MEMBERSHIP, row.id),
        "plan": plan,
        "benefit": benefit,
        "grant": show(PREFIX, grant),
    }
