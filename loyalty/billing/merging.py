"""What a merge of two members does to what they are at Stripe: it goes on as the survivor's."""

from uuid import UUID

from sqlalchemy import case, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.billing.store import ADAPTER, CUSTOMER
from loyalty.billing.tables import stripe_checkout, stripe_customer, stripe_operation
from loyalty.membership.tables import membership
from loyalty.tables import name


async def pass_on_billing(connection: AsyncConnection, gone: UUID, into: UUID) -> None:
    """Let customers, pages and operations of a member be the survivor's, before memberships are.

    Both members are locked. Of two customers that is in use from now on which pays a membership.
    """
    await _pass_customer(connection, gone, into)
    for table in (stripe_checkout, stripe_operation):
        await connection.execute(update(table).where(table.c.member == gone).values(member=into))
    await connection.execute(
        update(name)
        .where(name.c.member == gone, name.c.kind == CUSTOMER)
        .values(member=into, id=into)
    )


async def _pass_customer(connection: AsyncConnection, gone: UUID, into: UUID) -> None:
    own = stripe_customer.c
    both = await connection.execute(
        select(own.member, own.customer).where(own.member.in_([gone, into]))
    )
    customers = {row.member: row.customer for row in both}
    if into not in customers:
        await connection.execute(
            update(stripe_customer).where(own.member == gone).values(member=into)
        )
    elif gone in customers and await _pays(connection, gone):
        swapped = case((own.member == gone, customers[into]), else_=customers[gone])
        await connection.execute(
            update(stripe_customer).where(own.member.in_([gone, into])).values(customer=swapped)
        )


async def _pays(connection: AsyncConnection, whose: UUID) -> bool:
    pays = exists().where(
        membership.c.member == whose,
        membership.c.adapter == ADAPTER,
        membership.c.ended_at.is_(None),
    )
    return bool(await connection.scalar(select(pays)))
