"""Plans and prices at Stripe, kept in step with ours: made once, closed when ours are archived.

A product has an id that follows from the plan's code, and a price a lookup key that is our id, so
whatever was interrupted finds again what it made. A price that changes is a new price.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.billing.errors import BillingError, StripeRefused
from loyalty.billing.store import ADAPTER, keep_price, price_at_stripe
from loyalty.billing.tables import stripe_price
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.plans.store import list_plans
from loyalty.plans.types import Plan, Price

if TYPE_CHECKING:
    from loyalty.billing.gateway import Gateway


OTHER_UNITS: Final = frozenset({"ISK", "MGA", "UGX"})
"""Currencies that Stripe counts in other units than ISO 4217; nothing is sold in them there."""
LOG: Final = structlog.get_logger(__name__)


async def keep_in_step(application: Application, cause: Cause) -> int:
    """Make at Stripe what is missing there and close what is archived here; answer how many."""
    gateway = application.billing.gateway
    if gateway is None:
        return 0
    async with application.database.snapshot() as connection:
        plans = [plan for plan in await list_plans(connection) if plan.adapter == ADAPTER]
        kept = await _kept(connection)
    changed = 0
    for plan in plans:
        for price in plan.prices:
            archived = plan.archived_at is not None or price.archived_at is not None
            there = kept.get(price.id)
            try:
                if there is None and not archived:
                    await make(application, cause, gateway, plan, price)
                elif there is not None and there.closed_at is None and archived:
                    await gateway.close_price(there.name, key=f"close:{price.id}")
                    await application.database.write(_say_closed, price.id, at=cause.at)
                else:
                    continue
            except BillingError as error:  # the others are kept all the same
                LOG.warning("stripe-price-not-kept", price=str(price.id), code=error.code)
            else:
                changed += 1
    return changed


async def make(
    application: Application, cause: Cause, gateway: "Gateway", plan: Plan, price: Price
) -> str:
    """Return what a price is called at Stripe, made there if it is not.

    Raises StripeRefused for a currency whose amounts mean something else there.
    """
    if plan.currency in OTHER_UNITS:
        raise StripeRefused(seen=f"{plan.currency} is counted in other units there")
    product = await gateway.product_of(plan.code, _title(plan))
    name = await gateway.price_by_key(f"loyalty:{price.id}")
    if name is None:
        name = await gateway.make_price(
            {
                "currency": plan.currency.lower(),
                "unit_amount": price.amount,
                "product": product,
                "recurring": {"interval": price.every},
                "tax_behavior": price.tax,
                "lookup_key": f"loyalty:{price.id}",
                "metadata": {"loyalty_price": price.code},
            },
            key=f"price:{price.id}",
        )
    await application.database.write(keep_price, price.id, product=product, name=name, at=cause.at)
    return name


async def name_of(application: Application, cause: Cause, plan: Plan, price: Price) -> str:
    """Return what a price is called at Stripe. Raises StripeUnavailable."""
    async with application.database.read() as connection:
        name = await price_at_stripe(connection, price.id)
    return name or await make(application, cause, application.billing.demand(), plan, price)


async def _say_closed(connection: AsyncConnection, price: UUID, *, at: datetime) -> None:
    await connection.execute(
        update(stripe_price)
        .where(stripe_price.c.price == price, stripe_price.c.adopted.is_(False))
        .values(closed_at=at)
    )


@dataclass(frozen=True, slots=True)
class _Kept:
    name: str
    closed_at: datetime | None


async def _kept(connection: AsyncConnection) -> dict[UUID, _Kept]:
    own = stripe_price.c
    made = select(own.price, own.stripe_price, own.closed_at).where(own.adopted.is_(False))
    return {row.price: _Kept(*row[1:]) for row in await connection.execute(made)}


def _title(plan: Plan) -> str:
    return plan.titles.get("en") or next(iter(plan.titles.values()), plan.code)
