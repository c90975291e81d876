"""Makes the explanation of an order from what was recorded of it.

`explain_order` is the one way in; all but the read is pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.checkout.programme import Programme
from loyalty.orders.explaining import tell_earning
from loyalty.orders.explanation import (
    Beside,
    Explanation,
    LineExplained,
    Moved,
    Part,
    PartCode,
    Posted,
    StepCode,
    StepExplained,
    StepLine,
    read_parts,
)
from loyalty.orders.figures import total_of
from loyalty.orders.reading import Found
from loyalty.orders.types import (
    History,
    Line,
    Order,
    Return,
    ReturnedLine,
    ReturnKind,
    Shipment,
    ShipmentKind,
    ShippedLine,
    carried,
)

_CODES: Final[Mapping[str, PartCode]] = {
    "prices": "exclusive-price",
    "lines": "line-discount",
    "orders": "order-discount",
    "vouchers": "voucher",
    "shipping": "shipping-discount",
}
_PLACED: Final = frozenset({"hold", "extend"})
_RETURNED: Final = frozenset({"claw-back", "restore", "lock", "unlock"})
_ACCOUNTS: Final = {
    ledger.Kind.EARN: "points earned",
    ledger.Kind.CAPTURE: "points spent",
    ledger.Kind.CLAW_BACK: "points taken back",
    ledger.Kind.RESTORE: "points given back",
}


async def explain_order(
    connection: AsyncConnection, programme: Programme, order_id: UUID
) -> Explanation:
    """Return an order with the reason of every cent and point; raises `UnknownOrder`."""
    found, beside, posted, lacked = await read_parts(connection, order_id)
    earning = await tell_earning(connection, programme, found)
    answer = _answer(found.decision)
    lines = tuple(
        LineExplained(
            line=line,
            stand=found.history.stands[line.line_no],
            parts=_line_parts(line, _of(answer, line)),
            earned=told,
        )
        for line, told in zip(found.order.lines, earning.lines, strict=True)
    )
    shipping = _shipping_parts(found.order, answer.get("shipping", {}))
    steps = _steps(found.history, beside, posted)
    return Explanation(
        found=found,
        beside=beside,
        lines=lines,
        shipping=shipping,
        steps=steps,
        exceptions=lacked,
        differences=tuple(_differences(found, lines, shipping, steps)),
    )


def _answer(document: str) -> Mapping[str, Any]:
    """The answer of a stored decision; one whose shop named the prices has none."""
    answer: Mapping[str, Any] = msgspec.json.decode(document or "{}").get("answer", {})
    return answer


def _of(answer: Mapping[str, Any], line: Line) -> Mapping[str, Any]:
    every: Sequence[Mapping[str, Any]] = answer.get("lines", ())
    return every[line.line_no - 1] if len(every) >= line.line_no else {}


# --- money ------------------------------------------------------------------------------------


def _line_parts(line: Line, answered: Mapping[str, Any]) -> tuple[Part, ...]:
    figures = line.figures
    return _parts(
        figures.regular,
        answered.get("discounts", ()),
        Part("points-spent", -figures.points_value, figures.points),
        figures.total,
    )


def _shipping_parts(order: Order, answered: Mapping[str, Any]) -> tuple[Part, ...]:
    if not order.shipping_regular:
        return ()
    spent = Part("points-spent", -order.shipping_points_value, order.shipping_points)
    discounts = answered.get("discounts", ())
    return _parts(order.shipping_regular, discounts, spent, order.shipping_total)


def _parts(
    regular: int, discounts: Iterable[Mapping[str, Any]], spent: Part, payable: int
) -> tuple[Part, ...]:
    """From the regular price to what is paid; what no rule is known for is named as such."""
    parts = [Part("regular", regular), *(_discount(each) for each in discounts)]
    rest = payable - sum(part.amount for part in parts) - spent.amount
    if rest:
        parts.append(Part("other-discount", rest))
    if spent.points or spent.amount:
        parts.append(spent)
    return (*parts, Part("payable", payable))


def _discount(document: Mapping[str, Any]) -> Part:
    voucher = document.get("voucher")
    return Part(
        code=_CODES.get(document["step"], "other-discount"),
        amount=-document["amount"],
        rule=document["rule"],
        version=document["version"],
        voucher=None if voucher is None else UUID(voucher),
    )


# --- steps ------------------------------------------------------------------------------------


def _steps(
    history: History, beside: Beside, posted: Sequence[ledger.Keyed]
) -> tuple[StepExplained, ...]:
    order, by_step = history.order, _by_step(posted)
    names = {line.line_no: line.line_id for line in order.lines}
    steps = [_placed(order, beside, names, by_step.get(("placed", order.id), ()))]
    if order.paid_at is not None:
        steps.append(_plain("paid", at=order.paid_at))
    for shipment in history.shipments:
        steps.append(_shipped(order, shipment, names, by_step.get(("shipped", shipment.id), ())))
        delivered_at = beside.delivered.get(shipment.id)
        if delivered_at is not None:
            made = by_step.get(("delivered", shipment.id), ())
            steps.append(_plain("delivered", at=delivered_at, of=shipment, postings=made))
    steps += [
        _returned(one, names, by_step.get(("returned", one.id), ())) for one in history.returns
    ]
    if beside.claim is not None:
        steps.append(_plain("claimed", at=beside.claim.claimed_at, reason=beside.claim.proof))
    return tuple(sorted(steps, key=lambda step: step.at))


def _by_step(posted: Sequence[ledger.Keyed]) -> Mapping[tuple[str, UUID], Sequence[Posted]]:
    """The postings of each step, by what their keys name."""
    found: dict[tuple[str, UUID], list[Posted]] = {}
    for one in posted:
        _, order, verb, *rest = one.key.split(":")
        if verb in _PLACED or rest[:1] == [order]:
            step = ("placed", UUID(order))
        elif verb in _RETURNED:
            step = ("returned", UUID(rest[0]))
        elif verb == "activate":
            step = ("delivered", UUID(rest[0]))
        else:
            step = ("shipped", UUID(rest[0]))
        found.setdefault(step, []).append(_posted(one))
    return found


def _posted(one: ledger.Keyed) -> Posted:
    journal = one.journal
    moves = tuple(Moved(each.debit, each.credit, each.amount) for each in journal.transfers)
    forgiven = 0
    if journal.kind is ledger.Kind.CLAW_BACK:
        taken = sum(each.points for each in moves if each.credit is ledger.Account.CLAWED_BACK)
        forgiven = one.asked - taken
    return Posted(
        kind=journal.kind,
        points=one.asked,
        journal=journal.id,
        effective_at=journal.effective_at,
        moves=moves,
        forgiven=forgiven,
    )


def _placed(
    order: Order, beside: Beside, names: Mapping[int, str], postings: Sequence[Posted]
) -> StepExplained:
    return StepExplained(
        code="placed",
        id=order.id,
        name=beside.name,
        at=order.placed_at,
        on=order.placed_on,
        reason=None,
        money=order.payable,
        shipping=order.shipping_total,
        lines=tuple(
            StepLine(line.line_no, names[line.line_no], line.quantity, line.figures)
            for line in order.lines
        ),
        postings=tuple(postings),
    )


def _plain(
    code: StepCode,
    *,
    at: datetime,
    of: Shipment | None = None,
    reason: str | None = None,
    postings: Sequence[Posted] = (),
) -> StepExplained:
    """A step that carries nothing of a line."""
    return StepExplained(
        code=code,
        id=None if of is None else of.id,
        name=None if of is None else of.name,
        at=at,
        on=None,
        reason=reason,
        money=0,
        shipping=0,
        lines=(),
        postings=tuple(postings),
    )


def _shipped(
    order: Order, shipment: Shipment, names: Mapping[int, str], postings: Sequence[Posted]
) -> StepExplained:
    completed = shipment.kind is ShipmentKind.COMPLETED
    return StepExplained(
        code="completed" if completed else "cancelled",
        id=shipment.id,
        name=shipment.name,
        at=shipment.at,
        on=shipment.on,
        reason=None,
        money=shipment.figures.total if completed else -shipment.figures.total,
        shipping=0,
        lines=_lines(carried(order, shipment), names),
        postings=tuple(postings),
    )


def _returned(
    returned: Return, names: Mapping[int, str], postings: Sequence[Posted]
) -> StepExplained:
    return StepExplained(
        code="returned" if returned.kind is ReturnKind.RETURN else "charged-back",
        id=returned.id,
        name=returned.name,
        at=returned.at,
        on=returned.on,
        reason=returned.reason,
        money=-returned.refund_money,
        shipping=-returned.shipping,
        lines=_lines(returned.lines, names),
        postings=tuple(postings),
    )


def _lines(
    parts: Iterable[ShippedLine | ReturnedLine], names: Mapping[int, str]
) -> tuple[StepLine, ...]:
    return tuple(
        StepLine(part.line_no, names[part.line_no], part.quantity, part.figures) for part in parts
    )


# --- what does not agree ----------------------------------------------------------------------


def _differences(
    found: Found,
    lines: Sequence[LineExplained],
    shipping: Sequence[Part],
    steps: Sequence[StepExplained],
) -> list[str]:
    """Name every figure that its explanation does not come to; nothing, when all is well."""
    order, seen = found.order, []
    for one in lines:
        if sum(part.amount for part in one.parts[:-1]) != one.line.figures.total:
            seen.append(f"line {one.line.line_id} costs other than its parts")
        gave = [why.gave for why in one.earned.why if why.gave is not None]
        if gave and sum(gave) != one.line.figures.earn:
            seen.append(f"line {one.line.line_id} earns other than its rules")
    costs = sum(one.parts[-1].amount for one in lines)
    if costs + sum(part.amount for part in shipping[-1:]) != order.payable:
        seen.append("lines and shipping cost other than the order")
    if not order.guest:
        seen += _in_the_ledger(found.history, steps)
    return seen


def _in_the_ledger(history: History, steps: Sequence[StepExplained]) -> Iterable[str]:
    """Name the kinds of postings that come to other points than the order's own rows."""
    shipped = total_of(one.figures for one in history.completed)
    unshipped = sum(one.shipping_points for one in history.completed)
    back = total_of(one.figures for one in history.returns)
    wanted = {
        ledger.Kind.EARN: shipped.earn,
        ledger.Kind.CAPTURE: shipped.points + unshipped,
        ledger.Kind.CLAW_BACK: back.earn,
        ledger.Kind.RESTORE: back.points + sum(one.shipping_points for one in history.returns),
    }
    posted = [one for step in steps for one in step.postings]
    for kind, points in wanted.items():
        if sum(one.points for one in posted if one.kind is kind) != points:
            yield f"{_ACCOUNTS[kind]} differ from the ledger"
