"""What may be posted: one frozen value per business event.

Constructors refuse what can never be right, so that the database decides only what depends on
its state. Nothing here knows SQL.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from ledger.errors import MalformedPosting
from ledger.types import POINTS, Kind, LotClass, Rest, Shortfall

LARGEST_AMOUNT = 10**15
MOST_LABELS = 8
LONGEST_KEY = 200
LONGEST_WORD = 64
LONGEST_GRACE = 3650


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """What every posting says: whose, under which business key, since when and by whom.

    ``key`` is unique per holder for ever; ``journal`` is minted by the caller and becomes the
    receipt. ``labels`` are opaque to the ledger (tier, plan, channel); books group by them.
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

    def __post_init__(self) -> None:
        _require_words(self)
        _require_aware("effective_at", self.effective_at)
        if len(self.labels) > MOST_LABELS:
            raise MalformedPosting(
                field="labels", expected=f"at most {MOST_LABELS} labels", seen=len(self.labels)
            )
        for name, value in self.labels.items():
            _require_word("labels", name)
            _require_word("labels", value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Earn(Posting):
    """Points in, as a lot of their own.

    The lot is active at once unless ``activates_at`` names a later instant or ``pending`` says
    that an event (``Activate``) will make it so.
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

    def __post_init__(self) -> None:
        Posting.__post_init__(self)
        _require_amount(self.amount)
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
        _require_key("of", self.of)


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
        _require_amount(self.amount)


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
        _require_amount(self.amount)
        _require_aware("until", self.until)
        _require_later("until", self.until, self.effective_at)


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
        _require_key("of", self.of)
        _require_amount(self.amount)
        _require_days("grace_days", self.grace_days)


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
        _require_key("of", self.of)
        _require_days("grace_days", self.grace_days)
        if self.amount is not None:
            _require_amount(self.amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extend(Posting):
    """A hold gets another end; none means until captured or released."""

    kind: ClassVar[Kind] = Kind.EXTEND

    of: str
    until: datetime | None

    def __post_init__(self) -> None:
        Posting.__post_init__(self)
        _require_key("of", self.of)
        _require_aware("until", self.until)


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
        _require_key("of", self.of)
        _require_amount(self.amount)
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
        _require_key("of", self.of)
        _require_amount(self.amount)
        _require_days("grace_days", self.grace_days)


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

    def __post_init__(self) -> None:
        Posting.__post_init__(self)
        _require_amount(abs(self.amount))
        if not self.reason:
            raise MalformedPosting(field="reason", expected="a reason code", seen="nothing")
        if self.amount > 0 and self.lot is None:
            raise MalformedPosting(field="lot", expected="an id for the lot given", seen="nothing")
        _require_aware("expires_at", self.expires_at)
        _require_later("expires_at", self.expires_at, self.effective_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOff(Posting):
    """Debt that will never be repaid is given up."""

    kind: ClassVar[Kind] = Kind.WRITE_OFF

    amount: int

    def __post_init__(self) -> None:
        Posting.__post_init__(self)
        _require_amount(self.amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze(Posting):
    """The wallet stops (``frozen``) or resumes answering spends and holds."""

    kind: ClassVar[Kind] = Kind.FREEZE

    frozen: bool


def _require_words(posting: Posting) -> None:
    _require_key("key", posting.key)
    for name in ("asset", "actor", "request_id"):
        _require_word(name, getattr(posting, name))
    if posting.reason:
        _require_word("reason", posting.reason)


def _require_key(name: str, text: str) -> None:
    _require_text(name, text, LONGEST_KEY)


def _require_word(name: str, text: str) -> None:
    _require_text(name, text, LONGEST_WORD)


def _require_text(name: str, text: str, longest: int) -> None:
    if not 0 < len(text) <= longest or "\0" in text:
        raise MalformedPosting(
            field=name, expected=f"1 to {longest} characters without NUL", seen=repr(text[:80])
        )


def _require_amount(amount: int) -> None:
    if not 0 < amount <= LARGEST_AMOUNT:
        raise MalformedPosting(
            field="amount", expected=f"between 1 and {LARGEST_AMOUNT}", seen=amount
        )


def _require_days(name: str, days: int) -> None:
    if not 0 <= days <= LONGEST_GRACE:
        raise MalformedPosting(
            field=name, expected=f"between 0 and {LONGEST_GRACE} days", seen=days
        )


def _require_aware(name: str, instant: datetime | None) -> None:
    if instant is not None and instant.utcoffset() is None:
        raise MalformedPosting(
            field=name, expected="an instant with an offset", seen=instant.isoformat()
        )


def _require_later(name: str, instant: datetime | None, than: datetime) -> None:
    if instant is not None and instant <= than:
        raise MalformedPosting(
            field=name, expected=f"later than {than.isoformat()}", seen=instant.isoformat()
        )


def _require_lot(earn: Earn) -> None:
    _require_word("source", earn.source)
    _require_aware("activates_at", earn.activates_at)
    _require_aware("expires_at", earn.expires_at)
    _require_later("expires_at", earn.expires_at, earn.activates_at or earn.effective_at)
    if earn.pending and earn.activates_at is not None:
        raise MalformedPosting(
            field="activates_at", expected="absent while an event activates", seen="an instant"
        )
    if not 0 <= earn.allocated <= LARGEST_AMOUNT:
        raise MalformedPosting(
            field="allocated", expected=f"between 0 and {LARGEST_AMOUNT}", seen=earn.allocated
        )
