"""Shapes of what becomes of an order beside shipments and returns: ids, codes and figures only."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from api.schemas.granted import WithdrawnOut, withdrawn_out
from api.schemas.order_answers import (
    PlacedOut,
    ReturnedLineOut,
    ReturnedOut,
    points_moved,
    returned_lines,
)
from api.schemas.orders import MemberText, OrderBody, PositiveMoney, ReturnBody
from api.schemas.types import Code, ExternalId, Instant
from loyalty.ids import show
from loyalty.orders.aftersales.charging_back import ChargedBack, ChargingBack
from loyalty.orders.aftersales.claiming import Claimed
from loyalty.orders.aftersales.delivering import Delivered
from loyalty.orders.aftersales.exceptions import OpenException, Settling
from loyalty.orders.aftersales.exchanging import Exchanged
from loyalty.orders.aftersales.return_reasons import ReasonFigures

Reference = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9./_-]{0,79}$",
        description="The case in another system.",
        examples=["CASE-204"],
    ),
]


class ExchangeBody(Struct, frozen=True, forbid_unknown_fields=True, rename={"returned": "return"}):
    """What comes back, and the new order that replaces it; both happen at one instant."""

    returned: ReturnBody
    order: OrderBody
    order_id: ExternalId | None = None
    quote: Annotated[str, Meta(min_length=1, max_length=200_000)] | None = None
    priced_by: Literal["us", "shop"] = "us"
    exchanged_at: Instant | None = None
    paid_at: Instant | None = None
    hold_until: Instant | None = None


class ExchangedOut(Struct, frozen=True, rename={"returned": "return"}):
    """The return, the new order, and the money between them: one of the two is nothing."""

    returned: ReturnedOut
    order: PlacedOut
    to_pay: int
    to_refund: int

    @classmethod
    def of(cls, done: Exchanged) -> "ExchangedOut":
        """Show an exchange."""
        return cls(
            returned=ReturnedOut.of(done.returned),
            order=PlacedOut.of(done.placed),
            to_pay=max(0, done.balance),
            to_refund=max(0, -done.balance),
        )


class ChargebackBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What the buyer's bank took back; no amount is all that was paid."""

    amount: PositiveMoney | None = None
    reason: Code = "unspecified"
    chargeback_id: ExternalId | None = None
    charged_back_at: Instant | None = None

    def asked(self) -> ChargingBack:
        """Return what is reported."""
        return ChargingBack(self.amount, self.reason, self.chargeback_id, self.charged_back_at)


class ChargedBackOut(Struct, frozen=True):
    """A chargeback as recorded: what became of the points, and the review it waits for."""

    order: str
    chargeback: str
    charged_back_at: datetime
    reason: str
    money: int
    shipping: int
    points_clawed_back: int
    shortfall_points: int
    wallet_locked: bool
    review: str | None
    exceptions: list[str]
    withdrawn: WithdrawnOut
    lines: list[ReturnedLineOut]

    @classmethod
    def of(cls, done: ChargedBack) -> "ChargedBackOut":
        """Show a chargeback."""
        order, returned = done.history.order, done.returned
        moved = points_moved(done.points)
        return cls(
            order=show("ord", order.id),
            chargeback=show("ret", returned.id),
            charged_back_at=returned.at,
            reason=returned.reason,
            money=returned.refund_money,
            shipping=returned.shipping,
            points_clawed_back=moved["points_clawed_back"],
            shortfall_points=moved["shortfall_points"],
            wallet_locked=done.locked,
            withdrawn=withdrawn_out(done.withdrawal),
            review=None if done.review is None else show("exc", done.review),
            exceptions=list(done.exceptions),
            lines=returned_lines(order, returned),
        )


class ClaimBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose a guest's order is, and by what the shop knows."""

    member: MemberText
    proof: Code


class ClaimedShipmentOut(Struct, frozen=True):
    """What a shipment has earned for whoever claimed its order."""

    shipment: str
    points_earned: int
    points_active_at: datetime | None
    points_expire_at: datetime | None


class ClaimedOut(Struct, frozen=True):
    """A guest's order that became a member's."""

    order: str
    member: str
    proof: str
    claimed_at: datetime
    points_earned: int
    points_clawed_back: int
    purchases: int
    tier: str | None
    shipments: list[ClaimedShipmentOut]

    @classmethod
    def of(cls, done: Claimed) -> "ClaimedOut":
        """Show a claim."""
        completed = done.history.completed
        return cls(
            order=show("ord", done.history.order.id),
            member=show("mem", done.history.order.member),
            proof=done.proof,
            claimed_at=done.at,
            points_earned=sum(one.figures.earn for one in completed),
            points_clawed_back=sum(one.figures.earn for one in done.history.returns),
            purchases=sum(one.purchases for one in completed),
            tier=done.tier,
            shipments=[
                ClaimedShipmentOut(
                    shipment=show("shp", one.id),
                    points_earned=one.figures.earn,
                    points_active_at=(one.activates_at or one.at) if one.figures.earn else None,
                    points_expire_at=one.expires_at,
                )
                for one in completed
            ],
        )


class DeliveredBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Which shipment reached its buyer; without one, all that were completed."""

    shipment: ExternalId | None = None
    delivered_at: Instant | None = None


class DeliveredOut(Struct, frozen=True):
    """A delivery as recorded, and the points that had waited for it."""

    order: str
    shipments: list[str]
    delivered_at: datetime
    points_activated: int

    @classmethod
    def of(cls, done: Delivered) -> "DeliveredOut":
        """Show a delivery."""
        return cls(
            order=show("ord", done.order.id),
            shipments=[show("shp", one.id) for one in done.shipments],
            delivered_at=done.at,
            points_activated=done.points,
        )


class SettledOut(Struct, frozen=True):
    """Who settled an exception, when, how and why."""

    at: datetime
    by: str
    outcome: str
    reason: str
    reference: str | None


class ExceptionOut(Struct, frozen=True):
    """A fact that lacked something; `amount` counts `unit`."""

    exception: str
    order: str
    member: str | None
    code: str
    amount: int
    unit: str
    at: datetime
    wallet_locked: bool
    settled: SettledOut | None

    @classmethod
    def of(cls, one: OpenException) -> "ExceptionOut":
        """Show an exception."""
        ended = one.settled
        return cls(
            exception=show("exc", one.id),
            order=show("ord", one.order),
            member=None if one.member is None else show("mem", one.member),
            code=one.code,
            amount=one.amount,
            unit=one.unit,
            at=one.at,
            wallet_locked=one.locked,
            settled=None
            if ended is None
            else SettledOut(ended.at, ended.by, ended.outcome, ended.reason, ended.reference),
        )


class SettleBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Why an exception is settled; a chargeback's review is released or upheld."""

    reason: Code
    outcome: Literal["settled", "released", "upheld"] | None = None
    reference: Reference | None = None

    def asked(self) -> Settling:
        """Return what is asked."""
        return Settling(self.reason, self.outcome, self.reference)


class ReasonOut(Struct, frozen=True):
    """What came back for one reason."""

    reason: str
    kind: str
    returns: int
    orders: int
    units: int
    refund_money: int
    points_returned: int
    points_taken_back: int

    @classmethod
    def of(cls, one: ReasonFigures) -> "ReasonOut":
        """Show the figures of a reason."""
        return cls(
            reason=one.reason,
            kind=one.kind,
            returns=one.returns,
            orders=one.orders,
            units=one.units,
            refund_money=one.refund_money,
            points_returned=one.points_returned,
            points_taken_back=one.points_taken_back,
        )


class ReasonsOut(Struct, frozen=True):
    """Why things came back in a span of days, the most frequent reason first."""

    items: list[ReasonOut]
