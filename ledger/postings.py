"""What may be posted: one frozen value per business event.

Constructors refuse what can never be right, so that the database decides only what depends on
its state. Nothing here knows SQL.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from ledger.errors import MalformedPosting
from ledger.types import POINTS, Kind, LotClass, Rest, Shortfall
from ledger.wellformed import (
    LARGEST_AMOUNT,
    MOST_LABELS,
    require_amount,
    require_aware,
    require_days,
    require_key,
    require_later,
    require_lots,
    require_schedule,
    require_word,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """What every posting says: whose, under which business key, since when and by whom.

    ``key`` is unique per holder for ever; ``journal`` is minted by the caller and becomes the
    receipt. ``labels`` are opaque to the ledger (tier, plan, channel); books group by them.
    ``booked_on`` names the day of the books; without it that is the day of ``effective_at``, or
    the first open day where that day's period is closed.
    """

    kind: ClassVar[Kind]

    holder: UUID
    key: str
    journal: UUID
    effective_at: datetime
    actor: str
    request_id: str
    asset: str = POINTS
    reason: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    booked_on: date | None = None

    def __post_init__(self) -> None:
        _require_words(self)
        require_aware("effective_at", self.effective_at)
        if len(self.labels) > MOST_LABELS:
            raise MalformedPosting(
                field="labels", expected=f"at most {MOST_LABELS} labels", seen=len(self.labels)
            )
        for name, value in self.labels.items():
            require_word("labels", name)
            require_word("labels", value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Earn(Posting):
    """Points in, as a lot of their own.

    The lot is active at once unless ``activates_at`` names a later instant or ``pending`` says
    that an event (``Activate``) will make it so. With ``notice`` it lapses 30 days after a notice
    (``Notify``) at the earliest and never without one. Lots of one ``schedule`` get new ends
    together (``Reschedule``).
    """

    kind: ClassVar[Kind] = Kind.EARN

    amount: int
    lot: UUID
    source: str
    lot_class: LotClass = LotClass.SALE
    pending: bool = False
    activates_at: datetime | None = None
    expires_at: datetime | None = None
    allocated: int = 0
    notice: bool = False
    schedule: str | None = None

    def __post_init__(self) -> None:
        Posting.__post_init__(self)
        require_amount(self.amount)
        _require_lot(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening(Earn):
    """Points brought in from an earlier system, one lot a posting, against the opening account."""

    kind: ClassVar[Kind] = Kind.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Activate(Posting):
    """All that is pending of the earn with the key ``of`` becomes available now."""

    kind: ClassVar[Kind] = Kind.ACTIVATE

    of: str

    def __post_init__(self) -> None:
        Posting.__post_init__(self)
        require_key("of", self.of)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend(Posting):
    """Points out, first the lots that expire first.

    With ``overdraw`` what the wallet does not have becomes debt (for facts that may not be
    refused); a frozen wallet then does not refuse either.
    """

    kind: ClassVar[Kind] = Kind.SPEND

    amount: int
    overdraw: bool = False

    def __post_init__(self) -> None:
        Posting.__post_init__(self)
        require_amount(self.amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(Posting):
    """Points set aside until captured, released or ``until`` (none: until further notice).

    When ``until`` has passed they go back by themselves; those whose lot has expired lapse.
    """

    kind: ClassVar[Kind] = Kind.HOLD

    amount: int
    until: datetime | None

    def __post_init__(self) -> None:
        Posting.__post_init__(self)
        require_amount(self.amount)
        require_aware("until", self.until)
        require_later("until", self.until, self.effective_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture(Posting):
    """Held points are taken for good, in the order they were set aside.

    The rest of the hold is released (in reverse order) or stays, as ``rest`` says; what comes
    back after its lot's expiry lives ``grace_days``. With ``retake`` a hold that ran out or is
    too small is no refusal: what it lacks is spent from the wallet, and what the wallet lacks
    becomes debt.
    """

    kind: ClassVar[Kind] = Kind.CAPTURE

    of: str
    amount: int
    rest: Rest = Rest.RELEASE
    retake: bool = False
    grace_days: int = 0

    def __post_init__(self) -> None:
        Posting.__post_init__(self)
        require_key("of", self.of)
        require_amount(self.amount)
        require_days("grace_days", self.grace_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(Posting):
    """Held points go back to their lots, the last taken first; no ``amount`` means all.

    Points whose lot has expired meanwhile live ``grace_days`` from now; 0 lets them lapse.
    """

    kind: ClassVar[Kind] = Kind.RELEASE

    of: str
    amount: int | None = None
    grace_days: int = 0

    def __post_init__(self) -> None:
        Posting.__post_init__(self)
        require_key("of", self.of)
        require_days("grace_days", self.grace_days)
        if self.amount is not None:
            require_amount(self.amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extend(Posting):
    """A hold gets another end; none means until captured or released."""

    kind: ClassVar[Kind] = Kind.EXTEND

    of: str
    until: datetime | None

    def __post_init__(self) -> None:
        Posting.__post_init__(self)
        require_key("of", self.of)
        require_aware("until", self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClawBack(Posting):
    """What the earn with the key ``of`` gave is taken back, from its own lot first.

    ``shortfall`` decides about the rest. With ``DEDUCTED`` what no lot holds is settled by the
    refund, up to ``deductible`` points (none: all of it), and only what is beyond becomes debt.
    """

    kind: ClassVar[Kind] = Kind.CLAW_BACK

    of: str
    amount: int
    shortfall: Shortfall
    deductible: int | None = None

    def __post_init__(self) -> None:
        Posting.__post_init__(self)
        require_key("of", self.of)
        require_amount(self.amount)
        if self.deductible is not None and self.deductible < 0:
            raise MalformedPosting(field="deductible", expected="at least 0", seen=self.deductible)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore(Posting):
    """Spent points go back to the lots they came from, the last taken first.

    ``of`` is the key of a spend or capture. Points of a lot that has expired meanwhile live
    ``grace_days`` from now; 0 lets them expire at once.
    """

    kind: ClassVar[Kind] = Kind.RESTORE

    of: str
    amount: int
    grace_days: int = 0

    def __post_init__(self) -> None:
        Posting.__post_init__(self)
        require_key("of", self.of)
        require_amount(self.amount)
        require_days("grace_days", self.grace_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjust(Posting):
    """A correction by hand with a reason: a positive amount makes a lot, a negative one takes."""

    kind: ClassVar[Kind] = Kind.ADJUST

    amount: int
    lot: UUID | None = None
    source: str = "adjustment"
    lot_class: LotClass = LotClass.GOODWILL
    expires_at: datetime | None = None
    allocated: int = 0
    notice: bool = False
    schedule: str | None = None

    def __post_init__(self) -> None:
        Posting.__post_init__(self)
        require_amount(abs(self.amount))
        require_schedule(self.schedule)
        if not self.reason:
            raise MalformedPosting(field="reason", expected="a reason code", seen="nothing")
        if self.amount > 0 and self.lot is None:
            raise MalformedPosting(field="lot", expected="an id for the lot given", seen="nothing")
        require_aware("expires_at", self.expires_at)
        require_later("expires_at", self.expires_at, self.effective_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOff(Posting):
    """Debt that will never be repaid is given up."""

    kind: ClassVar[Kind] = Kind.WRITE_OFF

    amount: int

    def __post_init__(self) -> None:
        Posting.__post_init__(self)
        require_amount(self.amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze(Posting):
    """The wallet stops (``frozen``) or resumes answering spends and holds."""

    kind: ClassVar[Kind] = Kind.FREEZE

    frozen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify(Posting):
    """Members were told, at ``effective_at``, that these lots will lapse.

    The first notice that counts is kept: telling again puts no end off. One that came more than
    60 days before the end counts as none.
    """

    kind: ClassVar[Kind] = Kind.NOTIFY

    lots: Sequence[UUID]

    def __post_init__(self) -> None:
        Posting.__post_init__(self)
        require_lots(self.lots)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reschedule(Posting):
    """Lots get another end (none: they never lapse), each of ``lots`` exactly this one.

    They follow the ``schedule`` given from then on, or none, and need a notice or not as
    ``notice`` says (none: as before); the end of those that do is the one that policy gives. A
    ``schedule`` without lots moves those of it that would end sooner; where there are none,
    nothing is posted. Unlike in other postings the instant is content: a key stands for one end.
    """

    kind: ClassVar[Kind] = Kind.RESCHEDULE

    expires_at: datetime | None
    lots: Sequence[UUID] | None = None
    schedule: str | None = None
    notice: bool | None = None

    def __post_init__(self) -> None:
        Posting.__post_init__(self)
        require_aware("expires_at", self.expires_at)
        require_later("expires_at", self.expires_at, self.effective_at)
        require_schedule(self.schedule)
        if self.lots is not None:
            require_lots(self.lots)
        elif self.schedule is None or self.notice is not None:
            raise MalformedPosting(
                field="lots", expected="given unless a schedule alone is", seen="nothing"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Move(Posting):
    """A wallet's points and debt go to another holder, through the in-transit account.

    ``arrival`` becomes the journal in the wallet of ``to``, where the key stands as well. Lots
    stay what they are in all but their wallet. Named ``lots`` move alone, without debt.
    """

    kind: ClassVar[Kind] = Kind.MOVE

    to: UUID
    arrival: UUID
    lots: Sequence[UUID] | None = None

    def __post_init__(self) -> None:
        Posting.__post_init__(self)
        if self.to == self.holder:
            raise MalformedPosting(field="to", expected="another holder", seen="the same")
        if self.lots is not None:
            require_lots(self.lots)


def _require_words(posting: Posting) -> None:
    require_key("key", posting.key)
    for name in ("asset", "actor", "request_id"):
        require_word(name, getattr(posting, name))
    if posting.reason:
        require_word("reason", posting.reason)


def _require_lot(earn: Earn) -> None:
    require_word("source", earn.source)
    require_schedule(earn.schedule)
    require_aware("activates_at", earn.activates_at)
    require_aware("expires_at", earn.expires_at)
    require_later("expires_at", earn.expires_at, earn.activates_at or earn.effective_at)
    if earn.pending and earn.activates_at is not None:
        raise MalformedPosting(
            field="activates_at", expected="absent while an event activates", seen="an instant"
        )
    if not 0 <= earn.allocated <= LARGEST_AMOUNT:
        raise MalformedPosting(
            field="allocated", expected=f"between 0 and {LARGEST_AMOUNT}", seen=earn.allocated
        )
