"""The books of fees read from rows: the golden month, what was known by then, and the proof."""

from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.fees import (
    FeeRollForward,
    allocate_bonus,
    booked_on,
    fee_months,
    fee_roll_forward,
    fees_of_month,
)
from loyalty.fees.reading import _charge
from loyalty.fees.tables import fee_end
from loyalty.fees.verify import first_broken_fee
from loyalty.ids import new_id
from loyalty.membership.tables import membership_charge
from loyalty.policy import policy_at
from loyalty.tables import member
from tests.loyalty.fees.charged import (
    AT,
    CAUSE,
    FAR,
    Paid,
    charged,
    joined,
    offered,
    refunded,
    start,
)

JANUARY, FEBRUARY, MARCH = date(2027, 1, 1), date(2027, 2, 1), date(2027, 3, 1)
LATER = datetime(2027, 6, 1, tzinfo=UTC)


@pytest.fixture
async def plus(connection: AsyncConnection) -> Paid:
    return await joined(connection, "plus", await offered(connection, "plus", "year", 36_500))


@pytest.fixture
async def yearly(connection: AsyncConnection, plus: Paid) -> UUID:
    return await charged(connection, plus, JANUARY, date(2028, 1, 1), 36_500, tax=3_650)


async def rolled(
    connection: AsyncConnection,
    since: date = JANUARY,
    until: date = FEBRUARY,
    known_by: datetime = LATER,
) -> FeeRollForward:
    return await fee_roll_forward(connection, known_by=known_by, since=since, until=until)


async def test_the_golden_january_is_read_in_as_many_statements_as_for_one(
    connection: AsyncConnection, yearly: UUID
) -> None:
    gold = await joined(connection, "gold", await offered(connection, "gold", "month", 3_000))
    await charged(connection, gold, date(2027, 1, 16), date(2027, 2, 16), 3_000)
    said: list[str] = []
    event.listen(
        connection.sync_connection, "before_cursor_execute", lambda *told: said.append(told[2])
    )

    books = await rolled(connection)

    (total,) = books.totals
    assert (total.opening, total.moved.billed, total.moved.recognised) == (0, 39_500, 4_648)
    assert total.closing == 34_852
    assert total.moved.tax == 3_650
    assert [one.plan for one in books.months] == ["gold", "plus"]
    assert sum("membership_charge" in text for text in said) == 2, said


async def test_a_figure_opens_the_charges_and_refunds_that_it_is_made_of(
    connection: AsyncConnection, plus: Paid, yearly: UUID
) -> None:
    back = await refunded(connection, plus, yearly, FEBRUARY, 10_000, tax=1_000)
    other = await joined(connection, "plus", plus.price)
    await charged(connection, other, FEBRUARY, date(2028, 2, 1), 36_500)

    books = await rolled(connection, FEBRUARY, MARCH)
    parts = await fees_of_month(connection, known_by=LATER, month=FEBRUARY, plan="plus")
    first = await fees_of_month(connection, known_by=LATER, month=FEBRUARY, limit=1)
    second = await fees_of_month(
        connection, known_by=LATER, month=FEBRUARY, after=first[0].charge.id
    )

    (month,) = books.months
    assert sum(one.opening for one in parts) == month.opening
    assert sum(one.moved.recognised for one in parts) == month.moved.recognised
    assert sum(one.closing for one in parts) == month.closing
    assert (month.moved.refunded, month.moved.tax_refunded) == (10_000, 1_000)
    assert [one.id for one in parts[0].refunds] == [back]
    assert [one.charge.id for one in [*first, *second]] == [one.charge.id for one in parts]
    assert await fees_of_month(connection, known_by=LATER, month=FEBRUARY, plan="gold") == []


async def test_what_was_recorded_later_was_not_known_then(
    connection: AsyncConnection, plus: Paid, yearly: UUID
) -> None:
    await refunded(connection, plus, yearly, FEBRUARY, 10_000, recorded_at=start(MARCH))
    more = {"reason": "late", "recorded_at": start(MARCH)}
    await charged(connection, plus, FEBRUARY, MARCH, 3_000, **more)

    then = await rolled(connection, FEBRUARY, MARCH, known_by=start(date(2027, 2, 11)))
    now = await rolled(connection, FEBRUARY, MARCH)

    assert (then.months[0].moved.refunded, now.months[0].moved.refunded) == (0, 10_000)
    assert (then.months[0].moved.billed, now.months[0].moved.billed) == (0, 3_000)
    assert then.months[0].moved.recognised == 1_100


async def test_an_end_counts_once_it_is_known_and_what_it_owes_stays_open(
    connection: AsyncConnection, plus: Paid, yearly: UUID
) -> None:
    ended = {"at": start(date(2027, 1, 10)), "recorded_at": start(MARCH), "due": 500}
    await connection.execute(
        insert(fee_end).values(member=plus.member, charge=yearly, **ended, **CAUSE.columns())
    )

    then = await rolled(connection, known_by=start(FEBRUARY))
    now = await rolled(connection)
    years_later = await rolled(connection, date(2029, 5, 1), date(2029, 6, 1), known_by=FAR)

    assert then.months[0].moved.recognised == 3_100
    assert (now.months[0].moved.recognised, now.months[0].closing) == (36_000, 500)
    assert [(one.opening, one.closing) for one in years_later.months] == [(500, 500)]


@pytest.mark.parametrize(("zone", "days"), [("UTC", 30), ("Europe/Berlin", 30), ("Asia/Tokyo", 31)])
async def test_days_are_those_of_the_programme_s_zone_also_where_clocks_change(
    connection: AsyncConnection, zone: str, days: int
) -> None:
    policy = replace(await policy_at(connection, CAUSE.at), zone=ZoneInfo(zone))
    begins = datetime(2027, 3, 14, 13, tzinfo=UTC)
    ends = datetime(2027, 4, 13, 15, 30, tzinfo=UTC)
    row = {"starts_at": begins, "ends_at": ends, "paid_at": begins, "booked_on": None}
    told = {"id": new_id(), "membership": new_id(), "plan": "plus", "reason": "first"}

    charge = _charge(policy, cast("Any", SimpleNamespace(**row, **told, net=3_100, tax=0, share=0)))

    assert (charge.ends - charge.starts).days == days


async def test_months_before_stay_as_they_are_when_the_span_begins_later(
    connection: AsyncConnection, plus: Paid, yearly: UUID
) -> None:
    await refunded(connection, plus, yearly, FEBRUARY, 36_500)

    whole = await fee_months(connection, known_by=LATER, until=date(2027, 5, 1))
    later = await rolled(connection, FEBRUARY, date(2027, 5, 1))

    assert list(later.months) == [one for one in whole if one.month >= FEBRUARY]
    assert (await rolled(connection, MARCH, date(2027, 5, 1))).months == ()


async def test_a_closed_month_stays_and_what_comes_late_is_booked_after_it(
    connection: AsyncConnection, plus: Paid
) -> None:
    policy = await policy_at(connection, LATER)
    await ledger.found_books(connection, zone="UTC", on=date(2026, 10, 1))
    october = datetime(2026, 10, 20, tzinfo=UTC)
    assert await booked_on(connection, policy, october) is None

    await ledger.begin_closing(
        connection, date(2026, 10, 1), at=AT, actor="system", request_id="test"
    )
    day = await booked_on(connection, policy, october)
    await charged(
        connection,
        plus,
        october.date(),
        date(2027, 10, 20),
        36_500,
        booked_on=day,
        recorded_at=AT,
    )

    books = await rolled(connection, date(2026, 10, 1), date(2026, 12, 1))
    assert day == date(2026, 11, 1)
    assert [(one.month, one.moved.recognised) for one in books.months] == [(day, 4_200)]


async def test_bonus_points_carry_their_share_and_verify_sees_when_not(
    connection: AsyncConnection, plus: Paid, yearly: UUID
) -> None:
    policy = await policy_at(connection, CAUSE.at)
    share = await allocate_bonus(
        connection, policy, CAUSE, member=plus.member, charge=yearly, net=36_500, points=500
    )
    assert list(await first_broken_fee(connection)) == ["fee-lots-carry-their-share"]

    await _earned(connection, plus, share)

    assert 0 < share < 36_500
    assert await first_broken_fee(connection) == {}
    (month,) = (await rolled(connection)).months
    assert month.moved.allocated == share
    assert month.closing == 36_500 - share - month.moved.recognised


async def test_a_refund_that_a_charge_does_not_count_is_found(
    connection: AsyncConnection, plus: Paid, yearly: UUID
) -> None:
    await refunded(connection, plus, yearly, FEBRUARY, 10_000)
    assert await first_broken_fee(connection) == {}

    await connection.execute(
        update(membership_charge).where(membership_charge.c.id == yearly).values(refunded_net=9_999)
    )

    assert await first_broken_fee(connection) == {
        "charge-refunds-are-counted": (str(yearly), "9999+0")
    }


async def _earned(connection: AsyncConnection, of: Paid, allocated: int) -> None:
    holder = (
        await connection.execute(select(member.c.holder).where(member.c.id == of.member))
    ).scalar_one()
    (outcome,) = await ledger.earn(
        connection,
        [
            ledger.Earn(
                holder=holder,
                asset=ledger.POINTS,
                key=f"membership:{of.id}:bonus",
                journal=new_id(),
                amount=500,
                effective_at=CAUSE.at,
                reason="membership",
                actor=CAUSE.actor,
                request_id=CAUSE.request_id,
                lot=new_id(),
                source="membership",
                lot_class=ledger.LotClass.FEE,
                allocated=allocated,
            )
        ],
        at=CAUSE.at,
    )
    ledger.demand(outcome)
