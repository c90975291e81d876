"""A plan as a form, and back, every mistake at its field."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from admin.forms import Sent
from admin.language import Voice
from admin.plan_words import CHOICES
from admin.rule_texts import Unreadable, read_text
from admin.words import N_
from benefits import FieldKind
from loyalty.plans.tables import CODE
from loyalty.plans.types import NewPlan, NewPrice

PRICES: Final = range(3)
LANGUAGES: Final = ("en", "zh")
LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "code": N_("Code"),
        "title_en": N_("Name in English"),
        "title_zh": N_("Name in Chinese"),
        "adapter": N_("Who charges"),
        "tier_floor": N_("Stands on at least"),
        "bonus_points": N_("Bonus points"),
        "trial_days": N_("Days of the trial"),
        "trial_needs_card": N_("The trial is"),
        "grace_days": N_("Days of grace"),
        "margin_hours": N_("Hours of waiting"),
        "refund_policy": N_("Given back to who leaves at once"),
        "withdrawal_days": N_("Days to withdraw"),
    }
)
PRICE_LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "code": N_("Code of the price"),
        "amount": N_("Price"),
        "every": N_("Every"),
        "tax": N_("Tax"),
    }
)
FIRST: Final[Mapping[str, str]] = MappingProxyType(
    {
        "adapter": "external",
        "trial_days": "0",
        "trial_needs_card": "no",
        "bonus_points": "0",
        "grace_days": "3",
        "margin_hours": "2",
        "refund_policy": "full-if-unused",
        "withdrawal_days": "14",
        "price0_code": "month",
        "price0_every": "month",
        "price1_every": "year",
        "price2_every": "month",
    }
)
NO_CODE: Final = N_("Please give up to 40 lower-case letters, digits and hyphens, a letter first.")
_FIGURES: Final = ("trial_days", "bonus_points", "grace_days", "margin_hours", "withdrawal_days")


def plan_from(form: Sent, voice: Voice) -> tuple[NewPlan | None, dict[str, str]]:
    """The plan that the form says, or what is wrong with it, by field."""
    wrong: dict[str, str] = {}
    said: dict[str, Any] = {}
    for name in _FIGURES:
        said[name] = _number(form, name, FieldKind.NUMBER, voice, wrong)
    if re.fullmatch(CODE, form.get("code")) is None:
        wrong["code"] = voice.say(NO_CODE)
    for name in ("adapter", "refund_policy", "trial_needs_card"):
        if form.get(name) not in CHOICES[name]:
            wrong[name] = voice.say("Please choose one.")
        said[name] = form.get(name)
    said["trial_needs_card"] = form.get("trial_needs_card") == "yes"
    prices = _prices(form, voice, wrong)
    if not prices:
        wrong["price0_amount"] = voice.say("A plan has one price at least.")
    titles = {one: form.get(f"title_{one}") for one in LANGUAGES if form.get(f"title_{one}")}
    if wrong:
        return None, wrong
    floor = form.get("tier_floor") or None
    return NewPlan(form.get("code"), titles, tuple(prices), tier_floor=floor, **said), {}


def labels_of(voice: Voice) -> dict[str, str]:
    """What each field is called."""
    labels = {name: voice.say(words) for name, words in LABELS.items()}
    for place in PRICES:
        price = voice.say("Price %(number)s", number=voice.number(place + 1))
        labels |= {f"price{place}_{name}": price for name in PRICE_LABELS}
    return labels


def price_labels(voice: Voice) -> dict[str, str]:
    """What each field of a price is called."""
    return {name: voice.say(words) for name, words in PRICE_LABELS.items()}


def choices(voice: Voice) -> dict[str, list[tuple[str, str]]]:
    """The options of each choice, in words."""
    return {
        name: [(code, voice.say(words)) for code, words in options.items()]
        for name, options in CHOICES.items()
    }


def field_of(form: Sent, pointer: str) -> str:
    """The field that a pointer into a plan means."""
    name, _, rest = pointer.removeprefix("/").partition("/")
    if name == "titles":
        return "title_en"
    if name == "prices":
        number, _, part = rest.partition("/")
        rows = _rows(form)
        place = rows[int(number)] if number.isdecimal() and int(number) < len(rows) else 0
        return f"price{place}_{part if part in PRICE_LABELS else 'amount'}"
    return name if name in LABELS else ""


def _rows(form: Sent) -> list[int]:
    """The prices that were filled in, were it in part."""
    return [
        place
        for place in PRICES
        if form.get(f"price{place}_amount") or form.get(f"price{place}_code")
    ]


def _prices(form: Sent, voice: Voice, wrong: dict[str, str]) -> list[NewPrice]:
    found = []
    for place in _rows(form):
        row = {name: form.get(f"price{place}_{name}") for name in PRICE_LABELS}
        if not row["amount"]:
            wrong[f"price{place}_amount"] = voice.say("Please say what it costs.")
        if re.fullmatch(CODE, row["code"]) is None:
            wrong[f"price{place}_code"] = voice.say(NO_CODE)
        for name in ("every", "tax"):
            if row[name] not in CHOICES[name]:
                wrong[f"price{place}_{name}"] = voice.say("Please choose one.")
        amount = 0
        if row["amount"]:
            amount = _number(form, f"price{place}_amount", FieldKind.MONEY, voice, wrong)
        kind: Any = row["every"]
        tax: Any = row["tax"]
        found.append(NewPrice(row["code"], kind, amount, tax))
    return found


def _number(form: Sent, name: str, kind: FieldKind, voice: Voice, wrong: dict[str, str]) -> int:
    text = form.get(name).replace(",", "") or "0"
    try:
        return int(str(read_text(kind, text, voice)))
    except Unreadable:
        wrong[name] = (
            voice.say("Please give an amount such as 1.00.")
            if kind is FieldKind.MONEY
            else voice.say("Please give a whole number.")
        )
        return 0
