"""Shapes of wallets, their movements, and what is done to them by hand."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

import ledger
from api.schemas.types import Code, Instant, MemberId, SignedPoints
from loyalty.adjustments import Adjusted
from loyalty.ids import show
from loyalty.links import Link


class MoneyOut(Struct, frozen=True):
    """An amount in minor units of a currency."""

    amount: int
    currency: str


class ExpiringOut(Struct, frozen=True):
    """Points that lapse at one instant."""

    expires_at: Instant
    points: int


class LotOut(Struct, frozen=True, rename={"class_": "class"}):
    """The points of one earn, as they stand."""

    id: str
    source: str
    class_: str
    granted: int
    remaining: int
    held: int
    pending: bool
    earned_at: Instant
    activates_at: Instant | None
    expires_at: Instant | None


class WalletOut(Struct, frozen=True):
    """A wallet at an instant; `face_value` is what the available points would take off."""

    member: MemberId
    at: Instant
    unit: dict[str, str]
    available: int
    pending: int
    held: int
    debt: int
    frozen: bool
    face_value: MoneyOut
    expiring: list[ExpiringOut]
    lots: list[LotOut]


class MovementOut(Struct, frozen=True):
    """One line of a statement, with the balance after it."""

    sequence: int
    journal: str
    kind: str
    reason: str
    effective_at: Instant
    recorded_at: Instant
    change: int
    available_change: int
    balance: int
    available: int
    labels: dict[str, str]

    @classmethod
    def of(cls, moved: ledger.Movement) -> "MovementOut":
        """Show the movement."""
        return cls(
            sequence=moved.sequence,
            journal=show("jrn", moved.journal),
            kind=str(moved.kind),
            reason=moved.reason,
            effective_at=moved.effective_at,
            recorded_at=moved.recorded_at,
            change=moved.change,
            available_change=moved.available_change,
            balance=moved.balance,
            available=moved.available,
            labels=dict(moved.labels),
        )


class AdjustmentBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Points to give (positive) or to take (negative), and why."""

    points: SignedPoints
    reason: Code
    note: Annotated[str, Meta(min_length=1, max_length=2000)] | None = None


class AdjustedOut(Struct, frozen=True):
    """What the adjustment did."""

    journal: str
    points: int
    debt_repaid: int

    @classmethod
    def of(cls, adjusted: Adjusted) -> "AdjustedOut":
        """Show the adjustment."""
        return cls(show("jrn", adjusted.journal), adjusted.amount, adjusted.repaid)


class LinkBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What the link is for and how long it is good."""

    purpose: Literal["wallet", "credential"] = "wallet"
    minutes: Annotated[int, Meta(ge=1, le=1440)] = 15


class LinkOut(Struct, frozen=True):
    """A signed token; `url` opens the wallet, a credential is used as a bearer key."""

    purpose: Literal["wallet", "credential"]
    token: str
    url: str | None
    expires_at: Instant

    @classmethod
    def of(cls, link: Link, root: str) -> "LinkOut":
        """Show the link below the address at which this programme was asked."""
        url = f"{root}/wallet/enter/{link.token}" if link.purpose == "wallet" else None
        return cls(link.purpose, link.token, url, link.expires_at)


def lot_out(lot: ledger.Lot) -> LotOut:
    """Show the lot."""
    return LotOut(
        id=show("lot", lot.id),
        source=lot.source,
        class_=str(lot.lot_class),
        granted=lot.granted,
        remaining=lot.remaining,
        held=lot.held,
        pending=lot.pending,
        earned_at=lot.earned_at,
        activates_at=lot.activates_at,
        expires_at=lot.expires_at,
    )
