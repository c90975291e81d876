"""A membership goes to another plan, or is left: what was given is what is taken back."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.membership.asking import NewChange, cancel, change, preview_change, withdraw
from loyalty.membership.errors import BilledElsewhere, PeriodAhead, PeriodOver
from loyalty.membership.external import NewRefund, report_payment, report_refund
from loyalty.membership.types import Membership
from loyalty.savings import savings_of
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


async def test_the_last_day_of_withdrawal_is_whole(connection: AsyncConnection) -> None:
    await opened(connection)
    row = (await begun(connection, await joined(connection))).membership

    last = NOW + timedelta(days=14, hours=11, minutes=59)
    (due,) = (await withdraw(connection, cause(last), row.id)).due

    assert (due.charge, due.net, due.tax) == ("SUB-1-1", 916, 74)


DUE = {
    "pro-rata": [("SUB-1-1", 600, 49, 360, 365), ("UP-1", 8_435, 0, 360, 365)],
    "full-if-unused": [("SUB-1-1", 610, 49, 365, 365), ("UP-1", 8_553, 0, 365, 365)],
    "none": [],
}


@pytest.mark.parametrize("policy", DUE)
async def test_what_an_upgrade_took_over_is_given_back_with_it(
    connection: AsyncConnection, policy: str
) -> None:
    await opened(connection, refund_policy=policy)
    row = (await begun(connection, await joined(connection))).membership
    moved_at = NOW + timedelta(days=9)
    wanted = NewChange("yearly", when="now")
    (credit,) = (await preview_change(connection, cause(moved_at), row, wanted)).credit
    fee = paid("UP-1", moved_at, days=365, net=9_163 - credit.net, tax=0)
    await change(connection, cause(moved_at), row.id, replace(wanted, paid=fee))

    asked = await cancel(connection, cause(moved_at + timedelta(days=4)), row.id, "now")

    assert [(d.charge, d.net, d.tax, d.days, d.of_days) for d in asked.due] == DUE[policy]


async def test_a_withdrawal_after_an_upgrade_gives_both_fees_back(
    connection: AsyncConnection,
) -> None:
    row = await _moved_up(connection, 0)

    asked = await withdraw(connection, cause(LATER), row.id)

    assert [(due.charge, due.net) for due in asked.due] == [("SUB-1-1", 916), ("UP-1", 9_000)]


async def test_an_upgrade_is_for_a_time_that_runs(connection: AsyncConnection) -> None:
    await opened(connection)
    row = (await begun(connection, await joined(connection))).membership
    for fee, refusal in (
        (paid("UP-1", NOW - timedelta(days=30), days=31), PeriodOver),
        (paid("UP-1", LATER + timedelta(hours=3), paid_at=LATER), PeriodAhead),
    ):
        with pytest.raises(refusal):
            await change(
                connection, cause(LATER), row.id, NewChange("yearly", when="now", paid=fee)
            )


async def test_bonus_points_that_were_never_given_are_no_use_of_the_plan(
    connection: AsyncConnection,
) -> None:
    plan, ada = await opened(connection, bonus_points=500), await joined(connection)
    row = (await begun(connection, ada, trial=True)).membership
    assert not (await savings_of(connection, row, plan, at=LATER)).used

    await report_payment(connection, cause(LATER), row.id, paid("P-1", LATER))
    assert not (await savings_of(connection, row, plan, at=LATER)).used
