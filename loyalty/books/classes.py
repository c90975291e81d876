"""Why points exist decides what they do to the books; one table for all that read it.

Pure. The ledger keeps a class with every lot and attaches nothing to it; here stands what each
class means in money, and which class points get that are given by hand.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from ledger import LotClass


class Treatment(StrEnum):
    """What the points of a class do to the books."""

    DEFERRED = "deferred"
    """Part of a price that was paid is revenue only when the points are spent."""
    AT_SPENDING = "at-spending"
    """Nothing at grant; the order that spends the points is revenue without what they paid."""
    AT_GRANT = "at-grant"
    """Revenue of the order made good falls at grant, against what the points will cost."""
    PAYABLE = "payable"
    """A partner pays for the points at grant; until they are spent they are owed."""


TREATMENTS: Final[Mapping[LotClass, Treatment]] = MappingProxyType(
    {
        LotClass.SALE: Treatment.DEFERRED,
        LotClass.FEE: Treatment.DEFERRED,
        LotClass.PROMOTION: Treatment.AT_SPENDING,
        LotClass.GOODWILL: Treatment.AT_GRANT,
        LotClass.PARTNER: Treatment.PAYABLE,
    }
)

_PROMOTIONS: Final = frozenset(
    {
        "anniversary",
        "birthday",
        "bonus",
        "campaign",
        "contest",
        "event",
        "gift",
        "promotion",
        "referral",
        "review",
        "survey",
        "welcome",
    }
)


def class_of_reason(reason: str) -> LotClass:
    """Return the class of points given by hand for a reason of the policy.

    A code is a promotion if its first word is one of those that promotions go by
    (``birthday-2026``); everything else makes an order or a mistake good.
    """
    return (
        LotClass.PROMOTION if reason.split("-", maxsplit=1)[0] in _PROMOTIONS else LotClass.GOODWILL
    )
