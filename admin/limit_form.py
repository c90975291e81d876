"""Limits as rows of a form, and back; a row without a figure says nothing.

Which words a row may choose from is the language's to say; money is written in the currency's own
amounts.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import benefits
from admin.forms import Sent
from admin.language import Voice
from admin.rule_texts import Unreadable, read_text
from admin.rule_values import row_fields
from admin.rule_words import choice, label
from admin.words import N_
from benefits import FieldKind
from loyalty.money import written

FEWEST: Final = 2
MOST: Final = 10
_FIELDS: Final = next(one.fields for one in benefits.GRAMMAR.rule if one.name == "limits")
_CHOICES: Final = {one.name: one.choices for one in _FIELDS if one.choices}
_FIRST: Final = {"count": "uses", "for": "member", "every": "", "short": "partial"}
_UNREADABLE: Final = {
    FieldKind.MONEY: N_("Please give an amount such as 1.00."),
    FieldKind.NUMBER: N_("Please give a whole number."),
}
_MOST: Final = tuple(one for one in _FIELDS if one.name == "most")
Limits = list[dict[str, object]]


def limit_rows(values: Mapping[str, str]) -> range:
    """The rows that a form shows: those that say something, and one more."""
    said = [place for place in range(MOST) if values.get(f"limit{place}_most")]
    return range(min(MOST, max(FEWEST, max(said, default=-1) + 2)))


def limit_values(documents: Sequence[Mapping[str, object]], voice: Voice) -> dict[str, str]:
    """The rows of a form that say these limits; what is not said stands as it counts."""
    values = {
        f"limit{place}_{name}": word for place in range(MOST) for name, word in _FIRST.items()
    }
    for place, one in enumerate(documents[:MOST]):
        said = {name: str(word) for name, word in one.items()}
        if one.get("count") == "money":
            said["most"] = written(int(said["most"]), voice.currency)
        values |= {f"limit{place}_{name}": word for name, word in said.items()}
    return values


def limits_from(form: Sent, voice: Voice) -> tuple[Limits, list[int], dict[str, str]]:
    """The limits that the rows say, the row of each, and what cannot be read, by field."""
    limits: Limits = []
    rows: list[int] = []
    wrong: dict[str, str] = {}
    for place in range(MOST):
        row = {one.name: form.get(f"limit{place}_{one.name}") for one in _FIELDS}
        if not row["most"]:
            continue
        said: dict[str, object] = {name: word for name, word in row.items() if word}
        if row["for"] == "order":
            said.pop("every", None)
        kind = row_fields(_MOST, row["count"])[0].kind
        try:
            said["most"] = read_text(kind, row["most"].replace(",", ""), voice)
        except Unreadable:
            wrong[f"limit{place}_most"] = voice.say(_UNREADABLE[kind])
            continue
        limits.append(said)
        rows.append(place)
    return limits, rows, wrong


def limit_field(pointer: str, rows: Sequence[int]) -> str:
    """The field that a pointer means, such as `0/count`, in the rows that said something."""
    number, _, name = pointer.partition("/")
    place = rows[int(number)] if number.isdecimal() and int(number) < len(rows) else 0
    return f"limit{place}_{name if name in _CHOICES else 'most'}"


def limit_labels(voice: Voice) -> dict[str, str]:
    """What each field of a row is called."""
    return {one.name: label(voice, one.name) for one in _FIELDS}


def limit_mistakes(voice: Voice) -> dict[str, str]:
    """What a mistake in a row is said of."""
    return {
        f"limit{place}_{one.name}": voice.say("Limit %(number)s", number=voice.number(place + 1))
        for place in range(MOST)
        for one in _FIELDS
    }


def limit_choices(voice: Voice) -> dict[str, list[tuple[str, str]]]:
    """The options of each choice of a row, in words."""
    options = {
        name: [(code, choice(voice, name, code)) for code in codes]
        for name, codes in _CHOICES.items()
    }
    return {**options, "every": [("", choice(voice, "every", "ever")), *options["every"]]}
