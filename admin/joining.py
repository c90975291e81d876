"""What a member reads before joining a plan from the wallet, and where the form then leads.

The text is ours and has a version: whoever changes a sentence of it gives it a new one.
"""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from litestar import Request
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.plan_words import price_words
from admin.visit import Visit
from admin.words import N_, named
from loyalty.membership.errors import TrialTaken
from loyalty.membership.trials import refuse_second_trial
from loyalty.plans.store import list_plans

CONSENT: Final = ("wallet-joining", "1")
"""The code and version of the text below, kept with the membership."""
RENEWS: Final = N_(
    "It renews by itself at %(price)s until I cancel. Cancelling counts from the end of what is"
    " paid, and takes as many steps as joining."
)
TRIAL: Final = N_(
    "With a trial, the first %(days)s days cost nothing; then the price is charged unless I cancel"
    " before."
)
WITHDRAWAL: Final = N_("Within %(days)s days of joining I may withdraw.")
STRIPE_PAGES: Final = ("https://checkout.stripe.com", "https://billing.stripe.com")


@dataclass(frozen=True, slots=True)
class Joinable:
    """A price of a plan that Stripe charges for, as the page of joining says it."""

    plan: str
    price: str
    title: str
    costs: str
    trial_days: int
    """None (0) for whoever had a trial."""
    text: tuple[str, ...]
    version: tuple[str, str]


async def joinable(
    connection: AsyncConnection, visit: Visit, whose: UUID, plan: str, price: str
) -> Joinable | None:
    """What a member may join here; None where it is not to be had, or not through Stripe."""
    found = next((one for one in await list_plans(connection) if one.code == plan), None)
    if found is None or found.archived_at is not None or not here(visit, found.adapter):
        return None
    chosen = next((one for one in found.prices if one.code == price), None)
    if chosen is None or chosen.archived_at is not None:
        return None
    days = found.trial_days
    try:
        await refuse_second_trial(connection, whose)
    except TrialTaken:
        days = 0
    say, costs = visit.voice.say, price_words(visit.voice, chosen, found.currency)
    text = [say(RENEWS, price=costs)]
    if days:
        text.append(say(TRIAL, days=visit.voice.number(days)))
    if found.withdrawal_days:
        text.append(say(WITHDRAWAL, days=visit.voice.number(found.withdrawal_days)))
    title = named(visit.voice, found.titles, found.code)
    return Joinable(plan, price, title, costs, days, tuple(text), CONSENT)


def here(visit: Visit, adapter: str) -> bool:
    """Whether plans of an adapter are joined from the wallet: Stripe's are, while it is on."""
    return adapter == "stripe" and visit.application.billing.why_off is None


def leads_to_stripe(visit: Visit) -> None:
    """Let the forms of this page lead on to Stripe's pages, or to those of its double."""
    if visit.application.billing.why_off is not None:
        return
    double = visit.application.settings.stripe_api_base
    visit.forms_to.update(STRIPE_PAGES if double is None else (_origin(double),))


def address_of(request: Request[Any, Any, Any], visit: Visit) -> str:
    """Where the wallet is reached from outside, to come back to."""
    public = visit.application.settings.public_url
    if public is not None and not visit.loopback:
        return public.rstrip("/")
    scheme = "http" if visit.loopback else "https"
    return f"{scheme}://{request.headers.get('host', '')}"


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
