"""What orders of rewards post to the ledger: points are spent, and come back. Pure."""

from uuid import UUID

from ledger import Posting, Reschedule, Restore, Spend
from loyalty.cause import Cause
from loyalty.expiry import Activity
from loyalty.ids import new_id
from loyalty.policy import Policy

REASON = "reward"


def spend_key(order: UUID) -> str:
    """Return the business key under which an order's points were spent."""
    return f"reward:{order}:spend"


def restore_key(order: UUID) -> str:
    """Return the business key under which they were given back."""
    return f"reward:{order}:restore"


def spending(holder: UUID, order: UUID, points: int, policy: Policy, cause: Cause) -> list[Posting]:
    """Take the points; being active keeps those alive that lapse with inactivity."""
    spend = Spend(
        holder=holder,
        key=spend_key(order),
        journal=new_id(cause.at),
        effective_at=cause.at,
        actor=cause.actor,
        request_id=cause.request_id,
        reason=REASON,
        amount=points,
    )
    rolls = [
        Reschedule(
            holder=holder,
            key=f"reward:{order}:roll:{roll.schedule}",
            journal=new_id(cause.at),
            effective_at=cause.at,
            actor=cause.actor,
            request_id=cause.request_id,
            reason=REASON,
            schedule=roll.schedule,
            expires_at=roll.expires_at,
        )
        for roll in policy.rolls(cause.at, {Activity.SPEND})
    ]
    return [spend, *rolls]


def restoring(holder: UUID, order: UUID, points: int, policy: Policy, cause: Cause) -> Restore:
    """Give the points back to the lots that they came from."""
    return Restore(
        holder=holder,
        key=restore_key(order),
        journal=new_id(cause.at),
        effective_at=cause.at,
        actor=cause.actor,
        request_id=cause.request_id,
        reason=REASON,
        of=spend_key(order),
        amount=points,
        grace_days=policy.grace_days,
    )
