"""Any instant can be asked for on two axes, and what cannot be answered is refused by name."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from ledger import Account
from tests.ledger.building import Books, day
from tests.ledger.histories import lives

NOW = day(500)
MEMBERS = (Account.PENDING, Account.AVAILABLE, Account.HELD, Account.DEBT)


async def balance(books: Books, at: float, by: float | None = None) -> tuple[int, int, int, int]:
    """Available, pending, held and debt as of two days."""
    found = await ledger.wallet_as_of(
        books.connection,
        books.holder,
        at=day(at),
        recorded_by=None if by is None else day(by),
        now=NOW,
    )
    return (found.available, found.pending, found.held, found.debt)


async def points(connection: AsyncConnection, at: datetime, by: datetime | None) -> list[int]:
    """What the trial balance has on the members' side; it must balance on its own."""
    found = await ledger.trial_balance(connection, at=at, recorded_by=by, now=NOW)
    assert found.difference == 0
    lines = {line.account: line.balance for line in found.member_side}
    return [lines[account] for account in MEMBERS]


async def test_a_wallet_is_told_as_it_was_and_as_it_was_known(books: Books) -> None:
    await books.earn("a", 100, at=0, expires=10)
    await books.spend("s", 30, at=8, effective_at=day(2))

    assert await balance(books, at=1) == (100, 0, 0, 0)
    assert await balance(books, at=3) == (70, 0, 0, 0)
    assert await balance(books, at=3, by=7) == (100, 0, 0, 0)
    assert await balance(books, at=12) == (0, 0, 0, 0)


async def test_what_time_does_counts_from_its_instant_on_both_axes(books: Books) -> None:
    await books.earn("a", 100, at=0, activates=4, expires=10)
    asked = [(3, None), (5, None), (12, None), (12, 5), (12, 11), (5, 5)]
    before = [await balance(books, at, by) for at, by in asked]

    await books.settle(30)

    assert [await balance(books, at, by) for at, by in asked] == before
    assert before == [
        (0, 100, 0, 0),
        (100, 0, 0, 0),
        (0, 0, 0, 0),
        (100, 0, 0, 0),
        (0, 0, 0, 0),
        (100, 0, 0, 0),
    ]


async def test_points_that_lapsed_before_they_were_reported_were_never_known_alone(
    books: Books,
) -> None:
    await books.earn("a", 100, at=20, effective_at=day(0), expires=10)

    for settled in (False, True):
        if settled:
            await books.settle(21)
        assert await balance(books, at=12, by=15) == (0, 0, 0, 0)
        assert await balance(books, at=5, by=20) == (100, 0, 0, 0)
        assert await balance(books, at=12, by=20) == (0, 0, 0, 0)
        assert await points(books.connection, day(12), day(15)) == [0, 0, 0, 0]


@pytest.mark.parametrize("seed", range(6))
async def test_the_present_is_the_past_up_to_now(connection: AsyncConnection, seed: int) -> None:
    for life in await lives(connection, seed):
        wallet = await ledger.wallet(connection, life.books.holder, at=NOW)
        found = await ledger.wallet_as_of(connection, life.books.holder, at=NOW)

        assert (found.available, found.pending, found.held, found.debt) == (
            wallet.available,
            wallet.pending,
            wallet.held,
            wallet.debt,
        )


@pytest.mark.parametrize("seed", range(6))
async def test_an_answer_as_recorded_by_then_is_what_was_answered_then(
    connection: AsyncConnection, seed: int
) -> None:
    histories = await lives(connection, seed, days=20, late=6)
    then = max([await _last_recorded(connection), day(20)])
    told = [await points(connection, at, None) for at in (day(5.5), day(12), then)]

    for step in range(30, 60, 3):
        for life in histories:
            await life.live(step, late=25)

    again = [await points(connection, at, then) for at in (day(5.5), day(12), then)]
    assert again == told


@pytest.mark.parametrize("seed", range(4))
async def test_rolling_up_changes_no_answer_on_either_axis(
    connection: AsyncConnection, owner_connection: AsyncConnection, seed: int
) -> None:
    del connection
    await lives(owner_connection, seed, days=40, late=6)
    asked = [
        (day(at), None if by is None else day(by)) for at in (9.3, 31) for by in (None, 8.7, 26)
    ]
    before = [await points(owner_connection, at, by) for at, by in asked]

    await _roll_all_up(owner_connection)

    assert [await points(owner_connection, at, by) for at, by in asked] == before
    rolled = await owner_connection.execute(text("SELECT count(*) FROM ledger.rollup"))
    assert rolled.scalar_one() > 0


@pytest.mark.parametrize("seed", range(6))
async def test_ages_and_debts_add_up_to_the_trial_balance(
    connection: AsyncConnection, seed: int
) -> None:
    await lives(connection, seed, late=9)

    for at, by in [(day(20.2), None), (day(44), None), (day(70), day(50)), (NOW, None)]:
        pending, available, held, debt = await points(connection, at, by)
        aged = await ledger.ageing(connection, at=at, recorded_by=by, now=NOW)
        owing = await ledger.debts(connection, at=at, recorded_by=by, now=NOW)

        assert sum(line.pending for line in aged.lines) == pending
        assert sum(line.available for line in aged.lines) == available
        assert sum(line.held for line in aged.lines) == held
        assert -sum(line.debt for line in owing) == debt


async def test_lots_are_told_by_age_class_and_tier(books: Books) -> None:
    await books.earn("a", 100, at=0, labels={"tier": "gold"})
    await books.earn("b", 40, at=60, lot_class=ledger.LotClass.PROMOTION)
    await books.hold("h", 30, at=61)

    aged = await ledger.ageing(books.connection, at=day(62))

    assert [
        (line.from_days, line.to_days, line.lot_class.value, line.tier, line.available, line.held)
        for line in aged.lines
    ] == [(0, 30, "promotion", "", 40, 0), (31, 90, "sale", "gold", 70, 30)]


async def test_debts_are_listed_page_by_page_with_their_beginning(
    connection: AsyncConnection,
) -> None:
    owing = [Books(connection) for _ in range(3)]
    for place, books in enumerate(owing):
        await books.earn("a", 5, at=0)
        await books.spend("s", 20, at=1, overdraw=True)
        await books.earn("b", 15, at=2)
        await books.spend("t", 10 + place, at=3, overdraw=True)

    first = await ledger.debts(connection, at=day(9), limit=2)
    rest = await ledger.debts(connection, at=day(9), after=first[-1].holder, limit=2)

    listed = [*first, *rest]
    assert [line.holder for line in listed] == sorted(books.holder for books in owing)
    assert sorted(line.debt for line in listed) == [10, 11, 12]
    assert {line.since for line in listed} == {day(3)}
    assert [line.debt for line in await ledger.debts(connection, at=day(1.5))] == [15, 15, 15]


async def test_a_statement_goes_by_when_things_took_effect(books: Books) -> None:
    await books.earn("a", 100, at=0)
    await books.spend("late", 30, at=8, effective_at=day(2))
    await books.earn("b", 5, at=4.5, effective_at=day(4))

    told = await ledger.statement(books.connection, books.holder, since=day(1), until=day(9))
    page = await ledger.statement(
        books.connection, books.holder, since=day(1), until=day(9), limit=1
    )
    rest = await ledger.statement(
        books.connection,
        books.holder,
        since=day(1),
        until=day(9),
        after=(page.movements[0].effective_at, page.movements[0].sequence),
    )
    known = await ledger.statement(
        books.connection, books.holder, since=day(1), until=day(9), recorded_by=day(5), now=NOW
    )

    assert (told.opening.total, told.closing.total) == (100, 75)
    assert [(m.key, m.change, m.balance) for m in told.movements] == [
        ("late", -30, 70),
        ("b", 5, 75),
    ]
    assert [*page.movements, *rest.movements] == list(told.movements)
    assert [(m.key, m.balance) for m in known.movements] == [("b", 105)]


async def test_a_question_that_cannot_be_answered_is_an_error(books: Books) -> None:
    await books.earn("a", 100, at=0)
    connection, holder = books.connection, books.holder
    long_ago, soon = day(-40), NOW + timedelta(seconds=1)

    for question in (
        ledger.trial_balance(connection, at=long_ago),
        ledger.ageing(connection, at=long_ago),
        ledger.debts(connection, at=long_ago),
        ledger.wallet_as_of(connection, holder, at=long_ago),
        ledger.statement(connection, holder, since=long_ago, until=day(0)),
        ledger.roll_forward(connection, since=date(2025, 1, 1), until=date(2026, 2, 1), at=NOW),
    ):
        with pytest.raises(ledger.UnanswerableInstant, match="they begin at 2026-01-01"):
            await question
    for question in (
        ledger.trial_balance(connection, at=day(1), recorded_by=soon, now=NOW),
        ledger.ageing(connection, at=day(1), recorded_by=soon, now=NOW),
        ledger.debts(connection, at=day(1), recorded_by=soon, now=NOW),
        ledger.wallet_as_of(connection, holder, at=day(1), recorded_by=soon, now=NOW),
        ledger.roll_forward(
            connection,
            since=date(2026, 1, 1),
            until=date(2026, 2, 1),
            at=NOW,
            recorded_by=soon,
        ),
    ):
        with pytest.raises(ledger.RecordedInFuture):
            await question
    with pytest.raises(ledger.UnknownAsset, match="know no asset growth"):
        await ledger.trial_balance(connection, at=day(1), asset="growth")
    with pytest.raises(TypeError):
        await ledger.trial_balance(connection, at=day(1), recorded_by=day(1))


async def _last_recorded(connection: AsyncConnection) -> datetime:
    found = await connection.execute(text("SELECT max(recorded_at) FROM ledger.journal"))
    last: datetime = found.scalar_one()
    return last.astimezone(UTC)


async def _roll_all_up(connection: AsyncConnection) -> None:
    """Journals of a transaction are folded by a later one; these count as long since committed."""
    await connection.execute(text("UPDATE ledger.journal SET recorded_xid = '3'"))
    await connection.execute(text("UPDATE ledger.watermark SET rolled_below = '0'"))
    await connection.execute(text("TRUNCATE ledger.rollup"))
    await connection.execute(text("SELECT ledger.roll_up()"))
