"""Limits in words, with how far those are that all members share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import benefits
from admin.charts import share
from admin.language import Voice
from admin.rule_words import choice
from admin.words import N_
from loyalty.rule_costs import Totals

NONE_LEFT = N_("Nothing is left of it.")


@dataclass(frozen=True, slots=True)
class LimitView:
    """One limit; `used` is told of those that all members share."""

    words: str
    short: str
    used: str | None = None
    left: str | None = None
    length: int = 0
    """What is used of it, of a thousand."""


def limit_views(
    voice: Voice, scope: str, documents: Sequence[Mapping[str, object]], totals: Totals
) -> tuple[LimitView, ...]:
    """The limits of a rule, of a group or of vouchers."""
    limits = benefits.read_limits(list(documents), "") if documents else ()
    return tuple(_view(voice, scope, one, totals) for one in limits)


def _view(voice: Voice, scope: str, limit: benefits.Limit, totals: Totals) -> LimitView:
    words = benefits.limit_sentence(limit, language=voice.name, money=voice.money)
    short = choice(voice, "short", "partial" if limit.partial else "none")
    if limit.whose != "all":
        return LimitView(words, short)
    used = totals.get((scope, limit.count, limit.every), 0)
    said = voice.money if limit.count == "money" else voice.number
    left = max(0, limit.most - used)
    return LimitView(
        words,
        short,
        voice.say("%(used)s of %(most)s used", used=said(used), most=said(limit.most)),
        voice.say("%(left)s left", left=said(left)) if left else voice.say(NONE_LEFT),
        share(used, limit.most),
    )
