"""Reading limits: of a rule, of a group of rules, of a voucher definition.

A limit that nothing could ever reach is refused with the pointer to it: one of points where
nothing is earned, one of money where nothing is taken off.
"""

from collections.abc import Mapping, Sequence

from benefits.counted import MONEY, POINTS, USES, Limit
from benefits.errors import EffectWithoutTarget, UnknownField, ValueOutOfRange
from benefits.language.effects import step_of
from benefits.language.nodes import LIMIT, Field
from benefits.language.tree import Effect
from benefits.language.values import (
    read_list,
    read_number,
    read_object,
    read_percent,
    read_word,
    refuse_unknown_fields,
)
from benefits.types import Step

MOST_LIMITS = 10
MOST_HELD_OUT = 50_00
"""At most half of the members, in hundredths of a percent."""

_LIMIT: Mapping[str, Field] = {field.name: field for field in LIMIT}
_WITHOUT: Mapping[str, str] = {
    POINTS: "the rule earns nothing to limit",
    MONEY: "the rule takes nothing off",
    USES: "the rule gives nothing that is counted",
}


def read_limits(value: object, pointer: str) -> tuple[Limit, ...]:
    """The limits of one scope; no two of them count the same."""
    limits = tuple(
        _limit(entry, f"{pointer}/{position}")
        for position, entry in enumerate(read_list(value, pointer, most=MOST_LIMITS))
    )
    seen: set[tuple[str, str, str]] = set()
    for position, limit in enumerate(limits):
        shape = (limit.count, limit.whose, limit.every)
        if shape in seen:
            raise ValueOutOfRange(
                pointer=f"{pointer}/{position}",
                seen="a second limit on the same",
                wanted="one limit on each",
            )
        seen.add(shape)
    return limits


def read_limits_of(
    value: object, pointer: str, effects: Sequence[Effect], *, bound: bool
) -> tuple[Limit, ...]:
    """The limits of a rule with these effects."""
    limits = read_limits(value, pointer)
    steps = {step_of(effect, bound=bound) for effect in effects}
    counted = {
        POINTS: Step.EARNING in steps,
        MONEY: any(step < Step.POINTS for step in steps),
        USES: bool(steps - {Step.ENTITLEMENTS}),
    }
    for position, limit in enumerate(limits):
        if not counted[limit.count]:
            reason = _WITHOUT[limit.count]
            raise EffectWithoutTarget(pointer=f"{pointer}/{position}", reason=reason)
    return limits


def read_holdout(value: object, pointer: str) -> int:
    """The share of members who are held out, in hundredths of a percent."""
    share = read_percent(value, pointer)
    if share > MOST_HELD_OUT:
        raise ValueOutOfRange(pointer=pointer, seen=str(value), wanted="at most 50 percent")
    return share


def _limit(value: object, pointer: str) -> Limit:
    document = read_object(value, pointer)
    refuse_unknown_fields(document, LIMIT, pointer)
    count, whose = (
        read_word(document[name], f"{pointer}/{name}", _LIMIT[name].choices)
        for name in ("count", "for")
    )
    every = "ever"
    if whose == "order":
        if count == USES:
            wanted = "points or money: a rule is used once by an order"
            raise ValueOutOfRange(pointer=f"{pointer}/count", seen='"uses"', wanted=wanted)
        if "every" in document:
            raise UnknownField(pointer=f"{pointer}/every", seen="every", wanted="an order alone")
    elif "every" in document:
        every = read_word(document["every"], f"{pointer}/every", _LIMIT["every"].choices)
    most = read_number(document["most"], f"{pointer}/most", _LIMIT["most"])
    short = "partial"
    if "short" in document:
        short = read_word(document["short"], f"{pointer}/short", _LIMIT["short"].choices)
    return Limit(count, whose, every, most, short == "partial")
