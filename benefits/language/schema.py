"""A rule as JSON Schema, derived from the list of nodes: the shape at the HTTP border.

It says what has which type; what only a whole rule shows (contradictions, depth, names that exist)
is the checker's.
"""

from collections.abc import Mapping
from typing import Any, Final

from benefits.language.effect_nodes import EFFECTS, MAX_EFFECTS, EffectNode
from benefits.language.nodes import (
    ENTITLEMENTS,
    FACTS,
    LINE_FACTS,
    MAX_NODES,
    MAX_TEXT,
    MAX_VALUES,
    OPERATORS,
    RULE,
    Fact,
    Field,
    Kind,
    fields_of,
)

Schema = dict[str, Any]

CONDITION: Final = "#/$defs/RuleCondition"
LINE_CONDITION: Final = "#/$defs/RuleLineCondition"
EFFECT: Final = "#/$defs/RuleEffect"

_TEXT: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}
_DECIMAL: Final[Schema] = {
    "anyOf": [
        {"type": "integer", "minimum": 0},
        {"type": "string", "pattern": r"^[0-9]{1,5}(\.[0-9]{1,2})?$"},
    ]
}
_FIXED: Final[Mapping[Kind, Schema]] = {
    Kind.TEXT: _TEXT,
    Kind.TIER: _TEXT,
    Kind.NAME: {
        "type": "string",
        "maxLength": 64,
        "pattern": "^[a-z0-9]+([-_][a-z0-9]+)*$",
    },
    Kind.PERCENT: _DECIMAL,
    Kind.MULTIPLIER: _DECIMAL,
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.TITLES: {"type": "object", "additionalProperties": _TEXT},
    Kind.INSTANT: {"type": "string", "format": "date-time"},
    Kind.ZONE: _TEXT,
    Kind.TIME: {"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$"},
    Kind.CONDITION: {"$ref": CONDITION},
    Kind.LINE_CONDITION: {"$ref": LINE_CONDITION},
    Kind.EFFECTS: {
        "type": "array",
        "minItems": 1,
        "maxItems": MAX_EFFECTS,
        "items": {"$ref": EFFECT},
    },
}

_LISTS: Final[Mapping[Kind, Kind]] = {
    Kind.NUMBERS: Kind.NUMBER,
    Kind.OBJECTS: Kind.OBJECT,
    Kind.TEXTS: Kind.TEXT,
    Kind.TIERS: Kind.TIER,
    Kind.WORDS: Kind.WORD,
}


def rule_schema() -> Schema:
    """The schema of a rule; what it refers to stands in its `$defs`."""
    return {
        **_object(RULE),
        "$defs": {
            "RuleCondition": _condition(FACTS, CONDITION),
            "RuleLineCondition": _condition(LINE_FACTS, LINE_CONDITION),
            "RuleEffect": {"oneOf": _effects()},
        },
    }


def _object(fields: tuple[Field, ...]) -> Schema:
    return {
        "type": "object",
        "properties": {field.name: _field(field) for field in fields},
        "required": [field.name for field in fields if field.required],
        "additionalProperties": False,
    }


def _field(field: Field) -> Schema:
    if field.kind in _LISTS:
        return _list(_one(field, _LISTS[field.kind]))
    return _one(field, field.kind)


def _one(field: Field, kind: Kind) -> Schema:
    match kind:
        case Kind.NUMBER | Kind.MONEY:
            return {"type": "integer", "minimum": field.minimum, "maximum": field.maximum}
        case Kind.WORD:
            return {"enum": list(field.choices)}
        case Kind.OBJECT:
            return _object(field.fields)
        case _:
            return dict(_FIXED[kind])


def _list(entry: Schema) -> Schema:
    return {"type": "array", "minItems": 1, "maxItems": MAX_VALUES, "items": entry}


def _condition(facts: Mapping[str, Fact], itself: str) -> Schema:
    parts = {
        "type": "array",
        "minItems": 1,
        "maxItems": MAX_NODES,
        "items": {"$ref": itself},
    }
    joints = [
        {
            "type": "object",
            "properties": {name: shape},
            "required": [name],
            "additionalProperties": False,
        }
        for name, shape in (("all", parts), ("any", parts), ("not", {"$ref": itself}))
    ]
    return {"oneOf": [*joints, *(_fact(fact) for fact in facts.values())]}


def _fact(fact: Fact) -> Schema:
    operators = OPERATORS[fact.type]
    shape = _object((*operators, *fact.options))
    shape["properties"]["fact"] = {"const": fact.name}
    shape["required"] = ["fact"]
    shape["oneOf"] = [{"required": [operator.name]} for operator in operators]
    return shape


def _effects() -> list[Schema]:
    """A shape for each effect, and for each kind of entitlement."""
    shapes = [_effect(effect) for effect in EFFECTS.values() if effect.name != "entitlement"]
    for node in ENTITLEMENTS.values():
        shape = _effect(EffectNode("entitlement", fields_of(node)))
        shape["properties"]["kind"] = {"const": node.name}
        shape["required"].append("kind")
        shapes.append(shape)
    return shapes


def _effect(effect: EffectNode) -> Schema:
    shape = _object(effect.fields)
    shape["properties"]["effect"] = {"const": effect.name}
    shape["required"] = ["effect", *shape["required"]]
    if effect.one_of:
        shape["oneOf"] = [{"required": [name]} for name in effect.one_of]
    return shape
