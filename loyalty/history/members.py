"""Members brought along from a file: who is new joins, who is known already is left alone.

A row is the unit of rejection, some hundred rows the unit of work. Each batch is a transaction, so
a run that is killed is resumed by running it again.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Text, bindparam, func, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from loyalty.bootstrap import Application
from loyalty.cause import Cause, import_actor
from loyalty.events import own_xid
from loyalty.history.assembly import Reject, Row
from loyalty.history.copying import copy_rows
from loyalty.history.newcomers import Newcomer, copy_names, copy_newcomers, names_of
from loyalty.history.people import COLUMNS, Entry, Reader, given_of
from loyalty.history.sheets import FaultError, Sheet, reject_of, sifting
from loyalty.history.summary import figure
from loyalty.history.tidings import COLUMNS as EVENT_COLUMNS
from loyalty.history.tidings import Happened, event_rows, joined
from loyalty.hot import hot
from loyalty.ids import new_id
from loyalty.members import Birthday, email_key, marks_json, phone_key, read_marks
from loyalty.names import EMAIL, MEMBER, PHONE
from loyalty.policy import policy_at
from loyalty.tables import event, member, name, profile

Report = Callable[[str, int, int | None], None]

BATCH: Final = 500
TAKING: Final = "members taken in"


@dataclass(frozen=True, slots=True)
class MembersSummary:
    """What a run came to; each row of the file is in exactly one of the first four figures."""

    joined: int
    known: int
    rejected: int
    rows: int
    standings: int
    seconds: float

    @property
    def complete(self) -> bool:
        """Whether everybody in the file is a member now."""
        return not self.rejected

    def told(self) -> Iterator[str]:
        """Say each figure in a line."""
        yield figure(self.rows, "rows in the file")
        yield figure(self.joined, "members joined")
        yield figure(self.known, "were members before and are the same")
        yield figure(self.standings, "of those who joined bring a tier along")
        yield figure(self.rejected, "rows rejected")
        yield figure(self.seconds, "seconds")


async def import_members(
    application: Application, path: Path, *, report: Report = lambda *_: None
) -> MembersSummary:
    """Bring a file of members along and return what it came to.

    Rejected rows are written beside the file. Raises `ColumnsUnusable` and `ImportUnreadable`.
    """
    begun, run = time.monotonic(), new_id()
    counts: Counter[str] = Counter()
    async with sifting(path, COLUMNS) as (sheet, rows, rejected):
        while batch := await asyncio.to_thread(_next, rows):
            cause = Cause(application.clock.now(), import_actor(str(run)), str(run))
            taken = await application.database.write(take_members, cause, sheet, batch)
            rejected.add(taken.rejects)
            counts += taken.counts
            report(TAKING, len(batch), None)
    return MembersSummary(
        joined=counts["joined"],
        known=counts["known"],
        rejected=rejected.rows,
        rows=counts["joined"] + counts["known"] + rejected.rows,
        standings=counts["standings"],
        seconds=time.monotonic() - begun,
    )


def _next(rows: Iterator[Row]) -> list[Row]:
    return list(islice(rows, BATCH))


@dataclass(slots=True)
class Taken:
    """What became of a batch."""

    counts: Counter[str] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)


async def take_members(
    connection: AsyncConnection, cause: Cause, sheet: Sheet, rows: Sequence[Row]
) -> Taken:
    """Let the members of some rows join; what cannot be is rejected with its reason."""
    policy, ladder = await policy_at(connection, cause.at), await tiers.live_ladder(connection)
    reader = Reader(policy, ladder, cause.at)
    taken = Taken()
    entries: list[tuple[Row, Entry]] = []
    for row in rows:
        try:
            entries.append((row, reader.read(sheet.cells(row))))
        except FaultError as fault:
            taken.rejects.append(reject_of(row, fault))
    fresh = await _fresh(connection, entries, taken)
    newcomers = [(_newcomer(entry, cause.at), entry) for entry in fresh]
    await copy_names(connection, [name for one, _ in newcomers for name in names_of(one)])
    await copy_newcomers(connection, cause, policy, [one for one, _ in newcomers])
    own = await own_xid(connection)
    told = (
        row for one, _ in newcomers for row in event_rows(one.member, 0, [_joined(one)], cause, own)
    )
    await copy_rows(connection, event, EVENT_COLUMNS, told)
    if ladder is not None:
        decisions = [
            _standing(ladder, one, entry, reader) for one, entry in newcomers if _stands(one)
        ]
        await tiers.record(
            connection, decisions, at=cause.at, actor=cause.actor, request_id=cause.request_id
        )
    taken.counts["joined"] += len(newcomers)
    taken.counts["standings"] += sum(entry.standing is not None for _, entry in newcomers)
    return taken


def _newcomer(entry: Entry, now: datetime) -> Newcomer:
    one = entry.joining
    return Newcomer(
        external_id=entry.external_id,
        member=new_id(now),
        holder=new_id(now),
        joined_at=one.joined_at or now,
        birthday=one.birthday,
        email=one.email,
        phone=one.phone,
        name=one.name,
        language=one.language,
        class_=one.class_,
        consents=one.consents,
        tags=one.tags,
    )


def _joined(one: Newcomer) -> Happened:
    return joined(one.joined_at, one.class_, one.tags)


def _stands(one: Newcomer) -> bool:
    return one.class_ == "consumer"


def _standing(ladder: tiers.Ladder, one: Newcomer, entry: Entry, reader: Reader) -> tiers.Decision:
    joined_on = reader.policy.day_of(one.joined_at)
    brought = entry.standing
    if brought is None:
        return tiers.begin(ladder, member=one.member, joined_on=joined_on)
    return tiers.settle(
        ladder,
        tiers.Subject(one.member, joined_on, None, ()),
        tier=brought.tier,
        since=brought.since,
        until=brought.until,
        on=reader.policy.day_of(reader.now),
    )


# --- who is known already ---------------------------------------------------------------------


async def _fresh(
    connection: AsyncConnection, entries: Sequence[tuple[Row, Entry]], taken: Taken
) -> list[Entry]:
    """Those who are new, after the known were counted and the contradictory rejected."""
    known = await _known(connection, [entry.external_id for _, entry in entries])
    owners = await _owners(connection, [entry for _, entry in entries])
    seen: dict[tuple[str, str], int] = {}
    fresh: list[Entry] = []
    for row, entry in entries:
        fault = _twice(row, entry, seen)
        before = known.get(entry.external_id)
        if fault is None and before is not None:
            fault = _difference(before, entry)
            taken.counts["known"] += fault is None
        elif fault is None:
            fault = _taken(entry, owners)
            if fault is None:
                fresh.append(entry)
        if fault is not None:
            taken.rejects.append(reject_of(row, fault))
    return fresh


def _names(entry: Entry) -> Iterable[tuple[str, str, str]]:
    """The names of an entry: kind, name, and the column it stands in."""
    yield MEMBER, entry.external_id, "member"
    if entry.joining.email is not None:
        yield EMAIL, email_key(entry.joining.email), "email"
    if entry.joining.phone is not None:
        yield PHONE, phone_key(entry.joining.phone), "phone"


def _twice(row: Row, entry: Entry, seen: dict[tuple[str, str], int]) -> FaultError | None:
    """Whether a name of this row stands in an earlier row of the batch."""
    fault = None
    for kind, text, column in _names(entry):
        first = seen.setdefault((kind, text), row.number)
        if first != row.number and fault is None:
            fault = FaultError(column, f"already stands in row {first}")
    return fault


def _taken(entry: Entry, owners: Mapping[tuple[str, str], UUID]) -> FaultError | None:
    for kind, text, column in _names(entry):
        if (kind, text) in owners:
            return FaultError(column, f"name-taken: another member already has this {column}")
    return None


def _difference(before: Mapping[str, object], entry: Entry) -> FaultError | None:
    for column, said in given_of(entry.joining).items():
        if before[column] != said:
            reason = f"joined-with-other-content: joined before with another {column}"
            return FaultError(column, reason)
    return None


async def _known(
    connection: AsyncConnection, external_ids: Sequence[str]
) -> dict[str, Mapping[str, object]]:
    """What is known of those who joined before, by the shop's id and column."""
    rows = await _KNOWN.all(connection, names=sorted(set(external_ids)))
    return {row[0]: _before(row) for row in rows}


def _before(row: tuple[Any, ...]) -> Mapping[str, object]:
    _, class_, joined_at, email, phone, known_as, language, month, day, year, marks = row
    return {
        "class": class_,
        "joined_at": joined_at.astimezone(UTC),
        "email": email,
        "phone": phone,
        "name": known_as,
        "language": language,
        "birthday": None if month is None else Birthday(month, day, year),
        "tags": read_marks(marks).tags,
    }


async def _owners(
    connection: AsyncConnection, entries: Sequence[Entry]
) -> dict[tuple[str, str], UUID]:
    """Who has the contacts of these entries."""
    wanted = sorted(
        {(kind, text) for entry in entries for kind, text, _ in _names(entry) if kind != MEMBER}
    )
    if not wanted:
        return {}
    found = await connection.execute(
        select(name.c.kind, name.c.name, name.c.id).where(
            tuple_(name.c.kind, name.c.name).in_(wanted)
        )
    )
    return {(row.kind, row.name): row.id for row in found}


_TEXTS: Final = bindparam("names", type_=ARRAY(Text))
_KNOWN: Final[Any] = hot(
    select(
        name.c.name,
        member.c.class_,
        member.c.joined_at,
        *(profile.c.email, profile.c.phone, profile.c.name, profile.c.language),
        *(profile.c.birth_month, profile.c.birth_day, profile.c.birth_year),
        marks_json(member.c.id),
    )
    .select_from(
        name.join(member, member.c.id == name.c.id).outerjoin(
            profile, profile.c.member == member.c.id
        )
    )
    .where(name.c.kind == MEMBER, name.c.name == func.any(_TEXTS))
)
