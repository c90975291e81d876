"""The explanation of an order as sentences, in English and Chinese. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ledger import Account
from loyalty.money import written
from loyalty.orders.explanation import Moved, Part, Posted, StepExplained

LANGUAGES: Final = ("en", "zh")

_PARTS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "regular": ("The regular price is {money}.", "原价 {money}。"),
        "exclusive-price": (
            "The exclusive price of {rule} takes off {money}.",
            "{rule} 专享价减 {money}。",
        ),
        "line-discount": ("{rule} takes off {money}.", "{rule} 减 {money}。"),
        "order-discount": (
            "{rule} takes off {money}, this line's part of a discount on the order.",
            "{rule} 整单优惠分摊减 {money}。",
        ),
        "voucher": ("A voucher ({rule}) takes off {money}.", "优惠券（{rule}）减 {money}。"),
        "shipping-discount": ("{rule} takes {money} off shipping.", "{rule} 运费减 {money}。"),
        "other-discount": (
            "{money} was taken off before the order was told.",
            "下单前已减 {money}。",
        ),
        "points-spent": ("{points} points take off {money}.", "{points} 积分抵扣 {money}。"),
        "payable": ("To be paid: {money}.", "应付 {money}。"),
    }
)

_STEPS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "placed": ("Placed for {money}.", "下单，应付 {money}。"),
        "paid": ("Paid.", "已付款。"),
        "completed": ("Shipped: {money}.", "发货 {money}。"),
        "cancelled": ("Cancelled before shipping: {money}.", "发货前取消 {money}。"),
        "returned": (
            "Returned ({reason}): {money} given back.",
            "退货（{reason}），退款 {money}。",
        ),
        "charged-back": (
            "Charged back ({reason}): the bank took {money}.",
            "拒付（{reason}），银行收回 {money}。",
        ),
        "claimed": ("Claimed by its buyer ({reason}).", "由买家认领（{reason}）。"),
        "delivered": ("Delivered.", "已送达。"),
    }
)

_MOVES: Final[Mapping[tuple[Account, Account], tuple[str, str]]] = MappingProxyType(
    {
        (Account.ISSUED, Account.AVAILABLE): ("{points} earned", "获得 {points} 积分"),
        (Account.ISSUED, Account.PENDING): ("{points} earned, pending", "获得 {points} 待生效积分"),
        (Account.AVAILABLE, Account.DEBT): ("{points} repay debt", "{points} 积分抵还欠分"),
        (Account.PENDING, Account.AVAILABLE): ("{points} become available", "{points} 积分生效"),
        (Account.AVAILABLE, Account.HELD): ("{points} held", "冻结 {points} 积分"),
        (Account.HELD, Account.AVAILABLE): ("{points} released", "解冻 {points} 积分"),
        (Account.HELD, Account.REDEEMED): ("{points} spent", "抵扣 {points} 积分"),
        (Account.AVAILABLE, Account.REDEEMED): (
            "{points} spent, taken anew",
            "重新扣取并抵扣 {points} 积分",
        ),
        (Account.DEBT, Account.REDEEMED): (
            "{points} spent that were not there: debt",
            "余额不足，{points} 积分记为欠分",
        ),
        (Account.AVAILABLE, Account.EXPIRED): ("{points} expire", "{points} 积分过期"),
        (Account.AVAILABLE, Account.CLAWED_BACK): ("{points} taken back", "追回 {points} 积分"),
        (Account.PENDING, Account.CLAWED_BACK): (
            "{points} pending points taken back",
            "追回 {points} 待生效积分",
        ),
        (Account.DEBT, Account.CLAWED_BACK): (
            "{points} were gone and are owed",
            "{points} 积分已用，记为欠分",
        ),
        (Account.WRITTEN_OFF, Account.DEBT): (
            "{points} settled by the refund in money",
            "{points} 积分以退款抵偿",
        ),
        (Account.RESTORED, Account.AVAILABLE): ("{points} given back", "退还 {points} 积分"),
        (Account.RESTORED, Account.DEBT): (
            "{points} given back against debt",
            "退还 {points} 积分抵还欠分",
        ),
    }
)
_FORGIVEN: Final = ("{points} were gone and are forgiven", "{points} 积分已用，免予追回")


def tell_part(part: Part, language: str, currency: str) -> str:
    """Say what one part of a price is."""
    rule = "" if part.rule is None else f"{part.rule} {part.version}"
    amount = part.amount if part.code in {"regular", "payable"} else -part.amount
    said = _PARTS[part.code][LANGUAGES.index(language)]
    return said.format(money=_money(amount, currency), points=part.points, rule=rule)


def tell_step(step: StepExplained, language: str, currency: str) -> str:
    """Say what a step was."""
    said = _STEPS[step.code][LANGUAGES.index(language)]
    return said.format(money=_money(abs(step.money), currency), reason=step.reason or "")


def tell_posted(posted: Posted, language: str) -> str:
    """Say what became of the points of a posting; nothing, where none moved.

    What went the same way out of several lots is one sum.
    """
    sums: dict[tuple[Account, Account], int] = {}
    for move in posted.moves:
        way = move.debit, move.credit
        sums[way] = sums.get(way, 0) + move.points
    said = [tell_move(Moved(*way, points), language) for way, points in sums.items()]
    if posted.forgiven:
        said.append(_FORGIVEN[LANGUAGES.index(language)].format(points=posted.forgiven))
    return ("; " if language == "en" else "；").join(said)


def tell_move(move: Moved, language: str) -> str:
    """Say what became of some points."""
    said = _MOVES.get((move.debit, move.credit))
    if said is None:
        return f"{move.points}: {move.debit.value} → {move.credit.value}"
    return said[LANGUAGES.index(language)].format(points=move.points)


def _money(amount: int, currency: str) -> str:
    return f"{written(amount, currency)} {currency}"
