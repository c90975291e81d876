"""The one way from a report to the rows, for both adapters and for what time has done.

The member's row is locked first; then the report is projected on the row, and what is new is
written with its timeline, its effects and its events. The same report again changes nothing, and
one with a lower fence than the row's is passed over.
"""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.ids import new_id, show
from loyalty.members import Member
from loyalty.members.store import members_by_id, survivor_of
from loyalty.membership.effects import carry_out
from loyalty.membership.errors import MembershipLive
from loyalty.membership.money import Scene, new_charges, new_refunds
from loyalty.membership.states import project, report_of, settle, steps_between
from loyalty.membership.store import (
    by_reference,
    charges_of,
    latest_membership,
    live_membership,
    lock_row,
)
from loyalty.membership.types import PREFIX, Applied, Membership, Report
from loyalty.membership.writing import (
    take_references,
    write_charges,
    write_refunds,
    write_row,
    write_steps,
)
from loyalty.plans.store import plan_of_price
from loyalty.policy import policy_at


async def apply(connection: AsyncConnection, cause: Cause, report: Report) -> Applied:
    """Write what a report says, or nothing where it says nothing new.

    Raises MembershipLive for a second live membership of a member, ReferenceTaken, ChargeUnknown,
    ChargeConflict, RefundAboveCharge and CurrencyForeign.
    """
    before, whose = await _locked(connection, report)
    if before is not None and _is_stale(before, report):
        return Applied(before, stale=True)
    plan = await plan_of_price(connection, report.price)
    report = replace(report, member=whose.id)
    after = project(before, report, plan, new=new_id(cause.at))
    won_back = await _refuse_second(connection, cause, before, after)
    policy = await policy_at(connection, cause.at)
    known = [] if before is None else await charges_of(connection, before.id)
    scene = Scene(policy, cause, before, after, plan, known, report.due)
    charges = await new_charges(connection, scene, report)
    refunds = await new_refunds(connection, scene, report, charges)
    steps = steps_between(before, after, report, charges, refunds, won_back=won_back)
    after = replace(after, version=after.version + len(steps))
    if not steps:
        if before is not None and after.fence > before.fence:
            await write_row(connection, cause, after, new=False)
        return Applied(after)
    await take_references(connection, after, new=before is None, charges=charges, refunds=refunds)
    await write_row(connection, cause, after, new=before is None)
    await write_steps(connection, cause, after, steps)
    await write_charges(connection, cause, charges)
    await write_refunds(connection, cause, refunds)
    applied = Applied(after, steps, tuple(charges), tuple(refunds))
    return await carry_out(connection, scene, whose, applied)


async def settle_now(connection: AsyncConnection, cause: Cause, row: Membership) -> Membership:
    """Write down what time has done to a membership; the member's row must be locked."""
    plan = await plan_of_price(connection, row.price)
    settled = settle(row, plan, cause.at)
    if settled == row:
        return row
    return (await apply(connection, cause, report_of(settled, cause.at))).membership


async def _locked(connection: AsyncConnection, report: Report) -> tuple[Membership | None, Member]:
    """Lock whose membership it is, also when they were merged, and read it then."""
    known = await by_reference(connection, report.adapter, report.reference)
    named = report.member if known is None else known.member
    found = (await members_by_id(connection, [named]))[named]
    whose = await survivor_of(connection, found)
    await lock_row(connection, whose.id)
    return await by_reference(connection, report.adapter, report.reference), whose


def _is_stale(before: Membership, report: Report) -> bool:
    """Whether a report is older than the row, or would raise at Stripe what had ended there."""
    if report.fence < before.fence:
        return True
    return report.adapter == "stripe" and before.ended_at is not None and report.status != "ended"


async def _refuse_second(
    connection: AsyncConnection, cause: Cause, before: Membership | None, after: Membership
) -> bool:
    """Refuse a second live membership; answer whether the member had one before."""
    goes_on = before is not None and before.ended_at is None
    if goes_on or after.ended_at is not None:
        return False
    live = await live_membership(connection, after.member)
    if live is not None:
        live = await settle_now(connection, cause, live)
        if live.ended_at is None:
            raise MembershipLive(seen=show(PREFIX, live.id))
    return before is None and await latest_membership(connection, after.member) is not None
