"""A change of rules as one form with two views: rules as written, and one of them drawn.

Both views hold the same change. The drawn view keeps the other rules of the change as they are
written, and reads the one that is drawn from its fields.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, cast

from admin.forms import Sent
from admin.language import Voice
from admin.rule_drawing import Names
from admin.rule_reading import Read, read_values
from admin.rule_values import ROOT, Undrawable, Values, values_of
from admin.rule_verbs import changed
from benefits import RuleChange

View = Literal["drawn", "written"]
LONGEST: Final = 16_000
PLACE: Final = "rule:"
NEW: Final = "new"
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A change as a form holds it; `wrong` names the fields that could not be read."""

    view: View
    documents: tuple[Document, ...] = ()
    retired: str = ""
    place: int = 0
    values: Values = field(default_factory=dict)
    read: Read = field(default_factory=Read)
    text: str = ""
    wrong: Mapping[str, str] = field(default_factory=dict)
    focus: str = ""
    """The field that the person goes on with."""

    def change(self, groups: Mapping[str, Any]) -> RuleChange:
        """The change that it describes."""
        names = self.retired.replace(",", " ").split()
        return RuleChange(self.documents, tuple(names), dict(groups))

    @property
    def written(self) -> str:
        """Its rules as people read and write them."""
        if self.text:
            return self.text
        rules = [dict(one) for one in self.documents]
        whole = rules[0] if len(rules) == 1 else rules
        return json.dumps(whole, ensure_ascii=False, indent=2) if rules else ""

    @property
    def kept(self) -> str:
        """All its rules, for the hidden field of the drawn view."""
        return json.dumps([dict(one) for one in self.documents], ensure_ascii=False)

    def field_of(self, error: Exception) -> str:
        """The field that a refusal of the change is about; empty where it is none of this view."""
        pointer = getattr(error, "pointer", None) or ""
        if pointer.startswith("/retire"):
            return "retired"
        if self.view == "written":
            return "documents"
        start = f"/rules/{self.place}"
        if pointer != start and not pointer.startswith(f"{start}/"):
            return ""
        missing = str(getattr(error, "facts", {}).get("wanted", ""))
        return self.read.field_of(pointer.removeprefix(start), missing)


def drawn_sheet(
    documents: tuple[Document, ...], retired: str, place: int, voice: Voice, names: Names
) -> Sheet:
    """A change with one of its rules drawn. Raises Undrawable."""
    shown = documents or ({},)
    at = min(place, len(shown) - 1)
    values = values_of(shown[at], voice)
    read = read_values(values, voice, _tiers(names))
    return Sheet("drawn", shown, retired, at, values, read)


def written_sheet(
    documents: tuple[Document, ...], retired: str, wrong: Mapping[str, str] | None = None
) -> Sheet:
    """A change as it is written."""
    return Sheet("written", documents, retired, wrong=wrong or {})


def sent_sheet(form: Sent, voice: Voice, names: Names) -> Sheet:
    """The change that was sent, in the view in which it was sent."""
    documents, wrong = _documents(form.get("documents"), voice)
    retired = form.get("retired")
    if form.get("view") != "drawn":
        text = form.get("documents") if wrong else ""
        return Sheet("written", documents, retired, text=text, wrong=wrong)
    place = form.get("place")
    at = min(int(place) if place.isdecimal() and len(place) <= len("999") else 0, len(documents))
    return _read(Sheet("drawn", documents, retired, at, _sheet_values(form)), voice, names)


def pressed(sheet: Sheet, verb: str, voice: Voice, names: Names) -> Sheet | None:
    """The sheet after one of its own buttons; None where the button is the page's."""
    if verb == "look":
        return sheet
    if verb == "written" or (verb == "drawn" and sheet.wrong):
        return replace(sheet, view="written")
    if verb == "drawn" or verb.startswith(PLACE):
        return _turned(sheet, verb.removeprefix(PLACE), voice, names)
    moved = changed(sheet.values, verb) if sheet.view == "drawn" else None
    if moved is None:
        return None
    values, focus = moved
    return _read(replace(sheet, values=values, focus=focus), voice, names)


def undrawable(voice: Voice, error: Undrawable) -> dict[str, str]:
    """What to say where a rule cannot be drawn."""
    words = voice.say("This cannot be drawn as a form: look at %(place)s.", place=error.pointer)
    return {"documents": words}


def _turned(sheet: Sheet, place: str, voice: Voice, names: Names) -> Sheet:
    """The same change with another of its rules drawn, or with a new one."""
    documents = (*sheet.documents, {}) if place == NEW else sheet.documents
    at = len(documents) - 1 if place == NEW else int(place) if place.isdecimal() else 0
    try:
        return drawn_sheet(documents, sheet.retired, at, voice, names)
    except Undrawable as error:
        return written_sheet(sheet.documents, sheet.retired, undrawable(voice, error))


def _read(sheet: Sheet, voice: Voice, names: Names) -> Sheet:
    """The sheet with its drawn rule read from the fields."""
    read = read_values(sheet.values, voice, _tiers(names))
    rules = (*sheet.documents[: sheet.place], read.document, *sheet.documents[sheet.place + 1 :])
    return replace(sheet, documents=rules, read=read, wrong=read.wrong)


def _documents(text: str, voice: Voice) -> tuple[tuple[Document, ...], dict[str, str]]:
    try:
        documents = json.loads(text) if text else []
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        words = voice.say("This is not JSON; look at line %(line)s.", line=line)
        return (), {"documents": words}
    listed = documents if isinstance(documents, list) else [documents]
    if not all(isinstance(one, dict) for one in listed):
        words = voice.say("Please give one rule as an object, or several in a list.")
        return (), {"documents": words}
    return tuple(cast("list[Document]", listed)), {}


def _sheet_values(form: Sent) -> Values:
    values: dict[str, list[str]] = {}
    for name, value in sorted(form.choices):
        if name.startswith(f"{ROOT}."):
            values.setdefault(name, []).append(value)
    return {name: tuple(texts) for name, texts in values.items()}


def _tiers(names: Names) -> tuple[str, ...]:
    return tuple(code for code, _ in names.tiers)
