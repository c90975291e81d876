"""Reading what a rule earns: rates, bands, multipliers, bonuses.

A rate is by money, by unit or by order. What contradicts itself is refused by name with the
pointer to the node: a field that belongs to another form, bands that do not rise, a rate beyond
all measure.
"""

from collections.abc import Mapping, Sequence

from benefits.errors import (
    EffectWithoutTarget,
    MissingField,
    UnknownField,
    ValueOutOfRange,
)
from benefits.language.effect_nodes import BAND, EFFECTS
from benefits.language.nodes import Field
from benefits.language.tree import (
    Band,
    EarnBands,
    EarnBonus,
    EarnEach,
    EarnMultiplier,
    EarnRate,
    Node,
)
from benefits.language.values import (
    read_list,
    read_money,
    read_multiplier,
    read_number,
    read_object,
    read_word,
    refuse_unknown_fields,
)

MOST_BANDS = 20
MOST_PER_UNIT = 1_000
"""The most points that one minor unit of money may earn."""

Earns = EarnRate | EarnEach | EarnBands | EarnMultiplier | EarnBonus

_FIELDS: Mapping[str, Field] = {field.name: field for field in EFFECTS["earn"].fields}
_BAND: Mapping[str, Field] = {field.name: field for field in BAND}
_BELONGS: Mapping[str, frozenset[str]] = {
    "per": frozenset({"points"}),
    "each": frozenset({"points"}),
    "every": frozenset({"bands"}),
    "basis": frozenset({"points", "bands"}),
    "remainder": frozenset({"points"}),
    "rounding": frozenset({"points", "bands"}),
}
"""The forms of earning that a field belongs to."""


def read_earn(document: Mapping[str, object], pointer: str, said: str, where: Node | None) -> Earns:
    """What an effect earns; `said` is the one of its forms that it names."""
    for name, forms in _BELONGS.items():
        if name in document and said not in forms:
            raise UnknownField(pointer=f"{pointer}/{name}", seen=name, wanted=said)
    if said == "multiplier":
        return EarnMultiplier(read_multiplier(document[said], f"{pointer}/{said}"), where)
    if said == "bands":
        return _bands(document, pointer, where)
    number = read_number(document[said], f"{pointer}/{said}", _FIELDS[said])
    if said == "bonus":
        return EarnBonus(number, where)
    return _rate(document, pointer, number, where)


def _rate(
    document: Mapping[str, object], pointer: str, points: int, where: Node | None
) -> EarnRate | EarnEach:
    if "each" in document:
        for name in ("per", "basis", "remainder", "rounding"):
            if name in document:
                raise UnknownField(pointer=f"{pointer}/{name}", seen=name, wanted="each alone")
        each = read_word(document["each"], f"{pointer}/each", _FIELDS["each"].choices)
        return EarnEach(points, each, where)
    if "per" not in document:
        raise MissingField(pointer=pointer, wanted="per")
    per = read_money(document["per"], f"{pointer}/per", _FIELDS["per"])
    _refuse_absurd(points, per, f"{pointer}/points")
    carry = _word(document, "remainder", pointer, "drop") == "carry"
    rounding = _word(document, "rounding", pointer, None)
    if carry and rounding is not None:
        seen = "rounding"
        raise UnknownField(pointer=f"{pointer}/{seen}", seen=seen, wanted="a carried remainder")
    basis = _word(document, "basis", pointer, "paid") or "paid"
    return EarnRate(points, per, where, basis, carry, rounding)


def _bands(document: Mapping[str, object], pointer: str, where: Node | None) -> EarnBands:
    if "every" not in document:
        raise MissingField(pointer=pointer, wanted="every")
    every = read_word(document["every"], f"{pointer}/every", _FIELDS["every"].choices)
    within = f"{pointer}/bands"
    bands = [
        _band(entry, f"{within}/{position}")
        for position, entry in enumerate(read_list(document["bands"], within, most=MOST_BANDS))
    ]
    _refuse_disorder(bands, within)
    if not any(band.points for band in bands):
        raise EffectWithoutTarget(pointer=within, reason="at least one band earns something")
    basis = _word(document, "basis", pointer, "paid") or "paid"
    return EarnBands(tuple(bands), every, where, basis, _word(document, "rounding", pointer, None))


def _band(value: object, pointer: str) -> Band:
    document = read_object(value, pointer)
    refuse_unknown_fields(document, BAND, pointer)
    points = read_number(document["points"], f"{pointer}/points", _BAND["points"])
    per = read_money(document["per"], f"{pointer}/per", _BAND["per"])
    _refuse_absurd(points, per, f"{pointer}/points")
    upto = None
    if "upto" in document:
        upto = read_money(document["upto"], f"{pointer}/upto", _BAND["upto"])
    return Band(upto, points, per)


def _refuse_disorder(bands: Sequence[Band], pointer: str) -> None:
    """Bands rise, and only the last one has no end."""
    before = 0
    for position, band in enumerate(bands):
        last = position == len(bands) - 1
        if band.upto is None and last:
            continue
        if band.upto is None or last or band.upto <= before:
            wanted = "no end, as the last band" if last else f"more than {before}"
            seen = "no end" if band.upto is None else str(band.upto)
            raise ValueOutOfRange(pointer=f"{pointer}/{position}/upto", seen=seen, wanted=wanted)
        before = band.upto


def _refuse_absurd(points: int, per: int, pointer: str) -> None:
    if points > MOST_PER_UNIT * per:
        wanted = f"at most {MOST_PER_UNIT} points for each minor unit of money"
        raise ValueOutOfRange(pointer=pointer, seen=f"{points} per {per}", wanted=wanted)


def _word(
    document: Mapping[str, object], name: str, pointer: str, default: str | None
) -> str | None:
    if name not in document:
        return default
    return read_word(document[name], f"{pointer}/{name}", _FIELDS[name].choices)
