"""A stored decision in plain words: what each rule gave on each line, and why others did not.

The document holds codes and parameters; an order that the shop priced has a short one that names
the rules it earned by. A document of a shape not known here says nothing rather than something
wrong: the figures themselves stand in the order's rows.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import benefits
from admin.visit import Visit


@dataclass(frozen=True, slots=True)
class Said:
    """A decision in sentences: per line what was given, and what did not apply."""

    lines: Mapping[str, tuple[str, ...]]
    shipping: tuple[str, ...]
    not_applied: tuple[tuple[str, str, str | None], ...]
    rule_set: int | None
    earned_by: tuple[str, ...]


Value = int | str | bool | tuple[str, ...] | None
Stored = int | str | bool | list[str] | None

Names = Mapping[str, str]

NOTHING = Said({}, (), (), None, ())


def said(visit: Visit, text: str, currency: str, names: Names) -> Said:
    """Read a stored decision; `names` are what people call the tiers."""
    try:
        document = json.loads(text) if text else {}
    except ValueError:
        return NOTHING
    if "earned_by" in document:
        earned = tuple(_rule(visit, one) for one in document["earned_by"])
        return Said({}, (), (), None, earned)
    answer = document.get("answer")
    if not isinstance(answer, Mapping):
        return NOTHING
    return Said(
        {str(line["line_id"]): _line(visit, line, currency) for line in answer["lines"]},
        _discounts(visit, answer["shipping"]["discounts"], currency),
        tuple(_refused(visit, one, currency, names) for one in answer["not_applied"]),
        document.get("rule_set"),
        (),
    )


def _line(visit: Visit, line: Mapping[str, Any], currency: str) -> tuple[str, ...]:
    return (
        *_discounts(visit, line["discounts"], currency),
        *(_earned(visit, why, currency) for why in line["earn_why"]),
    )


def _discounts(
    visit: Visit, discounts: Sequence[Mapping[str, Any]], currency: str
) -> tuple[str, ...]:
    return tuple(
        visit.voice.say(
            "%(rule)s takes off %(money)s",
            rule=_rule(visit, one),
            money=visit.voice.money(one["amount"], currency),
        )
        for one in discounts
    )


def _earned(visit: Visit, why: Mapping[str, Any], currency: str) -> str:
    voice, rule = visit.voice, _rule(visit, why)
    if "multiplier" in why:
        whole, part = divmod(why["multiplier"], 100)
        times = f"{whole}.{part:02d}".rstrip("0").rstrip(".")
        return voice.say("%(rule)s multiplies the points by %(times)s", rule=rule, times=times)
    if "bonus" in why:
        return voice.count(
            "%(rule)s adds %(number)s point",
            "%(rule)s adds %(number)s points",
            why["bonus"],
            rule=rule,
        )
    return voice.count(
        "%(rule)s gives %(number)s point for every %(money)s",
        "%(rule)s gives %(number)s points for every %(money)s",
        why["points"],
        rule=rule,
        money=voice.money(why["per"], currency),
    )


def _refused(
    visit: Visit, document: Mapping[str, Any], currency: str, names: Names
) -> tuple[str, str, str | None]:
    unlock = document.get("unlock")
    reason = benefits.NotApplied(
        code=document["code"],
        rule=document.get("rule"),
        version=document.get("version"),
        fact=document.get("fact"),
        operator=document.get("operator"),
        seen=_tuple(document.get("seen")),
        wanted=_tuple(document.get("wanted")),
        unlock=None
        if unlock is None
        else benefits.Unlock(
            unlock["code"], {name: value for name, value in unlock.items() if name != "code"}
        ),
        other=document.get("other"),
        voucher_code=document.get("voucher_code"),
    )
    language = visit.voice.name

    def money(minor: int) -> str:
        return visit.voice.money(minor, currency)

    unlocked = None
    if reason.unlock is not None:
        unlocked = benefits.unlock_sentence(
            reason.unlock, language=language, money=money, names=names
        )
    said_why = benefits.reason_sentence(reason, language=language, money=money, names=names)
    return reason.rule or reason.voucher_code or "", said_why, unlocked


def _rule(visit: Visit, document: Mapping[str, Any]) -> str:
    return visit.voice.say(
        "%(rule)s (version %(version)s)", rule=document["rule"], version=document["version"]
    )


def _tuple(value: Stored) -> Value:
    return tuple(value) if isinstance(value, list) else value
