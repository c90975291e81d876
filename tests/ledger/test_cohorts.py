"""What became of the lots of a month and class: counted from transfers, and nothing is missing."""

from datetime import date
from functools import partial
from random import Random
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from ledger import CohortMonth, LotClass
from tests.ledger.building import Books, day

UTC = ZoneInfo("UTC")
JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
LATE = 400


async def cohorts(
    connection: AsyncConnection,
    at: float = LATE,
    *,
    zone: ZoneInfo = UTC,
    until: date | None = None,
) -> dict[tuple[date, str, date], CohortMonth]:
    rows = await ledger.cohort_months(
        connection, zone=zone, known_by=day(at), until=until or date(2030, 1, 1)
    )
    return {(row.issued_in, row.lot_class.value, row.month): row for row in rows}


def sale(month: date, moved_in: date | None = None) -> tuple[date, str, date]:
    return month, "sale", moved_in or month


async def test_a_movement_counts_for_the_cohort_of_its_lot_in_the_month_it_happens(
    books: Books,
) -> None:
    await books.earn("a", 100, at=0, allocated=90, expires=350)
    await books.earn("p", 50, at=1, lot_class=LotClass.PROMOTION)
    await books.earn("b", 30, at=40, allocated=20, expires=360)
    await books.spend("s", 110, at=45)
    await books.restore("r", "s", 20, at=46)

    found = await cohorts(books.connection, 50)

    january = found[sale(JANUARY)]
    assert (january.issued, january.allocated, january.outstanding) == (100, 90, 100)
    assert found[JANUARY, "promotion", JANUARY].issued == 50
    later = found[sale(JANUARY, FEBRUARY)]
    assert (later.issued, later.redeemed, later.restored) == (0, 100, 10)
    own = found[sale(FEBRUARY)]
    assert (own.issued, own.redeemed, own.restored, own.allocated) == (30, 10, 10, 20)


async def test_a_month_is_one_of_the_zone_given(books: Books) -> None:
    await books.earn("a", 100, at=30.49)  # 31 January, 23:45 in London and 1 February in Shanghai

    assert set(await cohorts(books.connection)) == {sale(JANUARY)}
    shanghai = await cohorts(books.connection, zone=ZoneInfo("Asia/Shanghai"))
    assert set(shanghai) == {sale(FEBRUARY)}


async def test_what_time_has_taken_counts_before_anybody_posts_it(books: Books) -> None:
    await books.earn("a", 100, at=0, expires=40)

    before = await cohorts(books.connection, 41)
    await books.settle(41)

    assert before[sale(JANUARY, FEBRUARY)].expired == 100
    assert await cohorts(books.connection, 41) == before
    assert sale(JANUARY, FEBRUARY) not in await cohorts(books.connection, 39)


async def test_what_comes_late_counts_in_the_month_that_is_open(books: Books) -> None:
    await books.earn("a", 100, at=0, expires=20)
    await books.earn("b", 50, at=19)
    await ledger.begin_closing(
        books.connection, JANUARY, at=day(32), actor="system", request_id="test"
    )
    before = await cohorts(books.connection, 33)

    await books.spend("late", 10, at=33, effective_at=day(26))

    after = await cohorts(books.connection, 33)
    assert before[sale(JANUARY, FEBRUARY)].expired == 100
    assert after[sale(JANUARY)] == before[sale(JANUARY)]
    assert (after[sale(JANUARY, FEBRUARY)].expired, after[sale(JANUARY, FEBRUARY)].redeemed) == (
        100,
        10,
    )


async def test_a_claw_back_reverses_what_was_allocated_to_what_it_is_about(books: Books) -> None:
    await books.earn("a", 3, at=0, allocated=100)

    for number in range(3):
        await books.claw_back(f"c{number}", "a", 1, "debt", at=10 + 20 * number)

    found = await cohorts(books.connection)
    reversed_ = [found[sale(JANUARY, month)].reversed for month in (JANUARY, FEBRUARY)]
    assert found[sale(JANUARY)].allocated == 100
    assert reversed_ == [66 if day(30).month == 1 else 33, 34 if day(30).month == 1 else 67]


async def test_points_that_stand_in_for_others_are_told_apart(books: Books) -> None:
    await books.earn("a", 100, at=0, allocated=90)
    await books.spend("s", 100, at=1)
    await books.earn("b", 60, at=40, allocated=50)
    await books.claw_back("c", "a", 100, "debt", at=41)
    await books.earn("d", 70, at=60)

    found = await cohorts(books.connection)

    about = found[sale(JANUARY, FEBRUARY)]
    assert (about.clawed_back, about.given_up, about.reversed) == (0, 100, 90)
    stood_in = found[sale(FEBRUARY)]
    assert (stood_in.clawed_back, stood_in.charged, stood_in.reversed) == (60, 60, 0)
    assert found[sale(date(2026, 3, 1))].repaid == 40


async def test_points_without_a_lot_to_come_back_to_are_issued_anew(books: Books) -> None:
    await books.spend("s", 40, at=0, overdraw=True)
    await books.earn("a", 100, at=1, allocated=90)
    await books.restore("r", "s", 40, at=2)

    found = await cohorts(books.connection)

    assert (found[sale(JANUARY)].repaid, found[sale(JANUARY)].restored) == (40, 0)
    anew = found[JANUARY, "goodwill", JANUARY]
    assert (anew.issued, anew.restored, anew.allocated, anew.outstanding) == (40, 0, 0, 40)


async def test_what_was_recorded_later_is_not_known_earlier(books: Books) -> None:
    await books.earn("a", 100, at=0)
    await books.spend("s", 10, at=5)

    assert (await cohorts(books.connection, 4))[sale(JANUARY)].redeemed == 0
    assert (await cohorts(books.connection, 5))[sale(JANUARY)].redeemed == 10
    assert await cohorts(books.connection, until=JANUARY) == {}


async def test_the_lots_of_a_cohort_are_listed_page_by_page(books: Books) -> None:
    for number in range(5):
        await books.earn(f"e{number}", 10 + number, at=number, allocated=number)
    await books.earn("later", 1, at=40)

    page = partial(
        ledger.cohort_lots,
        books.connection,
        lot_class=LotClass.SALE,
        since=day(-1),
        until=day(30),
        limit=3,
    )
    first = await page()
    rest = await page(after=(first[-1].earned_at, first[-1].id))

    assert [lot.key for lot in [*first, *rest]] == ["e0", "e1", "e2", "e3", "e4"]
    assert [lot.allocated for lot in [*first, *rest]] == [0, 1, 2, 3, 4]


async def live(books: Books, draw: Random, months: int) -> None:
    """Post a life at random: refusals are part of it."""
    spends: list[str] = []
    for number in range(30 * months):
        key, at = f"k{number}", number + 0.1
        match draw.choice(["earn", "earn", "spend", "spend", "restore", "back", "adjust", "none"]):
            case "earn":
                kind = draw.choice(list(LotClass))
                expires = at + draw.randint(20, 90)
                given = draw.randint(0, 500)
                await books.earn(
                    key, draw.randint(1, 500), at, allocated=given, lot_class=kind, expires=expires
                )
            case "spend":
                spends.append(key)
                await books.spend(key, draw.randint(1, 300), at, overdraw=draw.random() < 0.2)
            case "restore" if spends:
                await books.restore(key, draw.choice(spends), draw.randint(1, 100), at)
            case "back":
                of, amount = f"k{draw.randint(0, number)}", draw.randint(1, 300)
                policy = draw.choice(["debt", "deducted", "down-to-zero", "pending-only"])
                await books.claw_back(key, of, amount, policy, at)
            case "adjust":
                await books.adjust(key, draw.choice([-20, 30]), at)
            case _:
                pass


@pytest.mark.parametrize("seed", range(4))
async def test_cohorts_hold_every_point_of_the_wallets(books: Books, seed: int) -> None:
    await live(books, Random(seed), months=6)
    end = 30 * 6

    for at in (end - 0.5, end + 45):
        found = (await cohorts(books.connection, at)).values()
        available, pending, held, _ = await books.counters(at)
        assert found
        assert sum(month.outstanding for month in found) == available + pending + held
        assert all(month.month >= month.issued_in for month in found)


async def test_all_that_was_allocated_is_reversed_once_at_most(books: Books) -> None:
    await live(books, Random(11), months=6)

    allocated: dict[tuple[date, LotClass], int] = {}
    for month in (await cohorts(books.connection)).values():
        cohort = month.issued_in, month.lot_class
        allocated[cohort] = allocated.get(cohort, 0) + month.allocated - month.reversed
        assert allocated[cohort] >= 0
    assert any(allocated.values())
