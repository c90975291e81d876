"""What is deferred with the points of past orders is what the API would have deferred."""

from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

import pytest
from sqlalchemy import text

from ledger import LotClass
from loyalty.books import Method, Signing, allocate, sign_estimate
from loyalty.bootstrap import Application
from loyalty.money import PointValue
from tests.loyalty.history.files import BY_LINE, application, bring, cause_now, publish, write
from tests.loyalty.history.test_equal import ROWS, RULES, SETTINGS, other, report

__all__ = ["application", "other"]

SIGNED = Signing(
    lot_class=LotClass.SALE,
    method=Method.HISTORY,
    reason="yearly-review",
    hundredths=6_000,
    effective_on=date(2025, 2, 1),
)
LOTS = "select earned_at, granted, class, allocated from ledger.lot order by earned_at, granted"


@pytest.mark.parametrize("signed", [False, True])
async def test_history_defers_what_the_same_orders_would_have(
    application: Application, other: Application, tmp_path: Path, *, signed: bool
) -> None:
    for each in (application, other):
        await publish(each, rules=RULES, **SETTINGS)
        if signed:
            await each.database.write(sign_estimate, cause_now(each), SIGNED)
    rows = [(*row[:4], "USD", *row[4:]) for row in ROWS]

    await bring(application, write(tmp_path / "orders.csv", BY_LINE, rows))
    await report(other)

    brought, reported = await lots(application), await lots(other)
    assert brought == reported
    assert len(brought) > 3
    assert all(lot_class == "sale" and allocated > 0 for *_, lot_class, allocated in brought)


async def test_an_estimate_counts_from_its_day_on(application: Application, tmp_path: Path) -> None:
    await publish(application, rules=RULES, **SETTINGS)
    await application.database.write(sign_estimate, cause_now(application), SIGNED)
    orders = (
        ("x1", "eve", "2025-01-31T12:00:00+00:00", "sale", "USD", "", "1", "J", "J", 1, "90.00"),
        ("x2", "eve", "2025-02-03T12:00:00+00:00", "sale", "USD", "", "1", "J", "J", 1, "90.00"),
    )

    await bring(application, write(tmp_path / "orders.csv", BY_LINE, orders))

    before, after = await lots(application)
    assert before[0] == datetime(2025, 1, 31, 12, tzinfo=UTC)
    value = PointValue(1, 1)
    assert before[3] == allocate(9_000, before[1], value).points
    assert after[3] == allocate(9_000, after[1], value, Fraction(3, 5)).points


async def lots(application: Application) -> list[tuple[datetime, int, str, int]]:
    async with application.database.read() as connection:
        return [tuple(row) for row in await connection.execute(text(LOTS))]
