"""What an order brings besides money off and points: gifts, and vouchers once it is completed.

Pure. What was promised stands in the decision that the order was placed with; what was issued is
kept with the order. Both are lost when nothing of what was bought remains.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from benefits import NewVoucher
from loyalty.events import Event
from loyalty.orders.types import History, LineStand, OrderState


@dataclass(frozen=True, slots=True)
class GiftGiven:
    """Units of a SKU that come with the order for nothing, or of another to choose in its place."""

    rule: str
    version: int
    sku: str
    quantity: int
    choose: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Promise:
    """Vouchers of a definition that the member gets once the order is completed."""

    rule: str
    version: int
    definition: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Given:
    """What a decision gives beside the order."""

    gifts: tuple[GiftGiven, ...] = ()
    promises: tuple[Promise, ...] = ()


@dataclass(frozen=True, slots=True)
class Granted:
    """A voucher that the member got for an order; `used` counts uses, those set aside too."""

    voucher: UUID
    code: str
    definition: str
    rule: str
    version: int
    expires_at: datetime | None
    used: int = 0
    void: bool = False


@dataclass(frozen=True, slots=True)
class Grants:
    """Vouchers to issue with a step, what the order keeps of them, and their events."""

    order: UUID | None = None
    vouchers: tuple[NewVoucher, ...] = ()
    granted: tuple[Granted, ...] = ()
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What is lost with what came back: unused vouchers, and those used already; gifts are due."""

    unused: tuple[Granted, ...] = ()
    used: tuple[Granted, ...] = ()
    gifts: tuple[GiftGiven, ...] = ()
    """Gifts that no line of the order stands for."""

    @property
    def vouchers(self) -> list[UUID]:
        """The vouchers that may be used no more."""
        return [each.voucher for each in (*self.unused, *self.used)]


NONE: Final = Grants()
NOTHING_GIVEN: Final = Given()
NOTHING_WITHDRAWN: Final = Withdrawal()


def given_of(document: str) -> Given:
    """Read what a stored decision gives beside the order."""
    if '"gifts"' not in document and '"grants"' not in document:
        return NOTHING_GIVEN
    answer = msgspec.json.decode(document).get("answer", {})
    return Given(
        tuple(_gift(each) for each in answer.get("gifts", ())),
        tuple(_promise(each) for each in answer.get("grants", ())),
    )


def granted_from(stored: Mapping[str, Any]) -> Granted:
    """Read a voucher of an order as `granted_json` spells it."""
    expires = stored["expires_at"]
    return Granted(
        voucher=UUID(stored["voucher"]),
        code=stored["code"],
        definition=stored["definition"],
        rule=stored["rule"],
        version=stored["version"],
        expires_at=None if expires is None else datetime.fromisoformat(expires),
        used=stored["used"],
        void=stored["void"],
    )


def completes(before: History, after: History) -> bool:
    """Whether a step ends the order with something of it sold: then what it promised comes."""
    ended = before.state is OrderState.OPEN and after.state is OrderState.COMPLETED
    return ended and remains(after)


def remains(history: History) -> bool:
    """Whether anything but gifts is open, or was sold and neither returned nor refunded."""
    bought = (stand for stand in history.stands.values() if stand.line.gift_with is None)
    return any(stand.open or _is_kept(stand) for stand in bought)


def withdrawn(
    given: Given, granted: Sequence[Granted], before: History, after: History
) -> Withdrawal:
    """What is lost by the return that leaves nothing of the order; nothing by any other."""
    if not remains(before) or remains(after):
        return NOTHING_WITHDRAWN
    skus = {stand.line.sku for stand in after.stands.values() if stand.line.gift_with is not None}
    return Withdrawal(
        tuple(each for each in granted if not each.used),
        tuple(each for each in granted if each.used),
        tuple(gift for gift in given.gifts if skus.isdisjoint((gift.sku, *gift.choose))),
    )


def _is_kept(stand: LineStand) -> bool:
    refunded = stand.shipped_figures.total > 0 and not stand.refundable
    return stand.returnable > 0 and not refunded


def _gift(stored: Mapping[str, Any]) -> GiftGiven:
    choose = tuple(stored.get("choose", ()))
    return GiftGiven(stored["rule"], stored["version"], stored["sku"], stored["quantity"], choose)


def _promise(stored: Mapping[str, Any]) -> Promise:
    return Promise(stored["rule"], stored["version"], stored["definition"], stored["quantity"])
