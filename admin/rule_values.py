"""A rule's document as the flat values of a form: each leaf under a dotted name.

A condition is a node under a name: `.node` says what it is (a fact, a way to join parts, or raw
JSON), its parts stand under numbers. What a field cannot show exactly is kept beside it under
`.was`, so that a form changes what a person changes and nothing else.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, cast

import benefits
from admin.language import Voice
from admin.rule_texts import Unreadable, read_text, shown_text
from benefits import FieldKind, RuleField

Values = dict[str, tuple[str, ...]]
"""What a form holds: the texts under each name, several for boxes that are checked."""

ROOT: Final = "r"
DRAWN_DEEP: Final = 4
"""Groups within groups that are drawn; what is deeper is shown as JSON."""
FACT: Final = "fact:"
JSON: Final = "json"
MODES: Final = ("all", "any", "none")
LISTS: Final = frozenset(
    (FieldKind.TEXTS, FieldKind.TIERS, FieldKind.WORDS, FieldKind.NUMBERS),
)
BOXES: Final = frozenset((FieldKind.TIERS, FieldKind.WORDS))
"""Lists that are drawn as boxes to check, which do not say in which order they stood."""
CONDITIONS: Final = frozenset((FieldKind.CONDITION, FieldKind.LINE_CONDITION))
_GRAMMAR: Final = benefits.GRAMMAR


class Undrawable(Exception):
    """This part of the document is nothing that a form could hold."""

    def __init__(self, pointer: str) -> None:
        super().__init__(pointer)
        self.pointer = pointer


def values_of(document: Mapping[str, object], voice: Voice) -> Values:
    """The values of a form that says what the document says. Raises Undrawable."""
    writer = _Writer(voice)
    writer.fields(ROOT, _GRAMMAR.rule, document, "")
    return writer.values


class _Writer:
    """Writes one document down."""

    def __init__(self, voice: Voice) -> None:
        self.values: Values = {}
        self._voice = voice

    def fields(
        self,
        name: str,
        fields: tuple[RuleField, ...],
        value: object,
        pointer: str,
        also: tuple[str, ...] = (),
    ) -> None:
        document = _object(value, pointer)
        known = {field.name: field for field in fields}
        for key, held in document.items():
            if key in also:
                continue
            if key not in known:
                raise Undrawable(f"{pointer}/{key}")
            self._field(f"{name}.{key}", known[key], held, f"{pointer}/{key}")

    def _field(self, name: str, field: RuleField, value: object, pointer: str) -> None:
        match field.kind:
            case FieldKind.CONDITION | FieldKind.LINE_CONDITION:
                self._root(name, value, field.kind, pointer)
            case FieldKind.EFFECTS:
                for place, effect in enumerate(_list(value, pointer)):
                    self._effect(f"{name}.{place}", effect, f"{pointer}/{place}")
            case FieldKind.OBJECT:
                self.fields(name, field.fields, value, pointer)
            case FieldKind.OBJECTS:
                for place, row in enumerate(_list(value, pointer)):
                    at = f"{pointer}/{place}"
                    counted = str(_object(row, at).get("count"))
                    self.values[f"{name}.{place}.row"] = ("yes",)
                    self.fields(f"{name}.{place}", row_fields(field.fields, counted), row, at)
            case FieldKind.TITLES:
                for language, title in _object(value, pointer).items():
                    if not isinstance(title, str):
                        raise Undrawable(f"{pointer}/{language}")
                    self.values[f"{name}.{language}"] = (title,)
            case _:
                self._leaf(name, field, value, pointer)

    def _leaf(self, name: str, field: RuleField, value: object, pointer: str) -> None:
        several = field.kind in LISTS
        held = _list(value, pointer) if several else [value]
        texts = tuple(shown_text(field.kind, one, self._voice) for one in held)
        if any(text is None for text in texts):
            raise Undrawable(pointer)
        self.values[name] = cast("tuple[str, ...]", texts)
        unordered = field.kind in BOXES and several and len(held) > 1
        if unordered or not self._reads_the_same(field.kind, texts, held):
            self.values[f"{name}.was"] = (json.dumps(value, ensure_ascii=False),)

    def _reads_the_same(
        self, kind: FieldKind, texts: tuple[str | None, ...], held: list[object]
    ) -> bool:
        try:
            again = [read_text(kind, text or "", self._voice) for text in texts]
        except Unreadable:
            return False
        return json.dumps(again) == json.dumps(held)

    def _effect(self, name: str, value: object, pointer: str) -> None:
        document = _object(value, pointer)
        effect, right = document.get("effect"), document.get("kind")
        if effect not in _GRAMMAR.effects:
            raise Undrawable(f"{pointer}/effect")
        if effect == "entitlement" and right not in _GRAMMAR.rights:
            raise Undrawable(f"{pointer}/kind")
        self.values[f"{name}.effect"] = (str(effect),)
        also: tuple[str, ...] = ("effect",)
        if effect == "entitlement":
            self.values[f"{name}.right"] = (str(right),)
            also = ("effect", "kind")
        self.fields(name, _GRAMMAR.given(str(effect), str(right)), document, pointer, also)

    def _root(self, name: str, value: object, kind: FieldKind, pointer: str) -> None:
        """The outermost node is always a group; one that the document has not is marked bare."""
        document = _object(value, pointer)
        if "fact" in document:
            self.values[f"{name}.node"] = ("all",)
            self.values[f"{name}.bare"] = ("yes",)
            self._node(f"{name}.0", document, kind, pointer, 2)
        else:
            self._node(name, document, kind, pointer, 1)

    def _node(self, name: str, value: object, kind: FieldKind, pointer: str, depth: int) -> None:
        document = _object(value, pointer)
        if "fact" in document:
            self._comparison(name, document, kind, pointer)
            return
        joints = [key for key in ("all", "any", "not") if key in document]
        if len(joints) != 1 or len(document) != 1:
            raise Undrawable(pointer)
        if depth > DRAWN_DEEP:
            self.values[f"{name}.node"] = (JSON,)
            self.values[f"{name}.json"] = (json.dumps(dict(document), ensure_ascii=False),)
            return
        mode, parts, within = _joined(document, joints[0], pointer)
        self.values[f"{name}.node"] = (mode,)
        for place, part in enumerate(parts):
            at = f"{within}/{place}" if within != f"{pointer}/not" else within
            self._node(f"{name}.{place}", part, kind, at, depth + 1)

    def _comparison(
        self, name: str, document: Mapping[str, object], kind: FieldKind, pointer: str
    ) -> None:
        facts = facts_for(kind)
        fact = facts.get(str(document["fact"]))
        if fact is None:
            raise Undrawable(f"{pointer}/fact")
        self.values[f"{name}.node"] = (f"{FACT}{fact.name}",)
        operators = {one.name: one for one in _GRAMMAR.compared(fact)}
        said = [key for key in document if key in operators]
        if len(said) > 1:
            raise Undrawable(pointer)
        for key in said:
            self.values[f"{name}.op"] = (key,)
            self._leaf(f"{name}.value", operators[key], document[key], f"{pointer}/{key}")
        self.fields(name, fact.options, document, pointer, ("fact", *said))


def facts_for(kind: FieldKind) -> Mapping[str, benefits.RuleFact]:
    """The facts that a condition of a kind may ask."""
    return _GRAMMAR.line_facts if kind is FieldKind.LINE_CONDITION else _GRAMMAR.facts


def row_fields(fields: tuple[RuleField, ...], counted: str) -> tuple[RuleField, ...]:
    """The fields of a row; the figure of one that counts money is an amount of it."""
    if counted != "money":
        return fields
    return tuple(
        replace(one, kind=FieldKind.MONEY) if one.name == "most" else one for one in fields
    )


def _joined(
    document: Mapping[str, object], joint: str, pointer: str
) -> tuple[str, list[object], str]:
    """How a group is joined in a form, its parts, and where they stand."""
    if joint != "not":
        return joint, _list(document[joint], f"{pointer}/{joint}"), f"{pointer}/{joint}"
    inner = _object(document["not"], f"{pointer}/not")
    parts = inner.get("any")
    if isinstance(parts, list) and len(parts) > 1 and len(inner) == 1:
        return "none", list(parts), f"{pointer}/not/any"
    return "none", [inner], f"{pointer}/not"


def _object(value: object, pointer: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise Undrawable(pointer)
    return cast("Mapping[str, object]", value)


def _list(value: object, pointer: str) -> list[object]:
    if not isinstance(value, list | tuple):
        raise Undrawable(pointer)
    return list(value)
