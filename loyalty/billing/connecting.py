"""Whether this programme bills by Stripe, with which account, and why not where it does not."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from loyalty.billing.errors import StripeOff
from loyalty.settings import Settings

if TYPE_CHECKING:
    from loyalty.billing.gateway import Gateway

NO_KEY: Final = "LOYALTY_STRIPE_API_KEY is not set"


@dataclass(frozen=True, slots=True)
class Billing:
    """The account of Stripe's that we bill with, if there is one; built once for each process."""

    gateway: "Gateway | None" = None
    secrets: tuple[str, ...] = ()
    """What webhooks are signed with: one, or two while one is exchanged; none: no webhooks."""
    livemode: bool = False
    doubled: bool = False
    """Whether it is the double of tests that answers."""

    @property
    def why_off(self) -> str | None:
        """Why plans billed by Stripe cannot be had; None when they can."""
        return NO_KEY if self.gateway is None else None

    def demand(self) -> "Gateway":
        """Return the way to Stripe. Raises StripeOff."""
        if self.gateway is None:
            raise StripeOff(seen=NO_KEY)
        return self.gateway

    async def close(self) -> None:
        """Let go of the connections to Stripe."""
        if self.gateway is not None:
            await self.gateway.close()


def connect(settings: Settings) -> Billing:
    """Return what the environment says about Stripe; nothing is asked yet."""
    if settings.stripe_api_key is None:
        return Billing()
    from loyalty.billing.gateway import (  # noqa: PLC0415 (40 MiB that others need not carry)
        open_gateway,
    )

    key = settings.stripe_api_key.get_secret_value()
    return Billing(
        gateway=open_gateway(key, settings.stripe_api_base),
        secrets=settings.webhook_secrets(),
        livemode="_live_" in key,
        doubled=settings.stripe_api_base is not None,
    )
