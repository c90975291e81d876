"""The movement of one standing through time: rise at once, lapse when judged, grace, step down.

Only the earned tier moves here; floors and freezes lie over it. The one idea: a place moves up on
days with activity and down on the days it is judged, so visiting those days is the whole story.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from tiers.scale import (
    Figures,
    Ladder,
    Threshold,
    Window,
)
from tiers.tally import Tally
from tiers.types import (
    Movement,
)
from tiers.windows import leaves_on, renewed_until, valid_until, window_on

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Place:
    """The earned tier by rank, since when, until when it is kept, and since when in grace."""

    rank: int
    since: date
    valid_until: date | None
    grace_from: date | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """What a movement rests on: the figures of a window against a threshold."""

    window: Window
    figures: Figures
    threshold: Threshold


@dataclass(frozen=True, slots=True)
class Step:
    """One movement or renewal, and the ground it rests on."""

    on: date
    rule: Movement
    rank: int
    ground: Ground
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class Pending:
    """A tier that was reached in a period, to be given on the first day of the next."""

    on: date
    rank: int
    ground: Ground


@dataclass(frozen=True, slots=True)
class Foresight:
    """The next loss and the next gain of a tier if nothing more is bought."""

    fall: Step | None
    rise: Step | None


@dataclass(frozen=True, slots=True)
class Replay:
    """A ladder applied to one member's tally."""

    ladder: Ladder
    joined_on: date
    tally: Tally

    def advance(self, place: Place, *, first: date, last: date) -> tuple[Place, list[Step]]:
        """The place at the end of the last day, starting at the first, and the steps between."""
        begun: list[Step] = []
        place, steps = self.go_on(self._visit(place, first, begun), after=first, last=last)
        return place, [*begun, *steps]

    def go_on(self, place: Place, *, after: date, last: date) -> tuple[Place, list[Step]]:
        """The same of a place as it stood at the end of a day, by what came after that day."""
        steps: list[Step] = []
        for day in self._days(after, last):
            place = self._visit(place, day, steps)
        return self._lapse(place, last, steps), steps

    def foresee(self, place: Place, through: date) -> Foresight:
        """What follows from a place at the end of a day if nothing more is bought."""
        fall = rise = None
        pending = self._pending(self.window(through), through)
        while pending is not None or fall is None:
            due = self.due_on(place) if fall is None else None
            steps: list[Step] = []
            if due is not None and (pending is None or due <= pending.on):
                place = self._judge(place, due, steps)
                fall = next((step for step in steps if step.rule is not Movement.KEPT), None)
            elif pending is not None:
                place = self._give(place, pending, steps)
                rise = steps[0] if steps else None
                pending = None
            else:
                break
        return Foresight(fall, rise)

    def due_on(self, place: Place) -> date | None:
        """The day on which something is decided even if nothing happens."""
        if place.grace_from is not None:
            return place.grace_from + timedelta(days=self.ladder.grace_days)
        return place.valid_until

    def window(self, on: date) -> Window:
        """The window that counts on a day."""
        return window_on(self.ladder.window, on, joined_on=self.joined_on)

    def last_day_of(self, counted_on: date) -> date | None:
        """The last day on which activity of a day counts; None where it counts for ever."""
        leaves = leaves_on(self.ladder.window, counted_on, joined_on=self.joined_on)
        return leaves - _DAY if leaves is not None else None

    def judged_window(self, place: Place, on: date) -> Window | None:
        """The window on which the place is or will be judged; grace extends it to the day."""
        if place.valid_until is None:
            return None
        window = self.window(place.valid_until - _DAY)
        return window if place.grace_from is None else Window(window.start, on + _DAY)

    def _visit(self, place: Place, day: date, steps: list[Step]) -> Place:
        """The place after a day; what is redeemed out of grace may be due again the same day."""
        while True:
            lapsed = self._lapse(place, day, steps)
            place = self._rise(lapsed, day, steps)
            if place == lapsed:
                return place

    def _days(self, first: date, last: date) -> list[date]:
        """The days after the first, up to the last, on which a place may rise."""
        days = self.tally.days(first + _DAY, last)
        if self.ladder.upgrade == "at-once":
            return days
        bought = [*self.tally.days(self.window(first).start, first), *days]
        ends = {self.window(day).end for day in bought}
        return sorted({*days, *(end for end in ends if first < end <= last)})

    def _rise(self, place: Place, day: date, steps: list[Step]) -> Place:
        place = self._redeem_grace(place, day, steps)
        if place.rank + 1 == len(self.ladder.tiers):
            return place
        if self.ladder.upgrade == "at-once":
            met = self._met(self.window(day), day)
            if met is None or met[0] <= place.rank:
                return place
            until = valid_until(self.ladder, day, joined_on=self.joined_on)
            return self._reach(place, day, met, until, steps)
        pending = self._pending(self.window(day - _DAY), day - _DAY)
        return self._give(place, pending, steps) if pending and pending.on == day else place

    def _met(self, window: Window, on: date) -> tuple[int, Ground] | None:
        """The highest tier above the bottom that the window meets."""
        figures = self.tally.figures(window, on)
        for rank in range(len(self.ladder.tiers) - 1, 0, -1):
            reach = self.ladder.tiers[rank].reach
            if reach.met_by(figures):
                return rank, Ground(window, figures, reach)
        return None

    def _reach(
        self,
        place: Place,
        day: date,
        met: tuple[int, Ground],
        until: date | None,
        steps: list[Step],
    ) -> Place:
        rank, ground = met
        if rank <= place.rank:
            return place
        steps.append(Step(day, Movement.REACHED, rank, ground, until))
        return Place(rank, day, until)

    def _pending(self, window: Window, on: date) -> Pending | None:
        """What the period of a day gives on the first day after it, by what is known that day."""
        if self.ladder.upgrade == "at-once":
            return None
        met = self._met(window, on)
        return Pending(window.end, *met) if met is not None else None

    def _give(self, place: Place, pending: Pending, steps: list[Step]) -> Place:
        """The place with what was reached in the period before; it lasts as if reached in it."""
        until = valid_until(self.ladder, pending.on - _DAY, joined_on=self.joined_on)
        met = pending.rank, pending.ground
        return self._reach(place, pending.on, met, until, steps)

    def _redeem_grace(self, place: Place, day: date, steps: list[Step]) -> Place:
        window = self.judged_window(place, day)
        if place.grace_from is None or window is None:
            return place
        keep = self.ladder.tiers[place.rank].keep
        ground = Ground(window, self.tally.figures(window, day), keep)
        return self._renew(place, day, ground, steps) if keep.met_by(ground.figures) else place

    def _lapse(self, place: Place, day: date, steps: list[Step]) -> Place:
        while (due := self.due_on(place)) is not None and due <= day:
            place = self._judge(place, due, steps)
        return place

    def _judge(self, place: Place, day: date, steps: list[Step]) -> Place:
        window = self.judged_window(place, day - _DAY)
        if window is None:
            return place
        keep = self.ladder.tiers[place.rank].keep
        ground = Ground(window, self.tally.figures(window, day - _DAY), keep)
        if keep.met_by(ground.figures):
            return self._renew(place, day, ground, steps)
        if place.grace_from is None and self.ladder.grace_days:
            return replace(place, grace_from=day)
        return self._drop(place, day, ground, steps)

    def _renew(self, place: Place, day: date, ground: Ground, steps: list[Step]) -> Place:
        until = self._renewed_until(place, day, holds_from=place.grace_from or day)
        steps.append(Step(day, Movement.KEPT, place.rank, ground, until))
        return Place(place.rank, place.since, until)

    def _drop(self, place: Place, day: date, ground: Ground, steps: list[Step]) -> Place:
        rank, rule = place.rank - 1, Movement.STEPPED_DOWN
        if self.ladder.downgrade == "to-earned":
            rule = Movement.FELL_TO_EARNED
            while not self.ladder.tiers[rank].keep.met_by(ground.figures):
                rank -= 1
        until = self._renewed_until(place, day, holds_from=day) if rank > 0 else None
        steps.append(Step(day, rule, rank, ground, until))
        return Place(rank, day, until)

    def _renewed_until(self, place: Place, day: date, *, holds_from: date) -> date | None:
        judged_on = place.grace_from or day
        return renewed_until(
            self.ladder, judged_on, holds_from=holds_from, joined_on=self.joined_on
        )
