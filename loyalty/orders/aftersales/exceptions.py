"""The list of what had to be recorded although something was missing, and how each was settled.

After payment facts are recorded and never refused; what they lacked stands here until somebody has
worked it through, with who did it and why. A chargeback's review is one of them: it ends with the
wallet released, or with the lock upheld.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import Select, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.events import Event, record_event
from loyalty.ids import new_id, show
from loyalty.members import Member, Ref, absorbed_members, lock_member
from loyalty.orders.aftersales.errors import ExceptionSettled, OutcomeUnfit, UnknownException
from loyalty.orders.aftersales.tables import order_exception
from loyalty.orders.claims import lock_survivor
from loyalty.orders.context import lock_guests_order
from loyalty.orders.keys import unlock_key
from loyalty.orders.listing import external_id
from loyalty.orders.retaking import BUDGET_OVERRUN, POINTS_OVERRUN, USES_OVERRUN

OVERDRAWN: Final = "points-overdrawn"
OVERRUN: Final = "voucher-overrun"
REVIEW: Final = "chargeback-review"
OVER_PAID: Final = "chargeback-over-paid"
SETTLED_EVENT: Final = "order.exception-settled"
MOST_LISTED: Final = 200

State = Literal["open", "settled", "all"]
Outcome = Literal["settled", "released", "upheld"]
Unit = Literal["points", "money", "uses"]

_UNITS: Final[Mapping[str, Unit]] = MappingProxyType(
    {
        OVERDRAWN: "points",
        POINTS_OVERRUN: "points",
        OVERRUN: "uses",
        USES_OVERRUN: "uses",
        REVIEW: "money",
        OVER_PAID: "money",
        BUDGET_OVERRUN: "money",
    }
)
_REVIEWED: Final = ("released", "upheld")


@dataclass(frozen=True, slots=True)
class Settled:
    """Who settled an exception, when, how and why; `reference` is the case in another system."""

    at: datetime
    by: str
    outcome: str
    reason: str
    reference: str | None


@dataclass(frozen=True, slots=True)
class OpenException:
    """A fact that lacked something: of which order and step, how much, and how it was settled."""

    id: UUID
    order: UUID
    order_name: str | None
    member: UUID | None
    step: UUID
    code: str
    amount: int
    at: datetime
    locked: bool
    settled: Settled | None

    @property
    def unit(self) -> Unit:
        """What the amount counts."""
        return _UNITS.get(self.code, "uses")


@dataclass(frozen=True, slots=True)
class Settling:
    """Why an exception is settled; a chargeback's review also says with which outcome."""

    reason: str
    outcome: Outcome | None = None
    reference: str | None = None


async def list_exceptions(
    connection: AsyncConnection,
    *,
    state: State = "open",
    code: str | None = None,
    order: UUID | None = None,
    limit: int = 50,
    after: tuple[datetime, UUID] | None = None,
) -> Sequence[OpenException]:
    """Return exceptions, the oldest first, from after the one named."""
    at, one = order_exception.c.at, order_exception.c.id
    wanted = _LISTED.order_by(at, one).limit(min(limit, MOST_LISTED))
    if state != "all":
        ended = order_exception.c.settled_at
        wanted = wanted.where(ended.is_(None) if state == "open" else ended.is_not(None))
    if code is not None:
        wanted = wanted.where(order_exception.c.code == code)
    if order is not None:
        wanted = wanted.where(order_exception.c.order_id == order)
    if after is not None:
        wanted = wanted.where(tuple_(at, one) > tuple_(*after))
    return await _read(connection, wanted)


async def find_exception(connection: AsyncConnection, exception: UUID) -> OpenException:
    """Return one exception; raises `UnknownException`."""
    found = await _read(connection, _LISTED.where(order_exception.c.id == exception))
    if not found:
        raise UnknownException(seen=show("exc", exception))
    return found[0]


async def settle_exception(
    connection: AsyncConnection, cause: Cause, exception: UUID, asked: Settling
) -> OpenException:
    """Settle an exception, with who did it and why; the same outcome and reason again is a replay.

    Raises `UnknownException`, `OutcomeUnfit`, and `ExceptionSettled` for another outcome or reason.
    """
    found = await find_exception(connection, exception)
    outcome = _outcome(found, asked)
    whose = None
    if found.member is None:
        await lock_guests_order(connection, found.order)
    else:
        whose = await lock_survivor(connection, await _lock(connection, found.member))
    if not await _write(connection, cause, found, asked, outcome):
        now = await find_exception(connection, exception)
        before = now.settled
        if before is None or (before.outcome, before.reason) != (outcome, asked.reason):
            raise ExceptionSettled(seen=_said(before), wanted=f"{outcome}, {asked.reason}")
        return now
    unlocked = False
    if whose is not None and outcome == "released" and found.locked:
        unlocked = await _unlock(connection, cause, whose, found, asked)
    await _tell(connection, cause, found, asked, outcome, unlocked=unlocked)
    return await find_exception(connection, exception)


def _outcome(found: OpenException, asked: Settling) -> str:
    if found.code == REVIEW:
        if asked.outcome not in _REVIEWED:
            raise OutcomeUnfit(
                exception=REVIEW,
                seen=asked.outcome or "nothing",
                wanted=" or ".join(_REVIEWED),
                pointer="/outcome",
            )
        return asked.outcome
    if asked.outcome not in {None, "settled"}:
        raise OutcomeUnfit(
            exception=found.code, seen=str(asked.outcome), wanted="settled", pointer="/outcome"
        )
    return "settled"


def _said(before: Settled | None) -> str:
    return "nothing" if before is None else f"{before.outcome}, {before.reason}"


async def _lock(connection: AsyncConnection, whose: UUID) -> Member:
    return await lock_member(connection, Ref("member", str(whose), id=whose))


async def _write(
    connection: AsyncConnection, cause: Cause, found: OpenException, asked: Settling, outcome: str
) -> bool:
    """Settle it unless somebody did meanwhile."""
    written = await connection.execute(
        update(order_exception)
        .where(order_exception.c.id == found.id, order_exception.c.settled_at.is_(None))
        .values(
            settled_at=cause.at,
            settled_by=cause.actor,
            outcome=outcome,
            reason=asked.reason,
            reference=asked.reference,
        )
    )
    return written.rowcount == 1


async def _unlock(
    connection: AsyncConnection, cause: Cause, whose: Member, found: OpenException, asked: Settling
) -> bool:
    """Unlock the wallet, unless another chargeback is still under review: then that one locks it.

    A wallet that somebody locked by hand before the chargeback is not unlocked by its review.
    """
    everybody = [whose.id, *await absorbed_members(connection, whose.id)]
    others = (
        select(order_exception.c.id)
        .where(
            order_exception.c.member.in_(everybody),
            order_exception.c.code == REVIEW,
            order_exception.c.settled_at.is_(None),
        )
        .order_by(order_exception.c.at, order_exception.c.id)
        .limit(1)
    )
    other = (await connection.execute(others)).scalar_one_or_none()
    if other is not None:
        taken_over = update(order_exception).where(order_exception.c.id == other)
        await connection.execute(taken_over.values(locked=True))
        return False
    posting = ledger.Freeze(
        holder=whose.holder,
        key=unlock_key(found.order, found.step),
        journal=new_id(cause.at),
        effective_at=cause.at,
        actor=cause.actor,
        request_id=cause.request_id,
        reason=asked.reason,
        frozen=False,
    )
    for outcome in await ledger.post(connection, [posting], at=cause.at):
        ledger.demand(outcome)
    return True


async def _tell(
    connection: AsyncConnection,
    cause: Cause,
    found: OpenException,
    asked: Settling,
    outcome: str,
    *,
    unlocked: bool,
) -> None:
    told = {
        "order": show("ord", found.order),
        "exception": show("exc", found.id),
        "code": found.code,
        "amount": found.amount,
        "outcome": outcome,
        "reason": asked.reason,
        "wallet_unlocked": unlocked,
    }
    await record_change(
        connection,
        cause,
        subject_kind="order-exception",
        subject=str(found.id),
        action="settle",
        before={"code": found.code, "amount": found.amount, "settled": False},
        after={**told, "reference": asked.reference},
        member=found.member,
    )
    happened = Event(
        id=new_id(cause.at),
        member=found.member or found.order,
        type=SETTLED_EVENT,
        effective_at=cause.at,
        data=told,
    )
    await record_event(connection, cause, happened)


async def _read(
    connection: AsyncConnection, wanted: Select[*tuple[object, ...]]
) -> list[OpenException]:
    rows = (await connection.execute(wanted)).mappings()
    return [
        OpenException(
            id=row["id"],
            order=row["order_id"],
            order_name=row["order_name"],
            member=None if row["member"] == row["order_id"] else row["member"],
            step=row["step"],
            code=row["code"],
            amount=row["amount"],
            at=row["at"],
            locked=row["locked"],
            settled=None
            if row["settled_at"] is None
            else Settled(
                at=row["settled_at"],
                by=row["settled_by"],
                outcome=row["outcome"],
                reason=row["reason"],
                reference=row["reference"],
            ),
        )
        for row in rows
    ]


_LISTED: Final = select(
    *order_exception.c,
    external_id(order_exception.c.order_id).label("order_name"),
)
