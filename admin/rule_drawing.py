"""The values of a form as the parts that a page draws: fields, comparisons, groups, rows.

Which fields there are is the language's to say (`benefits.GRAMMAR`); a part only knows its name,
its words, its choices and what it holds. Templates draw what these say.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, Final

import benefits
from admin.language import Voice
from admin.rule_reading import numbered, one_of
from admin.rule_values import (
    DRAWN_DEEP,
    FACT,
    JSON,
    LISTS,
    MODES,
    ROOT,
    Values,
    facts_for,
    row_fields,
)
from admin.rule_verbs import RIGHT
from admin.rule_words import choice, effect, fact, hint, label, mode, row_label, unsaid
from benefits import FieldKind, RuleField

SHOWN_AT_ONCE: Final = frozenset(("target", "per", "where"))
"""What most effects that know these fields say."""
Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Names:
    """The names that a rule may refer to, by the name of the field, with what people call them."""

    tiers: Options = ()
    known: Mapping[str, Options] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What every part has: its name in the form, and what people call it."""

    shape: ClassVar[str]
    whole: ClassVar[int] = 1
    """Whether it stands by itself, below the fields."""
    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Input(Drawn):
    """One field: a text, some lines, a choice, or boxes to check."""

    shape = "input"
    whole = 0
    kind: str
    values: tuple[str, ...]
    options: Options = ()
    hint: str | None = None
    mode: str | None = None
    was: str = ""
    shapes: bool = False
    """Whether another choice asks for other fields."""

    @property
    def value(self) -> str:
        """What it holds."""
        return "\n".join(self.values)


@dataclass(frozen=True, slots=True)
class Compared(Drawn):
    """A fact, how it is compared, with what; and what may be said beside it."""

    shape = "compared"
    fact: str
    operator: Input
    value: Input
    beside: "tuple[Part, ...]"
    more: "tuple[Part, ...]"


@dataclass(frozen=True, slots=True)
class Group(Drawn):
    """Parts that are joined in one way; the outermost one may be empty."""

    shape = "group"
    bare: bool
    outer: bool
    joined: Input
    parts: "tuple[Part, ...]"
    adds: Input


@dataclass(frozen=True, slots=True)
class Raw(Drawn):
    """A condition nested too deep to be drawn, as JSON."""

    shape = "raw"
    input: Input


@dataclass(frozen=True, slots=True)
class Box(Drawn):
    """Fields that belong together: an object, a row, an effect; `kept` are its hidden values."""

    shape = "box"
    parts: "tuple[Part, ...]"
    more: "tuple[Part, ...]" = ()
    """What is seldom said, and is not said here."""
    kept: Options = ()
    removable: bool = False


@dataclass(frozen=True, slots=True)
class Rows(Drawn):
    """A list to which one may add: rows of an object, or effects to choose from."""

    shape = "rows"
    rows: tuple[Box, ...]
    adds: Input | None


Part = Input | Compared | Group | Raw | Box | Rows


def drawn(values: Values, voice: Voice, names: Names) -> dict[str, Part]:
    """Every field of a rule as a part, by its name."""
    drawer = _Drawer(values, voice, names)
    return {one.name: drawer.field(f"{ROOT}.{one.name}", one) for one in benefits.GRAMMAR.rule}


def labels_of(parts: Iterable[Part]) -> dict[str, str]:
    """What each field is called, and each part that a refusal may be about."""
    labels: dict[str, str] = {}
    for part in parts:
        labels[part.name] = part.label
        match part:
            case Compared():
                labels |= labels_of((part.operator, part.value, *part.beside, *part.more))
            case Group():
                labels |= labels_of(part.parts)
            case Box():
                labels |= labels_of((*part.parts, *part.more))
            case Rows():
                labels |= labels_of(part.rows)
            case Raw():
                labels[part.input.name] = part.input.label
            case Input():
                pass
    return labels


def says_anything(values: Values, parts: Iterable[Part]) -> bool:
    """Whether a form holds anything for one of these parts."""
    names = tuple(part.name for part in parts)
    return any(
        _says(values, key)
        for key in values
        for name in names
        if key == name or key.startswith(f"{name}.")
    )


class _Drawer:
    """Draws one form."""

    def __init__(self, values: Values, voice: Voice, names: Names) -> None:
        self._values = values
        self._voice = voice
        self._names = names

    def field(self, name: str, one: RuleField, *, right: bool = False) -> Part:
        """One field of an object."""
        words = label(self._voice, one.name, right=right)
        match one.kind:
            case FieldKind.CONDITION | FieldKind.LINE_CONDITION:
                return self._group(name, words, one.kind, 1)
            case FieldKind.EFFECTS:
                rows = tuple(self._effect(each) for each in numbered(self._values, name))
                return Rows(
                    name,
                    words,
                    rows,
                    self._choice(f"{name}.add", self._voice.say("Add an effect"), self._effects()),
                )
            case FieldKind.OBJECT:
                return Box(name, words, self._parts(name, one.fields))
            case FieldKind.OBJECTS:
                return Rows(name, words, self._rows(name, one), None)
            case FieldKind.TITLES:
                return Box(name, words, self._titles(name))
            case _:
                return self._leaf(name, one, words)

    def _parts(
        self, name: str, fields: Sequence[RuleField], *, right: bool = False
    ) -> tuple[Part, ...]:
        return tuple(self.field(f"{name}.{one.name}", one, right=right) for one in fields)

    def _rows(self, name: str, one: RuleField) -> tuple[Box, ...]:
        return tuple(
            Box(
                each,
                row_label(self._voice, one.name, place),
                self._parts(each, row_fields(one.fields, one_of(self._values, f"{each}.count"))),
                kept=((f"{each}.row", "yes"),),
                removable=True,
            )
            for place, each in enumerate(numbered(self._values, name), start=1)
        )

    def _titles(self, name: str) -> tuple[Part, ...]:
        start = f"{name}."
        held = {key.removeprefix(start) for key in self._values if key.startswith(start)}
        words = {"en": self._voice.say("In English"), "zh": self._voice.say("In Chinese")}
        return tuple(
            Input(f"{name}.{one}", words.get(one, one), "text", self._held(f"{name}.{one}"))
            for one in (*words, *sorted(held - set(words)))
        )

    def _effect(self, name: str) -> Box:
        said = one_of(self._values, f"{name}.effect")
        right = one_of(self._values, f"{name}.right")
        grammar, kept = benefits.GRAMMAR, ((f"{name}.effect", said),)
        known = right in grammar.rights if right else said in grammar.effects
        fields = grammar.given(said, right) if known else ()
        first = {*SHOWN_AT_ONCE, *(() if right or not known else grammar.effects[said].one_of)}
        shown, more = self._apart(name, fields, first)
        return Box(
            name,
            effect(self._voice, right or said),
            self._parts(name, shown, right=bool(right)),
            self._parts(name, more),
            kept=(*kept, (f"{name}.right", right)) if right else kept,
            removable=True,
        )

    def _apart(
        self, name: str, fields: Sequence[RuleField], first: Collection[str]
    ) -> tuple[list[RuleField], list[RuleField]]:
        """The fields that are shown at once, and those that nobody has used here."""
        start = tuple(f"{name}.{one.name}" for one in fields)
        said = {key for key in self._values if key.startswith(start) and _says(self._values, key)}
        shown: list[RuleField] = []
        more: list[RuleField] = []
        for one in fields:
            own = f"{name}.{one.name}"
            used = any(key == own or key.startswith(f"{own}.") for key in said)
            (shown if one.required or one.name in first or used else more).append(one)
        return shown, more

    def _effects(self) -> Options:
        grammar = benefits.GRAMMAR
        plain = [(one, effect(self._voice, one)) for one in grammar.effects if one != "entitlement"]
        rights = [(f"{RIGHT}{one}", effect(self._voice, one)) for one in grammar.rights]
        return (*plain, *rights)

    def _group(self, name: str, words: str, kind: FieldKind, depth: int) -> Group:
        said = one_of(self._values, f"{name}.node")
        outer = depth == 1
        joined = said if said in MODES else "all"
        modes = tuple((one, mode(self._voice, one)) for one in MODES)
        return Group(
            name,
            words,
            bare=not said or one_of(self._values, f"{name}.bare") == "yes",
            outer=outer,
            joined=Input(
                f"{name}.node", self._voice.say("How they are joined"), "choice", (joined,), modes
            ),
            parts=tuple(self._node(each, kind, depth + 1) for each in numbered(self._values, name)),
            adds=self._choice(
                f"{name}.add",
                self._voice.say("Add a condition"),
                (*self._facts(kind), *(modes if depth < DRAWN_DEEP else ())),
            ),
        )

    def _facts(self, kind: FieldKind) -> Options:
        return tuple((f"{FACT}{one}", fact(self._voice, one)) for one in facts_for(kind))

    def _node(self, name: str, kind: FieldKind, depth: int) -> Part:
        said = one_of(self._values, f"{name}.node")
        if said == JSON:
            words = self._voice.say("Nested too deep to be drawn; as JSON")
            held = self._held(f"{name}.json")
            return Raw(name, words, Input(f"{name}.json", words, "json", held))
        if said in MODES:
            return self._group(name, self._voice.say("Group"), kind, depth)
        return self._comparison(name, said.removeprefix(FACT), kind)

    def _comparison(self, name: str, fact_name: str, kind: FieldKind) -> Part:
        asked = facts_for(kind).get(fact_name)
        if asked is None:
            return Box(name, fact_name, (), removable=True)
        operators = benefits.GRAMMAR.compared(asked)
        said = one_of(self._values, f"{name}.op")
        chosen = next((one for one in operators if one.name == said), operators[0])
        words, voice = fact(self._voice, fact_name), self._voice
        shown, more = self._apart(name, asked.options, ())
        return Compared(
            name,
            words,
            fact_name,
            Input(
                f"{name}.op",
                voice.say("%(fact)s: how it is compared", fact=words),
                "choice",
                (chosen.name,),
                tuple(
                    (one.name, benefits.operator_word(one.name, voice.name) or voice.say("is"))
                    for one in operators
                ),
                shapes=True,
            ),
            self._leaf(
                f"{name}.value", chosen, voice.say("%(fact)s: with what", fact=words), fact_name
            ),
            self._parts(name, shown),
            self._parts(name, more),
        )

    def _leaf(self, name: str, one: RuleField, words: str, known: str | None = None) -> Input:
        """A field by the kind of its value; `known` says what the value names."""
        held, voice = self._held(name), self._voice
        was, helps = one_of(self._values, f"{name}.was"), hint(voice, one.name)
        options = self._options(one, known or one.name)
        if one.kind in {FieldKind.WORDS, FieldKind.TIERS} and options:
            return Input(name, words, "checks", held, _with(options, held), was=was)
        if options and one.kind not in LISTS:
            # a box that was checked for a list may be the only one that is chosen now
            nothing = () if known else (("", unsaid(voice, one)),)
            shown = _with((*nothing, *options), held)
            return Input(name, words, "choice", held, shown, helps, was=was)
        if one.kind is FieldKind.TIME:
            helps = voice.say("Such as 18:00")
        kind = {FieldKind.TEXTS: "lines", FieldKind.INSTANT: "datetime-local"}.get(one.kind, "text")
        if one.kind is FieldKind.NUMBERS:
            held = (", ".join(held),) if held else ()
        if kind == "lines":
            helps = voice.say("one on each line")
        return Input(name, words, kind, held, options, helps, _MODES.get(one.kind), was)

    def _options(self, one: RuleField, known: str) -> Options:
        voice = self._voice
        match one.kind:
            case FieldKind.TIER | FieldKind.TIERS:
                return self._names.tiers
            case FieldKind.WORD | FieldKind.WORDS:
                field = "within" if one.name == "within" else known
                return tuple((word, choice(voice, field, word)) for word in one.choices)
            case FieldKind.BOOLEAN:
                return (("yes", voice.say("Yes")), ("no", voice.say("No")))
            case FieldKind.NAME:
                return self._names.known.get(known, ())
            case _:
                return ()

    def _choice(self, name: str, words: str, options: Options) -> Input:
        return Input(name, words, "choice", self._held(name), options)

    def _held(self, name: str) -> tuple[str, ...]:
        return self._values.get(name, ())


_MODES: Final[Mapping[FieldKind, str]] = MappingProxyType(
    {
        FieldKind.MONEY: "decimal",
        FieldKind.PERCENT: "decimal",
        FieldKind.MULTIPLIER: "decimal",
        FieldKind.NUMBER: "numeric",
    }
)


def _says(values: Values, key: str) -> bool:
    """Whether a value says something; what only steers the form says nothing."""
    return values[key] != ("",) and not key.endswith((".add", ".bare"))


def _with(options: Options, held: tuple[str, ...]) -> Options:
    """The options, and what is held but is not among them."""
    codes = {code for code, _ in options}
    return (*options, *((one, one) for one in held if one not in codes))
