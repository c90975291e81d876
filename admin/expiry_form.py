"""The life of points, and what a wallet holds beside them, as rows of a form, and back."""

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from admin.forms import Sent
from admin.language import Voice
from admin.words import N_
from loyalty.expiry import Activity, ExpiryKind

#: Rows that a form shows beyond those in use.
BLANK: Final = 1
MOST_ROWS: Final = 50

LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "expiry_kind": N_("Points lapse"),
        "expiry_count": N_("Number"),
        "expiry_day": N_("Day of the year, for a fixed day"),
        "expiry_notice": N_("Not before the member was told"),
        "by_time": N_("The passing of time alone may end points"),
        "activities": N_("What counts as activity"),
        "expiry_reminder_days": N_("Days before their end that members are reminded"),
        "grace_days": N_("Days that points live which come back after their end"),
        "source": N_("Where the points come from"),
        "asset": N_("Code"),
        "asset_en": N_("Name in English"),
        "asset_zh": N_("Name in Chinese"),
        "sources": N_("Points that lapse otherwise"),
        "assets": N_("Held beside points"),
    }
)

KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        ExpiryKind.NEVER.value: N_("never"),
        ExpiryKind.AFTER_DAYS.value: N_("so many days after they were earned"),
        ExpiryKind.AFTER_MONTHS.value: N_("so many months after they were earned"),
        ExpiryKind.END_OF_MONTH.value: N_("at the end of the month, so many months on"),
        ExpiryKind.END_OF_QUARTER.value: N_("at the end of the quarter, so many quarters on"),
        ExpiryKind.END_OF_YEAR.value: N_("at the end of the year, so many years on"),
        ExpiryKind.FIXED_DAY.value: N_("on a day of the year, the so-many-th time it comes"),
        ExpiryKind.ROLLING.value: N_("after so many months without activity"),
    }
)

ACTIVITIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        Activity.PURCHASE.value: N_("An order, or a part of one, is completed"),
        Activity.EARN.value: N_("An order earns points"),
        Activity.SPEND.value: N_("Points are spent"),
        Activity.ADJUSTMENT.value: N_("Points are given or taken by hand"),
    }
)

_TOLD: Final[Mapping[str, str]] = MappingProxyType(
    {
        ExpiryKind.NEVER.value: N_("never"),
        ExpiryKind.AFTER_DAYS.value: N_("after days: %(count)s"),
        ExpiryKind.AFTER_MONTHS.value: N_("after months: %(count)s"),
        ExpiryKind.END_OF_MONTH.value: N_("at the end of the month, months on: %(count)s"),
        ExpiryKind.END_OF_QUARTER.value: N_("at the end of the quarter, quarters on: %(count)s"),
        ExpiryKind.END_OF_YEAR.value: N_("at the end of the year, years on: %(count)s"),
        ExpiryKind.FIXED_DAY.value: N_("on %(day)s, times: %(count)s"),
        ExpiryKind.ROLLING.value: N_("after months without activity: %(count)s"),
    }
)
_COUNTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        ExpiryKind.AFTER_DAYS.value: "days",
        ExpiryKind.AFTER_MONTHS.value: "months",
        ExpiryKind.END_OF_MONTH.value: "months",
        ExpiryKind.END_OF_QUARTER.value: "quarters",
        ExpiryKind.END_OF_YEAR.value: "years",
        ExpiryKind.FIXED_DAY.value: "turns",
        ExpiryKind.ROLLING.value: "months",
    }
)
_DAY: Final = re.compile(r"(\d{1,2})-(\d{1,2})")
_FIXED: Final = ExpiryKind.FIXED_DAY.value

Whole = Callable[[str], int]


def expiry_values(document: Mapping[str, Any]) -> dict[str, str]:
    """The fields of the form, filled from a policy's document, with the rows that are in use."""
    expiry = document["expiry"]
    values = {
        **_row("expiry", expiry["default"]),
        "by_time": "yes" if expiry["by_time"] else "no",
        "grace_days": str(document["grace_days"]),
        "expiry_reminder_days": _text(document["expiry_reminder_days"]),
    }
    for place, (source, one) in enumerate(sorted(expiry["sources"].items())):
        values |= {f"source_{place}": source, **_row(f"source_{place}", one)}
    for place, (code, asset) in enumerate(sorted(document["assets"].items())):
        names = asset["names"]
        values |= {
            f"asset_{place}": code,
            f"asset_{place}_en": names.get("en", ""),
            f"asset_{place}_zh": names.get("zh", ""),
            **_row(f"asset_{place}", asset["expiry"]),
        }
    return values


def rows_of(values: Mapping[str, str], name: str) -> range:
    """The rows that a form shows for what it has, and an empty one."""
    used = [place for place in range(MOST_ROWS) if values.get(f"{name}_{place}")]
    return range(min(MOST_ROWS, (used[-1] + 1 if used else 0) + BLANK))


def expiry_from(
    form: Sent, kept: Mapping[str, Any], whole: Whole, voice: Voice, wrong: dict[str, str]
) -> dict[str, object]:
    """The parts of the document that the form describes; what cannot be read goes to `wrong`."""
    parts, reminder = _Parts(form, whole, voice, wrong), "expiry_reminder_days"
    sources = {source: parts.expiry(row) for source, row in parts.rows("source")}
    assets: dict[str, object] = {}
    for code, row in parts.rows("asset"):
        before = kept["assets"].get(code, {"names": {}})["names"]
        names = {"en": form.get(f"{row}_en"), "zh": form.get(f"{row}_zh")}
        named = {**before, **{language: text for language, text in names.items() if text}}
        assets[code] = {"names": named, "expiry": parts.expiry(row)}
    return {
        "expiry": {
            "default": parts.expiry("expiry"),
            "sources": sources,
            "by_time": form.get("by_time") != "no",
            "activities": list(form.chosen("activities")),
        },
        "expiry_reminder_days": whole(reminder) if form.get(reminder) else None,
        "grace_days": whole("grace_days"),
        "assets": assets,
    }


class _Parts:
    """Reads expiries out of a form."""

    def __init__(self, form: Sent, whole: Whole, voice: Voice, wrong: dict[str, str]) -> None:
        self._form = form
        self._whole = whole
        self._voice = voice
        self._wrong = wrong

    def rows(self, name: str) -> Iterator[tuple[str, str]]:
        """The codes that were given, each with the name of its row; a code stands once."""
        seen: set[str] = set()
        for place in range(MOST_ROWS):
            row = f"{name}_{place}"
            code = self._form.get(row)
            if code in seen:
                self._wrong[row] = self._voice.say("Please give each code once.")
            elif code:
                seen.add(code)
                yield code, row

    def expiry(self, row: str) -> dict[str, object]:
        """The expiry of one row."""
        kind = self._form.get(f"{row}_kind") or ExpiryKind.NEVER.value
        if kind not in _COUNTS:
            return {"kind": kind}
        read: dict[str, object] = {"kind": kind, _COUNTS[kind]: self._whole(f"{row}_count")}
        if kind == _FIXED:
            found = _DAY.fullmatch(self._form.get(f"{row}_day"))
            if found is None:
                self._wrong[f"{row}_day"] = self._voice.say("Please give a day such as 03-31.")
            else:
                read |= {"month": int(found[1]), "day": int(found[2])}
        return {**read, "notice": self._form.get(f"{row}_notice") == "yes"}


def expiry_field(path: list[str], values: Mapping[str, str]) -> str:
    """The field of the form that a pointer below `/expiry` or `/assets` means."""
    if path[0] == "expiry" and path[1:2] == ["default"]:
        return f"expiry_{_part(path[2:])}"
    if path[0] == "expiry" and path[1:2] != ["sources"]:
        return path[1] if len(path) > 1 else "expiry_kind"
    name, rest = ("asset", path[1:]) if path[0] == "assets" else ("source", path[2:])
    code, *below = rest or [""]
    row = next((f"{name}_{n}" for n in range(MOST_ROWS) if values.get(f"{name}_{n}") == code), "")
    if not row:
        return f"{name}_0"
    if below[:1] == ["names"]:
        return f"{row}_en"
    below = below[1:] if below[:1] == ["expiry"] else below
    return f"{row}_{_part(below)}" if below else row


def label_of(field: str) -> str:
    """The label of a field, one of a row included."""
    if field in LABELS:
        return LABELS[field]
    name, _, part = re.sub(r"_\d+", "", field).partition("_")
    return LABELS.get(f"{name}_{part}" if part in ("en", "zh") else f"expiry_{part}", LABELS[name])


def expiry_told(voice: Voice, document: Mapping[str, Any]) -> dict[str, str]:
    """What a document says of the life of points, in words, by the label it stands under."""
    expiry = document["expiry"]
    sources = sorted(expiry["sources"].items())
    assets = sorted(document["assets"].items())
    chosen = [ACTIVITIES[code] for code in expiry["activities"] if code in ACTIVITIES]
    return {
        "expiry_kind": _told(voice, expiry["default"]),
        "sources": "; ".join(f"{source} {_told(voice, one)}" for source, one in sources),
        "by_time": voice.say("Yes") if expiry["by_time"] else voice.say("No"),
        "activities": "; ".join(voice.say(words) for words in chosen),
        "grace_days": voice.number(document["grace_days"]),
        "expiry_reminder_days": _text(document["expiry_reminder_days"]),
        "assets": "; ".join(f"{code} {_told(voice, one['expiry'])}" for code, one in assets),
    }


def _told(voice: Voice, expiry: Mapping[str, Any]) -> str:
    kind = expiry["kind"]
    words = voice.say(
        _TOLD[kind],
        count=voice.number(expiry.get(_COUNTS.get(kind, ""), 0)),
        day=_day(expiry),
    )
    if expiry.get("notice"):
        return voice.say("%(when)s, not before the member was told", when=words)
    return words


def _row(row: str, expiry: Mapping[str, Any]) -> dict[str, str]:
    kind = expiry["kind"]
    return {
        f"{row}_kind": kind,
        f"{row}_count": str(expiry[_COUNTS[kind]]) if kind in _COUNTS else "",
        f"{row}_day": _day(expiry),
        f"{row}_notice": "yes" if expiry.get("notice") else "no",
    }


def _text(value: int | None) -> str:
    return "" if value is None else str(value)


def _day(expiry: Mapping[str, Any]) -> str:
    return f"{expiry['month']:02}-{expiry['day']:02}" if expiry["kind"] == _FIXED else ""


def _part(below: list[str]) -> str:
    field = below[0] if below else "kind"
    if field in ("month", "day"):
        return "day"
    return field if field in ("kind", "notice") else "count"
