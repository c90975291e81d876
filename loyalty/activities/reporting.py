"""Reporting that a member did something: recorded once, and decided by the rules of that time.

The same rules, decision and counters as orders; what an event earns waits as long as what an order
earns. At most six statements, the one that begins the write among them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from benefits import Cart, Decision, Line, Question, decision_text, evaluate_paid, take_uses
from loyalty import expiry
from loyalty.activities.errors import EventConflict, EventInFuture, EventKindUnknown
from loyalty.activities.kinds import BUILT_IN
from loyalty.activities.store import Kept, look, told_of, write_activity
from loyalty.activities.types import EVENT, PREFIX, Activity, NewActivity
from loyalty.cause import Cause
from loyalty.checkout.basket import facts_of, stopped_of
from loyalty.checkout.programme import Programme
from loyalty.checkout.snapshot import Asked, Snapshot, take_snapshot
from loyalty.feeding import feed_gains
from loyalty.gains import Gain
from loyalty.idempotency import Begun
from loyalty.ids import new_id, show
from loyalty.instants import taken_at, tells
from loyalty.members import Member, Ref, refuse_closed
from loyalty.policy import POINTS, Policy

LOT_CLASS: Final = ledger.LotClass.PROMOTION
"""Nothing was paid for these points: the order that spends them is revenue without them."""


@dataclass(frozen=True, slots=True)
class Reported:
    """An event as recorded."""

    activity: Activity
    replayed: bool = False


Keep = Callable[[Reported], Kept]


async def report(
    connection: AsyncConnection,
    programme: Programme,
    cause: Cause,
    begun: Begun,
    asked: NewActivity,
    *,
    keep: Keep = lambda _: None,
) -> Reported:
    """Record an event and give what it earns. The same event with the same content is a replay.

    Raises EventConflict for other content, EventKindUnknown, EventInFuture and MemberClosed.
    """
    whose = begun.whose()
    named, before, owner = await look(connection, event=asked.name, kind=asked.kind)
    if before is not None:
        _refuse_other_content(before, asked, same_member=owner == whose.id)
        return Reported(before, replayed=True)
    if not named and asked.kind not in BUILT_IN:
        raise EventKindUnknown(seen=asked.kind, pointer="/kind")
    refuse_closed(whose)
    at = taken_at(asked.at, now=cause.at)
    if at > cause.at:
        raise EventInFuture(seen=at.isoformat(), pointer="/occurred_at")
    snapshot = await take_snapshot(
        connection,
        programme,
        Asked(Ref("member", "", id=whose.id), at, cause.at, skus=(), codes=(), stops_at=at),
    )
    decision = evaluate_paid(snapshot.rule_set, _question(asked, snapshot, at))
    one = _activity(whose, asked, snapshot, decision, at)
    if one.journal is not None:
        postings = _postings(whose, one, snapshot, cause)
        outcomes = await ledger.post(connection, postings, at=cause.at)
        for outcome in outcomes:
            ledger.demand(outcome)
        await _feed(connection, cause, whose, snapshot, postings)
    reported = Reported(one)
    happened = told_of(
        one, id_=new_id(at), shown=show(PREFIX, one.id), activates_at=one.activates_at
    )
    await write_activity(connection, cause, one, happened, name_=asked.name, kept=keep(reported))
    await take_uses(connection, whose.id, one.id, decision.charges, at=at, consumed=True)
    return reported


async def _feed(
    connection: AsyncConnection,
    cause: Cause,
    whose: Member,
    snapshot: Snapshot,
    postings: Sequence[ledger.Posting],
) -> None:
    """Count the points for the tier where the ladder names them; without one nothing is read."""
    if snapshot.ladder is None or POINTS not in snapshot.ladder.assets:
        return
    policy = snapshot.policy
    earned = [
        Gain(POINTS, each.lot, policy.day_of(each.effective_at), each.amount)
        for each in postings
        if isinstance(each, ledger.Earn)
    ]
    await feed_gains(connection, cause, policy, whose, earned)


def _refuse_other_content(before: Activity, asked: NewActivity, *, same_member: bool) -> None:
    """Raise EventConflict for the first field that is recorded otherwise than asked."""
    if not same_member:
        raise EventConflict(field="member", seen="another", wanted="this one", pointer="/member")
    at = asked.at
    if at is None or tells(at, before.occurred_at):
        at = before.occurred_at
    told = {
        "kind": (before.kind, asked.kind),
        "channel": (before.channel, asked.channel),
        "occurred_at": (_text(before.occurred_at), _text(at)),
    }
    for field, (seen, wanted) in told.items():
        if seen != wanted:
            raise EventConflict(field=field, seen=seen, wanted=wanted, pointer=f"/{field}")


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _question(asked: NewActivity, snapshot: Snapshot, at: datetime) -> Question:
    """The question that an event puts to the rules: of a cart whose one line costs nothing."""
    cart = Cart(snapshot.policy.currency, (Line(EVENT, "", 1, 0),), channel=asked.channel)
    return Question(
        cart=cart,
        at=at,
        facts=facts_of(snapshot, at),
        used=snapshot.used,
        event=asked.kind,
        stopped=stopped_of(snapshot),
    )


def _activity(
    whose: Member, asked: NewActivity, snapshot: Snapshot, decision: Decision, at: datetime
) -> Activity:
    points = decision.points.earn
    return Activity(
        member=whose.id,
        id=new_id(at),
        kind=asked.kind,
        occurred_at=at,
        channel=asked.channel,
        policy=snapshot.policy.version,
        rule_set=snapshot.rule_set.version,
        points=points,
        journal=new_id(at) if points else None,
        activates_at=snapshot.policy.activates_at(at, EVENT) if points else None,
        decision=decision_text(decision),
    )


def _postings(
    whose: Member, one: Activity, snapshot: Snapshot, cause: Cause
) -> list[ledger.Posting]:
    """Put the points in, and let the earn keep points alive that lapse with inactivity."""
    at, policy = one.occurred_at, snapshot.policy
    term = policy.term(at, EVENT, waits=True)
    earn = ledger.Earn(
        holder=whose.holder,
        key=f"event:{one.id}:earn",
        journal=one.journal or one.id,
        effective_at=at,
        actor=cause.actor,
        request_id=cause.request_id,
        reason=EVENT,
        labels={"tier": snapshot.tier} if snapshot.tier else {},
        amount=one.points,
        lot=new_id(at),
        source=EVENT,
        lot_class=LOT_CLASS,
        activates_at=one.activates_at,
        expires_at=term.expires_at,
        schedule=term.schedule,
        notice=term.notice,
    )
    return [earn, *_rolls(policy, earn, cause)]


def _rolls(policy: Policy, earn: ledger.Earn, cause: Cause) -> list[ledger.Reschedule]:
    return [
        ledger.Reschedule(
            holder=earn.holder,
            key=f"{earn.key}:roll:{roll.schedule}",
            journal=new_id(earn.effective_at),
            effective_at=earn.effective_at,
            actor=earn.actor,
            request_id=earn.request_id,
            reason=earn.reason,
            schedule=roll.schedule,
            expires_at=roll.expires_at,
        )
        for roll in policy.rolls(earn.effective_at, {expiry.Activity.EARN})
        if roll.expires_at > cause.at
    ]
