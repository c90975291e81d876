"""The one state machine of paid membership. Pure.

`project` takes a report to the row that follows from it, `settle` writes down what time has done,
`standing_of` says what a row means at an instant, and `steps_between` what to say on the timeline.
Nothing waits for a job: what time does is the same whether it was written down or not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from loyalty.membership.types import (
    Charge,
    Due,
    Membership,
    PlanState,
    Refund,
    Report,
    State,
    Status,
    Step,
)
from loyalty.plans.types import Plan

BY_TIME: Final = frozenset({"grace-ended", "trial-ended"})
"""Ends that only time brought: a payment made before them, and told later, takes them back."""

_STATES: Final[dict[Status, State]] = {
    "trial": "trial",
    "active": "active",
    "past-due": "past-due",
    "unpaid": "past-due",
    "paused": "paused",
    "unknown": "paused",
    "ended": "ended",
}
_CAUSES: Final = {
    "first": "paid",
    "renewal": "renewed",
    "upgrade": "upgraded",
    "mend": "mended",
    "late": "paid-late",
}
_MONEY_BACK: Final = {"refund": "refunded", "dispute": "disputed", "reinstated": "reinstated"}


_TURNS_TO: Final[dict[str, State]] = {
    "trial-began": "trial",
    "paid": "active",
    "renewed": "active",
    "mended": "active",
    "payment-failed": "past-due",
    "paused": "paused",
    "resumed": "active",
}
_Told = tuple[str, datetime, dict[str, object]]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a membership means at an instant: whether it gives access, what comes next and when."""

    access: bool
    state: PlanState
    next_date: datetime | None
    why: str


def standing_of(row: Membership, plan: Plan, at: datetime) -> Standing:
    """Return what the row means at an instant, also when nobody has written down what time did."""
    now = settle(row, plan, at)
    if now.state == "ended":
        return Standing(access=False, state="ended", next_date=None, why="ended")
    if at < now.began_at:
        return Standing(access=False, state="active", next_date=now.began_at, why="begins")
    if now.state == "paused":
        return Standing(access=False, state="paused", next_date=None, why="paused")
    return _going_on(now, at)


def _going_on(now: Membership, at: datetime) -> Standing:
    access, due = at < now.access_until, paid_until(now)
    if now.cancel_at is not None:
        return Standing(access, "cancelled" if access else "ended", now.cancel_at, "ends")
    if now.past_due_since is not None and at >= now.past_due_since:
        return Standing(access, "past-due", now.grace_ends_at, "grace-ends")
    if now.period_end is None:
        return Standing(access, "trial", now.trial_ends_at, "trial-ends")
    if at >= due:
        return Standing(access, "active", now.access_until, "renewal-awaited")
    return Standing(access, "active", due, "renews")


def paid_until(row: Membership) -> datetime:
    """Return the end of what is paid for, or of the trial."""
    return row.period_end or row.trial_ends_at or row.began_at


def access_until(row: Membership, plan: Plan) -> datetime:
    """Return until when the row gives access, unless something more is reported."""
    if row.ended_at is not None:
        return row.ended_at
    if row.paused_at is not None:
        return row.paused_at
    if row.grace_ends_at is not None:
        until = row.grace_ends_at
    elif row.period_end is None and not plan.trial_needs_card:
        until = paid_until(row) + plan.margin
    else:
        until = paid_until(row) + max(plan.margin, plan.grace)
    return until if row.cancel_at is None else min(until, row.cancel_at)


def settle(row: Membership, plan: Plan, at: datetime) -> Membership:
    """Return the row with what time has done to it; Stripe says itself what it has ended."""
    if row.adapter != "external" or row.state in {"ended", "paused"}:
        return row
    if row.late_from is not None and at >= row.late_from:
        due = paid_until(row)
        row = replace(row, state="past-due", past_due_since=due, late_from=None)
        row = replace(row, grace_ends_at=due + plan.grace)
    if at >= row.access_until:
        ended = _end_of(row)
        row = replace(row, state="ended", ended_at=row.access_until, late_from=None)
        return replace(row, end_cause=ended)
    return row


def _end_of(row: Membership) -> str:
    if row.cancel_at is not None and row.access_until == row.cancel_at:
        return "period-ended"
    return "trial-ended" if row.period_end is None and row.past_due_since is None else "grace-ended"


def project(before: Membership | None, report: Report, plan: Plan, *, new: UUID) -> Membership:
    """Return the row that follows from a report; `new` is its id where there is none yet."""
    state = _STATES[report.status]
    since = grace_ends_at = None
    if state == "past-due":
        since = report.past_due_since or (before and before.past_due_since) or report.at
        if before is not None and _stays_unpaid(before, report):
            since = min(since, before.past_due_since or since)
        grace_ends_at = since if report.status == "unpaid" else since + plan.grace
    elif report.past_due_since is not None:  # it failed before it was due
        since, grace_ends_at = report.past_due_since, report.past_due_since + plan.grace
    row = Membership(
        id=new if before is None else before.id,
        member=report.member,
        adapter=report.adapter,
        reference=report.reference,
        plan=plan.code,
        price=report.price,
        state=state,
        began_at=report.began_at if before is None else min(before.began_at, report.began_at),
        access_until=report.at,
        trial_ends_at=report.trial_ends_at,
        period_start=report.period_start,
        period_end=report.period_end,
        cancel_at=report.cancel_at,
        cancel_asked_at=None if report.cancel_at is None else report.cancel_asked_at or report.at,
        past_due_since=since,
        grace_ends_at=grace_ends_at,
        paused_at=_paused_at(before, report) if state == "paused" else None,
        next_price=report.next_price,
        consent=report.consent or (None if before is None else before.consent),
        foretold_end=None if before is None else before.foretold_end,
        version=0 if before is None else before.version,
        fence=report.fence,
    )
    if state == "ended":
        ended_at = report.ended_at or (before and before.ended_at) or report.at
        cause = report.end_cause or (before and before.end_cause) or "period-ended"
        row = replace(row, ended_at=max(ended_at, row.began_at), end_cause=cause)
    return replace(row, access_until=access_until(row, plan), late_from=_late_from(row, plan))


def _stays_unpaid(before: Membership, report: Report) -> bool:
    """Whether nothing was paid since it failed: a next period that is not paid gives no grace."""
    failed = before.past_due_since
    return failed is not None and not any(one.ends_at > failed for one in report.charges)


def _late_from(row: Membership, plan: Plan) -> datetime | None:
    """Return from when on a payment is missing, where the shop charges and one is awaited."""
    waits = row.period_end is not None or plan.trial_needs_card
    settled = row.past_due_since or row.cancel_at or row.ended_at or row.paused_at
    if row.adapter != "external" or not waits or settled is not None:
        return None
    return paid_until(row) + plan.margin


def _paused_at(before: Membership | None, report: Report) -> datetime:
    return (before and before.paused_at) or report.at


def report_of(row: Membership, at: datetime) -> Report:
    """Return the report that says of a row what it says already."""
    return Report(
        adapter=row.adapter,
        reference=row.reference,
        member=row.member,
        price=row.price,
        status=row.state,
        at=at,
        began_at=row.began_at,
        trial_ends_at=row.trial_ends_at,
        period_start=row.period_start,
        period_end=row.period_end,
        cancel_at=row.cancel_at,
        cancel_asked_at=row.cancel_asked_at,
        past_due_since=row.past_due_since,
        ended_at=row.ended_at,
        end_cause=row.end_cause,
        next_price=row.next_price,
        consent=row.consent,
        fence=row.fence,
    )


def steps_between(
    before: Membership | None,
    after: Membership,
    report: Report,
    charges: Sequence[Charge],
    refunds: Sequence[Refund],
    *,
    won_back: bool = False,
) -> tuple[Step, ...]:
    """Return what changed, one step a cause, in the order in which a person would tell it."""
    told = [
        *_beginning(before, after, report, won_back=won_back),
        *((_CAUSES[one.reason], one.paid_at, _told_charge(one)) for one in charges),
        *((_MONEY_BACK[one.kind], one.at, _told_refund(one)) for one in refunds),
        *(_turns(before, after, report, charges) if before is not None else ()),
    ]
    if after.ended_at is not None and (before is None or before.ended_at != after.ended_at):
        told.append((after.end_cause or "ended", after.ended_at, _told_due(report.due)))
    if not told and before is not None and _differ(before, after):
        told.append(("adjusted", report.at, {}))
    return tuple(_chain(before, after, told))


def _chain(before: Membership | None, after: Membership, told: Sequence[_Told]) -> Iterator[Step]:
    """Let each step begin where the one before ended, and the last end where the row is now."""
    was = None if before is None else before.state
    for place, (cause, at, data) in enumerate(told, 1):
        turned = _TURNS_TO.get(cause, was or ("trial" if after.trial_ends_at else "active"))
        becomes = after.state if place == len(told) else turned
        yield Step(cause, at, was, becomes, data)
        was = becomes


def _beginning(
    before: Membership | None, after: Membership, report: Report, *, won_back: bool
) -> Iterator[_Told]:
    if before is None:
        cause = "adopted" if report.adopted else "won-back" if won_back else "joined"
        yield cause, after.began_at, {"plan": after.plan}
        if after.state == "trial" and after.trial_ends_at is not None:
            yield "trial-began", after.began_at, {"until": after.trial_ends_at.isoformat()}
    elif before.state == "trial" and after.state in {"active", "past-due"}:
        yield "trial-ended", before.trial_ends_at or report.at, {}


def _turns(
    before: Membership, after: Membership, report: Report, charges: Sequence[Charge]
) -> Iterator[_Told]:
    at, reasons = report.at, {one.reason for one in charges}
    if after.price != before.price and "upgrade" not in reasons:
        yield "downgraded" if after.price == before.next_price else "changed", at, {}
    elif after.next_price != before.next_price:
        cause = "downgrade-undone" if after.next_price is None else "downgrade-set"
        yield cause, at, {}
    was, becomes = before.period_end, after.period_end
    if was is not None and becomes is not None and becomes != was and not charges:
        yield "period-moved", at, {"until": becomes.isoformat()}
    if after.past_due_since is not None and before.past_due_since is None:
        yield "payment-failed", at, {"since": after.past_due_since.isoformat()}
    elif after.past_due_since is None and before.past_due_since is not None and not charges:
        yield "mended", at, {}
    if (after.paused_at is None) != (before.paused_at is None):
        cause = "resumed" if after.paused_at is None else "paused"
        yield cause, at, {"status": report.status}
    if after.cancel_at is not None and before.cancel_at is None:
        asked = after.cancel_asked_at or at
        yield "cancel-asked", asked, {"ends_at": after.cancel_at.isoformat()}
    elif after.cancel_at is None and before.cancel_at is not None:
        yield "cancel-undone", at, {}


def _differ(before: Membership, after: Membership) -> bool:
    return replace(before, version=0, fence=0) != replace(after, version=0, fence=0)


def _told_charge(one: Charge) -> dict[str, object]:
    return {
        "charge": str(one.id),
        "net": one.net,
        "tax": one.tax,
        "from": one.starts_at.isoformat(),
        "until": one.ends_at.isoformat(),
    }


def _told_due(due: Sequence[Due]) -> dict[str, object]:
    return {"due": [asdict(one) for one in due]} if due else {}


def _told_refund(one: Refund) -> dict[str, object]:
    return {
        "refund": str(one.id),
        "charge": str(one.charge),
        "net": one.net,
        "tax": one.tax,
        "reason": one.reason,
    }
