"""The flat values of a form read back as a rule's document, with a place for every refusal.

What is empty is left out; whether what is left makes a rule is the language's to say. The reader
remembers which field each part of the document came from, so that a refusal finds its field.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import benefits
from admin.language import Voice
from admin.rule_texts import Unreadable, read_text, shown_text
from admin.rule_values import (
    CONDITIONS,
    FACT,
    JSON,
    LISTS,
    MODES,
    ROOT,
    Values,
    facts_for,
    row_fields,
)
from admin.words import N_
from benefits import FieldKind, RuleField

DEEPEST: Final = 12
_GRAMMAR: Final = benefits.GRAMMAR
_UNREADABLE: Final[Mapping[FieldKind, str]] = {
    FieldKind.MONEY: N_("Please give an amount such as 1.00."),
    FieldKind.NUMBER: N_("Please give a whole number."),
    FieldKind.NUMBERS: N_("Please give whole numbers, separated by commas."),
    FieldKind.INSTANT: N_("Please give a day and time such as 2026-12-01 09:00."),
}


@dataclass(slots=True)
class Read:
    """A rule as a form says it: its document, what could not be read, and where each part stood."""

    document: dict[str, object] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def field_of(self, pointer: str, missing: str = "") -> str:
        """The field that a pointer into the document means; of what is missing, where it goes."""
        if missing and (found := self.places.get(f"{pointer}/{missing}")):
            return found
        while pointer and pointer not in self.places:
            pointer = pointer.rpartition("/")[0]
        return self.places.get(pointer, "")


def read_values(values: Values, voice: Voice, tiers: Sequence[str]) -> Read:
    """The rule that the values of a form say; ``tiers`` go from the lowest to the highest."""
    reader = _Reader(values, voice, tiers)
    reader.read.document = reader.fields(ROOT, _GRAMMAR.rule, "")
    return reader.read


def numbered(values: Values, name: str) -> list[str]:
    """The names of the parts, rows or effects that stand under a name, in their order."""
    start, found = f"{name}.", set()
    for key in values:
        if key.startswith(start):
            number, _, rest = key.removeprefix(start).partition(".")
            if rest in {"node", "effect", "row"} and number.isdecimal():
                found.add(int(number))
    return [f"{start}{number}" for number in sorted(found)]


def one_of(values: Values, name: str) -> str:
    """One value without the blanks around it; nothing reads as an empty text."""
    return next(iter(values.get(name, ())), "").strip()


class _Reader:
    """Reads one form."""

    def __init__(self, values: Values, voice: Voice, tiers: Sequence[str]) -> None:
        self.read = Read()
        self._values = values
        self._voice = voice
        self._tiers = tiers

    def fields(self, name: str, fields: tuple[RuleField, ...], pointer: str) -> dict[str, object]:
        """The fields that say something."""
        document = {}
        for one in fields:
            found = self._field(f"{name}.{one.name}", one, f"{pointer}/{one.name}")
            if found is not None:
                document[one.name] = found
        return document

    def _field(self, name: str, one: RuleField, pointer: str) -> object:
        """What a field says; None where it says nothing."""
        self.read.places[pointer] = name
        if one.kind in CONDITIONS:
            return self._root(name, one.kind, pointer)
        match one.kind:
            case FieldKind.EFFECTS:
                return [
                    self._effect(each, f"{pointer}/{place}")
                    for place, each in enumerate(numbered(self._values, name))
                ]
            case FieldKind.OBJECT:
                return self.fields(name, one.fields, pointer) or None
            case FieldKind.OBJECTS:
                return self._rows(name, one, pointer) or None
            case FieldKind.TITLES:
                return self._titles(name, pointer) or None
            case _:
                return self._leaf(name, one, pointer)

    def _rows(self, name: str, one: RuleField, pointer: str) -> list[object]:
        rows: list[object] = []
        for each in numbered(self._values, name):
            at = f"{pointer}/{len(rows)}"
            self.read.places[at] = each
            counted = one_of(self._values, f"{each}.count")
            row = self.fields(each, row_fields(one.fields, counted), at)
            if row:
                rows.append(row)
        return rows

    def _titles(self, name: str, pointer: str) -> dict[str, object]:
        titles: dict[str, object] = {}
        for key in sorted(self._values):
            language = key.removeprefix(f"{name}.")
            if language != key and "." not in language and one_of(self._values, key):
                self.read.places[f"{pointer}/{language}"] = key
                titles[language] = one_of(self._values, key)
        return titles

    def _effect(self, name: str, pointer: str) -> dict[str, object]:
        self.read.places[pointer] = name
        effect = one_of(self._values, f"{name}.effect")
        right = one_of(self._values, f"{name}.right")
        document: dict[str, object] = {"effect": effect}
        known = effect in _GRAMMAR.effects
        if right:
            document["kind"] = right
            known = known and right in _GRAMMAR.rights
        if known:
            document |= self.fields(name, _GRAMMAR.given(effect, right), pointer)
        return document

    def _leaf(self, name: str, one: RuleField, pointer: str) -> object:
        self.read.places[pointer] = name
        texts = self._texts(name, one)
        if not texts:
            return None
        was = one_of(self._values, f"{name}.was")
        if was and (held := self._unchanged(one, texts, was)) is not None:
            return held
        try:
            found = [read_text(one.kind, text, self._voice) for text in texts]
        except Unreadable:
            self.read.wrong[name] = self._voice.say(_UNREADABLE[one.kind])
            return None
        if one.kind in LISTS:
            for place in range(len(found)):
                self.read.places[f"{pointer}/{place}"] = name
            return found
        if len(found) > 1:
            self.read.wrong[name] = self._voice.say("Please choose one.")
        return found[0]

    def _texts(self, name: str, one: RuleField) -> list[str]:
        """What was given for a field, several in the order of the language or the ladder."""
        given = [text.strip() for text in self._values.get(name, ())]
        if one.kind is FieldKind.TEXTS:
            given = [line.strip() for text in given for line in text.splitlines()]
        elif one.kind is FieldKind.NUMBERS:
            given = [part for text in given for part in text.replace(",", " ").split()]
        order = one.choices or self._tiers
        if one.kind in {FieldKind.WORDS, FieldKind.TIERS}:
            given.sort(key=lambda text: order.index(text) if text in order else len(order))
        return [text for text in given if text]

    def _unchanged(self, one: RuleField, texts: list[str], was: str) -> object:
        """What stood there, if the texts still say it."""
        try:
            held = json.loads(was)
        except ValueError:
            return None
        parts = held if isinstance(held, list) else [held]
        shown = [(shown_text(one.kind, part, self._voice) or "").strip() for part in parts]
        return held if sorted(shown) == sorted(texts) else None

    def _root(self, name: str, kind: FieldKind, pointer: str) -> object:
        parts = numbered(self._values, name)
        mode = one_of(self._values, f"{name}.node")
        bare = one_of(self._values, f"{name}.bare") == "yes"
        if not parts:
            return None
        if bare and len(parts) == 1 and mode in {"", "all"}:  # the first has no mode yet
            return self._node(parts[0], kind, pointer, 1)
        return self._node(name, kind, pointer, 1)

    def _node(self, name: str, kind: FieldKind, pointer: str, depth: int) -> object:
        self.read.places[pointer] = name
        said = one_of(self._values, f"{name}.node")
        if said == JSON or depth > DEEPEST:
            return self._raw(f"{name}.json", pointer)
        if said not in MODES:
            return self._comparison(name, said.removeprefix(FACT), kind, pointer)
        parts = numbered(self._values, name)
        several = said != "none" or len(parts) > 1
        joint = {"none": "not/any" if several else "not"}.get(said, said)
        built = [
            self._node(
                each, kind, f"{pointer}/{joint}/{place}" if several else f"{pointer}/not", depth + 1
            )
            for place, each in enumerate(parts)
        ]
        if said != "none":
            return {said: built}
        return {"not": {"any": built} if several else next(iter(built), {})}

    def _raw(self, name: str, pointer: str) -> object:
        self.read.places[pointer] = name
        try:
            return json.loads(one_of(self._values, name))
        except (ValueError, RecursionError):
            self.read.wrong[name] = self._voice.say("This is not JSON.")
            return {}

    def _comparison(
        self, name: str, fact_name: str, kind: FieldKind, pointer: str
    ) -> dict[str, object]:
        document: dict[str, object] = {"fact": fact_name}
        fact = facts_for(kind).get(fact_name)
        if fact is None:
            return document
        operators = {one.name: one for one in _GRAMMAR.compared(fact)}
        operator = operators.get(one_of(self._values, f"{name}.op"))
        found = None
        if operator is not None:
            found = self._leaf(f"{name}.value", operator, f"{pointer}/{operator.name}")
            document[operator.name] = found
        if found is None and f"{name}.value" not in self.read.wrong:
            self.read.wrong[f"{name}.value"] = self._voice.say("Please say what it is.")
        document |= self.fields(name, fact.options, pointer)
        return document
