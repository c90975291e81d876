"""What a return posts: points that were earned are taken back, points spent are given back. Pure.

Refunds that settle a shortfall (policy "deducted") never take more than the refund itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from benefits import spread
from ledger import ClawBack, Outcome, Posting, Shortfall
from loyalty.orders.postings import Entries
from loyalty.orders.returns import ReturnPlan
from loyalty.orders.types import Return, ReturnKind
from loyalty.policy import Policy


@dataclass(frozen=True, slots=True)
class Reversed:
    """What became of the points of a return."""

    points_returned: int = 0
    points_clawed_back: int = 0
    shortfall_points: int = 0
    shortfall_money: int = 0
    points_lapsed: int = 0


def reversals(entries: Entries, plan: ReturnPlan, policy: Policy) -> list[Posting]:
    """Return the postings of a return: what was spent comes first, so that it can be taken."""
    returned = plan.returned
    given: list[Posting] = [
        entries.restore(
            returned.id,
            part.shipment,
            part.points,
            at=returned.at,
            reason=returned.reason,
            grace_days=policy.grace_days,
        )
        for part in plan.taken
        if part.points
    ]
    shortfall = shortfall_of(policy, returned)
    earned = [part for part in plan.taken if part.earn]
    deductible: list[int | None] = [None] * len(earned)
    if shortfall is Shortfall.DEDUCTED:
        most = min(policy.point_value.points_down(returned.refund_money), plan.points_to_claw_back)
        deductible = [*spread(most, [part.earn for part in earned])]
    taken: list[Posting] = [
        entries.claw_back(
            returned.id,
            part.shipment,
            part.earn,
            at=returned.at,
            reason=returned.reason,
            shortfall=shortfall,
            deductible=points,
        )
        for part, points in zip(earned, deductible, strict=True)
    ]
    return given + taken


def shortfall_of(policy: Policy, returned: Return) -> Shortfall:
    """Return what becomes of points that are gone; a bank's refund has nothing to deduct from."""
    shortfall = Shortfall(policy.shortfall)
    if returned.kind is ReturnKind.CHARGEBACK and shortfall is Shortfall.DEDUCTED:
        return Shortfall.DEBT
    return shortfall


def sum_up(postings: Sequence[Posting], outcomes: Sequence[Outcome], policy: Policy) -> Reversed:
    """Say what became of the points, from what the ledger answered to each posting."""
    both = list(zip(postings, outcomes, strict=True))
    back = [outcome for posting, outcome in both if not isinstance(posting, ClawBack)]
    taken = [outcome for posting, outcome in both if isinstance(posting, ClawBack)]
    deducted = sum(outcome.deducted for outcome in taken)
    return Reversed(
        points_returned=sum(outcome.amount for outcome in back),
        points_clawed_back=sum(outcome.from_lot + outcome.from_others for outcome in taken),
        shortfall_points=sum(o.to_debt + o.forgiven + o.deducted for o in taken),
        shortfall_money=policy.point_value.money_down(deducted),
        points_lapsed=sum(outcome.lapsed for outcome in back),
    )
