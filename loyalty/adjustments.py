"""Points given and taken by hand: for a reason, within a limit per role and day, on the record.

The limit is one row per role and business day, moved by one conditional statement after the
posting, so that any number of people at once stay within it. Free text goes where erasure finds it.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
import tiers
from loyalty.books import UNVALUED, given_by_hand
from loyalty.cause import Cause
from loyalty.changes import keep_texts, record_change
from loyalty.errors import LoyaltyError
from loyalty.events import Event, record_event
from loyalty.expiry import Activity, Term
from loyalty.feeding import feed_gains
from loyalty.gains import Gain
from loyalty.ids import new_id
from loyalty.members import Member, refuse_closed
from loyalty.policy import ADJUSTMENT, POINTS, Policy, policy_at, refuse_unknown_asset
from loyalty.tables import adjustment_day


class AdjustmentOverLimit(LoyaltyError):
    """The role {role} may adjust {allowed} points a day; {wanted} more would exceed that."""

    code = "adjustment-over-limit"
    role: str
    allowed: int
    wanted: int


class AdjustmentReasonUnknown(LoyaltyError):
    """A reason is one of {wanted}, not {seen}."""

    code = "adjustment-reason-unknown"
    seen: str
    wanted: str


class AdjustmentEmpty(LoyaltyError):
    """An adjustment gives or takes at least one point."""

    code = "adjustment-empty"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What is given (positive) or taken (negative), why, and in which role."""

    amount: int
    reason: str
    role: str
    note: str | None = None
    asset: str = POINTS


@dataclass(frozen=True, slots=True)
class Adjusted:
    """What an adjustment did: its journal, and the debt it repaid."""

    journal: UUID
    amount: int
    repaid: int
    asset: str = POINTS


async def adjust(
    connection: AsyncConnection, cause: Cause, whose: Member, adjustment: Adjustment
) -> Adjusted:
    """Give or take points; the member's row must be locked.

    Taking more than is available is refused by the ledger as `InsufficientPoints`.
    """
    refuse_closed(whose)
    policy = await policy_at(connection, cause.at)
    allowed = _check(policy, adjustment)
    journal, asset = new_id(cause.at), adjustment.asset
    gives = adjustment.amount > 0
    term = policy.term(cause.at, ADJUSTMENT, asset=asset) if gives else Term()
    given = UNVALUED
    if gives and asset == POINTS:
        given = await given_by_hand(
            connection, policy, reason=adjustment.reason, points=adjustment.amount, at=cause.at
        )
    posting = ledger.Adjust(
        holder=whose.holder,
        asset=asset,
        key=f"adjust:{journal}",
        journal=journal,
        effective_at=cause.at,
        actor=cause.actor,
        request_id=cause.request_id,
        reason=adjustment.reason,
        labels=await _labels(connection, cause, policy, whose),
        amount=adjustment.amount,
        lot=new_id(cause.at) if gives else None,
        lot_class=given.lot_class,
        allocated=given.allocated,
        source=ADJUSTMENT,
        expires_at=term.expires_at,
        schedule=term.schedule,
        notice=term.notice,
    )
    rolls = _rolls(policy, posting) if asset == POINTS else []
    outcome, *_ = await ledger.post(connection, [posting, *rolls], at=cause.at)
    ledger.demand(outcome)
    await _record(connection, cause, whose, adjustment, journal)
    await _feed(connection, cause, policy, whose, posting)
    await count_against_limit(
        connection,
        cause,
        policy,
        role=adjustment.role,
        points=abs(adjustment.amount),
        allowed=allowed,
    )
    return Adjusted(journal, adjustment.amount, outcome.repaid, asset)


async def _feed(
    connection: AsyncConnection,
    cause: Cause,
    policy: Policy,
    whose: Member,
    posting: ledger.Adjust,
) -> None:
    """Count it for the tier where the live ladder names the asset."""
    if posting.lot is None:
        taken = {posting.asset: -posting.amount}
        await feed_gains(connection, cause, policy, whose, (), taken=taken)
        return
    on = policy.day_of(cause.at)
    gain = Gain(posting.asset, posting.lot, on, posting.amount, by_hand=True)
    await feed_gains(connection, cause, policy, whose, [gain])


def _rolls(policy: Policy, posting: ledger.Adjust) -> list[ledger.Reschedule]:
    """What a correction does to points that lapse with inactivity, where it counts as activity."""
    return [
        ledger.Reschedule(
            holder=posting.holder,
            key=f"{posting.key}:roll:{roll.schedule}",
            journal=new_id(posting.effective_at),
            effective_at=posting.effective_at,
            actor=posting.actor,
            request_id=posting.request_id,
            reason=posting.reason,
            schedule=roll.schedule,
            expires_at=roll.expires_at,
        )
        for roll in policy.rolls(posting.effective_at, {Activity.ADJUSTMENT})
    ]


def refuse_reason(policy: Policy, reason: str) -> None:
    """Refuse a reason that the policy does not list."""
    if reason not in policy.adjustment_reasons:
        raise AdjustmentReasonUnknown(
            seen=reason, wanted=", ".join(policy.adjustment_reasons), pointer="/reason"
        )


def refuse_over_limit(policy: Policy, role: str, points: int) -> int:
    """Refuse more at once than the role may move in a whole day; answer how much that is."""
    allowed = policy.adjustment_limits.get(role, 0)
    if points > allowed:
        raise AdjustmentOverLimit(role=role, allowed=allowed, wanted=points, pointer="/points")
    return allowed


async def count_against_limit(
    connection: AsyncConnection,
    cause: Cause,
    policy: Policy,
    *,
    role: str,
    points: int,
    allowed: int,
) -> None:
    """Count points against the role's limit of the day; the last statement of a correction."""
    new = insert(adjustment_day).values(
        role=role, day=policy.day_of(cause.at), points=points, allowed=allowed
    )
    total = adjustment_day.c.points + new.excluded.points
    counted = await connection.execute(
        new.on_conflict_do_update(
            constraint="adjustment_day_has_one_row_per_role",
            set_={"points": total, "allowed": new.excluded.allowed},
            where=total <= new.excluded.allowed,
        ).returning(adjustment_day.c.points)
    )
    if counted.one_or_none() is None:
        raise AdjustmentOverLimit(role=role, allowed=allowed, wanted=points, pointer="/points")


def _check(policy: Policy, adjustment: Adjustment) -> int:
    if adjustment.amount == 0:
        raise AdjustmentEmpty(pointer="/points")
    refuse_unknown_asset(policy, adjustment.asset)
    refuse_reason(policy, adjustment.reason)
    return refuse_over_limit(policy, adjustment.role, abs(adjustment.amount))


async def _labels(
    connection: AsyncConnection, cause: Cause, policy: Policy, whose: Member
) -> dict[str, str]:
    day = policy.day_of(cause.at)
    standing = (await connection.execute(tiers.standing_at(whose.id, day))).first()
    return {} if standing is None or standing.tier is None else {"tier": standing.tier}


async def _record(
    connection: AsyncConnection,
    cause: Cause,
    whose: Member,
    adjustment: Adjustment,
    journal: UUID,
) -> None:
    said = {} if adjustment.note is None else {"note": (None, adjustment.note)}
    kept = await keep_texts(connection, cause, whose.id, said)
    await record_change(
        connection,
        cause,
        subject_kind="wallet",
        subject=str(whose.holder),
        action="adjust",
        after={
            "amount": adjustment.amount,
            "reason": adjustment.reason,
            "role": adjustment.role,
            "asset": adjustment.asset,
            "journal": str(journal),
            **kept,
        },
        member=whose.id,
    )
    await record_event(
        connection,
        cause,
        Event(
            id=new_id(cause.at),
            member=whose.id,
            type="points.adjusted",
            effective_at=cause.at,
            data={
                "amount": adjustment.amount,
                "asset": adjustment.asset,
                "reason": adjustment.reason,
                "journal": str(journal),
            },
        ),
    )
