"""A ladder as a form: its document as single fields, and back, every mistake at its field.

A tier is one row of the form, `t0_` for the bottom. A field left empty asks for nothing; keeping
asks for what reaching asks unless something stands there.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import tiers
from admin.forms import Sent
from admin.language import Voice
from admin.standings import metric_name
from admin.words import N_
from loyalty.money import minor_units, written
from tiers import ASSET, Metric, WindowKind

MOST_TIERS: Final = 12
MOST_DIGITS: Final = 15
LANGUAGES: Final = ("en", "zh")

LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "code": N_("Code"),
        "en": N_("Name in English"),
        "zh": N_("Name in Chinese"),
        "join": N_("Reached with"),
        "keep_join": N_("Kept with"),
        "window_kind": N_("What counts"),
        "window_length": N_("How many"),
        "validity_unit": N_("A tier reached is kept"),
        "validity_length": N_("For how many"),
        "minimum_order": N_("An order counts from"),
        "upgrade": N_("Who reaches a tier stands on it"),
        "downgrade": N_("Who no longer has enough goes"),
        "grace_days": N_("Days of grace before that"),
        "notice_days": N_("Days before that the member is told"),
    }
)

CHOICES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "join": {"any": N_("any of these"), "all": N_("all of these")},
        "window_kind": {
            WindowKind.ROLLING_MONTHS: N_("the last so many months"),
            WindowKind.ROLLING_DAYS: N_("the last so many days"),
            WindowKind.MONTH: N_("the calendar month"),
            WindowKind.QUARTER: N_("the quarter"),
            WindowKind.HALF: N_("the half-year"),
            WindowKind.YEAR: N_("the calendar year"),
            WindowKind.ANNIVERSARY: N_("the year since the last anniversary of joining"),
            WindowKind.LIFETIME: N_("everything ever bought"),
        },
        "validity_unit": {
            "months": N_("for so many months"),
            "days": N_("for so many days"),
            "periods": N_("to the end of so many periods"),
            "forever": N_("for ever"),
        },
        "upgrade": {"at-once": N_("at once"), "next-period": N_("from the next period")},
        "downgrade": {"one-step": N_("one step down"), "to-earned": N_("to what was earned")},
    }
)

_ROLLING: Final = frozenset({WindowKind.ROLLING_MONTHS, WindowKind.ROLLING_DAYS})
_PLAIN: Final = ("upgrade", "downgrade")
_WHOLE: Final = ("grace_days", "notice_days")


def metrics_of(assets: Sequence[str]) -> tuple[str, ...]:
    """Everything that a threshold may count in this programme."""
    return (*(metric.value for metric in Metric), *(f"{ASSET}{code}" for code in assets))


def values_of(document: Mapping[str, Any], currency: str) -> dict[str, str]:
    """The fields of the form, filled from a ladder's document."""
    window, validity = document["window"], document["validity"]
    values = {
        "tiers": str(len(document["tiers"])),
        "window_kind": str(window["kind"]),
        "window_length": str(window.get("length", "")),
        "validity_unit": str(validity["unit"]),
        "validity_length": str(validity.get("length", "")),
        "minimum_order": written(document.get("minimum_order", 1), currency),
        "upgrade": str(document.get("upgrade", "at-once")),
        "downgrade": str(document.get("downgrade", "one-step")),
        "grace_days": str(document.get("grace_days", 0)),
        "notice_days": str(document.get("notice_days", 30)),
    }
    for rank, tier in enumerate(document["tiers"]):
        reach = tier.get("reach", {})
        keep = tier.get("keep", reach)
        values |= {
            f"t{rank}_code": tier["code"],
            **{f"t{rank}_{name}": tier.get("name", {}).get(name, "") for name in LANGUAGES},
            **_threshold_values(f"t{rank}_", "join", reach, currency),
            **_threshold_values(f"t{rank}_keep_", "join", {} if keep == reach else keep, currency),
        }
    return values


def _threshold_values(
    prefix: str, join: str, threshold: Mapping[str, Any], currency: str
) -> dict[str, str]:
    for kind, minimums in threshold.items():
        return {
            f"{prefix}{join}": kind,
            **{
                f"{prefix}{metric}": written(least, currency)
                if metric == Metric.PURCHASES
                else str(least)
                for metric, least in minimums.items()
            },
        }
    return {f"{prefix}{join}": "any"}


def document_from(
    form: Sent, base: Mapping[str, Any], voice: Voice, assets: Sequence[str]
) -> tuple[dict[str, object], dict[str, str]]:
    """The document that the form describes, and what cannot be read, by field.

    Names in languages that the form does not show stay as the base has them.
    """
    reading = _Reading(form, voice)
    kept = {tier["code"]: tier.get("name", {}) for tier in base.get("tiers", ())}
    metrics = metrics_of(assets)
    listed = [reading.tier(rank, metrics, kept) for rank in range(rows_of(form.values))]
    window: dict[str, object] = {"kind": form.get("window_kind")}
    if form.get("window_kind") in _ROLLING:
        window["length"] = reading.whole("window_length")
    validity: dict[str, object] = {"unit": form.get("validity_unit")}
    if form.get("validity_unit") != "forever":
        validity["length"] = reading.whole("validity_length")
    document: dict[str, object] = {
        "tiers": listed,
        "window": window,
        "validity": validity,
        "minimum_order": reading.money("minimum_order"),
        **{name: form.get(name) for name in _PLAIN},
        **{name: reading.whole(name) for name in _WHOLE},
    }
    return document, reading.wrong


class _Reading:
    """Reads single fields and remembers which of them cannot be read."""

    def __init__(self, form: Sent, voice: Voice) -> None:
        self._form, self._voice = form, voice
        self.wrong: dict[str, str] = {}

    def tier(
        self, rank: int, metrics: Sequence[str], kept: Mapping[str, Mapping[str, str]]
    ) -> dict[str, object]:
        """One row of the form as a tier's document."""
        code = self._form.get(f"t{rank}_code")
        shown = {name: self._form.get(f"t{rank}_{name}") for name in LANGUAGES}
        others = {name: text for name, text in kept.get(code, {}).items() if name not in shown}
        names = {**others, **{name: text for name, text in shown.items() if text}}
        if not names:
            self.wrong[f"t{rank}_en"] = self._voice.say("Please give a name.")
        tier: dict[str, object] = {"code": code, "name": names}
        if rank == 0:
            return tier
        reach = self._minimums(f"t{rank}_", metrics)
        if not reach:
            field = f"t{rank}_{Metric.PURCHASES}"
            self.wrong.setdefault(field, self._voice.say("Please say what reaching it takes."))
        tier["reach"] = {self._form.get(f"t{rank}_join") or "any": reach}
        keep = self._minimums(f"t{rank}_keep_", metrics)
        if keep:
            tier["keep"] = {self._form.get(f"t{rank}_keep_join") or "any": keep}
        return tier

    def _minimums(self, prefix: str, metrics: Sequence[str]) -> dict[str, int]:
        return {
            metric: self.money(name) if metric == Metric.PURCHASES else self.whole(name, least=1)
            for metric in metrics
            if self._form.get(name := f"{prefix}{metric}")
        }

    def whole(self, name: str, *, least: int = 0) -> int:
        text = self._form.get(name).replace(",", "").replace(" ", "")
        number = int(text) if text.isascii() and text.isdecimal() else -1
        if len(text) <= MOST_DIGITS and number >= least:
            return number
        self.wrong[name] = self._voice.say(
            "Please give a whole number of at least %(least)s.", least=self._voice.number(least)
        )
        return least

    def money(self, name: str) -> int:
        try:
            minor = minor_units(self._form.get(name).replace(",", ""), self._voice.currency)
        except ValueError:
            minor = 0
        if 0 < minor < 10**MOST_DIGITS:
            return minor
        self.wrong[name] = self._voice.say("Please give an amount such as 1.00.")
        return 1


def rows_of(values: Mapping[str, str]) -> int:
    """How many tiers the form has rows for."""
    text = values.get("tiers", "")
    return min(int(text), MOST_TIERS) if text.isdecimal() and len(text) < MOST_TIERS else 0


def rearranged(values: Mapping[str, str], wish: str) -> dict[str, str]:
    """The same fields with an empty row above one (`above-2`), or without one (`without-2`)."""
    verb, _, text = wish.partition("-")
    count = rows_of(values)
    place = int(text) if text.isdecimal() and len(text) < MOST_TIERS else count
    order: list[int | None] = list(range(count))
    if verb == "above" and place < count < MOST_TIERS:
        order.insert(place + 1, None)
    if verb == "without" and 0 < place < count:
        order.remove(place)
    changed = {name: text for name, text in values.items() if not _of_tier(name)}
    for now, was in enumerate(order):
        prefix = f"t{was}_"
        changed |= {
            f"t{now}_{name.removeprefix(prefix)}": text
            for name, text in values.items()
            if was is not None and name.startswith(prefix)
        }
    return changed | {"tiers": str(len(order))}


def _of_tier(name: str) -> bool:
    head, found, _ = name.partition("_")
    return bool(found) and head[:1] == "t" and head[1:].isdecimal()


def field_of(pointer: str) -> str:
    """The field of the form that a pointer into a ladder's document means."""
    match pointer.removeprefix("/").split("/"):
        case ["tiers", rank, *path]:
            return f"t{rank}_{_tier_field(path)}"
        case [("window" | "validity") as place, name]:
            return f"{place}_{name}"
        case [name, *_]:
            return name
        case _:
            return ""


def _tier_field(path: Sequence[str]) -> str:
    match path:
        case ["name", language]:
            return language
        case [("reach" | "keep") as place, *_, _, metric]:
            return metric if place == "reach" else f"keep_{metric}"
        case ["reach", *_]:
            return Metric.PURCHASES.value
        case ["keep", *_]:
            return f"keep_{Metric.PURCHASES}"
        case _:
            return "code"


def labels_of(voice: Voice, values: Mapping[str, str], assets: Sequence[str]) -> dict[str, str]:
    """What each field is called, for the list of what is wrong."""
    labels = {name: voice.say(words) for name, words in LABELS.items()}
    for rank in range(rows_of(values)):
        tier = values.get(f"t{rank}_{voice.name}") or values.get(f"t{rank}_code") or str(rank + 1)
        of = {name: labels[name] for name in ("code", "en", "zh", "join", "keep_join")}
        of |= {metric: metric_name(voice, metric) for metric in metrics_of(assets)}
        of |= {
            f"keep_{name}": words for name, words in list(of.items()) if name in metrics_of(assets)
        }
        labels |= {f"t{rank}_{name}": f"{tier}: {words}" for name, words in of.items()}
    return labels


def choices(voice: Voice) -> dict[str, list[tuple[str, str]]]:
    """The options of each choice, in words."""
    return {
        name: [(code, voice.say(words)) for code, words in options.items()]
        for name, options in CHOICES.items()
    }


def usual_ladder(currency: str) -> dict[str, object]:
    """A ladder to begin with: four tiers by purchases or orders over twelve months."""
    unit = minor_units("1", currency)
    return tiers.default_ladder(
        silver=(500 * unit, 5), gold=(1500 * unit, 15), diamond=(5000 * unit, 40)
    )
