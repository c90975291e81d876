"""What an order has taken of limits, budgets and remainders, after a step of it.

Pure. What a rule gave a line is one more figure of that line: what is cancelled or comes back gives
back its share, rounded down, of all that has gone so far, so any series of steps gives back exactly
what was taken. A use of a rule is given back when nothing of the order remains.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from benefits import SHIPPING_NO, Charge, Use
from loyalty.orders.figures import NOTHING, Figures
from loyalty.orders.types import History, LineStand


def moved_uses(uses: Sequence[Use], after: History) -> list[Use]:
    """Return the uses that a step leaves otherwise, with what is consumed and given back by now."""
    now = [_settled(use, after) for use in uses]
    return [one for one, before in zip(now, uses, strict=True) if one != before]


def charged_use(member: UUID, order: UUID, charge: Charge) -> Use:
    """Return what an order takes of a counter, all of it reserved."""
    return Use(
        member=member,
        subject=order,
        everyone=charge.everyone,
        starts_on=charge.starts_on,
        scope=charge.scope,
        measure=charge.measure,
        every=charge.every,
        side=charge.side,
        parts=charge.by_line,
        consumed=0,
        given_back=0,
    )


def released_uses(uses: Sequence[Use]) -> list[Use]:
    """Return the uses of an order that is let go unpaid: what is reserved is given back."""
    return [
        replace(use, given_back=use.taken - use.consumed)
        for use in uses
        if use.taken > use.consumed + use.given_back
    ]


def retaken_uses(uses: Sequence[Use], moved: Iterable[Use]) -> list[tuple[Use, int]]:
    """Return the uses of which something is taken anew that was given back, with how much."""
    before = {_same(use): use.given_back for use in uses}
    again = ((use, before[_same(use)] - use.given_back) for use in moved)
    return [(use, anew) for use, anew in again if anew > 0]


def _same(use: Use) -> tuple[object, ...]:
    return use.everyone, use.starts_on, use.scope, use.measure, use.every, use.side


def _settled(use: Use, after: History) -> Use:
    """What was let go unpaid stays let go until something of the order is shipped after all."""
    now = _counted(use, after)
    if after.completed:
        return now
    return replace(now, given_back=max(now.given_back, use.given_back))


def _counted(use: Use, after: History) -> Use:
    if use.measure == "uses":
        shipped = bool(after.completed)
        remains = any(stand.open or stand.returnable for stand in after.stands.values())
        back = 0 if remains else use.taken
        return replace(use, consumed=use.taken - back if shipped else 0, given_back=back)
    back = consumed = 0
    for line_no, part in use.parts.items():
        if line_no == SHIPPING_NO:
            line_back = _shipping_back(part, after)
            back += line_back
            consumed += part - line_back if after.completed else 0
            continue
        whole, open_, gone = _cut(after.stands[line_no], of_points=_is_of_points(use))
        line_back = part * gone // whole
        back += line_back
        consumed += part - line_back - part * open_ // whole
    return replace(use, consumed=consumed, given_back=back)


def _shipping_back(part: int, after: History) -> int:
    """Return what goes back of what was taken off shipping.

    Its share of what was refunded of shipping; where nothing was paid for it, or nothing ever left,
    all of it once nothing of the order remains.
    """
    paid = after.order.shipping_total
    if paid and after.completed:
        return part * (paid - after.shipping_left) // paid
    remains = any(stand.open or stand.returnable for stand in after.stands.values())
    return 0 if remains else part


def _is_of_points(use: Use) -> bool:
    """Whether what was taken goes with the points of the line rather than with its price."""
    return use.measure == "points" or use.side < 0


def _cut(stand: LineStand, *, of_points: bool) -> tuple[int, int, int]:
    """Return how much there is of a line, how much of it is open, and how much has gone."""
    line = stand.line
    kept = stand.shipped_figures - stand.returned_figures
    open_ = NOTHING
    if stand.open:
        open_ = line.figures.between(stand.shipped, line.quantity - stand.cancelled, line.quantity)
    for figure in (_points, _price) if of_points else (_price,):
        whole = figure(line.figures)
        if whole:
            left = figure(open_)
            return whole, left, whole - left - figure(kept)
    gone = line.quantity - stand.open - stand.returnable
    return line.quantity, stand.open, gone


def _points(figures: Figures) -> int:
    return figures.earn


def _price(figures: Figures) -> int:
    return figures.regular
