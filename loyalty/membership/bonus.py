"""A plan's bonus points: given with the first paid charge, taken back with the money for it.

Where that money comes again, since a refund failed or a dispute was won, so do the points. They
take their share of the fee in the books, so their lots are of the class `fee`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.feeding import feed_gains
from loyalty.fees import allocate_bonus, bonus_share
from loyalty.gains import Gain
from loyalty.ids import new_id
from loyalty.members import Member, absorbed_members
from loyalty.members.store import members_by_id
from loyalty.membership.money import Scene
from loyalty.membership.types import Applied, Charge, Step
from loyalty.policy import POINTS

SOURCE: Final = "plan"
"""The source of a plan's bonus points: what policy says of their expiry."""
WITHDRAWN: Final = "withdrawn"
"""The end that undoes a membership from its beginning: its points go whatever becomes of money."""


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
    earn = _earn(scene, whose, scene.plan.bonus_points, allocated)
    (outcome,) = await ledger.post(connection, [earn], at=cause.at)
    ledger.demand(outcome)
    gain = Gain(POINTS, earn.lot, scene.policy.day_of(cause.at), earn.amount)
    await feed_gains(connection, cause, scene.policy, whose, [gain])


def _earn(scene: Scene, whose: Member, points: int, allocated: int) -> ledger.Earn:
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
        amount=points,
        lot=new_id(cause.at),
        source=SOURCE,
        lot_class=ledger.LotClass.FEE,
        expires_at=term.expires_at,
        schedule=term.schedule,
        notice=term.notice,
        allocated=allocated,
    )


async def turn_bonus(
    connection: AsyncConnection,
    scene: Scene,
    whose: Member,
    applied: Applied,
) -> Step | None:
    """Take the bonus points back with the money that paid for them, or give them again with it.

    Returns what to say of it, and None where they stand as they should.
    """
    stands = _stands(scene, applied)
    if stands is None or stands == _stood(scene):
        return None
    given = await _last_given(connection, whose, scene.row.id)
    if given is None or stands == (given.taken is None):
        return None
    if stands:
        points, said = await _give_again(connection, scene, whose, given), "bonus-given-again"
    else:
        points, said = await _take_back(connection, scene, whose, given), "bonus-taken-back"
    state = applied.membership.state
    return Step(said, scene.cause.at, state, state, {"points": points}) if points else None


@dataclass(frozen=True, slots=True)
class _Given:
    """The last time that a membership's bonus points were given."""

    holder: UUID
    key: str
    points: int
    times: int
    taken: int | None
    """How many were taken back again; None while they stand."""


async def _last_given(
    connection: AsyncConnection, whose: Member, membership: UUID
) -> _Given | None:
    """Return when points were given last, to the member or to whom they absorbed since."""
    holders = await members_by_id(
        connection, [whose.id, *await absorbed_members(connection, whose.id)]
    )
    key = bonus_key(membership)
    posted = [
        one
        for each in holders.values()
        for one in await ledger.journals_by_key(connection, each.holder, key)
    ]
    earned = [one for one in posted if one.journal.kind is ledger.Kind.EARN]
    if not earned:
        return None
    last = max(earned, key=lambda one: (one.journal.recorded_at, one.journal.id))
    claims = [one.journal for one in posted if one.key == _claim_key(last.key)]
    taken = _taken_by(claims[0].transfers) if claims else None
    return _Given(last.journal.holder, last.key, last.asked, len(earned), taken)


async def _take_back(
    connection: AsyncConnection, scene: Scene, whose: Member, given: _Given
) -> int:
    """Take back what was given; the plan may be another by now, which gives more, less or none."""
    claim, at = _claim(scene, given), scene.cause.at
    if given.holder == whose.holder:
        (outcome,) = await ledger.post(connection, [claim], at=at)
    else:  # the wallet has moved since; the claim finds the lot where it went
        (outcome,) = await ledger.post_recalled(connection, [claim], to=whose.holder, at=at)
    ledger.demand(outcome)
    last = await _last_given(connection, whose, scene.row.id)
    return (last and last.taken) or 0


async def _give_again(
    connection: AsyncConnection, scene: Scene, whose: Member, given: _Given
) -> int:
    """Give as many as were taken, in a lot of their own with as much of the fee behind it."""
    points = given.taken or 0
    if points:
        share = await bonus_share(connection, whose.id, [one.id for one in scene.known], points)
        key = f"{bonus_key(scene.row.id)}:again:{given.times}"
        earn = _earn(scene, whose, points, share)
        again = replace(earn, key=key, reason="plan-bonus-again")
        (outcome,) = await ledger.post(connection, [again], at=scene.cause.at)
        ledger.demand(outcome)
    return points


def _claim(scene: Scene, given: _Given) -> ledger.ClawBack:
    cause, shortfall = scene.cause, ledger.Shortfall(scene.policy.shortfall)
    if shortfall is ledger.Shortfall.DEDUCTED:  # the money went back whole: nothing is deducted
        shortfall = ledger.Shortfall.DEBT
    return ledger.ClawBack(
        holder=given.holder,
        key=_claim_key(given.key),
        journal=new_id(cause.at),
        effective_at=cause.at,
        actor=cause.actor,
        request_id=cause.request_id,
        reason="plan-bonus-back",
        of=given.key,
        amount=given.points,
        shortfall=shortfall,
    )


def _claim_key(given: str) -> str:
    return f"{given}:back"


def _taken_by(transfers: Sequence[ledger.Transfer]) -> int:
    """Return what a claim took from lots and as debt, less what of the debt was let off at once."""
    return sum(
        (one.credit is ledger.Account.CLAWED_BACK) * one.amount
        - (one.debit is ledger.Account.WRITTEN_OFF) * one.amount
        for one in transfers
    )


def _stood(scene: Scene) -> bool:
    """Whether the points stood before this report; those given with it do."""
    first, before = _first(scene.known), scene.before
    if first is None or before is None:
        return True
    return before.end_cause != WITHDRAWN and not first.is_given_back


def _stands(scene: Scene, applied: Applied) -> bool | None:
    """Whether the first charge is paid and nobody withdrew; None where nothing was ever paid."""
    first = _first([*scene.known, *applied.charges])
    if first is None:
        return None
    back = sum(
        (each.net + each.tax) * (-1 if each.kind == "reinstated" else 1)
        for each in applied.refunds
        if each.charge == first.id
    )
    back += first.refunded_net + first.refunded_tax
    return back < first.net + first.tax and applied.membership.end_cause != WITHDRAWN


def _first(charges: Sequence[Charge]) -> Charge | None:
    """Return the charge that was recorded first of those that bought something."""
    bought = [charge for charge in charges if charge.reason != "late"]
    return min(bought, key=lambda charge: charge.id, default=None)
