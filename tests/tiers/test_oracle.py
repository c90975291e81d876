"""The engine against a slow, plain oracle that walks through time day by day.

The oracle knows nothing of replays, checkpoints or running sums: it keeps a list of shipments and
looks at every day from joining to today, in the order a person would.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tiers.builders import named
from tests.tiers.histories import JOINED, Event, events, known_after, ladders, told
from tiers import Activity, Decision, Ladder, Subject, decide, fold, walk
from tiers.qualification import replayed
from tiers.windows import window_on

DAY = timedelta(days=1)


@dataclass
class Oracle:
    """Where a member stands, looked up day by day."""

    ladder: Ladder
    shipments: list[Activity]
    joined: date = JOINED
    rank: int = 0
    until: date | None = None
    grace_until: date | None = None

    def stands(self, on: date) -> tuple[int, date | None]:
        self.rank, self.until, self.grace_until = 0, None, None
        day = self.joined
        while day <= on:
            while self.judged(day) or self.redeemed(day):
                pass
            self.rise(day)
            day += DAY
        return self.rank, self.until

    def judged(self, day: date) -> bool:
        """Whether something ended this morning: the promise, or the grace after it."""
        if self.until is None or day < (self.grace_until or self.until):
            return False
        start = self.window(self.until - DAY)[0]
        if self.meets(self.rank, "keep", start, day, day - DAY):
            self.renew(self.until)
        elif self.grace_until is None and self.ladder.grace_days:
            self.grace_until = self.until + timedelta(days=self.ladder.grace_days)
        else:
            self.rank = self.landing(self.rank, start, day)
            self.until = self.promised(self.until - DAY, day - DAY) if self.rank else None
            self.grace_until = None
        return True

    def redeemed(self, day: date) -> bool:
        """Whether what was bought up to tonight ends the grace."""
        if self.until is None or self.grace_until is None:
            return False
        start = self.window(self.until - DAY)[0]
        if not self.meets(self.rank, "keep", start, day + DAY, day):
            return False
        self.renew(self.until)
        return True

    def renew(self, until: date) -> None:
        self.until, self.grace_until = self.promised(until - DAY, until - DAY), None

    def rise(self, day: date) -> None:
        counted = day
        if self.ladder.upgrade == "next-period":
            if self.window(day)[0] != day:
                return
            counted = day - DAY
        start, end = self.window(counted)
        for higher in range(len(self.ladder.tiers) - 1, self.rank, -1):
            if self.meets(higher, "reach", start, end, counted):
                until = self.promised(counted, counted)
                self.rank, self.until, self.grace_until = higher, until, None
                return

    def window(self, day: date) -> tuple[date, date]:
        window = window_on(self.ladder.window, day, joined_on=self.joined)
        return window.start, window.end

    def meets(self, rank: int, which: str, start: date, end: date, on: date) -> bool:
        happened = [each for each in self.shipments if each.on <= on]
        known = [each for each in happened if each.asset is None]
        purchases = sum(each.remaining for each in known if start <= each.on < end)
        orders = 0
        for order in {each.order for each in known}:
            parts = [each for each in known if each.order == order]
            first = min(each.on for each in parts)
            enough = sum(each.remaining for each in parts) >= self.ladder.minimum_order
            orders += enough and start <= first < end
        active = 0
        for day in {each.on for each in known if start <= each.on < end}:
            bought = sum(each.remaining for each in known if each.on == day)
            active += bought >= self.ladder.minimum_order
        stars = sum(each.remaining for each in happened if each.asset and start <= each.on < end)
        tier = self.ladder.tiers[rank]
        threshold = tier.reach if which == "reach" else tier.keep
        seen = {
            "purchases": purchases,
            "orders": orders,
            "active_days": active,
            "asset:stars": stars,
        }
        answers = [seen[metric] >= wanted for metric, wanted in threshold.minimums]
        return all(answers) if threshold.join == "all" else any(answers)

    def landing(self, rank: int, start: date, end: date) -> int:
        rank -= 1
        if self.ladder.downgrade == "to-earned":
            while rank > 0 and not self.meets(rank, "keep", start, end, end - DAY):
                rank -= 1
        return rank

    def promised(self, period_of: date, counted_from: date) -> date | None:
        """The first day that is not promised any more."""
        if self.ladder.validity.unit == "forever":
            return None
        length = self.ladder.validity.length
        if self.ladder.validity.unit == "periods":
            end = self.window(period_of)[1]
            for _ in range(length):
                end = self.window(end)[1]
            while end <= counted_from + DAY and counted_from > period_of:
                end = self.window(end)[1]
            return end
        if self.ladder.validity.unit == "days":
            return counted_from + timedelta(days=length + 1)
        day = counted_from
        rule = replace(self.ladder.window, length=length)
        while window_on(rule, day, joined_on=self.joined).start <= counted_from:
            day += DAY
        return day + DAY


def incrementally(rules: Ladder, happened: list[tuple[date, Activity]]) -> list[Decision]:
    """Each event decided and stored as the order path does."""
    subject = Subject(named("member"), JOINED, None, ())
    decisions = []
    for on, activity in happened:
        decision = decide(rules, subject, [activity], on=on)
        stored = {each.shipment: each for each in (*subject.activities, *decision.written)}
        subject = replace(subject, standing=decision.standing, activities=tuple(stored.values()))
        assert replayed(rules, subject) == subject
        decisions.append(decision)
    return decisions


@settings(max_examples=300, deadline=None)
@given(ladders(), events)
def test_the_engine_agrees_with_the_oracle_after_every_event(
    rules: Ladder, script: list[Event]
) -> None:
    happened = told(script)

    decisions = incrementally(rules, happened)

    for at, decision in enumerate(decisions, start=1):
        oracle = Oracle(rules, known_after(happened[:at]))
        seen = decision.standing.rank, decision.standing.valid_until
        rank, until = oracle.stands(decision.on)
        assert seen == (rank, until)


@settings(max_examples=300, deadline=None)
@given(ladders(), events, st.integers(0, 200))
def test_what_is_foretold_comes_true(rules: Ladder, script: list[Event], wait: int) -> None:
    happened = told(script)
    subject = Subject(named("member"), JOINED, None, ())
    decision = fold(rules, subject, happened)
    later = decision.on + timedelta(days=wait)
    standing = decision.standing
    if standing.fall is not None and later > standing.fall.on:
        later = standing.fall.on

    rank = Oracle(rules, known_after(happened)).stands(later)[0]

    assert standing.effective_on(later)[1] == rank


@settings(max_examples=300, deadline=None)
@given(ladders(), events)
def test_folding_a_history_equals_deciding_it_event_by_event(
    rules: Ladder, script: list[Event]
) -> None:
    happened = told(script)
    subject = Subject(named("member"), JOINED, None, ())

    decisions = incrementally(rules, happened)
    folded, before, _ = walk(rules, subject, happened)

    assert folded.standing == decisions[-1].standing
    assert list(folded.changes) == [each for one in decisions for each in one.changes]
    stored = {each.shipment: each for one in decisions for each in one.written}
    assert {each.shipment: each for each in folded.written} == stored
    assert len(before) == len(happened)


@settings(max_examples=200, deadline=None)
@given(ladders(), events)
def test_repeating_every_event_changes_nothing(rules: Ladder, script: list[Event]) -> None:
    happened = told(script)
    subject = Subject(named("member"), JOINED, None, ())
    twice = [event for event in happened for _ in range(2)]

    assert fold(rules, subject, twice).standing == fold(rules, subject, happened).standing
    assert fold(rules, subject, twice).changes == fold(rules, subject, happened).changes
