"""The books read as entries on the company's accounts, a batch at a time, in the order of booking.

Points come from the journal, one entry for each business event that touches two of the company's
accounts. Money comes by month, class and cohort, dated the last day of its month. What was read of
the money is handed in, so that it can be read again after estimates have moved.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.exports.errors import AccountMapWithoutFees
from loyalty.exports.fees import FeeMoved, sides
from loyalty.exports.maps import AccountMap
from loyalty.exports.types import Entry, Line, Stands

BATCH: Final = 2_000
"""How many rows are held at once."""

_ORDER = "order:"
_UUID = 36


@dataclass(frozen=True, slots=True)
class Span:
    """The days that are read, in the zone they are days of, and what is seen of them."""

    since: date
    until: date
    zone: str
    seen: ledger.Seen


@dataclass(frozen=True, slots=True)
class Moved:
    """What one reason moved the balance of one class and cohort by, in a month: minor units."""

    month: date
    lot_class: str
    issued_in: date
    reason: str
    amount: int

    @property
    def kind(self) -> str:
        """What kind of entry it makes."""
        return f"money-{self.reason}"

    @property
    def of(self) -> str:
        """The cohort that it is about."""
        return f"{self.lot_class}-{self.issued_in:%Y-%m}"


@dataclass(frozen=True, slots=True)
class MoneyFacts:
    """All money booked before the end of the span, in the programme's currency."""

    currency: str
    moved: Sequence[Moved]
    fees: Sequence[FeeMoved] = ()


class Reader:
    """Reads one span through one map; entries are numbered from one without gaps."""

    def __init__(
        self,
        connection: AsyncConnection,
        span: Span,
        account_map: AccountMap,
        money: MoneyFacts,
        *,
        batch: int = BATCH,
    ) -> None:
        self._connection = connection
        self._span = span
        self._map = account_map
        self._money = money
        self._batch = batch
        self._codes: dict[tuple[str, str | None], str] = {}
        self.entries = 0
        self.lines = 0

    async def stands(self) -> Stands:
        """Sum every account before the first day and after the last, not from the entries."""
        return Stands(
            opening=await self._points_before(self._span.since) | self._opening_money(),
            closing=await self._points_before(self._span.until) | self._closing_money(),
        )

    async def batches(self) -> AsyncIterator[Sequence[Entry]]:
        """Yield the entries in the order of booking; money follows the points of its month."""
        waiting = iter(sorted(self._months()))
        month = next(waiting, None)
        async for events in self._events():
            batch: list[Entry] = []
            for rows in events:
                while month is not None and rows[0].booked_on > _last_day(month):
                    batch += self._money_of(month)
                    month = next(waiting, None)
                lines = self._lines_of(rows)
                if lines:
                    batch.append(self._entry(rows[0], lines))
            yield batch
        while month is not None:
            yield self._money_of(month)
            month = next(waiting, None)

    async def _events(self) -> AsyncIterator[Sequence[Sequence[Row[*tuple[Any, ...]]]]]:
        """Rows of whole journals together, although the cursor may cut one in two."""
        statement = ledger.journal_lines(
            since=self._span.since,
            until=self._span.until,
            zone=self._span.zone,
            seen=self._span.seen,
        )
        result = await self._connection.stream(
            statement.execution_options(yield_per=self._batch, max_row_buffer=self._batch)
        )
        kept: list[Row[*tuple[Any, ...]]] = []
        async for part in result.partitions(self._batch):
            rows = [*kept, *part]
            events = [list(group) for _, group in groupby(rows, _event_of)]
            kept = events.pop()
            yield events
        if kept:
            yield [kept]

    def _entry(self, row: Row[*tuple[Any, ...]], lines: tuple[Line, ...]) -> Entry:
        self.entries += 1
        self.lines += len(lines)
        return Entry(
            number=self.entries,
            booked_on=row.booked_on,
            effective_at=row.effective_at,
            journal=row.journal,
            kind=row.kind,
            reason=row.reason,
            order=order_of(row.key),
            lines=lines,
        )

    def _lines_of(self, rows: Sequence[Row[*tuple[Any, ...]]]) -> tuple[Line, ...]:
        lines: list[Line] = []
        for row in rows:
            debit = self._code(row.debit, row.lot_class)
            credit = self._code(row.credit, row.lot_class)
            if debit == credit:
                continue
            for code, opens, amount in (
                (debit, row.debit, row.amount),
                (credit, row.credit, -row.amount),
            ):
                lines.append(Line(code, ledger.POINTS, amount, opens, row.lot_class, row.lot))
        return tuple(lines)

    def _code(self, account: str, lot_class: str | None) -> str:
        key = (account, lot_class)
        if key not in self._codes:
            self._codes[key] = self._map.of_points(account, lot_class)
        return self._codes[key]

    async def _points_before(self, day: date) -> dict[tuple[str, str], int]:
        statement = ledger.account_totals(until=day, zone=self._span.zone, seen=self._span.seen)
        stand: dict[tuple[str, str], int] = defaultdict(int)
        for row in await self._connection.execute(statement):
            stand[self._code(row.account, row.lot_class), ledger.POINTS] += row.debit - row.credit
        return dict(stand)

    def _months(self) -> set[date]:
        return {one.month for one in self._all_money() if one.month >= self._span.since}

    def _all_money(self) -> list[Moved | FeeMoved]:
        return [*self._money.moved, *self._money.fees]

    def _money_of(self, month: date) -> list[Entry]:
        points = sorted(
            (one for one in self._money.moved if one.month == month),
            key=lambda one: (one.lot_class, one.issued_in, one.reason),
        )
        fees = sorted(
            (one for one in self._money.fees if one.month == month),
            key=lambda one: (one.plan, one.reason),
        )
        both: list[Moved | FeeMoved] = [*points, *fees]
        return [self._money_entry(one) for one in both if one.amount]

    def _money_entry(self, one: Moved | FeeMoved) -> Entry:
        self.entries += 1
        lines = tuple(
            Line(code, self._money.currency, amount, one.reason, one.lot_class, None)
            for code, amount in self._sides(one)
        )
        self.lines += len(lines)
        return Entry(
            number=self.entries,
            booked_on=_last_day(one.month),
            effective_at=None,
            journal=None,
            kind=one.kind,
            reason=one.of,
            order=None,
            lines=lines,
        )

    def _sides(self, one: Moved | FeeMoved) -> Iterator[tuple[str, int]]:
        if isinstance(one, Moved):
            accounts = self._map.money[one.lot_class]
            debit, credit = accounts.against[one.reason], accounts.balance
        elif self._map.fees is None:
            raise AccountMapWithoutFees(pointer="/map", seen=self._map.name)
        else:
            points = self._map.money["fee"].against["deferred"]
            debit, credit = sides(self._map.fees, points, one.reason)
        yield debit, one.amount
        yield credit, -one.amount

    def _opening_money(self) -> dict[tuple[str, str], int]:
        """Balances carried over; what income and expense had moved stands in the one account."""
        stand = self._sum(one for one in self._all_money() if one.month < self._span.since)
        lasting = self._map.balance_codes()
        carried = {key: amount for key, amount in stand.items() if key[0] in lasting}
        rest = (self._map.carried, self._money.currency)
        carried[rest] = carried.get(rest, 0) + sum(stand.values()) - sum(carried.values())
        return carried

    def _closing_money(self) -> dict[tuple[str, str], int]:
        """What the span moved on top of what was carried over."""
        closing: dict[tuple[str, str], int] = defaultdict(int, self._opening_money())
        moved = self._sum(one for one in self._all_money() if one.month >= self._span.since)
        for key, amount in moved.items():
            closing[key] += amount
        return dict(closing)

    def _sum(self, moved: Iterator[Moved | FeeMoved]) -> Mapping[tuple[str, str], int]:
        stand: dict[tuple[str, str], int] = defaultdict(int)
        for one in moved:
            for code, amount in self._sides(one):
                stand[code, self._money.currency] += amount
        return stand


def order_of(key: str | None) -> UUID | None:
    """Return the order that a business key names, if it names one."""
    if key is None or not key.startswith(_ORDER):
        return None
    try:
        return UUID(key[len(_ORDER) : len(_ORDER) + _UUID])
    except ValueError:
        return None


def _event_of(row: Row[*tuple[Any, ...]]) -> tuple[UUID, UUID]:
    return row.holder, row.journal


def _last_day(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
