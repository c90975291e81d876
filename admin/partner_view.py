"""What partners give to members of a plan, as pages say it: in the wallet, and of a plan."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from admin.visit import Visit
from admin.words import N_, named
from loyalty.membership.types import Membership
from loyalty.partners.giving import offers_of
from loyalty.partners.store import count_codes, list_benefits
from loyalty.partners.types import Stock

_EACH: Final = MappingProxyType(
    {
        "membership": N_("one for each member"),
        "period": N_("one for each paid period"),
    }
)
_NONE: Final = Stock(left=0, given=0)


@dataclass(frozen=True, slots=True)
class PartnerOffer:
    """What a member has of a partner: a code, or one to be asked for."""

    code: str
    title: str
    secret: str | None
    void: bool
    """Whether the partner no longer honours the code."""


@dataclass(frozen=True, slots=True)
class PartnerBenefit:
    """A partner benefit of a plan, with how many of its codes are left and were given."""

    code: str
    title: str
    each: str
    stock: Stock
    archived: bool


async def partner_offers(
    connection: AsyncConnection, visit: Visit, row: Membership
) -> list[PartnerOffer]:
    """What partners give with a membership."""
    return [
        PartnerOffer(
            one.benefit.code,
            named(visit.voice, one.benefit.titles, one.benefit.code),
            None if one.given is None else one.given.code,
            one.given is not None and one.given.voided_at is not None,
        )
        for one in await offers_of(connection, row)
    ]


async def partner_benefits(
    connection: AsyncConnection, visit: Visit, plan: str
) -> list[PartnerBenefit]:
    """The partner benefits of a plan, the archived ones too."""
    stock = await count_codes(connection, plan)
    return [
        PartnerBenefit(
            each.code,
            named(visit.voice, each.titles, each.code),
            visit.voice.say(_EACH[each.each]),
            stock.get(each.code, _NONE),
            each.archived_at is not None,
        )
        for each in await list_benefits(connection, plan)
    ]
