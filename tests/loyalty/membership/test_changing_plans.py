"""A membership goes to another plan: what the first one gave is what is taken back."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.membership.asking import NewChange, change, withdraw
from loyalty.membership.errors import BilledElsewhere
from loyalty.membership.external import NewRefund, report_refund
from loyalty.membership.types import Membership
from tests.loyalty.membership.building import NOW, begun, cause, joined, opened, paid

LATER = NOW + timedelta(days=1)


async def _moved_up(connection: AsyncConnection, bonus: int) -> Membership:
    """Return a membership of a plan that gave 500 points, changed to one that gives others."""
    await opened(connection, bonus_points=500)
    await opened(connection, "other", bonus_points=bonus)
    row = (await begun(connection, await joined(connection))).membership
    fee = paid("UP-1", LATER, days=365, net=9_000)
    wanted = NewChange("yearly", plan="other", when="now", paid=fee)
    return (await change(connection, cause(LATER), row.id, wanted)).applied.membership


async def _wallets(connection: AsyncConnection) -> list[tuple[int, int]]:
    found = await connection.execute(text("select available, debt from ledger.wallet"))
    return [(row.available, row.debt) for row in found]


@pytest.mark.parametrize("bonus", [0, 1_000])
async def test_a_withdrawal_takes_back_the_points_that_were_given(
    connection: AsyncConnection, bonus: int
) -> None:
    row = await _moved_up(connection, bonus)
    assert await _wallets(connection) == [(500, 0)]

    await withdraw(connection, cause(LATER), row.id)

    assert await _wallets(connection) == [(0, 0)]


async def test_the_first_fee_goes_back_with_the_points_that_came_with_it(
    connection: AsyncConnection,
) -> None:
    row = await _moved_up(connection, 1_000)

    await report_refund(connection, cause(LATER), row.id, NewRefund("R-1", "SUB-1-1", 990, "asked"))

    assert await _wallets(connection) == [(0, 0)]


async def test_nobody_changes_to_a_plan_that_is_charged_otherwise(
    connection: AsyncConnection,
) -> None:
    await opened(connection)
    await opened(connection, "there", adapter="stripe")
    row = (await begun(connection, await joined(connection))).membership

    for when in ("now", "period-end"):
        wanted = NewChange("yearly", plan="there", when=when, paid=paid("UP-1", LATER))
        with pytest.raises(BilledElsewhere) as refused:
            await change(connection, cause(LATER), row.id, wanted)
        assert refused.value.pointer == "/plan"
