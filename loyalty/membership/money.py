"""Charges and refunds that a report brings: what is new of them, and what contradicts the rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.fees import booked_on
from loyalty.ids import new_id
from loyalty.membership.errors import (
    ChargeConflict,
    ChargeUnknown,
    CurrencyForeign,
    RefundAboveCharge,
)
from loyalty.membership.giving_back import left_of
from loyalty.membership.store import refunds_of
from loyalty.membership.types import (
    Charge,
    Due,
    Membership,
    Refund,
    Report,
    ReportedCharge,
    ReportedRefund,
)
from loyalty.plans.types import Plan
from loyalty.policy import Policy


@dataclass(frozen=True, slots=True)
class Scene:
    """What a report is applied in: the row as it was and becomes, its plan, its earlier charges."""

    policy: Policy
    cause: Cause
    before: Membership | None
    row: Membership
    plan: Plan
    known: Sequence[Charge]
    due: Sequence[Due]


async def new_charges(connection: AsyncConnection, scene: Scene, report: Report) -> list[Charge]:
    """Return the charges that are not recorded. Raises ChargeConflict and CurrencyForeign."""
    here = {charge.reference: charge for charge in scene.known}
    made = []
    for told in report.charges:
        if told.reference in here:
            _refuse_other(here[told.reference], told, ("net", "tax", "starts_at", "ends_at"))
            continue
        wanted = scene.plan.currency
        if told.currency != wanted:
            raise CurrencyForeign(seen=told.currency, wanted=wanted, pointer="/currency")
        made.append(
            Charge(
                id=new_id(scene.cause.at),
                member=scene.row.member,
                membership=scene.row.id,
                adapter=scene.row.adapter,
                reference=told.reference,
                price=told.price or report.price,
                starts_at=told.starts_at,
                ends_at=told.ends_at,
                net=told.net,
                tax=told.tax,
                currency=told.currency,
                reason=told.reason,
                paid_at=told.paid_at,
                credit=told.credit,
                booked_on=await booked_on(connection, scene.policy, told.paid_at),
            )
        )
    return made


async def new_refunds(
    connection: AsyncConnection, scene: Scene, report: Report, made_now: Sequence[Charge]
) -> list[Refund]:
    """Return the refunds that are not recorded; each names a charge that is there by then.

    Raises ChargeUnknown, ChargeConflict and RefundAboveCharge.
    """
    if not report.refunds:
        return []
    charges = [*scene.known, *made_now]
    by_name = {charge.reference: charge for charge in charges}
    recorded = await refunds_of(connection, [charge.id for charge in charges])
    here = {(refund.charge, refund.reference): refund for refund in recorded}
    left = {charge.id: left_of(charge) for charge in charges}
    made = []
    for told in report.refunds:
        charge = by_name.get(told.charge)
        if charge is None:
            raise ChargeUnknown(seen=told.charge[:80], pointer="/charge")
        if (before := here.get((charge.id, told.reference))) is not None:
            _refuse_other(before, told, ("net", "tax", "kind"))
            continue
        left[charge.id] = _taken(charge, left[charge.id], told)
        made.append(
            Refund(
                id=new_id(scene.cause.at),
                member=scene.row.member,
                charge=charge.id,
                reference=told.reference,
                net=told.net,
                tax=told.tax,
                kind=told.kind,
                reason=told.reason,
                at=told.at,
                booked_on=await booked_on(connection, scene.policy, told.at),
            )
        )
    return made


def _taken(charge: Charge, left: tuple[int, int], told: ReportedRefund) -> tuple[int, int]:
    """Return what is left of a charge, net and tax, after a refund; never more than it was."""
    sign = -1 if told.kind == "reinstated" else 1
    net, tax = left[0] - sign * told.net, left[1] - sign * told.tax
    if not (0 <= net <= charge.net and 0 <= tax <= charge.tax):
        given = charge.net + charge.tax - sum(left)
        most = given if told.kind == "reinstated" else sum(left)
        raise RefundAboveCharge(left=most, wanted=told.net + told.tax, pointer="/amount")
    return net, tax


def _refuse_other(
    here: Charge | Refund, told: ReportedCharge | ReportedRefund, fields: Sequence[str]
) -> None:
    """Raise ChargeConflict for the first field that is recorded otherwise."""
    for field in fields:
        seen, wanted = getattr(here, field), getattr(told, field)
        if seen != wanted:
            raise ChargeConflict(
                reference=here.reference, field=field, seen=str(seen), wanted=str(wanted)
            )
