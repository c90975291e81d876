"""A membership that ends early leaves the books by what was owed: from the deed to the figures."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from typing import Any, Literal

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.fees import FeeMonth, fee_roll_forward
from loyalty.fees.tables import fee_end
from loyalty.fees.verify import first_broken_fee
from loyalty.membership.applying import apply
from loyalty.membership.asking import cancel, withdraw
from loyalty.membership.external import NewRefund, report_refund
from loyalty.membership.states import report_of
from loyalty.membership.store import charges_of
from loyalty.membership.tables import membership
from loyalty.membership.types import Due, Membership, ReportedCharge
from tests.loyalty.membership.building import NOW, begun, cause, joined, opened

NOVEMBER, DECEMBER, JANUARY = date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)
LATER = datetime(2027, 6, 1, tzinfo=UTC)
NOW_KNOWN = datetime(2100, 1, 1, tzinfo=UTC)
FIFTH = NOW + timedelta(days=5)  # of November: 5 of 30 days are gone, and the sixth is used


async def member_of(connection: AsyncConnection, **plan: Any) -> Membership:
    """Return a membership that has paid 9.16 for 30 days, and has used a benefit."""
    await opened(connection, **plan)
    return (await begun(connection, await joined(connection))).membership


async def rolled(connection: AsyncConnection, until: date = JANUARY) -> Sequence[FeeMonth]:
    """Return the months from November on, of the one plan there is."""
    told = await fee_roll_forward(connection, known_by=NOW_KNOWN, since=NOVEMBER, until=until)
    return told.months


async def test_an_end_without_a_refund_is_revenue_on_its_day(connection: AsyncConnection) -> None:
    row = await member_of(connection, refund_policy="none")

    asked = await cancel(connection, cause(FIFTH), row.id, "now")

    (november,) = await rolled(connection)
    assert asked.due == ()
    assert (november.moved.recognised, november.closing) == (916, 0)
    assert await first_broken_fee(connection) == {}


async def test_what_is_owed_waits_for_its_refund_and_is_never_revenue(
    connection: AsyncConnection,
) -> None:
    row = await member_of(connection, refund_policy="pro-rata")

    asked = await cancel(connection, cause(FIFTH), row.id, "now")
    owed = asked.due[0]
    given = NewRefund("REF-1", owed.charge, owed.net + owed.tax, "cancelled")
    await report_refund(connection, cause(FIFTH + timedelta(days=9)), row.id, given)

    november, december = await rolled(connection)
    assert owed.net == 916 * 24 // 30
    assert (november.moved.recognised, november.closing) == (916 - owed.net, owed.net)
    assert abs(december.moved.refunded - owed.net) <= 1, "the net of a refund follows its tax"
    assert (december.moved.recognised, abs(december.closing)) <= (0, 1)


async def test_a_withdrawal_of_what_was_not_used_is_no_revenue(connection: AsyncConnection) -> None:
    row = await member_of(connection)

    asked = await withdraw(connection, cause(FIFTH), row.id)
    given = NewRefund("REF-1", asked.due[0].charge, 990, "withdrawn")
    await report_refund(connection, cause(FIFTH), row.id, given)

    (november,) = await rolled(connection)
    assert (november.moved.recognised, november.moved.reversed, november.closing) == (153, 153, 0)
    assert november.moved.refunded == 763


async def test_an_end_in_a_closed_month_is_booked_on_the_first_open_day(
    connection: AsyncConnection,
) -> None:
    await ledger.found_books(connection, zone="UTC", on=NOVEMBER)
    row = await member_of(connection)
    by: Any = {"at": LATER, "actor": "system", "request_id": "test"}
    await ledger.begin_closing(connection, NOVEMBER, **by)
    ended = replace(
        report_of(row, LATER), status="ended", ended_at=FIFTH, end_cause="cancelled-now"
    )

    await apply(connection, cause(LATER), ended)

    november, december = await rolled(connection)
    assert november.moved.recognised == 275
    assert (december.moved.recognised, december.closing) == (916 - 275, 0)


async def test_what_is_reported_with_its_end_ends_with_it(connection: AsyncConnection) -> None:
    row = await member_of(connection)
    more = ReportedCharge(
        reference="SUB-1-2",
        starts_at=NOW + timedelta(days=30),
        ends_at=NOW + timedelta(days=60),
        net=300,
        tax=0,
        currency="USD",
        reason="renewal",
        paid_at=FIFTH,
    )
    ended = replace(
        report_of(row, FIFTH),
        status="ended",
        ended_at=FIFTH,
        end_cause="cancelled-now",
        charges=(more,),
        due=(Due("SUB-1-2", 300, 0, 1, 1),),
    )

    await apply(connection, cause(FIFTH), ended)
    await apply(connection, cause(FIFTH), ended)

    (november, december) = await rolled(connection)
    assert (november.moved.recognised, november.closing) == (916, 300)
    assert december.closing == 300


@pytest.mark.parametrize("status", ["paused", "unknown"])
async def test_a_pause_moves_no_day_of_what_was_paid(
    connection: AsyncConnection, status: Literal["paused", "unknown"]
) -> None:
    row = await member_of(connection)
    report = report_of(row, FIFTH)

    paused = (await apply(connection, cause(FIFTH), replace(report, status=status))).membership
    told = [one.moved.recognised for one in await rolled(connection)]
    ended = replace(report_of(paused, FIFTH), status="ended", ended_at=FIFTH)
    await apply(connection, cause(FIFTH), replace(ended, end_cause="cancelled-now"))

    assert (paused.state, told) == ("paused", [275, 641])
    assert [one.moved.recognised for one in await rolled(connection)] == [916]


async def test_ends_from_before_are_found_missing_and_known_from_the_upgrade_on(
    connection: AsyncConnection,
) -> None:
    row = await member_of(connection)
    ended = {"state": "ended", "ended_at": FIFTH, "end_cause": "cancelled-now"}
    gone = {"access_until": FIFTH, "late_from": None}
    await connection.execute(update(membership).values(**ended, **gone))
    missing = await first_broken_fee(connection)

    fill = import_module("loyalty.migrations.versions.0033_fee_end")._STEPS[1]
    await connection.execute(text(fill))

    (charge,) = await charges_of(connection, row.id)
    kept = select(fee_end.c.charge, fee_end.c.at, fee_end.c.due, fee_end.c.booked_on)
    assert [tuple(one) for one in await connection.execute(kept)] == [(charge.id, FIFTH, 0, None)]
    assert missing == {"fee-ends-are-kept": (str(charge.id), str(FIFTH))}
    assert await first_broken_fee(connection) == {}
