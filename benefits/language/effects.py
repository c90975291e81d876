"""Reading the effects of a rule, and which step each works in."""

from collections.abc import Callable, Mapping

from benefits.errors import (
    EffectWithoutTarget,
    MissingField,
    UnknownEffect,
    UnknownField,
    UnknownReference,
)
from benefits.language.earnings import read_earn
from benefits.language.entitlements import read_entitlement
from benefits.language.nodes import EFFECTS, MAX_EFFECTS, EffectNode, Field
from benefits.language.tree import (
    AmountOff,
    EarnBands,
    EarnBonus,
    EarnEach,
    EarnMultiplier,
    EarnRate,
    Effect,
    Entitles,
    ExclusivePrice,
    FreeShipping,
    Node,
    PercentOff,
)
from benefits.language.values import (
    read_boolean,
    read_list,
    read_money,
    read_name,
    read_object,
    read_percent,
    read_text,
    read_word,
    refuse_unknown_fields,
)
from benefits.records import Vocabulary
from benefits.types import Step

LineReader = Callable[[object, str], Node]

_NAME_OF_EFFECT = Field("effect", next(iter(EFFECTS.values())).fields[0].kind, required=True)


def read_effects(
    value: object,
    pointer: str,
    read_where: LineReader,
    vocabulary: Vocabulary,
    *,
    bound: bool,
) -> tuple[Effect, ...]:
    """The checked effects; `bound` says that the rule belongs to a voucher definition."""
    if isinstance(value, list | tuple) and not value:
        raise EffectWithoutTarget(pointer=pointer, reason="a rule gives at least one thing")
    effects = []
    for position, entry in enumerate(read_list(value, pointer, most=MAX_EFFECTS)):
        within = f"{pointer}/{position}"
        reader = _EffectReader(read_object(entry, within), within, read_where)
        effects.append(reader.effect(vocabulary, bound=bound))
    return tuple(effects)


def step_of(effect: Effect, *, bound: bool) -> Step:
    """The step in which an effect works."""
    match effect:
        case EarnRate() | EarnEach() | EarnBands() | EarnMultiplier() | EarnBonus() | Entitles():
            return Step.ENTITLEMENTS if isinstance(effect, Entitles) else Step.EARNING
        case FreeShipping() | PercentOff(target="shipping") | AmountOff(target="shipping"):
            return Step.SHIPPING
        case _ if bound:
            return Step.VOUCHERS
        case ExclusivePrice():
            return Step.PRICES
        case PercentOff(target="order") | AmountOff(target="order"):
            return Step.ORDERS
        case _:
            return Step.LINES


class _EffectReader:
    """Reads one effect object."""

    def __init__(
        self, document: Mapping[str, object], pointer: str, read_where: LineReader
    ) -> None:
        self._document = document
        self._pointer = pointer
        self._read_where = read_where
        self._fields: Mapping[str, Field] = {}

    def effect(self, vocabulary: Vocabulary, *, bound: bool) -> Effect:
        node = self._node()
        self._fields = {field.name: field for field in node.fields}
        refuse_unknown_fields(self._document, (_NAME_OF_EFFECT, *node.fields), self._pointer)
        said = self._said(node)
        match node.name:
            case "free-shipping":
                return FreeShipping(self._texts("methods"), self._money("cap"))
            case "exclusive-price":
                return self._exclusive_price(said, vocabulary)
            case "percent-off":
                target, where = self._target()
                percent = read_percent(self._document["percent"], self._at("percent"))
                return PercentOff(percent, target, where, self._money("cap"))
            case "amount-off":
                return self._amount_off(bound=bound)
            case "entitlement":
                return read_entitlement(self._document, self._pointer, bound=bound)
            case _:
                return read_earn(self._document, self._pointer, said, self._where())

    def _node(self) -> EffectNode:
        if "effect" not in self._document:
            raise MissingField(pointer=self._pointer, wanted="effect")
        name = read_text(self._document["effect"], self._at("effect"))
        node = EFFECTS.get(name)
        if node is None:
            raise UnknownEffect(pointer=self._at("effect"), seen=name, wanted=", ".join(EFFECTS))
        return node

    def _said(self, node: EffectNode) -> str:
        """The one of the node's alternatives that is said."""
        said = [name for name in node.one_of if name in self._document]
        if node.one_of and not said:
            reason = f"say one of {', '.join(node.one_of)}"
            raise EffectWithoutTarget(pointer=self._pointer, reason=reason)
        if len(said) > 1:
            raise UnknownField(pointer=self._at(said[1]), seen=said[1], wanted=f"{said[0]} alone")
        return said[0] if said else ""

    def _exclusive_price(self, said: str, vocabulary: Vocabulary) -> ExclusivePrice:
        where = self._where()
        if said == "price_list":
            name = read_name(self._document[said], self._at(said))
            if vocabulary.price_lists is not None and name not in vocabulary.price_lists:
                raise UnknownReference(pointer=self._at(said), kind="price list", seen=name)
            return ExclusivePrice(price_list=name, where=where)
        if said == "percent":
            percent = read_percent(self._document[said], self._at(said))
            if where is None:
                reason = "a percentage needs a where: of which lines it is the price"
                raise EffectWithoutTarget(pointer=self._pointer, reason=reason)
            return ExclusivePrice(percent=percent, where=where)
        if not read_boolean(self._document[said], self._at(said)):
            reason = "line_price is true or left out"
            raise EffectWithoutTarget(pointer=self._at(said), reason=reason)
        return ExclusivePrice(line_price=True, where=where)

    def _amount_off(self, *, bound: bool) -> AmountOff:
        target, where = self._target()
        each = "once"
        if "each" in self._document:
            each = read_word(self._document["each"], self._at("each"), self._fields["each"].choices)
            if each == "unit" and target != "lines":
                reason = "an amount for each unit is taken off lines"
                raise EffectWithoutTarget(pointer=self._at("each"), reason=reason)
        amount = self._money("amount")
        if amount is None:
            read_word(
                self._document["amount_of"],
                self._at("amount_of"),
                self._fields["amount_of"].choices,
            )
            if not bound:
                reason = "the rule is bound to no voucher whose value it could take"
                raise EffectWithoutTarget(pointer=self._at("amount_of"), reason=reason)
        return AmountOff(amount, target, where, each == "unit", self._money("cap"))

    def _target(self) -> tuple[str, Node | None]:
        if "target" not in self._document:
            reason = 'say "target": lines, order or shipping'
            raise EffectWithoutTarget(pointer=self._pointer, reason=reason)
        target = read_word(
            self._document["target"], self._at("target"), self._fields["target"].choices
        )
        if target == "shipping" and "where" in self._document:
            reason = "shipping has no lines to choose from"
            raise EffectWithoutTarget(pointer=self._at("where"), reason=reason)
        return target, self._where()

    def _where(self) -> Node | None:
        if "where" not in self._document:
            return None
        return self._read_where(self._document["where"], self._at("where"))

    def _texts(self, name: str) -> tuple[str, ...]:
        if name not in self._document:
            return ()
        return tuple(
            read_text(entry, f"{self._at(name)}/{position}")
            for position, entry in enumerate(read_list(self._document[name], self._at(name)))
        )

    def _money(self, name: str) -> int | None:
        if name not in self._document:
            return None
        return read_money(self._document[name], self._at(name), self._fields[name])

    def _at(self, name: str) -> str:
        return f"{self._pointer}/{name}"
