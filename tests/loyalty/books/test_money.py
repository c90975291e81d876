"""The money side read from a ledger: it closes, opens into orders, and follows what is signed."""

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from ledger import LotClass
from loyalty.books import (
    CohortEnded,
    EstimateAboveIssued,
    EstimateBackdated,
    EstimateBelowRedeemed,
    EstimateClassUnfit,
    EstimateInFuture,
    EstimateMalformed,
    Method,
    MoneyReason,
    Signing,
    Treatment,
    UnknownCohort,
    breakage,
    list_estimates,
    lots_of_cohort,
    money_entries,
    money_roll_forward,
    read_cohorts,
    sign_estimate,
)
from loyalty.cause import SYSTEM, Cause
from loyalty.changes import list_changes
from loyalty.errors import LoyaltyError
from loyalty.ids import new_id
from loyalty.orders.keys import earn_key
from tests.ledger.building import Books, day
from tests.ledger.test_cohorts import live

JANUARY, MAY, NEXT_YEAR = date(2026, 1, 1), date(2026, 5, 1), date(2027, 1, 1)


@pytest.fixture
def books(connection: AsyncConnection) -> Books:
    return Books(connection)


def by(at: float) -> Cause:
    return Cause(day(at), SYSTEM, "test")


async def sign(
    books: Books,
    at: float,
    *,
    points: int | None = None,
    hundredths: int | None = None,
    issued_in: date | None = JANUARY,
    lot_class: LotClass = LotClass.SALE,
    effective_on: date | None = None,
) -> None:
    signing = Signing(
        lot_class=lot_class,
        method=Method.HISTORY,
        reason="yearly-review",
        issued_in=issued_in,
        points=points,
        hundredths=hundredths,
        effective_on=effective_on,
    )
    await sign_estimate(books.connection, by(at), signing)


async def test_the_golden_sale_runs_through_the_ledger_to_the_cent(books: Books) -> None:
    await books.earn("a", 10_000, at=0, allocated=8_676)
    await sign(books, 1, points=9_500)
    await books.spend("s1", 4_500, at=100)
    await sign(books, 360, points=9_700)
    await books.spend("s2", 4_000, at=361)

    rolled = await money_roll_forward(
        books.connection, known_by=day(364), since=JANUARY, until=NEXT_YEAR
    )

    first = {month.month: month for month in rolled.months}
    assert first[JANUARY].deferred == 8_676
    assert first[date(2026, 4, 1)].spent == -4_110
    december = first[date(2026, 12, 1)]
    assert (december.spent, december.changed) == (-3_578, 85)
    assert december.closing == december.liability == 8_676 - 4_110 - 3_493


async def test_face_value_is_no_liability(books: Books) -> None:
    await books.earn("a", 1_000, at=0, allocated=300)
    await books.earn("p", 500, at=0, lot_class=LotClass.PROMOTION)

    rolled = await money_roll_forward(
        books.connection, known_by=day(20), since=JANUARY, until=date(2026, 2, 1)
    )

    months = {month.lot_class: month for month in rolled.months}
    sale, promotion = months[LotClass.SALE], months[LotClass.PROMOTION]
    assert (sale.liability, sale.outstanding) == (300, 1_000)
    assert sale.treatment is Treatment.DEFERRED
    assert (promotion.liability, promotion.closing, promotion.outstanding) == (0, 0, 500)
    assert promotion.treatment is Treatment.AT_SPENDING
    assert promotion.face_value * 2 == sale.face_value > 0


async def test_entries_are_the_roll_forward_cohort_by_cohort(books: Books) -> None:
    await live(books, Random(3), months=5)
    known_by, since = day(200), date(2026, 2, 1)

    entries = await money_entries(books.connection, known_by=known_by, since=since, until=MAY)
    rolled = await money_roll_forward(books.connection, known_by=known_by, since=since, until=MAY)

    assert rolled.months
    for month in rolled.months:
        own = [
            one for one in entries if (one.month, one.lot_class) == (month.month, month.lot_class)
        ]
        assert month.opening + sum(one.amount for one in own) == month.closing
        deferred = sum(one.amount for one in own if one.reason is MoneyReason.DEFERRED)
        assert deferred == month.deferred


@pytest.mark.parametrize("seed", range(6))
async def test_the_roll_forward_closes_whatever_happens_and_ends_with_nothing_deferred(
    books: Books, seed: int
) -> None:
    draw = Random(100 + seed)
    await live(books, draw, months=5)
    for number in range(4):
        class_wide = draw.choice([LotClass.SALE, LotClass.FEE, LotClass.PARTNER])
        await sign(
            books,
            160 + number,
            hundredths=draw.randint(2_000, 10_000),
            issued_in=None,
            lot_class=class_wide,
            effective_on=(day(160) - timedelta(days=draw.randint(0, 150))).date(),
        )
    end = date(2026, 12, 1)

    lived = await read_cohorts(books.connection, known_by=day(340), until=end)

    balances: dict[tuple[LotClass, date], int] = {}
    for one in lived:
        cohort = one.lot_class, one.issued_in
        assert one.opening == balances.get(cohort, 0)
        parts = one.deferred, one.spent, one.ended, one.changed, one.returned, one.undone
        balances[cohort] = one.opening + sum(parts)
        assert one.closing == balances[cohort]
        assert 0 <= one.closing <= one.stand.net
    last = {(one.lot_class, one.issued_in): one for one in lived}
    assert any(one.stand.net for one in last.values())
    for one in last.values():
        # corrections by hand never lapse here; everything else has
        assert one.stand.outstanding == 0 or one.lot_class is LotClass.GOODWILL
        if one.stand.outstanding == 0:
            assert one.closing == 0
            assert one.recognised + one.released == one.stand.net


@pytest.mark.parametrize("seed", range(3))
async def test_money_and_points_tell_of_the_same_points(books: Books, seed: int) -> None:
    await live(books, Random(30 + seed), months=4)
    since, until = date(2026, 2, 1), MAY

    money = await money_roll_forward(books.connection, known_by=day(200), since=since, until=until)
    points = await ledger.roll_forward(
        books.connection, since=since, until=until, at=day(200), by=ledger.Breakdown.CLASS
    )

    in_money = {(one.month, one.lot_class.value): one.outstanding for one in money.months}
    in_points = {
        (line.month, line.birth): line.closing.pending + line.closing.available + line.closing.held
        for line in points.lines
        if line.birth
    }
    assert any(in_points.values())
    for cohort, outstanding in in_points.items():
        assert in_money.get(cohort, 0) == outstanding, cohort


async def test_figures_of_a_month_stay_as_they_were_known(books: Books) -> None:
    await books.earn("a", 1_000, at=0, allocated=500)
    await books.spend("s", 100, at=10)
    asked = {"since": JANUARY, "until": date(2026, 2, 1)}
    before = await money_roll_forward(books.connection, known_by=day(31), **asked)

    await books.spend("late", 100, at=40)
    await sign(books, 41, points=600)

    assert await money_roll_forward(books.connection, known_by=day(31), **asked) == before


async def test_breakage_is_told_cohort_by_cohort(books: Books) -> None:
    await books.earn("a", 1_000, at=0, allocated=900, expires=90)
    await books.spend("s", 300, at=10)
    await sign(books, 20, points=600)

    (told,) = await breakage(books.connection, known_by=day(95), on=date(2026, 3, 15))
    (ended,) = await breakage(books.connection, known_by=day(95), on=date(2026, 4, 3))

    assert (told.stand.used, told.stand.outstanding, told.expected) == (300, 700, 600)
    assert (told.recognised, told.closing) == (450, 450)
    assert (ended.stand.lapsed, ended.closing, ended.released) == (700, 0, 450)


async def test_a_cohort_opens_into_lots_and_the_orders_that_earned_them(books: Books) -> None:
    order, shipment = new_id(), new_id()
    await books.earn(earn_key(order, shipment), 100, at=0, allocated=10)
    await books.earn("by hand", 5, at=1)

    lots = await lots_of_cohort(
        books.connection, lot_class=LotClass.SALE, issued_in=JANUARY, known_by=day(2)
    )

    assert [(one.order, one.shipment, one.lot.allocated) for one in lots] == [
        (order, shipment, 10),
        (None, None, 0),
    ]


async def test_what_is_signed_is_kept_with_the_facts_of_its_day_and_told_in_the_trail(
    books: Books,
) -> None:
    await books.earn("a", 1_000, at=0, allocated=900)
    await books.spend("s", 300, at=10)

    await sign(books, 20, points=600)
    await sign(books, 30, hundredths=7_050)

    newest, first = await list_estimates(books.connection)
    assert (first.version, first.points, first.issued, first.redeemed) == (1, 600, 1_000, 300)
    assert (newest.version, newest.hundredths, newest.signed_by) == (2, 7_050, SYSTEM)
    assert newest.effective_on == day(30).date()
    changes = await list_changes(books.connection, limit=5, subject_kind="estimate")
    assert [change.subject for change in changes] == ["sale/2026-01"] * 2
    assert changes[0].before is not None
    assert changes[0].before["points"] == 600


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"points": 299}, EstimateBelowRedeemed),
        ({"hundredths": 2_900}, EstimateBelowRedeemed),
        ({"points": 1_001}, EstimateAboveIssued),
        ({"points": 500, "issued_in": date(2025, 12, 1)}, UnknownCohort),
        ({"points": 500, "lot_class": LotClass.FEE}, UnknownCohort),
        ({"hundredths": 9_000, "lot_class": LotClass.PROMOTION}, EstimateClassUnfit),
        ({"points": 500, "issued_in": None}, EstimateMalformed),
        ({"points": 500, "hundredths": 9_000}, EstimateMalformed),
        ({}, EstimateMalformed),
        ({"hundredths": 10_001}, EstimateMalformed),
        ({"points": 500, "issued_in": date(2026, 1, 2)}, EstimateMalformed),
        ({"points": 500, "effective_on": date(2026, 1, 22)}, EstimateInFuture),
        ({"points": 500, "effective_on": date(2025, 12, 31)}, EstimateBackdated),
    ],
)
async def test_what_cannot_be_is_not_signed(
    books: Books, said: dict[str, Any], refusal: type[LoyaltyError]
) -> None:
    await books.earn("a", 1_000, at=0, allocated=900)
    await books.spend("s", 300, at=10)

    with pytest.raises(refusal):
        await sign(books, 20, **said)

    assert await list_estimates(books.connection) == []


async def test_nothing_is_signed_for_a_day_in_a_closed_period(books: Books) -> None:
    await books.earn("a", 1_000, at=0, allocated=900)
    await ledger.begin_closing(
        books.connection, JANUARY, at=day(32), actor=SYSTEM, request_id="test"
    )

    with pytest.raises(EstimateBackdated, match="2026-02-01"):
        await sign(books, 33, hundredths=9_000, effective_on=date(2026, 1, 31))
    await sign(books, 33, hundredths=9_000, effective_on=date(2026, 2, 1))


async def test_nothing_is_signed_for_a_cohort_that_has_ended(books: Books) -> None:
    await books.earn("a", 100, at=0, allocated=90)
    await books.spend("s", 100, at=10)

    with pytest.raises(CohortEnded):
        await sign(books, 20, points=100)


@pytest.mark.parametrize(
    "change",
    ["UPDATE loyalty.estimate SET hundredths = 1", "DELETE FROM loyalty.estimate"],
)
async def test_what_was_signed_can_be_neither_changed_nor_removed(
    books: Books, change: str
) -> None:
    await sign(books, 1, hundredths=9_000, issued_in=None)

    with pytest.raises(DBAPIError, match="permission denied"):
        await books.connection.execute(text(change))


async def test_an_estimate_decides_what_is_allocated_from_its_day_on(books: Books) -> None:
    await sign(books, 1, hundredths=9_500, issued_in=None, effective_on=date(2026, 1, 1))

    assert [one.hundredths for one in await list_estimates(books.connection)] == [9_500]


async def test_the_books_hold_throughout(books: Books) -> None:
    await live(books, Random(5), months=3)

    assert list(await ledger.verify(books.connection)) == []
