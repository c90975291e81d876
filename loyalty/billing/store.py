"""Who is who at Stripe, as it is stored."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.billing.tables import stripe_checkout, stripe_customer, stripe_price
from loyalty.cause import Cause
from loyalty.membership.types import Consent
from loyalty.names import Name, find_name, take_names

ADAPTER: Final = "stripe"
CUSTOMER: Final = "stripe-customer"
"""The kind of name that customers are found by."""


async def customer_of(connection: AsyncConnection, member: UUID) -> str | None:
    """Return what a member is called at Stripe."""
    found: str | None = await connection.scalar(
        select(stripe_customer.c.customer).where(stripe_customer.c.member == member)
    )
    return found


async def member_of(connection: AsyncConnection, customer: str) -> UUID | None:
    """Return whose customer it is; None when it is nobody's of ours."""
    found = await find_name(connection, CUSTOMER, customer)
    return None if found is None else found.member


async def keep_customer(
    connection: AsyncConnection, member: UUID, customer: str, *, at: datetime
) -> str:
    """Keep what a member is called at Stripe and return it; the first one kept stays in use.

    Whoever had another before is found by it as well.
    """
    kept = await connection.scalar(
        insert(stripe_customer)
        .values(member=member, customer=customer, made_at=at)
        .on_conflict_do_nothing(constraint="stripe_customer_is_one_per_member")
        .returning(stripe_customer.c.customer)
    )
    await take_names(connection, [Name(CUSTOMER, customer, member, member)])
    return kept or await customer_of(connection, member) or customer


async def prices_at_stripe(
    connection: AsyncConnection, names: Collection[str]
) -> Mapping[str, UUID]:
    """Return what prices of Stripe's are to us; those we never made are left out."""
    own = stripe_price.c
    rows = await connection.execute(
        select(own.stripe_price, own.price).where(own.stripe_price.in_(sorted(names)))
    )
    return {row.stripe_price: row.price for row in rows}


async def price_at_stripe(connection: AsyncConnection, price: UUID) -> str | None:
    """Return what a price of ours is called at Stripe."""
    found: str | None = await connection.scalar(
        select(stripe_price.c.stripe_price).where(
            stripe_price.c.price == price, stripe_price.c.adopted.is_(False)
        )
    )
    return found


async def keep_price(
    connection: AsyncConnection,
    price: UUID,
    *,
    product: str,
    name: str,
    at: datetime,
    adopted: bool = False,
) -> None:
    """Keep what a price of ours is called at Stripe."""
    await connection.execute(
        insert(stripe_price)
        .values(price=price, product=product, stripe_price=name, adopted=adopted, made_at=at)
        .on_conflict_do_nothing()
    )


async def open_checkout(
    connection: AsyncConnection,
    cause: Cause,
    member: UUID,
    checkout: UUID,
    *,
    price: UUID,
    trial: bool,
    consent: Consent,
) -> None:
    """Keep what a member agreed to before the page is opened; what was kept first stands."""
    await connection.execute(
        insert(stripe_checkout)
        .values(
            member=member,
            id=checkout,
            price=price,
            trial=trial,
            consent_text=consent.text,
            consent_version=consent.version,
            opened_at=cause.at,
            **cause.columns(),
        )
        .on_conflict_do_nothing(constraint="stripe_checkout_has_one_row")
    )


async def name_checkout(
    connection: AsyncConnection, member: UUID, checkout: UUID, session: str
) -> None:
    """Keep what the page is called at Stripe."""
    await connection.execute(
        update(stripe_checkout)
        .where(stripe_checkout.c.member == member, stripe_checkout.c.id == checkout)
        .values(session=session)
    )


async def session_of(connection: AsyncConnection, member: UUID, checkout: UUID) -> str | None:
    """Return what a member's page is called at Stripe."""
    found: str | None = await connection.scalar(
        select(stripe_checkout.c.session).where(
            stripe_checkout.c.member == member, stripe_checkout.c.id == checkout
        )
    )
    return found


async def sessions_since(
    connection: AsyncConnection, member: UUID, since: datetime
) -> Sequence[str]:
    """Return what a member's pages since an instant are called at Stripe."""
    own = stripe_checkout.c
    found = await connection.scalars(
        select(own.session).where(
            own.member == member, own.session.is_not(None), own.opened_at > since
        )
    )
    return [session for session in found if session is not None]


async def consent_of(connection: AsyncConnection, member: UUID, checkout: UUID) -> Consent | None:
    """Return what was agreed to before a page was opened."""
    own = stripe_checkout.c
    row = (
        await connection.execute(
            select(own.consent_text, own.consent_version, own.opened_at).where(
                own.member == member, own.id == checkout
            )
        )
    ).one_or_none()
    return None if row is None else Consent(*row)
