"""What an order's steps post to the ledger: one spelling for the API and for history. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from ledger import (
    Capture,
    ClawBack,
    Earn,
    Extend,
    Hold,
    Release,
    Reschedule,
    Rest,
    Restore,
    Shortfall,
)
from loyalty.cause import Cause
from loyalty.expiry import Activity, Term
from loyalty.orders.deferring import CLASS
from loyalty.orders.keys import (
    capture_key,
    claw_back_key,
    earn_key,
    extend_key,
    hold_key,
    release_key,
    restore_key,
    roll_key,
)
from loyalty.orders.types import Shipment
from loyalty.policy import ORDER, Policy

REASON = "order"


@dataclass(frozen=True, slots=True)
class Entries:
    """Makes the postings of one order of one holder, under the keys of its steps."""

    holder: UUID
    order: UUID
    cause: Cause
    mint: Callable[[datetime], UUID]

    def hold(self, points: int, *, at: datetime, until: datetime | None) -> Hold:
        """Set the points aside that the order spends."""
        return Hold(
            holder=self.holder,
            key=hold_key(self.order),
            journal=self.mint(at),
            effective_at=at,
            actor=self.cause.actor,
            request_id=self.cause.request_id,
            reason=REASON,
            amount=points,
            until=until,
        )

    def extend(self, before: datetime | None, until: datetime | None, *, at: datetime) -> Extend:
        """Give the hold another end; none once the order is paid."""
        ends = (
            "never" if end is None else end.astimezone(UTC).isoformat() for end in (before, until)
        )
        mark = "-".join(ends)
        return Extend(
            holder=self.holder,
            key=extend_key(self.order, mark),
            journal=self.mint(at),
            effective_at=at,
            actor=self.cause.actor,
            request_id=self.cause.request_id,
            reason=REASON,
            of=hold_key(self.order),
            until=until,
        )

    def capture(
        self, shipment: Shipment, points: int, *, ends: bool, grace_days: int = 0
    ) -> Capture:
        """Take the points that a shipment spends; a hold that ran out is taken anew."""
        return Capture(
            holder=self.holder,
            key=capture_key(self.order, shipment.id),
            journal=self.mint(shipment.at),
            effective_at=shipment.at,
            actor=self.cause.actor,
            request_id=self.cause.request_id,
            reason=REASON,
            of=hold_key(self.order),
            amount=points,
            rest=Rest.RELEASE if ends else Rest.STAY,
            retake=True,
            grace_days=grace_days,
        )

    def release(
        self, step: UUID, points: int | None, *, at: datetime, grace_days: int = 0
    ) -> Release:
        """Give back points that a step leaves unspent; without a number, all of them."""
        return Release(
            holder=self.holder,
            key=release_key(self.order, step),
            journal=self.mint(at),
            effective_at=at,
            actor=self.cause.actor,
            request_id=self.cause.request_id,
            reason=REASON,
            of=hold_key(self.order),
            amount=points,
            grace_days=grace_days,
        )

    def earn(
        self, shipment: Shipment, labels: Mapping[str, str], term: Term, *, allocated: int
    ) -> Earn:
        """Put in what a shipment earns; its lot is born with `term` and a part of the price."""
        return Earn(
            holder=self.holder,
            key=earn_key(self.order, shipment.id),
            journal=self.mint(shipment.at),
            effective_at=shipment.at,
            actor=self.cause.actor,
            request_id=self.cause.request_id,
            reason=REASON,
            labels=labels,
            amount=shipment.figures.earn,
            lot=self.mint(shipment.at),
            source=ORDER,
            lot_class=CLASS,
            allocated=allocated,
            activates_at=shipment.activates_at,
            expires_at=term.expires_at,
            schedule=term.schedule,
            notice=term.notice,
        )

    def roll(self, shipment: Shipment, policy: Policy, *, taken: int) -> list[Reschedule]:
        """Let what a shipment is for its member keep points alive that lapse with inactivity."""
        done = {Activity.PURCHASE}
        if taken:
            done.add(Activity.SPEND)
        if shipment.figures.earn:
            done.add(Activity.EARN)
        return [
            Reschedule(
                holder=self.holder,
                key=roll_key(self.order, shipment.id, roll.schedule),
                journal=self.mint(shipment.at),
                effective_at=shipment.at,
                actor=self.cause.actor,
                request_id=self.cause.request_id,
                reason=REASON,
                schedule=roll.schedule,
                expires_at=roll.expires_at,
            )
            for roll in policy.rolls(shipment.at, done)
        ]

    def claw_back(
        self,
        returned: UUID,
        shipment: UUID,
        points: int,
        *,
        at: datetime,
        reason: str,
        shortfall: Shortfall,
        deductible: int | None = None,
    ) -> ClawBack:
        """Take back what a returned part of a shipment had earned."""
        return ClawBack(
            holder=self.holder,
            key=claw_back_key(self.order, returned, shipment),
            journal=self.mint(at),
            effective_at=at,
            actor=self.cause.actor,
            request_id=self.cause.request_id,
            reason=reason,
            of=earn_key(self.order, shipment),
            amount=points,
            shortfall=shortfall,
            deductible=deductible,
        )

    def restore(
        self,
        returned: UUID,
        shipment: UUID,
        points: int,
        *,
        at: datetime,
        reason: str,
        grace_days: int,
    ) -> Restore:
        """Give back what a returned part of a shipment had spent."""
        return Restore(
            holder=self.holder,
            key=restore_key(self.order, returned, shipment),
            journal=self.mint(at),
            effective_at=at,
            actor=self.cause.actor,
            request_id=self.cause.request_id,
            reason=reason,
            of=capture_key(self.order, shipment),
            amount=points,
            grace_days=grace_days,
        )


def _mark(end: datetime | None) -> str:
    return "never" if end is None else end.astimezone(UTC).isoformat()
