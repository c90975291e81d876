"""Writes an order of a reward in one statement, and takes its stock in the last one.

The caller holds the lock of the member's row, which is what numbers events and counts what the
member took; the shelf is locked last of all, just before COMMIT.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    Text,
    Uuid,
    column,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.errors import Unavailable
from loyalty.events import Event, events_insert
from loyalty.idempotency import Answer, Attempt, answer_insert
from loyalty.names import VOUCHER, Name
from loyalty.rewards.errors import (
    RewardMoved,
    RewardOrderConflict,
    RewardPeriodSoldOut,
    RewardSoldOut,
)
from loyalty.rewards.periods import Period, period_of
from loyalty.rewards.tables import reward_allowance, reward_order
from loyalty.rewards.types import Every, Limit, Per
from loyalty.tables import name

_ONE: Final = literal(1).label("one")
_TOOK: Final = (
    column("code", Text),
    column("seen", BigInteger),
    column("wanted", BigInteger),
    column("period", Text),
    column("allowed", BigInteger),
)

Kept = tuple[Attempt, Answer] | None
"""The answer to keep under its idempotency key together with the rows, if there is one."""


@dataclass(frozen=True, slots=True)
class Placing:
    """The rows of an order: itself, the names it takes, and what the member has had by now."""

    order: Mapping[str, Any]
    names: Sequence[Name]
    allowances: Sequence[Mapping[str, Any]]


async def write_order(
    connection: AsyncConnection,
    cause: Cause,
    placing: Placing,
    happened: Sequence[Event],
    kept: Kept = None,
) -> None:
    """Write an order with its names, its limits, its events and its answer.

    Raises RewardOrderConflict when the shop's id stands for another order meanwhile.
    """
    named = (
        postgresql.insert(name)
        .values([_name(one) for one in placing.names])
        .on_conflict_do_nothing(constraint="name_is_taken_once")
        .returning(name.c.kind)
        .cte("named")
    )
    events, rows = events_insert(cause, happened)
    others = [
        insert(reward_order)
        .values(**placing.order, **cause.columns())
        .returning(_ONE)
        .cte("ordered"),
        events.returning(_ONE).cte("told"),
    ]
    if placing.allowances:
        counted = postgresql.insert(reward_allowance).values(list(placing.allowances))
        others.append(
            counted.on_conflict_do_update(
                constraint="reward_allowance_has_one_row",
                set_={"taken": counted.excluded.taken, "allowed": counted.excluded.allowed},
            )
            .returning(_ONE)
            .cte("counted")
        )
    if kept is not None:
        others.append(answer_insert(*kept).returning(_ONE).cte("answered"))
    wrote = await connection.execute(select(named.c.kind).add_cte(*others), {"events": rows})
    taken = {row.kind for row in wrote}
    for one in placing.names:
        if one.kind not in taken:
            _refuse_name(one)


async def take_stock(
    connection: AsyncConnection, member: UUID, order: UUID, limits: Sequence[Mapping[str, object]]
) -> None:
    """Take what an order asks for from the shelf: the last statement, and the last lock.

    Raises RewardSoldOut for all but the first of those who wanted the last one,
    RewardPeriodSoldOut, and RewardMoved when another version is live by now.
    """
    took = func.loyalty.take_reward(
        literal(member, Uuid), literal(order, Uuid), literal(list(limits), JSONB)
    ).table_valued(*_TOOK)
    code, seen, wanted, period, allowed = (await connection.execute(select(took))).one()
    match code:
        case "reward-sold-out":
            raise RewardSoldOut(seen=seen, wanted=wanted, pointer="/quantity")
        case "reward-moved":
            raise RewardMoved(seen=seen, wanted=wanted)
        case "reward-period-sold-out":
            raise RewardPeriodSoldOut(
                every=period, limit=allowed, seen=seen, wanted=wanted, pointer="/quantity"
            )
        case _:
            pass


def limits_for_all(
    limits: Sequence[Limit], at: datetime, zone: ZoneInfo
) -> list[dict[str, object]]:
    """Return the periods of all together as `take_stock` takes them."""
    found: list[dict[str, object]] = []
    for limit in limits:
        period = period_of(limit.every, at, zone)
        if limit.per is Per.ALL and period.ends_at is not None:
            found.append(
                {
                    "every": limit.every.value,
                    "starts_at": period.starts_at.isoformat(),
                    "ends_at": period.ends_at.isoformat(),
                    "allowed": limit.quantity,
                }
            )
    return found


def allowance(
    member: UUID, reward: UUID, limit: Limit, period: Period, *, taken: int
) -> dict[str, object]:
    """Return the row that counts a member's limit, this order included."""
    return {
        "member": member,
        "reward": reward,
        "every": limit.every.value,
        "starts_at": period.starts_at,
        "ends_at": None if limit.every is Every.EVER else period.ends_at,
        "taken": taken,
        "allowed": limit.quantity,
    }


def _name(one: Name) -> Mapping[str, object]:
    return {"kind": one.kind, "name": one.name, "member": one.member, "id": one.id}


def _refuse_name(one: Name) -> None:
    if one.kind == VOUCHER:  # minted twice at the same moment: another try mints another
        raise Unavailable(retry_after=1)
    raise RewardOrderConflict(field="order_id", seen="another order", wanted="a new order")
