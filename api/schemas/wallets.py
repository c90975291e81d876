"""Shapes of wallets, their movements, and what is done to them by hand."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

import ledger
from api.pagination import DEFAULT_LIMIT, Cursor, Limit
from api.schemas.entitlements import EntitlementOut
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
    notice: bool = False
    notified_at: Instant | None = None
    ends_at: Instant | None = None


class WalletQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which asset, and as of when by effective and by recorded time; now when left out."""

    asset: Code = "points"
    at: Instant | None = None
    recorded_by: Instant | None = None


class TransactionsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which asset, and which part of the list, latest first."""

    asset: Code = "points"
    limit: Limit = DEFAULT_LIMIT
    after: Cursor | None = None


class StatementQuery(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """The movements that took effect in [from, to), in their order, as recorded by an instant."""

    from_: Instant
    to: Instant
    asset: Code = "points"
    recorded_by: Instant | None = None
    limit: Limit = DEFAULT_LIMIT
    after: Cursor | None = None


class StandOut(Struct, frozen=True):
    """What a wallet held."""

    available: int
    pending: int
    held: int
    debt: int


class WalletOut(Struct, frozen=True):
    """A wallet at an instant; `face_value` is what the available points would take off.

    As of an earlier instant, or as recorded by one, the counters alone are told: `frozen`,
    `expiring`, `lots` and `entitlements` are null then.
    """

    member: MemberId
    at: Instant
    unit: dict[str, str]
    available: int
    pending: int
    held: int
    debt: int
    frozen: bool | None
    face_value: MoneyOut | None
    expiring: list[ExpiringOut] | None
    lots: list[LotOut] | None
    asset: str = "points"
    recorded_by: Instant | None = None
    entitlements: list[EntitlementOut] | None = None


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


class StatementOut(Struct, frozen=True):
    """Movements in the order in which they took effect, between what stood before and after."""

    member: MemberId
    asset: str
    opening: StandOut
    items: list[MovementOut]
    closing: StandOut
    next: str | None


class AdjustmentBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Points to give (positive) or to take (negative), and why."""

    points: SignedPoints
    reason: Code
    note: Annotated[str, Meta(min_length=1, max_length=2000)] | None = None
    asset: Code = "points"


class AdjustedOut(Struct, frozen=True):
    """What the adjustment did."""

    journal: str
    points: int
    debt_repaid: int
    asset: str = "points"

    @classmethod
    def of(cls, adjusted: Adjusted) -> "AdjustedOut":
        """Show the adjustment."""
        shown = show("jrn", adjusted.journal)
        return cls(shown, adjusted.amount, adjusted.repaid, adjusted.asset)


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
        notice=lot.notice,
        notified_at=lot.notified_at,
        ends_at=lot.ends_at if lot.notice else lot.expires_at,
    )
