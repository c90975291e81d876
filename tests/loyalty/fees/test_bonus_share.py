"""Bonus points take a share of the fee, and give it back with the money: nothing is left behind."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import cast

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.exports.fees import sides
from loyalty.exports.maps import parse_map, shipped_document
from loyalty.exports.money import money_until
from loyalty.fees import fee_roll_forward
from loyalty.membership.asking import withdraw
from loyalty.membership.external import NewRefund, report_refund
from loyalty.membership.types import Membership, RefundKind
from tests.loyalty.membership.building import NOW, begun, cause, joined, opened

NOVEMBER, JANUARY = date(2026, 11, 1), date(2027, 1, 1)
NOW_KNOWN = datetime(2100, 1, 1, tzinfo=UTC)
FIFTH = NOW + timedelta(days=5)
MAP = parse_map(shipped_document("ifrs"), version=1)


async def with_bonus(connection: AsyncConnection) -> Membership:
    """Return a membership that has paid 9.16 and got 300 points for it."""
    await opened(connection, bonus_points=300, refund_policy="pro-rata")
    return (await begun(connection, await joined(connection))).membership


async def stands(connection: AsyncConnection) -> dict[str, int]:
    """Return what every account of the company holds by January, debits above zero."""
    facts = await money_until(connection, JANUARY, known_by=NOW_KNOWN)
    held: Counter[str] = Counter()
    assert MAP.fees is not None
    for fee in facts.fees:
        debit, credit = sides(MAP.fees, MAP.money["fee"].against["deferred"], fee.reason)
        held.update({debit: fee.amount})
        held.subtract({credit: fee.amount})
    for one in facts.moved:
        place = MAP.money[one.lot_class]
        held.update({place.against[one.reason]: one.amount})
        held.subtract({place.balance: one.amount})
    return {account: amount for account, amount in held.items() if amount}


async def test_the_share_waits_beside_the_fee_and_both_are_the_charge(
    connection: AsyncConnection,
) -> None:
    await with_bonus(connection)

    told = await fee_roll_forward(
        connection, known_by=NOW_KNOWN, since=NOVEMBER, until=date(2026, 12, 1)
    )

    (november,) = told.months
    held = await stands(connection)
    assert MAP.fees is not None
    share = -held[MAP.money["fee"].balance]
    assert november.moved.allocated == share > 0
    assert november.moved.recognised == round((916 - share) * 9 / 30)


@pytest.mark.parametrize("days", [0, 13])
async def test_a_charge_that_was_given_back_with_its_bonus_leaves_no_account_behind(
    connection: AsyncConnection, days: int
) -> None:
    row = await with_bonus(connection)
    at = NOW + timedelta(days=days, hours=1)

    asked = await withdraw(connection, cause(at), row.id)
    waiting = await stands(connection)
    given = NewRefund("REF-1", asked.due[0].charge, 990, "withdrawn")
    await report_refund(connection, cause(at + timedelta(days=12)), row.id, given)

    assert (asked.due[0].net, asked.due[0].tax) == (916, 74)
    assert MAP.fees is not None
    assert waiting == {MAP.fees.clearing: 990, MAP.fees.tax: -74, MAP.fees.liability: -916}
    assert await stands(connection) == {}


async def test_a_charge_that_came_back_with_its_bonus_leaves_the_books_as_if_it_had_stayed(
    connection: AsyncConnection,
) -> None:
    row = await with_bonus(connection)
    undisturbed = await stands(connection)

    for place, (reference, kind) in enumerate((("D", "dispute"), ("W", "reinstated")), 3):
        told = NewRefund(reference, "SUB-1-1", 990, "fraudulent", cast("RefundKind", kind))
        await report_refund(connection, cause(NOW + timedelta(days=place)), row.id, told)
        assert (await stands(connection) == undisturbed) == (kind == "reinstated")

    assert MAP.fees is not None
    assert undisturbed[MAP.money["fee"].balance] < 0, "the points are still to be used"
