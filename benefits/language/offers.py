"""Reading what takes money off or is given beside it: thresholds, units, groups, gifts, vouchers.

What contradicts itself is refused by name with the pointer to the node: steps that do not rise, an
amount above what it is given for, a threshold beside a unit, a bundle of one.
"""

from collections.abc import Sequence

from benefits.errors import (
    EffectWithoutTarget,
    MissingField,
    UnknownReference,
    ValueOutOfRange,
)
from benefits.language.effect_fields import EffectFields
from benefits.language.effect_nodes import MAX_STEPS
from benefits.language.tree import (
    AmountOff,
    Bundle,
    BuyGet,
    GiftOf,
    NthUnit,
    PercentOff,
    Reached,
    VoucherOf,
)
from benefits.records import Vocabulary

_ALL_OFF = 100_00


def read_percent_off(fields: EffectFields) -> PercentOff:
    """A percentage off, flat or by thresholds."""
    target, where = fields.target()
    units, pick = _units(fields)
    cap = fields.money_if_said("cap")
    if fields.said == "steps":
        return PercentOff(None, target, where, cap, _steps(fields, "percent"), units, pick)
    return PercentOff(fields.percent(), target, where, cap, (), units, pick)


def read_amount_off(fields: EffectFields, *, bound: bool) -> AmountOff:
    """An amount off: flat, by thresholds, for every so much, or the voucher's own value."""
    target, where = fields.target()
    units, pick = _units(fields)
    each_unit = fields.word("each", "once") == "unit"
    if each_unit and target != "lines":
        reason = "an amount for each unit is taken off lines"
        raise EffectWithoutTarget(pointer=fields.at("each"), reason=reason)
    amount = fields.money("amount") if fields.said == "amount" else None
    if fields.said == "amount_of":
        _refuse_without_voucher(fields, bound=bound)
    steps = _steps(fields, "amount") if fields.said == "steps" else ()
    every = _every(fields, each_unit=each_unit)
    if target != "shipping":
        _refuse_more_than_all(fields, amount, every, steps)
    return AmountOff(
        amount=amount,
        target=target,
        where=where,
        each_unit=each_unit,
        cap=fields.money_if_said("cap"),
        steps=steps,
        every=every,
        times=fields.number_if_said("times"),
        units=units,
        pick=pick,
    )


def read_bundle(fields: EffectFields) -> Bundle:
    """So many units for one price."""
    units, price = fields.number("units"), fields.money("price")
    times, cap = fields.number_if_said("times"), fields.money_if_said("cap")
    return Bundle(units, price, fields.where(), times, cap)


def read_nth_unit(fields: EffectFields) -> NthUnit:
    """Of every so many units one at a percentage off."""
    times, cap = fields.number_if_said("times"), fields.money_if_said("cap")
    return NthUnit(fields.number("nth"), fields.percent(), fields.where(), times, cap)


def read_buy_get(fields: EffectFields) -> BuyGet:
    """For so many units bought, some more for less."""
    where, get_where = fields.where(), fields.where("get_where")
    return BuyGet(
        buy=fields.number("buy"),
        get=fields.number("get"),
        percent=fields.percent() if fields.has("percent") else _ALL_OFF,
        where=where,
        get_where=None if get_where == where else get_where,
        times=fields.number_if_said("times"),
        cap=fields.money_if_said("cap"),
    )


def read_gift(fields: EffectFields) -> GiftOf:
    """Units that the shop adds for nothing."""
    sku, choose = fields.text("sku"), fields.texts("choose")
    seen = {sku}
    for position, other in enumerate(choose):
        if other in seen:
            raise ValueOutOfRange(
                pointer=f"{fields.at('choose')}/{position}",
                seen=f'"{other}" again',
                wanted="another SKU",
            )
        seen.add(other)
    return GiftOf(sku, fields.number("quantity", 1), choose)


def read_voucher_given(fields: EffectFields, vocabulary: Vocabulary) -> VoucherOf:
    """Vouchers for a later order."""
    name, known = fields.name("definition"), vocabulary.voucher_definitions
    if known is not None and name not in known:
        pointer = fields.at("definition")
        raise UnknownReference(pointer=pointer, kind="voucher definition", seen=name)
    return VoucherOf(name, fields.number("quantity", 1))


def _units(fields: EffectFields) -> tuple[int | None, str]:
    """The most units worked on, and which; of those that are picked by price it is one."""
    pick = fields.word("pick", "all")
    return fields.number_if_said("units") or (None if pick == "all" else 1), pick


def _steps(fields: EffectFields, gives: str) -> tuple[Reached, ...]:
    """Thresholds that rise, and give more the higher they are."""
    steps: list[Reached] = []
    for entry in fields.entries("steps", most=MAX_STEPS):
        from_ = entry.money("from")
        given = entry.percent(gives) if gives == "percent" else entry.money(gives)
        before = steps[-1] if steps else Reached(0, 0)
        for name, value, least in (("from", from_, before.from_), (gives, given, before.gives)):
            if value <= least:
                raise ValueOutOfRange(
                    pointer=entry.at(name),
                    seen="no more than the step before",
                    wanted="steps that rise",
                )
        steps.append(Reached(from_, given))
    return tuple(steps)


def _every(fields: EffectFields, *, each_unit: bool) -> int | None:
    """For how much the amount is given again and again."""
    fields.refuse("every", beside=("steps", "amount_of"))
    if each_unit:
        fields.refuse("every", beside=("each",))
    if fields.has("times") and not fields.has("every"):
        raise MissingField(pointer=fields.pointer, wanted="every")
    return fields.money_if_said("every")


def _refuse_more_than_all(
    fields: EffectFields, amount: int | None, every: int | None, steps: Sequence[Reached]
) -> None:
    """Nobody is given more for what they buy than they pay for it."""
    pointer, given, reached = fields.at("amount"), amount, every
    for position, step in enumerate(steps):
        if step.gives > step.from_:
            pointer, given, reached = fields.at(f"steps/{position}/amount"), step.gives, step.from_
            break
    if given is not None and reached is not None and given > reached:
        raise ValueOutOfRange(pointer=pointer, seen=str(given), wanted=f"at most {reached}")


def _refuse_without_voucher(fields: EffectFields, *, bound: bool) -> None:
    fields.word("amount_of", "")
    if not bound:
        reason = "the rule is bound to no voucher whose value it could take"
        raise EffectWithoutTarget(pointer=fields.at("amount_of"), reason=reason)
