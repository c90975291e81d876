"""The one list of what a rule may say: facts, operators, rights, schedule, and their fields.

The checker, the evaluator, the explainer, the printer and the shapes at the HTTP border all
derive from this list; a new fact is an entry here, a reader in `facts.py` and its words in
`words.py`, and a test names whatever is still missing. What a rule may give goes on in
`effect_nodes.py`. Data only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

MAX_DEPTH = 8
MAX_NODES = 200
MAX_VALUES = 2_000
MAX_TEXT = 128
MAX_MONEY = 1_000_000_000_000
MAX_COUNT = 1_000_000_000


class Kind(StrEnum):
    """What a value in a rule document is."""

    TEXT = "text"
    TEXTS = "texts"
    NAME = "name"
    TIER = "tier"
    TIERS = "tiers"
    WORD = "word"
    WORDS = "words"
    NUMBER = "number"
    NUMBERS = "numbers"
    MONEY = "money"
    PERCENT = "percent"
    MULTIPLIER = "multiplier"
    BOOLEAN = "boolean"
    TITLES = "titles"
    INSTANT = "instant"
    ZONE = "zone"
    TIME = "time"
    OBJECT = "object"
    OBJECTS = "objects"
    EFFECTS = "effects"
    CONDITION = "condition"
    LINE_CONDITION = "line-condition"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object in a rule document."""

    name: str
    kind: Kind
    required: bool = False
    choices: tuple[str, ...] = ()
    minimum: int = 0
    maximum: int = MAX_COUNT
    fields: "tuple[Field, ...]" = ()
    """The fields of an object, or of each object of a list."""


class FactType(StrEnum):
    """What kind of thing a fact is; it decides which operators it takes."""

    TEXT = "text"
    TIER = "tier"
    CLASS = "class"
    NUMBER = "number"
    MONEY = "money"
    BOOLEAN = "boolean"
    SET = "set"
    WINDOW = "window"


CLASSES = ("consumer", "staff", "wholesale", "test", "blocked")
WINDOWS = ("day", "week", "month")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PERIODS = ("day", "week", "month", "year")
MAX_POINTS = 1_000_000_000_000
SUBTOTAL_STEPS = ("regular", "prices", "lines", "orders", "vouchers", "points")

_EQUAL_TEXT = (Field("is", Kind.TEXT), Field("in", Kind.TEXTS))
_COMPARED = ("is", "at-least", "at-most")

OPERATORS: Mapping[FactType, tuple[Field, ...]] = MappingProxyType(
    {
        FactType.TEXT: _EQUAL_TEXT,
        FactType.TIER: (
            Field("is", Kind.TIER),
            Field("in", Kind.TIERS),
            Field("at-least", Kind.TIER),
            Field("at-most", Kind.TIER),
        ),
        FactType.CLASS: (
            Field("is", Kind.WORD, choices=CLASSES),
            Field("in", Kind.WORDS, choices=CLASSES),
        ),
        FactType.NUMBER: tuple(Field(name, Kind.NUMBER) for name in _COMPARED),
        FactType.MONEY: tuple(Field(name, Kind.MONEY, maximum=MAX_MONEY) for name in _COMPARED),
        FactType.BOOLEAN: (Field("is", Kind.BOOLEAN),),
        FactType.SET: (
            Field("has", Kind.TEXT),
            Field("has-any", Kind.TEXTS),
            Field("has-all", Kind.TEXTS),
        ),
        FactType.WINDOW: (Field("within", Kind.WORD, choices=WINDOWS),),
    }
)
"""The operators of each type of fact, with the kind of value each is compared with."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something a condition may ask about."""

    name: str
    type: FactType
    options: tuple[Field, ...] = ()
    """Fields that may stand beside the operator."""
    unlock: str | None = None
    """The code of what the member may do about it."""


_WHERE = Field("where", Kind.LINE_CONDITION)

FACTS: Mapping[str, Fact] = MappingProxyType(
    {
        fact.name: fact
        for fact in (
            Fact("member", FactType.BOOLEAN, unlock="join"),
            Fact("tier", FactType.TIER, unlock="reach-tier"),
            Fact("plan", FactType.TEXT),
            Fact("plan-state", FactType.TEXT),
            Fact("days-since-plan", FactType.NUMBER, unlock="wait-days"),
            Fact("class", FactType.CLASS),
            Fact("days-since-joining", FactType.NUMBER, unlock="wait-days"),
            Fact("birthday", FactType.WINDOW, unlock="wait-for-birthday"),
            Fact("tags", FactType.SET),
            Fact("lists", FactType.SET),
            Fact("first-order", FactType.BOOLEAN),
            Fact("order-count", FactType.NUMBER, unlock="order-more"),
            Fact("days-since-last-order", FactType.NUMBER, unlock="wait-days"),
            Fact(
                "subtotal",
                FactType.MONEY,
                options=(_WHERE, Field("step", Kind.WORD, choices=SUBTOTAL_STEPS)),
                unlock="spend-more",
            ),
            Fact("quantity", FactType.NUMBER, options=(_WHERE,), unlock="buy-more"),
            Fact("channel", FactType.TEXT, unlock="use-channel"),
            Fact("country", FactType.TEXT, unlock="ship-to"),
            Fact("shipping-method", FactType.TEXT, unlock="ship-by"),
            Fact("voucher-codes", FactType.SET, unlock="present-code"),
        )
    }
)
"""What a condition about member, cart and order may ask."""

CART_FACTS = frozenset(
    ("subtotal", "quantity", "channel", "country", "shipping-method", "voucher-codes")
)
"""The facts that only a cart has; a member is asked the others without one, too."""

LINE_FACTS: Mapping[str, Fact] = MappingProxyType(
    {
        fact.name: fact
        for fact in (
            Fact("sku", FactType.TEXT),
            Fact("category", FactType.TEXT),
            Fact("brand", FactType.TEXT),
            Fact("tags", FactType.SET),
            Fact("price", FactType.MONEY),
            Fact("amount", FactType.MONEY),
        )
    }
)
"""What a `where` may ask about a line: `amount` is its regular amount, `price` that of a unit."""


@dataclass(frozen=True, slots=True)
class EntitlementNode:
    """A right that a member holds: of what each is held by itself, how much, and what is better."""

    name: str
    value: Field | None = None
    """How much of it; None is a right that is held or not."""
    best: Literal["most", "least"] = "most"
    subject: Field | None = None
    """Of what; where it may be left out, the right is for everything of the kind."""


DELIVERY_CLASSES = ("standard", "priority", "express", "next-day", "same-day")
"""From the slowest to the fastest."""
_HOURS = Field("hours", Kind.NUMBER, required=True, minimum=1, maximum=8_760)

ENTITLEMENTS: Mapping[str, EntitlementNode] = MappingProxyType(
    {
        node.name: node
        for node in (
            EntitlementNode("service-response", _HOURS, "least", Field("issue", Kind.NAME)),
            EntitlementNode(
                "delivery-class",
                Field("class", Kind.WORD, required=True, choices=DELIVERY_CLASSES),
            ),
            EntitlementNode("event-access", subject=Field("event", Kind.NAME, required=True)),
            EntitlementNode(
                "free-returns", Field("days", Kind.NUMBER, required=True, minimum=1, maximum=3_650)
            ),
            EntitlementNode("early-access", _HOURS),
            EntitlementNode("tailored-service"),
        )
    }
)
"""The rights that a rule may give; of each kind the member holds the best that any rule gives."""


def fields_of(node: EntitlementNode) -> tuple[Field, ...]:
    """What an entitlement of the kind says beside its kind."""
    return tuple(field for field in (node.subject, node.value) if field is not None)


LIMIT = (
    Field("count", Kind.WORD, required=True, choices=("points", "uses", "money")),
    Field("for", Kind.WORD, required=True, choices=("order", "member", "all")),
    Field("every", Kind.WORD, choices=PERIODS),
    Field("most", Kind.NUMBER, required=True, minimum=1, maximum=MAX_POINTS),
    Field("short", Kind.WORD, choices=("partial", "none")),
)
"""How much a rule, a group or vouchers may give: to an order, a member or all, in a period."""

MEMBER_DAY = (
    Field("every", Kind.WORD, required=True, choices=("week", "month", "year")),
    Field("weekday", Kind.WORD, choices=WEEKDAYS),
    Field("month", Kind.NUMBER, minimum=1, maximum=12),
    Field("day", Kind.NUMBER, minimum=1, maximum=31),
)

SCHEDULE = (
    Field("from", Kind.INSTANT),
    Field("to", Kind.INSTANT),
    Field("zone", Kind.ZONE),
    Field("weekdays", Kind.WORDS, choices=WEEKDAYS),
    Field(
        "hours",
        Kind.OBJECT,
        fields=(
            Field("from", Kind.TIME, required=True),
            Field("to", Kind.TIME, required=True),
        ),
    ),
    Field("days", Kind.NUMBERS, minimum=1, maximum=31),
    Field("member_days", Kind.OBJECTS, fields=MEMBER_DAY),
)

RULE = (
    Field("rule", Kind.NAME, required=True),
    Field("titles", Kind.TITLES),
    Field("on", Kind.NAME),
    Field("when", Kind.CONDITION),
    Field("schedule", Kind.OBJECT, fields=SCHEDULE),
    Field("voucher", Kind.NAME),
    Field("effects", Kind.EFFECTS, required=True),
    Field("limits", Kind.OBJECTS, fields=LIMIT),
    Field("group", Kind.NAME),
    Field("holdout", Kind.PERCENT),
    Field("exclusive", Kind.BOOLEAN),
    Field("priority", Kind.NUMBER, maximum=1_000_000),
    Field("tell", Kind.BOOLEAN),
)
"""The fields of a rule."""
