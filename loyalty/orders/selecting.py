"""Past orders and their lines as rules are read over them: one scan, whatever a rule asks.

Facts are those that the decision of an order keeps: as they were when it was placed, whether the
API placed it or history brought it along. What a rule would have given is the evaluator's to say.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    Text,
    and_,
    cast,
    false,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH

from benefits import RuleReading, RuleSet, lines_summed, rule_reading, sum_columns
from loyalty.orders.tables import decision, order, order_line
from loyalty.orders.types import OrderState


@dataclass(frozen=True, slots=True)
class PastMatches:
    """The past orders that a rule may concern, and the lines of them that its effects work on.

    `orders` selects member and order, `lines` line numbers beside them; where it is not `exact`
    they are more than those whose conditions hold.
    """

    orders: Select[UUID, UUID]
    lines: Select[UUID, UUID, int]
    exact: bool


def past_matches(
    rule_set: RuleSet, rule: str, *, since: datetime | None = None, until: datetime | None = None
) -> PastMatches:
    """Find what a rule of a set may concern among the orders placed in `[since, until)`.

    Cancelled orders are none. Schedule, vouchers, limits and groups are not looked at.
    """
    reading = rule_reading(rule_set, rule)
    past = _past(reading, _placed(since, until), narrow=since is not None or until is not None)
    sums = {each: past.c[f"sum_{number}"] for number, each in enumerate(reading.sums)}
    selection = reading.selection(_facts(past, reading.facts), sums)
    found = select(past.c.member, past.c.order_id).where(selection.test)
    return PastMatches(found, _lines(reading, found), selection.exact)


def _past(reading: RuleReading, placed: ColumnElement[bool], *, narrow: bool) -> Subquery:
    """The orders with what the rule asks of them, joined before anything is asked.

    A planner that guesses how few orders would pass looks for their lines one by one; what is
    behind an offset it joins as a whole. An order has its id alone, so that is what is joined by.
    """
    joined: FromClause = order
    wanted: list[ColumnElement[Any]] = [order.c.channel, order.c.country, order.c.shipping_method]
    if reading.facts & _DECIDED:
        joined = joined.join(decision, decision.c.order_id == order.c.id)
        wanted.append(decision.c.facts)
    if "voucher-codes" in reading.facts:
        wanted.append(decision.c.document)
    sums = _sums(reading, placed, narrow=narrow)
    if sums is not None:
        joined = joined.outerjoin(sums, sums.c.order_id == order.c.id)
        wanted += list(sums.c)[1:]
    return (
        select(order.c.member, order.c.id.label("order_id"), *wanted)
        .select_from(joined)
        .where(placed)
        .offset(0)
        .subquery("past")
    )


def _placed(since: datetime | None, until: datetime | None) -> ColumnElement[bool]:
    bounds = [order.c.state != OrderState.CANCELLED.value]
    if since is not None:
        bounds.append(order.c.placed_at >= since)
    if until is not None:
        bounds.append(order.c.placed_at < until)
    return and_(*bounds)


def _sums(reading: RuleReading, placed: ColumnElement[bool], *, narrow: bool) -> Subquery | None:
    """What the lines of each order come to, looking only at lines that are summed."""
    if not reading.sums:
        return None
    whose = order_line.c.order_id
    found = select(whose, *sum_columns(reading.sums, LINES)).group_by(whose)
    if narrow:
        found = found.where(whose.in_(select(order.c.id).where(placed)))
    return found.where(lines_summed(reading.sums, LINES)).subquery("sums")


def _lines(reading: RuleReading, orders: Select[UUID, UUID]) -> Select[UUID, UUID, int]:
    matched = orders.subquery("matched")
    of = and_(order_line.c.member == matched.c.member, order_line.c.order_id == matched.c.order_id)
    return (
        select(order_line.c.member, order_line.c.order_id, order_line.c.line_no)
        .join(matched, of)
        .where(reading.lines(LINES))
    )


def _facts(past: Subquery, asked: frozenset[str]) -> Mapping[str, ColumnElement[Any]]:
    return {name: FACTS[name](past) for name in asked}


Fact = Callable[[Subquery], ColumnElement[Any]]


def _said(name: str) -> Fact:
    return lambda past: past.c.facts.op("->>", return_type=Text())(literal(name, Text))


def _set(name: str) -> Fact:
    return lambda past: past.c.facts.op("->", return_type=JSONB())(literal(name, Text))


def _number(name: str) -> Fact:
    return lambda past: cast(_said(name)(past), BigInteger)


def _column(name: str) -> Fact:
    return lambda past: past.c[name]


def _codes(past: Subquery) -> ColumnElement[Any]:
    """The codes presented stand in the question that was decided; a shop's prices have none."""
    where = cast("$.question.vouchers[*].code", JSONPATH)
    return func.jsonb_path_query_array(cast(past.c.document, JSONB), where, type_=JSONB)


FACTS: Final[Mapping[str, Fact]] = {
    "member": lambda past: func.coalesce(cast(_said("member")(past), Boolean), false()),
    "tier": _said("tier"),
    "plan": _said("plan"),
    "plan-state": _said("plan_state"),
    "days-since-plan": _number("days_since_plan"),
    "class": _said("member_class"),
    "days-since-joining": _number("days_since_joining"),
    "birthday": _set("birthday"),
    "tags": _set("tags"),
    "lists": _set("lists"),
    "first-order": lambda past: _number("order_count")(past) == 0,
    "order-count": _number("order_count"),
    "days-since-last-order": _number("days_since_last_order"),
    "channel": _column("channel"),
    "country": _column("country"),
    "shipping-method": _column("shipping_method"),
    "voucher-codes": _codes,
}
"""Where the facts of a past order stand, all but those that are sums over its lines."""

LINES: Final[Mapping[str, ColumnElement[Any]]] = {
    "sku": order_line.c.sku,
    "category": order_line.c.category,
    "brand": order_line.c.brand,
    "tags": order_line.c.tags,
    "price": order_line.c.regular // order_line.c.quantity,
    "amount": order_line.c.regular,
    "quantity": order_line.c.quantity,
}
"""Where the facts of a line stand, and how many units it has."""

_DECIDED: Final = FACTS.keys() - {"channel", "country", "shipping-method"}
