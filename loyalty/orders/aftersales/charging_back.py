"""A chargeback: the buyer's bank took money back, and the shop reports it.

A fact, never refused for a business reason. What the order had earned is taken back, the tier
follows, and the wallet is locked until somebody has reviewed it: `chargeback-review` stands in the
list of exceptions and is settled as released or upheld.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.cause import Cause
from loyalty.checkout.programme import Programme
from loyalty.idempotency import Begun
from loyalty.ids import new_id, show
from loyalty.instants import taken_at
from loyalty.orders.aftersales.chargeback import ChargebackPlan, chargeback_text, plan_chargeback
from loyalty.orders.aftersales.exceptions import OVER_PAID, REVIEW
from loyalty.orders.aftersales.tables import order_exception
from loyalty.orders.claims import lock_survivor, settle_claims
from loyalty.orders.completion import Step
from loyalty.orders.context import Context, move_standing, read_context
from loyalty.orders.granted import NOTHING_WITHDRAWN, Withdrawal
from loyalty.orders.granting import plan_withdrawal, withdrawn_events
from loyalty.orders.happenings import charged_back_event
from loyalty.orders.keys import lock_key
from loyalty.orders.returning import corrections, post_reversals, repeat_reversals
from loyalty.orders.reversal import Reversed
from loyalty.orders.rows import return_line_rows, return_row
from loyalty.orders.steps import conflict, refuse_instant, same_instant
from loyalty.orders.types import History, Return
from loyalty.orders.uses import moved_uses
from loyalty.orders.writing import Exceeded, Kept, Steps, write_steps

STEP: Final = "chargeback"


@dataclass(frozen=True, slots=True)
class ChargingBack:
    """What a shop reports as charged back; no amount is all that was paid."""

    amount: int | None = None
    reason: str = "unspecified"
    name: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChargedBack:
    """A chargeback as recorded, what became of the points, and the review that it waits for."""

    history: History
    returned: Return
    points: Reversed
    locked: bool
    review: UUID | None
    exceptions: tuple[str, ...] = ()
    withdrawal: Withdrawal = NOTHING_WITHDRAWN
    replayed: bool = False


Keep = Callable[[ChargedBack], Kept]


async def charge_back(
    connection: AsyncConnection,
    programme: Programme,
    cause: Cause,
    begun: Begun,
    asked: ChargingBack,
    *,
    keep: Keep = lambda _: None,
) -> ChargedBack:
    """Record a chargeback. The same one with the same content is a replay.

    Raises OrderConflict for other content, NothingPaid, and InstantOutOfOrder.
    """
    context = await read_context(connection, programme, begun)
    history, order = context.history, context.found.order
    before = next((one for one in history.returns if one.name == asked.name), None)
    if before is not None:
        return await _replayed(connection, cause, context, before, asked)
    at = taken_at(asked.at, now=cause.at)
    refuse_instant("charged_back_at", at, since=order.placed_at, now=cause.at)
    one = new_id(at)
    step = Step(one, asked.name or show("ret", one), at, context.policy.day_of(at))
    plan = plan_chargeback(history, asked.amount, asked.reason, step)
    lock = await _lock_wallet(connection, cause, context, plan.plan.returned)
    points = await post_reversals(connection, cause, context, plan.plan, beside=lock.beside)
    activities = corrections(context.subject, order.id, plan.plan.taken)
    standing = await move_standing(
        connection, cause, context.ladder, context.subject, activities, on=step.on
    )
    returned = plan.plan.returned
    over = _exceptions(context, plan, locked=lock.done)
    after = history.with_return(returned)
    review = next((each.id for each in over if each.code == REVIEW), None)
    codes = tuple(each.code for each in over)
    uses = moved_uses(context.found.uses, after)
    await settle_claims(connection, context.member, uses, at=cause.at)
    lost = plan_withdrawal(context.found, history, after)
    done = ChargedBack(after, returned, points, lock.done, review, codes, lost)
    steps = Steps(
        returns=[return_row(order.member, order.id, returned)],
        return_lines=return_line_rows(order.member, order.id, returned),
        exceptions=over,
        uses=uses,
        withdrawn=lost.vouchers,
        events=withdrawn_events(cause, order, lost),
    )
    happened = charged_back_event(new_id(cause.at), order, returned, standing, locked=lock.done)
    await write_steps(connection, cause, steps, happened, keep(done))
    return done


class _Lock(NamedTuple):
    """Whether a wallet is locked now, and the posting of it that is still to be made."""

    done: bool
    beside: Sequence[ledger.Posting] = ()


async def _lock_wallet(
    connection: AsyncConnection, cause: Cause, context: Context, returned: Return
) -> _Lock:
    """Lock the wallet of the member, or of whom they go on as, unless it is locked already."""
    if context.member is None:
        return _Lock(done=False)
    whose = await lock_survivor(connection, context.member)
    wallet = await ledger.wallet(connection, whose.holder, at=cause.at)
    if wallet.frozen:
        return _Lock(done=False)
    posting = ledger.Freeze(
        holder=whose.holder,
        key=lock_key(context.found.order.id, returned.id),
        journal=new_id(cause.at),
        effective_at=cause.at,
        actor=cause.actor,
        request_id=cause.request_id,
        reason=returned.reason,
        frozen=True,
    )
    if whose.id == context.member.id:
        return _Lock(done=True, beside=[posting])
    for outcome in await ledger.post(connection, [posting], at=cause.at):
        ledger.demand(outcome)
    return _Lock(done=True)


def _exceptions(context: Context, plan: ChargebackPlan, *, locked: bool) -> list[Exceeded]:
    order, returned = context.found.order, plan.plan.returned
    found = []
    if context.member is not None:
        found.append((REVIEW, plan.money, locked))
    if plan.over:
        found.append((OVER_PAID, plan.over, False))
    return [
        Exceeded(new_id(returned.at), order.id, returned.id, code, amount, returned.at, locks)
        for code, amount, locks in found
    ]


async def _replayed(
    connection: AsyncConnection,
    cause: Cause,
    context: Context,
    before: Return,
    asked: ChargingBack,
) -> ChargedBack:
    """Answer the first receipt: the ledger replays what it posted then, figures included."""
    conflict(
        STEP,
        {
            "kind": (before.kind.value, STEP),
            "content": (before.asked, chargeback_text(asked.amount, asked.reason)),
            "charged_back_at": same_instant(before.at, asked.at),
        },
    )
    history = context.history
    points = await repeat_reversals(connection, cause, context, before)
    own = order_exception.c
    rows = (
        await connection.execute(
            select(own.id, own.code, own.locked)
            .where(own.member == history.order.member, own.order_id == history.order.id)
            .where(own.step == before.id)
            .order_by(own.code.desc())
        )
    ).all()
    review = next((row.id for row in rows if row.code == REVIEW), None)
    locked = any(row.locked for row in rows)
    codes = tuple(row.code for row in rows)
    earlier = history.before(before)
    lost = plan_withdrawal(context.found, earlier, earlier.with_return(before))
    return ChargedBack(history, before, points, locked, review, codes, lost, replayed=True)
