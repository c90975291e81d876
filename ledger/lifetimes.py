"""When open lots end, over all wallets: what a change of their ends is planned and carried out by.

The ledger knows no policy. It tells which lots there are by where they came from and on which day,
counts what an end for each of those would come to, and hands lots out holder by holder.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.calls import call
from ledger.types import POINTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """Where lots came from and on which day; `activates_on` where they waited for a later one."""

    source: str
    earned_on: date
    activates_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEnd:
    """The end that lots of a birth would have; None: never."""

    birth: Birth
    ends_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthOfEnds:
    """What would end in a month, by its first day (None: never), and what of it ends then today."""

    month: date | None
    lots: int
    points: int
    holders: int
    lots_before: int
    points_before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """What would end earlier or later than today, or as today; None is later than any instant."""

    direction: str
    lots: int
    points: int
    holders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLot:
    """A lot of which points are left or on hold, and when it ends."""

    holder: UUID
    lot: UUID
    birth: Birth
    points: int
    ends_at: datetime | None
    schedule: str | None
    notice: bool


async def births(
    connection: AsyncConnection, *, at: datetime, zone: str, asset: str = POINTS
) -> Sequence[Birth]:
    """List where the open lots come from, and on which days of the zone they were earned."""
    rows = await call(connection, _ALL + _BIRTHS, zone, zone, asset, at, asset)
    return [Birth(source=row[0], earned_on=row[1], activates_on=row[2]) for row in rows]


async def months_of_ends(
    connection: AsyncConnection,
    ends: Sequence[NewEnd],
    *,
    at: datetime,
    soonest: datetime,
    zone: str,
    asset: str = POINTS,
) -> Sequence[MonthOfEnds]:
    """Count by month what would end, and what ends, in the order of time; never comes last.

    No end moves before ``soonest`` unless it lies there today.
    """
    given = _given(ends, at, soonest, zone, asset)
    rows = await call(connection, _ALL + _MOVED + _MONTHS, *given, zone, zone)
    return [
        MonthOfEnds(
            month=row[0],
            lots=row[1],
            points=row[2],
            holders=row[3],
            lots_before=row[4],
            points_before=row[5],
        )
        for row in rows
    ]


async def shifts(
    connection: AsyncConnection,
    ends: Sequence[NewEnd],
    *,
    at: datetime,
    soonest: datetime,
    zone: str,
    asset: str = POINTS,
) -> Sequence[Shift]:
    """Count what would end ``earlier``, ``later`` or at the ``same`` instant."""
    given = _given(ends, at, soonest, zone, asset)
    rows = await call(connection, _ALL + _MOVED + _SHIFTS, *given)
    return [Shift(direction=row[0], lots=row[1], points=row[2], holders=row[3]) for row in rows]


async def open_lots(
    connection: AsyncConnection,
    *,
    at: datetime,
    zone: str,
    after: UUID | None = None,
    limit: int = 500,
    asset: str = POINTS,
) -> Sequence[OpenLot]:
    """List the open lots of the next holders, whole holders, in the order of their ids."""
    page = (asset, after, after, limit)
    rows = await call(connection, _ON_PAGE + _LOTS, *page, zone, zone, asset, at, asset)
    return [
        OpenLot(
            holder=row[0],
            lot=row[1],
            birth=Birth(source=row[2], earned_on=row[3], activates_on=row[4]),
            points=row[5],
            ends_at=row[6],
            schedule=row[7],
            notice=row[8],
        )
        for row in rows
    ]


def _given(
    ends: Sequence[NewEnd], at: datetime, soonest: datetime, zone: str, asset: str
) -> tuple[object, ...]:
    told = [
        {
            "source": end.birth.source,
            "earned_on": end.birth.earned_on.isoformat(),
            "activates_on": end.birth.activates_on and end.birth.activates_on.isoformat(),
            "ends_at": end.ends_at and end.ends_at.isoformat(),
        }
        for end in ends
    ]
    return (zone, zone, asset, at, asset, at, soonest, soonest, json.dumps(told))


#: What is left of open lots and what is on hold of any, of wallets or of all, begun as `l`.
_LEFT = """
    WITH {page}l AS (
    SELECT l.holder, l.id, l.source, (l.earned_at AT TIME ZONE %s)::date AS earned_on,
        (l.activates_at AT TIME ZONE %s)::date AS activates_on, sum(p.amount)::bigint AS points,
        CASE WHEN l.notice THEN l.ends_at ELSE l.expires_at END AS ends_at, l.schedule, l.notice
    FROM (
        SELECT holder, id, remaining AS amount FROM ledger.lot WHERE open AND asset = %s{lots}
        UNION ALL
        SELECT s.holder, s.lot, s.amount - s.undone
        FROM ledger.hold AS h
        JOIN ledger.slice AS s ON s.holder = h.holder AND s.journal = h.id
        WHERE h.open AND s.lot IS NOT NULL AND s.undone < s.amount{holds}
    ) AS p JOIN ledger.lot AS l ON l.holder = p.holder AND l.id = p.id
    WHERE (l.expires_at IS NULL OR l.expires_at > %s) AND l.asset = %s
    GROUP BY l.holder, l.id)
"""
_ALL = _LEFT.format(page="", lots="", holds="")
_BIRTHS = """
    SELECT DISTINCT source, earned_on, activates_on FROM l ORDER BY 1, 2, 3
"""
_MOVED = """, moved AS (
        SELECT b.holder, b.points, b.ends_at AS was, CASE WHEN e.ends_at IS NOT NULL THEN
            greatest(e.ends_at, CASE WHEN b.ends_at > %s THEN least(%s, b.ends_at) ELSE %s END)
            END AS becomes
        FROM l AS b JOIN jsonb_to_recordset(%s::jsonb)
            AS e (source text, earned_on date, activates_on date, ends_at timestamptz)
            ON e.source = b.source AND e.earned_on = b.earned_on
            AND e.activates_on IS NOT DISTINCT FROM b.activates_on)
"""
_MONTHS = """,
    new AS (
        SELECT date_trunc('month', (becomes - interval '1 microsecond') AT TIME ZONE %s)::date
            AS month, count(*) AS lots, sum(points)::bigint AS points,
            count(DISTINCT holder) AS holders
        FROM moved GROUP BY 1),
    old AS (
        SELECT date_trunc('month', (was - interval '1 microsecond') AT TIME ZONE %s)::date
            AS month, count(*) AS lots, sum(points)::bigint AS points
        FROM moved GROUP BY 1)
    SELECT coalesce(new.month, old.month), coalesce(new.lots, 0), coalesce(new.points, 0),
        coalesce(new.holders, 0), coalesce(old.lots, 0), coalesce(old.points, 0)
    FROM new FULL JOIN old
        ON coalesce(new.month, 'infinity') = coalesce(old.month, 'infinity')
    ORDER BY 1
"""
_SHIFTS = """
    SELECT CASE WHEN becomes IS NOT DISTINCT FROM was THEN 'same'
        WHEN coalesce(becomes, 'infinity') < coalesce(was, 'infinity') THEN 'earlier'
        ELSE 'later' END, count(*), sum(points)::bigint, count(DISTINCT holder)
    FROM moved GROUP BY 1 ORDER BY 1
"""
_HOLDERS = """page AS (
        SELECT w.holder FROM ledger.wallet AS w
        WHERE w.asset = %s AND (%s::uuid IS NULL OR w.holder > %s)
            AND w.available + w.pending + w.held > 0
        ORDER BY w.holder LIMIT %s
    ), """
_ON_PAGE = _LEFT.format(
    page=_HOLDERS,
    lots=" AND holder IN (SELECT holder FROM page)",
    holds=" AND h.holder IN (SELECT holder FROM page)",
)
_LOTS = """
    SELECT holder, id, source, earned_on, activates_on, points, ends_at, schedule, notice
    FROM l ORDER BY holder, id
"""
