"""A plan's bonus points: given with the first paid charge, taken back with the money for it.

They take their share of the fee in the books, so their lot is of the class `fee`.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.feeding import feed_gains
from loyalty.fees import allocate_bonus, bonus_given
from loyalty.gains import Gain
from loyalty.ids import new_id
from loyalty.members import Member, absorbed_members
from loyalty.members.store import members_by_id
from loyalty.membership.money import Scene
from loyalty.membership.types import Applied, Charge
from loyalty.policy import POINTS

SOURCE: Final = "plan"
"""The source of a plan's bonus points: what policy says of their expiry."""
_SETTLED: Final = frozenset({"key-reused"})  # taken back before, for an earlier reason


def bonus_key(membership: UUID) -> str:
    """Return the key under which a membership's bonus points are earned."""
    return f"membership:{membership}:bonus"


async def give_bonus(
    connection: AsyncConnection,
    scene: Scene,
    whose: Member,
    applied: Applied,
) -> None:
    """Give the bonus points with the first paid charge, which pays for them."""
    paid = [charge for charge in applied.charges if charge.reason != "late"]
    if not scene.plan.bonus_points or not paid or _first(scene.known) is not None:
        return
    first, cause = paid[0], scene.cause
    allocated = await allocate_bonus(
        connection,
        scene.policy,
        cause,
        member=first.member,
        charge=first.id,
        net=first.net,
        points=scene.plan.bonus_points,
    )
    earn = _earn(scene, whose, allocated)
    (outcome,) = await ledger.post(connection, [earn], at=cause.at)
    ledger.demand(outcome)
    gain = Gain(POINTS, earn.lot, scene.policy.day_of(cause.at), earn.amount)
    await feed_gains(connection, cause, scene.policy, whose, [gain])


def _earn(scene: Scene, whose: Member, allocated: int) -> ledger.Earn:
    cause, row = scene.cause, scene.row
    term = scene.policy.term(cause.at, SOURCE)
    return ledger.Earn(
        holder=whose.holder,
        key=bonus_key(row.id),
        journal=new_id(cause.at),
        effective_at=cause.at,
        actor=cause.actor,
        request_id=cause.request_id,
        reason="plan-bonus",
        labels={"plan": row.plan},
        amount=scene.plan.bonus_points,
        lot=new_id(cause.at),
        source=SOURCE,
        lot_class=ledger.LotClass.FEE,
        expires_at=term.expires_at,
        schedule=term.schedule,
        notice=term.notice,
        allocated=allocated,
    )


async def take_bonus_back(
    connection: AsyncConnection,
    scene: Scene,
    whose: Member,
    applied: Applied,
) -> None:
    """Take the bonus points back with the money that paid for them, or with a withdrawal.

    What was given is taken back: the plan may be another by now, which gives more, less or none.
    """
    before = scene.before
    withdrawn = applied.membership.end_cause == "withdrawn" and (
        before is None or before.end_cause != "withdrawn"
    )
    given_back = _gives_back_the_first(applied, scene.known)
    if not (withdrawn or given_back):
        return
    charges = [charge.id for charge in (*scene.known, *applied.charges)]
    points = await bonus_given(connection, whose.id, charges)
    if not points:
        return
    earned_by = await members_by_id(
        connection, [whose.id, *await absorbed_members(connection, whose.id)]
    )
    for one in sorted(earned_by.values(), key=lambda one: one.id != whose.id):
        claim = _claim(scene, one.holder, points)
        if one.id == whose.id:
            (outcome,) = await ledger.post(connection, [claim], at=scene.cause.at)
        else:  # the wallet has moved since; the claim finds the lot where it went
            (outcome,) = await ledger.post_recalled(
                connection, [claim], to=whose.holder, at=scene.cause.at
            )
        if outcome.code in _SETTLED:
            return
        if outcome.code != "unknown-posting":
            ledger.demand(outcome)
            return


def _claim(scene: Scene, holder: UUID, points: int) -> ledger.ClawBack:
    cause, key = scene.cause, bonus_key(scene.row.id)
    return ledger.ClawBack(
        holder=holder,
        key=f"{key}:back",
        journal=new_id(cause.at),
        effective_at=cause.at,
        actor=cause.actor,
        request_id=cause.request_id,
        reason="plan-bonus-back",
        of=key,
        amount=points,
        shortfall=ledger.Shortfall(scene.policy.shortfall),
    )


def _first(charges: Sequence[Charge]) -> Charge | None:
    """Return the charge that was recorded first of those that bought something."""
    bought = [charge for charge in charges if charge.reason != "late"]
    return min(bought, key=lambda charge: charge.id, default=None)


def _gives_back_the_first(applied: Applied, known: Sequence[Charge]) -> bool:
    """Whether the first charge is given back whole now, and was not before."""
    first = _first([*known, *applied.charges])
    if first is None:
        return False
    had = first.refunded_net + first.refunded_tax
    now = sum(
        (each.net + each.tax) * (-1 if each.kind == "reinstated" else 1)
        for each in applied.refunds
        if each.charge == first.id
    )
    return had < first.net + first.tax <= had + now
