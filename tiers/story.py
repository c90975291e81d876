"""One member's events told in order: the working memory of a decision.

A `Story` is made for one decision and thrown away; it is the only mutable thing besides its tally.
The one idea: what the past teaches otherwise (a return, a late order) is first told as it was
believed, then replayed from the seed, and the difference is one correcting change.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from tiers.errors import ActivityConflict, ActivityInFuture
from tiers.replay import Ground, Place, Replay, Step
from tiers.scale import (
    Ladder,
)
from tiers.tally import Tally
from tiers.types import (
    Activity,
    Change,
    Decision,
    Fall,
    Floor,
    FloorKind,
    Freeze,
    Movement,
    Rise,
    Seed,
    Seen,
    Standing,
    Subject,
    higher_floor,
)
from tiers.windows import valid_until

_DAY = timedelta(days=1)

Move = tuple[str | None, str] | None
"""The tiers before and after, where they differ."""


class Story:
    """What is known of one member while a decision is made."""

    def __init__(self, ladder: Ladder, subject: Subject) -> None:
        standing = subject.standing
        self._ladder = ladder
        self._member = subject.member
        self._previous = standing
        self._version = standing.ladder if standing is not None else ladder.version
        self._changes: list[Change] = []
        self._written: dict[tuple[UUID, UUID], Activity] = {}
        if standing is None:
            joined_on, bottom = subject.joined_on, ladder.tiers[0].code
            self._seed = Seed(bottom, 0, joined_on, joined_on, None)
            self._place = Place(0, joined_on, None)
            self._through = joined_on
            self._floors: dict[FloorKind, Floor] = {}
            self.freeze: Freeze | None = None
            self._note(joined_on, Movement.JOINED, None)
        else:
            joined_on = standing.joined_on
            self._seed = standing.seed
            self._place = Place(
                standing.rank, standing.since, standing.valid_until, standing.grace_from
            )
            self._through = standing.through
            self._floors = {floor.kind: floor for floor in standing.floors}
            self.freeze = standing.freeze
        self._settled = False
        """Whether the place stands as at the end of the last day, by all that is known of it."""
        self._tally = Tally(subject.activities, ladder)
        self._replay = Replay(ladder, joined_on, self._tally)

    def tell(self, activities: Sequence[Activity], *, on: date) -> None:
        """Take in what was completed or returned, and move to the day."""
        fresh, ordinary = self._fresh(activities, on)
        on = max(on, self._through)
        if self._previous is not None and self._version != self._ladder.version:
            self._reseat(self._previous, on)
        if not ordinary:
            self._pass_time(on)
        lost = any(self._tally.find(*key) is not None for key in fresh)
        for activity in fresh.values():
            self._tally.put(activity)
            self._settled = self._settled and activity.on > self._through
        self._written.update(fresh)
        if ordinary:
            self._pass_time(on)
        else:
            self._correct(on, lost=lost)

    def lay_floor(self, floor: Floor, on: date) -> None:
        """Put a floor under the standing, in place of the old one of its kind."""
        before = self.in_force(on)[0]
        self._floors[floor.kind] = floor
        self._note(on, Movement.FLOOR_SET, before)

    def lift_floor(self, kind: FloorKind, on: date) -> None:
        """Take the floor of a kind away, if there is one."""
        before = self.in_force(on)[0]
        if self._floors.pop(kind, None) is not None:
            self._note(on, Movement.FLOOR_ENDED, before)

    def lay_freeze(self, freeze: Freeze | None, rule: Movement, on: date) -> None:
        """Pin the standing to a tier, or let it go."""
        before = self.in_force(on)[0]
        self.freeze = freeze
        self._note(on, rule, before)

    def settle(self, rank: int, since: date, until: date | None, on: date) -> None:
        """Place the member on a tier brought along; from then on the ladder decides."""
        before = self.in_force(on)[0] if self._previous is not None else None
        if rank == 0 or self._ladder.validity.unit == "forever":
            until = None
        elif until is None:
            until = valid_until(self._ladder, on, joined_on=self._replay.joined_on)
        seed = Seed(self._ladder.tiers[rank].code, rank, on, since, until)
        self._begin_at(seed)
        self._place = self._replayed(on)
        self._note(on, Movement.IMPORTED, before)

    def take_in(self, other: "Story", activities: Sequence[Activity], on: date) -> None:
        """Go on as one with another member, who was told until the same day."""
        before = self.in_force(on)[0]
        joined_on = min(self._replay.joined_on, other.replay.joined_on)
        self._seed = self._better_seed(other, joined_on)
        for floor in other.floors:
            held = self._floors.get(floor.kind, floor)
            self._floors[floor.kind] = max(held, floor, key=lambda one: (one.rank, one.until))
        freezes = [one for one in (self.freeze, other.freeze) if one is not None]
        self.freeze = max(freezes, key=lambda one: one.rank, default=None)
        for activity in activities:
            self._tally.put(activity)
            self._written[activity.order, activity.shipment] = activity
        self._replay, self._settled = replace(self._replay, joined_on=joined_on), False
        stood = max(self._place, other.place, key=lambda one: (one.rank, one.valid_until or on))
        self._place = self._replayed(on)
        if self._place.rank < stood.rank:
            tier = self._ladder.tiers[stood.rank].code
            self._begin_at(Seed(tier, stood.rank, on, stood.since, stood.valid_until))
        self._note(on, Movement.MERGED, before)

    def _better_seed(self, other: "Story", joined_on: date) -> Seed:
        """What replay begins from: the bottom on the first day, or the better of two promises."""
        seeds = (self.seed, other.seed)
        promised = [one for one in seeds if one.rank > 0]
        if promised:
            return max(promised, key=lambda one: (one.rank, one.until or date.max))
        first = max(min(one.on for one in seeds), joined_on)
        return Seed(self._ladder.tiers[0].code, 0, first, joined_on, None)

    def in_force(self, on: date) -> tuple[str, int]:
        """The tier in force on a day, by code and rank."""
        return self._over(self._place.rank, on)

    def foreseen(self, on: date) -> str:
        """The tier that will be in force on a day if nothing more is told."""
        if on < self._through:
            return self.in_force(on)[0]
        return self._over(self._advanced(on)[0].rank, on)[0]

    @property
    def count(self) -> int:
        """How many changes there are so far."""
        return len(self._changes)

    def moved(self, known: int) -> Move:
        """Between which tiers the changes after so many led."""
        changes = self._changes[known:]
        if not changes or changes[0].before == changes[-1].after:
            return None
        return changes[0].before, changes[-1].after

    def decision(self, on: date) -> Decision:
        """What follows from everything told."""
        previous = self._previous
        return Decision(
            member=self._member,
            on=max(on, self._through),
            standing=self._standing(self._place, self._through),
            changes=tuple(self._changes),
            written=tuple(self._written.values()),
            previous_number=previous.number if previous is not None else None,
            parts=frozenset(key for key in self._written if self._tally.parts(key[0]) > 1),
        )

    def from_seed(self, through: date) -> Standing:
        """The standing that replaying all activity gives, with what lies over it unchanged."""
        return self._standing(self._replayed(through), through)

    @property
    def floors(self) -> tuple[Floor, ...]:
        """The floors under the standing, ordered by kind."""
        return tuple(self._floors[kind] for kind in sorted(self._floors))

    @property
    def replay(self) -> Replay:
        """The ladder over this member's tally."""
        return self._replay

    @property
    def seed(self) -> Seed:
        """Where replaying begins."""
        return self._seed

    @property
    def place(self) -> Place:
        """The earned place as told so far."""
        return self._place

    def _fresh(
        self, activities: Sequence[Activity], on: date
    ) -> tuple[dict[tuple[UUID, UUID], Activity], bool]:
        """What is new among the activities, and whether all of it happened after the last day."""
        fresh: dict[tuple[UUID, UUID], Activity] = {}
        ordinary = True
        for activity in activities:
            if activity.on > on:
                raise ActivityInFuture(seen=activity.on.isoformat(), wanted=f"at most {on}")
            key = activity.order, activity.shipment
            prior = fresh.get(key) or self._tally.find(*key)
            if prior is not None:
                if _fixed(prior) != _fixed(activity):
                    raise ActivityConflict(
                        shipment=str(activity.shipment),
                        seen=f"{activity.purchases} on {activity.on}",
                        wanted=f"{prior.purchases} on {prior.on}",
                    )
                if activity.returned <= prior.returned:
                    continue
            fresh[key] = activity
            ordinary = ordinary and prior is None and activity.on >= self._through
        return fresh, ordinary

    def _pass_time(self, on: date) -> None:
        for end in sorted({floor.until for floor in self.floors if floor.until <= on}):
            self._move(max(end - _DAY, self._through))
            self._end_floors(end)
        self._move(on)

    def _end_floors(self, end: date) -> None:
        """Let the floors go that end on a day: two that end together are one change."""
        before = self.in_force(end - _DAY)[0]
        self._floors = {one.kind: one for one in self.floors if one.until != end}
        self._note(end, Movement.FLOOR_ENDED, before)

    def _move(self, last: date) -> None:
        place, steps = self._advanced(last)
        for step in steps:
            self._step(step)
        self._place, self._through, self._settled = place, last, True

    def _advanced(self, last: date) -> tuple[Place, list[Step]]:
        if self._settled:
            return self._replay.go_on(self._place, after=self._through, last=last)
        return self._replay.advance(self._place, first=self._through, last=last)

    def _step(self, step: Step) -> None:
        before = self.in_force(step.on)[0]
        self._place = Place(step.rank, self._place.since, step.valid_until)
        self._note(step.on, step.rule, before, step.ground)

    def _correct(self, on: date, *, lost: bool) -> None:
        believed, place = self._place, self._replayed(on)
        if place == believed:
            return
        higher = place.rank > believed.rank
        since = place.since if higher else on
        before = self.in_force(since)[0]
        self._place = place
        window = self._replay.window(since)
        threshold = self._ladder.tiers[max(place.rank, believed.rank)].reach
        ground = Ground(window, self._tally.figures(window, since), threshold)
        rule = Movement.CORRECTED
        if lost and place.rank < believed.rank:
            rule = Movement.RETURNED
        self._note(since, rule, before, ground)

    def _replayed(self, through: date) -> Place:
        seed = self._seed
        start = Place(seed.rank, seed.since, seed.until)
        return self._replay.advance(start, first=seed.on, last=through)[0]

    def _reseat(self, standing: Standing, on: date) -> None:
        """Begin again on another ladder: the tier held is kept for what was promised."""
        before = standing.effective_on(on)[0]
        held, rank, since = standing.earned_on(on)
        until = standing.valid_until
        rank = self._rank_of(held, rank)
        if rank == 0 or self._ladder.validity.unit == "forever":
            until = None
        elif until is None or until <= on:
            until = valid_until(self._ladder, on, joined_on=standing.joined_on)
        for floor in self.floors:
            to = self._rank_of(floor.tier, floor.rank)
            self._floors[floor.kind] = replace(floor, tier=self._ladder.tiers[to].code, rank=to)
        if self.freeze is not None:
            to = self._rank_of(self.freeze.tier, self.freeze.rank)
            self.freeze = replace(self.freeze, tier=self._ladder.tiers[to].code, rank=to)
        self._begin_at(Seed(self._ladder.tiers[rank].code, rank, on, since, until))
        if self._ladder.moves == "at-once":
            joined_on = standing.joined_on
            self._seed = Seed(self._ladder.tiers[0].code, 0, joined_on, joined_on, None)
            self._place = self._replayed(on)
        self._through = on
        self._note(on, Movement.LADDER_CHANGED, before)
        self._version = self._ladder.version

    def _begin_at(self, seed: Seed) -> None:
        self._seed, self._place = seed, Place(seed.rank, seed.since, seed.until)
        self._settled = False

    def _rank_of(self, code: str, rank: int) -> int:
        """The rank of a tier in this ladder; one that is gone stands one below, at most the top."""
        for at, tier in enumerate(self._ladder.tiers):
            if tier.code == code:
                return at
        return max(0, min(rank, len(self._ladder.tiers)) - 1)

    def _over(self, rank: int, on: date) -> tuple[str, int]:
        if self.freeze is not None:
            return self.freeze.tier, self.freeze.rank
        floor = higher_floor(self._floors.values(), on)
        if floor is not None and floor.rank > rank:
            return floor.tier, floor.rank
        return self._ladder.tiers[rank].code, rank

    def _note(
        self, on: date, rule: Movement, before: str | None, ground: Ground | None = None
    ) -> None:
        seen: tuple[Seen, ...] = ()
        if ground is not None:
            seen = tuple(
                Seen(metric, ground.figures.of(metric), wanted)
                for metric, wanted in ground.threshold.minimums
            )
        change = Change(
            on=on,
            rule=rule,
            before=before,
            after=self._over(self._place.rank, on)[0],
            earned=self._ladder.tiers[self._place.rank].code,
            ladder=self._ladder.version,
            window=ground.window if ground is not None else None,
            figures=ground.figures if ground is not None else None,
            join=ground.threshold.join if ground is not None else None,
            seen=seen,
            valid_until=self._place.valid_until,
        )
        self._changes.append(change)

    def _standing(self, place: Place, through: date) -> Standing:
        follows = self._replay.foresee(place, through)
        fall, rise = follows.fall, follows.rise
        due = [
            self._replay.due_on(place),
            rise.on if rise else None,
            *(floor.until for floor in self.floors),
        ]
        previous = self._previous.number if self._previous is not None else 0
        return Standing(
            ladder=self._ladder.version,
            joined_on=self._replay.joined_on,
            seed=self._seed,
            tier=self._ladder.tiers[place.rank].code,
            rank=place.rank,
            since=place.since,
            valid_until=place.valid_until,
            grace_from=place.grace_from,
            fall=Fall(self._ladder.tiers[fall.rank].code, fall.rank, fall.on) if fall else None,
            due_on=min((day for day in due if day is not None), default=None),
            through=through,
            floors=self.floors,
            freeze=self.freeze,
            number=previous + len(self._changes),
            rise=Rise(self._ladder.tiers[rise.rank].code, rise.rank, rise.on) if rise else None,
        )


def _fixed(activity: Activity) -> tuple[date, int, str | None]:
    """What of an activity can never change."""
    return activity.on, activity.purchases, activity.asset
