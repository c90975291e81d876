"""What finance signs: how much of a cohort, or of a class, it expects to be redeemed.

Estimates are only added. Whoever signs one is named with the facts that stood in the books then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    Date,
    Row,
    ScalarSelect,
    Select,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import LotClass, cohort_months, open_from
from loyalty.books.allocation import half_up
from loyalty.books.classes import TREATMENTS, Treatment
from loyalty.books.errors import (
    CohortEnded,
    EstimateAboveIssued,
    EstimateBackdated,
    EstimateBelowRedeemed,
    EstimateClassUnfit,
    EstimateInFuture,
    EstimateMalformed,
    UnknownCohort,
)
from loyalty.books.expecting import WHOLE, Estimate, Method
from loyalty.books.recognition import Stand
from loyalty.books.tables import estimate
from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.policy import Policy, policy_at
from loyalty.tables import live_version

MOST_LISTED: Final = 200
FIELDS: Final = ("hundredths", "points", "effective_on", "method", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """What finance asks to sign; no cohort means all of the class, no day means today.

    Either ``hundredths`` of a per cent, or, for one cohort, a number of ``points`` in all.
    """

    lot_class: LotClass
    method: Method
    reason: str
    issued_in: date | None = None
    hundredths: int | None = None
    points: int | None = None
    effective_on: date | None = None


async def sign_estimate(connection: AsyncConnection, cause: Cause, signing: Signing) -> Estimate:
    """Sign an estimate; it binds its cohorts from its day on, until another is signed.

    Raises EstimateMalformed, EstimateClassUnfit, UnknownCohort, CohortEnded, EstimateBelowRedeemed,
    EstimateAboveIssued, EstimateBackdated and EstimateInFuture.
    """
    _check_shape(signing)
    # one signature at a time: the counter's row is the lock
    await connection.execute(
        update(live_version)
        .where(live_version.c.name == "estimate")
        .values(version=live_version.c.version + 1)
    )
    policy = await policy_at(connection, cause.at)
    effective_on = _check_day(signing, policy.day_of(cause.at), await open_from(connection))
    stand = await _stand(connection, cause, policy, signing)
    newest = await connection.scalar(select(func.max(estimate.c.version))) or 0
    signed = Estimate(
        version=newest + 1,
        lot_class=signing.lot_class,
        issued_in=signing.issued_in,
        method=signing.method,
        reason=signing.reason,
        effective_on=effective_on,
        hundredths=signing.hundredths,
        points=signing.points,
        issued=stand.granted,
        redeemed=stand.used,
        signed_at=cause.at,
        signed_by=cause.actor,
        request_id=cause.request_id,
    )
    if signing.issued_in is not None:
        _check_facts(signing, stand)
    before = await _before(connection, signing)
    await connection.execute(insert(estimate).values(_columns(signed)))
    await record_change(
        connection,
        cause,
        subject_kind="estimate",
        subject=_subject(signing),
        action="sign",
        before=before,
        after={"version": signed.version, **_told(signed)},
    )
    return signed


async def list_estimates(
    connection: AsyncConnection, *, limit: int = 50, before: int | None = None
) -> Sequence[Estimate]:
    """Return what was signed, the newest first; ``before`` is the version of the last one seen."""
    wanted = _SIGNED.order_by(estimate.c.version.desc()).limit(min(limit, MOST_LISTED))
    if before is not None:
        wanted = wanted.where(estimate.c.version < before)
    return [_read(row) for row in await connection.execute(wanted)]


async def read_estimates(
    connection: AsyncConnection, *, lot_class: LotClass | None = None
) -> Sequence[Estimate]:
    """Return everything that was signed, or what was signed for a class, the oldest first."""
    wanted = _SIGNED.order_by(estimate.c.version)
    if lot_class is not None:
        wanted = wanted.where(estimate.c.class_ == lot_class.value)
    return [_read(row) for row in await connection.execute(wanted)]


def estimates_json(lot_class: LotClass) -> ScalarSelect[Any]:
    """Return a scalar for joining: what may bind points of a class on the day they are granted.

    An estimate of one cohort binds those granted later only if it counts from a day of its month.
    ``estimates_of`` reads the answer.
    """
    own_month = func.date_trunc("month", estimate.c.effective_on).cast(Date)
    binding = or_(estimate.c.issued_in.is_(None), estimate.c.issued_in == own_month)
    rows = (
        _SIGNED.where(estimate.c.class_ == lot_class.value, binding)
        .correlate(None)
        .subquery("signed")
    )
    return select(func.json_agg(func.to_json(rows.table_valued()))).scalar_subquery()


def estimates_of(stored: Sequence[Mapping[str, Any]] | None) -> Sequence[Estimate]:
    """Return the estimates that ``estimates_json`` answers."""
    return [
        Estimate(
            **{
                **one,
                "lot_class": LotClass(one["lot_class"]),
                "method": Method(one["method"]),
                "issued_in": one["issued_in"] and date.fromisoformat(one["issued_in"]),
                "effective_on": date.fromisoformat(one["effective_on"]),
                "signed_at": datetime.fromisoformat(one["signed_at"]),
            }
        )
        for one in stored or ()
    ]


def _check_shape(signing: Signing) -> None:
    if (signing.hundredths is None) == (signing.points is None):
        raise EstimateMalformed(wanted="either a percentage or a number of points")
    if signing.hundredths is not None and not 0 <= signing.hundredths <= WHOLE:
        raise EstimateMalformed(wanted="a percentage from 0 to 100", pointer="/percent")
    if signing.points is not None and signing.issued_in is None:
        raise EstimateMalformed(
            wanted="the month that points were earned in, when it is a number of points",
            pointer="/issued_in",
        )
    if signing.issued_in is not None and signing.issued_in.day != 1:
        raise EstimateMalformed(wanted="the first day of a month", pointer="/issued_in")
    if TREATMENTS[signing.lot_class] is Treatment.AT_SPENDING:
        raise EstimateClassUnfit(seen=signing.lot_class.value, pointer="/class")


def _check_day(signing: Signing, today: date, opened: date | None) -> date:
    """Return the day it counts from: none to come, and none whose month is closed."""
    day = today if signing.effective_on is None else signing.effective_on
    if day > today:
        raise EstimateInFuture(
            wanted=today.isoformat(), seen=day.isoformat(), pointer="/effective_on"
        )
    first = max(filter(None, (signing.issued_in, opened)), default=day)
    if day < first <= today:
        raise EstimateBackdated(
            wanted=first.isoformat(), seen=day.isoformat(), pointer="/effective_on"
        )
    return day


def _check_facts(signing: Signing, stand: Stand) -> None:
    points, pointer = signing.points, "/points"
    if points is None:
        points, pointer = half_up(stand.granted * (signing.hundredths or 0), WHOLE), "/percent"
    if points > stand.granted:
        raise EstimateAboveIssued(seen=points, issued=stand.granted, pointer=pointer)
    if points < stand.used:
        raise EstimateBelowRedeemed(seen=points, redeemed=stand.used, pointer=pointer)


async def _stand(
    connection: AsyncConnection, cause: Cause, policy: Policy, signing: Signing
) -> Stand:
    """Return where the cohort stands, or all cohorts of the class together."""
    stand = Stand()
    for moved in await cohort_months(connection, zone=policy.zone, known_by=cause.at):
        if moved.lot_class is signing.lot_class and signing.issued_in in (None, moved.issued_in):
            stand = stand.after(moved)
    if signing.issued_in is not None:
        month = signing.issued_in.strftime("%Y-%m")
        if not stand.issued:
            raise UnknownCohort(lot_class=signing.lot_class.value, seen=month, pointer="/issued_in")
        if not stand.outstanding:
            raise CohortEnded(seen=month, pointer="/issued_in")
    return stand


async def _before(connection: AsyncConnection, signing: Signing) -> Mapping[str, object] | None:
    """Return what was signed last for the same cohorts, for the trail."""
    same = estimate.c.issued_in.is_not_distinct_from(signing.issued_in)
    row = (
        await connection.execute(
            _SIGNED.where(estimate.c.class_ == signing.lot_class.value, same)
            .order_by(estimate.c.version.desc())
            .limit(1)
        )
    ).first()
    if row is None:
        return None
    signed = _read(row)
    return {"version": signed.version, **_told(signed)}


def _subject(signing: Signing) -> str:
    month = "all" if signing.issued_in is None else signing.issued_in.strftime("%Y-%m")
    return f"{signing.lot_class.value}/{month}"


def _told(signed: Estimate) -> Mapping[str, object]:
    return {
        "percent_hundredths": signed.hundredths,
        "points": signed.points,
        "effective_on": signed.effective_on.isoformat(),
        "method": signed.method.value,
        "reason": signed.reason,
    }


def _columns(signed: Estimate) -> dict[str, object]:
    return {
        "version": signed.version,
        "class_": signed.lot_class.value,
        "issued_in": signed.issued_in,
        "method": signed.method.value,
        "reason": signed.reason,
        "effective_on": signed.effective_on,
        "hundredths": signed.hundredths,
        "points": signed.points,
        "issued": signed.issued,
        "redeemed": signed.redeemed,
        "signed_at": signed.signed_at,
        "actor": signed.signed_by,
        "request_id": signed.request_id,
    }


_SIGNED: Final[Select[*tuple[Any, ...]]] = select(
    estimate.c.version,
    estimate.c.class_.label("lot_class"),
    estimate.c.issued_in,
    estimate.c.method,
    estimate.c.reason,
    estimate.c.effective_on,
    estimate.c.hundredths,
    estimate.c.points,
    estimate.c.issued,
    estimate.c.redeemed,
    estimate.c.signed_at,
    estimate.c.actor.label("signed_by"),
    estimate.c.request_id,
)


def _read(row: Row[*tuple[Any, ...]]) -> Estimate:
    said = row._asdict()
    return Estimate(
        **said | {"lot_class": LotClass(said["lot_class"]), "method": Method(said["method"])}
    )
