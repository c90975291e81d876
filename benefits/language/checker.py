"""From plain JSON to a checked rule, or a refusal with the pointer to the node.

Total: whatever JSON holds, the answer is a `Rule` or a `RuleRefused`. Depth is bounded before it
is descended into, so no document can exhaust the stack.
"""

from collections.abc import Mapping, Sequence

from benefits.errors import (
    MissingField,
    NestedTooDeep,
    RuleTooLarge,
    StepNotReached,
    UnknownFact,
    UnknownField,
    UnknownOperator,
    UnknownReference,
)
from benefits.language.effects import read_effects, step_of
from benefits.language.limits import read_holdout, read_limits_of
from benefits.language.nodes import (
    FACTS,
    LINE_FACTS,
    MAX_DEPTH,
    MAX_NODES,
    MAX_TEXT,
    OPERATORS,
    RULE,
    SUBTOTAL_STEPS,
    Fact,
    Field,
    Kind,
)
from benefits.language.occasions import EVENT_FACTS, refuse_unfit_for_events
from benefits.language.schedule import read_schedule
from benefits.language.tree import (
    AllOf,
    AnyOf,
    Comparison,
    Node,
    Not,
    Rule,
    Wanted,
)
from benefits.language.values import (
    escape,
    read_boolean,
    read_list,
    read_money,
    read_name,
    read_number,
    read_object,
    read_text,
    read_tier,
    read_titles,
    read_word,
    refuse_unknown_fields,
)
from benefits.records import Vocabulary
from benefits.types import Step

_JOINTS = ("all", "any", "not")
_PRIORITY = next(field for field in RULE if field.name == "priority")
_ANYTHING = Vocabulary()
_LISTS = "lists"


def read_rule(document: object, vocabulary: Vocabulary = _ANYTHING) -> Rule:
    """The checked rule of a document. Raises RuleRefused with the pointer to the node."""
    fields = read_object(document, "")
    refuse_unknown_fields(fields, RULE, "")
    on = _reference(fields, "on", "kind of event", vocabulary.events)
    reader = ConditionReader(vocabulary, FACTS if on is None else EVENT_FACTS)
    voucher = _reference(fields, "voucher", "voucher definition", vocabulary.voucher_definitions)
    bound = voucher is not None
    effects = read_effects(
        fields["effects"], "/effects", reader.line_condition, vocabulary, bound=bound
    )
    if on is not None:
        refuse_unfit_for_events(fields, effects)
    rule = Rule(
        name=read_name(fields["rule"], "/rule"),
        on=on,
        effects=effects,
        titles=read_titles(fields.get("titles", {}), "/titles"),
        when=reader.condition(fields["when"], "/when") if "when" in fields else None,
        schedule=read_schedule(fields["schedule"], "/schedule") if "schedule" in fields else None,
        voucher=voucher,
        group=_reference(fields, "group", "group", vocabulary.groups),
        exclusive=_flag(fields, "exclusive"),
        limits=read_limits_of(fields["limits"], "/limits", effects, bound=bound)
        if "limits" in fields
        else (),
        holdout=read_holdout(fields["holdout"], "/holdout") if "holdout" in fields else None,
        priority=read_number(fields.get("priority", 0), "/priority", _PRIORITY),
        tell=_flag(fields, "tell"),
    )
    first = min(step_of(effect, bound=bound) for effect in effects)
    _refuse_later_steps(reader.steps, first)
    return rule


class ConditionReader:
    """Reads the conditions of one rule and counts their nodes."""

    def __init__(self, vocabulary: Vocabulary, facts: Mapping[str, Fact] = FACTS) -> None:
        self.steps: list[tuple[str, str]] = []
        self._vocabulary = vocabulary
        self._facts = facts
        self._nodes = 0

    def condition(self, value: object, pointer: str) -> Node:
        """A condition about member, cart and order."""
        return self._node(value, pointer, self._facts, 1)

    def line_condition(self, value: object, pointer: str) -> Node:
        """A condition about one line."""
        return self._node(value, pointer, LINE_FACTS, 1)

    def _node(self, value: object, pointer: str, facts: Mapping[str, Fact], depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise NestedTooDeep(pointer=pointer, wanted=MAX_DEPTH)
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise RuleTooLarge(pointer=pointer, wanted=MAX_NODES, seen=self._nodes, unit="nodes")
        document = read_object(value, pointer)
        joints = [name for name in _JOINTS if name in document]
        if not joints:
            return self._comparison(document, pointer, facts, depth)
        joint = joints[0]
        for name in document:
            if name != joint:
                raise UnknownField(
                    pointer=f"{pointer}/{escape(name)}", seen=name[:MAX_TEXT], wanted=joint
                )
        within = f"{pointer}/{joint}"
        if joint == "not":
            return Not(self._node(document["not"], within, facts, depth + 1))
        parts = tuple(
            self._node(part, f"{within}/{position}", facts, depth + 1)
            for position, part in enumerate(read_list(document[joint], within, most=MAX_NODES))
        )
        return AllOf(parts) if joint == "all" else AnyOf(parts)

    def _comparison(
        self,
        document: Mapping[str, object],
        pointer: str,
        facts: Mapping[str, Fact],
        depth: int,
    ) -> Comparison:
        if "fact" not in document:
            raise MissingField(pointer=pointer, wanted="fact, all, any or not")
        name = read_text(document["fact"], f"{pointer}/fact")
        fact = facts.get(name)
        if fact is None:
            raise UnknownFact(pointer=f"{pointer}/fact", seen=name, wanted=", ".join(facts))
        operator = _operator_of(fact, document, pointer)
        where = None
        if "where" in document:
            where = self._node(document["where"], f"{pointer}/where", LINE_FACTS, depth + 1)
        step = None
        if "step" in document:
            step = read_word(document["step"], f"{pointer}/step", SUBTOTAL_STEPS)
            self.steps.append((f"{pointer}/step", step))
        within = f"{pointer}/{operator.name}"
        wanted = self._wanted(document[operator.name], within, operator)
        if name == _LISTS:
            _refuse_unknown_lists(wanted, within, self._vocabulary.member_lists)
        return Comparison(fact, operator.name, wanted, where, step)

    def _wanted(self, value: object, pointer: str, operator: Field) -> Wanted:
        match operator.kind:
            case Kind.NUMBER:
                return read_number(value, pointer, operator)
            case Kind.MONEY:
                return read_money(value, pointer, operator)
            case Kind.BOOLEAN:
                return read_boolean(value, pointer)
            case Kind.TEXTS | Kind.TIERS | Kind.WORDS:
                return tuple(
                    self._word(entry, f"{pointer}/{position}", operator)
                    for position, entry in enumerate(read_list(value, pointer))
                )
            case _:
                return self._word(value, pointer, operator)

    def _word(self, value: object, pointer: str, operator: Field) -> str:
        if operator.choices:
            return read_word(value, pointer, operator.choices)
        if operator.kind in {Kind.TIER, Kind.TIERS}:
            return read_tier(value, pointer, self._vocabulary)
        return read_text(value, pointer)


def _refuse_unknown_lists(wanted: Wanted, pointer: str, known: Sequence[str] | None) -> None:
    named = {pointer: wanted}
    if isinstance(wanted, tuple):
        named = {f"{pointer}/{position}": name for position, name in enumerate(wanted)}
    for at, name in named.items():
        if known is not None and name not in known:
            raise UnknownReference(pointer=at, kind="list of members", seen=str(name))


def _operator_of(fact: Fact, document: Mapping[str, object], pointer: str) -> Field:
    operators = OPERATORS[fact.type]
    wanted = ", ".join(operator.name for operator in operators)
    allowed = {"fact"}
    allowed.update(operator.name for operator in operators)
    allowed.update(option.name for option in fact.options)
    for name in document:
        if name not in allowed:
            raise UnknownOperator(
                pointer=f"{pointer}/{escape(name)}",
                fact=fact.name,
                seen=name[:MAX_TEXT],
                wanted=wanted,
            )
    said = [operator for operator in operators if operator.name in document]
    if len(said) != 1:
        seen = " and ".join(operator.name for operator in said) or "no operator"
        raise UnknownOperator(pointer=pointer, fact=fact.name, seen=seen, wanted=wanted)
    return said[0]


def _reference(
    fields: Mapping[str, object], name: str, kind: str, known: Sequence[str] | None
) -> str | None:
    if name not in fields:
        return None
    reference = read_name(fields[name], f"/{name}")
    if known is not None and reference not in known:
        raise UnknownReference(pointer=f"/{name}", kind=kind, seen=reference)
    return reference


def _flag(fields: Mapping[str, object], name: str) -> bool:
    return read_boolean(fields[name], f"/{name}") if name in fields else False


def _refuse_later_steps(steps: list[tuple[str, str]], first: Step) -> None:
    """A condition sees the order as far as it is priced when the rule's first effect works."""
    reached = subtotal_reached(first)
    for pointer, step in steps:
        if SUBTOTAL_STEPS.index(step) > reached:
            raise StepNotReached(pointer=pointer, step=first.name.lower(), seen=step)


def subtotal_reached(step: Step) -> int:
    """The last of SUBTOTAL_STEPS that is known when a step begins."""
    return min(int(step), 4) if step < Step.EARNING else 5
