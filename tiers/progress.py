"""What is missing for the next tier and for keeping this one, until when, and why until then.

Only codes and figures leave this module; sentences are rendered where they are read. The one idea:
a date is worth telling when something stops counting the day after.
"""

from datetime import date, timedelta

from tiers.replay import Place, Replay
from tiers.scale import (
    ASSET,
    Figures,
    Ladder,
    Metric,
    Threshold,
    Window,
    WindowKind,
)
from tiers.story import Story
from tiers.tally import Tally
from tiers.types import (
    Because,
    Missing,
    Progress,
    Subject,
)

_DAY = timedelta(days=1)
_ENDLESS = frozenset({WindowKind.LIFETIME})
_SLIDING = frozenset({WindowKind.ROLLING_DAYS, WindowKind.ROLLING_MONTHS})


def progress_of(ladder: Ladder, subject: Subject, *, on: date) -> Progress:
    """Where the member is on the way on a day; what is due by then is taken as decided."""
    story = Story(ladder, subject)
    story.tell((), on=on)
    on = story.decision(on).on
    tally = Tally(subject.activities, ladder)
    window = story.replay.window(on)
    code, rank = story.in_force(on)
    return Progress(
        tier=code,
        figures=tally.figures(window, on),
        window=window,
        valid_until=story.place.valid_until,
        next=_next(story.replay, tally, rank, window, on),
        keep=_keep(story.replay, tally, story.place, on),
    )


def _next(replay: Replay, tally: Tally, rank: int, window: Window, on: date) -> Missing | None:
    ladder = replay.ladder
    if rank + 1 >= len(ladder.tiers):
        return None
    tier = ladder.tiers[rank + 1]
    by: date | None = None
    because: Because | None = None
    leaving: Figures | None = None
    if ladder.window.kind in _SLIDING:
        oldest = tally.oldest_counted(window, on)
        if oldest is not None:
            by = replay.last_day_of(oldest[0])
            because, leaving = Because.OLDEST_ORDER_LEAVES, oldest[1]
    elif ladder.window.kind not in _ENDLESS:
        by, because = window.end - _DAY, Because.WINDOW_ENDS
    figures = tally.figures(window, on)
    return _missing(tier.code, tier.reach, figures, by=by, because=because, leaving=leaving)


def _keep(replay: Replay, tally: Tally, place: Place, on: date) -> Missing | None:
    window, due = replay.judged_window(place, on), replay.due_on(place)
    if window is None or due is None:
        return None
    tier = replay.ladder.tiers[place.rank]
    because = Because.VALIDITY_ENDS if place.grace_from is None else Because.GRACE_ENDS
    figures = tally.figures(window, on)
    return _missing(tier.code, tier.keep, figures, by=due - _DAY, because=because, leaving=None)


def _missing(
    tier: str,
    threshold: Threshold,
    figures: Figures,
    *,
    by: date | None,
    because: Because | None,
    leaving: Figures | None,
) -> Missing:
    short = {metric: max(0, wanted - figures.of(metric)) for metric, wanted in threshold.minimums}
    return Missing(
        tier=tier,
        join=threshold.join,
        purchases=short.get(Metric.PURCHASES, 0),
        orders=short.get(Metric.ORDERS, 0),
        active_days=short.get(Metric.ACTIVE_DAYS, 0),
        assets=tuple(
            (metric.removeprefix(ASSET), amount)
            for metric, amount in short.items()
            if metric.startswith(ASSET)
        ),
        wanted=threshold.minimums,
        met=threshold.met_by(figures),
        by=by,
        because=because,
        leaving=leaving,
    )
