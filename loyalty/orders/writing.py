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
    BigInteger,
    Column,
    ColumnElement,
    Select,
    Table,
    TableValuedAlias,
    Text,
    Uuid,
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
from sqlalchemy.dialects.postgresql import JSON, JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import (
    Decision,
    Use,
    decision_text,
    demand_uses,
    facts_document,
    settled_content,
    settling,
    taking,
)
from loyalty.cause import Cause
from loyalty.events import Event, numbering
from loyalty.hot import hot
from loyalty.idempotency import Answer, Attempt
from loyalty.orders import rows, tables
from loyalty.orders.aftersales.tables import delivery, order_claim, order_exception, order_exchange
from loyalty.orders.errors import OrderConflict
from loyalty.orders.rows import Row
from loyalty.tables import answer, event, name

ORDER_VOUCHER: Final = ("member", "order_id", "voucher", "voucher_member", "line_nos")
DELIVERY: Final = ("member", "order_id", "shipment", "delivered_at")
EXCHANGE: Final = ("member", "order_id", "return_id", "replacement")
_CAUSE: Final = ("actor", "request_id")


@dataclass(frozen=True, slots=True)
class Placing:
    """The rows of an order that is placed, and the name it is found by.

    `exchange` names the return that was made together with it.
    """

    order: Row
    lines: Sequence[Row]
    decision: Row
    name: str
    vouchers: Sequence[Row] = ()
    uses: Mapping[str, object] | None = None
    exempt: Mapping[int, str] = field(default_factory=dict)
    gifts: Mapping[int, int] = field(default_factory=dict)
    exchange: Row | None = None


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
    uses: Sequence[Use] = ()
    """What is taken of counters and stands otherwise after the step."""
    deliveries: Sequence[Row] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A guest's order that becomes a member's: by which proof, and what is otherwise then.

    `steps` is how many there were when it was read: the claim is run anew where there are more.
    """

    order: UUID
    member: UUID
    proof: str
    at: datetime
    answer: Decision
    steps: int
    changes: Mapping[str, object]


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
    lines = _named(rows.MARKED_LINE, placing.lines)
    for line_no, reason in placing.exempt.items():
        lines[line_no - 1]["exempt"] = reason
    for line_no, gift_with in placing.gifts.items():
        lines[line_no - 1]["gift_with"] = gift_with
    owner = None if one["guest"] else one["member"]
    content: dict[str, object] = {
        "order": [one],
        "order_line": [{"exempt": ""} | line for line in lines],
        "decision": _named(rows.DECISION, [placing.decision]),
        "order_voucher": _named(ORDER_VOUCHER, placing.vouchers),
        "name": [{"kind": "order", "name": placing.name, "member": owner, "id": one["id"]}],
    }
    if placing.uses is not None:
        content["uses"] = placing.uses
    statement = _PLACE
    if placing.exchange is not None:
        content["order_exchange"] = _named(EXCHANGE, [placing.exchange])
        statement = _EXCHANGE
    named, refused = await statement.one(connection, **_parameters(content, cause, happened, kept))
    demand_uses(refused)
    if not named:
        raise OrderConflict(
            step="order", field="order_id", seen="another order", wanted="a new order"
        )


async def write_steps(
    connection: AsyncConnection, cause: Cause, steps: Steps, happened: Event, kept: Kept = None
) -> None:
    """Write the rows of a step and its event, and move the orders to the state they are in."""
    content: dict[str, object] = {
        "moved": [_fields(one) | {"member": happened.member} for one in steps.moved],
        "shipment": _named(rows.SHIPMENT, steps.shipments),
        "shipment_line": _named(rows.SHIPMENT_LINE, steps.shipment_lines),
        "return": _named(rows.RETURN, steps.returns),
        "return_line": _named(rows.RETURN_LINE, steps.return_lines),
        "unmatched_return": _named(rows.UNMATCHED_RETURN, steps.unmatched),
        "order_exception": [_fields(one) | {"member": happened.member} for one in steps.exceptions],
    }
    if steps.uses:
        content["uses"] = settled_content(steps.uses)
    statement = _STEP
    if steps.deliveries:
        content["delivery"] = _named(DELIVERY, steps.deliveries)
        statement = _DELIVER
    await statement.one(connection, **_parameters(content, cause, happened, kept))


async def write_claim(
    connection: AsyncConnection, cause: Cause, claim: Claim, happened: Event, kept: Kept = None
) -> None:
    """Move a guest's order to its member, with the claim and its event."""
    row = {
        "member": claim.member,
        "order_id": claim.order,
        "proof": claim.proof,
        "claimed_at": claim.at,
        "rule_set": claim.answer.rule_set,
        "revision": claim.answer.revision,
        "facts": facts_document(claim.answer.question.facts),
        "document": decision_text(claim.answer),
    }
    parameters = _parameters({"order_claim": [row]}, cause, happened, kept)
    await _CLAIM.one(
        connection,
        **parameters,
        claimed=claim.order,
        claimant=claim.member,
        steps=claim.steps,
        changed=msgspec.json.encode(claim.changes).decode(),
    )


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


def _place(*more: Table) -> Select[int, Any]:
    named = _insert_name()
    others = (
        *(_insert(tables.order), _insert(tables.order_line), _insert(tables.decision)),
        *(_insert(tables.order_voucher), _insert_event(), _insert(answer)),
        *(_insert(table) for table in more),
    )
    count = select(func.count()).select_from(named).scalar_subquery()
    return select(count, taking(_PART)).add_cte(*others)


def _step(*more: Table) -> Select[int, Any]:
    written = (
        *(_insert(tables.shipment), _insert(tables.shipment_line)),
        *(_insert(tables.return_), _insert(tables.return_line)),
        *(_insert(tables.unmatched_return), _insert(order_exception)),
        *(_insert_event(), _insert(answer)),
        *(_insert(table) for table in more),
    )
    moved = select(func.count()).select_from(_move_orders()).scalar_subquery()
    return select(moved, settling(_PART)).add_cte(*written)


#: What is taken of counters; the statement's last part, and nothing where there is nothing.
_PART: Final = cast(bindparam("content", type_=Text), JSON).op("->")(literal("uses", Text))
_PLACE: Final = hot(_place())
_EXCHANGE: Final = hot(_place(order_exchange))
_STEP: Final = hot(_step())
_DELIVER: Final = hot(_step(delivery))
_CLAIM: Final = hot(
    select(
        func.loyalty.claim_order(
            bindparam("claimed", type_=Uuid),
            bindparam("claimant", type_=Uuid),
            bindparam("steps", type_=BigInteger),
            cast(bindparam("changed", type_=Text), JSONB),
        )
    ).add_cte(_insert(order_claim), _insert_event(), _insert(answer))
)
