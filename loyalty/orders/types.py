"""What an order is: lines with the figures decided when it was placed, and what happened since.

Frozen values that refuse what cannot be. An order never changes after it is placed; shipments
(completed or cancelled) and returns are facts added to it, and where it stands follows from them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from loyalty.orders.figures import NOTHING, Figures, total_of

QUANTITY_MAX: Final = 1_000_000
AMOUNT_MAX: Final = 1_000_000_000_000
LINES_MAX: Final = 10_000


class PricedBy(StrEnum):
    """Who priced the order: this programme, or the shop at its own prices."""

    US = "us"
    SHOP = "shop"


class OrderState(StrEnum):
    """Where an order stands: something of it is open, or all is done, or all was cancelled."""

    OPEN = "open"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class ShipmentKind(StrEnum):
    """What became of the lines of a shipment."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"


class ReturnKind(StrEnum):
    """How money or goods came back: given by the shop, or taken by the buyer's bank."""

    RETURN = "return"
    CHARGEBACK = "chargeback"


@dataclass(frozen=True, slots=True)
class Line:
    """One line as decided when the order was placed."""

    line_no: int
    line_id: str
    sku: str
    category: str
    quantity: int
    figures: Figures
    qualifies: bool = True
    gift_with: int | None = None
    """The line that this one is a gift for."""
    brand: str = ""
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a quantity below one and figures that cannot be."""
        if not 1 <= self.quantity <= QUANTITY_MAX:
            message = f"line {self.line_id} has an impossible quantity: {self.quantity}"
            raise ValueError(message)
        if self.figures.impossible or self.figures.regular > AMOUNT_MAX:
            message = f"line {self.line_id} has impossible figures: {self.figures}"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Order:
    """An order as placed. A guest's order stands under its own id in place of a member's."""

    member: UUID
    id: UUID
    placed_at: datetime
    placed_on: date
    currency: str
    lines: tuple[Line, ...]
    guest: bool = False
    priced_by: PricedBy = PricedBy.US
    channel: str = ""
    country: str = ""
    prices_include_tax: bool = False
    shipping_method: str = ""
    shipping_regular: int = 0
    shipping_total: int = 0
    shipping_points: int = 0
    shipping_points_value: int = 0
    rule_set: int = 0
    policy: int = 0
    tier: str | None = None
    plan: str | None = None
    hold_until: datetime | None = None
    paid_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse an order without lines, without offset or of a guest under a member's key."""
        if not self.lines:
            message = "an order has at least one line"
            raise ValueError(message)
        if self.placed_at.utcoffset() is None:
            message = "an order is placed at an instant with an offset"
            raise ValueError(message)
        if self.guest and self.member != self.id:
            message = "a guest's order stands under its own id"
            raise ValueError(message)
        paid = self.shipping_total + self.shipping_points_value
        if self.shipping_total < 0 or paid > self.shipping_regular:
            message = "shipping costs between nothing and its regular price"
            raise ValueError(message)

    @property
    def figures(self) -> Figures:
        """The sums over all lines; shipping is not in them."""
        return total_of(line.figures for line in self.lines)

    @property
    def points(self) -> int:
        """The points spent on the order, shipping included."""
        return self.shipping_points + sum(line.figures.points for line in self.lines)

    @property
    def payable(self) -> int:
        """The money paid for the order, shipping included."""
        return self.shipping_total + sum(line.figures.total for line in self.lines)


@dataclass(frozen=True, slots=True)
class ShippedLine:
    """What one shipment carried of a line, or one cancellation took out of it."""

    line_no: int
    quantity: int
    figures: Figures
    by_amount: bool = False


@dataclass(frozen=True, slots=True)
class Shipment:
    """Lines completed, or cancelled, together. `name` is the shop's own id of the shipment.

    A shipment that is `whole` carries every line in full and lists none.
    """

    id: UUID
    name: str
    kind: ShipmentKind
    at: datetime
    on: date
    whole: bool
    figures: Figures
    purchases: int
    shipping_points: int = 0
    activates_at: datetime | None = None
    expires_at: datetime | None = None
    lines: tuple[ShippedLine, ...] = ()
    asked: str = ""


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """What one return took back of a line: units, and money `refunded` without units."""

    line_no: int
    quantity: int
    figures: Figures
    refunded: int = 0


@dataclass(frozen=True, slots=True)
class Return:
    """Goods, money or shipping given back. `name` is the shop's own id of the return."""

    id: UUID
    name: str
    at: datetime
    on: date
    reason: str
    shipping: int
    shipping_points: int
    lines: tuple[ReturnedLine, ...]
    matched: bool = False
    asked: str = ""
    kind: ReturnKind = ReturnKind.RETURN

    @property
    def figures(self) -> Figures:
        """The sums over all lines; shipping is not in them."""
        return total_of(line.figures for line in self.lines)

    @property
    def refund_money(self) -> int:
        """The money to give back: of the lines, and of shipping."""
        return self.shipping + sum(line.figures.total for line in self.lines)


@dataclass(frozen=True, slots=True)
class LineStand:
    """Where one line stands: units shipped, cancelled and returned, and the figures of each."""

    line: Line
    shipped: int = 0
    cancelled: int = 0
    returned: int = 0
    shipped_figures: Figures = NOTHING
    returned_figures: Figures = NOTHING
    refunded: int = 0
    """Money refunded by amount, without units."""

    @property
    def open(self) -> int:
        """Units neither shipped nor cancelled."""
        return self.line.quantity - self.shipped - self.cancelled

    @property
    def returnable(self) -> int:
        """Units shipped and not yet returned."""
        return self.shipped - self.returned

    @property
    def refundable(self) -> int:
        """Money paid for what was shipped and not yet given back."""
        return self.shipped_figures.total - self.returned_figures.total


@dataclass(frozen=True, slots=True)
class History:
    """An order with everything that happened to it, oldest first."""

    order: Order
    shipments: tuple[Shipment, ...] = ()
    returns: tuple[Return, ...] = ()
    stands: Mapping[int, LineStand] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out where each line stands, once."""
        if not self.stands:
            object.__setattr__(self, "stands", _stands(self))

    @property
    def state(self) -> OrderState:
        """Whether anything is open, and if not, whether anything was ever shipped."""
        stands = self.stands.values()
        if any(stand.open for stand in stands):
            return OrderState.OPEN
        if any(stand.shipped for stand in stands):
            return OrderState.COMPLETED
        return OrderState.CANCELLED

    @property
    def shipping_left(self) -> int:
        """Shipping paid and not yet given back."""
        return self.order.shipping_total - sum(one.shipping for one in self.returns)

    @property
    def shipping_points_left(self) -> int:
        """Points spent on shipping and not yet given back."""
        return self.order.shipping_points - sum(one.shipping_points for one in self.returns)

    @property
    def completed(self) -> tuple[Shipment, ...]:
        """The shipments that left, the earliest first."""
        return tuple(one for one in self.shipments if one.kind is ShipmentKind.COMPLETED)

    def with_shipment(self, shipment: Shipment) -> "History":
        """Return the order as it stands after one shipment, or cancellation, more."""
        return History(self.order, (*self.shipments, shipment), self.returns)

    def with_return(self, returned: Return) -> "History":
        """Return the order as it stands after one return more."""
        return History(self.order, self.shipments, (*self.returns, returned))

    def before(self, returned: Return) -> "History":
        """Return the order as it stood when a return came that is recorded by now."""
        earlier = self.returns[: self.returns.index(returned)]
        return History(self.order, self.shipments, earlier)


def carried(order: Order, shipment: Shipment) -> tuple[ShippedLine, ...]:
    """Return what a shipment carried, line by line; a whole one carries all of the order."""
    if not shipment.whole:
        return shipment.lines
    return tuple(ShippedLine(line.line_no, line.quantity, line.figures) for line in order.lines)


def _stands(history: History) -> dict[int, LineStand]:
    tally = {line.line_no: _Tally(line) for line in history.order.lines}
    for shipment in history.shipments:
        for part in carried(history.order, shipment):
            tally[part.line_no].ship(part, shipment.kind)
    for one in history.returns:
        for returned in one.lines:
            tally[returned.line_no].give_back(returned)
    return {line_no: one.stand() for line_no, one in tally.items()}


@dataclass(slots=True)
class _Tally:
    line: Line
    shipped: int = 0
    cancelled: int = 0
    returned: int = 0
    refunded: int = 0
    shipped_figures: Figures = NOTHING
    returned_figures: Figures = NOTHING

    def ship(self, part: ShippedLine, kind: ShipmentKind) -> None:
        if kind is ShipmentKind.COMPLETED:
            self.shipped += part.quantity
            self.shipped_figures += part.figures
        else:
            self.cancelled += part.quantity

    def give_back(self, part: ReturnedLine) -> None:
        self.returned += part.quantity
        self.returned_figures += part.figures
        self.refunded += part.refunded

    def stand(self) -> LineStand:
        return LineStand(
            self.line,
            self.shipped,
            self.cancelled,
            self.returned,
            self.shipped_figures,
            self.returned_figures,
            self.refunded,
        )
