"""Reads orders back as values: one for a step, and the lists that pages show.

An order comes with its lines, shipments and returns in one statement; where it stands follows from
them. Reads lock nothing: a step locks the member's row in an earlier statement.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    ScalarSelect,
    Select,
    Table,
    Uuid,
    bindparam,
    false,
    func,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSON, aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import Use, read_uses, uses_json, vouchers_stored
from loyalty.hot import hot
from loyalty.members import Ref, UnknownOrder
from loyalty.names import ORDER, find_name
from loyalty.orders.figures import Figures
from loyalty.orders.granted import Granted, granted_from
from loyalty.orders.rows import FIGURES
from loyalty.orders.tables import (
    decision,
    order,
    order_grant,
    order_line,
    order_voucher,
    return_,
    return_line,
    shipment,
    shipment_line,
)
from loyalty.orders.types import (
    History,
    Line,
    Order,
    PricedBy,
    Return,
    ReturnedLine,
    ReturnKind,
    Shipment,
    ShipmentKind,
    ShippedLine,
)

Stored = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UsedVoucher:
    """A voucher that an order used, and the lines that it discounted."""

    member: UUID
    id: UUID
    line_nos: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """An order as stored: its history, the vouchers it used, and what was decided."""

    history: History
    vouchers: tuple[UsedVoucher, ...]
    decision: str
    uses: tuple[Use, ...] = ()
    """What it took of limits, budgets and remainders."""
    granted: tuple[Granted, ...] = ()
    """The vouchers that the member got for it."""

    @property
    def order(self) -> Order:
        """The order as placed."""
        return self.history.order


async def find_order(connection: AsyncConnection, order_id: UUID) -> Found | None:
    """Return the order with everything that happened to it."""
    row = await _FIND.first(connection, order=order_id)
    return None if row is None else read_found(row[0])


async def find_order_by(connection: AsyncConnection, ref: Ref) -> Found:
    """Return the order that a reference names; raises `UnknownOrder`."""
    order_id = ref.id
    if ref.external is not None:
        named = await find_name(connection, ORDER, ref.external)
        order_id = None if named is None else named.id
    found = None if order_id is None else await find_order(connection, order_id)
    if found is None:
        raise UnknownOrder(seen=ref.text[:80])
    return found


def history_json(member: ColumnElement[UUID], order_id: ColumnElement[UUID]) -> ScalarSelect[Any]:
    """Publish one order as a scalar JSON value for `read_found`, to be joined."""
    return _one(member, order_id).scalar_subquery()


def read_found(stored: Stored) -> Found:
    """Build the order from the JSON that `history_json` selects."""
    parts = _by(stored["shipment_lines"], "shipment")
    returned = _by(stored["return_lines"], "return_id")
    lines = tuple(_line(one) for one in stored["lines"])
    history = History(
        _order(stored["order"], lines),
        tuple(_shipment(one, parts.get(one["id"], ())) for one in stored["shipments"]),
        tuple(_return(one, returned.get(one["id"], ())) for one in stored["returns"]),
    )
    vouchers = tuple(
        UsedVoucher(UUID(one["voucher_member"]), UUID(one["voucher"]), tuple(one["line_nos"]))
        for one in stored["vouchers"]
    )
    granted = tuple(granted_from(one) for one in stored["granted"] or ())
    return Found(history, vouchers, stored["decision"] or "", read_uses(stored["uses"]), granted)


def _order(row: Stored, lines: tuple[Line, ...]) -> Order:
    return Order(
        member=UUID(row["member"]),
        id=UUID(row["id"]),
        placed_at=_instant(row["placed_at"]),
        placed_on=date.fromisoformat(row["placed_on"]),
        currency=row["currency"],
        lines=lines,
        guest=row["guest"],
        priced_by=PricedBy(row["priced_by"]),
        channel=row["channel"],
        country=row["country"],
        prices_include_tax=row["prices_include_tax"],
        shipping_method=row["shipping_method"],
        shipping_regular=row["shipping_regular"],
        shipping_total=row["shipping_total"],
        shipping_points=row["shipping_points"],
        shipping_points_value=row["shipping_points_value"],
        rule_set=row["rule_set"],
        policy=row["policy"],
        tier=row["tier"],
        plan=row["plan"],
        hold_until=_instant_or_none(row["hold_until"]),
        paid_at=_instant_or_none(row["paid_at"]),
    )


def _line(row: Stored) -> Line:
    return Line(
        line_no=row["line_no"],
        line_id=row["line_id"],
        sku=row["sku"],
        category=row["category"],
        quantity=row["quantity"],
        figures=_figures(row),
        qualifies=row["qualifies"],
        gift_with=row["gift_with"],
        brand=row["brand"] or "",
        tags=tuple(row["tags"] or ()),
    )


def _shipment(row: Stored, lines: Sequence[Stored]) -> Shipment:
    return Shipment(
        id=UUID(row["id"]),
        name=row["name"],
        kind=ShipmentKind(row["kind"]),
        at=_instant(row["at"]),
        on=date.fromisoformat(row["on"]),
        whole=row["whole"],
        figures=_figures(row),
        purchases=row["purchases"],
        shipping_points=row["shipping_points"],
        activates_at=_instant_or_none(row["activates_at"]),
        expires_at=_instant_or_none(row["expires_at"]),
        lines=tuple(
            ShippedLine(one["line_no"], one["quantity"], _figures(one), one["by_amount"])
            for one in lines
        ),
        asked=row["asked"],
    )


def _return(row: Stored, lines: Sequence[Stored]) -> Return:
    return Return(
        id=UUID(row["id"]),
        name=row["name"],
        at=_instant(row["at"]),
        on=date.fromisoformat(row["on"]),
        reason=row["reason"],
        shipping=row["shipping"],
        shipping_points=row["shipping_points"],
        lines=tuple(
            ReturnedLine(one["line_no"], one["quantity"], _figures(one), one["refunded"])
            for one in lines
        ),
        matched=row["matched"],
        asked=row["asked"],
        kind=ReturnKind(row["kind"]),
    )


def _figures(row: Stored) -> Figures:
    return Figures(*(row[name] for name in FIGURES))


def _by(stored: Sequence[Stored], key: str) -> dict[str, list[Stored]]:
    found: dict[str, list[Stored]] = {}
    for one in stored:
        found.setdefault(one[key], []).append(one)
    return found


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _instant_or_none(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _one(member: ColumnElement[UUID], order_id: ColumnElement[UUID]) -> Select[Any]:
    one = order.alias("one")
    parts = {
        "lines": (order_line, ("line_no",)),
        "shipments": (shipment, ("recorded_at", "id")),
        "shipment_lines": (shipment_line, ("shipment", "line_no")),
        "returns": (return_, ("recorded_at", "id")),
        "return_lines": (return_line, ("return_id", "line_no")),
        "vouchers": (order_voucher, ("voucher",)),
    }
    fields: list[Any] = ["order", func.row_to_json(one.table_valued())]
    for name, (table, ordered) in parts.items():
        fields += [name, _all(table, ordered, one)]
    decided = (
        select(decision.c.document)
        .where(decision.c.member == one.c.member, decision.c.order_id == one.c.id)
        .scalar_subquery()
    )
    taken = uses_json(one.c.member, one.c.id)
    fields += ["decision", decided, "uses", taken, "granted", _granted_json(one)]
    whole = func.json_build_object(*fields, type_=JSON)
    return select(whole).where(one.c.member == member, one.c.id == order_id)


def _granted_json(one: FromClause) -> ColumnElement[Any]:
    """The vouchers that came with the order, as they stand; one may have passed on to another."""
    each, stored = order_grant.alias("each_grant"), vouchers_stored().subquery("stored_grant")
    whole = (
        select(
            func.coalesce(func.sum(stored.c.uses_reserved + stored.c.uses_redeemed), 0).label(
                "used"
            ),
            func.coalesce(func.bool_and(stored.c.voided_at.is_not(None)), false()).label("void"),
            func.max(stored.c.expires_at).label("expires_at"),
        )
        .where(stored.c.id == each.c.voucher)
        .lateral("stands")
    )
    own = ("voucher", "code", "definition", "rule")
    fields: list[Any] = [part for name in own for part in (name, each.c[name])]
    fields += ["version", each.c.rule_version]
    fields += [part for name in ("used", "void", "expires_at") for part in (name, whole.c[name])]
    row = aggregate_order_by(func.json_build_object(*fields), each.c.voucher)
    return (
        select(func.json_agg(row))
        .select_from(each.join(whole, true()))
        .where(each.c.member == one.c.member, each.c.order_id == one.c.id)
        .scalar_subquery()
    )


def _all(table: Table, ordered: Sequence[str], one: FromClause) -> ColumnElement[Any]:
    """All rows of a table that belong to the order, as one JSON array in their order."""
    each = table.alias(f"each_{table.name}")
    row = aggregate_order_by(func.row_to_json(each.table_valued()), *(each.c[n] for n in ordered))
    gathered = (
        select(func.json_agg(row))
        .where(each.c.member == one.c.member, each.c.order_id == one.c.id)
        .scalar_subquery()
    )
    return func.coalesce(gathered, func.json_build_array())


_ID: Final = bindparam("order", type_=Uuid)
_WHOSE: Final = select(order.c.member).where(order.c.id == _ID).scalar_subquery()
_FIND: Final = hot(_one(_WHOSE, _ID))
