"""What a guest's order is once it is a member's: the same steps, with what they earn.

Pure. Every step that was recorded is planned again with the figures of lines that earn, and must
come to what is recorded in all other figures: nothing is priced or decided again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, assert_never
from uuid import UUID

import msgspec

from benefits import Cart, Line
from loyalty.orders.aftersales.chargeback import plan_chargeback
from loyalty.orders.cancellation import plan_cancellation
from loyalty.orders.completion import Asked as AskedLine
from loyalty.orders.completion import Step, plan_completion
from loyalty.orders.figures import Figures
from loyalty.orders.returns import Asked, GivenBack, ReturnPlan, plan_return
from loyalty.orders.types import (
    History,
    Order,
    Return,
    ReturnedLine,
    ReturnKind,
    Shipment,
    ShipmentKind,
    ShippedLine,
)

Change = Mapping[str, object]
Changes = dict[str, list[Change]]


@dataclass(frozen=True, slots=True)
class Retold:
    """An order told again: its history with what it earns, and what each return takes back."""

    history: History
    returns: tuple[ReturnPlan, ...]


def cart_of(order: Order) -> Cart:
    """Return what was paid for an order as the cart that the earning step is asked about."""
    lines = tuple(
        Line(
            line_id=line.line_id,
            sku=line.sku,
            quantity=line.quantity,
            regular=line.figures.total,
            category=line.category,
            tax=line.figures.tax,
            earns=line.figures.basis > 0 or line.figures.total == 0,
            brand=line.brand,
            tags=line.tags,
        )
        for line in order.lines
    )
    return Cart(
        currency=order.currency,
        lines=lines,
        shipping_method=order.shipping_method,
        shipping_price=order.shipping_total,
        channel=order.channel,
        country=order.country,
        prices_include_tax=order.prices_include_tax,
    )


def retell(
    before: History, order: Order, recorded: Mapping[UUID, datetime], earliest: datetime
) -> Retold:
    """Plan every step again for an order that earns; `recorded` says in which order they came.

    What a shipment earns begins no sooner than at `earliest`, when its buyer joined.
    """
    now = History(order)
    plans: list[ReturnPlan] = []
    steps: list[Shipment | Return] = [*before.shipments, *before.returns]
    for step in sorted(steps, key=lambda one: (recorded[one.id], one.id)):
        if isinstance(step, Shipment):
            shipment = _shipped(now, step, earliest)
            _expect_the_same(step.figures, shipment.figures)
            now = now.with_shipment(shipment)
        else:
            plan = _returned(now, step)
            _expect_the_same(step.figures, plan.returned.figures)
            plans.append(plan)
            now = now.with_return(plan.returned)
    return Retold(now, tuple(plans))


def changes_of(retold: Retold, activations: Mapping[UUID, Change]) -> Changes:
    """Return which columns of which rows are otherwise, by table."""
    history = retold.history
    order = history.order
    told: Changes = {
        "order": [
            {
                "of": {},
                "set": {"guest": False, "tier": order.tier, "earn": order.figures.earn},
            }
        ],
        "order_line": [_earns({"line_no": one.line_no}, one.figures) for one in order.lines],
        "shipment": [],
        "shipment_line": [],
        "return": [],
        "return_line": [],
    }
    for one in history.shipments:
        changed = _earns({"id": str(one.id)}, one.figures)
        more = activations.get(one.id, {})
        told["shipment"].append(changed | {"set": {"earn": one.figures.earn, **more}})
        told["shipment_line"] += _parts({"shipment": str(one.id)}, one.lines)
    for returned in history.returns:
        told["return"].append(_earns({"id": str(returned.id)}, returned.figures))
        told["return_line"] += _parts({"return_id": str(returned.id)}, returned.lines)
    return told


def _shipped(now: History, recorded: Shipment, earliest: datetime) -> Shipment:
    step = Step(recorded.id, recorded.name, recorded.at, recorded.on, recorded.asked)
    lines = _asked_lines(recorded.asked)
    match recorded.kind:
        case ShipmentKind.COMPLETED:
            again = plan_completion(now, lines, step).shipment
        case ShipmentKind.CANCELLED:
            again = plan_cancellation(now, lines, step).shipment
        case _:
            assert_never(recorded.kind)
    return replace(again, at=max(again.at, earliest)) if again.figures.earn else again


def _asked_lines(text: str) -> list[AskedLine] | None:
    content = msgspec.json.decode(text)
    if "lines" not in content:
        return None
    return [AskedLine(*each) for each in content["lines"]]


def _returned(now: History, recorded: Return) -> ReturnPlan:
    step = Step(recorded.id, recorded.name, recorded.at, recorded.on, recorded.asked)
    content: Mapping[str, Any] = msgspec.json.decode(recorded.asked)
    if recorded.kind is ReturnKind.CHARGEBACK:
        return plan_chargeback(now, content["amount"], content["reason"], step).plan
    asked = Asked(
        lines=tuple(GivenBack(*each) for each in content["lines"]),
        amount=content["amount"],
        shipping=content["shipping"],
        reason=content["reason"],
    )
    return plan_return(now, asked, step, matched=recorded.matched)


def _expect_the_same(before: Figures, again: Figures) -> None:
    if replace(before, earn=0) != replace(again, earn=0):
        message = f"a step that is told again comes to {again}, not to {before}"
        raise AssertionError(message)


def _earns(of: Change, figures: Figures) -> dict[str, object]:
    return {"of": of, "set": {"earn": figures.earn}}


def _parts(of: Change, lines: Sequence[ShippedLine | ReturnedLine]) -> list[Change]:
    return [_earns({**of, "line_no": one.line_no}, one.figures) for one in lines]
