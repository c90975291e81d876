"""The list of what a rule may give: each effect with its fields. Part of `nodes.py`; data only."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from benefits.language.nodes import (
    ENTITLEMENTS,
    MAX_MONEY,
    PERIODS,
    Field,
    Kind,
    fields_of,
)

MAX_EFFECTS = 10
MAX_STEPS = 20
MAX_UNITS = 1_000_000
MAX_GROUP = 1_000
"""The most units that one bundle, or one round of buying and getting, has."""
MAX_GRANTED = 100

TARGETS = ("lines", "order", "shipping")
PICKS = ("all", "cheapest", "dearest")
BASES = ("paid", "paid-with-tax", "before-points", "regular")
ROUNDINGS = ("down", "nearest", "up")


@dataclass(frozen=True, slots=True)
class EffectNode:
    """Something a rule may give; exactly one of `one_of` is said, where there are any."""

    name: str
    fields: tuple[Field, ...]
    one_of: tuple[str, ...] = ()


BAND = (
    Field("upto", Kind.MONEY, minimum=1, maximum=MAX_MONEY),
    Field("points", Kind.NUMBER, required=True, maximum=1_000_000),
    Field("per", Kind.MONEY, required=True, minimum=1, maximum=MAX_MONEY),
)
"""A band of a rate on cumulative spend; the last has no end."""

_WHERE = Field("where", Kind.LINE_CONDITION)
_CAP = Field("cap", Kind.MONEY, minimum=1, maximum=MAX_MONEY)
_AMOUNT = Field("amount", Kind.MONEY, minimum=1, maximum=MAX_MONEY)
_PERCENT = Field("percent", Kind.PERCENT)
_FROM = Field("from", Kind.MONEY, required=True, minimum=1, maximum=MAX_MONEY)
_TIMES = Field("times", Kind.NUMBER, minimum=1, maximum=MAX_UNITS)
_TARGETED = (
    Field("target", Kind.WORD, choices=TARGETS),
    _WHERE,
    Field("units", Kind.NUMBER, minimum=1, maximum=MAX_UNITS),
    Field("pick", Kind.WORD, choices=PICKS),
    _CAP,
)
_GROUPED = (_WHERE, _TIMES, _CAP)

PERCENT_STEP = (_FROM, Field("percent", Kind.PERCENT, required=True))
AMOUNT_STEP = (
    _FROM,
    Field("amount", Kind.MONEY, required=True, minimum=1, maximum=MAX_MONEY),
)
"""What is taken off once the lines cost so much; of those reached the highest counts."""


def _in_group(name: str, minimum: int) -> Field:
    return Field(name, Kind.NUMBER, required=True, minimum=minimum, maximum=MAX_GROUP)


_OFF = (
    EffectNode("free-shipping", (Field("methods", Kind.TEXTS), _CAP)),
    EffectNode(
        "exclusive-price",
        (
            Field("price_list", Kind.NAME),
            _PERCENT,
            Field("line_price", Kind.BOOLEAN),
            _WHERE,
        ),
        one_of=("price_list", "percent", "line_price"),
    ),
    EffectNode(
        "percent-off",
        (_PERCENT, Field("steps", Kind.OBJECTS, fields=PERCENT_STEP), *_TARGETED),
        one_of=("percent", "steps"),
    ),
    EffectNode(
        "amount-off",
        (
            _AMOUNT,
            Field("amount_of", Kind.WORD, choices=("voucher",)),
            Field("steps", Kind.OBJECTS, fields=AMOUNT_STEP),
            Field("every", Kind.MONEY, minimum=1, maximum=MAX_MONEY),
            _TIMES,
            Field("each", Kind.WORD, choices=("once", "unit")),
            *_TARGETED,
        ),
        one_of=("amount", "amount_of", "steps"),
    ),
    EffectNode(
        "bundle",
        (
            _in_group("units", 2),
            Field("price", Kind.MONEY, required=True, minimum=1, maximum=MAX_MONEY),
            *_GROUPED,
        ),
    ),
    EffectNode(
        "nth-unit",
        (_in_group("nth", 2), Field("percent", Kind.PERCENT, required=True), *_GROUPED),
    ),
    EffectNode(
        "buy-get",
        (
            _in_group("buy", 1),
            _in_group("get", 1),
            _PERCENT,
            Field("get_where", Kind.LINE_CONDITION),
            *_GROUPED,
        ),
    ),
)

_SAID_OF_RIGHTS = {
    field.name: field.kind for node in ENTITLEMENTS.values() for field in fields_of(node)
}

_GIVEN = (
    EffectNode(
        "gift",
        (
            Field("sku", Kind.TEXT, required=True),
            Field("quantity", Kind.NUMBER, minimum=1, maximum=MAX_GROUP),
            Field("choose", Kind.TEXTS),
        ),
    ),
    EffectNode(
        "voucher",
        (
            Field("definition", Kind.NAME, required=True),
            Field("quantity", Kind.NUMBER, minimum=1, maximum=MAX_GRANTED),
        ),
    ),
    EffectNode(
        "earn",
        (
            Field("points", Kind.NUMBER, minimum=1, maximum=1_000_000),
            Field("per", Kind.MONEY, minimum=1, maximum=MAX_MONEY),
            Field("each", Kind.WORD, choices=("unit", "order")),
            Field("bands", Kind.OBJECTS, fields=BAND),
            Field("every", Kind.WORD, choices=(*PERIODS, "ever")),
            Field("basis", Kind.WORD, choices=BASES),
            Field("remainder", Kind.WORD, choices=("carry", "drop")),
            Field("rounding", Kind.WORD, choices=ROUNDINGS),
            Field("multiplier", Kind.MULTIPLIER),
            Field("bonus", Kind.NUMBER, minimum=1, maximum=100_000_000),
            _WHERE,
        ),
        one_of=("points", "bands", "multiplier", "bonus"),
    ),
    EffectNode(
        "entitlement",
        (
            Field("kind", Kind.WORD, required=True, choices=tuple(ENTITLEMENTS)),
            *(Field(name, kind) for name, kind in _SAID_OF_RIGHTS.items()),
        ),
    ),
)

EFFECTS: Mapping[str, EffectNode] = MappingProxyType(
    {effect.name: effect for effect in (*_OFF, *_GIVEN)}
)
"""What a rule may give; which fields an entitlement takes is said by its kind."""
