"""Build and check a ladder document.

A document is plain JSON; `parse_ladder` turns it into a `Ladder` or refuses it, naming the reason
and the place. The one idea: thresholds are compared by what they imply, so `any` and `all`, one
metric or two, are ordered by the same rule.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal, cast

from tiers.errors import (
    LadderKeepHarder,
    LadderMalformed,
    LadderMetricUnknown,
    LadderTierRepeated,
    LadderTierUnreachable,
    LadderUnordered,
    LadderUpgradeUnfit,
    LadderValidityUnfit,
    LadderWithoutBottom,
)
from tiers.scale import (
    ASSET,
    Figures,
    Ladder,
    Metric,
    Moves,
    Threshold,
    Tier,
    Validity,
    WindowKind,
    WindowRule,
    metric_named,
)

_FIELDS = frozenset(
    {
        "tiers",
        "window",
        "validity",
        "minimum_order",
        "upgrade",
        "downgrade",
        "grace_days",
        "notice_days",
    }
)
_TIER_FIELDS = frozenset({"code", "name", "reach", "keep"})
_ROLLING = frozenset({WindowKind.ROLLING_MONTHS, WindowKind.ROLLING_DAYS})
_MOST = 2**53 - 1
_LONGEST = 1200
_LONGEST_CODE = 40
_NOTHING = Threshold("all", ())
_NAMES = {
    "standard": {"en": "Standard", "zh": "普通会员"},
    "silver": {"en": "Silver", "zh": "银卡会员"},
    "gold": {"en": "Gold", "zh": "金卡会员"},
    "diamond": {"en": "Diamond", "zh": "钻石会员"},
}


def default_ladder(
    *,
    silver: tuple[int, int],
    gold: tuple[int, int],
    diamond: tuple[int, int],
    join: Literal["any", "all"] = "any",
    minimum_order: int = 1,
    downgrade: Literal["one-step", "to-earned"] = "one-step",
    grace_days: int = 0,
) -> dict[str, object]:
    """The document of a ladder of standard, silver, gold and diamond over rolling twelve months.

    Each tier is given as (purchases in minor units, orders).
    """
    tiers: list[dict[str, object]] = [{"code": "standard", "name": _NAMES["standard"]}]
    for code, (purchases, orders) in (("silver", silver), ("gold", gold), ("diamond", diamond)):
        reach = {join: {"purchases": purchases, "orders": orders}}
        tiers.append({"code": code, "name": _NAMES[code], "reach": reach})
    return {
        "tiers": tiers,
        "window": {"kind": WindowKind.ROLLING_MONTHS.value, "length": 12},
        "validity": {"unit": "months", "length": 12},
        "minimum_order": minimum_order,
        "downgrade": downgrade,
        "grace_days": grace_days,
    }


def parse_ladder(
    document: Mapping[str, object], *, version: int = 0, moves: Moves | None = None
) -> Ladder:
    """The ladder a document describes; raises a `Ladder…` refusal that points to the place."""
    _known_fields(document, _FIELDS, "")
    listed = document.get("tiers")
    if not isinstance(listed, Sequence) or isinstance(listed, str) or not listed:
        raise LadderMalformed(pointer="/tiers", wanted="a list of tiers, bottom first")
    tiers = tuple(_tier(entry, f"/tiers/{at}", bottom=at == 0) for at, entry in enumerate(listed))
    window = _window(document.get("window"))
    ladder = Ladder(
        version=version,
        tiers=tiers,
        window=window,
        validity=_validity(document.get("validity"), window),
        minimum_order=_whole(document.get("minimum_order", 1), "/minimum_order", least=1),
        downgrade=_downgrade(document.get("downgrade", "one-step")),
        grace_days=_whole(document.get("grace_days", 0), "/grace_days", least=0, most=366),
        upgrade=_upgrade(document.get("upgrade", "at-once"), window),
        notice_days=_whole(document.get("notice_days", 30), "/notice_days", least=0, most=366),
        moves=moves or "next-review",
    )
    _check_order(ladder.tiers)
    return ladder


def document_of(ladder: Ladder) -> dict[str, object]:
    """The document that describes a ladder; parsing it gives the ladder again."""
    tiers: list[dict[str, object]] = []
    for rank, tier in enumerate(ladder.tiers):
        told: dict[str, object] = {"code": tier.code, "name": dict(tier.name)}
        if rank > 0:
            told["reach"] = {tier.reach.join: dict(tier.reach.minimums)}
            told["keep"] = {tier.keep.join: dict(tier.keep.minimums)}
        tiers.append(told)
    window: dict[str, object] = {"kind": ladder.window.kind.value}
    if ladder.window.kind in _ROLLING:
        window["length"] = ladder.window.length
    validity: dict[str, object] = {"unit": ladder.validity.unit}
    if ladder.validity.unit != "forever":
        validity["length"] = ladder.validity.length
    return {
        "tiers": tiers,
        "window": window,
        "validity": validity,
        "minimum_order": ladder.minimum_order,
        "upgrade": ladder.upgrade,
        "downgrade": ladder.downgrade,
        "grace_days": ladder.grace_days,
        "notice_days": ladder.notice_days,
    }


def _tier(entry: object, pointer: str, *, bottom: bool) -> Tier:
    fields = _mapping(entry, pointer)
    _known_fields(fields, _TIER_FIELDS, pointer)
    if bottom and ("reach" in fields or "keep" in fields):
        raise LadderWithoutBottom(pointer=pointer)
    reach = _NOTHING if bottom else _threshold(fields.get("reach"), f"{pointer}/reach")
    keep = _threshold(fields["keep"], f"{pointer}/keep") if "keep" in fields else reach
    if not _implies(reach, keep):
        raise LadderKeepHarder(pointer=f"{pointer}/keep")
    code = _code(fields.get("code"), f"{pointer}/code")
    return Tier(code, _name(fields.get("name", {"en": code}), f"{pointer}/name"), reach, keep)


def _check_order(tiers: tuple[Tier, ...]) -> None:
    seen: set[str] = set()
    for at, tier in enumerate(tiers):
        if tier.code in seen:
            raise LadderTierRepeated(pointer=f"/tiers/{at}/code", seen=tier.code)
        seen.add(tier.code)
    for at in range(1, len(tiers)):
        below, tier = tiers[at - 1], tiers[at]
        if not _implies(tier.reach, below.reach):
            raise LadderUnordered(pointer=f"/tiers/{at}/reach", tier=tier.code, below=below.code)
        if not _implies(tier.keep, below.keep):
            raise LadderUnordered(pointer=f"/tiers/{at}/keep", tier=tier.code, below=below.code)
        if _implies(below.reach, tier.reach):
            pointer = f"/tiers/{at - 1}" + ("/reach" if at > 1 else "")
            raise LadderTierUnreachable(pointer=pointer, tier=below.code, above=tier.code)


def _implies(first: Threshold, second: Threshold) -> bool:
    """Whether all figures that meet the first threshold also meet the second.

    Thresholds only ask for more, so it is enough to look at the least figures that meet the first.
    """
    return all(second.met_by(figures) for figures in _least_figures(first))


def _least_figures(threshold: Threshold) -> tuple[Figures, ...]:
    if threshold.join == "any":
        return tuple(_figures({metric: least}) for metric, least in threshold.minimums)
    return (_figures(dict(threshold.minimums)),)


def _figures(least: Mapping[str, int]) -> Figures:
    return Figures(
        least.get(Metric.PURCHASES, 0),
        least.get(Metric.ORDERS, 0),
        least.get(Metric.ACTIVE_DAYS, 0),
        tuple(
            (metric.removeprefix(ASSET), amount)
            for metric, amount in least.items()
            if metric.startswith(ASSET)
        ),
    )


def _threshold(value: object, pointer: str) -> Threshold:
    fields = _mapping(value, pointer)
    if set(fields) not in ({"any"}, {"all"}):
        raise LadderMalformed(pointer=pointer, wanted='one of "any" and "all"')
    join = cast("Literal['any', 'all']", next(iter(fields)))
    place = f"{pointer}/{join}"
    named = _mapping(fields[join], place)
    if not named:
        raise LadderMalformed(pointer=place, wanted="at least one metric")
    minimums: dict[str, int] = {}
    for name in sorted(named, key=_told_before):
        metric = metric_named(name)
        if metric is None:
            raise LadderMetricUnknown(pointer=f"{place}/{name}", seen=name)
        minimums[metric] = _whole(named[name], f"{place}/{name}", least=1)
    return Threshold(join, tuple(minimums.items()))


def _told_before(name: str) -> tuple[int, str]:
    """Where a metric stands in a threshold: the built-in ones first, in their order."""
    known = [metric.value for metric in Metric]
    return (known.index(name) if name in known else len(known), name)


def _window(value: object) -> WindowRule:
    fields = _mapping(value, "/window")
    _known_fields(fields, frozenset({"kind", "length"}), "/window")
    kind = fields.get("kind")
    if not isinstance(kind, str) or kind not in set(WindowKind):
        raise LadderMalformed(pointer="/window/kind", seen=str(kind), wanted=", ".join(WindowKind))
    rule = WindowKind(kind)
    if rule not in _ROLLING:
        if "length" in fields:
            raise LadderMalformed(pointer="/window/length", wanted=f"no length for {kind}")
        return WindowRule(rule)
    return WindowRule(rule, _whole(fields.get("length"), "/window/length", least=1, most=_LONGEST))


def _validity(value: object, window: WindowRule) -> Validity:
    fields = _mapping(value, "/validity")
    _known_fields(fields, frozenset({"unit", "length"}), "/validity")
    if window.kind in _ROLLING:
        fit = {"months", "days", "forever"}
    elif window.kind is WindowKind.LIFETIME:
        fit = {"forever"}
    else:
        fit = {"periods", "forever"}
    unit = fields.get("unit")
    if unit not in fit:
        wanted = ", ".join(sorted(fit))
        raise LadderValidityUnfit(pointer="/validity/unit", seen=str(unit), wanted=wanted)
    if unit == "forever":
        if "length" in fields:
            raise LadderMalformed(pointer="/validity/length", wanted="no length for forever")
        return Validity("forever")
    length = _whole(fields.get("length"), "/validity/length", least=1, most=_LONGEST)
    return Validity(cast("Literal['months', 'days', 'periods']", unit), length)


def _downgrade(value: object) -> Literal["one-step", "to-earned"]:
    if value == "one-step":
        return "one-step"
    if value == "to-earned":
        return "to-earned"
    raise LadderMalformed(pointer="/downgrade", seen=str(value), wanted="one-step or to-earned")


def _upgrade(value: object, window: WindowRule) -> Literal["at-once", "next-period"]:
    if value == "at-once":
        return "at-once"
    if value != "next-period":
        raise LadderMalformed(pointer="/upgrade", seen=str(value), wanted="at-once or next-period")
    if window.kind in _ROLLING or window.kind is WindowKind.LIFETIME:
        raise LadderUpgradeUnfit(pointer="/upgrade", seen=window.kind.value)
    return "next-period"


def _code(value: object, pointer: str) -> str:
    if (
        isinstance(value, str)
        and 1 <= len(value) <= _LONGEST_CODE
        and value.isascii()
        and value.replace("-", "").isalnum()
        and value == value.lower()
    ):
        return value
    wanted = f"1 to {_LONGEST_CODE} lower-case letters, digits and hyphens"
    raise LadderMalformed(pointer=pointer, seen=str(value), wanted=wanted)


def _name(value: object, pointer: str) -> Mapping[str, str]:
    names: dict[str, str] = {}
    for language, text in _mapping(value, pointer).items():
        if not isinstance(text, str) or not text.strip():
            raise LadderMalformed(pointer=f"{pointer}/{language}", wanted="a name")
        names[language] = text
    if not names:
        raise LadderMalformed(pointer=pointer, wanted="a name in at least one language")
    return MappingProxyType(names)


def _whole(value: object, pointer: str, *, least: int, most: int = _MOST) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        wanted = f"a whole number from {least} to {most}"
        raise LadderMalformed(pointer=pointer, seen=str(value), wanted=wanted)
    return value


def _mapping(value: object, pointer: str) -> Mapping[str, object]:
    if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        return value
    raise LadderMalformed(pointer=pointer, seen=str(value), wanted="an object")


def _known_fields(fields: Mapping[str, object], known: frozenset[str], pointer: str) -> None:
    for name in fields:
        if name not in known:
            wanted = ", ".join(sorted(known))
            raise LadderMalformed(pointer=f"{pointer}/{name}", seen=name, wanted=wanted)
