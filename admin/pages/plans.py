"""Paid plans: what there is to be had, one plan with its terms and prices, and a new one."""

from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from admin.errors import PageMissing
from admin.forms import Form, sent
from admin.guards import NEEDS, Needs
from admin.joining import here
from admin.once import Effect, once
from admin.partner_view import partner_benefits
from admin.plan_form import (
    FIRST,
    PRICES,
    choices,
    field_of,
    labels_of,
    plan_from,
    price_labels,
)
from admin.plan_words import PLAN_STATES, STATES, price_words, terms_of
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.standings import tier_names
from admin.visit import Visit, visit_of
from admin.words import badge, named
from loyalty.idempotency import Begun
from loyalty.membership.store import count_by_plan
from loyalty.plans.errors import PlanUnknown
from loyalty.plans.publishing import archive_plan, archive_price, open_plan
from loyalty.plans.store import find_plan, list_plans
from loyalty.plans.types import NewPlan, Plan

STAFF: Final = {NEEDS: Needs.STAFF}
ADMIN: Final = {NEEDS: Needs.ADMIN}
HERE: Final = "/console/plans"
NEW: Final = "/console/plans-new"


@get(HERE, opt=STAFF)
async def plans_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Every plan with its prices, and how many have it."""
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        plans = await list_plans(connection)
        counted = await count_by_plan(connection)
    return page(
        request,
        "plans.html",
        rows=[
            (
                one,
                named(visit.voice, one.titles, one.code),
                badge(visit.voice, PLAN_STATES, _state(visit, one)),
                [price_words(visit.voice, price, one.currency) for price in _open(one)],
                counted.get(one.code, {}),
            )
            for one in plans
        ],
    )


@get(NEW, opt=ADMIN)
async def new_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """A plan as an empty form."""
    return await _form(request, Form("plan", FIRST), None, HTTPStatus.OK)


@post(NEW, opt=ADMIN)
async def new_form(request: Request[Any, Any, Any]) -> Response[Any]:
    """Read a plan back in words, or open it; what is opened is never edited."""
    visit, form = visit_of(request), await sent(request)
    cause = visit.cause()
    plan, wrong = plan_from(form, visit.voice)

    async def effect(connection: AsyncConnection, _: Begun) -> str:
        opened = await open_plan(connection, cause, plan) if plan is not None else None
        return HERE if opened is None else f"{HERE}/{opened.code}?done=plan-opened"

    if plan is not None and form.get("verb") == "open":
        try:
            return await once(visit, form, "console.open-plan", None, effect, then=HERE)
        except REFUSALS as error:
            pointer = getattr(error, "pointer", None) or ""
            wrong = {field_of(form, pointer): sentence(visit.voice, error)}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return await _form(request, form.form("plan", wrong), None if wrong else plan, status)


@get(f"{HERE}/{{plan:str}}", opt=STAFF)
async def plan_page(request: Request[Any, Any, Any], plan: FromPath[str]) -> Response[Any]:
    """One plan: its terms in words, its prices, and who has it."""
    return await _plan(request, plan, Form("archive"), HTTPStatus.OK)


@post(f"{HERE}/{{plan:str}}/archive", opt=ADMIN)
async def archive_form(request: Request[Any, Any, Any], plan: FromPath[str]) -> Response[Any]:
    """Let nobody join a plan any more, or join it at one of its prices."""
    visit, form = visit_of(request), await sent(request)
    cause, price = visit.cause(), form.get("price")

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        if price:
            await archive_price(connection, cause, plan, price)
        else:
            await archive_plan(connection, cause, plan)

    return await _do(request, plan, effect)


async def _do(request: Request[Any, Any, Any], plan: str, effect: Effect) -> Response[Any]:
    visit, form = visit_of(request), await sent(request)
    then = f"{HERE}/{plan}?done=plan-archived"
    try:
        return await once(visit, form, "console.archive-plan", None, effect, then=then)
    except PlanUnknown:
        raise PageMissing from None
    except REFUSALS as error:
        again = form.form("archive", {"": sentence(visit.voice, error)})
    return await _plan(request, plan, again, HTTPStatus.UNPROCESSABLE_ENTITY)


async def _plan(
    request: Request[Any, Any, Any], code: str, form: Form, status: HTTPStatus
) -> Response[Any]:
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        try:
            found = await find_plan(connection, code)
        except PlanUnknown:
            raise PageMissing from None
        ladder = await tiers.live_ladder(connection)
        counted = (await count_by_plan(connection)).get(code, {})
        partners = await partner_benefits(connection, visit, code)
    return page(
        request,
        "plan.html",
        status=status,
        form=form,
        one=found,
        title=named(visit.voice, found.titles, found.code),
        state=badge(visit.voice, PLAN_STATES, _state(visit, found)),
        terms=terms_of(visit.voice, found, tier_names(visit.voice, ladder)),
        prices=[(one, price_words(visit.voice, one, found.currency)) for one in found.prices],
        partners=partners,
        counted=[
            (badge(visit.voice, STATES, name), name, counted.get(name, 0))
            for name in STATES
            if name != "cancelled"
        ],
    )


async def _form(
    request: Request[Any, Any, Any], form: Form, plan: NewPlan | None, status: HTTPStatus
) -> Response[Any]:
    visit = visit_of(request)
    async with visit.application.database.read() as connection:
        ladder = await tiers.live_ladder(connection)
    names = tier_names(visit.voice, ladder)
    rungs = () if ladder is None else ladder.tiers
    return page(
        request,
        "plan_form.html",
        status=status,
        form=form,
        labels=labels_of(visit.voice),
        choices=choices(visit.voice),
        tiers=[("", visit.voice.say("no tier"))]
        + [(one.code, names.get(f"tier:{one.code}", one.code)) for one in rungs],
        prices=PRICES,
        price_labels=price_labels(visit.voice),
        terms=None if plan is None else terms_of(visit.voice, plan, names),
        said=[]
        if plan is None
        else [price_words(visit.voice, one, visit.voice.currency) for one in plan.prices],
    )


def _state(visit: Visit, plan: Plan) -> str:
    if plan.archived_at is not None:
        return "archived"
    return "off" if plan.adapter == "stripe" and not here(visit, plan.adapter) else "open"


def _open(plan: Plan) -> list[Any]:
    return [one for one in plan.prices if one.archived_at is None]


ROUTES: Final = (plans_page, new_page, new_form, plan_page, archive_form)
