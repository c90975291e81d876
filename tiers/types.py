"""The values of the tiers package: ladders, windows, activity, standings, decisions, progress.

All are frozen and hold plain integers, dates and codes; no table and no clock is known here.
The one idea: a standing is what replaying a member's activity over a ladder gives.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from tiers.errors import ActivityMalformed, TierUnknown


class Metric(StrEnum):
    """What a threshold may count."""

    PURCHASES = "purchases"
    ORDERS = "orders"


@dataclass(frozen=True, slots=True)
class Figures:
    """Purchases in minor units and number of orders, counted in one window."""

    purchases: int
    orders: int

    def of(self, metric: Metric) -> int:
        """The figure of one metric."""
        match metric:
            case Metric.PURCHASES:
                return self.purchases
            case Metric.ORDERS:
                return self.orders


@dataclass(frozen=True, slots=True)
class Threshold:
    """What must be met: every minimum (`all`) or at least one of them (`any`)."""

    join: Literal["any", "all"]
    minimums: tuple[tuple[Metric, int], ...]

    def met_by(self, figures: Figures) -> bool:
        """Whether these figures meet the threshold; a threshold without minimums always is."""
        met = (figures.of(metric) >= wanted for metric, wanted in self.minimums)
        return all(met) if self.join == "all" else any(met)


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier: its code, its name in each language, how it is reached and how it is kept."""

    code: str
    name: Mapping[str, str]
    reach: Threshold
    keep: Threshold


class WindowKind(StrEnum):
    """How far back activity counts."""

    ROLLING_MONTHS = "rolling-months"
    ROLLING_DAYS = "rolling-days"
    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"
    ANNIVERSARY = "anniversary"
    LIFETIME = "lifetime"


@dataclass(frozen=True, slots=True)
class WindowRule:
    """The kind of window of a ladder; `length` is the N of the rolling kinds, otherwise 1."""

    kind: WindowKind
    length: int = 1


@dataclass(frozen=True, slots=True)
class Window:
    """Half-open span of business dates: `start` belongs to it, `end` does not."""

    start: date
    end: date

    def holds(self, on: date) -> bool:
        """Whether the date lies in the window."""
        return self.start <= on < self.end


@dataclass(frozen=True, slots=True)
class Validity:
    """How long a reached tier is kept before it is judged; `forever` is never judged."""

    unit: Literal["months", "days", "periods", "forever"]
    length: int = 0


@dataclass(frozen=True, slots=True)
class Ladder:
    """A checked ladder, bottom tier first; made by `parse_ladder` only."""

    version: int
    tiers: tuple[Tier, ...]
    window: WindowRule
    validity: Validity
    minimum_order: int
    downgrade: Literal["one-step", "to-earned"]
    grace_days: int

    def rank_of(self, code: str) -> int:
        """The position of a tier, 0 for the bottom; raises `TierUnknown`."""
        for rank, tier in enumerate(self.tiers):
            if tier.code == code:
                return rank
        raise TierUnknown(seen=code, wanted=", ".join(tier.code for tier in self.tiers))


@dataclass(frozen=True, slots=True)
class Activity:
    """One completed shipment: what was bought, and how much of it was returned in all so far.

    `on` is the business date of the completion, in the programme's zone. `returned` is the total,
    not the step, so reporting a return again changes nothing.
    """

    order: UUID
    shipment: UUID
    on: date
    purchases: int
    returned: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.returned <= self.purchases:
            raise ActivityMalformed(purchases=self.purchases, returned=self.returned)

    @property
    def remaining(self) -> int:
        """What still counts."""
        return self.purchases - self.returned


@dataclass(frozen=True, slots=True)
class Floor:
    """A tier below which a member does not fall before `until` (exclusive)."""

    tier: str
    rank: int
    until: date
    reason: str


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

    `since` is the day the earned tier was reached, `valid_until` (exclusive) the day it is judged,
    `grace_from` the day it was judged too low and grace began. `fall` says which tier follows, and
    when, if nothing more is bought. `through` is the last day decided, `due_on` the next day on
    which something is decided even if nothing happens. `number` counts the changes.
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
    floor: Floor | None = None
    freeze: Freeze | None = None
    number: int = 0

    def effective_on(self, on: date) -> tuple[str, int]:
        """The tier (code, rank) in force on a day: freeze, then the higher of earned and floor."""
        if self.freeze is not None:
            return self.freeze.tier, self.freeze.rank
        tier, rank = self.tier, self.rank
        if self.fall is not None and self.fall.on <= on:
            tier, rank = self.fall.tier, self.fall.rank
        if self.floor is not None and on < self.floor.until and self.floor.rank > rank:
            return self.floor.tier, self.floor.rank
        return tier, rank


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


@dataclass(frozen=True, slots=True)
class Seen:
    """One minimum of the threshold that decided: what was seen, what was wanted."""

    metric: Metric
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

    `written` is the activity to store: what was handed in, less what was stored already.
    """

    member: UUID
    on: date
    standing: Standing
    changes: tuple[Change, ...]
    written: tuple[Activity, ...]
    previous_number: int | None


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
    wanted: tuple[tuple[Metric, int], ...]
    met: bool
    by: date | None
    because: Because | None
    leaving: Figures | None


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
