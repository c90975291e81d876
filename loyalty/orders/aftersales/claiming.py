"""A guest's order becomes its buyer's: claimed once, within 30 days of joining, on proof.

What was shipped of it earns as if the member had placed it: by the rules of the instant it was
placed at and the policy it was placed under, on what was paid. The points begin no sooner than the
membership. Its rows move from under the order's own id to under the member's, in one transaction.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Text, Uuid, bindparam, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import Decision as Answer
from benefits import Question, evaluate_paid, settle_uses, take_uses
from ledger import Posting, demand, post
from loyalty.books import Estimate, estimates_json, estimates_of
from loyalty.cause import Cause
from loyalty.checkout.basket import facts_of, stopped_of
from loyalty.checkout.programme import Programme
from loyalty.checkout.snapshot import Asked as Wanted
from loyalty.checkout.snapshot import Snapshot, take_snapshot
from loyalty.gains import gains_of
from loyalty.hot import Hot, hot
from loyalty.idempotency import Begun
from loyalty.ids import new_id
from loyalty.members import Member, Ref, UnknownOrder, refuse_closed
from loyalty.names import ORDER
from loyalty.orders.aftersales.claimed import Change, Retold, cart_of, changes_of, retell
from loyalty.orders.aftersales.errors import ClaimTooLate, NotAGuestsOrder, OrderClaimed
from loyalty.orders.aftersales.tables import delivery, order_claim
from loyalty.orders.context import move_standing, standing_subject
from loyalty.orders.deferring import CLASS, deferred
from loyalty.orders.happenings import claimed_event
from loyalty.orders.postings import Entries
from loyalty.orders.reading import find_order, history_json, read_found
from loyalty.orders.reversal import reversals
from loyalty.orders.steps import conflict
from loyalty.orders.types import History, Order
from loyalty.orders.uses import charged_use, moved_uses
from loyalty.orders.writing import Claim, Kept, write_claim
from loyalty.policy import ORDER as SOURCE
from loyalty.policy import Policy
from loyalty.tables import name
from tiers import Activity, Decision, Ladder, Subject, live_version, subject_of

STEP: Final = "claim"
LONGEST: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Claiming:
    """Which order is claimed, and by what the shop knows that it is the member's own."""

    ref: Ref
    proof: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """The order as the member's, and the tier it led to."""

    history: History
    proof: str
    at: datetime
    tier: str | None
    replayed: bool = False


Keep = Callable[[Claimed], Kept]


@dataclass(frozen=True, slots=True)
class _Guests:
    """A guest's order, and where the member stands who claims it."""

    history: History
    recorded: Mapping[UUID, datetime]
    delivered: frozenset[UUID]
    policy: Policy
    ladder: Ladder | None
    subject: Subject | None
    estimates: tuple[Estimate, ...]


async def claim(
    connection: AsyncConnection,
    programme: Programme,
    cause: Cause,
    begun: Begun,
    asked: Claiming,
    *,
    keep: Keep = lambda _: None,
) -> Claimed:
    """Make a guest's order the member's. The same claim again is a replay.

    Raises UnknownOrder, NotAGuestsOrder, OrderClaimed, ClaimTooLate, MemberClosed, and
    OrderConflict for another proof.
    """
    member = begun.whose()
    row = await _statement().first(
        connection, member=member.id, name=asked.ref.external, order=asked.ref.id
    )
    if row is None:
        raise UnknownOrder(seen=asked.ref.text[:80])
    order_id, owner, stored, delivered, subject, ladder, signed, before = row
    if stored is None:
        if before is None:
            raise NotAGuestsOrder
        return await _replayed(connection, member.id, asked, before, owner=owner)
    refuse_closed(member)
    if cause.at >= member.joined_at + LONGEST:
        raise ClaimTooLate(seen=member.joined_at.date().isoformat(), wanted=LONGEST.days)
    found = read_found(stored)
    policy = await programme.policy(connection, found.order.policy)
    guests = _Guests(
        history=found.history,
        recorded=_recorded(stored),
        delivered=frozenset(delivered or ()),
        policy=policy,
        ladder=await programme.ladder(connection, ladder),
        subject=standing_subject(subject, member, policy),
        estimates=tuple(estimates_of(signed)),
    )
    snapshot = await _snapshot(connection, programme, member, found.order, cause.at)
    answer = _decide(guests.history.order, snapshot)
    retold = _retold(guests, member, snapshot, answer)
    activations = await _post(connection, cause, member, guests, retold)
    standing = await _count(connection, cause, member, guests, retold)
    done = Claimed(retold.history, asked.proof, cause.at, _tier(guests, standing, cause.at))
    written = Claim(
        order=order_id,
        member=member.id,
        proof=asked.proof,
        at=cause.at,
        answer=answer,
        steps=len(guests.recorded),
        changes=changes_of(retold, activations),
    )
    shipments, placed = retold.history.completed, retold.history.order
    happened = claimed_event(new_id(cause.at), placed, shipments, cause.at, standing)
    await write_claim(connection, cause, written, happened, keep(done))
    await _take(connection, retold, answer)
    return done


async def _take(connection: AsyncConnection, retold: Retold, answer: Answer) -> None:
    """Take of limits what the order earned, less what has come back of it since."""
    order = retold.history.order
    at, charges = order.placed_at, answer.charges
    await take_uses(connection, order.member, order.id, charges, at=at)
    uses = [charged_use(order.member, order.id, each) for each in charges if each.taken]
    await settle_uses(connection, moved_uses(uses, retold.history))


async def _replayed(
    connection: AsyncConnection,
    member: UUID,
    asked: Claiming,
    before: Mapping[str, str],
    *,
    owner: UUID | None,
) -> Claimed:
    if member not in {owner, UUID(before["member"])}:
        raise OrderClaimed
    proof, at = before["proof"], datetime.fromisoformat(before["claimed_at"])
    conflict(STEP, {"proof": (proof, asked.proof)})
    found = await find_order(connection, UUID(before["order_id"]))
    if found is None:
        raise UnknownOrder(seen=asked.ref.text[:80])
    return Claimed(found.history, proof, at, found.order.tier, replayed=True)


async def _snapshot(
    connection: AsyncConnection,
    programme: Programme,
    member: Member,
    order: Order,
    now: datetime,
) -> Snapshot:
    """Read the member as they stood when the order was placed, and the rules of that instant."""
    ref = Ref("member", "", id=member.id)
    placed_at = order.placed_at
    wanted = Wanted(ref, placed_at, now, (), (), stops_at=placed_at)
    return await take_snapshot(connection, programme, wanted)


def _decide(order: Order, snapshot: Snapshot) -> Answer:
    facts = facts_of(snapshot, order.placed_at)
    question = Question(
        cart=cart_of(order),
        at=order.placed_at,
        facts=facts,
        used=snapshot.used,
        stopped=stopped_of(snapshot),
    )
    return evaluate_paid(snapshot.rule_set, question)


def _retold(guests: _Guests, member: Member, snapshot: Snapshot, answer: Answer) -> Retold:
    order = guests.history.order
    lines = tuple(
        replace(line, figures=replace(line.figures, earn=each.earn))
        for line, each in zip(order.lines, answer.lines, strict=True)
    )
    theirs = replace(order, member=member.id, guest=False, tier=snapshot.tier, lines=lines)
    return retell(guests.history, theirs, guests.recorded, member.joined_at)


async def _post(
    connection: AsyncConnection, cause: Cause, member: Member, guests: _Guests, retold: Retold
) -> Mapping[UUID, Change]:
    """Put in what every shipment earned, and take back at once what has come back since."""
    order, policy = retold.history.order, guests.policy
    entries = Entries(member.holder, order.id, cause, new_id)
    labels = {"tier": order.tier} if order.tier else {}
    postings: list[Posting] = []
    told: dict[UUID, Change] = {}
    recorded = {one.id: one for one in guests.history.shipments}
    for one in retold.history.completed:
        if not one.figures.earn:
            continue
        arrived = policy.pending_until == "delivered" and one.id in guests.delivered
        waits_until = None if arrived else policy.activates_at(recorded[one.id].at, SOURCE)
        activates_at = waits_until if waits_until and waits_until > one.at else None
        term = policy.term(one.at, SOURCE, waits=True)
        allocated = deferred(recorded[one.id], policy, guests.estimates)
        shipment = replace(one, activates_at=activates_at)
        postings.append(entries.earn(shipment, labels, term, allocated=allocated))
        told[one.id] = {"activates_at": activates_at, "expires_at": term.expires_at}
    for plan in retold.returns:
        at = max(plan.returned.at, member.joined_at)
        later = replace(plan, returned=replace(plan.returned, at=at))
        postings += reversals(entries, later, policy)
    if postings:
        for outcome in await post(connection, postings, at=cause.at):
            demand(outcome)
    return told


async def _count(
    connection: AsyncConnection, cause: Cause, member: Member, guests: _Guests, retold: Retold
) -> Decision | None:
    """Let what was shipped count in the tiers, no sooner than on the day of joining."""
    if guests.ladder is None or guests.subject is None or not retold.history.completed:
        return None
    joined_on = guests.policy.day_of(member.joined_at)
    back = {one.id: 0 for one in retold.history.completed}
    earned = dict(back)
    for plan in retold.returns:
        for part in plan.taken:
            back[part.shipment] += part.purchases
            earned[part.shipment] += part.earn
    gains = [
        replace(gain, returned=earned[one.id])
        for one in retold.history.completed
        for gain in gains_of(guests.ladder, one.id, max(one.on, joined_on), one.figures.earn)
    ]
    activities = [
        Activity(
            retold.history.order.id, one.id, max(one.on, joined_on), one.purchases, back[one.id]
        )
        for one in retold.history.completed
    ] + gains
    on = guests.policy.day_of(cause.at)
    return await move_standing(connection, cause, guests.ladder, guests.subject, activities, on=on)


def _tier(guests: _Guests, standing: Decision | None, at: datetime) -> str | None:
    on = guests.policy.day_of(at)
    if standing is not None:
        return standing.standing.effective_on(on)[0]
    if guests.subject is not None and guests.subject.standing is not None:
        return guests.subject.standing.effective_on(on)[0]
    return None


def _recorded(stored: Mapping[str, Any]) -> Mapping[UUID, datetime]:
    return {
        UUID(one["id"]): datetime.fromisoformat(one["recorded_at"])
        for one in (*stored["shipments"], *stored["returns"])
    }


@cache
def _statement() -> Hot[UUID, UUID, Any, Any, Any, int, Any, Any]:
    """Read the order and the claimant's standing; what is no guest's order has no history here."""
    member, external = bindparam("member", type_=Uuid), bindparam("name", type_=Text)
    claimed = order_claim.alias("claimed")
    before = select(func.row_to_json(claimed.table_valued())).where(
        claimed.c.order_id == name.c.id,
        claimed.c.member == name.c.member,
    )
    return hot(
        select(
            name.c.id,
            name.c.member,
            history_json(name.c.id, name.c.id),
            select(func.array_agg(delivery.c.shipment))
            .where(delivery.c.member == name.c.id, delivery.c.order_id == name.c.id)
            .scalar_subquery(),
            subject_of(member).scalar_subquery(),
            live_version().scalar_subquery(),
            estimates_json(CLASS),
            before.scalar_subquery(),
        ).where(
            name.c.kind == literal(ORDER, Text),
            or_(name.c.name == external, name.c.id == bindparam("order", type_=Uuid)),
        )
    )
