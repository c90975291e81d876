"""A month that is closed stays as it was: what belongs to it and comes late is booked later."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

import ledger
from ledger import Account, Breakdown, PeriodState
from loyalty.database import Database
from loyalty.ids import new_id
from tests.ledger.building import Books, day
from tests.ledger.histories import lives
from tests.support.database import Clone
from tests.support.waiting import until

JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
CHECKED = {"verified_by": "verification:1", "reconciled_by": "reconciliation:1"}
ADDED = """
    INSERT INTO ledger.period SELECT (p).* FROM (
        SELECT jsonb_populate_record(p, '{"month": "2026-05-01", "number": 2}') AS p
        FROM ledger.period AS p) AS p
"""
SAID: dict[str, Any] = {"actor": "system", "request_id": "test"}


async def close(database: Database, month: date, at: float) -> ledger.Period:
    """Close a month as the programme does, a transaction a step."""
    await database.write(ledger.begin_closing, month, at=day(at), **SAID)
    await until(lambda: database.write(ledger.is_drained, month))
    return await database.write(ledger.finish_closing, month, at=day(at), **SAID, **CHECKED)


async def begin(books: Books, month: date, at: float) -> ledger.Period:
    return await ledger.begin_closing(books.connection, month, at=day(at), **SAID)


async def booked_on(books: Books) -> list[tuple[str | None, date | None]]:
    rows = await books.connection.execute(
        text("SELECT key, booked_on FROM ledger.journal WHERE holder = :holder ORDER BY sequence"),
        {"holder": books.holder},
    )
    return [(row.key, row.booked_on) for row in rows]


async def test_what_comes_late_keeps_its_instant_and_is_booked_in_the_open_period(
    books: Books,
) -> None:
    await books.earn("a", 100, at=0)
    await begin(books, JANUARY, at=32)

    await books.spend("late", 30, at=33, effective_at=day(5))
    await books.spend("own", 10, at=34)

    assert await booked_on(books) == [("a", None), ("late", FEBRUARY), ("own", None)]
    movements = await ledger.transactions(books.connection, books.holder)
    assert movements[1].effective_at == day(5)
    (late,) = await ledger.booked_entries(
        books.connection,
        ledger.Account.REDEEMED,
        since=FEBRUARY,
        until=MARCH,
        before=(day(6), new_id()),
    )
    assert (late.key, late.booked_on) == ("late", FEBRUARY)


async def test_a_batch_books_as_single_postings_do(books: Books) -> None:
    await books.earn("a", 100, at=0)
    await begin(books, JANUARY, at=32)
    batch, said = new_id(), books.said("b", 3, amount=7, lot=new_id(), source="order")

    await ledger.stage(books.connection, batch, [ledger.Earn(**said)])
    assert await ledger.post_intake(books.connection, batch, at=day(33)) == []

    assert await booked_on(books) == [("a", None), ("b", FEBRUARY)]


async def test_what_time_makes_due_in_a_closed_month_is_booked_in_the_open_one(
    books: Books,
) -> None:
    await books.earn("a", 100, at=0, expires=10)
    before = await ledger.trial_balance(books.connection, at=day(20))
    await begin(books, JANUARY, at=32)

    closed = await ledger.trial_balance(books.connection, at=day(20))
    opened = await ledger.trial_balance(books.connection, at=day(33))
    await books.settle(34)

    assert {line.account: line.balance for line in before.programme_side}[Account.EXPIRED] == 100
    assert {line.account: line.balance for line in closed.programme_side}[Account.EXPIRED] == 0
    assert {line.account: line.balance for line in opened.programme_side}[Account.EXPIRED] == 100
    assert await ledger.trial_balance(books.connection, at=day(20)) == closed
    assert await ledger.trial_balance(books.connection, at=day(33)) == opened
    assert await booked_on(books) == [("a", None), (None, FEBRUARY)]


async def test_an_explicit_day_in_a_closed_period_is_refused_by_name(books: Books) -> None:
    await books.earn("a", 100, at=0)
    await begin(books, JANUARY, at=32)
    before = await books.counters(33)

    outcome = await books.spend("s", 10, at=33, effective_at=day(5), booked_on=date(2026, 1, 20))

    assert (outcome.code, outcome.seen, outcome.wanted) == (
        "period-closed",
        "2026-01-20",
        "2026-02-01",
    )
    with pytest.raises(ledger.PeriodClosed, match="2026-01-20 is in a period that is closed"):
        ledger.demand(outcome)
    assert await books.counters(33) == before
    assert await booked_on(books) == [("a", None)]


@pytest.mark.parametrize("booked", [date(2026, 2, 1), date(2026, 2, 9)])
async def test_a_posting_is_booked_between_its_day_and_today(books: Books, booked: date) -> None:
    await books.earn("a", 100, at=0)

    outcome = await books.spend("s", 10, at=36, effective_at=day(34), booked_on=booked)

    assert outcome.code == "booked-on-unfit"


async def test_an_explicit_day_in_the_open_period_is_taken(books: Books) -> None:
    await books.earn("a", 100, at=0)

    await books.spend("s", 10, at=36, effective_at=day(5), booked_on=FEBRUARY)

    assert await booked_on(books) == [("a", None), ("s", FEBRUARY)]
    opened = await ledger.find_journal(books.connection, await _receipt(books, "s"))
    assert opened is not None
    assert opened.canonical.startswith('["ledger/2"')
    assert opened.canonical.endswith(', "2026-02-01"]')


async def _receipt(books: Books, key: str) -> Any:
    found = await books.connection.execute(
        text("SELECT journal FROM ledger.receipt WHERE holder = :holder AND key = :key"),
        {"holder": books.holder, "key": key},
    )
    return found.scalar_one()


async def test_periods_close_one_after_the_other_and_only_when_they_are_over(
    books: Books,
) -> None:
    await books.earn("a", 100, at=0)

    with pytest.raises(ledger.PeriodOutOfOrder, match="next is 2026-01-01, not 2026-02-01"):
        await begin(books, FEBRUARY, at=70)
    with pytest.raises(ledger.PeriodNotOver):
        await begin(books, JANUARY, at=30)
    begun = await begin(books, JANUARY, at=32)
    assert begun.state is PeriodState.CLOSING
    assert await begin(books, JANUARY, at=33) == begun
    with pytest.raises(ledger.PeriodOutOfOrder, match="next is 2026-01-01"):
        await begin(books, FEBRUARY, at=70)


async def test_books_that_have_not_begun_have_nothing_to_close(connection: AsyncConnection) -> None:
    with pytest.raises(ledger.PeriodUnknown):
        await begin(Books(connection), JANUARY, at=40)


async def test_a_closing_waits_for_transactions_in_flight(database: Database, clone: Clone) -> None:
    async def earn(connection: AsyncConnection) -> None:
        await Books(connection).earn("a", 5)

    await database.write(earn)
    engine = create_async_engine(clone.application, poolclass=NullPool)
    async with engine.connect() as slow:
        await Books(slow).earn("in flight", 7, at=3)
        await database.write(ledger.begin_closing, JANUARY, at=day(32), **SAID)

        assert not await database.write(ledger.is_drained, JANUARY)
        with pytest.raises(ledger.PeriodInFlight):
            await database.write(ledger.finish_closing, JANUARY, at=day(32), **SAID, **CHECKED)
        await slow.commit()
    await engine.dispose()

    while not await database.write(ledger.is_drained, JANUARY):
        pass
    closed = await database.write(ledger.finish_closing, JANUARY, at=day(33), **SAID, **CHECKED)
    assert (closed.state, closed.verified_by) == (PeriodState.CLOSED, "verification:1")
    async with database.snapshot() as connection:
        answer = await ledger.roll_forward(connection, since=JANUARY, until=FEBRUARY, at=day(33))
        assert answer.totals[0].earned == 12
        assert list(await ledger.verify(connection)) == []


async def test_a_closing_is_not_finished_in_the_transaction_that_began_it(books: Books) -> None:
    await books.earn("a", 100, at=0)
    await begin(books, JANUARY, at=32)

    assert not await ledger.is_drained(books.connection, JANUARY)
    with pytest.raises(ledger.PeriodInFlight):
        await ledger.finish_closing(books.connection, JANUARY, at=day(33), **SAID, **CHECKED)


async def test_a_closed_period_neither_opens_nor_closes_again(database: Database) -> None:
    async def earn(connection: AsyncConnection) -> None:
        await Books(connection).earn("a", 5)

    await database.write(earn)
    await close(database, JANUARY, at=33)

    with pytest.raises(ledger.PeriodClosed, match="the open one begins on 2026-02-01"):
        await database.write(ledger.finish_closing, JANUARY, at=day(34), **SAID, **CHECKED)
    with pytest.raises(ledger.PeriodNotBegun):
        await database.write(ledger.finish_closing, FEBRUARY, at=day(80), **SAID, **CHECKED)
    async with database.read() as connection:
        listed = await ledger.periods(connection, until=date(2026, 3, 5))
        assert [(p.month, p.state) for p in listed] == [
            (JANUARY, PeriodState.CLOSED),
            (FEBRUARY, PeriodState.OPEN),
            (MARCH, PeriodState.OPEN),
        ]
        assert await ledger.open_from(connection) == FEBRUARY


@pytest.mark.parametrize("seed", range(4))
async def test_an_answer_for_a_closed_period_never_changes(database: Database, seed: int) -> None:
    async def live(connection: AsyncConnection, *, from_day: float, late: float) -> None:
        await ledger.found_books(connection, zone="UTC", on=JANUARY)
        histories = await lives(connection, seed, days=30)
        for at in range(int(from_day), int(from_day) + 20, 2):
            for life in histories:
                await life.live(at, late=late)

    async def answers() -> list[object]:
        async with database.snapshot() as connection:
            instants = [day(0), day(10.3), datetime(2026, 2, 1, tzinfo=UTC) - timedelta(seconds=1)]
            return [
                *[await ledger.trial_balance(connection, at=at) for at in instants],
                *[await ledger.ageing(connection, at=at) for at in instants],
                *[await ledger.debts(connection, at=at) for at in instants],
                *[
                    (
                        await ledger.roll_forward(
                            connection, since=JANUARY, until=FEBRUARY, at=day(300), by=by
                        )
                    ).lines
                    for by in Breakdown
                ],
            ]

    await database.write(live, from_day=30, late=0)
    await close(database, JANUARY, at=60)
    before = await answers()

    await database.write(live, from_day=60, late=55)
    assert await answers() == before
    await database.write(ledger.roll_up)
    assert await answers() == before
    async with database.snapshot() as connection:
        assert list(await ledger.verify(connection)) == []


async def test_the_zone_is_fixed_once_something_is_posted(connection: AsyncConnection) -> None:
    founded = await ledger.found_books(connection, zone="Asia/Shanghai", on=JANUARY)
    assert (founded.zone, founded.begins_on) == ("Asia/Shanghai", JANUARY)
    again = await ledger.found_books(connection, zone="Europe/Zurich", on=FEBRUARY)
    assert (again.zone, again.begins_on) == ("Europe/Zurich", FEBRUARY)
    await Books(connection).earn("a", 5)

    with pytest.raises(ledger.CalendarFixed, match="Europe/Zurich, which cannot become UTC"):
        await ledger.found_books(connection, zone="UTC", on=JANUARY)
    assert await ledger.found_books(connection, zone="Europe/Zurich", on=JANUARY) == (
        ledger.Calendar(
            zone="Europe/Zurich", founded_on=FEBRUARY, begins_on=JANUARY, open_from=None
        )
    )


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE ledger.calendar SET zone = 'UTC'",
        "UPDATE ledger.calendar SET founded_on = '2025-01-01'",
        "UPDATE ledger.calendar SET open_from = '2026-03-01'",
        "UPDATE ledger.calendar SET open_from_at = open_from_at + interval '1 hour'",
        "DELETE FROM ledger.calendar",
        "DELETE FROM ledger.period",
        "UPDATE ledger.period SET month = '2025-12-01'",
        "UPDATE ledger.period SET number = 2",
        "UPDATE ledger.period SET closing_at = closing_at - interval '1 day'",
        "UPDATE ledger.period SET closed_at = closed_at + interval '1 day'",
        "UPDATE ledger.period SET verified_by = 'somebody'",
        "UPDATE ledger.period SET drained_below = '3'",
        "UPDATE ledger.period SET canonical = ''",
        ADDED,
        "UPDATE ledger.journal SET booked_on = '2026-01-31' WHERE key = 'a'",
    ],
)
async def test_an_edit_of_the_calendar_is_found(
    database: Database, owner_connection: AsyncConnection, edit: str
) -> None:
    async def earn(connection: AsyncConnection) -> None:
        await ledger.found_books(connection, zone="America/New_York", on=JANUARY)
        await Books(connection).earn("a", 5)

    await database.write(earn)
    await close(database, JANUARY, at=33)

    try:
        await owner_connection.execute(text(edit))
    except IntegrityError:
        return
    async with database.snapshot() as connection:
        assert list(await ledger.verify(connection)) != []


async def test_a_journal_smuggled_into_a_closed_month_is_found(
    database: Database, owner_connection: AsyncConnection
) -> None:
    async def earn(connection: AsyncConnection) -> None:
        await Books(connection).earn("a", 5)

    await database.write(earn)
    await close(database, JANUARY, at=33)
    kept = await owner_connection.execute(
        text("SELECT open_from, open_from_at FROM ledger.calendar")
    )
    opened = kept.one()._asdict()
    await owner_connection.execute(
        text("UPDATE ledger.calendar SET open_from = NULL, open_from_at = NULL")
    )
    await database.write(earn)
    await owner_connection.execute(
        text("UPDATE ledger.calendar SET open_from = :open_from, open_from_at = :open_from_at"),
        opened,
    )

    async with database.snapshot() as connection:
        (finding,) = await ledger.verify(connection)

    assert finding.row.startswith("journal ")
    assert (finding.seen, finding.wanted) == ("2026-01-01", "a day from 2026-02-01 on")
