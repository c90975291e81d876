"""The adapter for shops that charge by other means: what the shop reports becomes a report.

Every deed reads the row with its member locked, lets time do its part, and hands the whole as a
report to `applying.apply`, like the other adapter. Reports may come late and in any order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.members import Member, refuse_closed
from loyalty.membership.applying import apply
from loyalty.membership.errors import (
    AmountNotPositive,
    BilledElsewhere,
    ChargeUnknown,
    ConsentMissing,
    FeeInFuture,
    NotPaid,
    PeriodAhead,
    PeriodImpossible,
    PeriodsOverlap,
    ReferenceTaken,
    TrialNotOffered,
)
from loyalty.membership.giving_back import left_of, net_of
from loyalty.membership.states import BY_TIME, access_until, paid_until, report_of, settle
from loyalty.membership.store import (
    by_reference,
    charges_of,
    live_membership,
    lock_membership,
    lock_row,
    refunds_of,
)
from loyalty.membership.trials import refuse_second_trial
from loyalty.membership.types import (
    Applied,
    Charge,
    ChargeReason,
    Consent,
    Membership,
    RefundKind,
    Report,
    ReportedCharge,
    ReportedRefund,
)
from loyalty.plans.store import find_plan, open_price, plan_of_price
from loyalty.plans.types import Adapter, Plan

ADAPTER: Final[Adapter] = "external"


@dataclass(frozen=True, slots=True)
class NewPayment:
    """A payment as the shop reports it, for a half-open period."""

    reference: str
    starts_at: datetime
    ends_at: datetime
    net: int
    tax: int
    currency: str
    paid_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewMembership:
    """Joining a plan: with a trial, or with the first payment."""

    plan: str
    price: str
    reference: str
    consent: tuple[str, str] | None
    trial: bool = False
    paid: NewPayment | None = None


@dataclass(frozen=True, slots=True)
class NewRefund:
    """Money that the shop gave back of a charge, tax included; or that a dispute moved."""

    reference: str
    charge: str
    amount: int
    reason: str
    kind: RefundKind = "refund"
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A membership with its member locked, as time has left it by now, and its charges."""

    stored: Membership
    row: Membership
    plan: Plan
    charges: tuple[Charge, ...]

    @property
    def bought(self) -> list[Charge]:
        """The charges that bought a period."""
        return [charge for charge in self.charges if charge.reason != "late"]


async def hold(connection: AsyncConnection, cause: Cause, id_: UUID) -> Held:
    """Lock a membership that the shop charges for. Raises BilledElsewhere for another."""
    row = await lock_membership(connection, id_)
    if row.adapter != ADAPTER:
        raise BilledElsewhere(seen=row.adapter)
    plan = await plan_of_price(connection, row.price)
    charges = await charges_of(connection, row.id)
    return Held(row, settle(row, plan, cause.at), plan, tuple(charges))


async def join_plan(
    connection: AsyncConnection, cause: Cause, whose: Member, asked: NewMembership
) -> Applied:
    """Let a member have a plan; the member's row is locked. The same reference is a replay.

    Raises what the errors of this package and of plans name, and changes nothing then.
    """
    plan = await find_plan(connection, asked.plan)
    await lock_row(connection, whose.id)
    before = await by_reference(connection, ADAPTER, asked.reference)
    if before is not None:
        return _joined_before(before, whose, plan, asked)
    refuse_closed(whose)
    if plan.adapter != ADAPTER:
        raise BilledElsewhere(seen=plan.adapter, pointer="/plan")
    price = open_price(plan, asked.price)
    if asked.consent is None:
        raise ConsentMissing(pointer="/consent")
    report = Report(
        adapter=ADAPTER,
        reference=asked.reference,
        member=whose.id,
        price=price.id,
        status="trial",
        at=cause.at,
        began_at=cause.at,
        consent=Consent(*asked.consent, at=cause.at),
    )
    if asked.trial:
        await _refuse_trial(connection, whose, plan)
        ends_at = cause.at + timedelta(days=plan.trial_days)
        return await apply(connection, cause, replace(report, trial_ends_at=ends_at))
    if asked.paid is None:
        raise NotPaid(pointer="/paid")
    charge = checked(cause, asked.paid, "first", "/paid")
    refuse_ahead(charge, cause.at + plan.margin, "/paid")
    paid = replace(
        report,
        status="active",
        began_at=charge.starts_at,
        period_start=charge.starts_at,
        period_end=charge.ends_at,
        charges=(charge,),
    )
    return await apply(connection, cause, paid)


def _joined_before(before: Membership, whose: Member, plan: Plan, asked: NewMembership) -> Applied:
    codes = {price.id: price.code for price in plan.prices}
    if before.member != whose.id or codes.get(before.price) != asked.price:
        raise ReferenceTaken(seen=asked.reference[:80], pointer="/reference")
    return Applied(before)


async def _refuse_trial(connection: AsyncConnection, whose: Member, plan: Plan) -> None:
    if not plan.trial_days:
        raise TrialNotOffered(seen=plan.code, pointer="/trial")
    await refuse_second_trial(connection, whose.id)


async def report_payment(
    connection: AsyncConnection, cause: Cause, id_: UUID, paid: NewPayment
) -> Applied:
    """Record that a period was paid. One of a membership that has ended is to be refunded.

    Raises AmountNotPositive, PeriodImpossible, PeriodAhead, FeeInFuture, PeriodsOverlap,
    ChargeConflict, ReferenceTaken and CurrencyForeign.
    """
    held = await hold(connection, cause, id_)
    row = held.row
    charge = checked(cause, paid, _reason(held, paid))
    if any(known.reference == charge.reference for known in held.charges):
        return await apply(connection, cause, _and(row, cause, charge))
    if row.ended_at is not None:
        if not await _comes_back(connection, row, charge.paid_at):
            return await apply(connection, cause, _and(row, cause, replace(charge, reason="late")))
        row = replace(row, ended_at=None, end_cause=None, state="past-due")
    _refuse_overlap(held.bought, charge, "/from")
    kept = replace(row, cancel_at=None)
    refuse_ahead(charge, max(access_until(kept, held.plan), cause.at + held.plan.margin))
    return await apply(connection, cause, paid_report(row, cause, charge))


def _and(row: Membership, cause: Cause, charge: ReportedCharge) -> Report:
    return replace(report_of(row, cause.at), charges=(charge,))


def paid_report(row: Membership, cause: Cause, charge: ReportedCharge) -> Report:
    """Return the report after a payment: it moves the paid period forward, never back."""
    report = _and(row, cause, charge)
    report = replace(report, began_at=min(row.began_at, charge.starts_at))
    if charge.ends_at <= paid_until(row):
        return report
    report = replace(report, period_start=charge.starts_at, period_end=charge.ends_at)
    if row.past_due_since is None or charge.ends_at > row.past_due_since:
        report = replace(report, status="active", past_due_since=None)
    if row.cancel_at is not None:
        report = replace(report, cancel_at=max(row.cancel_at, charge.ends_at))
    if row.next_price is not None and charge.starts_at >= (row.period_end or row.began_at):
        report = replace(report, price=row.next_price, next_price=None)
    return report


async def _comes_back(connection: AsyncConnection, row: Membership, paid_at: datetime) -> bool:
    """Whether a payment was made before time ended the membership, and only told too late."""
    if row.end_cause not in BY_TIME or row.ended_at is None or paid_at >= row.ended_at:
        return False
    live = await live_membership(connection, row.member)
    return live is None or live.id == row.id


def _reason(held: Held, paid: NewPayment) -> ChargeReason:
    since = held.row.past_due_since
    if not held.bought:
        return "first"
    return "mend" if since is not None and paid.ends_at > since else "renewal"


def checked(
    cause: Cause, paid: NewPayment, reason: ChargeReason, pointer: str = ""
) -> ReportedCharge:
    """Refuse a payment that cannot be, and return it as the port says it."""
    for name, amount in (("net", paid.net), ("tax", paid.tax)):
        if amount < 0 or (name == "net" and paid.net + paid.tax <= 0):
            raise AmountNotPositive(seen=amount, pointer=f"{pointer}/{name}")
    if paid.ends_at <= paid.starts_at:
        start, until = paid.starts_at.isoformat(), paid.ends_at.isoformat()
        raise PeriodImpossible(start=start, until=until, pointer=f"{pointer}/until")
    paid_at = paid.paid_at or cause.at
    if paid_at > cause.at:
        raise FeeInFuture(seen=paid_at.isoformat(), pointer=f"{pointer}/paid_at")
    return ReportedCharge(
        reference=paid.reference,
        starts_at=paid.starts_at,
        ends_at=paid.ends_at,
        net=paid.net,
        tax=paid.tax,
        currency=paid.currency,
        reason=reason,
        paid_at=paid_at,
    )


def refuse_ahead(charge: ReportedCharge, latest: datetime, pointer: str = "") -> None:
    """Refuse a period that begins later than access can be given for: nobody pays for a gap."""
    if charge.starts_at > latest:
        seen, wanted = charge.starts_at.isoformat(), latest.isoformat()
        raise PeriodAhead(seen=seen, wanted=wanted, pointer=f"{pointer}/from")


def _refuse_overlap(
    bought: Sequence[Charge], charge: Charge | ReportedCharge, pointer: str
) -> None:
    """Refuse a period that is paid already; what was given back whole pays nothing."""
    for known in bought:
        apart = charge.starts_at >= known.ends_at or known.starts_at >= charge.ends_at
        if not known.is_given_back and not apart:
            seen = known.ends_at.isoformat()
            raise PeriodsOverlap(seen=seen, reference=known.reference, pointer=pointer)


def _refuse_paid_anew(held: Held, charge: Charge) -> None:
    """Refuse to reinstate a charge whose period was paid anew while its money was gone.

    An upgrade lies over what it took over, and is no payment anew.
    """
    if not charge.is_given_back or charge.reason == "late":
        return
    since = charge.paid_at if charge.reason == "upgrade" else None
    anew = [
        known
        for known in held.bought
        if known.reason != "upgrade" and (since is None or known.paid_at > since)
    ]
    _refuse_overlap(anew, charge, "/charge")


async def report_failure(
    connection: AsyncConnection, cause: Cause, id_: UUID, *, at: datetime | None = None
) -> Applied:
    """Record that a payment failed; one from before the last that worked changes nothing."""
    held = await hold(connection, cause, id_)
    failed_at, row = at or cause.at, held.row
    if failed_at > cause.at:
        raise FeeInFuture(seen=failed_at.isoformat(), pointer="/at")
    later = any(charge.paid_at >= failed_at for charge in held.bought)
    report = report_of(row, cause.at)
    if row.ended_at is None and row.past_due_since is None and not later:
        report = replace(report, status="past-due", past_due_since=paid_until(row))
    return await apply(connection, cause, report)


async def report_refund(
    connection: AsyncConnection, cause: Cause, id_: UUID, given: NewRefund
) -> Applied:
    """Record that money was given back: split into net and tax as its charge is.

    A refund ends no membership. Raises AmountNotPositive, ChargeUnknown, RefundAboveCharge,
    ChargeConflict, ReferenceTaken, FeeInFuture, and PeriodsOverlap where a bank gives back what was
    paid anew: the money of one of the two goes back first.
    """
    held = await hold(connection, cause, id_)
    at = given.at or cause.at
    if given.amount <= 0:
        raise AmountNotPositive(seen=given.amount, pointer="/amount")
    if at > cause.at:
        raise FeeInFuture(seen=at.isoformat(), pointer="/at")
    charge = next((one for one in held.charges if one.reference == given.charge), None)
    if charge is None:
        raise ChargeUnknown(seen=given.charge[:80], pointer="/charge")
    before = [
        one for one in await refunds_of(connection, [charge.id]) if one.reference == given.reference
    ]
    if given.kind == "reinstated" and not before:
        _refuse_paid_anew(held, charge)
    net = before[0].net if before else _net_of(charge, given)
    told = ReportedRefund(
        reference=given.reference,
        charge=charge.reference,
        net=net,
        tax=given.amount - net,
        kind=given.kind,
        reason=given.reason,
        at=at,
    )
    return await apply(connection, cause, replace(report_of(held.row, cause.at), refunds=(told,)))


def _net_of(charge: Charge, given: NewRefund) -> int:
    """Return the net of a refund in its charge's proportion, half up; the last one closes it."""
    if given.kind != "reinstated":
        return net_of(charge, left_of(charge), given.amount)
    whole = charge.net + charge.tax
    by_then = charge.refunded_net + charge.refunded_tax - given.amount
    return charge.refunded_net - (2 * by_then * charge.net + whole) // (2 * whole)
