"""Tiers in people's words: a tier's mark, why a standing moved, what is missing for the next.

The engine gives codes, figures and dates; these are the sentences, whole in each language.
"""

from dataclasses import dataclass
from typing import Final

from admin.language import Voice
from admin.words import N_, named
from tiers import (
    ASSET,
    Because,
    Change,
    Ladder,
    Metric,
    Missing,
    Movement,
    Threshold,
    WindowKind,
)

STEPS: Final = 4
"""How many steps the small drawing beside a tier's name has."""


@dataclass(frozen=True, slots=True)
class TierMark:
    """A tier's name with its drawing: how many of four steps, and which colour."""

    code: str
    name: str
    steps: int
    colour: int


def mark_of(voice: Voice, ladder: Ladder, code: str) -> TierMark:
    """How a tier is shown; one that is not on the ladder any more goes by its code."""
    ranks = {tier.code: rank for rank, tier in enumerate(ladder.tiers)}
    if code not in ranks:
        return TierMark(code, code, 1, 1)
    rank, top = ranks[code], max(1, len(ladder.tiers) - 1)
    step = 1 + rank * (STEPS - 1) // top
    return TierMark(code, named(voice, ladder.tiers[rank].name, code), step, step)


def tier_names(voice: Voice, ladder: Ladder | None) -> dict[str, str]:
    """What people call each tier, keyed the way sentences about rules look names up."""
    tiers = () if ladder is None else ladder.tiers
    return {f"tier:{tier.code}": named(voice, tier.name, tier.code) for tier in tiers}


MOVEMENTS: Final = {
    Movement.JOINED: N_("Joined the programme at %(after)s"),
    Movement.REACHED: N_("Reached %(after)s"),
    Movement.KEPT: N_("Kept %(after)s for another term"),
    Movement.STEPPED_DOWN: N_("Went one step down, from %(before)s to %(after)s"),
    Movement.FELL_TO_EARNED: N_("Went from %(before)s to %(after)s, which is what was earned"),
    Movement.RETURNED: N_("Lost %(before)s, which rested on goods since returned; now %(after)s"),
    Movement.CORRECTED: N_("Corrected from %(before)s to %(after)s by a late order or return"),
    Movement.LADDER_CHANGED: N_("Moved to %(after)s when the ladder changed"),
    Movement.MERGED: N_("Moved to %(after)s when two members became one"),
    Movement.IMPORTED: N_("Was brought in at %(after)s"),
    Movement.FLOOR_SET: N_("Is held at %(after)s at least"),
    Movement.FLOOR_ENDED: N_("Is no longer held up; now %(after)s"),
    Movement.FROZEN: N_("Was pinned at %(after)s"),
    Movement.THAWED: N_("Was unpinned; now %(after)s"),
}

_HELD: Final = N_("Still held at %(after)s; what was earned is now %(earned)s")
_CONFIRMED: Final = N_("Still %(after)s after a late order or return")
_CONFIRMED_UNTIL: Final = N_(
    "Still %(after)s after a late order or return; judged again on %(day)s"
)
_SAME_MERGED: Final = N_("Still %(after)s when two members became one")
_SAME_ON_LADDER: Final = N_("Still %(after)s when the ladder changed")

_EARNED: Final = frozenset(
    {
        Movement.REACHED,
        Movement.KEPT,
        Movement.STEPPED_DOWN,
        Movement.FELL_TO_EARNED,
        Movement.RETURNED,
        Movement.CORRECTED,
    }
)
"""The movements of what was earned; under a floor or a pin they change nothing in force."""

_BECAUSE: Final = {
    Because.OLDEST_ORDER_LEAVES: N_("After that day the oldest order no longer counts."),
    Because.WINDOW_ENDS: N_("On that day the period ends."),
    Because.VALIDITY_ENDS: N_("On that day the tier is judged again."),
    Because.GRACE_ENDS: N_("On that day the grace period ends."),
}


def change_words(voice: Voice, ladder: Ladder, change: Change) -> str:
    """What moved, in one sentence."""
    return voice.say(
        _sentence(change),
        before=mark_of(voice, ladder, change.before or change.after).name,
        after=mark_of(voice, ladder, change.after).name,
        earned=mark_of(voice, ladder, change.earned).name,
        day="" if change.valid_until is None else voice.day(change.valid_until),
    )


def _sentence(change: Change) -> str:
    """Which sentence tells a change; one that left the tier in force alone says what it did."""
    if change.before != change.after:
        return MOVEMENTS[change.rule]
    if change.rule in _EARNED and change.earned != change.after:
        return _HELD
    match change.rule:
        case Movement.CORRECTED:
            ahead = change.valid_until is not None and change.valid_until > change.on
            return _CONFIRMED_UNTIL if ahead else _CONFIRMED
        case Movement.LADDER_CHANGED:
            return _SAME_ON_LADDER
        case Movement.MERGED:
            return _SAME_MERGED
        case _:
            return MOVEMENTS[change.rule]


def reason_words(voice: Voice, change: Change) -> str | None:
    """The figures and the window that decided a change, in one sentence."""
    if change.window is None or not change.seen:
        return None
    figures = voice.say(" and ").join(
        voice.say(
            "%(seen)s (%(wanted)s wanted)",
            seen=figure_words(voice, one.metric, one.seen),
            wanted=_amount(voice, one.metric, one.wanted),
        )
        for one in change.seen
    )
    return voice.say(
        "%(figures)s from %(start)s until %(end)s",
        figures=figures,
        start=voice.day(change.window.start),
        end=voice.day(change.window.end),
    )


def metric_name(voice: Voice, metric: str) -> str:
    """What a threshold counts, as the head of a column."""
    match metric:
        case Metric.PURCHASES:
            return voice.say("Purchases")
        case Metric.ORDERS:
            return voice.say("Number of orders")
        case Metric.ACTIVE_DAYS:
            return voice.say("Days with a purchase")
        case _:
            return voice.asset(metric.removeprefix(ASSET))


def metric_order(metric: str) -> tuple[int, str]:
    """Where a metric stands in a list: the built-in ones first, in their order."""
    known = [one.value for one in Metric]
    return (known.index(metric) if metric in known else len(known), metric)


def figure_words(voice: Voice, metric: str, amount: int) -> str:
    """A figure with what it counts: “purchases of $500.00”, “10 orders”, “300 growth value”."""
    match metric:
        case Metric.PURCHASES:
            return voice.say("purchases of %(money)s", money=voice.money(amount))
        case Metric.ORDERS:
            return voice.count("%(number)s order", "%(number)s orders", amount)
        case Metric.ACTIVE_DAYS:
            return voice.count(
                "%(number)s day with a purchase", "%(number)s days with a purchase", amount
            )
        case _:
            return voice.say(
                "%(amount)s %(asset)s",
                amount=voice.number(amount),
                asset=voice.asset(metric.removeprefix(ASSET)),
            )


def _amount(voice: Voice, metric: str, amount: int) -> str:
    return voice.money(amount) if metric == Metric.PURCHASES else voice.number(amount)


def missing_words(voice: Voice, missing: Missing) -> str:
    """What is missing, without the tier: “$320.00 more and 2 more orders”."""
    wanted = {metric for metric, _ in missing.wanted}
    amounts: list[tuple[str, int]] = [
        (Metric.PURCHASES, missing.purchases),
        (Metric.ORDERS, missing.orders),
        (Metric.ACTIVE_DAYS, missing.active_days),
        *((f"{ASSET}{code}", amount) for code, amount in missing.assets),
    ]
    parts = [
        _more(voice, metric, amount)
        for metric, amount in amounts
        if metric in wanted and amount > 0
    ]
    join = voice.say(" and ") if missing.join == "all" else voice.say(" or ")
    return join.join(parts)


def _more(voice: Voice, metric: str, amount: int) -> str:
    match metric:
        case Metric.PURCHASES:
            return voice.say("%(money)s more", money=voice.money(amount))
        case Metric.ORDERS:
            return voice.count("%(number)s more order", "%(number)s more orders", amount)
        case Metric.ACTIVE_DAYS:
            return voice.count(
                "%(number)s more day with a purchase",
                "%(number)s more days with a purchase",
                amount,
            )
        case _:
            return voice.say(
                "%(amount)s more %(asset)s",
                amount=voice.number(amount),
                asset=voice.asset(metric.removeprefix(ASSET)),
            )


def next_words(voice: Voice, ladder: Ladder, missing: Missing) -> str:
    """The sentence about the next tier: what, until when, and why then."""
    tier = mark_of(voice, ladder, missing.tier).name
    if missing.met:
        return voice.say("Everything for %(tier)s is there.", tier=tier)
    what = missing_words(voice, missing)
    if missing.by is None:
        return voice.say("%(what)s to reach %(tier)s.", what=what, tier=tier)
    return _reasoned(
        voice,
        voice.say(
            "%(what)s by %(day)s to reach %(tier)s.",
            what=what,
            day=voice.day(missing.by),
            tier=tier,
        ),
        missing,
    )


def keep_words(voice: Voice, ladder: Ladder, missing: Missing) -> str:
    """The sentence about keeping the present tier."""
    tier = mark_of(voice, ladder, missing.tier).name
    if missing.met or missing.by is None:
        if missing.by is None:
            return voice.say("%(tier)s is kept.", tier=tier)
        return voice.say(
            "Enough is there to keep %(tier)s beyond %(day)s.", tier=tier, day=voice.day(missing.by)
        )
    return _reasoned(
        voice,
        voice.say(
            "%(what)s by %(day)s to keep %(tier)s.",
            what=missing_words(voice, missing),
            day=voice.day(missing.by),
            tier=tier,
        ),
        missing,
    )


def _reasoned(voice: Voice, words: str, missing: Missing) -> str:
    if missing.because is None:
        return words
    gap = "" if voice.name == "zh" else " "
    return words + gap + voice.say(_BECAUSE[missing.because])


_WINDOWS: Final = {
    WindowKind.ROLLING_MONTHS: N_("What was bought in the last %(number)s months counts."),
    WindowKind.ROLLING_DAYS: N_("What was bought in the last %(number)s days counts."),
    WindowKind.MONTH: N_("What was bought in the calendar month counts."),
    WindowKind.QUARTER: N_("What was bought in the quarter counts."),
    WindowKind.HALF: N_("What was bought in the half-year counts."),
    WindowKind.YEAR: N_("What was bought in the calendar year counts."),
    WindowKind.ANNIVERSARY: N_("What was bought since the last anniversary of joining counts."),
    WindowKind.LIFETIME: N_("Everything ever bought counts."),
}


def threshold_words(voice: Voice, threshold: Threshold) -> str:
    """What a tier takes: “purchases of $500.00 or 10 orders”."""
    parts = [figure_words(voice, metric, wanted) for metric, wanted in threshold.minimums]
    if not parts:
        return voice.say("for everybody who joins")
    return (voice.say(" and ") if threshold.join == "all" else voice.say(" or ")).join(parts)


def window_words(voice: Voice, ladder: Ladder) -> list[str]:
    """How the ladder counts, keeps and lets go, one sentence each."""
    sentences = [voice.say(_WINDOWS[ladder.window.kind], number=voice.number(ladder.window.length))]
    if ladder.minimum_order > 1:
        sentences.append(
            voice.say("An order counts from %(money)s.", money=voice.money(ladder.minimum_order))
        )
    if ladder.upgrade == "next-period":
        sentences.append(voice.say("Who reaches a tier stands on it from the next period."))
    return [*sentences, *_keeping_words(voice, ladder)]


def _keeping_words(voice: Voice, ladder: Ladder) -> list[str]:
    length = voice.number(ladder.validity.length)
    match ladder.validity.unit:
        case "months":
            words = voice.say(
                "A tier reached is kept for %(number)s months, then judged.", number=length
            )
        case "days":
            words = voice.say(
                "A tier reached is kept for %(number)s days, then judged.", number=length
            )
        case "periods":
            words = voice.say("A tier reached is kept to the end of the period, then judged.")
        case _:
            return [voice.say("A tier reached is kept for ever.")]
    one_step = ladder.downgrade == "one-step"
    sentences = [
        words,
        voice.say("Who no longer has enough goes one step down.")
        if one_step
        else voice.say("Who no longer has enough goes to what was earned."),
    ]
    if ladder.grace_days:
        sentences.append(
            voice.count(
                "Before that there is %(number)s day of grace.",
                "Before that there are %(number)s days of grace.",
                ladder.grace_days,
            )
        )
    if ladder.notice_days:
        sentences.append(
            voice.count(
                "Whoever would fall is told %(number)s day before.",
                "Whoever would fall is told %(number)s days before.",
                ladder.notice_days,
            )
        )
    return sentences
