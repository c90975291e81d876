"""Paid memberships: who has one and what comes next, and one with everything that happened."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, cast, get_args

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.actors import actor_words, by_id
from admin.asked import further, id_of, named_id
from admin.entry_rows import order_links
from admin.errors import PageMissing
from admin.forms import Form, sent
from admin.guards import NEEDS, Needs
from admin.membership_deeds import Deed, do
from admin.membership_view import price_of, stands, still_due
from admin.plan_words import (
    REFUNDS,
    STATES,
    cause_words,
    given_back_for,
    reasons_to_choose,
    step_words,
    why_left,
)
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.visit import Visit, visit_of
from admin.words import named
from loyalty.billing.store import ADAPTER
from loyalty.ids import show
from loyalty.members.listing import entries_of
from loyalty.membership.asking import due_now, owed
from loyalty.membership.errors import MembershipEnded, MembershipUnknown, WithdrawalOver
from loyalty.membership.states import standing_of
from loyalty.membership.store import (
    charges_of,
    find_membership,
    list_memberships,
    refunds_of,
    timeline_of,
)
from loyalty.membership.types import PREFIX, Charge, Membership, Refund, State
from loyalty.plans.store import list_plans, plan_of_price
from loyalty.plans.types import Plan
from loyalty.savings import savings_of
from loyalty.staff import list_people

STAFF: Final = {NEEDS: Needs.STAFF}
ADMIN: Final = {NEEDS: Needs.ADMIN}
HERE: Final = "/console/memberships"
SHOWN: Final = 40
ORDERS: Final = 10


@get(HERE, opt=STAFF)
async def memberships_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Memberships, the newest first, with their state and what comes next."""
    visit = visit_of(request)
    asked, plan = visit.query.get("state", ""), visit.query.get("plan", "")
    state = cast("State", asked) if asked in get_args(State) else None
    async with visit.application.database.snapshot() as connection:
        plans = {one.code: one for one in await list_plans(connection)}
        found = await list_memberships(
            connection,
            state=state,
            plan=plan if plan in plans else None,
            before=id_of(PREFIX, visit.query.get("before", "")),
            limit=SHOWN + 1,
        )
        shown = found[:SHOWN]
        people = await entries_of(connection, sorted({one.member for one in shown}))
    names = {one.id: one.external_id for one in people}
    return page(
        request,
        "memberships.html",
        rows=[
            (
                one,
                show(PREFIX, one.id),
                names.get(one.member) or f"…{show('mem', one.member)[-6:]}",
                named(visit.voice, plans[one.plan].titles, one.plan),
                *stands(visit, standing_of(one, plans[one.plan], visit.at)),
            )
            for one in shown
        ],
        views=[
            (
                visit.voice.say(STATES[code][0]) if code else visit.voice.say("All"),
                further(visit, state=code, before=""),
                asked == code,
            )
            for code in ("", *get_args(State))
        ],
        plan=plans.get(plan),
        older=further(visit, before=show(PREFIX, shown[-1].id)) if len(found) > SHOWN else None,
        newest=further(visit, before="") if "before" in visit.query else None,
    )


@get(f"{HERE}/{{membership:str}}", opt=STAFF)
async def membership_page(
    request: Request[Any, Any, Any], membership: FromPath[str]
) -> Response[Any]:
    """One membership: how it stands, its timeline, its money, and what it saved."""
    return await _membership(request, membership, Form("deed"), HTTPStatus.OK)


@post(f"{HERE}/{{membership:str}}/{{deed:str}}", opt=ADMIN)
async def deed_form(
    request: Request[Any, Any, Any], membership: FromPath[str], deed: FromPath[str]
) -> Response[Any]:
    """Let it end with its period or go on after all; end it now; take back the joining."""
    visit, form = visit_of(request), await sent(request)
    if deed not in get_args(Deed) or deed == "change":
        raise PageMissing
    then = f"{HERE}/{membership}?done=membership-{deed}"
    async with visit.application.database.read() as connection:
        row = await _find(connection, membership)
    try:
        return await do(visit, form, row, cast("Deed", deed), then=then)
    except REFUSALS as error:
        again = form.form("deed", {"": sentence(visit.voice, error)})
    return await _membership(request, membership, again, HTTPStatus.UNPROCESSABLE_ENTITY)


async def _membership(
    request: Request[Any, Any, Any], text: str, form: Form, status: HTTPStatus
) -> Response[Any]:
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        row = await _find(connection, text)
        plan = await plan_of_price(connection, row.price)
        charges = await charges_of(connection, row.id)
        refunds = await refunds_of(connection, [one.id for one in charges])
        steps = await timeline_of(connection, row.id)
        saved = await savings_of(connection, row, plan, at=visit.at)
        people = by_id(await list_people(connection))
        (member,) = await entries_of(connection, [row.member])
        links = await order_links(connection, {one.order for one in saved.orders[:ORDERS]})
        leaving = {
            "leave": await _owed(connection, visit, row, plan, withdraws=False),
            "withdraw": await _owed(connection, visit, row, plan, withdraws=True),
        }
    standing = standing_of(row, plan, visit.at)
    return page(
        request,
        "membership.html",
        status=status,
        form=form,
        one=row,
        plan=plan,
        title=named(visit.voice, plan.titles, plan.code),
        member=member.external_id or f"…{show('mem', row.member)[-6:]}",
        standing=standing,
        stands=stands(visit, standing),
        price=price_of(visit, plan, row.price),
        next_price=None if row.next_price is None else price_of(visit, plan, row.next_price),
        steps=[
            (one, step_words(visit.voice, one), actor_words(visit.voice, one.actor, people))
            for one in reversed(steps)
        ],
        charges=[(one, _charge(visit, one, refunds)) for one in reversed(charges)],
        saved=saved,
        orders=[(one, links[one.order]) for one in saved.orders[:ORDERS]],
        ended=cause_words(visit.voice, row.end_cause or "ended"),
        why=why_left(visit.voice, steps),
        reasons=reasons_to_choose(visit.voice),
        leaving=leaving,
        billed_here=row.adapter == ADAPTER,
        due=visit.voice.money(due, plan.currency) if (due := still_due(steps, charges)) else None,
        address=f"{HERE}/{show(PREFIX, row.id)}",
    )


async def _find(connection: AsyncConnection, text: str) -> Membership:
    one = named_id(PREFIX, text)
    try:
        return await find_membership(connection, one)
    except MembershipUnknown:
        raise PageMissing from None


async def _owed(
    connection: AsyncConnection, visit: Visit, row: Membership, plan: Plan, *, withdraws: bool
) -> str | None:
    """What is due to somebody who leaves so now, in money; None where it cannot be."""
    try:
        due = await due_now(
            connection, visit.cause(), row, "withdrawn" if withdraws else "cancelled-now"
        )
    except (MembershipEnded, WithdrawalOver):
        return None
    return visit.voice.money(sum(owed(due)), plan.currency)


def _charge(visit: Visit, one: Charge, refunds: Sequence[Refund]) -> Mapping[str, object]:
    """The money of a charge in its currency, and of what was given back of it, the latest first."""
    back = [
        (
            each,
            visit.voice.say(REFUNDS[each.kind]),
            given_back_for(visit.voice, each.reason),
            _amounts(visit, each.net, each.tax, one.currency, back=each.kind != "reinstated"),
        )
        for each in reversed(refunds)
        if each.charge == one.id
    ]
    return {**_amounts(visit, one.net, one.tax, one.currency, back=False), "refunds": back}


def _amounts(visit: Visit, net: int, tax: int, currency: str, *, back: bool) -> Mapping[str, str]:
    sign = -1 if back else 1
    amounts = {"net": net, "tax": tax, "whole": net + tax}
    return {name: visit.voice.money(sign * value, currency) for name, value in amounts.items()}


ROUTES: Final = (memberships_page, membership_page, deed_form)
