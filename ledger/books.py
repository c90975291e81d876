"""The programme's side: trial balance, totals by month, and the rollup they stand on.

Programme accounts have no row that a posting could lock. Their sums are the rollup, which
``roll_up`` advances behind every transaction still in flight, plus the journals after it.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import BigInteger, Date, any_, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.tables import Instant, Key
from ledger.types import (
    MEMBER_ACCOUNTS,
    POINTS,
    Account,
    AccountBalance,
    MonthTotal,
    TrialBalance,
)

_ASSET = bindparam("asset", type_=Key)
_WHEN = bindparam("at", type_=Instant)


async def trial_balance(
    connection: AsyncConnection, *, at: datetime, asset: str = POINTS
) -> TrialBalance:
    """Sum every account as of ``at``: members from their wallets, programme from the journals.

    What time has made due by ``at`` counts, whether it is posted yet or not. Read it in a
    snapshot. A wallet edited by hand shows as a ``difference`` other than zero.
    """
    asked = {"asset": asset, "at": at}
    wallets = (await connection.execute(_WALLETS, asked)).one()
    sums = {
        row.account: (row.debit, row.credit) for row in await connection.execute(_ACCOUNTS, asked)
    }
    member_side = (
        _balance(Account.AVAILABLE, asset, 0, wallets.available),
        _balance(Account.PENDING, asset, 0, wallets.pending),
        _balance(Account.HELD, asset, 0, wallets.held),
        _balance(Account.DEBT, asset, wallets.debt, 0),
    )
    programme_side = tuple(
        _balance(
            account,
            asset,
            sums.get(account, (0, 0))[0],
            sums.get(account, (0, 0))[1] + (wallets.lapsed if account is Account.EXPIRED else 0),
        )
        for account in Account
        if account not in MEMBER_ACCOUNTS
    )
    return TrialBalance(
        asset=asset,
        at=at,
        member_side=member_side,
        programme_side=programme_side,
        difference=sum(line.balance for line in member_side + programme_side),
    )


async def monthly_totals(
    connection: AsyncConnection,
    *,
    accounts: Sequence[Account],
    since: date,
    until: date,
    asset: str = POINTS,
) -> Sequence[MonthTotal]:
    """Sum what accounts moved in each month of effective time (UTC) in ``[since, until)``."""
    rows = await connection.execute(
        _MONTHS,
        {
            "asset": asset,
            "since": since,
            "until": until,
            "accounts": [account.value for account in accounts],
        },
    )
    return [
        MonthTotal(
            month=row.month, account=Account(row.account), debit=row.debit, credit=row.credit
        )
        for row in rows
    ]


async def roll_up(connection: AsyncConnection) -> int:
    """Fold committed journals into the rollup; answers how many. Any number may run at once."""
    return int((await connection.execute(select(func.ledger.roll_up()))).scalar_one())


def _balance(account: Account, asset: str, debit: int, credit: int) -> AccountBalance:
    return AccountBalance(
        account=account, asset=asset, debit=debit, credit=credit, balance=credit - debit
    )


_WALLETS = select(
    func.ledger.wallet_sums(_ASSET, _WHEN)
    .table_valued(
        column("available", BigInteger),
        column("pending", BigInteger),
        column("held", BigInteger),
        column("debt", BigInteger),
        column("lapsed", BigInteger),
    )
    .alias("wallets")
)
_ACCOUNTS = select(
    func.ledger.account_sums(_ASSET, _WHEN)
    .table_valued(column("account", Key), column("debit", BigInteger), column("credit", BigInteger))
    .alias("sums")
)
_DAYS = (
    func.ledger.daily_sums(
        _ASSET, bindparam("since", type_=Date()), bindparam("until", type_=Date())
    )
    .table_valued(
        column("account", Key),
        column("effective_on", Date),
        column("debit", BigInteger),
        column("credit", BigInteger),
    )
    .alias("days")
)
_MONTHS = (
    select(
        func.date_trunc("month", _DAYS.c.effective_on).cast(Date).label("month"),
        _DAYS.c.account,
        func.sum(_DAYS.c.debit).cast(BigInteger).label("debit"),
        func.sum(_DAYS.c.credit).cast(BigInteger).label("credit"),
    )
    .where(_DAYS.c.account == any_(bindparam("accounts", type_=ARRAY(Key))))
    .group_by("month", _DAYS.c.account)
    .order_by("month", _DAYS.c.account)
)
