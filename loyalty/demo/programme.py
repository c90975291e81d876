"""What the demo's programme promises: policy, ladder, rules, prices and a birthday voucher.

Made for the shop of `loyalty.demo.shop`: half of its households reach silver in a year, one in
fourteen diamond.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
import tiers
from loyalty.cause import Cause
from loyalty.demo.catalogue import FIVE_OFF, FIVE_OFF_RULE, publish_catalogue
from loyalty.demo.plans import PLAN_RULE, open_plans
from loyalty.demo.rights import RIGHTS
from loyalty.policy import publish_policy
from loyalty.policy.store import BEGINNING
from loyalty.rules import draft_rule, publish_rules
from loyalty.tables import member
from loyalty.vouchers import define_voucher

Document = Mapping[str, object]

BIRTHDAY: Final = "birthday"
PRICE_LIST: Final = "members"

MEMBER_PRICES: Final = (
    ("1082185", 89, 109),
    ("1029743", 259, 299),
    ("995242", 179, 209),
    ("981760", 109, 139),
    ("1133018", 169, 199),
    ("1127831", 299, 350),
)
"""SKU, price for members and regular price, in cents: the shop's best sellers."""

LADDER: Final = tiers.default_ladder(
    silver=(120_000, 50), gold=(250_000, 110), diamond=(500_000, 220)
)

_ALL: Final = {"effect": "earn", "points": 1, "per": 100}


def _titles(english: str, chinese: str) -> dict[str, str]:
    return {"en": english, "zh": chinese}


def _multiplied(tier: str, factor: str, english: str, chinese: str) -> Document:
    return {
        "rule": f"{tier}-earns-more",
        "titles": _titles(english, chinese),
        "when": {"fact": "tier", "is": tier},
        "effects": [{"effect": "earn", "multiplier": factor}],
    }


RULES: Final[tuple[Document, ...]] = (
    {
        "rule": "base-earn",
        "titles": _titles("1 point for every dollar", "每消费 1 美元获 1 积分"),
        "effects": [_ALL],
    },
    _multiplied("silver", "1.25", "Silver: 1.25 times the points", "银卡：1.25 倍积分"),
    _multiplied("gold", "1.5", "Gold: 1.5 times the points", "金卡：1.5 倍积分"),
    _multiplied("diamond", "2", "Diamond: twice the points", "钻石卡：双倍积分"),
    {
        "rule": "fresh-produce-points",
        "titles": _titles("1 point more per dollar of produce", "果蔬每 1 美元多得 1 积分"),
        "effects": [_ALL | {"where": {"fact": "category", "is": "PRODUCE"}}],
    },
    {
        "rule": "member-day",
        "titles": _titles("Member day, the 8th: 50 points", "每月 8 日会员日：赠 50 积分"),
        "when": {"fact": "subtotal", "at-least": 2_000},
        "schedule": {"member_days": [{"every": "month", "day": 8}]},
        "effects": [{"effect": "earn", "bonus": 50}],
    },
    {
        "rule": "welcome-points",
        "titles": _titles("100 points with the first order", "首单赠 100 积分"),
        "when": {"fact": "first-order", "is": True},
        "effects": [{"effect": "earn", "bonus": 100}],
    },
    {
        "rule": "card-price",
        "titles": _titles("The price with the card", "会员卡价"),
        "when": {"fact": "member", "is": True},
        "effects": [{"effect": "exclusive-price", "line_price": True}],
    },
    {
        "rule": "member-prices",
        "titles": _titles("Members' prices of best sellers", "热销商品会员价"),
        "when": {"fact": "member", "is": True},
        "effects": [{"effect": "exclusive-price", "price_list": PRICE_LIST}],
    },
    {
        "rule": "bakery-10",
        "titles": _titles("10 % off pastry from silver on", "银卡及以上：糕点九折"),
        "when": {"fact": "tier", "at-least": "silver"},
        "tell": True,
        "effects": [
            {
                "effect": "percent-off",
                "percent": 10,
                "target": "lines",
                "where": {"fact": "category", "is": "PASTRY"},
            }
        ],
    },
    {
        "rule": "five-off-75",
        "titles": _titles("$5 off from $75", "满 75 美元减 5 美元"),
        "when": {"fact": "subtotal", "at-least": 7_500},
        "tell": True,
        "effects": [{"effect": "amount-off", "amount": 500, "target": "order"}],
    },
    {
        "rule": "gold-free-shipping",
        "titles": _titles("Free shipping from gold on", "金卡及以上免运费"),
        "when": {"fact": "tier", "at-least": "gold"},
        "tell": True,
        "effects": [{"effect": "free-shipping"}],
    },
    {
        "rule": "free-shipping-from-35",
        "titles": _titles("Free standard shipping from $35", "满 35 美元免标准运费"),
        "when": {"fact": "subtotal", "at-least": 3_500},
        "tell": True,
        "effects": [{"effect": "free-shipping", "methods": ["standard"]}],
    },
    {
        "rule": "birthday-present",
        "titles": _titles("$5 for your birthday", "生日礼：减 5 美元"),
        "voucher": BIRTHDAY,
        "effects": [{"effect": "amount-off", "amount": 500, "target": "order"}],
    },
    *RIGHTS,
)


def policy_document(currency: str, zone: str) -> Document:
    """The demo's policy: a point is worth a cent, waits 14 days and lapses after six months."""
    return {
        "unit": {"en": "points", "zh": "积分"},
        "currency": currency,
        "time_zone": zone,
        "language": "en",
        "point_value": {"minor": 1, "points": 1},
        "earn_basis": "paid",
        "pending_days": 14,
        "expiry": {
            "default": {"kind": "after-months", "months": 6, "notice": False},
            "sources": {},
            "by_time": True,
            "activities": [],
        },
        "expiry_reminder_days": 14,
        "grace_days": 30,
        "assets": {},
        "shortfall": "debt",
        "hold_minutes": 30,
        "minimum_age": 0,
        "spend_minimum": 100,
        "spend_step": 1,
        "spend_share_percent": 50,
        "spend_on_shipping": False,
        "adjustment_limits": {"admin": 20_000, "finance": 100_000, "checkout": 0},
        "adjustment_reasons": ["goodwill", "correction", "complaint", "compensation", "other"],
        "birthday_voucher": BIRTHDAY,
    }


async def publish_programme(
    connection: AsyncConnection, cause: Cause, *, currency: str, zone: str
) -> None:
    """Publish everything once, in one transaction; a programme that has rules is left alone."""
    if await benefits.list_rule_set_versions(connection, limit=1):
        return
    if await connection.scalar(select(member.c.id).limit(1)) is None:
        await publish_policy(connection, cause, policy_document(currency, zone))
    await tiers.publish_ladder(
        connection, LADDER, at=cause.at, actor=cause.actor, request_id=cause.request_id
    )
    birthday = benefits.VoucherDefinition(
        BIRTHDAY,
        _titles("Birthday present", "生日礼券"),
        valid_for_days=30,
        birthday_window="week",
    )
    for definition in (birthday, FIVE_OFF):
        await define_voucher(connection, cause, definition)
    await benefits.set_prices(
        connection, PRICE_LIST, _prices(BEGINNING), actor=cause.actor, at=cause.at
    )
    drafted = [
        await draft_rule(connection, cause, rule) for rule in (*RULES, FIVE_OFF_RULE, PLAN_RULE)
    ]
    wanted = [(rule.rule, rule.version) for rule in drafted]
    await publish_rules(connection, cause, wanted, live_from=BEGINNING)
    await publish_catalogue(connection, cause)
    await open_plans(connection, cause)


def _prices(since: datetime) -> list[benefits.Price]:
    return [benefits.Price(sku, amount, regular, since) for sku, amount, regular in MEMBER_PRICES]
