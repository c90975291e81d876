"""The feed: every event once, in an order that holds, up to the oldest transaction still running.

An event's place is (era, transaction, position). The transaction is the one that wrote it, or that
of the member's event before if that is younger, so a member's events follow their sequence; below
the oldest transaction still running nothing can appear any more, so nothing is skipped. Ids of
transactions only compare within one database cluster: a restore into another begins a new era.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Integer,
    Row,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.events import FEED_ERA, FEED_XID
from loyalty.outbox.errors import FeedCursorLost, FeedCursorMalformed
from loyalty.outbox.tables import feed_cluster
from loyalty.schema import Xid8
from loyalty.tables import event

_PARTS: Final = 4


class Place(NamedTuple):
    """Where an event stands in the feed."""

    era: int
    xid: str
    position: int


BEGINNING: Final = Place(0, "0", 0)


@dataclass(frozen=True, slots=True)
class Told:
    """An event as the feed tells it."""

    id: UUID
    type: str
    schema_version: int
    member: UUID
    sequence: int
    effective_at: datetime
    recorded_at: datetime
    actor: str
    request_id: str
    historic: bool
    data: Mapping[str, Any]
    place: Place


@dataclass(frozen=True, slots=True)
class Feed:
    """A part of the feed.

    `more` says whether there is another one already, and `end` is the place up to which this part
    is complete: nothing that this reader asked for can appear at or before it any more.
    """

    events: Sequence[Told]
    more: bool
    end: Place


async def read_feed(connection: AsyncConnection, *, after: Place = BEGINNING, limit: int) -> Feed:
    """Return the events after a place, all of them settled for good."""
    return await _read(connection, _EVENTS, after, limit, {})


async def read_news(
    connection: AsyncConnection, *, after: Place, types: Sequence[str], limit: int
) -> Feed:
    """Return the events of some types after a place, without those of an imported history."""
    return await _read(connection, _NEWS, after, limit, {"types": list(types)})


async def find_place(connection: AsyncConnection, cursor: str) -> Place:
    """Return the place that a cursor stands on, having seen that its event is there."""
    place, id_ = _read_cursor(cursor)
    values = {"era": place.era, "xid": place.xid, "position": place.position}
    if await connection.scalar(_STANDING, values) != id_:
        raise FeedCursorLost(pointer="/query/after")
    return place


async def is_in_its_cluster(connection: AsyncConnection) -> bool:
    """Whether the era that events are given is that of the cluster the database lives in."""
    known = (
        select(feed_cluster.c.cluster)
        .where(feed_cluster.c.era == func.loyalty.feed_era())
        .scalar_subquery()
    )
    here = select(literal_column("system_identifier", BigInteger)).select_from(
        func.pg_control_system()
    )
    return bool(await connection.scalar(select(known == here.scalar_subquery())))


def cursor_of(told: Told) -> str:
    """Return the cursor that goes on after an event; it never grows old."""
    text = f"{told.place.era}.{told.place.xid}.{told.place.position}.{told.id.hex}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[Place, UUID]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        parts = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii").split(".")
        if len(parts) != _PARTS or not all(part.isascii() and part.isdigit() for part in parts[:3]):
            raise FeedCursorMalformed(pointer="/query/after")
        place = Place(int(parts[0]), parts[1], int(parts[2]))
        if place.era >= 1 << 31 or int(place.xid) >= 1 << 63 or place.position >= 1 << 63:
            raise FeedCursorMalformed(pointer="/query/after")
        return place, UUID(hex=parts[3])
    except (binascii.Error, ValueError):
        raise FeedCursorMalformed(pointer="/query/after") from None


async def _read(
    connection: AsyncConnection,
    asked: Select[*tuple[Any, ...]],
    after: Place,
    limit: int,
    more: Mapping[str, object],
) -> Feed:
    era, xid = (await connection.execute(_HORIZON)).one()
    values = {
        "era": after.era,
        "xid": after.xid,
        "position": after.position,
        "end_era": era,
        "end_xid": xid,
        "limit": limit + 1,
    }
    rows = (await connection.execute(asked, {**values, **more})).all()
    found = [_told(row) for row in rows[:limit]]
    if len(rows) > limit:
        return Feed(found, more=True, end=found[-1].place)
    return Feed(found, more=False, end=max(after, Place(era, xid, 0), key=_in_order))


def _in_order(place: Place) -> tuple[int, int, int]:
    return place.era, int(place.xid), place.position


def _told(row: Row[*tuple[Any, ...]]) -> Told:
    values = row._asdict()
    place = Place(values.pop("era"), values.pop("xid"), values.pop("position"))
    return Told(**values, place=place)


def _place() -> ColumnElement[Any]:
    return tuple_(FEED_ERA, FEED_XID, event.c.position)


def _given(prefix: str = "") -> ColumnElement[Any]:
    position = bindparam("position", type_=BigInteger)
    return tuple_(
        bindparam(f"{prefix}era", type_=Integer),
        cast(bindparam(f"{prefix}xid", type_=Text), Xid8()),
        literal(0, BigInteger) if prefix else position,
    )


def _events(*wanted: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            *(event.c.id, event.c.type, event.c.schema_version, event.c.member),
            *(event.c.sequence, event.c.effective_at, event.c.recorded_at),
            *(event.c.actor, event.c.request_id, event.c.historic, event.c.data),
            *(FEED_ERA.label("era"), cast(FEED_XID, Text).label("xid"), event.c.position),
        )
        .where(_place() > _given(), _place() < _given("end_"), *wanted)
        .order_by(FEED_ERA, FEED_XID, event.c.position)
        .limit(bindparam("limit", type_=Integer))
    )


#: Below this every transaction of this cluster has ended.
_HORIZON: Final = select(
    func.loyalty.feed_era(type_=Integer),
    cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), Text),
)
_EVENTS: Final = _events()
_NEWS: Final = _events(
    event.c.historic.is_(False), event.c.type == func.any(bindparam("types", type_=ARRAY(Text)))
)
_STANDING: Final = select(event.c.id).where(_place() == _given())
