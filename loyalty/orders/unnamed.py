"""Returns that name no order: found among the member's sales, as the import of history finds them.

What is found is returned of each order as if it had been named, also of orders of those who were
merged into the member; what is not found earned nothing here and is recorded as unmatched.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Table, Text, Uuid, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, JSON, aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import Use
from ledger import Outcome, Posting, demand
from loyalty.cause import Cause
from loyalty.checkout.programme import Programme
from loyalty.hot import Hot, hot
from loyalty.idempotency import Begun
from loyalty.ids import new_id, show
from loyalty.instants import taken_at
from loyalty.members import Member, Ref, lock_member
from loyalty.orders.claims import post_claims, settle_claims
from loyalty.orders.comebacks import Comeback, Found, ReturnedRow, find_returned, rows_text
from loyalty.orders.completion import Step
from loyalty.orders.context import move_standing, standing_subject
from loyalty.orders.earlier import anybody_of
from loyalty.orders.errors import OrderConflict
from loyalty.orders.granted import Withdrawal
from loyalty.orders.granting import plan_withdrawal, withdrawn_events
from loyalty.orders.happenings import returned_event
from loyalty.orders.listing import external_id
from loyalty.orders.matching import Shelf
from loyalty.orders.placing import LONG_AGO
from loyalty.orders.postings import Entries
from loyalty.orders.reading import Found as Stored
from loyalty.orders.reading import history_json, read_found
from loyalty.orders.returning import corrections, give_vouchers_back
from loyalty.orders.returns import ReturnPlan, gifts_to_return, plan_return
from loyalty.orders.reversal import Reversed, reversals, sum_up
from loyalty.orders.rows import Row, return_line_rows, return_row
from loyalty.orders.steps import refuse_instant
from loyalty.orders.tables import order, order_line, return_, unmatched_return
from loyalty.orders.types import History, OrderState
from loyalty.orders.uses import moved_uses
from loyalty.orders.writing import Kept, Steps, write_steps
from loyalty.policy import Policy, policy_version_at
from loyalty.schema import Instant
from tiers import Activity, Decision, Ladder, Subject, live_version, subject_of


@dataclass(frozen=True, slots=True)
class Unnamed:
    """What a shop reports as returned by a member without saying of which lines or order.

    `order` narrows the search to one order, known or not.
    """

    rows: Sequence[ReturnedRow]
    name: str | None = None
    at: datetime | None = None
    reason: str = "unspecified"
    order: UUID | None = None


@dataclass(frozen=True, slots=True)
class Sorted:
    """The returns it was recorded as, order by order, and what matched nothing."""

    plans: tuple[tuple[History, ReturnPlan], ...]
    unmatched: tuple[tuple[int, ReturnedRow], ...]
    points: Reversed
    withdrawals: tuple[Withdrawal, ...] = ()
    replayed: bool = False

    @property
    def refund_money(self) -> int:
        """The money that the matched lines had cost."""
        return sum(plan.returned.refund_money for _, plan in self.plans)

    def gifts_of(self, before: History, plan: ReturnPlan) -> tuple[str, ...]:
        """Return the gifts of an order that its return leaves without what they came with."""
        return gifts_to_return(before.with_return(plan.returned))


Keep = Callable[[Sorted], Kept]
_Planned = tuple[History, ReturnPlan]


@dataclass(frozen=True, slots=True)
class _Sales:
    """The member's orders, what stands of them, and the terms of now."""

    buyers: Mapping[UUID, Member]
    """The member, and of those merged into them who bought any of it; all of them locked."""
    histories: Mapping[UUID, History]
    found: Mapping[UUID, Stored]
    policies: Mapping[UUID, Policy]
    subject: Subject | None
    ladder: Ladder | None
    policy: Policy
    known: bool


async def return_unnamed(
    connection: AsyncConnection,
    programme: Programme,
    cause: Cause,
    begun: Begun,
    asked: Unnamed,
    *,
    keep: Keep = lambda _: None,
) -> Sorted:
    """Take goods or money back without an order; what matches no sale is recorded as such.

    Raises OrderConflict when a return of this name is recorded already: repeat it with its
    idempotency key, and the first receipt is answered.
    """
    member = begun.whose()
    at = taken_at(asked.at, now=cause.at)
    sales = await _read_sales(connection, programme, member, asked, at)
    refuse_instant("returned_at", at, since=LONG_AGO, now=cause.at)
    name = asked.name or show("ret", new_id(at))
    if sales.known:
        raise OrderConflict(
            step="return", field="return_id", seen="another return", wanted="a new return"
        )
    comeback = Comeback(name, at, asked.rows, asked.order, asked.reason)
    found = _find(sales, comeback)
    plans = tuple(_plan(sales, comeback, order_id, found) for order_id in found.orders)
    points = await _post(connection, cause, sales, plans)
    await _give_vouchers_back(connection, cause, sales, plans)
    standing = await _correct(connection, cause, sales, plans, at)
    uses = await _settle(connection, cause, sales, plans)
    lost = {
        h.order.id: plan_withdrawal(sales.found[h.order.id], h, h.with_return(plan.returned))
        for h, plan in plans
    }
    done = Sorted(plans, tuple(found.unmatched), points, tuple(lost.values()))
    steps = Steps(
        returns=[return_row(h.order.member, h.order.id, plan.returned) for h, plan in plans],
        return_lines=[
            row
            for h, plan in plans
            for row in return_line_rows(h.order.member, h.order.id, plan.returned)
        ],
        unmatched=_unmatched_rows(member.id, sales.policy, comeback, found),
        uses=uses,
        withdrawn=[voucher for each in lost.values() for voucher in each.vouchers],
        events=[
            event
            for h, _ in plans
            for event in withdrawn_events(cause, h.order, lost[h.order.id], whose=member.id)
        ],
    )
    told = [(history.order, plan.returned) for history, plan in plans]
    happened = returned_event(new_id(cause.at), member.id, at, told, standing)
    await write_steps(connection, cause, steps, happened, keep(done))
    return done


def _find(sales: _Sales, comeback: Comeback) -> Found:
    shelf = Shelf()
    for one, history in sales.histories.items():
        for line_no, stand in history.stands.items():
            shelf.put(one, line_no, stand.line.sku, stand.returnable, stand.refundable)
    line_ids = {
        one: [line.line_id for line in history.order.lines]
        for one, history in sales.histories.items()
    }
    return find_returned(shelf, comeback, line_ids)


def _plan(sales: _Sales, comeback: Comeback, order_id: UUID, found: Found) -> _Planned:
    history = sales.histories[order_id]
    on = sales.policy.day_of(comeback.at)
    step = Step(new_id(comeback.at), comeback.name, comeback.at, on)
    matched = comeback.order is None
    return history, plan_return(history, found.orders[order_id], step, matched=matched)


async def _post(
    connection: AsyncConnection, cause: Cause, sales: _Sales, plans: Sequence[_Planned]
) -> Reversed:
    """Post what came back at the holder who bought it, and sum it up."""
    postings: list[Posting] = []
    outcomes: list[Outcome] = []
    for buyer in sales.buyers.values():
        theirs: list[Posting] = []
        for history, plan in plans:
            if history.order.member == buyer.id:
                entries = Entries(buyer.holder, history.order.id, cause, new_id)
                theirs += reversals(entries, plan, sales.policies[history.order.id])
        if theirs:
            postings += theirs
            outcomes += await post_claims(connection, buyer, theirs, at=cause.at)
    if not postings:
        return Reversed()
    return sum_up(postings, [demand(outcome) for outcome in outcomes], sales.policy)


async def _give_vouchers_back(
    connection: AsyncConnection, cause: Cause, sales: _Sales, plans: Sequence[_Planned]
) -> None:
    for history, plan in plans:
        found, after = sales.found[history.order.id], history.with_return(plan.returned)
        await give_vouchers_back(connection, cause, found, after)


async def _settle(
    connection: AsyncConnection, cause: Cause, sales: _Sales, plans: Sequence[_Planned]
) -> list[Use]:
    """Return what stands otherwise of limits, which of a merged member's is settled at once."""
    moved: list[Use] = []
    for history, plan in plans:
        uses = moved_uses(sales.found[history.order.id].uses, history.with_return(plan.returned))
        await settle_claims(connection, sales.buyers[history.order.member], uses, at=cause.at)
        moved += uses
    return moved


async def _correct(
    connection: AsyncConnection,
    cause: Cause,
    sales: _Sales,
    plans: Sequence[_Planned],
    at: datetime,
) -> Decision | None:
    activities: list[Activity] = []
    for history, plan in plans:
        activities += corrections(sales.subject, history.order.id, plan.taken)
    on = sales.policy.day_of(at)
    return await move_standing(connection, cause, sales.ladder, sales.subject, activities, on=on)


def _unmatched_rows(member: UUID, policy: Policy, comeback: Comeback, found: Found) -> list[Row]:
    one, on = new_id(comeback.at), policy.day_of(comeback.at)
    asked = rows_text(comeback.rows)
    return [
        (
            *(member, one, line_no, comeback.name, comeback.at, on, comeback.reason),
            *(row.sku, row.quantity, row.amount, asked),
        )
        for line_no, row in found.unmatched
    ]


# --- the statement ----------------------------------------------------------------------------


async def _read_sales(
    connection: AsyncConnection,
    programme: Programme,
    member: Member,
    asked: Unnamed,
    at: datetime,
) -> _Sales:
    skus = [row.sku for row in asked.rows]
    wanted = {"skus": None if "" in skus else skus, "name": asked.name, "at": at}
    row = await _statement().one(connection, member=member.id, **wanted)
    buyers, found = {member.id: member}, [read_found(one) for one in row[0] or ()]
    others = {one.order.member for one in found} - {member.id}
    if others:  # whose orders others may have moved until they are locked
        for one in sorted(others):
            buyers[one] = await lock_member(connection, Ref("member", "", id=one))
        row = await _statement().one(connection, member=member.id, **wanted)
        found = [read_found(one) for one in row[0] or ()]
    _, subject, ladder, version, known = row
    histories = {one.order.id: one.history for one in found}
    policy = await programme.policy(connection, version)
    policies = {
        one: await programme.policy(connection, history.order.policy)
        for one, history in histories.items()
    }
    return _Sales(
        buyers=buyers,
        histories=histories,
        found={one.order.id: one for one in found},
        policies=policies,
        subject=standing_subject(subject, member, policy),
        ladder=await programme.ladder(connection, ladder),
        policy=policy,
        known=known,
    )


_MEMBER: Final = bindparam("member", type_=Uuid)
_SKUS: Final = bindparam("skus", type_=ARRAY(Text))
_NAME: Final = bindparam("name", type_=Text)
_AT: Final = bindparam("at", type_=Instant)


@cache
def _statement() -> Hot[Any, Any, int, int, bool]:
    """Read the orders that may be meant, the standing and the live versions; compiled once.

    Orders of one instant come by the shop's ids, as history has them: ours tell when an order was
    reported, which no file does.
    """
    sold = order.alias("sold")
    has_sku = (
        select(order_line.c.line_no)
        .where(
            order_line.c.member == sold.c.member,
            order_line.c.order_id == sold.c.id,
            order_line.c.sku == func.any(_SKUS),
        )
        .exists()
    )
    one = history_json(sold.c.member, sold.c.id)
    in_time = aggregate_order_by(one, sold.c.placed_at, external_id(sold.c.id), sold.c.id)
    orders = select(func.json_agg(in_time, type_=JSON)).where(
        sold.c.member == anybody_of(_MEMBER),
        sold.c.state != OrderState.CANCELLED.value,
        sold.c.placed_at <= _AT,
        or_(_SKUS.is_(None), has_sku),
    )
    return hot(
        select(
            orders.scalar_subquery(),
            subject_of(_MEMBER).scalar_subquery(),
            live_version().scalar_subquery(),
            policy_version_at(_AT),
            or_(*(_named(table) for table in (return_, unmatched_return))),
        )
    )


def _named(table: Table) -> ColumnElement[bool]:
    return (
        select(table.c.id)
        .where(table.c.member == anybody_of(_MEMBER), table.c.name == _NAME)
        .exists()
    )
