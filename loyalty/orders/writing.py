"""Writes an order's steps: each is one statement, whatever number of rows it has.

Rows come from `loyalty.orders.rows`; here they only gain who recorded them. The caller holds the
lock of the member's row (or of the guest's order), which is what numbers the events.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    Select,
    Table,
    TableValuedAlias,
    Text,
    bindparam,
    cast,
    column,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.events import Event, numbering
from loyalty.hot import hot
from loyalty.idempotency import Answer, Attempt
from loyalty.orders import rows, tables
from loyalty.orders.aftersales.tables import order_exception
from loyalty.orders.errors import OrderConflict
from loyalty.orders.rows import Row
from loyalty.tables import answer, event, name

ORDER_VOUCHER: Final = ("member", "order_id", "voucher", "voucher_member", "line_nos")
_CAUSE: Final = ("actor", "request_id")


@dataclass(frozen=True, slots=True)
class Placing:
    """The rows of an order that is placed, and the name it is found by."""

    order: Row
    lines: Sequence[Row]
    decision: Row
    name: str
    vouchers: Sequence[Row] = ()
    exempt: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moved:
    """What of an order changes with a step: its state, and when it is paid and held until."""

    id: UUID
    state: str
    paid_at: datetime | None
    hold_until: datetime | None


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A fact that had to be recorded although something was missing, and is to be looked at.

    `locked` says that it locked the wallet.
    """

    id: UUID
    order_id: UUID
    step: UUID
    code: str
    amount: int
    at: datetime
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Steps:
    """The rows of a step of one or several orders of one member."""

    moved: Sequence[Moved] = ()
    shipments: Sequence[Row] = ()
    shipment_lines: Sequence[Row] = ()
    returns: Sequence[Row] = ()
    return_lines: Sequence[Row] = ()
    unmatched: Sequence[Row] = ()
    exceptions: Sequence[Exceeded] = ()


Kept = tuple[Attempt, Answer] | None
"""The answer to keep under its idempotency key together with the rows, if there is one."""


async def write_order(
    connection: AsyncConnection,
    cause: Cause,
    placing: Placing,
    happened: Event,
    kept: Kept = None,
) -> None:
    """Write an order with its lines, decision, name and event.

    Raises `OrderConflict` when the name stands for another order meanwhile.
    """
    one = dict(zip(rows.ORDER, placing.order, strict=True))
    lines = _named(rows.ORDER_LINE, placing.lines)
    for line_no, reason in placing.exempt.items():
        lines[line_no - 1]["exempt"] = reason
    owner = None if one["guest"] else one["member"]
    content = {
        "order": [one],
        "order_line": [{"exempt": ""} | line for line in lines],
        "decision": _named(rows.DECISION, [placing.decision]),
        "order_voucher": _named(ORDER_VOUCHER, placing.vouchers),
        "name": [{"kind": "order", "name": placing.name, "member": owner, "id": one["id"]}],
    }
    (named,) = await _PLACE.one(connection, **_parameters(content, cause, happened, kept))
    if not named:
        raise OrderConflict(
            step="order", field="order_id", seen="another order", wanted="a new order"
        )


async def write_steps(
    connection: AsyncConnection, cause: Cause, steps: Steps, happened: Event, kept: Kept = None
) -> None:
    """Write the rows of a step and its event, and move the orders to the state they are in."""
    content = {
        "moved": [_fields(one) | {"member": happened.member} for one in steps.moved],
        "shipment": _named(rows.SHIPMENT, steps.shipments),
        "shipment_line": _named(rows.SHIPMENT_LINE, steps.shipment_lines),
        "return": _named(rows.RETURN, steps.returns),
        "return_line": _named(rows.RETURN_LINE, steps.return_lines),
        "unmatched_return": _named(rows.UNMATCHED_RETURN, steps.unmatched),
        "order_exception": [_fields(one) | {"member": happened.member} for one in steps.exceptions],
    }
    await _STEP.one(connection, **_parameters(content, cause, happened, kept))


def _named(columns: Sequence[str], written: Sequence[Row]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in written]


def _fields(value: Moved | Exceeded) -> dict[str, Any]:
    return {field: getattr(value, field) for field in value.__slots__}


def _parameters(
    content: Mapping[str, object], cause: Cause, happened: Event, kept: Kept
) -> Mapping[str, object]:
    told = {
        "member": happened.member,
        "id": happened.id,
        "type": happened.type,
        "schema_version": happened.schema_version,
        "effective_at": happened.effective_at,
        "historic": happened.historic or cause.historic,
        "data": happened.data,
    }
    whole = {**content, "event": [told], "answer": [] if kept is None else [_answer(*kept)]}
    written = msgspec.json.encode(whole).decode()
    return {"content": written, "actor": cause.actor, "request_id": cause.request_id}


def _answer(attempt: Attempt, given: Answer) -> Mapping[str, object]:
    return {
        "principal": attempt.principal,
        "operation": attempt.operation,
        "key": attempt.key,
        "fingerprint": f"\\x{attempt.fingerprint.hex()}",
        "status": given.status,
        "body": f"\\x{given.body.hex()}",
        "media_type": given.media_type,
        "location": given.location,
    }


def _given(part: str, columns: Sequence[Column[Any]]) -> TableValuedAlias:
    """The rows of one part of the content, typed like the columns they go to."""
    content = cast(bindparam("content", type_=Text), JSON)
    typed = [column(each.name, each.type) for each in columns]
    recordset = func.json_to_recordset(content.op("->")(literal(part, Text)))
    return recordset.table_valued(*typed, name=f"given_{part}").render_derived(with_types=True)


def _insert(table: Table, *, computed: Mapping[str, ColumnElement[Any]] | None = None) -> CTE:
    """Insert a part's rows as a CTE; the table's own defaults and the cause are added."""
    cause = {each: bindparam(each, type_=Text) for each in _CAUSE if each in table.columns}
    more: dict[str, ColumnElement[Any]] = {**cause, **(computed or {})}
    skipped = {*more, "recorded_at", "settled_at", "position", "recorded_xid", "feed_era"}
    columns = [each for each in table.columns if each.name not in skipped]
    given = _given(table.name, columns)
    values = [given.c[each.name] for each in columns]
    chosen = select(*values, *(value.label(each) for each, value in more.items()))
    return (
        insert(table)
        .from_select([*(each.name for each in columns), *more], chosen)
        .returning(literal(1).label("one"))
        .cte(f"wrote_{table.name}")
    )


def _insert_event() -> CTE:
    numbered = _given("event", [each for each in event.columns if each.name == "member"])
    sequence, feed_xid = numbering(numbered.c.member)
    return _insert(
        event,
        computed={
            "sequence": select(sequence).scalar_subquery(),
            "feed_xid": select(feed_xid).scalar_subquery(),
        },
    )


def _insert_name() -> CTE:
    columns: list[Column[Any]] = [name.c.kind, name.c.name, name.c.member, name.c.id]
    given = _given("name", columns)
    return (
        postgresql.insert(name)
        .from_select([each.name for each in columns], select(*given.c))
        .on_conflict_do_nothing(constraint="name_is_taken_once")
        .returning(name.c.id)
        .cte("wrote_name")
    )


def _move_orders() -> CTE:
    order = tables.order
    columns: list[Column[Any]] = [
        *(order.c.member, order.c.id, order.c.state, order.c.paid_at, order.c.hold_until)
    ]
    given = _given("moved", columns)
    return (
        update(order)
        .where(order.c.member == given.c.member, order.c.id == given.c.id)
        .values(state=given.c.state, paid_at=given.c.paid_at, hold_until=given.c.hold_until)
        .returning(order.c.id)
        .cte("moved")
    )


def _place() -> Select[int]:
    named = _insert_name()
    others = (
        *(_insert(tables.order), _insert(tables.order_line), _insert(tables.decision)),
        *(_insert(tables.order_voucher), _insert_event(), _insert(answer)),
    )
    return select(select(func.count()).select_from(named).scalar_subquery()).add_cte(*others)


def _step() -> Select[int]:
    written = (
        *(_insert(tables.shipment), _insert(tables.shipment_line)),
        *(_insert(tables.return_), _insert(tables.return_line)),
        *(_insert(tables.unmatched_return), _insert(order_exception)),
        *(_insert_event(), _insert(answer)),
    )
    moved = select(func.count()).select_from(_move_orders()).scalar_subquery()
    return select(moved).add_cte(*written)


_PLACE: Final = hot(_place())
_STEP: Final = hot(_step())
