"""What is known already of the members, orders and returns of one bucket.

Members are locked before anything about them is read, in the order of their ids.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Table,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    lateral,
    literal,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Row as SqlRow
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.events import numbering
from loyalty.history.assembly import HistoricOrder
from loyalty.hot import hot
from loyalty.members import Marks, Member, marks_json, read_marks
from loyalty.members.store import read_member
from loyalty.names import MEMBER, ORDER, Name
from loyalty.orders.facts import Earlier
from loyalty.orders.past import LineMarks
from loyalty.orders.tables import order, order_line, return_, return_line, unmatched_return
from loyalty.orders.types import OrderState
from loyalty.tables import member, name, profile


@dataclass(frozen=True, slots=True)
class KnownMember:
    """A member who is here already, with their orders so far, and where their feed goes on."""

    member: Member
    birthday: tuple[int, int] | None
    birthday_entered_on: date | None
    earlier: Earlier
    last_order_at: datetime | None
    marks: Marks
    events: int
    feed_xid: str


KnownLine = tuple[str, str, int, int, LineMarks | None]
"""SKU, category, quantity, money, and what was said of the product."""


@dataclass(frozen=True, slots=True)
class KnownReturn:
    """A return recorded under a name, over all orders it took something back of."""

    at: datetime
    quantity: int
    amount: int


@dataclass(slots=True)
class Known:
    """What is known of a bucket: by the shop's ids."""

    members: dict[str, KnownMember] = field(default_factory=dict)
    orders: dict[str, Name] = field(default_factory=dict)
    returns: dict[tuple[UUID, str], KnownReturn] = field(default_factory=dict)


async def find_known(
    connection: AsyncConnection, orders: Mapping[str, Sequence[HistoricOrder]]
) -> Known:
    """Look up what is known of members, orders and named orders, and lock the members."""
    everything = [each for found in orders.values() for each in found]
    named = {each.order_id for each in everything if each.kind == "sale"}
    named.update(each.returns_order_id for each in everything if each.returns_order_id)
    known = Known()
    known.orders = await find_names(connection, ORDER, sorted(named))
    names = await find_names(connection, MEMBER, sorted(filter(None, orders)))
    if names:
        known.members = await _lock_members(connection, names)
    owners = {each.member.id for each in known.members.values()}
    owners.update(each.id for each in known.orders.values() if each.member is None)
    if owners:
        known.returns = await _find_returns(connection, sorted(owners))
    return known


async def find_names(
    connection: AsyncConnection, kind: str, texts: Sequence[str]
) -> dict[str, Name]:
    """What these names of one kind stand for."""
    if not texts:
        return {}
    rows = await _NAMES.all(connection, kind=kind, texts=list(texts))
    return {text: Name(kind, text, whose, one) for text, whose, one in rows}


async def find_lines(
    connection: AsyncConnection, orders: Iterable[Name]
) -> dict[UUID, tuple[datetime, dict[str, KnownLine]]]:
    """When known orders were placed, and their lines."""
    wanted = list(orders)
    owners = sorted({each.member or each.id for each in wanted})
    ids = [each.id for each in wanted]
    found: dict[UUID, tuple[datetime, dict[str, KnownLine]]] = {}
    for one, placed_at in await _PLACED.all(connection, owners=owners, ids=ids):
        found[one] = (placed_at, {})
    rows = await _LINES.all(connection, owners=owners, ids=ids)
    for one, line_id, sku, category, quantity, total, brand, tags in rows:
        marks = (brand or "", tuple(tags or ())) if brand or tags else None
        found[one][1][line_id] = (sku, category, quantity, total, marks)
    return found


async def _lock_members(
    connection: AsyncConnection, names: Mapping[str, Name]
) -> dict[str, KnownMember]:
    ids = sorted(each.id for each in names.values())
    wanted = member.c.id.in_(ids)
    await connection.execute(
        select(member.c.id).where(wanted).order_by(member.c.id).with_for_update(key_share=True)
    )
    following, feed_xid = numbering(member.c.id)
    stands = order.c.state != OrderState.CANCELLED.value
    placed = lateral(
        select(
            func.count().filter(stands).label("orders"),
            func.max(order.c.placed_at).label("last_order_at"),
            func.max(order.c.placed_on).filter(stands).label("last_ordered_on"),
        ).where(order.c.member == member.c.id)
    ).alias("placed")
    rows = await connection.execute(
        select(
            member,
            profile.c.birth_month,
            profile.c.birth_day,
            profile.c.birthday_changed_on,
            placed.c.orders,
            placed.c.last_order_at,
            placed.c.last_ordered_on,
            marks_json(member.c.id).label("marks"),
            (following - 1).label("events"),
            cast(feed_xid, Text).label("feed_xid"),
        )
        .select_from(
            member.outerjoin(profile, profile.c.member == member.c.id).join(placed, true())
        )
        .where(wanted)
    )
    found = {row.id: _known_member(row) for row in rows}
    return {text: found[each.id] for text, each in names.items() if each.id in found}


def _known_member(row: SqlRow[*tuple[Any, ...]]) -> KnownMember:
    born = None if row.birth_month is None else (row.birth_month, row.birth_day)
    return KnownMember(
        member=read_member(row),
        birthday=born,
        birthday_entered_on=row.birthday_changed_on,
        earlier=Earlier(row.orders, row.last_ordered_on),
        last_order_at=row.last_order_at,
        marks=read_marks(row.marks),
        events=row.events,
        feed_xid=row.feed_xid,
    )


async def _find_returns(
    connection: AsyncConnection, owners: Sequence[UUID]
) -> dict[tuple[UUID, str], KnownReturn]:
    found: dict[tuple[UUID, str], KnownReturn] = {}
    for statement in (_RETURNS, _UNMATCHED):
        rows = await statement.all(connection, owners=list(owners))
        for whose, text, at, quantity, amount in rows:
            before = found.get((whose, text), KnownReturn(at, 0, 0))
            found[whose, text] = KnownReturn(at, before.quantity + quantity, before.amount + amount)
    return found


_TEXTS: Final = bindparam("texts", type_=ARRAY(Text))
_KIND: Final = bindparam("kind", type_=Text)
_OWNERS: Final = bindparam("owners", type_=ARRAY(Uuid))
_IDS: Final = bindparam("ids", type_=ARRAY(Uuid))

_NAMES: Final = hot(
    select(name.c.name, name.c.member, name.c.id).where(
        name.c.kind == _KIND, name.c.name == func.any(_TEXTS)
    )
)
_PLACED: Final = hot(
    select(order.c.id, order.c.placed_at).where(
        order.c.member == func.any(_OWNERS), order.c.id == func.any(_IDS)
    )
)
_LINES: Final = hot(
    select(
        *(order_line.c.order_id, order_line.c.line_id, order_line.c.sku, order_line.c.category),
        *(order_line.c.quantity, order_line.c.total, order_line.c.brand, order_line.c.tags),
    ).where(order_line.c.member == func.any(_OWNERS), order_line.c.order_id == func.any(_IDS))
)


def _sums(table: Table) -> tuple[ColumnElement[int], ColumnElement[int]]:
    amount = table.c.total if "total" in table.c else table.c.amount
    return _sum(table.c.quantity), _sum(amount)


def _sum(column: ColumnElement[int]) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(column), literal(0, BigInteger)), BigInteger)


_RETURNS: Final = hot(
    select(return_.c.member, return_.c.name, func.min(return_.c.at), *_sums(return_line))
    .select_from(
        return_.outerjoin(
            return_line,
            (return_line.c.member == return_.c.member)
            & (return_line.c.order_id == return_.c.order_id)
            & (return_line.c.return_id == return_.c.id),
        )
    )
    .where(return_.c.member == func.any(_OWNERS))
    .group_by(return_.c.member, return_.c.name)
)
_UNMATCHED: Final = hot(
    select(
        unmatched_return.c.member,
        unmatched_return.c.name,
        func.min(unmatched_return.c.at),
        *_sums(unmatched_return),
    )
    .where(unmatched_return.c.member == func.any(_OWNERS))
    .group_by(unmatched_return.c.member, unmatched_return.c.name)
)
