"""The statements that write an order's steps: one each, whatever number of rows it has.

All parts of a step travel as one JSON document and are inserted by CTEs of one statement; what is
taken of counters and which vouchers come or go are functions of it. Compiled once.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    CTE,
    BigInteger,
    Column,
    ColumnElement,
    Integer,
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

from benefits import claiming_uses, settling, taking
from loyalty.events import numbering
from loyalty.hot import hot
from loyalty.orders import tables
from loyalty.orders.aftersales.tables import delivery, order_claim, order_exception, order_exchange
from loyalty.rule_costs.tables import order_rule
from loyalty.schema import Instant
from loyalty.tables import answer, event, name

_CAUSE: Final = ("actor", "request_id")


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
    """Insert a step's events, all of one member, numbered in their turn."""
    told = ("member", "id", "type", "schema_version", "effective_at", "historic", "data")
    turn: Column[int] = Column("turn", Integer)
    given = _given("event", [*(event.c[each] for each in told), turn])
    sequence, feed_xid = numbering(given.c.member)
    more = {each: bindparam(each, type_=Text) for each in _CAUSE}
    chosen = select(
        *(given.c[each] for each in told), sequence + given.c.turn, feed_xid, *more.values()
    )
    return (
        insert(event)
        .from_select([*told, "sequence", "feed_xid", *more], chosen)
        .returning(literal(1).label("one"))
        .cte("wrote_event")
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
        *(_insert(tables.order_voucher), _insert(order_rule), _insert_event(), _insert(answer)),
        *(_insert(table) for table in more),
    )
    count = select(func.count()).select_from(named).scalar_subquery()
    return select(count, taking(_PART)).add_cte(*others)


def _vouchers() -> Select[*tuple[Any, ...]]:
    """A step with which vouchers come or go: how many codes were free, and what became of each."""
    named = _insert_name()
    content = cast(bindparam("content", type_=Text), JSON)
    new = content.op("->")(literal("vouchers", Text))
    at = cast(new.op("->>")(literal("at", Text)), Instant)
    issued = func.benefits.issue_vouchers(cast(new.op("->")(literal("items", Text)), JSONB), at)
    outcomes = issued.table_valued(column("voucher", Uuid), column("code", Text), name="issued")
    codes = select(func.coalesce(func.json_agg(outcomes.c.code), func.json_build_array()))
    gone = func.benefits.withdraw_vouchers(
        cast(content.op("->")(literal("withdrawn", Text)), JSONB)
    )
    free = select(func.count()).select_from(named).scalar_subquery()
    return _step(tables.order_grant).add_columns(free, codes.scalar_subquery(), gone)


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
PLACE: Final = hot(_place())
EXCHANGE: Final = hot(_place(order_exchange))
STEP: Final = hot(_step())
DELIVER: Final = hot(_step(delivery))
VOUCHERS: Final = hot(_vouchers())
_CLAIMED: Final = bindparam("claimed", type_=Uuid)
_CLAIMANT: Final = bindparam("claimant", type_=Uuid)
CLAIM: Final = hot(
    select(
        func.loyalty.claim_order(
            _CLAIMED,
            _CLAIMANT,
            bindparam("steps", type_=BigInteger),
            cast(bindparam("changed", type_=Text), JSONB),
        ),
        claiming_uses(_CLAIMED, _CLAIMANT),
    ).add_cte(_insert(order_claim), _insert_event(), _insert(answer))
)
