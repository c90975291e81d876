"""Shapes of rules and rule sets; a rule's document is the language's own plain JSON."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

import benefits
from api.schemas.types import Code, Instant

Version = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class RuleOut(Struct, frozen=True):
    """One version of a rule."""

    name: str
    version: int
    rule: dict[str, Any]

    @classmethod
    def of(cls, stored: benefits.RuleVersion) -> "RuleOut":
        """Show the rule."""
        return cls(stored.rule, stored.version, dict(stored.document))


class RuleRefBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A version of a rule."""

    name: Code
    version: Version


class GroupBody(Struct, frozen=True, forbid_unknown_fields=True):
    """How the rules of a group combine."""

    name: Code
    mode: Literal["all", "add", "best", "first"]
    limits: Annotated[list[dict[str, Any]], Meta(max_length=10)] = []


class RuleSetBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What is live together; `based_on` is the rule set it was made from."""

    rules: Annotated[list[RuleRefBody], Meta(max_length=5_000)]
    groups: Annotated[list[GroupBody], Meta(max_length=100)] = []
    live_from: Instant | None = None
    based_on: Version | None = None


class RuleSetOut(Struct, frozen=True):
    """A published rule set."""

    version: int


class PriceBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What a unit of a SKU costs members from an instant; null ends the price."""

    sku: Annotated[str, Meta(min_length=1, max_length=100)]
    amount: Annotated[int, Meta(ge=0, le=10**12)] | None
    regular: Annotated[int, Meta(ge=0, le=10**12)] | None = None
    starts_at: Instant | None = None


class PricesBody(Struct, frozen=True, forbid_unknown_fields=True, rename={"price_list": "list"}):
    """Entries to add to a price list."""

    price_list: Code
    prices: Annotated[list[PriceBody], Meta(min_length=1, max_length=5_000)]


class PricesOut(Struct, frozen=True):
    """How many of the prices were new."""

    new: int
