"""What a step of an order needs, read in one statement after the member's row was locked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Text, Uuid, bindparam, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.books import Estimate, estimates_json, estimates_of
from loyalty.cause import Cause
from loyalty.checkout.programme import Programme
from loyalty.hot import Hot, hot
from loyalty.idempotency import Begun
from loyalty.members import Member, Ref, UnknownOrder, lock_member
from loyalty.names import ORDER
from loyalty.orders.claims import survivors_subject
from loyalty.orders.deferring import CLASS
from loyalty.orders.reading import Found, history_json, read_found
from loyalty.orders.tables import order
from loyalty.orders.types import History
from loyalty.policy import Policy
from loyalty.tables import name
from tiers import (
    Activity,
    Decision,
    Ladder,
    Subject,
    decide,
    demand_recorded,
    live_version,
    read_subject,
    record_statement,
    record_values,
    subject_of,
)


@dataclass(frozen=True, slots=True)
class Context:
    """An order, its member (None for a guest), the policy it was placed under, and estimates."""

    found: Found
    member: Member | None
    policy: Policy
    ladder: Ladder | None
    subject: Subject | None
    estimates: Sequence[Estimate]

    @property
    def history(self) -> History:
        """The order with everything that happened to it."""
        return self.found.history


async def read_context(connection: AsyncConnection, programme: Programme, begun: Begun) -> Context:
    """Return what a step of the order needs; the member's row is locked.

    A guest's order has no member, so its own row is locked here, in an earlier statement.
    """
    order_id = begun.subject
    if order_id is None:
        raise UnknownOrder(seen="none")
    if begun.member is None and not await lock_guests_order(connection, order_id):
        begun = await _claimed_meanwhile(connection, begun, order_id)
    whose = order_id if begun.member is None else begun.member.id
    row = await _statement().first(connection, member=whose, order=order_id)
    if row is None:
        raise UnknownOrder(seen=str(order_id))
    stored, subject, ladder, signed = row
    found = read_found(stored)
    policy = await programme.policy(connection, found.order.policy)
    return Context(
        found=found,
        member=begun.member,
        policy=policy,
        ladder=await programme.ladder(connection, ladder),
        subject=standing_subject(subject, begun.member, policy)
        if begun.member is None or begun.member.merged_into is None
        else await survivors_subject(connection, begun.member, policy),
        estimates=estimates_of(signed),
    )


async def lock_guests_order(connection: AsyncConnection, order_id: UUID) -> bool:
    """Lock the row of a guest's order, which stands for the member that it does not have.

    Answers whether it is a guest's still.
    """
    return await _LOCK.first(connection, order=order_id) is not None


async def _claimed_meanwhile(connection: AsyncConnection, begun: Begun, order_id: UUID) -> Begun:
    """Go on as the member who claimed the order while this step waited for it."""
    owner = await _OWNER.first(connection, order=order_id)
    if owner is None or owner[0] is None:
        raise UnknownOrder(seen=str(order_id))
    whose = Ref("member", str(owner[0]), id=owner[0])
    return replace(begun, member=await lock_member(connection, whose))


async def move_standing(
    connection: AsyncConnection,
    cause: Cause,
    ladder: Ladder | None,
    subject: Subject | None,
    activities: Sequence[Activity],
    *,
    on: date,
) -> Decision | None:
    """Decide and record where a member stands after a step; None where no standing is kept."""
    if ladder is None or subject is None or not activities:
        return None
    standing: Decision = decide(ladder, subject, activities, on=on)
    values = record_values([standing], at=cause.at, actor=cause.actor, request_id=cause.request_id)
    stored, replaced, _ = await _RECORD.one(connection, **values)
    demand_recorded(values, stored, replaced)
    return standing


def standing_subject(
    stored: Mapping[str, Any], member: Member | None, policy: Policy
) -> Subject | None:
    """Return the member's standing and activity; only consumers have one."""
    if member is None or member.class_ != "consumer":
        return None
    joined_on = policy.day_of(member.joined_at)
    return read_subject(stored, member=member.id, joined_on=joined_on)


_RECORD: Final = hot(record_statement())
_MEMBER: Final = bindparam("member", type_=Uuid)
_ORDER: Final = bindparam("order", type_=Uuid)
_OWNER: Final = hot(
    select(name.c.member).where(name.c.kind == literal(ORDER, Text), name.c.id == _ORDER)
)
_LOCK: Final = hot(
    select(order.c.id)
    .where(order.c.member == _ORDER, order.c.id == _ORDER)
    .with_for_update(key_share=True)
)


@cache
def _statement() -> Hot[Any, Any, int, Any]:
    """Read the order, the standing, the ladder's version and the estimates; compiled once."""
    return hot(
        select(
            history_json(_MEMBER, _ORDER),
            subject_of(_MEMBER).scalar_subquery(),
            live_version().scalar_subquery(),
            estimates_json(CLASS),
        )
    )
