"""Reasons as sentences in the caller's language. Pure: codes and parameters in, text out.

Stored decisions hold codes only; a sentence is made when somebody reads it. A code that this
release does not know yet is told as the code itself.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import benefits
from benefits import Applied, NotApplied, Unlock
from loyalty.money import written

LANGUAGES: Final = ("en", "zh")

_REASONS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "condition-not-met": (
            "{fact} is {seen}; the rule asks for {wanted}.",
            "{fact}为 {seen}，规则要求 {wanted}。",
        ),
        "condition-excluded": ("{fact} is {seen}, which is excluded.", "{fact}为 {seen}，不适用。"),
        "outside-schedule": ("Not at this time.", "不在活动时间内。"),
        "no-effect": ("It would change nothing here.", "对本单没有影响。"),
        "limit-reached": ("Its limit is reached.", "已达上限。"),
        "budget-short": ("Its budget is used up.", "预算已用完。"),
        "held-out": ("The member is held out of it, to measure it.", "该会员属于对照组。"),
        "stopped": ("It was stopped.", "已停用。"),
        "lost-to": ("{other} is better here.", "{other} 更优惠。"),
        "excluded-by": ("It does not combine with {other}.", "不能与 {other} 同时使用。"),
        "depends-on-order": ("{fact} of the order decides.", "由订单的{fact}决定。"),
        "not-better": ("The other offers together are better.", "其他优惠合计更优。"),
        "voucher-not-found": ("There is no such voucher.", "没有此优惠券。"),
        "voucher-not-yours": ("The voucher belongs to another member.", "优惠券属于其他会员。"),
        "voucher-not-yet": ("The voucher is not valid yet.", "优惠券尚未生效。"),
        "voucher-expired": ("The voucher has expired.", "优惠券已过期。"),
        "voucher-used-up": ("The voucher has been used.", "优惠券已使用。"),
        "voucher-minimum-not-met": (
            "The voucher is good from goods of {wanted}; these come to {seen}.",
            "商品满 {wanted} 可用，现为 {seen}。",
        ),
        "voucher-member-limit": (
            "You have used such vouchers as often as one member may.",
            "此类优惠券您已达使用次数上限。",
        ),
        "voucher-members-only": ("Only members can use the voucher.", "仅会员可使用此优惠券。"),
        "voucher-void": ("The voucher was made void.", "优惠券已作废。"),
    }
)

_UNLOCKS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "join": ("Join the programme.", "加入会员。"),
        "reach-tier": ("Reach the tier {tier}.", "升至等级 {tier}。"),
        "wait-days": ("Come back in {gap} days.", "{gap} 天后可用。"),
        "wait-for-birthday": ("Wait for your birthday.", "生日期间可用。"),
        "order-more": ("Place {gap} more orders.", "再下 {gap} 单。"),
        "spend-more": ("Add goods for {gap}.", "再买 {gap} 的商品。"),
        "buy-more": ("Add {gap} more.", "再买 {gap} 件。"),
        "use-channel": ("Order through {wanted}.", "通过 {wanted} 下单。"),
        "ship-to": ("Ship to {wanted}.", "寄往 {wanted}。"),
        "ship-by": ("Ship by {wanted}.", "选择配送方式 {wanted}。"),
        "present-code": ("Enter the code {wanted}.", "输入优惠码 {wanted}。"),
        "present-voucher": ("Use a voucher: {definition}.", "使用优惠券：{definition}。"),
        "wait-until": ("It begins at {at}.", "{at} 开始。"),
    }
)

_FACTS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "tier": ("The tier", "等级"),
        "plan": ("The plan", "付费方案"),
        "class": ("The class of member", "会员类别"),
        "days-since-joining": ("The number of days since joining", "入会天数"),
        "birthday": ("The birthday", "生日"),
        "plan-state": ("The state of the plan", "付费方案状态"),
        "days-since-plan": ("The number of days of paid membership", "付费会员天数"),
        "tags": ("The tags", "标签"),
        "lists": ("The lists of members", "会员名单"),
        "days-since-last-order": ("The number of days since the last order", "距上次下单天数"),
        "order-count": ("The number of earlier orders", "已有订单数"),
        "subtotal": ("The subtotal", "小计"),
        "quantity": ("The quantity", "数量"),
        "channel": ("The channel", "渠道"),
        "country": ("The country", "国家"),
        "shipping-method": ("The shipping method", "配送方式"),
        "voucher-codes": ("The codes entered", "已输入的优惠码"),
        "voucher": ("The voucher", "优惠券"),
    }
)

_GAVE: Final[Mapping[tuple[bool, bool], tuple[str, str]]] = MappingProxyType(
    {
        (True, True): ("It took off {amount} and gave points.", "优惠 {amount}，并获得积分。"),
        (True, False): ("It took off {amount}.", "优惠 {amount}。"),
        (False, True): ("It gave points.", "获得积分。"),
        (False, False): ("It applied.", "已适用。"),
    }
)
"""What a rule gave: money, points, both, or neither of them (a right, a gift, a voucher)."""

_MONEY: Final = frozenset({"subtotal", "spend-more"})
_NOTHING: Final = ("none", "无")


def speaks(accepted: str) -> str:
    """Pick the language of an `Accept-Language` header: the first one known, else English."""
    for part in accepted.split(","):
        short = part.partition(";")[0].strip().partition("-")[0].lower()
        if short in LANGUAGES:
            return short
    return "en"


def gave_sentence(gave: Applied, language: str, currency: str) -> str:
    """Say what a rule gave."""
    at = LANGUAGES.index(language)
    said = _GAVE[gave.amount > 0, gave.earned][at]
    return said.format(amount=_value(gave.amount, at, currency))


def reason_sentence(reason: NotApplied, language: str, currency: str) -> str:
    """Say why a rule or a voucher gave nothing."""
    said = _REASONS.get(reason.code)
    if said is None:
        return reason.code
    if isinstance(reason.wanted, bool):
        return benefits.reason_sentence(reason, language=language)
    at = LANGUAGES.index(language)
    fact = reason.fact or ""
    return said[at].format(
        fact=_FACTS.get(fact, (fact, fact))[at],
        seen=_value(reason.seen, at, currency if fact in _MONEY else None),
        wanted=_value(reason.wanted, at, currency if fact in _MONEY else None),
        other=reason.other or "",
    )


def unlock_sentence(unlock: Unlock | None, language: str, currency: str) -> str | None:
    """Say what would make a rule apply; None where nothing would."""
    if unlock is None:
        return None
    said = _UNLOCKS.get(unlock.code)
    if said is None:
        return unlock.code
    at = LANGUAGES.index(language)
    money = currency if unlock.code in _MONEY else None
    facts = {name: _value(value, at, money) for name, value in unlock.facts.items()}
    return said[at].format_map(facts)


def _value(value: object, at: int, currency: str | None) -> str:
    match value:
        case None | () | "":
            return _NOTHING[at]
        case int() if currency is not None:
            return f"{written(value, currency)} {currency}"
        case tuple():
            return ", ".join(str(part) for part in value)
        case _:
            return str(value)
