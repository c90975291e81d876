"""Shapes of the pages of Stripe's on which members join and look after their cards."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from api.schemas.memberships import ConsentBody, MembershipOut
from api.schemas.types import Code

Address = Annotated[str, Meta(min_length=1, max_length=2000)]
CameName = Literal["joined", "being-confirmed", "open", "left"]


class PageBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What a member wants to join, the text they agreed to, and where they come back to.

    `{CHECKOUT_SESSION_ID}` in `success_url` becomes Stripe's id of the page.
    """

    plan: Code
    price: Code
    success_url: Address
    cancel_url: Address
    consent: ConsentBody | None = None
    trial: bool = False


class PageOut(Struct, frozen=True):
    """A page that is open for a member; no address once it has been used or has expired."""

    id: str
    url: str | None


class ConfirmedOut(Struct, frozen=True):
    """What became of a page; `being-confirmed` says that Stripe has not been paid yet."""

    state: CameName
    membership: MembershipOut | None


class PortalBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a member comes back to from the portal."""

    return_url: Address


class PortalOut(Struct, frozen=True):
    """Where a member looks after cards and invoices, for a few minutes."""

    url: str
