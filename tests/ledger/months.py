"""What must hold of the months of any books, whatever they have lived through."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from ledger import Account, Breakdown, Component, Outstanding

PARTS = [part.value.replace("-", "_") for part in Component]


def last_instant(month: date, zone: str) -> datetime:
    """The last instant of a month in a zone."""
    following = (month + timedelta(days=32)).replace(day=1)
    midnight = datetime.combine(following, time(), ZoneInfo(zone))
    return midnight.astimezone(UTC) - timedelta(microseconds=1)


async def outstanding(connection: AsyncConnection, at: datetime) -> Outstanding:
    """What the trial balance says members hold; it balances on its own."""
    balance = await ledger.trial_balance(connection, at=at)
    assert balance.difference == 0
    lines = {line.account: line.balance for line in balance.member_side}
    return Outstanding(
        pending=lines[Account.PENDING],
        available=lines[Account.AVAILABLE],
        held=lines[Account.HELD],
        debt=-lines[Account.DEBT],
    )


def chained(lines: Sequence[ledger.RollForwardLine]) -> None:
    """Every line adds up, and every month opens with what the last one closed with."""
    for line in lines:
        assert line.difference == 0
    for birth in {line.birth for line in lines}:
        for before, after in pairwise(line for line in lines if line.birth == birth):
            assert after.opening == before.closing


def added_up(answer: ledger.RollForward) -> None:
    """All births of a month make the month."""
    sums: Counter[tuple[date, str]] = Counter()
    for line in answer.lines:
        sums.update({(line.month, part): getattr(line, part) for part in PARTS})
        sums[line.month, "closing"] += line.closing.total
    for total in answer.totals:
        for part in PARTS:
            assert sums[total.month, part] == getattr(total, part)
        assert sums[total.month, "closing"] == total.closing.total


async def months_agree(
    connection: AsyncConnection, *, since: date, until: date, at: datetime
) -> Sequence[ledger.RollForwardLine]:
    """Prove all of it for the months in [since, until), with the trial balance of their ends.

    Answers the months that were proved.
    """
    zone = (await ledger.calendar(connection)).zone
    proved: list[ledger.RollForwardLine] = []
    for by in Breakdown:
        answer = await ledger.roll_forward(connection, since=since, until=until, at=at, by=by)
        chained(answer.lines)
        added_up(answer)
        for total in answer.totals if by is Breakdown.NONE else ():
            assert total.repaid == 0
            ends = min(last_instant(total.month, zone), at)
            assert total.closing == await outstanding(connection, ends), total.month
            proved.append(total)
    return proved
