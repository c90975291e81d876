"""What people do to a wallet besides giving and taking: forgive debt, lock it, activate early.

Each names a reason, is audited with who did it, and tells the feed. A member's row is locked by
the caller's first statement; what the ledger refuses leaves nothing behind.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.adjustments import count_against_limit, refuse_over_limit, refuse_reason
from loyalty.cause import Cause
from loyalty.changes import keep_texts, record_change
from loyalty.errors import LoyaltyError
from loyalty.events import Event, record_event
from loyalty.ids import new_id, show
from loyalty.members import Member, refuse_closed
from loyalty.policy import POINTS, policy_at, refuse_unknown_asset

MOST_LOTS: Final = 10_000


class _Act(NamedTuple):
    """How the audit trail and the feed call what was done."""

    action: str
    event: str


_WRITE_OFF: Final = _Act("write-off", "points.written-off")
_FREEZE: Final = _Act("freeze", "wallet.frozen")
_THAW: Final = _Act("thaw", "wallet.thawed")
_ACTIVATE: Final = _Act("activate", "points.activated")


class LotUnknown(LoyaltyError):
    """The wallet has no points left of lot {seen}."""

    code = "lot-unknown"
    seen: str


@dataclass(frozen=True, slots=True)
class Correction:
    """Why something is done, in which role, to which asset."""

    reason: str
    role: str
    note: str | None = None
    asset: str = POINTS


@dataclass(frozen=True, slots=True)
class Corrected:
    """The journal of what was done, and how many points it moved."""

    journal: UUID
    points: int
    asset: str


class _Done(NamedTuple):
    """What was done, and why."""

    corrected: Corrected
    correction: Correction


async def write_off_debt(
    connection: AsyncConnection, cause: Cause, whose: Member, points: int, correction: Correction
) -> Corrected:
    """Give up debt that will not be repaid; it counts against the role's limit of the day.

    Refused: `DebtTooSmall` by the ledger, `AdjustmentOverLimit`, `AdjustmentReasonUnknown`.
    """
    policy = await policy_at(connection, cause.at)
    refuse_unknown_asset(policy, correction.asset)
    refuse_reason(policy, correction.reason)
    allowed = refuse_over_limit(policy, correction.role, points)
    journal = new_id(cause.at)
    posting = ledger.WriteOff(
        holder=whose.holder,
        asset=correction.asset,
        key=f"write-off:{journal}",
        journal=journal,
        effective_at=cause.at,
        actor=cause.actor,
        request_id=cause.request_id,
        reason=correction.reason,
        amount=points,
    )
    (outcome,) = await ledger.post(connection, [posting], at=cause.at)
    ledger.demand(outcome)
    done = Corrected(journal, points, correction.asset)
    await _record(connection, cause, whose, _WRITE_OFF, _Done(done, correction))
    await count_against_limit(
        connection, cause, policy, role=correction.role, points=points, allowed=allowed
    )
    return done


async def freeze_wallet(
    connection: AsyncConnection,
    cause: Cause,
    whose: Member,
    correction: Correction,
    *,
    frozen: bool,
) -> Corrected:
    """Lock a wallet, so that nothing is spent or held from it, or unlock it again."""
    policy = await policy_at(connection, cause.at)
    refuse_unknown_asset(policy, correction.asset)
    refuse_reason(policy, correction.reason)
    journal = new_id(cause.at)
    posting = ledger.Freeze(
        holder=whose.holder,
        asset=correction.asset,
        key=f"freeze:{journal}",
        journal=journal,
        effective_at=cause.at,
        actor=cause.actor,
        request_id=cause.request_id,
        reason=correction.reason,
        frozen=frozen,
    )
    (outcome,) = await ledger.post(connection, [posting], at=cause.at)
    ledger.demand(outcome)
    done = Corrected(journal, 0, correction.asset)
    await _record(connection, cause, whose, _FREEZE if frozen else _THAW, _Done(done, correction))
    return done


async def activate_lot(
    connection: AsyncConnection, cause: Cause, whose: Member, lot: UUID, correction: Correction
) -> Corrected:
    """Make the pending points of a lot available now, because an event says so.

    Refused: `LotUnknown`, and `LotNotPending` by the ledger.
    """
    refuse_closed(whose)
    policy = await policy_at(connection, cause.at)
    refuse_unknown_asset(policy, correction.asset)
    refuse_reason(policy, correction.reason)
    posting = ledger.Activate(
        holder=whose.holder,
        asset=correction.asset,
        key=f"activate:{lot}",
        journal=new_id(cause.at),
        effective_at=cause.at,
        actor=cause.actor,
        request_id=cause.request_id,
        reason=correction.reason,
        of=await _key_of(connection, cause, whose, lot, correction.asset),
    )
    (outcome,) = await ledger.post(connection, [posting], at=cause.at)
    ledger.demand(outcome)
    done = Corrected(posting.journal, outcome.amount, correction.asset)
    await _record(connection, cause, whose, _ACTIVATE, _Done(done, correction))
    return done


async def _key_of(
    connection: AsyncConnection, cause: Cause, whose: Member, lot: UUID, asset: str
) -> str:
    """The business key of the earn that a lot was born by."""
    open_ = await ledger.lots(connection, whose.holder, at=cause.at, asset=asset, limit=MOST_LOTS)
    found = next((one for one in open_ if one.id == lot), None)
    born = None if found is None else await ledger.find_journal(connection, found.journal)
    if born is None or born.key is None:
        raise LotUnknown(seen=show("lot", lot), pointer="/lot")
    return born.key


async def _record(
    connection: AsyncConnection,
    cause: Cause,
    whose: Member,
    act: "_Act",
    done: "_Done",
) -> None:
    corrected, correction = done
    said = {} if correction.note is None else {"note": (None, correction.note)}
    kept = await keep_texts(connection, cause, whose.id, said)
    told = {
        "amount": corrected.points,
        "asset": corrected.asset,
        "reason": correction.reason,
        "journal": str(corrected.journal),
    }
    await record_change(
        connection,
        cause,
        subject_kind="wallet",
        subject=str(whose.holder),
        action=act.action,
        after={**told, "role": correction.role, **kept},
        member=whose.id,
    )
    happened = Event(
        id=new_id(cause.at), member=whose.id, type=act.event, effective_at=cause.at, data=told
    )
    await record_event(connection, cause, happened)
