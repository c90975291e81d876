"""Returns of an order: what was earned is taken back, what was spent is given back, exactly.

Every figure comes from what was recorded; nothing is priced or decided again. A return counts in
the tiers on the day of the shipment it corrects.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import reopen_vouchers
from ledger import Posting, demand
from loyalty.cause import Cause
from loyalty.checkout.programme import Programme
from loyalty.gains import corrected
from loyalty.idempotency import Begun
from loyalty.ids import new_id, show
from loyalty.instants import taken_at
from loyalty.orders.claims import post_claims, settle_claims
from loyalty.orders.completion import Step
from loyalty.orders.context import Context, move_standing, read_context
from loyalty.orders.granted import NOTHING_WITHDRAWN, Withdrawal
from loyalty.orders.granting import plan_withdrawal, withdrawn_events
from loyalty.orders.happenings import returned_event
from loyalty.orders.postings import Entries
from loyalty.orders.reading import Found
from loyalty.orders.returns import (
    Asked,
    ReturnPlan,
    TakenBack,
    asked_text,
    gifts_to_return,
    plan_return,
    taken_back,
)
from loyalty.orders.reversal import Reversed, reversals, sum_up
from loyalty.orders.rows import return_line_rows, return_row
from loyalty.orders.steps import conflict, refuse_instant, same_instant
from loyalty.orders.types import History, OrderState, Return
from loyalty.orders.uses import moved_uses
from loyalty.orders.writing import Kept, Steps, write_steps
from loyalty.policy import POINTS
from tiers import Activity, Subject

STEP = "return"


@dataclass(frozen=True, slots=True)
class Returning:
    """What a shop reports as returned of one order; `name` is its own id of the return."""

    asked: Asked
    name: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """A return as recorded, and what became of the points."""

    history: History
    returned: Return
    points: Reversed
    to_return: tuple[str, ...] = ()
    withdrawal: Withdrawal = NOTHING_WITHDRAWN
    replayed: bool = False


Keep = Callable[[Returned], Kept]


async def return_goods(
    connection: AsyncConnection,
    programme: Programme,
    cause: Cause,
    begun: Begun,
    asked: Returning,
    *,
    keep: Keep = lambda _: None,
) -> Returned:
    """Take goods, money or shipping of one order back. The same return is a replay.

    Raises OrderConflict, OrderCancelled, UnknownLine, MoreThanBought, MoreThanPaid and
    NothingToReturn.
    """
    context = await read_context(connection, programme, begun)
    history, order = context.history, context.found.order
    before = next((one for one in history.returns if one.name == asked.name), None)
    if before is not None:
        return await _replayed(connection, cause, context, before, asked)
    at = taken_at(asked.at, now=cause.at)
    refuse_instant("returned_at", at, since=order.placed_at, now=cause.at)
    one = new_id(at)
    step = Step(one, asked.name or show("ret", one), at, context.policy.day_of(at))
    plan = plan_return(history, asked.asked, step)
    points = await post_reversals(connection, cause, context, plan)
    after = history.with_return(plan.returned)
    await give_vouchers_back(connection, cause, context.found, after)
    activities = corrections(context.subject, order.id, plan.taken)
    standing = await move_standing(
        connection, cause, context.ladder, context.subject, activities, on=step.on
    )
    uses = moved_uses(context.found.uses, after)
    await settle_claims(connection, context.member, uses, at=cause.at)
    lost = plan_withdrawal(context.found, history, after)
    returned = Returned(after, plan.returned, points, gifts_to_return(after), lost)
    steps = Steps(
        returns=[return_row(order.member, order.id, plan.returned)],
        return_lines=return_line_rows(order.member, order.id, plan.returned),
        uses=uses,
        withdrawn=lost.vouchers,
        events=withdrawn_events(cause, order, lost),
    )
    told = [(order, plan.returned)]
    happened = returned_event(new_id(cause.at), order.member, at, told, standing)
    await write_steps(connection, cause, steps, happened, keep(returned))
    return returned


def corrections(subject: Subject | None, order: UUID, taken: Sequence[TakenBack]) -> list[Activity]:
    """Return the activity of the shipments, and what they earned, less all that has come back."""
    if subject is None:
        return []
    back = {part.shipment: part.purchases for part in taken if part.purchases}
    earned = {part.shipment: part.earn for part in taken}
    return corrected(subject.activities, POINTS, earned) + [
        Activity(one.order, one.shipment, one.on, one.purchases, one.returned + back[one.shipment])
        for one in subject.activities
        if one.order == order and one.shipment in back
    ]


async def _replayed(
    connection: AsyncConnection,
    cause: Cause,
    context: Context,
    before: Return,
    asked: Returning,
) -> Returned:
    """Answer the first receipt: the ledger replays what it posted then, figures included."""
    history = context.history
    conflict(
        STEP,
        {
            "kind": (before.kind.value, STEP),
            "lines": (before.asked, asked_text(asked.asked)),
            "returned_at": same_instant(before.at, asked.at),
        },
    )
    points = await repeat_reversals(connection, cause, context, before)
    earlier = history.before(before)
    then = earlier.with_return(before)
    lost = plan_withdrawal(context.found, earlier, then)
    return Returned(history, before, points, gifts_to_return(then), lost, replayed=True)


async def repeat_reversals(
    connection: AsyncConnection, cause: Cause, context: Context, before: Return
) -> Reversed:
    """Answer what a recorded return came to: the ledger replays what it posted then."""
    taken = taken_back(context.history.before(before), before)
    return await post_reversals(connection, cause, context, ReturnPlan(before, taken))


async def post_reversals(
    connection: AsyncConnection,
    cause: Cause,
    context: Context,
    plan: ReturnPlan,
    *,
    beside: Sequence[Posting] = (),
) -> Reversed:
    """Give back what was spent on what came back, and take back what it had earned.

    What is posted `beside` goes along with it in the same statement.
    """
    if context.member is None:
        return Reversed()
    entries = Entries(context.member.holder, context.found.order.id, cause, new_id)
    postings: list[Posting] = reversals(entries, plan, context.policy)
    if not postings and not beside:
        return Reversed()
    every = [*beside, *postings]
    outcomes = await post_claims(connection, context.member, every, at=cause.at)
    accepted = [demand(outcome) for outcome in outcomes][len(beside) :]
    return sum_up(postings, accepted, context.policy)


async def give_vouchers_back(
    connection: AsyncConnection, cause: Cause, found: Found, after: History
) -> None:
    """Give vouchers back of which nothing they discounted remains sold."""
    kept = {no for no, stand in after.stands.items() if stand.returnable or stand.open}
    shipping = after.state is OrderState.OPEN or after.shipping_left > 0
    back = [
        (used.member, used.id)
        for used in found.vouchers
        if (kept.isdisjoint(used.line_nos) if used.line_nos else not kept and not shipping)
    ]
    if back:
        await reopen_vouchers(connection, back, order=after.order.id, at=cause.at)
