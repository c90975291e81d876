"""Shapes of reconciliations: runs, items, and clearing one."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from api.schemas.types import ExternalId, Instant
from loyalty.ids import show
from loyalty.reconciliation import Clearing, ControlRow, Item, Reconciliation

MOST_ROWS = 20_000

Money = Annotated[int, Meta(ge=0, le=10**15, description="Minor units.")]
Allowed = Annotated[int, Meta(ge=0, le=10**12)]
Day = Annotated[date, Meta(description="A day of the programme's zone.")]
Reference = Annotated[
    str,
    Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$", description="Where more is said: a ticket."),
]


class ControlRowBody(Struct, frozen=True, forbid_unknown_fields=True):
    """One order of the shop's own list: goods shipped and returned in the period."""

    order: ExternalId
    completed: Money
    returned: Money = 0
    status: Literal["open", "completed", "cancelled"] | None = None

    def row(self) -> ControlRow:
        """Return the row that is compared."""
        return ControlRow(
            order=self.order, completed=self.completed, returned=self.returned, status=self.status
        )


class ReconciliationBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The days in [from, to) to compare; with `control`, also against the shop's own list."""

    since: Day = field(name="from")
    until: Day = field(name="to")
    tolerance_points: Allowed = 0
    tolerance_money: Allowed = 0
    control: Annotated[list[ControlRowBody], Meta(max_length=MOST_ROWS)] | None = None


class TotalsOut(Struct, frozen=True):
    """Both sides of one step over the period."""

    left: int
    right: int


class ReconciliationOut(Struct, frozen=True):
    """One run of one leg."""

    number: int
    leg: str
    since: date = field(name="from")
    until: date = field(name="to")
    tolerance: int
    compared: int
    agreed: int
    within_tolerance: int
    items: int
    open_items: int
    totals: dict[str, TotalsOut]
    run_at: Instant
    actor: str

    @classmethod
    def of(cls, run: Reconciliation) -> "ReconciliationOut":
        """Show the run."""
        return cls(
            number=run.number,
            leg=run.leg.value,
            since=run.since,
            until=run.until,
            tolerance=run.tolerance,
            compared=run.compared,
            agreed=run.agreed,
            within_tolerance=run.within_tolerance,
            items=run.items,
            open_items=run.open_items,
            totals={step: TotalsOut(sums.left, sums.right) for step, sums in run.totals.items()},
            run_at=run.run_at,
            actor=run.actor,
        )


class ReconciliationsOut(Struct, frozen=True):
    """The runs that were made, one for each leg."""

    items: list[ReconciliationOut]


class ClearingOut(Struct, frozen=True):
    """Who explained a difference, when and why."""

    reason: str
    reference: str | None
    cleared_at: Instant
    actor: str

    @classmethod
    def of(cls, clearing: Clearing) -> "ClearingOut":
        """Show the clearing."""
        return cls(clearing.reason.value, clearing.reference, clearing.cleared_at, clearing.actor)


class ItemOut(Struct, frozen=True):
    """One difference; `order` is our id, or `ext:` and the shop's of an order we do not know."""

    reconciliation: int
    position: int
    leg: str
    kind: str
    open: bool
    member: str | None
    order: str | None
    step: str
    key: str
    left: int | None
    right: int | None
    left_on: date | None
    right_on: date | None
    clearing: ClearingOut | None
    left_state: str | None = None
    right_state: str | None = None

    @classmethod
    def of(cls, item: Item) -> "ItemOut":
        """Show the item."""
        order = None if item.order is None else show("ord", item.order)
        return cls(
            reconciliation=item.reconciliation,
            position=item.position,
            leg=item.leg.value,
            kind=item.kind.value,
            open=item.open,
            member=None if item.member is None else show("mem", item.member),
            order=order if item.order_name is None else f"ext:{item.order_name}",
            step=item.step,
            key=item.key,
            left=item.left_amount,
            right=item.right_amount,
            left_on=item.left_on,
            right_on=item.right_on,
            clearing=None if item.clearing is None else ClearingOut.of(item.clearing),
            left_state=item.left_state,
            right_state=item.right_state,
        )


class ClearBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a difference may stand, and where more is said about it."""

    reason: Literal["timing", "corrected-by-shop", "corrected-here", "known-difference", "accepted"]
    reference: Reference | None = None


class ReopenBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Why an explanation does not hold, and where more is said about it."""

    reason: Literal["mistake", "disproved", "audit"]
    reference: Reference | None = None
