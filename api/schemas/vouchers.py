"""Shapes of vouchers and their definitions."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

import benefits
from api.schemas.types import Code, Instant, Language, Text
from loyalty.ids import show

Days = Annotated[int, Meta(ge=1, le=3650)]


class DefinitionBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What vouchers of this name are; the rules bound to it say what they give."""

    name: Code
    titles: dict[Language, Text]
    uses: Annotated[int, Meta(ge=1, le=10_000)] = 1
    valid_for_days: Days | None = None
    tax_class: Literal["discount", "single-purpose", "multi-purpose"] = "discount"
    birthday_window: Literal["day", "week", "month"] | None = None
    minimum_order: Annotated[int, Meta(ge=1, le=1_000_000_000_000)] | None = None
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    uses_per_member: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    binding: Literal["member", "free", "any"] = "any"
    limits: Annotated[list[dict[str, Any]], Meta(max_length=10)] = []

    def definition(self) -> benefits.VoucherDefinition:
        """Return what the store takes."""
        return benefits.VoucherDefinition(
            name=self.name,
            titles=dict(self.titles),
            uses=self.uses,
            valid_for_days=self.valid_for_days,
            tax_class=self.tax_class,
            birthday_window=self.birthday_window,
            minimum_order=self.minimum_order,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            uses_per_member=self.uses_per_member,
            binding=self.binding,
            limits=tuple(self.limits),
        )


class DefinitionOut(Struct, frozen=True):
    """A voucher definition."""

    name: str
    titles: dict[str, str]
    uses: int
    valid_for_days: int | None
    tax_class: str
    birthday_window: str | None
    minimum_order: int | None
    valid_from: Instant | None
    valid_until: Instant | None
    uses_per_member: int | None
    binding: str
    limits: list[dict[str, Any]]
    retired_at: Instant | None

    @classmethod
    def of(cls, defined: benefits.VoucherDefinition) -> "DefinitionOut":
        """Show the definition."""
        return cls(
            name=defined.name,
            titles=dict(defined.titles),
            uses=defined.uses,
            valid_for_days=defined.valid_for_days,
            tax_class=defined.tax_class,
            birthday_window=defined.birthday_window,
            minimum_order=defined.minimum_order,
            valid_from=defined.valid_from,
            valid_until=defined.valid_until,
            uses_per_member=defined.uses_per_member,
            binding=defined.binding,
            limits=[dict(limit) for limit in defined.limits],
            retired_at=defined.retired_at,
        )


class DefinitionStandOut(Struct, frozen=True):
    """A voucher definition, and how many of its vouchers are in each state."""

    definition: DefinitionOut
    states: dict[str, int]


class GiveBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Which voucher a member is given, and why."""

    definition: Code
    reason: Code
    note: Annotated[str, Meta(min_length=1, max_length=2000)] | None = None


class GivenOut(Struct, frozen=True):
    """The voucher that was given."""

    id: str
    code: str
    definition: str
    starts_at: Instant
    expires_at: Instant | None


class VoucherOut(Struct, frozen=True):
    """A voucher of a member as it stands."""

    id: str
    code: str
    definition: str
    state: str
    starts_at: Instant
    expires_at: Instant | None
    issued_at: Instant
    amount: int | None
    skus: list[str]
    uses: int
    uses_left: int

    @classmethod
    def of(cls, voucher: benefits.Voucher, state: str) -> "VoucherOut":
        """Show the voucher."""
        return cls(
            id=show("vou", voucher.id),
            code=benefits.show_code(voucher.code),
            definition=voucher.definition,
            state=state,
            starts_at=voucher.starts_at,
            expires_at=voucher.expires_at,
            issued_at=voucher.issued_at,
            amount=voucher.amount,
            skus=list(voucher.skus),
            uses=voucher.uses,
            uses_left=voucher.uses - voucher.uses_reserved - voucher.uses_redeemed,
        )
