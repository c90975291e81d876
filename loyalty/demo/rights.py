"""What tiers give beside points and prices: service, delivery, events, and a day of one's own.

As loyalty programmes of large shops do it: silver has a service of its own, gold is delivered
faster and invited to events, diamond has tailor-made service, new products first, and an annual
member day.
"""

from collections.abc import Mapping
from typing import Final

Document = Mapping[str, object]

_RIGHT: Final = {"effect": "entitlement"}
_SERVICE: Final = {**_RIGHT, "kind": "service-response"}


def _from(tier: str) -> Document:
    return {"fact": "tier", "at-least": tier}


RIGHTS: Final[tuple[Document, ...]] = (
    {
        "rule": "members-return-free",
        "titles": {"en": "Free returns for members", "zh": "会员免费退货"},
        "when": {"fact": "member", "is": True},
        "effects": [{**_RIGHT, "kind": "free-returns", "days": 30}],
    },
    {
        "rule": "silver-service",
        "titles": {"en": "A service of its own from silver on", "zh": "银卡及以上专属客服"},
        "when": _from("silver"),
        "effects": [
            {**_SERVICE, "hours": 24},
            {**_SERVICE, "issue": "refund", "hours": 12},
        ],
    },
    {
        "rule": "gold-delivery",
        "titles": {"en": "Faster delivery from gold on", "zh": "金卡及以上加急配送"},
        "when": _from("gold"),
        "effects": [
            {**_RIGHT, "kind": "delivery-class", "class": "express"},
            {**_RIGHT, "kind": "free-returns", "days": 60},
        ],
    },
    {
        "rule": "gold-events",
        "titles": {"en": "Exclusive events from gold on", "zh": "金卡及以上专享活动"},
        "when": _from("gold"),
        "effects": [
            {**_RIGHT, "kind": "event-access", "event": "tasting"},
            {**_RIGHT, "kind": "event-access", "event": "preview-evening"},
        ],
    },
    {
        "rule": "diamond-service",
        "titles": {"en": "Tailor-made service for diamond", "zh": "钻石卡专属定制服务"},
        "when": _from("diamond"),
        "effects": [
            {**_RIGHT, "kind": "tailored-service"},
            {**_SERVICE, "hours": 4},
            {**_SERVICE, "issue": "refund", "hours": 1},
        ],
    },
    {
        "rule": "diamond-first",
        "titles": {"en": "New products first for diamond", "zh": "钻石卡优先选购新品"},
        "when": _from("diamond"),
        "effects": [{**_RIGHT, "kind": "early-access", "hours": 48}],
    },
    {
        "rule": "diamond-day",
        "titles": {
            "en": "Diamond's member day, 18 June: 300 points",
            "zh": "钻石卡年度会员日（6月18日）：赠 300 积分",
        },
        "when": {"all": [_from("diamond"), {"fact": "subtotal", "at-least": 2_000}]},
        "schedule": {"member_days": [{"every": "year", "month": 6, "day": 18}]},
        "effects": [{"effect": "earn", "bonus": 300}],
    },
)
