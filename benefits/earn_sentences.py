"""Why a line earned its points, in one sentence: "36 = 12 × 3, Gold on member day". Pure.

What rates came to stands first, then what multiplied it, then what was added; behind it the rules
by their titles, or in the words of their conditions. Rendered at reading, in English or 中文.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from benefits.language.earn_printer import hundredths
from benefits.language.printer import Speaker, print_condition, print_schedule
from benefits.rule_set import CompiledRule, RuleSet
from benefits.types import EarnWhy

_HUNDRED = 100
_NO_NAMES: Mapping[str, str] = {}


class EarnedLine(NamedTuple):
    """A line's points, the money of its that earns, and each rule's part."""

    points: int
    basis: int
    why: Sequence[EarnWhy]


def earn_sentence(
    line: EarnedLine,
    rule_set: RuleSet,
    *,
    language: str = "en",
    money: Callable[[int], str] = str,
    names: Mapping[str, str] = _NO_NAMES,
) -> str:
    """Why a line earned its points, by the rule set that decided it.

    `money` spells minor units; `names` gives what people call things, as in `rule_sentence`.
    """
    speaker = Speaker(language, money, names)
    if not line.why:
        return speaker.say("0: nothing here earns points.", "0：没有可得积分的内容。")
    rules = {rule.name: rule for rule in rule_set.rules}
    worth, term = _term(line, rules)
    sign = "=" if worth == line.points else "≈"
    alone = len(line.why) == 1 and line.why[0].points is not None
    sum_ = f"{line.points}" if alone else f"{line.points} {sign} {term}"
    said = [speaker.say(": ", "：") + _rate(line.why[0], speaker)] if alone else []
    told = [*said, *(_told(why, rules, speaker) for why in line.why if not alone)]
    notes = [*_notes(line.why, speaker)]
    comma = speaker.say(", ", "，")
    parts = [part for part in dict.fromkeys([*told, *notes]) if part]
    first, *rest = parts or [""]
    head = sum_ + (first if alone else comma + first if first else "")
    return comma.join([head, *rest]) + speaker.say(".", "。")


def _term(line: EarnedLine, rules: Mapping[str, CompiledRule]) -> tuple[Fraction, str]:
    """What the parts come to exactly, and how that is written."""
    rates = [_worth(why, line) for why in line.why if why.points is not None]
    bonuses = [why.bonus for why in line.why if why.bonus is not None]
    worth, term = sum(rates, Fraction(0)), " + ".join(map(_number, rates))
    factors = _factors(line.why, rules)
    if factors and len(rates) > 1:
        term = f"({term})"
    for factor in factors:
        worth, term = worth * factor / _HUNDRED, f"{term} × {hundredths(factor)}"
    for bonus in bonuses:
        worth, term = worth + bonus, f"{term} + {bonus}" if term else str(bonus)
    return worth, term


def _worth(why: EarnWhy, line: EarnedLine) -> Fraction:
    """What a rate came to: exactly where it was not rounded by itself."""
    points = why.points or 0
    whole = why.gave if why.gave is not None else line.points
    if why.each == "unit":
        return Fraction(points * (why.of or 0))
    if why.per is None or why.each is not None or why.carried is not None or why.cut is not None:
        return Fraction(whole)
    money = line.basis if why.of is None else why.of
    return Fraction(money * points, why.per)


def _factors(whys: Sequence[EarnWhy], rules: Mapping[str, CompiledRule]) -> list[int]:
    """The factors in hundredths; those of a group that adds are one."""
    factors: list[int] = []
    adding: dict[str, int] = {}
    for why in whys:
        if why.multiplier is None:
            continue
        rule = rules.get(why.rule)
        group = None if rule is None or rule.mode != "add" else rule.rule.group
        if group is None:
            factors.append(why.multiplier)
        else:
            adding[group] = adding.get(group, _HUNDRED) + why.multiplier - _HUNDRED
    return [*factors, *adding.values()]


def _told(why: EarnWhy, rules: Mapping[str, CompiledRule], speaker: Speaker) -> str:
    """What a rule is called; the plain rate that is multiplied needs no words."""
    rule = rules.get(why.rule)
    if rule is None:
        return why.rule
    plain = rule.rule.when is None and rule.rule.schedule is None and why.points is not None
    if plain and why.each is None and why.carried is None:
        return ""
    return rule_name(rule, speaker)


def rule_name(rule: CompiledRule, speaker: Speaker) -> str:
    """A rule by its title, or in the words of its conditions, or by its name."""
    titles = rule.rule.titles
    short = speaker.language.partition("-")[0]
    title = speaker.names.get(f"rule:{rule.name}") or titles.get(short) or titles.get("en")
    if title is not None:
        return title
    said = [] if rule.rule.when is None else [print_condition(rule.rule.when, speaker)]
    if rule.rule.schedule is not None:
        said += print_schedule(rule.rule.schedule, speaker)
    return speaker.say(" and ", "且").join(said) or rule.name


def _rate(why: EarnWhy, speaker: Speaker) -> str:
    points = f"{why.points} {'point' if why.points == 1 else 'points'}"
    if why.each == "unit":
        return speaker.say(f"{points} for each of {why.of}", f"{why.of}件，每件{why.points}积分")
    if why.per is None:
        return speaker.say(f"{points} for the order", f"每单{why.points}积分")
    per = speaker.money(why.per)
    return speaker.say(f"{points} per {per}", f"每{per}得{why.points}积分")


def _notes(whys: Sequence[EarnWhy], speaker: Speaker) -> list[str]:
    """What was carried, and what a limit took off the order."""
    notes = []
    for why in whys:
        if why.carried:
            left = speaker.money(abs(why.carried) // (why.points or 1))
            notes.append(
                speaker.say(f"{left} carried from before", f"此前累计{left}")
                if why.carried > 0
                else speaker.say(f"{left} to fill up first", f"先补足{left}")
            )
        if why.cut:
            notes.append(
                speaker.say(
                    f"{why.cut} points of the order over its limit", f"本单超出上限{why.cut}积分"
                )
            )
    return notes


def _number(value: Fraction) -> str:
    """A number, whole or with two places, cut off."""
    whole, rest = divmod(value.numerator * _HUNDRED // value.denominator, _HUNDRED)
    return f"{whole}.{rest:02}" if rest else str(whole)
