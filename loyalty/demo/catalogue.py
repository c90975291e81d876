"""The demo's catalogue: four rewards, and some orders of them, whose ids say they are invented.

Everything goes the way of a real programme: drafted, classed for tax, stocked, published, ordered
through the use case, and partly fulfilled and cancelled. Placed again they are the same orders.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
import ledger
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.demo.households import INVENTED
from loyalty.idempotency import Attempt, Begun
from loyalty.members import lock_member
from loyalty.members.types import Ref
from loyalty.names import MEMBER, REWARD_ORDER, find_name
from loyalty.rewards.catalogue import choose_tax_class, make_reward, publish_reward
from loyalty.rewards.errors import RewardError
from loyalty.rewards.ordering import NewRewardOrder, order_reward
from loyalty.rewards.settling import cancel_order, fulfil_order
from loyalty.rewards.stock import change_stock
from loyalty.rewards.types import Kind, OrderState, TaxClass

ORDERS: Final = 40
TASTING_IN: Final = timedelta(days=30)

FIVE_OFF: Final = benefits.VoucherDefinition(
    "five-off", {"en": "$5 off", "zh": "减 5 美元"}, valid_for_days=90
)
FIVE_OFF_RULE: Final[Mapping[str, object]] = {
    "rule": "five-off-reward",
    "titles": {"en": "$5 off for points", "zh": "积分兑换：减 5 美元"},
    "voucher": FIVE_OFF.name,
    "effects": [{"effect": "amount-off", "amount": 500, "target": "order"}],
}
"""What the voucher gives that points buy."""

Stocked = tuple[str, Kind, int | None, Mapping[str, Any]]
"""The code of a reward, its kind, how many there are (none: not counted), and what it says."""

REWARDS: Final[tuple[Stocked, ...]] = (
    (
        "tote-bag",
        Kind.GOODS,
        500,
        {
            "titles": {"en": "Tote bag", "zh": "帆布袋"},
            "texts": {"en": "Of organic cotton.", "zh": "有机棉制成。"},
            "category": "home",
            "points": 150,
            "regular": 690,
            "sku": "TOTE-1",
            "limits": [{"per": "member", "every": "month", "quantity": 2}],
            "rank": 1,
        },
    ),
    (
        "five-off",
        Kind.VOUCHER,
        None,
        {
            "titles": {"en": "$5 off your next order", "zh": "下单立减 5 美元"},
            "category": "vouchers",
            "points": 500,
            "regular": 500,
            "definition": FIVE_OFF.name,
            "limits": [
                {"per": "member", "every": "week", "quantity": 1},
                {"per": "all", "every": "day", "quantity": 200},
            ],
            "rank": 2,
        },
    ),
    (
        "espresso-cups",
        Kind.GOODS,
        40,
        {
            "titles": {"en": "Two espresso cups", "zh": "意式咖啡杯一对"},
            "category": "home",
            "points": 400,
            "money": 490,
            "tax": 37,
            "regular": 1490,
            "sku": "CUPS-2",
            "when": {"fact": "tier", "at-least": "silver"},
            "rank": 3,
        },
    ),
    (
        "tasting-evening",
        Kind.EVENT,
        24,
        {
            "titles": {"en": "A place at the tasting evening", "zh": "品鉴之夜名额"},
            "category": "events",
            "points": 900,
            "when": {"fact": "tier", "at-least": "gold"},
            "limits": [{"per": "member", "every": "ever", "quantity": 2}],
            "rank": 4,
        },
    ),
)


async def publish_catalogue(connection: AsyncConnection, cause: Cause) -> None:
    """Publish the rewards; finance takes the points in their price for a discount."""
    for code, kind, stock, terms in REWARDS:
        at = cause.at + TASTING_IN
        event = {"event_at": at.isoformat()} if kind is Kind.EVENT else {}
        said = {**terms, **event}
        await make_reward(connection, cause, code, kind, said, counted=stock is not None)
        await choose_tax_class(connection, cause, code, TaxClass.DISCOUNT)
        if stock is not None:
            await change_stock(connection, cause, code, stock, reason="initial")
        await publish_reward(connection, cause, code)


async def order_rewards(application: Application, cause: Cause, households: Sequence[str]) -> int:
    """Let some households order what they can afford; answers how many did."""
    ordered = 0
    for number, household in enumerate(households[:ORDERS], start=1):
        with suppress(RewardError):  # a tier too low, or one a week already
            ordered += await application.database.write(
                order_one, application, cause, household, number
            )
    return ordered


async def order_one(
    connection: AsyncConnection, application: Application, cause: Cause, household: str, number: int
) -> bool:
    """Order one reward: every second is fulfilled, every seventh cancelled, the rest waits.

    False where the household was served before or can afford nothing.
    """
    text = f"{INVENTED}reward-{number}"
    known = await find_name(connection, MEMBER, household)
    if known is None or await find_name(connection, REWARD_ORDER, text) is not None:
        return False
    whose = await lock_member(connection, Ref("member", household, id=known.id))
    wallet = await ledger.wallet(connection, whose.holder, at=cause.at)
    affordable = [code for code, _, _, said in REWARDS if said["points"] <= wallet.available]
    if not affordable:
        return False
    begun = Begun(Attempt(cause.actor, "demo", None, b"", None, cause.at), whose, None)
    asked = NewRewardOrder(affordable[number % len(affordable)], name=text)
    order = (await order_reward(connection, application.programme, cause, begun, asked)).order
    if order.state is OrderState.ORDERED and number % 2 == 0:
        await fulfil_order(connection, cause, order.id, reference=f"DN-{number}")
    elif order.state is OrderState.ORDERED and number % 7 == 0:
        await cancel_order(connection, cause, order.id, reason="out-of-stock", restock=False)
    return True
