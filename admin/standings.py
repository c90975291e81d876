"""Tiers in people's words: a tier's mark, why a standing moved, what is missing for the next.

The engine gives codes, figures and dates; these are the sentences, whole in each language.
"""

from dataclasses import dataclass
from typing import Final

from admin.language import Voice
from admin.words import N_, named
from tiers import Because, Change, Ladder, Metric, Missing, Movement, Threshold, WindowKind

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
            "purchases of %(seen)s (%(wanted)s wanted)",
            seen=voice.money(one.seen),
            wanted=voice.money(one.wanted),
        )
        if one.metric is Metric.PURCHASES
        else voice.count(
            "%(number)s order (%(wanted)s wanted)",
            "%(number)s orders (%(wanted)s wanted)",
            one.seen,
            wanted=voice.number(one.wanted),
        )
        for one in change.seen
    )
    return voice.say(
        "%(figures)s from %(start)s until %(end)s",
        figures=figures,
        start=voice.day(change.window.start),
        end=voice.day(change.window.end),
    )


def missing_words(voice: Voice, missing: Missing) -> str:
    """What is missing, without the tier: “$320.00 more and 2 more orders”."""
    money = voice.say("%(money)s more", money=voice.money(missing.purchases))
    orders = voice.count("%(number)s more order", "%(number)s more orders", missing.orders)
    wanted = {metric for metric, _ in missing.wanted}
    parts = [
        words
        for metric, words, amount in (
            (Metric.PURCHASES, money, missing.purchases),
            (Metric.ORDERS, orders, missing.orders),
        )
        if metric in wanted and amount > 0
    ]
    join = voice.say(" and ") if missing.join == "all" else voice.say(" or ")
    return join.join(parts)


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
    parts = [
        voice.say("purchases of %(money)s", money=voice.money(wanted))
        if metric is Metric.PURCHASES
        else voice.count("%(number)s order", "%(number)s orders", wanted)
        for metric, wanted in threshold.minimums
    ]
    if not parts:
        return voice.say("for everybody who joins")
    return (voice.say(" and ") if threshold.join == "all" else voice.say(" or ")).join(parts)


def window_words(voice: Voice, ladder: Ladder) -> list[str]:
    """How the ladder counts, keeps and lets go, one sentence each."""
    sentences = [voice.say(_WINDOWS[ladder.window.kind], number=voice.number(ladder.window.length))]
    validity = ladder.validity
    match validity.unit:
        case "months":
            words = voice.say(
                "A tier reached is kept for %(number)s months, then judged.",
                number=voice.number(validity.length),
            )
        case "days":
            words = voice.say(
                "A tier reached is kept for %(number)s days, then judged.",
                number=voice.number(validity.length),
            )
        case "periods":
            words = voice.say("A tier reached is kept to the end of the period, then judged.")
        case _:
            words = voice.say("A tier reached is kept for ever.")
    sentences.append(words)
    if validity.unit != "forever":
        one_step = ladder.downgrade == "one-step"
        sentences.append(
            voice.say("Who no longer has enough goes one step down.")
            if one_step
            else voice.say("Who no longer has enough goes to what was earned.")
        )
    if ladder.minimum_order > 1:
        sentences.append(
            voice.say("An order counts from %(money)s.", money=voice.money(ladder.minimum_order))
        )
    return sentences
