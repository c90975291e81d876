"""Membership fees by month and plan; every figure opens its charges with their refunds."""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.asked import asked_of, further, month_of, named_id, span_of
from admin.errors import PageMissing
from admin.guards import NEEDS, Needs
from admin.pages.money import Cell, Part, Row
from admin.render import page
from admin.visit import Visit, visit_of
from admin.words import N_, named
from ledger import calendar
from loyalty.fees import ChargeReason, FeeMonth, Figures, fee_roll_forward, fees_of_month
from loyalty.ids import show
from loyalty.members.listing import entries_of
from loyalty.plans.store import list_plans
from loyalty.policy import months_later

FINANCE: Final = {NEEDS: Needs.FINANCE}
HERE: Final = "/console/finance/fees"
MOST: Final = 12
USUAL: Final = 6
CHARGES: Final = 50

LINES: Final = (
    ("billed", N_("Billed"), 1),
    ("allocated", N_("Allocated to bonus points"), -1),
    ("recognised", N_("Recognised"), -1),
    ("refunded", N_("Refunded"), -1),
    ("credited", N_("Turned into credit"), -1),
)
BESIDE: Final = (
    ("credit_used", N_("Paid with credit")),
    ("reversed", N_("Revenue taken back by refunds")),
    ("tax", N_("Tax billed")),
    ("tax_refunded", N_("Tax given back")),
)
REASONS: Final = MappingProxyType(
    {
        ChargeReason.FIRST: N_("first payment"),
        ChargeReason.RENEWAL: N_("renewal"),
        ChargeReason.UPGRADE: N_("upgrade"),
        ChargeReason.MEND: N_("paid after it had failed"),
        ChargeReason.LATE: N_("taken after the end"),
    }
)


@get(HERE, opt=FINANCE)
async def fees_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Opening, billed, recognised, closing: month by month, for each plan and in all."""
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        days = await calendar(connection)
        span = span_of(visit, begins_on=days.begins_on, most=MOST, usual=USUAL)
        rolled = await fee_roll_forward(
            connection,
            known_by=span.recorded_by or visit.at,
            since=span.first,
            until=span.until,
        )
        titles = await _titles(connection, visit)
    months = [span.first]
    while months[-1] < span.last:
        months.append(months_later(months[-1], 1))
    plans = sorted({one.plan for one in rolled.months})
    parts = [
        _part(
            visit,
            plan,
            titles.get(plan, plan),
            [one for one in rolled.months if one.plan == plan],
            months,
        )
        for plan in plans
    ]
    if len(plans) > 1:
        parts.append(_part(visit, "", visit.voice.say("All plans"), rolled.totals, months))
    return page(
        request,
        "fees.html",
        span=span,
        months=months,
        parts_=parts,
        liability=sum(one.closing for one in rolled.totals if one.month == span.last),
        recognised=sum(one.moved.recognised - one.moved.reversed for one in rolled.totals),
        billed=sum(one.moved.billed for one in rolled.totals),
        sound=all(one.opening + one.moved.rest == one.closing for one in rolled.months),
        currency=rolled.currency,
    )


@get(f"{HERE}/charges", opt=FINANCE)
async def charges_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """The charges that one month of a plan, or of all, is made of."""
    visit = visit_of(request)
    month, plan = month_of(visit.query.get("month", "")), visit.query.get("plan", "")
    if month is None:
        raise PageMissing
    asked = asked_of(visit)
    async with visit.application.database.snapshot() as connection:
        found = await fees_of_month(
            connection,
            known_by=asked.recorded_by or visit.at,
            month=month,
            plan=plan or None,
            after=_after(visit),
            limit=CHARGES + 1,
        )
        shown = found[:CHARGES]
        titles = await _titles(connection, visit)
        people = await entries_of(connection, sorted({one.member for one in shown}))
    older = None
    if len(found) > CHARGES:
        older = further(visit, before=show("chg", shown[-1].charge.id))
    return page(
        request,
        "fee_charges.html",
        month=month,
        plan=titles.get(plan, plan),
        titles=titles,
        names={one.id: one.external_id for one in people},
        rows=shown,
        reasons=REASONS,
        older=older,
        newest=further(visit, before="") if visit.query.get("before") else None,
        back=f"{HERE}?{urlencode({'to': f'{month:%Y-%m}'})}",
    )


def _after(visit: Visit) -> UUID | None:
    text = visit.query.get("before", "")
    return named_id("chg", text) if text else None


async def _titles(connection: AsyncConnection, visit: Visit) -> Mapping[str, str]:
    """What each plan is called, by its code."""
    plans = await list_plans(connection)
    return {one.code: named(visit.voice, one.titles, one.code) for one in plans}


def _part(
    visit: Visit, plan: str, title: str, found: Sequence[FeeMonth], months: Sequence[date]
) -> Part:
    """A plan; a month in which it had no fees is a month of zeros."""
    voice = visit.voice
    by_month = {one.month: one for one in found}
    nothing = {
        month: FeeMonth(month=month, plan=plan, opening=0, moved=Figures(), closing=0)
        for month in months
    }
    told = [by_month.get(month, nothing[month]) for month in months]

    def cell(one: FeeMonth, value: int, *, opens: bool = True) -> Cell:
        asked = {"month": f"{one.month:%Y-%m}", "plan": plan}
        recorded_by = visit.query.get("recorded_by")
        if recorded_by:
            asked["recorded_by"] = recorded_by
        href = f"fees/charges?{urlencode(asked)}" if opens and value else None
        return Cell(voice.money(value), value, href)

    rows = [
        Row(
            voice.say(words),
            tuple(cell(one, sign * getattr(one.moved, name)) for one in told),
        )
        for name, words, sign in LINES
    ]
    beside = [
        Row(voice.say(words), tuple(cell(one, getattr(one.moved, name)) for one in told), "pocket")
        for name, words in BESIDE
    ]
    opening = tuple(cell(one, one.opening, opens=False) for one in told)
    closing = tuple(cell(one, one.closing) for one in told)
    return Part(
        title,
        "",
        (
            Row(voice.say("Opening balance"), opening, "opening"),
            *(row for row in rows if any(cell.value for cell in row.cells)),
            Row(voice.say("Closing balance"), closing, "closing"),
            *(row for row in beside if any(cell.value for cell in row.cells)),
        ),
    )


ROUTES: Final = (fees_page, charges_page)
