"""What is wrong with a report of whoever bills, row by row, in the visitor's language.

The reader of the file says each fault in an English sentence, as it stands in a file of rejects;
here each sentence is known by its form, and one that is not is shown as it is.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from admin.language import Voice
from admin.refusals import sentence
from admin.words import N_
from loyalty.history.columns import ColumnsUnusable
from loyalty.history.errors import ReportRejected

_FAULTS: Final[Sequence[tuple[re.Pattern[str], str]]] = tuple(
    (re.compile(form, re.DOTALL), words)
    for form, words in (
        (
            r"expected (?P<wanted>\d+) fields, found (?P<seen>\d+)",
            N_("%(seen)s fields instead of %(wanted)s."),
        ),
        (r"longer than (?P<most>\d+) characters", N_("Longer than %(most)s characters.")),
        (r"has characters that are not text in UTF-8", N_("Has characters that are no text.")),
        (r"expected .*, found nothing", N_("Nothing stands here.")),
        (r"expected an ISO 8601 time .*, found (?P<seen>.*)", N_("%(seen)s is no time.")),
        (r"expected an id, found (?P<seen>.*)", N_("%(seen)s is no id.")),
        (r"expected a code, found (?P<seen>.*)", N_("%(seen)s is no code.")),
        (r"expected an ISO 4217 code .*, found (?P<seen>.*)", N_("%(seen)s is no currency.")),
        (
            r"expected an amount in (?P<currency>\w+) .*, found (?P<seen>.*)",
            N_("%(seen)s is no amount in %(currency)s."),
        ),
        (r"expected no more than the amount", N_("More than the amount that it is part of.")),
        (
            r"expected payout or payout_reversal, found (?P<seen>.*)",
            N_("%(seen)s is neither payout nor payout_reversal."),
        ),
        (
            r"this id is known with other figures",
            N_("This id was reported before, with other figures."),
        ),
        (r"is not CSV: .*", N_("This line is no CSV: a quotation mark may be missing.")),
    )
)
_COLUMNS: Final[Sequence[tuple[re.Pattern[str], str]]] = tuple(
    (re.compile(form), words)
    for form, words in (
        (r"appears twice", N_("A column stands there twice: %(columns)s.")),
        (r"is not a column .*", N_("Such a report has no column %(columns)s.")),
        (r"is missing.*", N_("A column is missing: %(columns)s.")),
    )
)


def fault_words(voice: Voice, fault: str) -> str:
    """Say what is wrong with a field or a row."""
    return _said(voice, _FAULTS, fault, {})


def refused_words(voice: Voice, error: Exception) -> str:
    """Say why a report was not taken in."""
    if isinstance(error, ColumnsUnusable):
        return _said(voice, _COLUMNS, error.problem, {"columns": error.columns})
    return sentence(voice, error)


def places_of(voice: Voice, error: Exception) -> list[tuple[str, str, str]]:
    """Name the line, the column and what is wrong there, of each fault."""
    told = []
    for pointer, reason in error.faults if isinstance(error, ReportRejected) else ():
        row, _, column = pointer.removeprefix("/report/").partition("/")
        told.append((voice.number(int(row)), column, fault_words(voice, reason)))
    return told


def _said(
    voice: Voice,
    forms: Sequence[tuple[re.Pattern[str], str]],
    sentence: str,
    facts: Mapping[str, str],
) -> str:
    for form, words in forms:
        if found := form.fullmatch(sentence):
            return voice.say(words, **facts, **found.groupdict())
    return sentence
