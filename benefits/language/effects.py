"""Reading the effects of a rule, which step each works in, and of which lines."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from benefits.errors import EffectWithoutTarget, UnknownReference
from benefits.language.earnings import read_earn
from benefits.language.effect_fields import EffectFields, LineReader
from benefits.language.effect_nodes import MAX_EFFECTS
from benefits.language.entitlements import read_entitlement
from benefits.language.offers import (
    read_amount_off,
    read_bundle,
    read_buy_get,
    read_gift,
    read_nth_unit,
    read_percent_off,
    read_voucher_given,
)
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
    GiftOf,
    Node,
    PercentOff,
    VoucherOf,
)
from benefits.language.values import read_list
from benefits.records import Vocabulary
from benefits.types import Step


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
    return tuple(
        _read(EffectFields(entry, f"{pointer}/{position}", read_where), vocabulary, bound=bound)
        for position, entry in enumerate(read_list(value, pointer, most=MAX_EFFECTS))
    )


def step_of(effect: Effect, *, bound: bool) -> Step:
    """The step in which an effect works."""
    fixed = _STEPS.get(type(effect))
    if fixed is not None:
        return fixed
    match effect:
        case PercentOff(target="shipping") | AmountOff(target="shipping"):
            return Step.SHIPPING
        case _ if bound:
            return Step.VOUCHERS
        case ExclusivePrice():
            return Step.PRICES
        case PercentOff(target="order") | AmountOff(target="order"):
            return Step.ORDERS
        case _:
            return Step.LINES


_STEPS: Mapping[type[Effect], Step] = MappingProxyType(
    {
        FreeShipping: Step.SHIPPING,
        EarnRate: Step.EARNING,
        EarnEach: Step.EARNING,
        EarnBands: Step.EARNING,
        EarnMultiplier: Step.EARNING,
        EarnBonus: Step.EARNING,
        Entitles: Step.ENTITLEMENTS,
        GiftOf: Step.GIFTS,
        VoucherOf: Step.GIFTS,
    }
)
"""The effects that work in one step whatever they say."""


def where_of(effect: Effect) -> Node | None:
    """Which lines an effect works on, or are bought for it; None is all, or none at all."""
    match effect:
        case FreeShipping() | Entitles() | GiftOf() | VoucherOf():
            return None
        case _:
            return effect.where


_READERS: Mapping[str, Callable[[EffectFields], Effect]] = MappingProxyType(
    {
        "free-shipping": lambda fields: FreeShipping(
            fields.texts("methods"), fields.money_if_said("cap")
        ),
        "percent-off": read_percent_off,
        "bundle": read_bundle,
        "nth-unit": read_nth_unit,
        "buy-get": read_buy_get,
        "gift": read_gift,
    }
)
"""The effects that need to know nothing but what they say."""


def _read(fields: EffectFields, vocabulary: Vocabulary, *, bound: bool) -> Effect:
    document, pointer = fields.document, fields.pointer
    read = _READERS.get(fields.node.name)
    if read is not None:
        return read(fields)
    match fields.node.name:
        case "exclusive-price":
            return _exclusive_price(fields, vocabulary)
        case "amount-off":
            return read_amount_off(fields, bound=bound)
        case "voucher":
            return read_voucher_given(fields, vocabulary)
        case "entitlement":
            return read_entitlement(document, pointer, bound=bound)
        case _:
            return read_earn(document, pointer, fields.said, fields.where())


def _exclusive_price(fields: EffectFields, vocabulary: Vocabulary) -> ExclusivePrice:
    where = fields.where()
    if fields.said == "price_list":
        name = fields.name("price_list")
        if vocabulary.price_lists is not None and name not in vocabulary.price_lists:
            raise UnknownReference(pointer=fields.at("price_list"), kind="price list", seen=name)
        return ExclusivePrice(price_list=name, where=where)
    if fields.said == "percent":
        percent = fields.percent()
        if where is None:
            reason = "a percentage needs a where: of which lines it is the price"
            raise EffectWithoutTarget(pointer=fields.pointer, reason=reason)
        return ExclusivePrice(percent=percent, where=where)
    if not fields.boolean("line_price"):
        reason = "line_price is true or left out"
        raise EffectWithoutTarget(pointer=fields.at("line_price"), reason=reason)
    return ExclusivePrice(line_price=True, where=where)
