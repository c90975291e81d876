"""The words of the ledger and the values that come out of it.

Nothing here knows SQL. What goes in is in ``postings``; every value is frozen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

POINTS = "points"


class Account(StrEnum):
    """Where amounts stand: four counters of a wallet and the names of the programme's accounts."""

    AVAILABLE = "available"
    PENDING = "pending"
    HELD = "held"
    DEBT = "debt"
    ISSUED = "issued"
    REDEEMED = "redeemed"
    RESTORED = "restored"
    EXPIRED = "expired"
    CLAWED_BACK = "clawed-back"
    ADJUSTED = "adjusted"
    OPENING = "opening"
    WRITTEN_OFF = "written-off"
    IN_TRANSIT = "in-transit"


MEMBER_ACCOUNTS = frozenset({Account.AVAILABLE, Account.PENDING, Account.HELD, Account.DEBT})


class Kind(StrEnum):
    """What business event a journal records."""

    EARN = "earn"
    ACTIVATE = "activate"
    SPEND = "spend"
    HOLD = "hold"
    CAPTURE = "capture"
    RELEASE = "release"
    EXTEND = "extend"
    EXPIRE = "expire"
    CLAW_BACK = "claw-back"
    RESTORE = "restore"
    ADJUST = "adjust"
    OPEN = "open"
    WRITE_OFF = "write-off"
    FREEZE = "freeze"
    NOTIFY = "notify"
    RESCHEDULE = "reschedule"
    MOVE = "move"


class LotClass(StrEnum):
    """Why points exist, for the books."""

    SALE = "sale"
    FEE = "fee"
    PROMOTION = "promotion"
    GOODWILL = "goodwill"
    PARTNER = "partner"


class Shortfall(StrEnum):
    """What a claw-back does when the lot that was earned no longer holds enough."""

    PENDING_ONLY = "pending-only"
    DOWN_TO_ZERO = "down-to-zero"
    DEBT = "debt"
    DEDUCTED = "deducted"


class Rest(StrEnum):
    """What a partial capture does with the rest of its hold."""

    RELEASE = "release"
    STAY = "stay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one posting: posted (perhaps before: ``replayed``) or refused by ``code``.

    A refusal left nothing behind and burnt no key. Posted without a receipt: there was nothing to
    do, and nothing was written. The figures say where a posting took its
    amount from or put it: ``repaid`` debt, ``from_lot`` and ``from_others`` of a claw-back,
    ``to_debt``, ``deducted`` (borne by the refund) and ``forgiven`` of its shortfall, ``lapsed``
    of points that came back too late. A replay carries the figures of the first time.
    """

    position: int
    code: str
    key: str
    receipt: UUID | None
    replayed: bool
    field: str | None
    seen: int | str | None
    wanted: int | str | None
    amount: int
    repaid: int
    from_lot: int
    from_others: int
    to_debt: int
    deducted: int
    forgiven: int
    lapsed: int

    @property
    def posted(self) -> bool:
        """Whether the posting stands in the books."""
        return self.code == "posted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """One holder's counters of one asset at an instant; ``next_due`` is when time moves them."""

    holder: UUID
    asset: str
    available: int
    pending: int
    held: int
    debt: int
    next_due: datetime | None
    version: int
    frozen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """The points of one earn, as they stand at an instant.

    ``expires_at`` is when they lapse. A lot that needs a ``notice`` has none before it was told,
    but an ``ends_at``, the end that policy gives. ``labels`` are those of its birth, and
    ``moved_from`` is the holder from whom it was moved here.
    """

    holder: UUID
    asset: str
    id: UUID
    journal: UUID
    source: str
    lot_class: LotClass
    granted: int
    remaining: int
    held: int
    clawed_back: int
    allocated: int
    pending: bool
    earned_at: datetime
    activates_at: datetime | None
    expires_at: datetime | None
    ends_at: datetime | None
    notice: bool
    notified_at: datetime | None
    schedule: str | None
    moved_from: UUID | None
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndingLot:
    """Points about whose end a member is to be told.

    ``ends_at`` is the end that policy gives, ``expires_at`` when they lapse: for those that need a
    notice, if it goes out now.
    """

    holder: UUID
    asset: str
    lot: UUID
    source: str
    lot_class: LotClass
    remaining: int
    earned_at: datetime
    ends_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiring:
    """Points that will lapse at one exact instant."""

    expires_at: datetime
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One line of a wallet's statement, with the wallet's counters after it."""

    holder: UUID
    asset: str
    sequence: int
    journal: UUID
    kind: Kind
    key: str | None
    refers_to: UUID | None
    effective_at: datetime
    recorded_at: datetime
    reason: str
    actor: str
    labels: Mapping[str, str]
    change: int
    available_change: int
    balance: int
    available: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One amount from one account to another, and the lot it touches."""

    position: int
    debit: Account
    credit: Account
    amount: int
    lot: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """One business event with all its transfers."""

    holder: UUID
    asset: str
    sequence: int
    id: UUID
    kind: Kind
    key: str | None
    refers_to: UUID | None
    effective_at: datetime
    recorded_at: datetime
    reason: str
    actor: str
    request_id: str
    labels: Mapping[str, str]
    canonical: str
    transfers: tuple[Transfer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEntry:
    """One journal's effect on one account: the drill-down from a figure to its events."""

    holder: UUID
    journal: UUID
    kind: Kind
    key: str | None
    effective_at: datetime
    recorded_at: datetime
    reason: str
    actor: str
    labels: Mapping[str, str]
    debit: int
    credit: int
    booked_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountBalance:
    """Sums of one account; ``balance`` is credit less debit."""

    account: Account
    asset: str
    debit: int
    credit: int
    balance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialBalance:
    """All accounts of one asset at an instant; ``difference`` is zero while the books hold."""

    asset: str
    at: datetime
    recorded_by: datetime | None = None
    member_side: tuple[AccountBalance, ...]
    programme_side: tuple[AccountBalance, ...]
    difference: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthTotal:
    """What one account moved in one month of effective time."""

    month: date
    account: Account
    debit: int
    credit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A promise that the books do not keep, and the first row that breaks it."""

    check: str
    row: str
    seen: str
    wanted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What one bounded batch of a sweep settled; ``more`` says whether wallets were left."""

    wallets: int
    more: bool
