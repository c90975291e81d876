"""The fields of one effect of a rule document, read one by one. Total and strict."""

from collections.abc import Callable, Mapping, Sequence

from benefits.errors import EffectWithoutTarget, MissingField, UnknownEffect, UnknownField
from benefits.language.effect_nodes import EFFECTS, EffectNode
from benefits.language.nodes import Field, Kind
from benefits.language.tree import Node
from benefits.language.values import (
    read_boolean,
    read_list,
    read_money,
    read_name,
    read_number,
    read_object,
    read_percent,
    read_text,
    read_word,
    refuse_unknown_fields,
)
from benefits.offer_errors import ContradictoryFields

LineReader = Callable[[object, str], Node]

_EFFECT = Field("effect", Kind.TEXT, required=True)


class EffectFields:
    """One effect: which it is, the one of its alternatives that is said, and its fields."""

    def __init__(self, value: object, pointer: str, read_where: LineReader) -> None:
        self._document: Mapping[str, object] = read_object(value, pointer)
        self._read_where = read_where
        self.pointer = pointer
        self.node = self._find_node()
        self._fields = {field.name: field for field in self.node.fields}
        refuse_unknown_fields(self._document, (_EFFECT, *self.node.fields), pointer)
        self.said = self._find_said()

    @property
    def document(self) -> Mapping[str, object]:
        """The effect as it was written."""
        return self._document

    def has(self, name: str) -> bool:
        """Whether the field is said."""
        return name in self._document

    def at(self, name: str) -> str:
        """The pointer to a field."""
        return f"{self.pointer}/{name}"

    def entries(self, name: str, *, most: int) -> list["Entry"]:
        """The objects of a list."""
        shape = self._fields[name].fields
        return [
            Entry(entry, f"{self.at(name)}/{position}", shape)
            for position, entry in enumerate(
                read_list(self._document[name], self.at(name), most=most)
            )
        ]

    def number(self, name: str, default: int | None = None) -> int:
        """A whole number; the default where it is left out and has one."""
        if default is not None and not self.has(name):
            return default
        return read_number(self._document[name], self.at(name), self._fields[name])

    def number_if_said(self, name: str) -> int | None:
        """A whole number, if it is said."""
        return self.number(name) if self.has(name) else None

    def money(self, name: str) -> int:
        """Minor units of money."""
        return read_money(self._document[name], self.at(name), self._fields[name])

    def money_if_said(self, name: str) -> int | None:
        """Minor units of money, if they are said."""
        return self.money(name) if self.has(name) else None

    def percent(self, name: str = "percent") -> int:
        """A percentage in hundredths."""
        return read_percent(self._document[name], self.at(name))

    def boolean(self, name: str) -> bool:
        """True or false."""
        return read_boolean(self._document[name], self.at(name))

    def word(self, name: str, default: str) -> str:
        """One of the field's words; the default where it is left out."""
        if not self.has(name):
            return default
        return read_word(self._document[name], self.at(name), self._fields[name].choices)

    def text(self, name: str) -> str:
        """Text."""
        return read_text(self._document[name], self.at(name))

    def name(self, name: str) -> str:
        """A name of ours."""
        return read_name(self._document[name], self.at(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; none where it is left out."""
        if not self.has(name):
            return ()
        return tuple(
            read_text(entry, f"{self.at(name)}/{position}")
            for position, entry in enumerate(read_list(self._document[name], self.at(name)))
        )

    def where(self, name: str = "where") -> Node | None:
        """The lines that are selected; None is all of them."""
        if not self.has(name):
            return None
        return self._read_where(self._document[name], self.at(name))

    def target(self) -> tuple[str, Node | None]:
        """What is worked on, and which of its lines."""
        if not self.has("target"):
            reason = 'say "target": lines, order or shipping'
            raise EffectWithoutTarget(pointer=self.pointer, reason=reason)
        target = self.word("target", "")
        if target == "shipping":
            for name in ("where", "units", "pick"):
                if self.has(name):
                    reason = "shipping has no lines to choose from"
                    raise EffectWithoutTarget(pointer=self.at(name), reason=reason)
        return target, self.where()

    def refuse(self, name: str, *, beside: Sequence[str]) -> None:
        """Refuse a field that is said beside one which contradicts it."""
        if not self.has(name):
            return
        for other in beside:
            if self.has(other):
                wanted = f'"{other}"'
                raise ContradictoryFields(pointer=self.at(name), seen=name, wanted=wanted)

    def _find_node(self) -> EffectNode:
        if not self.has("effect"):
            raise MissingField(pointer=self.pointer, wanted="effect")
        name = self.text("effect")
        node = EFFECTS.get(name)
        if node is None:
            raise UnknownEffect(pointer=self.at("effect"), seen=name, wanted=", ".join(EFFECTS))
        return node

    def _find_said(self) -> str:
        """The one of the node's alternatives that is said."""
        said = [name for name in self.node.one_of if self.has(name)]
        if self.node.one_of and not said:
            reason = f"say one of {', '.join(self.node.one_of)}"
            raise EffectWithoutTarget(pointer=self.pointer, reason=reason)
        if len(said) > 1:
            raise UnknownField(pointer=self.at(said[1]), seen=said[1], wanted=f"{said[0]} alone")
        return said[0] if said else ""


class Entry:
    """One object of a list in an effect."""

    def __init__(self, value: object, pointer: str, fields: tuple[Field, ...]) -> None:
        self._document = read_object(value, pointer)
        self._fields = {field.name: field for field in fields}
        self.pointer = pointer
        refuse_unknown_fields(self._document, fields, pointer)

    def at(self, name: str) -> str:
        """The pointer to a field."""
        return f"{self.pointer}/{name}"

    def money(self, name: str) -> int:
        """Minor units of money."""
        return read_money(self._document[name], self.at(name), self._fields[name])

    def percent(self, name: str) -> int:
        """A percentage in hundredths."""
        return read_percent(self._document[name], self.at(name))
