"""Asking Stripe for everything that a subscription's row is made of."""

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from loyalty.billing.projecting import Picture, instant, intents_of

if TYPE_CHECKING:
    from loyalty.billing.gateway import Gateway

MONEY_MOVES_BACK: Final = timedelta(days=550)
"""How long after a payment refunds and disputes of it are asked about; banks give up earlier."""
AT_ONCE: Final = 6


async def fetch(
    gateway: "Gateway", subscription: str, *, at: datetime, only: Collection[str] | None = None
) -> Picture | None:
    """Return a picture of a subscription; None when Stripe has none of this id.

    With `only`, refunds and disputes are asked for of these invoices and no others.
    """
    seen = await gateway.subscription(subscription)
    if seen is None:
        return None
    invoices = await gateway.invoices(subscription)
    intents = [
        intent
        for owed in invoices
        if at - instant(owed["created"]) < MONEY_MOVES_BACK and (only is None or owed["id"] in only)
        for intent in intents_of(owed)
    ]
    limit = asyncio.Semaphore(AT_ONCE)

    async def back(intent: str) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
        async with limit:
            return await gateway.refunds(intent), await gateway.disputes(intent)

    given = await asyncio.gather(*(back(intent) for intent in intents))
    return Picture(
        subscription=seen,
        invoices=invoices,
        refunds={intent: refunds for intent, (refunds, _) in zip(intents, given, strict=True)},
        disputes={intent: found for intent, (_, found) in zip(intents, given, strict=True)},
    )
