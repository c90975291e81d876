"""Balances brought along from an earlier system: lot by lot, with their own ends.

A row is the unit of rejection, a bucket of members the unit of work. Each bucket is a transaction
and each lot has a key, so a run that is killed is resumed, and a file repeated, by running it
again.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Text, Uuid, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.bootstrap import Application
from loyalty.cause import Cause, import_actor
from loyalty.history.assembly import Reject, Row
from loyalty.history.folder import spool_folder
from loyalty.history.lots import COLUMNS, Balance, Reader
from loyalty.history.rejects import Rejected, rejects_path
from loyalty.history.sheets import FaultError, Sheet, reject_of, sheet_of
from loyalty.history.spool import Spool, bucket_of, records
from loyalty.history.staging import TICK, buckets_for
from loyalty.history.summary import figure
from loyalty.hot import hot
from loyalty.ids import new_id
from loyalty.names import MEMBER
from loyalty.policy import policy_at
from loyalty.tables import member, name

Report = Callable[[str, int, int | None], None]

READING: Final = "rows read"
TAKING: Final = "rows taken in"


@dataclass(frozen=True, slots=True)
class BalancesSummary:
    """What a run came to; each row of the file is in exactly one of the first three figures."""

    lots: int
    replays: int
    rejected: int
    rows: int
    members: int
    points: Mapping[str, int]
    seconds: float

    @property
    def complete(self) -> bool:
        """Whether everything in the file went in, now or before."""
        return not self.rejected

    def told(self) -> Iterator[str]:
        """Say each figure in a line, the totals by asset."""
        yield figure(self.rows, "rows in the file")
        yield figure(self.lots, "lots brought in")
        yield figure(self.members, "members have them")
        yield figure(self.replays, "lots were brought in before and are the same")
        yield figure(self.rejected, "rows rejected")
        for asset, total in sorted(self.points.items()):
            yield figure(total, f"{asset} in all")
        yield figure(self.seconds, "seconds")


async def import_balances(
    application: Application, path: Path, *, report: Report = lambda *_: None
) -> BalancesSummary:
    """Bring a file of balances along and return what it came to.

    Rejected rows are written beside the file. Raises `ColumnsUnusable` and `ImportUnreadable`.
    """
    begun, run = time.monotonic(), new_id()
    counts: Counter[str] = Counter()
    with spool_folder() as folder:
        rejected = Rejected(folder)
        spooled = await asyncio.to_thread(_split, path, folder, rejected, report)
        for bucket in range(spooled.buckets):
            cause = Cause(application.clock.now(), import_actor(str(run)), str(run))
            rows = await asyncio.to_thread(_rows, folder, bucket)
            taken = await application.database.write(take_balances, cause, spooled.sheet, rows)
            rejected.add(taken.rejects)
            counts += taken.counts
            report(TAKING, len(rows), spooled.rows)
        if rejected.rows:
            await asyncio.to_thread(rejected.write, rejects_path(path), spooled.sheet.names)
    points = {
        kind.removeprefix(_TOTAL): total
        for kind, total in counts.items()
        if kind.startswith(_TOTAL)
    }
    return BalancesSummary(
        lots=counts["lots"],
        replays=counts["replays"],
        rejected=rejected.rows,
        rows=counts["lots"] + counts["replays"] + rejected.rows,
        members=counts["members"],
        points=points,
        seconds=time.monotonic() - begun,
    )


@dataclass(frozen=True, slots=True)
class _Spooled:
    """A file cut into buckets of members."""

    sheet: Sheet
    buckets: int
    rows: int


def _split(path: Path, folder: Path, rejected: Rejected, report: Report) -> _Spooled:
    """Send every row to the bucket of its member."""
    buckets, number, told = buckets_for(path), 0, 0
    parts = folder / "members"
    parts.mkdir()
    with (
        sheet_of(path, COLUMNS, lambda reject: rejected.add([reject])) as (sheet, rows),
        Spool(parts, "0", buckets) as spool,
    ):
        place = sheet.place["member"]
        for number, row in enumerate(rows, 1):
            whose = row.fields[place].strip() if place < len(row.fields) else ""
            spool.add(bucket_of(whose, buckets), (row.number, row.fields))
            if number % TICK == 0:
                report(READING, number - told, None)
                told = number
    report(READING, number - told, None)
    return _Spooled(sheet, buckets, number)


def _rows(folder: Path, bucket: int) -> list[Row]:
    return [Row(number, fields) for number, fields in records(folder / "members", bucket)]


@dataclass(slots=True)
class Taken:
    """What became of a bucket."""

    counts: Counter[str] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)


async def take_balances(
    connection: AsyncConnection, cause: Cause, sheet: Sheet, rows: Sequence[Row]
) -> Taken:
    """Bring the lots of some rows in; what cannot be is rejected with its reason."""
    reader = Reader(await policy_at(connection, cause.at), cause.at)
    taken = Taken()
    read: list[tuple[Row, Balance]] = []
    for row in rows:
        try:
            read.append((row, reader.read(sheet.cells(row))))
        except FaultError as fault:
            taken.rejects.append(reject_of(row, fault))
    holders = await _lock_holders(connection, [balance.member for _, balance in read])
    postings: list[tuple[Row, ledger.Opening]] = []
    for row, balance in read:
        holder = holders.get(balance.member)
        if isinstance(holder, UUID):
            postings.append((row, balance.posting(holder, cause, new_id)))
        else:
            reason = holder or f"unknown-member: nobody is known as {balance.member!r}"
            taken.rejects.append(reject_of(row, FaultError("member", reason)))
    await _post(connection, cause, postings, taken)
    return taken


async def _post(
    connection: AsyncConnection,
    cause: Cause,
    postings: Sequence[tuple[Row, ledger.Opening]],
    taken: Taken,
) -> None:
    """Post what is new; the same again is counted, other content under a key is rejected."""
    before = await _receipts(connection, [posting for _, posting in postings])
    fresh: list[tuple[Row, ledger.Opening]] = []
    for row, posting in postings:
        receipt = before.get((posting.holder, posting.key))
        if receipt is None:
            fresh.append((row, posting))
        elif receipt == (posting.kind.value, posting.asset, posting.amount):
            taken.counts["replays"] += 1
        else:
            reason = "key-reused: this lot was brought in before with another amount or kind"
            taken.rejects.append(reject_of(row, FaultError("lot", reason)))
    if not fresh:
        return
    batch = new_id(cause.at)
    await ledger.stage(connection, batch, [posting for _, posting in fresh])
    refused = {
        outcome.position: outcome
        for outcome in await ledger.post_intake(connection, batch, at=cause.at)
    }
    members: set[UUID] = set()
    for place, (row, posting) in enumerate(fresh, 1):
        outcome = refused.get(place)
        if outcome is not None:
            reason = f"{outcome.code}: {outcome.field or ''} {outcome.seen or ''}".strip()
            taken.rejects.append(reject_of(row, FaultError("", reason)))
            continue
        members.add(posting.holder)
        taken.counts["lots"] += 1
        taken.counts[_TOTAL + posting.asset] += posting.amount
    taken.counts["members"] += len(members)


async def _receipts(
    connection: AsyncConnection, postings: Sequence[ledger.Opening]
) -> dict[tuple[UUID, str], tuple[str, str, int | None]]:
    """What stands under the keys already: kind, asset and amount."""
    rows = await _RECEIPTS.all(
        connection,
        holders=[posting.holder for posting in postings],
        keys=[posting.key for posting in postings],
    )
    return {(holder, key): (kind, asset, amount) for holder, key, kind, asset, amount in rows}


async def _lock_holders(
    connection: AsyncConnection, external_ids: Sequence[str]
) -> dict[str, UUID | str]:
    """The holder of each member, whose row is locked; or why their wallet takes nothing."""
    wanted = sorted(set(external_ids))
    if not wanted:
        return {}
    found = await _MEMBERS.all(connection, names=wanted)
    ids = sorted({one for _, one, _, _ in found})
    await connection.execute(
        select(member.c.id)
        .where(member.c.id.in_(ids))
        .order_by(member.c.id)
        .with_for_update(key_share=True)
    )
    rows = await _MEMBERS.all(connection, names=wanted)
    return {
        text: holder if closed_at is None else "member-closed: the member has left the programme"
        for text, _, holder, closed_at in rows
    }


_TOTAL: Final = "total of "
_NAMES: Final = bindparam("names", type_=ARRAY(Text))
_MEMBERS: Final[Any] = hot(
    select(name.c.name, member.c.id, member.c.holder, member.c.closed_at)
    .select_from(name.join(member, member.c.id == name.c.id))
    .where(name.c.kind == MEMBER, name.c.name == func.any(_NAMES))
)
_WANTED: Final = (
    func.unnest(bindparam("holders", type_=ARRAY(Uuid)), bindparam("keys", type_=ARRAY(Text)))
    .table_valued(column("holder", Uuid), column("key", Text))
    .render_derived("wanted")
)
_KEPT: Final = ledger.receipts().subquery("kept")
_RECEIPTS: Final[Any] = hot(
    select(_KEPT.c.holder, _KEPT.c.key, _KEPT.c.kind, _KEPT.c.asset, _KEPT.c.amount).join(
        _WANTED, (_KEPT.c.holder == _WANTED.c.holder) & (_KEPT.c.key == _WANTED.c.key)
    )
)
