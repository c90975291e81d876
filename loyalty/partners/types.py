"""Partner benefits and the codes that were given of them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

PREFIX: Final = "pgr"
"""How ids of given codes begin."""

Each = Literal["membership", "period"]
"""How often a member is given a code: once, or once for each paid period."""
AtEnd = Literal["keep", "void"]
"""What becomes of a code when the membership ends: it stays, or the partner is to void it."""


@dataclass(frozen=True, slots=True)
class NewBenefit:
    """A partner benefit as somebody asks for it."""

    code: str
    titles: Mapping[str, str]
    each: Each = "membership"
    at_end: AtEnd = "keep"


@dataclass(frozen=True, slots=True)
class Benefit:
    """What a partner gives to members of a plan: published once, archived, never edited."""

    plan: str
    code: str
    titles: Mapping[str, str]
    each: Each
    at_end: AtEnd
    opened_at: datetime
    archived_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stock:
    """How many codes of a benefit are left, and how many were given."""

    left: int
    given: int


@dataclass(frozen=True, slots=True)
class Given:
    """A code that a member was given; where it is voided, the partner no longer honours it."""

    id: UUID
    benefit: str
    code: str
    period: datetime
    given_at: datetime
    voided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """What a membership has of a partner: its code of the present period, or None so far."""

    benefit: Benefit
    given: Given | None
