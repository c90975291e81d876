"""Whoever bills beside the memberships' charges and refunds, and payouts beside their movements."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import SYSTEM, Cause
from loyalty.reconciliation import (
    ClearingReason,
    FeeStep,
    Item,
    ItemKind,
    Leg,
    Movement,
    Payout,
    Reconciliation,
    Tolerance,
    clear_item,
    list_items,
    reconcile,
    take_movements,
    take_payouts,
)
from tests.loyalty.fees.charged import Paid, charged, joined, offered, refunded

JANUARY, FEBRUARY, MARCH = date(2027, 1, 1), date(2027, 2, 1), date(2027, 3, 1)
CAUSE = Cause(datetime(2027, 3, 2, 12, tzinfo=UTC), SYSTEM, "test")


@pytest.fixture
async def plus(connection: AsyncConnection) -> Paid:
    return await joined(connection, "plus", await offered(connection, "plus", "month", 3_000))


def moved(reference: str, amount: int = 3_300, **more: Any) -> Movement:
    """A line of January's report about an invoice."""
    step = more.pop("step", FeeStep.BILLED)
    values: dict[str, Any] = {
        "id": f"txn_{reference}",
        "category": "charge",
        "fee": (step, reference),
        "certain": True,
        "amount": amount,
        "tax": None,
        "currency": "USD",
        "settled": amount - 100,
        "settled_in": "USD",
        "at": datetime(2027, 1, 10, 9, tzinfo=UTC),
        **more,
    }
    return Movement(**values)


async def paid(connection: AsyncConnection, plus: Paid, reference: str, **more: Any) -> Any:
    """A charge at Stripe of 30.00 and 3.00 tax on 10 January, for a period of its own."""
    values = {"adapter": "stripe", "reference": reference, "tax": 300, **more}
    values.setdefault("paid_at", datetime(2027, 1, 10, 9, tzinfo=UTC))
    return await charged(connection, plus, JANUARY, FEBRUARY, 3_000, **values)


async def run(
    connection: AsyncConnection,
    leg: Leg = Leg.BILLER_FEES,
    *,
    since: date = JANUARY,
    money: int = 0,
) -> tuple[Reconciliation, Sequence[Item]]:
    """Compare a month and answer one leg's run with its items."""
    until = FEBRUARY if since == JANUARY else MARCH
    allowed = Tolerance(money=money)
    runs = await reconcile(connection, CAUSE, since=since, until=until, tolerance=allowed)
    (made,) = (one for one in runs if one.leg is leg)
    return made, await list_items(connection, made.number, limit=50)


def told(items: Sequence[Item]) -> list[tuple[str, str, int | None, int | None]]:
    return [(one.kind.value, one.key, one.left_amount, one.right_amount) for one in items]


async def test_a_true_report_agrees_with_charges_refunds_and_disputes(
    connection: AsyncConnection, plus: Paid
) -> None:
    charge = await paid(connection, plus, "in_1")
    day = date(2027, 1, 20)
    await refunded(connection, plus, charge, day, 1_000, tax=100, reference="re_1")
    await refunded(connection, plus, charge, day, 500, kind="dispute", reference="du_1")
    await refunded(connection, plus, charge, day, 500, kind="reinstated", reference="du_1/won")
    lines = [
        moved("in_1"),
        moved("re_1", 1_100, step=FeeStep.REFUNDED),
        moved("du_1", 500, step=FeeStep.DISPUTED),
        moved("du_1/won", 500, step=FeeStep.REINSTATED),
    ]
    await take_movements(connection, CAUSE, "stripe", lines)

    made, items = await run(connection)

    assert items == []
    assert (made.compared, made.agreed, made.open_items) == (4, 4, 0)
    assert {step: (one.left, one.right) for step, one in made.totals.items()} == {
        "billed": (3_300, 3_300),
        "disputed": (500, 500),
        "refunded": (1_100, 1_100),
        "reinstated": (500, 500),
    }


async def test_every_planted_difference_is_found_and_named(
    connection: AsyncConnection, plus: Paid
) -> None:
    for reference in ("in_amount", "in_currency", "in_tax", "in_unreported", "in_near"):
        await paid(connection, plus, reference)
    late = datetime(2027, 1, 31, 23, 59, tzinfo=UTC)
    await paid(connection, plus, "in_month", paid_at=late)
    lines = [
        moved("in_amount", 3_000),
        moved("in_currency", currency="EUR"),
        moved("in_month", at=late + timedelta(minutes=2)),
        moved("in_near", 3_299),
        moved("in_nobody"),
        moved("in_tax", tax=500),
        moved("re_elsewhere", step=FeeStep.REFUNDED, certain=False),
        moved("ch_sale", fee=None, certain=False),
    ]
    await take_movements(connection, CAUSE, "stripe", lines)

    made, items = await run(connection, money=1)
    _, next_month = await run(connection, since=FEBRUARY)

    assert told(items) == [
        ("money-differs", "fee:stripe:billed:in_amount", 3_000, 3_300),
        ("currency-differs", "fee:stripe:billed:in_currency", 3_300, 3_300),
        ("timing", "fee:stripe:billed:in_month", 3_300, 3_300),
        ("missing-in-memberships", "fee:stripe:billed:in_nobody", 3_300, None),
        ("money-differs", "fee:stripe:billed:in_tax:tax", 500, 300),
        ("missing-at-biller", "fee:stripe:billed:in_unreported", None, 3_300),
    ]
    assert (items[1].left_state, items[1].right_state) == ("EUR", "USD")
    assert (items[2].left_on, items[2].right_on) == (FEBRUARY, date(2027, 1, 31))
    assert [one.open for one in items] == [True, True, False, True, True, True]
    assert [one.member for one in items if one.kind is ItemKind.MONEY_DIFFERS] == [plus.member] * 2
    assert (made.within_tolerance, made.open_items) == (1, 5)
    assert told(next_month) == [("timing", "fee:stripe:billed:in_month", 3_300, 3_300)]


async def test_a_cleared_difference_stays_cleared_until_its_figures_change(
    connection: AsyncConnection, plus: Paid
) -> None:
    await paid(connection, plus, "in_1")
    made, _ = await run(connection)
    await clear_item(connection, CAUSE, made.number, 1, reason=ClearingReason.KNOWN_DIFFERENCE)

    again, _ = await run(connection)
    await take_movements(connection, CAUSE, "stripe", [moved("in_1", 3_000)])
    other, items = await run(connection)

    assert (again.items, again.open_items) == (1, 0)
    assert (other.open_items, items[0].kind) == (1, ItemKind.MONEY_DIFFERS)


async def test_only_fees_that_need_a_report_are_asked_for_one(
    connection: AsyncConnection, plus: Paid
) -> None:
    await paid(connection, plus, "pay-1", adapter="external")

    quiet = await reconcile(connection, CAUSE, since=JANUARY, until=FEBRUARY)
    await take_movements(connection, CAUSE, "external", [moved("pay-1", tax=300)])
    made, items = await run(connection)

    assert [one.leg for one in quiet] == [Leg.ORDERS_LEDGER]
    assert (made.compared, made.agreed, items) == (2, 2, [])


async def test_a_payout_is_the_sum_of_what_it_was_made_of(connection: AsyncConnection) -> None:
    at = datetime(2027, 1, 12, tzinfo=UTC)
    lines = [
        moved("in_1", payout="po_1"),
        moved("fee", fee=None, certain=False, category="fee", settled=-50, payout="po_1"),
        moved("in_2", payout="po_2"),
        moved("po_1", fee=None, certain=False, category="payout", settled=-3_150, payout="po_1"),
    ]
    await take_movements(connection, CAUSE, "stripe", lines)
    payouts = [
        Payout(id=f"txn_{payout}", payout=payout, amount=amount, currency="USD", at=at)
        for payout, amount in (("po_1", 3_150), ("po_2", 3_000), ("po_3", 700))
    ]
    await take_payouts(connection, CAUSE, "stripe", payouts)

    made, items = await run(connection, Leg.PAYOUTS_MOVEMENTS)

    assert (made.compared, made.agreed) == (3, 1)
    assert told(items) == [
        ("money-differs", "payout:stripe:po_2", 3_000, 3_200),
        ("missing-in-movements", "payout:stripe:po_3", 700, None),
    ]


async def test_a_line_is_taken_once_and_never_otherwise_but_may_learn_its_payout(
    connection: AsyncConnection,
) -> None:
    first = await take_movements(connection, CAUSE, "stripe", [moved("in_1"), moved("in_2")])
    lines = [moved("in_1", payout="po_1"), moved("in_2", 1), moved("in_3")]
    again = await take_movements(connection, CAUSE, "stripe", lines)
    other = await take_movements(connection, CAUSE, "stripe", [moved("in_1", payout="po_2")])

    assert (first.new, first.known, first.differing) == (2, 0, frozenset())
    assert (again.new, again.known, again.differing) == (1, 1, frozenset({"txn_in_2"}))
    assert (other.new, other.known, other.differing) == (0, 0, frozenset({"txn_in_1"}))
