"""What a form of a rule calls the fields, choices and effects of the language.

Facts and operators have their words in the language itself; what is named here is what only a
form shows. A test names every field, choice and effect of the language that lacks its words.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import benefits
from admin.language import Voice
from admin.words import MEMBER_CLASSES, N_
from benefits import RuleField

LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "rule": N_("Code"),
        "titles": N_("What people see"),
        "on": N_("Answers the event"),
        "when": N_("Who and what it is for"),
        "schedule": N_("When it is open"),
        "voucher": N_("Only with a voucher"),
        "effects": N_("What it gives"),
        "limits": N_("How much it gives at most"),
        "group": N_("Group"),
        "exclusive": N_("Stands alone"),
        "priority": N_("Priority"),
        "tell": N_("Told to those who nearly have it"),
        "holdout": N_("Share of members left out, in percent"),
        "from": N_("From"),
        "to": N_("Until"),
        "zone": N_("Time zone"),
        "weekdays": N_("On weekdays"),
        "weekday": N_("Weekday"),
        "hours": N_("Hours of the day"),
        "days": N_("Days of the month"),
        "day": N_("Day"),
        "month": N_("Month"),
        "member_days": N_("Member days"),
        "every": N_("Every"),
        "where": N_("On which lines"),
        "get_where": N_("What is had for it"),
        "step": N_("Measured"),
        "methods": N_("Shipping methods"),
        "cap": N_("At most, in money"),
        "price_list": N_("Price list"),
        "percent": N_("Percent"),
        "line_price": N_("The line's own member price"),
        "target": N_("Off what"),
        "units": N_("Units"),
        "pick": N_("Which units"),
        "amount": N_("Amount"),
        "amount_of": N_("The amount is told by"),
        "steps": N_("Steps"),
        "each": N_("For each"),
        "times": N_("At most so many times"),
        "nth": N_("Of every so many units one"),
        "buy": N_("Units bought"),
        "get": N_("Units had for them"),
        "price": N_("Price together"),
        "sku": N_("SKU"),
        "quantity": N_("How many"),
        "choose": N_("Or one of these SKUs"),
        "definition": N_("Voucher"),
        "points": N_("Points"),
        "per": N_("for every"),
        "bands": N_("Bands of what was spent"),
        "upto": N_("Up to"),
        "basis": N_("Counted on"),
        "remainder": N_("What is left over"),
        "rounding": N_("Rounding"),
        "multiplier": N_("Times the points"),
        "bonus": N_("Bonus points"),
        "kind": N_("Kind"),
        "hours-right": N_("Hours"),
        "days-right": N_("Days"),
        "class": N_("Class"),
        "issue": N_("About"),
        "event": N_("Event"),
        "count": N_("What is counted"),
        "for": N_("Counted for"),
        "most": N_("At most"),
        "short": N_("When less is left"),
    }
)
"""By the name of the field; a right's hours are no schedule's."""

HINTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "rule": N_("Lower-case letters, digits and hyphens; a code that is live gets a version"),
        "exclusive": N_("Wins only where it is better for the member than all others together"),
        "priority": N_("The highest goes first; ties go by code"),
        "tell": N_("Shown at the checkout when one condition is missing"),
        "percent": N_("Such as 10 or 12.5"),
        "multiplier": N_("Such as 2 or 1.5"),
        "zone": N_("Empty: the programme's"),
        "most": N_("Points or uses, or money as an amount such as 500.00"),
    }
)

CHOICES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "target": {
            "lines": N_("the lines"),
            "order": N_("the order"),
            "shipping": N_("shipping"),
        },
        "pick": {
            "all": N_("all of them"),
            "cheapest": N_("the cheapest"),
            "dearest": N_("the dearest"),
        },
        "amount_of": {"voucher": N_("the voucher")},
        "each": {
            "once": N_("once"),
            "unit": N_("unit"),
            "order": N_("order"),
        },
        "every": {
            "day": N_("day"),
            "week": N_("week"),
            "month": N_("month"),
            "year": N_("year"),
            "ever": N_("in all"),
        },
        "basis": {
            "paid": N_("what is paid"),
            "paid-with-tax": N_("what is paid, tax included"),
            "before-points": N_("what is due before points"),
            "regular": N_("regular prices"),
        },
        "remainder": {"carry": N_("is carried on"), "drop": N_("is dropped")},
        "rounding": {
            "down": N_("rounded down"),
            "nearest": N_("rounded to the nearest"),
            "up": N_("rounded up"),
        },
        "count": {
            "points": N_("points"),
            "uses": N_("uses"),
            "money": N_("money"),
        },
        "for": {
            "order": N_("each order"),
            "member": N_("each member"),
            "all": N_("all together"),
        },
        "short": {"partial": N_("give what is left"), "none": N_("give nothing")},
        "step": {
            "regular": N_("at regular prices"),
            "prices": N_("after exclusive prices"),
            "lines": N_("after line discounts"),
            "orders": N_("after order discounts"),
            "vouchers": N_("after vouchers"),
            "points": N_("after points"),
        },
        "within": {
            "day": N_("on the day"),
            "week": N_("within a week"),
            "month": N_("within the month"),
        },
        "weekday": {
            "mon": N_("Monday"),
            "tue": N_("Tuesday"),
            "wed": N_("Wednesday"),
            "thu": N_("Thursday"),
            "fri": N_("Friday"),
            "sat": N_("Saturday"),
            "sun": N_("Sunday"),
        },
        "class": {
            "standard": N_("standard"),
            "priority": N_("priority"),
            "express": N_("express"),
            "next-day": N_("next-day"),
            "same-day": N_("same-day"),
        },
    }
)
"""By the name of the field, then of the choice."""

SAME_CHOICES: Final[Mapping[str, str]] = MappingProxyType({"weekdays": "weekday"})

EFFECTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "free-shipping": N_("Free shipping"),
        "exclusive-price": N_("A price for members"),
        "percent-off": N_("Percent off"),
        "amount-off": N_("An amount off"),
        "bundle": N_("So many units for one price"),
        "nth-unit": N_("The second unit cheaper"),
        "buy-get": N_("Buy some, get some"),
        "gift": N_("A gift"),
        "voucher": N_("A voucher for a later order"),
        "earn": N_("Points"),
        "service-response": N_("Right: answers within hours"),
        "delivery-class": N_("Right: a class of delivery"),
        "event-access": N_("Right: a place at an event"),
        "free-returns": N_("Right: free returns"),
        "early-access": N_("Right: early access"),
        "tailored-service": N_("Right: tailored service"),
    }
)
"""By the name of the effect, or of the right that an entitlement gives."""

MODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "all": N_("all of these hold"),
        "any": N_("at least one of these holds"),
        "none": N_("none of these holds"),
    }
)

ROWS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "limits": N_("Limit %(number)s"),
        "steps": N_("Step %(number)s"),
        "bands": N_("Band %(number)s"),
        "member_days": N_("Member day %(number)s"),
    }
)
"""What the rows of a list are called."""

_RIGHTS: Final = frozenset(("hours", "days"))


def label(voice: Voice, name: str, *, right: bool = False) -> str:
    """What a field is called."""
    words = LABELS.get(f"{name}-right" if right and name in _RIGHTS else name)
    return name if words is None else voice.say(words)


def row_label(voice: Voice, name: str, place: int) -> str:
    """What a row of a list is called."""
    number, words = voice.number(place), ROWS.get(name)
    return f"{label(voice, name)} {number}" if words is None else voice.say(words, number=number)


def unsaid(voice: Voice, one: RuleField) -> str:
    """What a choice means that is left open."""
    if one.name == "every" and not one.required:
        return choice(voice, "every", "ever")
    return voice.say("–")


def hint(voice: Voice, name: str) -> str | None:
    """What helps to fill a field in."""
    words = HINTS.get(name)
    return None if words is None else voice.say(words)


def choice(voice: Voice, field: str, code: str) -> str:
    """What a choice of a field is called."""
    known = CHOICES.get(SAME_CHOICES.get(field, field), {}).get(code)
    if known is not None:
        return voice.say(known)
    member_class = MEMBER_CLASSES.get(code)
    if member_class is not None:
        return voice.say(member_class[0])
    words = EFFECTS.get(code)
    return code if words is None else voice.say(words)


def effect(voice: Voice, name: str) -> str:
    """What an effect, or the right that it gives, is called."""
    words = EFFECTS.get(name)
    return name if words is None else voice.say(words)


def fact(voice: Voice, name: str) -> str:
    """What a fact is called, as a sentence begins."""
    words = benefits.fact_word(name, voice.name)
    return f"{words[:1].upper()}{words[1:]}"


def mode(voice: Voice, name: str) -> str:
    """How the parts of a group are joined."""
    return voice.say(MODES[name])
