"""What returning units, money or shipping of an order takes and gives back.

Pure. Of every recorded figure X of a line a return takes floor(X * returned so far / bought),
less what earlier returns took, and the last one closes it; nothing is priced again. What is taken
is put against the shipments that carried the line, the earliest first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import msgspec

from benefits import spread
from loyalty.orders.completion import Step
from loyalty.orders.errors import (
    MoreThanBought,
    MoreThanPaid,
    NothingToReturn,
    OrderCancelled,
    UnknownLine,
)
from loyalty.orders.figures import NOTHING, Figures
from loyalty.orders.types import (
    History,
    LineStand,
    OrderState,
    Return,
    ReturnedLine,
    Shipment,
    carried,
)


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A line named by a return, by units or, without them, by the money refunded for it."""

    line_id: str
    quantity: int = 0
    amount: int = 0

    def __post_init__(self) -> None:
        """Refuse a line that names neither units nor money, or both."""
        if min(self.quantity, self.amount) < 0 or (self.quantity > 0) == (self.amount > 0):
            message = "a returned line names a quantity or an amount"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a return asks: lines, an amount over all lines, and shipping (None is all of it)."""

    lines: tuple[GivenBack, ...] = ()
    amount: int = 0
    shipping: int | None = 0
    reason: str = "unspecified"


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What a return takes back of one shipment: points it earned and spent, and purchases."""

    shipment: UUID
    on: date
    earn: int
    points: int
    purchases: int


@dataclass(frozen=True, slots=True)
class ReturnPlan:
    """A return to record, and what it takes back of each shipment it corrects."""

    returned: Return
    taken: tuple[TakenBack, ...]

    @property
    def points_returned(self) -> int:
        """Points that were spent on what comes back, and are given back."""
        return sum(part.points for part in self.taken)

    @property
    def points_to_claw_back(self) -> int:
        """Points that what comes back had earned."""
        return sum(part.earn for part in self.taken)


def plan_return(history: History, asked: Asked, step: Step, *, matched: bool = False) -> ReturnPlan:
    """Plan a return of what was shipped.

    Raises `OrderCancelled`, `UnknownLine`, `MoreThanBought`, `MoreThanPaid` or `NothingToReturn`,
    with a pointer to what is at fault.
    """
    if history.state is OrderState.CANCELLED:
        raise OrderCancelled
    stands = dict(history.stands)
    lines = [_given_back(stands, one, f"/lines/{index}") for index, one in enumerate(asked.lines)]
    lines = _merged([*lines, *_spread(stands, asked.amount)])
    shipping, shipping_points = _shipping(history, asked.shipping)
    if not lines and not shipping and not shipping_points:
        raise NothingToReturn(pointer="/lines")
    returned = Return(
        id=step.id,
        name=step.name,
        at=step.at,
        on=step.on,
        reason=asked.reason,
        shipping=shipping,
        shipping_points=shipping_points,
        lines=tuple(lines),
        matched=matched,
        asked=asked_text(asked),
    )
    return ReturnPlan(returned, taken_back(history, returned))


def gifts_to_return(after: History) -> tuple[str, ...]:
    """Return the gifts that are still out although nothing of what they came with remains sold."""
    stands = after.stands
    return tuple(
        stand.line.line_id
        for stand in stands.values()
        if stand.line.gift_with is not None
        and stand.returnable
        and _gone(stands[stand.line.gift_with])
    )


def _gone(stand: LineStand) -> bool:
    return bool(stand.returned) and not stand.open and not stand.returnable


def asked_text(asked: Asked) -> str:
    """Return what a return asked as canonical text, by which a replay is told from a conflict."""
    lines = [[one.line_id, one.quantity, one.amount] for one in asked.lines]
    content = {"amount": asked.amount, "lines": lines, "reason": asked.reason}
    return msgspec.json.encode(content | {"shipping": asked.shipping}).decode()


def share(stand: LineStand, quantity: int, amount: int = 0) -> Figures:
    """Return what comes back with `quantity` more units of a line, or with `amount` more money.

    Units of a line nothing was refunded on by amount are counted on the line's own quantity, and so
    are those of a line whose money is all gone back. After a refund by amount, units take their
    share of what is left.
    """
    shipped, taken = stand.shipped_figures, stand.returned_figures
    if quantity and stand.returned + quantity == stand.shipped and not stand.open:
        return shipped - taken
    whole = shipped if not stand.open else _if_all_shipped(stand)
    units = stand.shipped if not stand.open else stand.line.quantity
    if not quantity:
        upto = whole.floor(taken.total + amount, whole.total)
    elif not stand.refunded or taken.total == whole.total:
        upto = whole.floor(stand.returned + quantity, units)
    else:
        left = units - stand.returned
        money = taken.total * left + (whole.total - taken.total) * quantity
        upto = whole.floor(money, whole.total * left)
    return upto.clamped(taken, shipped) - taken


def taken_back(history: History, returned: Return) -> tuple[TakenBack, ...]:
    """Put what comes back against the shipments that carried it, the earliest first.

    `history` is the order before this return. Points spent on shipping went with the first.
    """
    completed = history.completed
    taken: dict[UUID, TakenBack] = {}
    if returned.shipping_points:
        first = completed[0]
        taken[first.id] = TakenBack(first.id, first.on, 0, returned.shipping_points, 0)
    for line in returned.lines:
        stand = history.stands[line.line_no]
        before = stand.returned_figures
        for shipment, part in _over(history, completed, line.line_no, before, line.figures):
            purchases = part.basis if stand.line.qualifies else 0
            seen = taken.get(shipment.id, TakenBack(shipment.id, shipment.on, 0, 0, 0))
            taken[shipment.id] = TakenBack(
                shipment.id,
                shipment.on,
                seen.earn + part.earn,
                seen.points + part.points,
                seen.purchases + purchases,
            )
    return tuple(taken[one.id] for one in completed if one.id in taken)


def _given_back(stands: dict[int, LineStand], one: GivenBack, pointer: str) -> ReturnedLine:
    stand = next((s for s in stands.values() if s.line.line_id == one.line_id), None)
    if stand is None:
        raise UnknownLine(line=one.line_id, pointer=f"{pointer}/line_id")
    if one.quantity > stand.returnable:
        raise MoreThanBought(
            line=one.line_id,
            seen=one.quantity,
            wanted=stand.returnable,
            pointer=f"{pointer}/quantity",
        )
    if one.amount > stand.refundable:
        raise MoreThanPaid(seen=one.amount, wanted=stand.refundable, pointer=f"{pointer}/amount")
    figures = share(stand, one.quantity, one.amount)
    part = ReturnedLine(stand.line.line_no, one.quantity, figures, one.amount)
    stands[part.line_no] = _advanced(stand, part)
    return part


def _spread(stands: dict[int, LineStand], amount: int) -> list[ReturnedLine]:
    if not amount:
        return []
    open_to = [stand for stand in stands.values() if stand.refundable > 0]
    most = sum(stand.refundable for stand in open_to)
    if amount > most:
        raise MoreThanPaid(seen=amount, wanted=most, pointer="/amount")
    amounts = spread(amount, [stand.refundable for stand in open_to])
    return [
        ReturnedLine(stand.line.line_no, 0, share(stand, 0, part), part)
        for stand, part in zip(open_to, amounts, strict=True)
        if part
    ]


def _merged(lines: Sequence[ReturnedLine]) -> list[ReturnedLine]:
    """Make one of the parts that name the same line, in the order in which they are read back."""
    found: dict[int, ReturnedLine] = {}
    for part in lines:
        seen = found.get(part.line_no)
        found[part.line_no] = (
            part
            if seen is None
            else ReturnedLine(
                part.line_no,
                seen.quantity + part.quantity,
                seen.figures + part.figures,
                seen.refunded + part.refunded,
            )
        )
    return [found[line_no] for line_no in sorted(found)]


def _shipping(history: History, asked: int | None) -> tuple[int, int]:
    """Return the money and the points that come back of shipping."""
    left, points_left = history.shipping_left, history.shipping_points_left
    if not history.completed or asked == 0:
        return 0, 0
    if asked is None or (asked == left and asked):
        return left, points_left
    if asked > left:
        raise MoreThanPaid(seen=asked, wanted=left, pointer="/shipping")
    paid, points = history.order.shipping_total, history.order.shipping_points
    before = points - points_left
    return asked, points * (paid - left + asked) // paid - before


def _if_all_shipped(stand: LineStand) -> Figures:
    """The line's figures, less what it weighed less than ordered so far."""
    weighed = stand.line.figures.floor(stand.shipped, stand.line.quantity)
    return stand.line.figures - (weighed - stand.shipped_figures)


def _advanced(stand: LineStand, part: ReturnedLine) -> LineStand:
    return LineStand(
        stand.line,
        stand.shipped,
        stand.cancelled,
        stand.returned + part.quantity,
        stand.shipped_figures,
        stand.returned_figures + part.figures,
        stand.refunded + part.refunded,
    )


def _over(
    history: History,
    completed: Sequence[Shipment],
    line_no: int,
    before: Figures,
    figures: Figures,
) -> list[tuple[Shipment, Figures]]:
    """Cut `figures` over the shipments of a line, behind what earlier returns took of them."""
    found = []
    start, end = before, before + figures
    reached = NOTHING
    for shipment in completed:
        carries = next((p for p in carried(history.order, shipment) if p.line_no == line_no), None)
        if carries is None:
            continue
        here = end.clamped(reached, reached + carries.figures) - start.clamped(
            reached, reached + carries.figures
        )
        reached += carries.figures
        if here != NOTHING:
            found.append((shipment, here))
    return found
