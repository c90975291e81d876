"""Shapes of what people do to wallets and members besides giving and taking points."""

from typing import Annotated

from msgspec import Meta, Struct

from api.schemas.types import MOST_POINTS, Code, MemberId
from loyalty.corrections import Corrected, Correction
from loyalty.ids import show
from loyalty.members.merging import Merged

Note = Annotated[str, Meta(min_length=1, max_length=2000)]
MemberText = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=210,
        description="Our id (mem_…) or ext: and the shop's id.",
        examples=["ext:C-1047"],
    ),
]


class WriteOffBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Debt to give up, and why."""

    points: Annotated[int, Meta(ge=1, le=MOST_POINTS)]
    reason: Code
    note: Note | None = None
    asset: Code = "points"

    def correction(self, role: str) -> Correction:
        """Return what the use case takes."""
        return Correction(self.reason, role, self.note, self.asset)


class FreezeBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether nothing may be spent or held from the wallet, and why."""

    frozen: bool
    reason: Code
    note: Note | None = None
    asset: Code = "points"

    def correction(self, role: str) -> Correction:
        """Return what the use case takes."""
        return Correction(self.reason, role, self.note, self.asset)


class ActivationBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The pending lot that an event makes available, and which event."""

    lot: Annotated[str, Meta(min_length=1, max_length=60, examples=["lot_01kfz…"])]
    reason: Code
    note: Note | None = None
    asset: Code = "points"

    def correction(self, role: str) -> Correction:
        """Return what the use case takes."""
        return Correction(self.reason, role, self.note, self.asset)


class CorrectedOut(Struct, frozen=True):
    """The journal of what was done, and the points it moved."""

    journal: str
    points: int
    asset: str

    @classmethod
    def of(cls, corrected: Corrected) -> "CorrectedOut":
        """Show the correction."""
        return cls(show("jrn", corrected.journal), corrected.points, corrected.asset)


class MergeBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The member who goes on, and why the two are one."""

    into: MemberText
    reason: Code = "same-person"
    note: Note | None = None


class MergedOut(Struct, frozen=True):
    """Who goes on, and what moved there, by asset."""

    id: MemberId
    into: MemberId
    points: dict[str, int]
    debt: dict[str, int]
    vouchers: int

    @classmethod
    def of(cls, merged: Merged) -> "MergedOut":
        """Show the merge."""
        return cls(
            id=show("mem", merged.gone.id),
            into=show("mem", merged.into.id),
            points=dict(merged.points),
            debt=dict(merged.debt),
            vouchers=merged.vouchers,
        )
