"""The values of the tiers package: activity, standings, decisions, progress.

All are frozen and hold plain integers, dates and codes; no table and no clock is known here.
The one idea: a standing is what replaying a member's activity over a ladder gives.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from tiers.errors import ActivityMalformed
from tiers.scale import Figures, Ladder, Window


@dataclass(frozen=True, slots=True)
class Activity:
    """One completed shipment: what was bought, and how much of it was returned in all so far.

    `on` is the business date of the completion, in the programme's zone. `returned` is the total,
    not the step, so reporting a return again changes nothing. With an `asset` it is an earn of that
    asset instead: the amounts are the asset's, `shipment` is the lot, and no order is counted.
    """

    order: UUID
    shipment: UUID
    on: date
    purchases: int
    returned: int = 0
    asset: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.returned <= self.purchases:
            raise ActivityMalformed(purchases=self.purchases, returned=self.returned)

    @property
    def remaining(self) -> int:
        """What still counts."""
        return self.purchases - self.returned


FloorKind = Literal["grant", "plan"]
"""Who lays a floor: a person by hand, or a paid plan."""


@dataclass(frozen=True, slots=True)
class Floor:
    """A tier below which a member does not fall before `until` (exclusive)."""

    tier: str
    rank: int
    until: date
    reason: str
    kind: FloorKind = "grant"


@dataclass(frozen=True, slots=True)
class Freeze:
    """A tier at which a standing is pinned until it is thawed."""

    tier: str
    rank: int
    reason: str


@dataclass(frozen=True, slots=True)
class Fall:
    """The tier that follows on a day if nothing more is bought."""

    tier: str
    rank: int
    on: date


@dataclass(frozen=True, slots=True)
class Rise:
    """The tier that was reached in a period and takes effect on the first day of the next."""

    tier: str
    rank: int
    on: date


@dataclass(frozen=True, slots=True)
class Seed:
    """Where the replay of a standing begins: the tier held on a day, since when, until when."""

    tier: str
    rank: int
    on: date
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a member stands: the earned tier and what lies over it.

    Of `floors` there is at most one of each kind, grant first; the higher one holds.

    `since` is the day the earned tier was reached, `valid_until` (exclusive) the day it is judged,
    `grace_from` the day it was judged too low and grace began. `fall` and `rise` say which tiers
    follow, and when, if nothing more is bought. `through` is the last day decided, `due_on` the
    next day on which something is decided even if nothing happens. `number` counts the changes.
    """

    ladder: int
    joined_on: date
    seed: Seed
    tier: str
    rank: int
    since: date
    valid_until: date | None
    grace_from: date | None
    fall: Fall | None
    due_on: date | None
    through: date
    floors: tuple[Floor, ...] = ()
    freeze: Freeze | None = None
    number: int = 0
    rise: Rise | None = None

    @property
    def floor(self) -> Floor | None:
        """The floor that holds on the last day decided."""
        return self.floor_on(self.through)

    def floor_of(self, kind: FloorKind) -> Floor | None:
        """The floor of one kind."""
        return next((one for one in self.floors if one.kind == kind), None)

    def floor_on(self, on: date) -> Floor | None:
        """The floor that holds on a day: the higher one, of two equal ones the longer."""
        return higher_floor(self.floors, on)

    def earned_on(self, on: date) -> tuple[str, int, date]:
        """The earned tier (code, rank) on a day and since when, with what is foretold by then."""
        earned = self.tier, self.rank, self.since
        for move in (self.fall, self.rise):
            if move is not None and move.on <= on and move.on >= earned[2]:
                earned = move.tier, move.rank, move.on
        return earned

    def effective_on(self, on: date) -> tuple[str, int]:
        """The tier (code, rank) in force on a day: freeze, then the higher of earned and floor."""
        if self.freeze is not None:
            return self.freeze.tier, self.freeze.rank
        tier, rank, _ = self.earned_on(on)
        floor = self.floor_on(on)
        return (floor.tier, floor.rank) if floor is not None and floor.rank > rank else (tier, rank)


def higher_floor(floors: Iterable[Floor], on: date) -> Floor | None:
    """Of these floors the one that holds on a day; None where all have ended."""
    held = (one for one in floors if on < one.until)
    return max(held, key=lambda one: (one.rank, one.until), default=None)


@dataclass(frozen=True, slots=True)
class Subject:
    """All that a decision about one member needs."""

    member: UUID
    joined_on: date
    standing: Standing | None
    activities: tuple[Activity, ...]


class Movement(StrEnum):
    """The rule that decided a change."""

    JOINED = "joined"
    REACHED = "reached"
    KEPT = "kept"
    STEPPED_DOWN = "stepped-down"
    FELL_TO_EARNED = "fell-to-earned"
    RETURNED = "returned"
    CORRECTED = "corrected"
    LADDER_CHANGED = "ladder-changed"
    FLOOR_SET = "floor-set"
    FLOOR_ENDED = "floor-ended"
    FROZEN = "frozen"
    THAWED = "thawed"
    MERGED = "merged"
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True)
class Seen:
    """One minimum of the threshold that decided: what was seen, what was wanted."""

    metric: str
    seen: int
    wanted: int


@dataclass(frozen=True, slots=True)
class Change:
    """One movement (or renewal) of a standing, with all that explains it.

    `before` and `after` are the tiers in force; `earned` the tier without floor and freeze.
    """

    on: date
    rule: Movement
    before: str | None
    after: str
    earned: str
    ladder: int
    window: Window | None
    figures: Figures | None
    join: Literal["any", "all"] | None
    seen: tuple[Seen, ...]
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class Decision:
    """The standing that follows, the changes that lead to it, and the activity it rests on.

    `written` is the activity to store: what was handed in, less what was stored already; `parts`
    are those of them, by order and shipment, whose order has another shipment too.
    """

    member: UUID
    on: date
    standing: Standing
    changes: tuple[Change, ...]
    written: tuple[Activity, ...]
    previous_number: int | None
    parts: frozenset[tuple[UUID, UUID]] = frozenset()


class Because(StrEnum):
    """Why a date in a progress is the last one."""

    OLDEST_ORDER_LEAVES = "oldest-order-leaves"
    WINDOW_ENDS = "window-ends"
    VALIDITY_ENDS = "validity-ends"
    GRACE_ENDS = "grace-ends"


@dataclass(frozen=True, slots=True)
class Missing:
    """What is missing for one tier: with `all` every figure, with `any` one of them.

    `by` is the last day on which it is enough (None: no end), `because` says why. `leaving` names
    what stops counting the day after: these figures are then missing in addition.
    """

    tier: str
    join: Literal["any", "all"]
    purchases: int
    orders: int
    wanted: tuple[tuple[str, int], ...]
    met: bool
    by: date | None
    because: Because | None
    leaving: Figures | None
    active_days: int = 0
    assets: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a member is on the way: figures now, what the next tier and keeping this one take."""

    tier: str
    figures: Figures
    window: Window
    valid_until: date | None
    next: Missing | None
    keep: Missing | None


@dataclass(frozen=True, slots=True)
class PublishedLadder:
    """A ladder as it was published."""

    ladder: Ladder
    published_at: datetime
    published_by: str


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """A stored change: its number in the member's history, when, by whom."""

    number: int
    change: Change
    recorded_at: datetime
    actor: str
    request_id: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One row that breaks an invariant, named by its check and member."""

    check: str
    member: UUID | None
    seen: str
    wanted: str
