"""The SQL reading of a rule: which past orders and lines to look at, as expressions. Runs nothing.

It is told which columns hold the facts of an order as they were when it was placed. A fact that is
null meets no comparison, as in the evaluator. What columns cannot tell (what goods cost after a
step in which rules take something off) is read so that no order is missed: `exact` says whether
anything was, and effects, combination and limits are always the evaluator's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, assert_never, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Label,
    Text,
    and_,
    any_,
    false,
    func,
    literal,
    not_,
    or_,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from benefits.language import wanted_tiers
from benefits.language.entitlements import comparisons_of
from benefits.language.nodes import SUBTOTAL_STEPS, FactType
from benefits.language.tree import AllOf, AnyOf, Comparison, Node, Not
from benefits.rule_set import CompiledRule, RuleSet
from benefits.types import Step

SUMMED: Final[Mapping[str, str]] = {"subtotal": "amount", "quantity": "quantity"}
"""The facts that are sums over lines, and what of a line is summed."""
_BEFORE_POINTS: Final = SUBTOTAL_STEPS.index("vouchers")


@dataclass(frozen=True, slots=True)
class LineSum:
    """A sum over the lines of an order: of their amounts or units, all of them or some."""

    of: str
    where: Node | None


@dataclass(frozen=True, slots=True)
class Selection:
    """What is true of every order whose condition may hold, and whether of those alone."""

    test: ColumnElement[bool]
    exact: bool


Columns = Mapping[str, ColumnElement[Any]]


@dataclass(frozen=True, slots=True)
class RuleReading:
    """A rule as it is read by a database: its condition, and the lines that its effects work on.

    Up to the stage `unpriced` every line still costs its regular amount.
    """

    when: Node | None
    wheres: tuple[Node, ...]
    tiers: tuple[str, ...]
    stage: int
    unpriced: int
    answers: bool = True
    """Whether it is about orders at all; a rule about an event is about none."""

    @property
    def sums(self) -> tuple[LineSum, ...]:
        """The sums over lines that the condition asks about; each needs a column."""
        asked = () if self.when is None else comparisons_of(self.when)
        found = [LineSum(SUMMED[each.fact.name], each.where) for each in asked if _is_sum(each)]
        if self.wheres:
            found.append(self._touched)
        return tuple(dict.fromkeys(found))

    @property
    def facts(self) -> frozenset[str]:
        """The facts that are columns of the order."""
        asked = () if self.when is None else comparisons_of(self.when)
        return frozenset(each.fact.name for each in asked if not _is_sum(each))

    def selection(self, facts: Columns, sums: Mapping[LineSum, ColumnElement[Any]]) -> Selection:
        """What holds of orders that the rule may concern; `sums` are those over their lines."""
        if not self.answers:
            return Selection(false(), exact=True)
        reader = _Reader(self, facts, sums)
        when = true() if self.when is None else reader.test(self.when, sure=False)
        touches = func.coalesce(sums[self._touched], 0) > 0 if self.wheres else true()
        return Selection(and_(when, touches), reader.exact)

    def lines(self, columns: Columns) -> ColumnElement[bool]:
        """What holds of the lines that an effect of the rule works on, and of no others."""
        if not self.wheres:
            return true()
        return select_lines(AnyOf(self.wheres), columns)

    @property
    def _touched(self) -> LineSum:
        return LineSum("quantity", AnyOf(self.wheres))


def rule_reading(rule_set: RuleSet, name: str) -> RuleReading:
    """The reading of one of the rules that are decided by together."""
    rule = next(each for each in rule_set.rules if each.name == name)
    first = min(
        (int(step) for each in rule_set.rules for step, _ in each.steps if step < Step.SHIPPING),
        default=_BEFORE_POINTS,
    )
    return RuleReading(
        when=rule.rule.when,
        wheres=_wheres(rule),
        tiers=rule_set.tiers,
        stage=rule.stage,
        unpriced=first,
        answers=rule.rule.on is None,
    )


def _wheres(rule: CompiledRule) -> tuple[Node, ...]:
    """What the effects ask of lines; nothing where one of them works whatever the lines are."""
    found: list[Node] = []
    for effect in rule.rule.effects:
        where = getattr(effect, "where", None)
        if where is None:
            return ()
        found.append(where)
    return tuple(dict.fromkeys(found))


def sum_columns(sums: Sequence[LineSum], columns: Columns) -> list[Label[int]]:
    """The sums over lines, each an aggregate under a name of its own (`sum_0`, `sum_1`, …)."""
    return [_aggregate(each, columns).label(f"sum_{number}") for number, each in enumerate(sums)]


def _aggregate(one: LineSum, columns: Columns) -> ColumnElement[int]:
    total = func.sum(columns[one.of], type_=BigInteger)
    if one.where is None:
        return total
    return total.filter(select_lines(one.where, columns))


def lines_summed(sums: Sequence[LineSum], columns: Columns) -> ColumnElement[bool]:
    """What holds of every line that is in one of the sums: the others need not be looked at."""
    wheres = [each.where for each in sums]
    if None in wheres:
        return true()
    return select_lines(AnyOf(tuple(each for each in wheres if each is not None)), columns)


def select_lines(where: Node, columns: Columns) -> ColumnElement[bool]:
    """What holds of the lines that meet a condition about lines, and of no others."""
    match where:
        case AllOf(parts):
            return and_(true(), *(select_lines(part, columns) for part in parts))
        case AnyOf(parts):
            return or_(false(), *(select_lines(part, columns) for part in parts))
        case Not(part):
            return not_(select_lines(part, columns))
        case Comparison():
            return _compared(columns[where.fact.name], where, ())
        case _:
            assert_never(where)


class _Reader:
    """Reads one condition, and remembers whether anything could not be told exactly."""

    def __init__(
        self, rule: RuleReading, facts: Columns, sums: Mapping[LineSum, ColumnElement[Any]]
    ) -> None:
        self.exact = True
        self._rule = rule
        self._facts = facts
        self._sums = sums

    def test(self, node: Node, *, sure: bool) -> ColumnElement[bool]:
        """Where the condition may hold; `sure` is where it must, which a `not` asks for."""
        match node:
            case AllOf(parts):
                return and_(true(), *(self.test(part, sure=sure) for part in parts))
            case AnyOf(parts):
                return or_(false(), *(self.test(part, sure=sure) for part in parts))
            case Not(part):
                return not_(self.test(part, sure=not sure))
            case Comparison():
                return self._comparison(node, sure=sure)
            case _:
                assert_never(node)

    def _comparison(self, node: Comparison, *, sure: bool) -> ColumnElement[bool]:
        if not _is_sum(node):
            return _compared(self._facts[node.fact.name], node, self._rule.tiers)
        total = func.coalesce(self._sums[LineSum(SUMMED[node.fact.name], node.where)], 0)
        stage = self._rule.stage if node.step is None else SUBTOTAL_STEPS.index(node.step)
        if node.fact.name == "quantity" or stage <= self._rule.unpriced:
            return _compared(total, node, ())
        self.exact = False
        return _bounded(total, node, sure=sure)


def _bounded(most: ColumnElement[Any], node: Comparison, *, sure: bool) -> ColumnElement[bool]:
    """A comparison of what is known to lie between nothing and a sum: where it may, or must, hold.

    What goods cost after a step is never more than their regular amounts, and never below zero.
    """
    wanted = cast("int", node.wanted)
    match node.operator, sure:
        case "at-least", False:
            return most >= wanted
        case "at-least", True:
            return true() if wanted == 0 else false()
        case "at-most", False:
            return true()
        case "at-most", True:
            return most <= wanted
        case "is", False:
            return most >= wanted
        case "is", True:
            return most == 0 if wanted == 0 else false()
        case _:
            raise AssertionError(node.operator)


def _compared(
    seen: ColumnElement[Any], node: Comparison, tiers: Sequence[str]
) -> ColumnElement[bool]:
    """Whether what a column holds is what is wanted: never null, as what is not known is not."""
    return _judged(seen, node, tiers).is_(true())


def _judged(
    seen: ColumnElement[Any], node: Comparison, tiers: Sequence[str]
) -> ColumnElement[bool]:
    wanted = node.wanted
    if node.fact.type is FactType.TIER:
        return seen == any_(_texts(wanted_tiers(node, tiers)))
    if node.fact.type in {FactType.SET, FactType.WINDOW}:
        among = wanted if isinstance(wanted, tuple) else (cast("str", wanted),)
        return _holds(seen, among, every=node.operator == "has-all")
    match node.operator:
        case "is":
            return seen == literal(wanted)
        case "at-least":
            return seen >= wanted
        case "at-most":
            return seen <= wanted
        case _:
            return seen == any_(_texts(cast("tuple[str, ...]", wanted)))


def _holds(seen: ColumnElement[Any], among: Sequence[str], *, every: bool) -> ColumnElement[bool]:
    """Whether a set holds all of some texts, or one of them; it is an array, or one in JSON."""
    texts = _texts(among)
    if isinstance(seen.type, JSONB):
        return seen.bool_op("?&" if every else "?|")(texts)
    return seen.bool_op("@>" if every else "&&")(texts)


def _texts(values: Sequence[str]) -> ColumnElement[Any]:
    return literal(list(values), ARRAY(Text))


def _is_sum(node: Comparison) -> bool:
    return node.fact.name in SUMMED
