"""Every month ends where the next begins, whatever has happened, and agrees with the balance."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from ledger import Breakdown, Component, Outstanding
from loyalty.ids import new_id
from tests.ledger.building import Books, day
from tests.ledger.histories import lives
from tests.ledger.months import added_up, chained, months_agree

ZONE = "America/New_York"
FIRST, LAST = date(2026, 1, 1), date(2026, 5, 1)
SEEDS = range(8)


async def rolled(connection: AsyncConnection, by: Breakdown = Breakdown.NONE) -> ledger.RollForward:
    """The months of the test's histories."""
    return await ledger.roll_forward(connection, since=FIRST, until=LAST, at=day(200), by=by)


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_month_opens_with_what_the_last_one_closed_with(
    connection: AsyncConnection, seed: int
) -> None:
    await ledger.found_books(connection, zone=ZONE, on=FIRST)
    await lives(connection, seed, late=seed % 3 * 10)

    for by in Breakdown:
        answer = await rolled(connection, by)
        chained(answer.lines)
        for birth in {line.birth for line in answer.lines}:
            months = [line.month for line in answer.lines if line.birth == birth]
            assert months == [date(2026, month, 1) for month in range(1, 5)]
    assert list(await ledger.verify(connection)) == []


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_closing_is_what_the_trial_balance_has(
    connection: AsyncConnection, seed: int
) -> None:
    await ledger.found_books(connection, zone=ZONE, on=FIRST)
    await lives(connection, seed, late=seed % 2 * 20)

    proved = await months_agree(connection, since=FIRST, until=LAST, at=day(200))

    assert [total.month.month for total in proved] == [1, 2, 3, 4]
    assert all(total.closing.total for total in proved[:2])


@pytest.mark.parametrize("seed", SEEDS)
async def test_births_add_up_to_the_whole(connection: AsyncConnection, seed: int) -> None:
    await lives(connection, seed)

    for by in (Breakdown.CLASS, Breakdown.TIER):
        answer = await rolled(connection, by)
        added_up(answer)
        assert len({line.birth for line in answer.lines if line.earned}) > 1


@pytest.mark.parametrize("seed", SEEDS)
async def test_rolling_up_and_settling_late_change_no_month(
    connection: AsyncConnection, owner_rolls_up: None, seed: int
) -> None:
    del owner_rolls_up
    histories = await lives(connection, seed)
    before = [await rolled(connection, by) for by in Breakdown]

    for life in histories:
        await life.books.settle(200)

    assert [await rolled(connection, by) for by in Breakdown] == before


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_figure_opens_into_the_journals_that_make_it(
    connection: AsyncConnection, seed: int
) -> None:
    histories = await lives(connection, seed)
    for life in histories:
        await life.books.settle(200)

    answer = await rolled(connection, Breakdown.CLASS)

    assert answer.lines
    for line in answer.lines:
        following = (line.month + timedelta(days=32)).replace(day=1)
        for part in Component:
            entries = await ledger.booked_entries(
                connection,
                part,
                since=line.month,
                until=following,
                lot_class=line.birth,
                limit=500,
            )
            moved = sum(entry.debit - entry.credit for entry in entries)
            figure = getattr(line, part.value.replace("-", "_"))
            sign = -1 if part in {Component.SPENT, Component.EXPIRED} else 1
            sign = -1 if part in {Component.CLAWED_BACK, Component.REPAID} else sign
            assert figure == sign * moved, (line.month, line.birth, part)


async def test_a_month_says_what_moved_it(books: Books) -> None:
    await books.earn("a", 100, at=0, expires=31, labels={"tier": "gold"})
    await books.spend("s", 30, at=1)
    await books.restore("r", "s", 5, at=2)
    await books.earn("b", 40, at=33, lot_class=ledger.LotClass.PROMOTION)
    await books.claw_back("c", "a", 20, "debt", at=34)
    await books.adjust("d", -10, at=35)

    answer = await rolled(books.connection, Breakdown.CLASS)

    january, february = answer.totals[:2]
    assert (january.earned, january.spent, january.restored, january.expired) == (100, 30, 5, 0)
    assert (february.expired, february.clawed_back, february.adjusted) == (75, 20, -10)
    assert (january.closing.total, february.closing.total) == (75, 10)
    assert {line.birth for line in answer.lines} == {"sale", "promotion"}


async def test_debt_belongs_to_no_birth_and_repaying_it_moves_points_out_of_one(
    books: Books,
) -> None:
    await books.spend("s", 30, at=0, overdraw=True)
    await books.earn("a", 100, at=1)

    answer = await rolled(books.connection, Breakdown.CLASS)

    january = {line.birth: line for line in answer.lines if line.month == FIRST}
    assert (january[""].spent, january[""].repaid, january[""].closing.total) == (30, 30, 0)
    assert (january["sale"].earned, january["sale"].repaid) == (100, -30)
    assert january["sale"].closing == Outstanding(available=70)


async def test_points_that_move_to_another_wallet_keep_their_birth(books: Books) -> None:
    await books.earn("a", 100, at=0, labels={"tier": "gold"})
    await books.earn("b", 30, at=1, lot_class=ledger.LotClass.PROMOTION, activates=20)
    said = books.said("merge", 2, to=new_id(), arrival=new_id())
    (moved,) = await ledger.move(books.connection, [ledger.Move(**said)], at=day(2))
    ledger.demand(moved)

    for by, births in ((Breakdown.TIER, {"gold": 100, "": 30}), (Breakdown.CLASS, {})):
        answer = await rolled(books.connection, by)
        january = {line.birth: line for line in answer.lines if line.month == FIRST}
        assert all(line.moved == 0 for line in january.values())
        for birth, points in births.items():
            assert january[birth].closing.total == points
    entries = await ledger.booked_entries(
        books.connection, Component.MOVED, since=FIRST, until=LAST, tier="gold"
    )
    assert sorted((entry.debit, entry.credit) for entry in entries) == [(0, 100), (100, 0)]


async def test_months_are_those_of_the_programmes_zone(connection: AsyncConnection) -> None:
    await ledger.found_books(connection, zone=ZONE, on=FIRST)
    books = Books(connection)
    night = datetime(2026, 2, 1, 3, tzinfo=UTC)  # still 31 January in New York
    await books.earn("a", 5, at=40, effective_at=night)

    answer = await rolled(connection)

    assert [line.earned for line in answer.totals[:2]] == [5, 0]


async def test_months_before_the_books_began_are_refused(books: Books) -> None:
    await books.earn("a", 5, at=40)

    with pytest.raises(ledger.UnanswerableInstant):
        await rolled(books.connection)


@pytest.fixture
async def owner_rolls_up(connection: AsyncConnection) -> None:
    """Nothing is in flight but this transaction, so its journals stay in the tail."""
    await connection.execute(text("SELECT ledger.roll_up()"))
