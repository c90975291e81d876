"""An order that explains itself: every line from its regular price to what was paid and earned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from admin.reasons import came_back
from admin.visit import Visit
from admin.words import N_
from loyalty.ids import show
from loyalty.orders.explanation import Explanation, LineExplained, Part, StepExplained
from loyalty.orders.telling import tell_posted
from loyalty.orders.types import Line

PARTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "regular": N_("Regular price"),
        "exclusive-price": N_("Exclusive price"),
        "line-discount": N_("Off this line"),
        "order-discount": N_("This line's part of what is off the order"),
        "voucher": N_("Voucher"),
        "shipping-discount": N_("Off shipping"),
        "other-discount": N_("Taken off before the order was told"),
        "points-spent": N_("Points"),
        "payable": N_("To be paid"),
    }
)
STEPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "placed": N_("Placed for %(money)s"),
        "paid": N_("Paid"),
        "completed": N_("Shipped: %(money)s"),
        "cancelled": N_("Cancelled before it was shipped: %(money)s"),
        "returned": N_("Returned: %(money)s given back"),
        "charged-back": N_("Charged back: the bank took %(money)s"),
        "claimed": N_("Claimed by its buyer"),
        "delivered": N_("Delivered"),
    }
)


@dataclass(frozen=True, slots=True)
class PartView:
    """One part of a price; ``by`` is the rule that gave it."""

    words: str
    by: str | None
    href: str | None
    money: str
    total: bool


@dataclass(frozen=True, slots=True)
class LineView:
    """One line with the way to its price and to its points."""

    line: Line
    told: LineExplained
    parts: tuple[PartView, ...]
    earned: str


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of the order's life, and what it did to points."""

    at: datetime
    words: str
    name: str | None
    reason: str | None
    why: str | None
    """The reason in words, where it has any."""
    lines: str
    postings: tuple[tuple[str, UUID], ...]


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order with the reason of every cent and point."""

    lines: tuple[LineView, ...]
    shipping: tuple[PartView, ...]
    steps: tuple[StepView, ...]
    exceptions: tuple[tuple[str, bool], ...]
    differences: tuple[str, ...]
    exchange_of: str | None
    exchanged_for: tuple[str, ...]


def order_view(visit: Visit, found: Explanation) -> OrderView:
    """The explanation of an order, ready to be shown."""
    currency, language = found.found.order.currency, visit.voice.name
    beside = found.beside
    return OrderView(
        lines=tuple(
            LineView(
                one.line,
                one,
                _parts(visit, one.parts, currency),
                one.earned.sentence(language, currency) if one.earned.why else "",
            )
            for one in found.lines
        ),
        shipping=_parts(visit, found.shipping, currency),
        steps=tuple(_step(visit, one, currency) for one in reversed(found.steps)),
        exceptions=tuple(
            (f"/console/exceptions/{show('exc', one.id)}", one.settled is None)
            for one in found.exceptions
        ),
        differences=found.differences,
        exchange_of=None if beside.exchange_of is None else _address(beside.exchange_of),
        exchanged_for=tuple(_address(one) for one in beside.exchanged_for.values()),
    )


def _parts(visit: Visit, parts: Sequence[Part], currency: str) -> tuple[PartView, ...]:
    voice = visit.voice
    return tuple(
        PartView(
            words=voice.say(PARTS[one.code])
            if one.code != "points-spent"
            else voice.count("%(number)s point", "%(number)s points", one.points),
            by=None
            if one.rule is None
            else voice.say("%(rule)s (version %(version)s)", rule=one.rule, version=one.version),
            href=None if one.rule is None else f"/console/rules/{one.rule}",
            money=voice.money(one.amount, currency),
            total=one.code == "payable",
        )
        for one in parts
    )


def _step(visit: Visit, one: StepExplained, currency: str) -> StepView:
    voice = visit.voice
    sentence = STEPS[one.code]
    money = voice.money(abs(one.money), currency)
    return StepView(
        at=one.at,
        words=voice.say(sentence, money=money) if "%(" in sentence else voice.say(sentence),
        name=one.name,
        reason=one.reason,
        why=came_back(visit.voice, one.reason),
        lines=", ".join(
            f"{each.line_id} × {voice.number(each.quantity)}" if each.quantity else each.line_id
            for each in one.lines
        ),
        postings=tuple(
            (words, each.journal)
            for each in one.postings
            if (words := tell_posted(each, voice.name))
        ),
    )


def _address(order: UUID) -> str:
    return f"/console/orders/{show('ord', order)}"
