"""A rule in one plain sentence, and a reason in another, in English and 中文. Pure.

Money is spelled by the caller's function, and codes that people know by another name by the
caller's mapping, under `kind:code`: `tier:gold`, `category:BREAD`, `shipping-method:standard`,
`voucher:birthday`, `price-list:club`, `rule:base`. Nothing here knows a currency or a locale.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never, cast

from benefits.language.earn_printer import earn_phrase, hundredths, limit_phrase
from benefits.language.earnings import Earns
from benefits.language.nodes import ENTITLEMENTS, Fact, FactType
from benefits.language.offer_printer import (
    cap_phrase,
    gift_phrase,
    group_phrase,
    off_phrase,
    voucher_phrase,
)
from benefits.language.tree import (
    AllOf,
    AmountOff,
    AnyOf,
    Bundle,
    BuyGet,
    Comparison,
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
    MemberDay,
    Node,
    Not,
    NthUnit,
    PercentOff,
    Rule,
    Schedule,
    VoucherOf,
    Wanted,
)
from benefits.language.words import (
    ABOUT_WORDS,
    CLASS_WORDS,
    ENTITLEMENT_WORDS,
    FACT_WORDS,
    ISSUE_WORDS,
    NOT_WORDS,
    OPERATOR_WORDS,
    STEP_WORDS,
    UNIT_WORDS,
    WEEKDAY_WORDS,
    WINDOW_WORDS,
)


def as_written(instant: datetime) -> str:
    """An instant with its offset, as a rule has it."""
    return instant.isoformat(sep=" ", timespec="minutes")


@dataclass(frozen=True, slots=True)
class Speaker:
    """How to say things: the language, money, the names people know, and instants."""

    language: str = "en"
    money: Callable[[int], str] = str
    names: Mapping[str, str] = field(default_factory=dict)
    instant: Callable[[datetime], str] = as_written

    @property
    def chinese(self) -> bool:
        """Whether to speak Chinese."""
        return self.language.startswith("zh")

    def say(self, english: str, chinese: str) -> str:
        """The one of the two that is spoken."""
        return chinese if self.chinese else english

    def word(self, row: tuple[str, str]) -> str:
        """The word of a table."""
        return row[1] if self.chinese else row[0]

    def name(self, kind: str, code: str) -> str:
        """The name of a code; a tier and a shipping method may share one."""
        return self.names.get(f"{kind}:{code}", code)

    def listed(self, kind: str, codes: tuple[str, ...], joint: str = "or") -> str:
        """Some names; `joint` says whether one of them is meant or all."""
        names = [self.name(kind, code) for code in codes]
        if self.chinese:
            return "、".join(names)
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {joint} {names[-1]}"


def print_rule(rule: Rule, speaker: Speaker) -> str:
    """The rule as one sentence."""
    gives = speaker.say(", and ", "，并").join(
        print_effect(effect, speaker) for effect in rule.effects
    )
    conditions = []
    if rule.on is not None:
        conditions.append(print_event(rule.on, speaker))
    if rule.voucher is not None:
        name = speaker.name("voucher", rule.voucher)
        conditions.append(speaker.say(f"a voucher {name} is used", f"使用优惠券 {name}"))
    if rule.when is not None:
        conditions.append(print_condition(rule.when, speaker))
    if rule.schedule is not None:
        conditions += print_schedule(rule.schedule, speaker)
    if rule.limits:
        bounds = [limit_phrase(limit, speaker.say, speaker.money) for limit in rule.limits]
        said = speaker.say(", ", "，").join(bounds)
        gives += speaker.say(f" ({said})", f"（{said}）")
    alone = speaker.say(" Not combined with others.", "不与其他优惠同享。")
    tail = (alone if rule.exclusive else "") + _held_out(rule.holdout, speaker)
    if speaker.chinese:
        when = f"当{'，且'.join(conditions)}时：" if conditions else ""
        return f"{when}{gives}。{tail}"
    when = f" when {', and '.join(conditions)}" if conditions else ""
    return f"{gives[:1].upper()}{gives[1:]}{when}.{tail}"


def _held_out(share: int | None, speaker: Speaker) -> str:
    if share is None:
        return ""
    percent = hundredths(share)
    return speaker.say(f" {percent}% of members are held out.", f"留{percent}%的会员作对照。")


def print_event(kind: str, speaker: Speaker) -> str:
    """A kind of event as a clause."""
    name = speaker.name("event", kind)
    return speaker.say(f"the event {name} happens", f"发生事件 {name}")


def print_condition(node: Node, speaker: Speaker) -> str:
    """A condition as a clause."""
    match node:
        case AllOf(parts):
            return speaker.say(" and ", "且").join(_inner(part, speaker) for part in parts)
        case AnyOf(parts):
            return speaker.say(" or ", "或").join(_inner(part, speaker) for part in parts)
        case Not(part):
            said = print_condition(part, speaker)
            return speaker.say(f"not ({said})", f"非（{said}）")
        case Comparison():
            return _comparison(node, speaker)
        case _:
            assert_never(node)


def _inner(node: Node, speaker: Speaker) -> str:
    said = print_condition(node, speaker)
    if isinstance(node, AllOf | AnyOf) and len(node.parts) > 1:
        return speaker.say(f"({said})", f"（{said}）")
    return said


def print_effect(effect: Effect, speaker: Speaker) -> str:
    """An effect as a phrase."""
    match effect:
        case FreeShipping():
            return _free_shipping(effect, speaker)
        case ExclusivePrice():
            return _exclusive_price(effect, speaker)
        case PercentOff(target=target, where=where) | AmountOff(target=target, where=where):
            on = _target(target, where, speaker)
            return off_phrase(effect, on, speaker.say, speaker.money)
        case Bundle() | NthUnit() | BuyGet():
            return _grouped(effect, speaker)
        case GiftOf() | VoucherOf() | Entitles():
            return _given(effect, speaker)
        case EarnRate() | EarnEach() | EarnBands() | EarnMultiplier() | EarnBonus():
            return _earn(effect, speaker)
        case _:
            assert_never(effect)


def _comparison(node: Comparison, speaker: Speaker) -> str:
    name, wanted = node.fact.name, node.wanted
    if node.fact.type is FactType.WINDOW:
        return speaker.word(WINDOW_WORDS[cast("str", wanted)])
    if node.fact.type is FactType.BOOLEAN:
        return speaker.word((FACT_WORDS if wanted is True else NOT_WORDS)[name])
    fact = speaker.word(FACT_WORDS[name])
    if node.where is not None:
        lines = print_condition(node.where, speaker)
        fact = speaker.say(f"{fact} of lines where {lines}", f"（{lines}）的{fact}")
    if node.step is not None:
        step = speaker.word(STEP_WORDS[node.step])
        fact = speaker.say(f"{fact} {step}", f"{step}的{fact}")
    operator = speaker.word(OPERATOR_WORDS[node.operator])
    value = print_value(node.fact, wanted, speaker)
    if node.operator == "has-all" and isinstance(wanted, tuple):
        value = speaker.listed(name, wanted, "and")
    return speaker.say(f"{fact} {operator} {value}", f"{fact}{operator}{value}")


def print_value(fact: Fact | None, value: Wanted | None, speaker: Speaker) -> str:
    """What is seen or wanted, in words."""
    if value is None or value == ():
        return speaker.say("none", "无")
    if isinstance(value, bool):
        return speaker.say("yes", "是") if value else speaker.say("no", "否")
    if isinstance(value, int):
        is_money = fact is not None and fact.type is FactType.MONEY
        return speaker.money(value) if is_money else str(value)
    kind = "voucher" if fact is None else fact.name
    if isinstance(value, tuple):
        return speaker.listed(kind, value)
    return speaker.name(kind, value)


def print_right(right: Entitles, speaker: Speaker) -> str:
    """A right as a phrase."""
    words = ENTITLEMENT_WORDS if right.subject is None else ABOUT_WORDS
    said = speaker.word(words.get(right.kind, ENTITLEMENT_WORDS[right.kind]))
    return said.format(subject=_subject(right, speaker), value=_amount(right, speaker))


def _subject(right: Entitles, speaker: Speaker) -> str:
    """An issue has its word, an event the name that people know."""
    field, code = ENTITLEMENTS[right.kind].subject, right.subject or ""
    known = ISSUE_WORDS.get(code) if field is not None and field.name == "issue" else None
    return speaker.name(field.name if field else "", speaker.word(known) if known else code)


def _amount(right: Entitles, speaker: Speaker) -> str:
    if isinstance(right.value, str):
        return speaker.word(CLASS_WORDS[right.value])
    field = ENTITLEMENTS[right.kind].value
    if field is None:
        return ""
    english, chinese = UNIT_WORDS[field.name]
    plural = "" if right.value == 1 else "s"
    return speaker.say(f"{right.value} {english}{plural}", f"{right.value} {chinese}")


def _exclusive_price(effect: ExclusivePrice, speaker: Speaker) -> str:
    on = _target("lines", effect.where, speaker)
    if effect.price_list is not None:
        name = speaker.name("price-list", effect.price_list)
        return speaker.say(f"prices of the list {name} on {on}", f"{on}享价目表 {name} 的价格")
    if effect.percent is not None:
        off = hundredths(effect.percent)
        return speaker.say(f"a price {off}% below regular on {on}", f"{on}会员价低于原价{off}%")
    return speaker.say(f"the member price on {on}", f"{on}享会员价")


def _free_shipping(effect: FreeShipping, speaker: Speaker) -> str:
    said = speaker.say("free shipping", "免运费")
    if effect.methods:
        named = speaker.listed("shipping-method", effect.methods)
        said += speaker.say(f" by {named}", f"（{named}）")
    return said + cap_phrase(effect.cap, speaker.say, speaker.money)


def _given(effect: GiftOf | VoucherOf | Entitles, speaker: Speaker) -> str:
    """What is given beside the money."""
    if isinstance(effect, Entitles):
        return print_right(effect, speaker)
    if isinstance(effect, VoucherOf):
        name = speaker.name("voucher", effect.definition)
        return voucher_phrase(name, effect.quantity, speaker.say)
    others = speaker.listed("sku", effect.choose) if effect.choose else ""
    return gift_phrase(speaker.name("sku", effect.sku), effect.quantity, others, speaker.say)


def _grouped(effect: Bundle | NthUnit | BuyGet, speaker: Speaker) -> str:
    on, had = _target("lines", effect.where, speaker), ""
    if isinstance(effect, BuyGet):
        had = _target("lines", effect.get_where, speaker)
    return group_phrase(effect, on, had, speaker.say, speaker.money)


def _earn(effect: Earns, speaker: Speaker) -> str:
    on = ""
    if effect.where is not None:
        lines = print_condition(effect.where, speaker)
        on = speaker.say(f" on lines where {lines}", f"（{lines}的商品）")
    return earn_phrase(effect, on, speaker.say, speaker.money)


def _target(target: str, where: Node | None, speaker: Speaker) -> str:
    if target == "shipping":
        return speaker.say("shipping", "运费")
    if where is None:
        if target == "order":
            return speaker.say("the order", "整单")
        return speaker.say("all lines", "全部商品")
    lines = print_condition(where, speaker)
    if target == "order":
        return speaker.say(f"the part of the order where {lines}", f"订单中{lines}的部分")
    return speaker.say(f"lines where {lines}", f"{lines}的商品")


def print_schedule(schedule: Schedule, speaker: Speaker) -> list[str]:
    """When a rule is open, a clause for each part."""
    said = []
    if schedule.from_at is not None:
        instant = speaker.instant(schedule.from_at)
        said.append(speaker.say(f"it is {instant} or later", f"自{instant}起"))
    if schedule.to_at is not None:
        instant = speaker.instant(schedule.to_at)
        said.append(speaker.say(f"it is before {instant}", f"在{instant}之前"))
    if schedule.weekdays:
        days = [speaker.word(WEEKDAY_WORDS[day]) for day in sorted(schedule.weekdays)]
        said.append(speaker.say(f"it is {' or '.join(days)}", f"为{'、'.join(days)}"))
    if schedule.days:
        numbers = [str(day) for day in sorted(schedule.days)]
        english = f"it is day {' or '.join(numbers)} of the month"
        said.append(speaker.say(english, f"为每月{'、'.join(numbers)}日"))
    if schedule.hours is not None:
        start, end = (f"{minute // 60:02}:{minute % 60:02}" for minute in schedule.hours)
        said.append(speaker.say(f"it is between {start} and {end}", f"在{start}至{end}之间"))
    if schedule.member_days:
        member_days = [_member_day(day, speaker) for day in schedule.member_days]
        joined = speaker.say(" or ", "或").join(member_days)
        said.append(speaker.say(f"it is a member day ({joined})", f"为会员日（{joined}）"))
    return said


def _member_day(day: MemberDay, speaker: Speaker) -> str:
    if day.every == "week":
        name = speaker.word(WEEKDAY_WORDS[day.weekday])
        return speaker.say(f"every {name}", f"每{name}")
    if day.every == "month":
        return speaker.say(f"day {day.day} of every month", f"每月{day.day}日")
    english = f"day {day.day} of month {day.month} every year"
    return speaker.say(english, f"每年{day.month}月{day.day}日")
