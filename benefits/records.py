"""The values that are stored: rules and rule sets, prices, vouchers, and findings about them.

Frozen, plain, and pure: no SQLAlchemy, no clock. What travels at checkout stands in `types`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

# --- rules as stored --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """One immutable version of a rule: its plain JSON."""

    rule: str
    version: int
    document: Mapping[str, object]
    created_at: datetime | None = None
    created_by: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """How the rules of a group combine within a step: `all`, `best` for the member, `first`.

    `limits` are plain JSON, like a rule's, and bound what the rules of the group give together.
    """

    name: str
    mode: str
    limits: tuple[Mapping[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class PublishedRuleSet:
    """A rule set as it was published."""

    version: int
    live_from: datetime
    zone: str
    tiers: tuple[str, ...]
    groups: tuple[Group, ...]
    rules: tuple[RuleVersion, ...]
    published_at: datetime
    published_by: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names a rule may use; None means that any name passes.

    Tiers stand from lowest to highest.
    """

    tiers: tuple[str, ...] | None = ()
    groups: Sequence[str] | None = None
    price_lists: Sequence[str] | None = None
    voucher_definitions: Sequence[str] | None = None
    events: Sequence[str] | None = None
    member_lists: Sequence[str] | None = None


# --- vouchers ---------------------------------------------------------------------------------

FREE = UUID(int=0)
"""The holder of vouchers that are bound to nobody."""


@dataclass(frozen=True, slots=True)
class VoucherDefinition:
    """What vouchers of this name are; what they give is said by the rules bound to it."""

    name: str
    titles: Mapping[str, str]
    uses: int = 1
    valid_for_days: int | None = None
    tax_class: str = "discount"
    birthday_window: str | None = None
    minimum_order: int | None = None
    """What the goods have to come to when its voucher's turn is, after discounts on the order."""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    """None of its vouchers is good before the one or from the other on."""
    uses_per_member: int | None = None
    """How often one member may use vouchers of the definition, all of them counted."""
    binding: str = "any"
    """Whether its vouchers are each a `member`'s, `free` for whoever has the code, or `any`."""
    retired_at: datetime | None = None
    limits: tuple[Mapping[str, object], ...] = ()
    """How much all its vouchers may give together, as plain JSON, like a rule's limits."""


@dataclass(frozen=True, slots=True)
class NewVoucher:
    """A voucher to be issued. The caller mints id and code and claims the code's uniqueness."""

    member: UUID
    id: UUID
    code: str
    definition: str
    starts_at: datetime
    expires_at: datetime | None = None
    amount: int | None = None
    skus: tuple[str, ...] = ()
    birthday_year: int | None = None
    """Set for a birthday voucher: at most one per member, definition and calendar year."""
    batch: UUID | None = None
    """The batch that it was made or brought in with."""
    uses: int | None = None
    """How often it may be used, where that is not what its definition says."""
    promised: bool = False
    """Whether an order was placed for it, so that its definition may be retired by now."""


@dataclass(frozen=True, slots=True)
class Voucher:
    """A stored voucher."""

    member: UUID
    id: UUID
    code: str
    definition: str
    starts_at: datetime
    expires_at: datetime | None
    amount: int | None
    skus: tuple[str, ...]
    uses: int
    uses_reserved: int
    uses_redeemed: int
    issued_at: datetime
    voided_at: datetime | None


@dataclass(frozen=True, slots=True)
class VoucherOutcome:
    """What became of one item: `done`, or the code of the refusal."""

    voucher: UUID
    code: str
    replayed: bool = False
    overrun: bool = False
    """Recorded although nothing was left: a fact after payment, to be worked through."""
    seen: int | None = None
    wanted: int | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """One entry of a price list: from `starts_at` a unit costs `amount`; None ends the price."""

    sku: str
    amount: int | None
    regular: int | None
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken invariant, named, with the row it was seen on."""

    invariant: str
    row: str
    detail: str
