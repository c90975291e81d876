"""The programme's side: trial balance, totals by month, and the rollup they stand on.

Programme accounts have no row that a posting could lock. Their sums are the rollup, which
``roll_up`` advances behind every transaction still in flight, plus the journals after it. Books
go by the day on which a journal is booked.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Row,
    Select,
    bindparam,
    column,
    func,
    literal_column,
    null,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.closing import demand_answerable
from ledger.reports import Outstanding
from ledger.rolling import Pair
from ledger.tables import Instant, Key
from ledger.types import (
    MEMBER_ACCOUNTS,
    POINTS,
    Account,
    AccountBalance,
    MonthTotal,
    TrialBalance,
)


async def trial_balance(
    connection: AsyncConnection,
    *,
    at: datetime,
    asset: str = POINTS,
    recorded_by: datetime | None = None,
    now: datetime | None = None,
) -> TrialBalance:
    """Sum every account as of ``at``: members from their wallets, programme from the journals.

    What time has made due by ``at`` counts, whether it is posted yet or not. With ``recorded_by``
    (which needs the caller's ``now``) only what was recorded by then. Read it in a snapshot. A
    wallet edited by hand shows as a ``difference`` other than zero.
    """
    await demand_answerable(connection, asset=asset, at=at, recorded_by=recorded_by, now=now)
    booked = await _pairs(connection, _BOOKED, asset=asset, at=at, known_by=recorded_by)
    due = await _pairs(connection, _DUE, asset=asset, at=at, known_by=recorded_by)
    everything = await _pairs(connection, _BOOKED, asset=asset, at=None, known_by=None)
    held = await counters(connection, asset=asset)
    sums = _sums([*booked, *due])
    stood, all_of_it = _sums(booked), _sums(everything)
    time_added = _sums(due)

    def member_side(account: Account, counted: int) -> AccountBalance:
        sign = -1 if account is Account.DEBT else 1
        later = _balance_of(all_of_it, account) - _balance_of(stood, account)
        balance = sign * counted - later + _balance_of(time_added, account)
        debt, credit = (-balance, 0) if account is Account.DEBT else (0, balance)
        return AccountBalance(
            account=account, asset=asset, debit=debt, credit=credit, balance=balance
        )

    members = (
        member_side(Account.AVAILABLE, held.available),
        member_side(Account.PENDING, held.pending),
        member_side(Account.HELD, held.held),
        member_side(Account.DEBT, held.debt),
    )
    programme = tuple(
        AccountBalance(
            account=account,
            asset=asset,
            debit=sums.get(account, (0, 0))[0],
            credit=sums.get(account, (0, 0))[1],
            balance=_balance_of(sums, account),
        )
        for account in Account
        if account not in MEMBER_ACCOUNTS
    )
    return TrialBalance(
        asset=asset,
        at=at,
        recorded_by=recorded_by,
        member_side=members,
        programme_side=programme,
        difference=sum(line.balance for line in members + programme),
    )


async def monthly_totals(
    connection: AsyncConnection,
    *,
    accounts: Sequence[Account],
    since: date,
    until: date,
    asset: str = POINTS,
) -> Sequence[MonthTotal]:
    """Sum what accounts moved in each month of the books in ``[since, until)``."""
    pairs = await monthly_pairs(connection, asset=asset, since=since, until=until)
    months = sorted({pair.month for pair in pairs if pair.month is not None})
    totals = []
    for month in months:
        sums = _sums([pair for pair in pairs if pair.month == month])
        totals += [
            MonthTotal(
                month=month, account=account, debit=sums[account][0], credit=sums[account][1]
            )
            for account in sorted(accounts)
            if account in sums
        ]
    return totals


async def monthly_pairs(
    connection: AsyncConnection,
    *,
    asset: str,
    since: date,
    until: date,
    known_by: datetime | None = None,
) -> Sequence[Pair]:
    """Sum pairs of accounts by month and birth; what was booked before ``since`` has no month."""
    rows = await connection.execute(
        _MONTHS,
        {"asset": asset, "since": since, "until": until, "known_by": known_by},
    )
    return [_pair(row) for row in rows]


async def due_pairs(
    connection: AsyncConnection, *, asset: str, at: datetime, known_by: datetime | None = None
) -> Sequence[Pair]:
    """Sum what settling every wallet up to ``at`` would post."""
    return await _pairs(connection, _DUE, asset=asset, at=at, known_by=known_by)


async def counters(connection: AsyncConnection, *, asset: str) -> Outstanding:
    """Sum the counters of all wallets as they stand."""
    row = (await connection.execute(_COUNTERS, {"asset": asset})).one()
    return Outstanding(pending=row.pending, available=row.available, held=row.held, debt=row.debt)


async def roll_up(connection: AsyncConnection, *, limit: int = 100_000) -> int:
    """Fold some of the committed journals into the rollup; answers how many, 0 when none is left.

    Whole transactions are folded, so one that wrote more than ``limit`` journals is not cut. Any
    number may run at once.
    """
    return int((await connection.execute(select(func.ledger.roll_up(limit)))).scalar_one())


async def _pairs(
    connection: AsyncConnection,
    statement: Select[*tuple[Any, ...]],
    *,
    asset: str,
    at: datetime | None,
    known_by: datetime | None,
) -> Sequence[Pair]:
    asked = {"asset": asset, "at": at, "known_by": known_by}
    return [_pair(row) for row in await connection.execute(statement, asked)]


def _pair(row: Row[*tuple[Any, ...]]) -> Pair:
    return Pair(
        debit=Account(row.debit),
        credit=Account(row.credit),
        lot_class=row.lot_class,
        tier=row.tier,
        amount=row.amount,
        month=row.month,
    )


def _sums(pairs: Sequence[Pair]) -> dict[Account, tuple[int, int]]:
    """Sum both sides of every account."""
    sums: dict[Account, tuple[int, int]] = {}
    for pair in pairs:
        debit, credit = sums.get(pair.debit, (0, 0))
        sums[pair.debit] = (debit + pair.amount, credit)
        debit, credit = sums.get(pair.credit, (0, 0))
        sums[pair.credit] = (debit, credit + pair.amount)
    return sums


def _balance_of(sums: dict[Account, tuple[int, int]], account: Account) -> int:
    debit, credit = sums.get(account, (0, 0))
    return credit - debit


def instant(name: str) -> ColumnElement[datetime]:
    """An instant that is asked for; none is the end of time."""
    return func.coalesce(
        bindparam(name, type_=Instant), literal_column("'infinity'::timestamptz", Instant)
    )


_ASSET = bindparam("asset", type_=Key)
_SIDES = (
    column("debit", Key),
    column("credit", Key),
    column("class", Key),
    column("tier", Key),
    column("amount", BigInteger),
)


def _summed(function: str) -> Select[*tuple[Any, ...]]:
    pair = (
        getattr(func.ledger, function)(_ASSET, instant("at"), instant("known_by"))
        .table_valued(*_SIDES)
        .alias("pair")
    )
    births = (pair.c.debit, pair.c.credit, pair.c["class"], pair.c.tier)
    return select(
        pair.c.debit,
        pair.c.credit,
        pair.c["class"].label("lot_class"),
        pair.c.tier,
        func.sum(pair.c.amount).cast(BigInteger).label("amount"),
        null().cast(Date).label("month"),
    ).group_by(*births)


_BOOKED = _summed("pairs_at")
_DUE = _summed("due_pairs")

_MONTH = (
    func.ledger.monthly_pairs(
        _ASSET,
        bindparam("since", type_=Date()),
        bindparam("until", type_=Date()),
        instant("known_by"),
    )
    .table_valued(column("month", Date), *_SIDES)
    .alias("pair")
)
_MONTHS = select(
    _MONTH.c.month,
    _MONTH.c.debit,
    _MONTH.c.credit,
    _MONTH.c["class"].label("lot_class"),
    _MONTH.c.tier,
    _MONTH.c.amount,
)

_COUNTERS = select(
    func.ledger.counters(_ASSET)
    .table_valued(
        column("pending", BigInteger),
        column("available", BigInteger),
        column("held", BigInteger),
        column("debt", BigInteger),
    )
    .alias("counters")
)
