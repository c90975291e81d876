"""Shapes of vouchers in numbers: batches of codes, codes from outside, and one with its history."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

import benefits
from api.schemas.types import Code, Instant
from loyalty.ids import show
from loyalty.issuing.batches import Asking
from loyalty.issuing.types import Batch, OutsideCode, Taken

MemberName = Annotated[str, Meta(min_length=1, max_length=255)]
Positive = Annotated[int, Meta(ge=1, le=1_000_000)]
State = Literal["issued", "reserved", "redeemed", "expired", "void"]


class BatchBody(Struct, frozen=True, forbid_unknown_fields=True):
    """One of: so many free codes, one for each member named, or one for each on a list."""

    quantity: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    members: Annotated[list[MemberName], Meta(min_length=1, max_length=10_000)] | None = None
    list: Code | None = None

    def asked(self, definition: str) -> Asking:
        """Return what is asked for."""
        return Asking(definition, self.quantity, self.members, self.list)


class BatchOut(Struct, frozen=True):
    """A batch as it stands: `making`, `made` or `void`."""

    batch: str
    definition: str
    kind: str
    bound: bool
    state: str
    wanted: int
    made: int
    starts_at: datetime
    expires_at: datetime | None
    asked_at: datetime
    asked_by: str
    finished_at: datetime | None
    codes_read_at: datetime | None
    voided_at: datetime | None
    void_reason: str | None
    voided: int | None

    @classmethod
    def of(cls, batch: Batch) -> "BatchOut":
        """Show a batch."""
        return cls(
            batch=show("vbt", batch.id),
            definition=batch.definition,
            kind=batch.kind,
            bound=batch.bound,
            state=batch.state,
            wanted=batch.wanted,
            made=batch.made,
            starts_at=batch.starts_at,
            expires_at=batch.expires_at,
            asked_at=batch.asked_at,
            asked_by=batch.actor,
            finished_at=batch.finished_at,
            codes_read_at=batch.codes_read_at,
            voided_at=batch.voided_at,
            void_reason=batch.void_reason,
            voided=batch.voided,
        )


class BatchStandOut(Struct, frozen=True):
    """A batch, and how many of its vouchers are in each state."""

    batch: BatchOut
    states: dict[str, int]


class ReasonBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Why."""

    reason: Code


class OutsideCodeBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A code from outside; without a member it is for whoever has it."""

    code: Annotated[str, Meta(min_length=1, max_length=100)]
    member: MemberName | None = None
    starts_at: Instant | None = None
    expires_at: Instant | None = None
    amount: Annotated[int, Meta(ge=1, le=1_000_000_000_000)] | None = None
    uses: Positive | None = None

    def row(self) -> OutsideCode:
        """Return the row."""
        return OutsideCode(
            self.code, self.member, self.starts_at, self.expires_at, self.amount, self.uses
        )


class ImportBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Codes from outside, for vouchers of one definition."""

    codes: Annotated[list[OutsideCodeBody], Meta(min_length=1, max_length=1_000)]


class RefusedCodeOut(Struct, frozen=True):
    """A row that was not taken, counted from 1, and why."""

    row: int
    code: str
    reason: str


class TakenOut(Struct, frozen=True):
    """What came of codes from outside; `known` were vouchers of the definition already."""

    batch: BatchOut
    taken: int
    known: int
    refused: list[RefusedCodeOut]

    @classmethod
    def of(cls, taken: Taken) -> "TakenOut":
        """Show what was taken and what was not."""
        refused = [RefusedCodeOut(each.row, each.code, each.reason) for each in taken.refused]
        return cls(BatchOut.of(taken.batch), taken.taken, taken.known, refused)


class IssuedOut(Struct, frozen=True):
    """A voucher of a list; of its code the last four characters are shown."""

    voucher: str
    code_ends: str
    member: str | None
    state: str
    starts_at: datetime
    expires_at: datetime | None
    issued_at: datetime
    amount: int | None
    uses: int
    uses_left: int

    @classmethod
    def of(cls, found: benefits.Voucher, at: datetime) -> "IssuedOut":
        """Show a voucher as it stands at an instant."""
        return cls(
            voucher=show("vou", found.id),
            code_ends=found.code[-4:],
            member=None if found.member == benefits.FREE else show("mem", found.member),
            state=benefits.voucher_state(found, at),
            starts_at=found.starts_at,
            expires_at=found.expires_at,
            issued_at=found.issued_at,
            amount=found.amount,
            uses=found.uses,
            uses_left=found.uses - found.uses_reserved - found.uses_redeemed,
        )


class VoucherUseOut(Struct, frozen=True):
    """What an order did with a voucher."""

    order: str
    member: str | None
    state: str
    overrun: bool
    reserved_at: datetime | None
    redeemed_at: datetime | None
    given_back_at: datetime | None

    @classmethod
    def of(cls, use: benefits.VoucherUse) -> "VoucherUseOut":
        """Show a use; a guest's order has no member."""
        return cls(
            order=show("ord", use.order),
            member=None if use.used_by == use.order else show("mem", use.used_by),
            state=use.state,
            overrun=use.overrun,
            reserved_at=use.reserved_at,
            redeemed_at=use.redeemed_at,
            given_back_at=use.given_back_at,
        )


class VoucherHistoryOut(Struct, frozen=True):
    """A voucher as it stands, and what every order did with it, the latest first."""

    voucher: IssuedOut
    definition: str
    batch: str | None
    voided_at: datetime | None
    void_reason: str | None
    history: list[VoucherUseOut]

    @classmethod
    def of(cls, found: benefits.VoucherHistory, at: datetime) -> "VoucherHistoryOut":
        """Show a voucher."""
        return cls(
            voucher=IssuedOut.of(found.voucher, at),
            definition=found.voucher.definition,
            batch=None if found.batch is None else show("vbt", found.batch),
            voided_at=found.voucher.voided_at,
            void_reason=found.void_reason,
            history=[VoucherUseOut.of(use) for use in found.uses],
        )
