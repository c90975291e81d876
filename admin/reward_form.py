"""A reward as a form: its terms as single fields, and back, every mistake at its field."""

import json
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from admin.forms import Sent
from admin.language import Voice
from admin.words import N_
from loyalty.money import minor_units, written

LIMITS: Final = range(3)
LANGUAGES: Final = ("en", "zh")
SPANS: Final = ("visible", "available")
MOST_DIGITS: Final = 13

LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "code": N_("Code"),
        "kind": N_("What it is"),
        "counted": N_("Stock"),
        "title_en": N_("Name in English"),
        "title_zh": N_("Name in Chinese"),
        "text_en": N_("Description in English"),
        "text_zh": N_("Description in Chinese"),
        "category": N_("Category"),
        "points": N_("Points"),
        "money": N_("and money"),
        "tax": N_("of that, tax"),
        "regular": N_("Price without points"),
        "sku": N_("SKU in the shop"),
        "definition": N_("Voucher"),
        "event_at": N_("When it takes place"),
        "visible_since": N_("Shown from"),
        "visible_until": N_("Shown until"),
        "available_since": N_("To be had from"),
        "available_until": N_("To be had until"),
        "when": N_("For whom"),
        "hidden": N_("Who else may see it"),
        "rank": N_("Place in the list"),
    }
)
CHOICES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "kind": {
            "goods": N_("Goods"),
            "voucher": N_("A voucher"),
            "service": N_("A service"),
            "event": N_("A place at an event"),
        },
        "counted": {"yes": N_("is counted"), "no": N_("never runs out")},
        "hidden": {
            "no": N_("everybody, with the reason why not"),
            "yes": N_("nobody: hidden from whom it is not for"),
        },
        "per": {"member": N_("for each member"), "all": N_("for all together")},
        "every": {
            "day": N_("a day"),
            "week": N_("a week"),
            "month": N_("a month"),
            "year": N_("a year"),
            "ever": N_("in all"),
        },
    }
)
_TEXTS: Final = ("category", "sku", "definition")


def values_of(document: Mapping[str, Any], currency: str, zone: ZoneInfo) -> dict[str, str]:
    """The fields of the form, filled from the terms of a reward."""
    values = {
        **{f"title_{name}": document["titles"].get(name, "") for name in LANGUAGES},
        **{f"text_{name}": (document.get("texts") or {}).get(name, "") for name in LANGUAGES},
        **{name: str(document.get(name) or "") for name in _TEXTS},
        "points": str(document["points"]),
        "rank": str(document.get("rank") or 0),
        "hidden": "yes" if document.get("hidden") else "no",
        "when": json.dumps(document["when"], ensure_ascii=False) if document.get("when") else "",
        "event_at": _local(document.get("event_at"), zone),
    }
    for name in ("money", "tax", "regular"):
        amount = document.get(name)
        values[name] = written(amount, currency) if amount else ""
    for span in SPANS:
        held = document.get(span) or {}
        values |= {f"{span}_{end}": _local(held.get(end), zone) for end in ("since", "until")}
    for place, limit in zip(LIMITS, document.get("limits") or (), strict=False):
        values |= {f"limit{place}_{name}": str(text) for name, text in limit.items()}
    return values


def document_from(
    form: Sent, base: Mapping[str, Any], voice: Voice
) -> tuple[dict[str, object], dict[str, str]]:
    """The terms that the form describes, and what cannot be read, by field."""
    wrong: dict[str, str] = {}

    def whole(name: str) -> int:
        text = form.get(name).replace(",", "")
        if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS:
            return int(text)
        wrong[name] = voice.say("Please give a whole number.")
        return 0

    def money(name: str) -> int:
        try:
            return minor_units(form.get(name).replace(",", ""), voice.currency)
        except ValueError:
            wrong[name] = voice.say("Please give an amount such as 1.00.")
            return 0

    document: dict[str, object] = {
        "titles": _names(form, "title", base.get("titles") or {}),
        "texts": _names(form, "text", base.get("texts") or {}),
        "points": whole("points"),
        "rank": whole("rank") if form.get("rank") else 0,
        "hidden": form.get("hidden") == "yes",
        **{name: form.get(name) for name in _TEXTS if form.get(name)},
        **{name: money(name) for name in ("money", "tax", "regular") if form.get(name)},
    }
    if form.get("event_at"):
        document["event_at"] = _instant(form.get("event_at"), "event_at", voice, wrong)
    for span in SPANS:
        document[span] = {
            end: _instant(form.get(f"{span}_{end}"), f"{span}_{end}", voice, wrong)
            for end in ("since", "until")
            if form.get(f"{span}_{end}")
        }
    document["limits"] = [
        {
            "per": form.get(f"limit{place}_per"),
            "every": form.get(f"limit{place}_every"),
            "quantity": whole(f"limit{place}_quantity"),
        }
        for place in LIMITS
        if form.get(f"limit{place}_quantity")
    ]
    if form.get("when"):
        try:
            document["when"] = json.loads(form.get("when"))
        except ValueError:
            wrong["when"] = voice.say('Please give a condition such as {"fact": "tier", "is": …}.')
    return document, wrong


def _names(form: Sent, kind: str, base: Mapping[str, str]) -> dict[str, str]:
    others = {name: text for name, text in base.items() if name not in LANGUAGES}
    shown = {name: form.get(f"{kind}_{name}") for name in LANGUAGES}
    return {**others, **{name: text for name, text in shown.items() if text}}


def _instant(text: str, name: str, voice: Voice, wrong: dict[str, str]) -> str:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        wrong[name] = voice.say("Please give a day and time such as 2026-12-01 09:00.")
        return ""
    return read.replace(tzinfo=read.tzinfo or voice.zone).isoformat()


def _local(text: str | None, zone: ZoneInfo) -> str:
    if not text:
        return ""
    return f"{datetime.fromisoformat(text).astimezone(zone):%Y-%m-%dT%H:%M}"


def field_of(pointer: str) -> str:
    """The field of the form that a pointer into the terms of a reward means."""
    match pointer.removeprefix("/").split("/"):
        case [("titles" | "texts") as kind, *rest]:
            language = rest[0] if rest and rest[0] in LANGUAGES else "en"
            return f"{kind.removesuffix('s')}_{language}"
        case [("visible" | "available") as span, end]:
            return f"{span}_{end}"
        case ["limits", place, *rest]:
            return f"limit{place}_{rest[0] if rest else 'quantity'}"
        case [name, *_]:
            return name if name in LABELS else ""
        case _:
            return ""


def labels_of(voice: Voice) -> dict[str, str]:
    """What each field is called."""
    labels = {name: voice.say(words) for name, words in LABELS.items()}
    for place in LIMITS:
        limit = voice.say("Limit %(number)s", number=voice.number(place + 1))
        labels |= {f"limit{place}_{name}": limit for name in ("per", "every", "quantity")}
    return labels


def choices(voice: Voice) -> dict[str, list[tuple[str, str]]]:
    """The options of each choice, in words."""
    return {
        name: [(code, voice.say(words)) for code, words in options.items()]
        for name, options in CHOICES.items()
    }
