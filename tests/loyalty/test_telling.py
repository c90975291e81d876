"""What is missing for a tier, told to people."""

from datetime import date
from typing import Any

import pytest

from loyalty.telling import tell_missing
from tiers import Because, Figures, Metric, Missing

UNITS = {"stars": {"en": "stars", "zh": "星星"}}


def missing(**more: object) -> Missing:
    said: dict[str, Any] = {
        "tier": "gold",
        "join": "all",
        "purchases": 32_000,
        "orders": 2,
        "wanted": ((Metric.PURCHASES, 150_000), (Metric.ORDERS, 12)),
        "met": False,
        "by": date(2026, 12, 31),
        "because": Because.OLDEST_ORDER_LEAVES,
        "leaving": Figures(1_000, 1),
    }
    return Missing(**(said | more))


@pytest.mark.parametrize(
    ("said", "language", "sentence"),
    [
        (
            missing(),
            "en",
            (
                "$320 more and 2 more orders by December 31, 2026,"
                " when your oldest order leaves the window."
            ),
        ),
        (
            missing(),
            "zh",
            "在 2026年12月31日 前再消费 US$320并再下 2 单（届时最早的订单移出统计期）。",
        ),
        (missing(purchases=0, orders=1, by=None, because=None), "en", "1 more order."),
        (missing(purchases=1_050, join="any", by=None), "en", "$10.50 more or 2 more orders."),
        (
            missing(purchases=0, orders=0, active_days=2, assets=(("stars", 50),), by=None),
            "en",
            "2 more days with a purchase and 50 more stars.",
        ),
        (
            missing(purchases=0, orders=0, active_days=1, assets=(("stars", 50),), by=None),
            "zh",
            "再有 1 天消费并再获得 50 星星。",
        ),
        (missing(met=True, because=None), "en", "Nothing more is needed until December 31, 2026."),
    ],
)
def test_what_is_missing_reads_as_a_sentence(said: Missing, language: str, sentence: str) -> None:
    assert tell_missing(said, "USD", language, UNITS) == sentence
