"""A voucher definition as a form, and back, every mistake at its field."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import benefits
from admin.forms import Sent
from admin.language import Voice
from admin.limit_form import limit_field, limit_mistakes, limits_from
from admin.rule_texts import Unreadable, read_text
from admin.voucher_words import CHOICES
from admin.words import N_
from benefits import FieldKind

LANGUAGES: Final = ("en", "zh")
LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "name": N_("Code"),
        "title_en": N_("Name in English"),
        "title_zh": N_("Name in Chinese"),
        "binding": N_("Whose they are"),
        "uses": N_("Uses of each"),
        "uses_per_member": N_("Uses of one member"),
        "valid_for_days": N_("Days it is good"),
        "valid_from": N_("Good from"),
        "valid_until": N_("Good until"),
        "minimum_order": N_("Smallest order"),
        "birthday_window": N_("For birthdays"),
        "tax_class": N_("For tax"),
    }
)
FIRST: Final = {"uses": "1", "binding": "any", "tax_class": "discount", "birthday_window": ""}
_KINDS: Final[Mapping[str, FieldKind]] = MappingProxyType(
    {
        "uses": FieldKind.NUMBER,
        "uses_per_member": FieldKind.NUMBER,
        "valid_for_days": FieldKind.NUMBER,
        "minimum_order": FieldKind.MONEY,
        "valid_from": FieldKind.INSTANT,
        "valid_until": FieldKind.INSTANT,
    }
)
_UNREADABLE: Final[Mapping[FieldKind, str]] = MappingProxyType(
    {
        FieldKind.NUMBER: N_("Please give a whole number."),
        FieldKind.MONEY: N_("Please give an amount such as 1.00."),
        FieldKind.INSTANT: N_("Please give a day and time such as 2026-12-01 09:00."),
    }
)


def definition_from(
    form: Sent, voice: Voice
) -> tuple[benefits.VoucherDefinition | None, dict[str, str], Callable[[Exception], str]]:
    """The definition that the form says; what cannot be read; and the field of a refusal."""
    said, wrong = _values(form, voice)
    for name, known in CHOICES.items():
        if form.get(name) not in known:
            wrong[name] = voice.say("Please choose one.")
        elif form.get(name):
            said[name] = form.get(name)
    titles = {one: form.get(f"title_{one}") for one in LANGUAGES if form.get(f"title_{one}")}
    if not titles:
        wrong["title_en"] = voice.say("Please say what people call it, in one language at least.")
    limits, rows, unreadable = limits_from(form, voice)
    wrong |= unreadable

    def field(error: Exception) -> str:
        return _field_of(getattr(error, "pointer", None) or "", rows)

    if wrong:
        return None, wrong, field
    defined = benefits.VoucherDefinition(form.get("name"), titles, limits=tuple(limits), **said)
    return defined, wrong, field


def labels_of(voice: Voice) -> dict[str, str]:
    """What each field is called."""
    return {name: voice.say(words) for name, words in LABELS.items()} | limit_mistakes(voice)


def choices(voice: Voice) -> dict[str, list[tuple[str, str]]]:
    """The options of each choice, in words."""
    return {
        name: [(code, voice.say(words)) for code, words in options.items()]
        for name, options in CHOICES.items()
    }


def _values(form: Sent, voice: Voice) -> tuple[dict[str, Any], dict[str, str]]:
    """Figures, amounts and instants that were given, and what cannot be read."""
    said: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name, kind in _KINDS.items():
        if not form.get(name):
            continue
        try:
            found = read_text(kind, form.get(name).replace(",", ""), voice)
        except Unreadable:
            wrong[name] = voice.say(_UNREADABLE[kind])
            continue
        dated = kind is FieldKind.INSTANT
        said[name] = datetime.fromisoformat(str(found)) if dated else found
    return said, wrong


def _field_of(pointer: str, rows: list[int]) -> str:
    """The field that a pointer into a definition means."""
    name, _, rest = pointer.removeprefix("/").partition("/")
    if name == "limits":
        return limit_field(rest, rows)
    if name == "titles":
        return f"title_{rest if rest in LANGUAGES else LANGUAGES[0]}"
    return name if name in LABELS else ""
