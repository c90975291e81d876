"""The policy as a form: its document as single fields, and back, every mistake at its field."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from admin.expiry_form import (
    ACTIVITIES,
    KINDS,
    expiry_field,
    expiry_from,
    expiry_told,
    expiry_values,
)
from admin.expiry_form import LABELS as EXPIRY_LABELS
from admin.forms import Sent
from admin.language import Voice
from admin.words import N_
from loyalty.money import minor_units, written
from loyalty.policy import Policy, document_of, modern

LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "unit_en": N_("Name of the unit in English"),
        "unit_zh": N_("Name of the unit in Chinese"),
        "currency": N_("Currency"),
        "time_zone": N_("Time zone"),
        "language": N_("Language of the programme"),
        "value_points": N_("Points"),
        "value_money": N_("take off"),
        "pending_days": N_("Days until points can be spent"),
        "shortfall": N_("When a return takes back more than the wallet holds"),
        "hold_minutes": N_("Minutes an order is held before payment"),
        "minimum_age": N_("Least age to join"),
        "spend_minimum": N_("Fewest points an order may take"),
        "spend_step": N_("Points are taken in steps of"),
        "spend_share_percent": N_("Most of an order that points may pay, in percent"),
        "spend_on_shipping": N_("Points may pay for shipping"),
        "limit_admin": N_("Points administration may give or take in a day"),
        "limit_finance": N_("Points finance may give or take in a day"),
        "adjustment_reasons": N_("Reasons for giving or taking points, separated by commas"),
        "birthday_voucher": N_("Voucher issued on birthdays"),
        "rule_reviewers": N_("Before a change of rules is published"),
        "starts_at": N_("In force from"),
        **EXPIRY_LABELS,
    }
)

CHOICES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "shortfall": {
            "pending-only": N_("Take pending points only, forgive the rest"),
            "down-to-zero": N_("Take down to zero, forgive the rest"),
            "debt": N_("Keep the rest as a debt of the member"),
            "deducted": N_("Deduct the rest from the refund"),
        },
        "spend_on_shipping": {"no": N_("No"), "yes": N_("Yes")},
        "rule_reviewers": {
            "0": N_("Nobody else has to approve it"),
            "1": N_("Somebody else approves it"),
        },
    }
)

MOST_DIGITS: Final = 13

_WHOLE: Final = (
    "pending_days",
    "hold_minutes",
    "minimum_age",
    "spend_minimum",
    "spend_step",
    "spend_share_percent",
    "rule_reviewers",
)
_PLAIN: Final = ("currency", "time_zone", "language", "shortfall")
_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "unit/en": "unit_en",
        "unit/zh": "unit_zh",
        "unit": "unit_en",
        "point_value/minor": "value_money",
        "point_value/points": "value_points",
        "point_value": "value_points",
        "adjustment_limits/admin": "limit_admin",
        "adjustment_limits/finance": "limit_finance",
    }
)


def values_of(document: Mapping[str, Any], currency: str) -> dict[str, str]:
    """The fields of the form, filled from a policy's document; an empty document has none."""
    if not document:
        return {}
    return {
        **_plain_values(document, currency),
        **expiry_values(document),
        "activities": ",".join(document["expiry"]["activities"]),
        "starts_on": "",
    }


def told_of(voice: Voice, stored: Mapping[str, Any], currency: str) -> dict[str, str]:
    """What a stored document says, in words by label, whatever form it was published in."""
    document: Mapping[str, Any] = modern(stored)
    if not document:
        return {}
    plain = _plain_values(document, currency)
    told = {name: shown(voice, name, value) for name, value in plain.items()}
    return told | expiry_told(voice, document)


def _plain_values(document: Mapping[str, Any], currency: str) -> dict[str, str]:
    limits, value = document["adjustment_limits"], document["point_value"]
    return {
        "unit_en": document["unit"].get("en", ""),
        "unit_zh": document["unit"].get("zh", ""),
        "value_points": str(value["points"]),
        "value_money": written(value["minor"], currency),
        **{name: str(document[name]) for name in (*_PLAIN, *_WHOLE)},
        "spend_on_shipping": "yes" if document["spend_on_shipping"] else "no",
        "limit_admin": str(limits.get("admin", 0)),
        "limit_finance": str(limits.get("finance", 0)),
        "adjustment_reasons": ", ".join(document["adjustment_reasons"]),
        "birthday_voucher": document["birthday_voucher"] or "",
    }


def document_from(
    form: Sent, current: Policy, voice: Voice
) -> tuple[dict[str, object], dict[str, str]]:
    """The document that the form describes, and what cannot be read, by field.

    What the form does not show (other languages' names, other roles' limits) stays as it is.
    """
    wrong: dict[str, str] = {}

    def whole(name: str) -> int:
        text = form.get(name).replace(",", "").replace(" ", "")
        if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS:
            return int(text)
        wrong[name] = voice.say("Please give a whole number.")
        return 0

    minor = 0
    try:
        minor = minor_units(form.get("value_money"), form.get("currency") or current.currency)
    except ValueError:
        wrong["value_money"] = voice.say("Please give an amount such as 1.00.")
    names = {"en": form.get("unit_en"), "zh": form.get("unit_zh")}
    kept: dict[str, Any] = document_of(current)
    limits = dict(current.adjustment_limits)
    document: dict[str, object] = {
        **kept,
        "unit": {**current.unit, **{name: text for name, text in names.items() if text}},
        "point_value": {"minor": minor, "points": whole("value_points")},
        **{name: form.get(name) for name in _PLAIN},
        **{name: whole(name) for name in _WHOLE},
        **expiry_from(form, kept, whole, voice, wrong),
        "spend_on_shipping": form.get("spend_on_shipping") == "yes",
        "adjustment_limits": {
            **limits,
            "admin": whole("limit_admin"),
            "finance": whole("limit_finance"),
        },
        "adjustment_reasons": [
            part for text in form.get("adjustment_reasons").split(",") if (part := text.strip())
        ],
        "birthday_voucher": form.get("birthday_voucher") or None,
    }
    return document, wrong


def field_of(pointer: str, values: Mapping[str, str]) -> str:
    """The field of the form, filled with these values, that a pointer into the document means."""
    path = pointer.removeprefix("/")
    if path.split("/")[0] in ("expiry", "assets"):
        return expiry_field(path.split("/"), values)
    return _FIELDS.get(path) or _FIELDS.get(path.split("/")[0]) or path.split("/")[0]


def choices(voice: Voice) -> dict[str, list[tuple[str, str]]]:
    """The options of each choice, in words."""
    yes_or_no = CHOICES["spend_on_shipping"]
    every = {**CHOICES, "kind": KINDS, "by_time": yes_or_no, "notice": yes_or_no}
    return {
        name: [(code, voice.say(words)) for code, words in options.items()]
        for name, options in every.items()
    }


def activities(voice: Voice, values: Mapping[str, str]) -> list[tuple[str, str, bool]]:
    """What may count as activity: code, words, and whether it is chosen."""
    chosen = values.get("activities", "").split(",")
    return [(code, voice.say(words), code in chosen) for code, words in ACTIVITIES.items()]


def shown(voice: Voice, name: str, value: str) -> str:
    """One field's value in words."""
    if name in CHOICES and value in CHOICES[name]:
        return voice.say(CHOICES[name][value])
    if not value:
        return voice.say("none")
    return voice.number(int(value)) if value.isdecimal() and name != "value_money" else value
