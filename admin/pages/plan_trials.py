"""A plan that nobody has yet, tried on past orders by a draft of its rules, and what came of it."""

import re
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from admin.asked import named_id
from admin.errors import PageMissing
from admin.forms import Form, Sent, sent
from admin.guards import NEEDS, Needs
from admin.once import once
from admin.pages.rule_drafts import HERE, draft_id
from admin.pages.rule_trials import RUN_STATES, people_of, read_days
from admin.plan_form import NO_CODE
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.rule_texts import Unreadable, read_text
from admin.visit import Visit, visit_of
from admin.words import badge
from benefits import FieldKind
from loyalty.idempotency import Begun
from loyalty.ids import show
from loyalty.plans.store import list_plans
from loyalty.plans.tables import CODE
from loyalty.rule_reviews import DRAFT
from loyalty.savings.runs import RUN, PlanRun, ask_for_plan_run, find_plan_run, list_plan_runs

STAFF: Final = {NEEDS: Needs.STAFF}
ADMIN: Final = {NEEDS: Needs.ADMIN}
RUNS: Final = 12
USUAL_DAYS: Final = "365"


@get(f"{HERE}/{{draft:str}}/plan", opt=ADMIN)
async def ask_page(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """Ask who would have gained by joining, and look at what was asked before."""
    form = Form("plan", {"days": USUAL_DAYS})
    return await _ask(request, draft_id(draft), form, HTTPStatus.OK)


@post(f"{HERE}/{{draft:str}}/plan", opt=ADMIN)
async def ask_form(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """Let a worker decide past orders again as if everybody had had the plan."""
    visit, form, one = visit_of(request), await sent(request), draft_id(draft)
    cause, programme, wrong = visit.cause(), visit.application.programme, dict[str, str]()
    plan, fee = form.get("plan"), _fee(visit, form, wrong)
    days = read_days(visit, form, wrong)
    if re.fullmatch(CODE, plan) is None:
        wrong["plan"] = visit.voice.say(NO_CODE)

    async def effect(connection: AsyncConnection, _: Begun) -> str:
        run = await ask_for_plan_run(
            connection, programme, cause, one, plan=plan, fee=fee, days=days
        )
        return f"{_address(one)}/plan/{show(RUN, run)}?done=run-asked"

    if not wrong:
        try:
            return await once(visit, form, "console.try-plan", None, effect, then=_address(one))
        except REFUSALS as error:
            wrong[""] = sentence(visit.voice, error)
    return await _ask(request, one, form.form("plan", wrong), HTTPStatus.UNPROCESSABLE_ENTITY)


@get(f"{HERE}/{{draft:str}}/plan/{{run:str}}", opt=STAFF)
async def run_page(
    request: Request[Any, Any, Any], draft: FromPath[str], run: FromPath[str]
) -> Response[Any]:
    """Who would have gained by joining, what that would have brought and cost."""
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        found = await find_plan_run(connection, named_id(RUN, run))
        if found is None or found.draft != draft_id(draft):
            raise PageMissing
        now = await benefits.find_rule_draft(connection, found.draft)
        figures = found.figures or {}
        people = await people_of(connection, figures.get("gain_most", ()))
    return page(
        request,
        "plan_run.html",
        run=found,
        state=badge(visit.voice, RUN_STATES, found.state),
        address=_address(found.draft),
        changed=benefits.change_document(now.change) != benefits.change_document(found.change),
        figures=figures,
        people=people,
        first=visit.policy.day_of(found.since),
        last=visit.policy.day_of(found.asked_at),
    )


async def _ask(
    request: Request[Any, Any, Any], draft: UUID, form: Form, status: HTTPStatus
) -> Response[Any]:
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        await benefits.find_rule_draft(connection, draft)
        runs = await list_plan_runs(connection, draft, limit=RUNS)
        plans = await list_plans(connection)
    return page(
        request,
        "plan_try.html",
        status=status,
        address=_address(draft),
        form=form,
        plans=[one.code for one in plans],
        runs=[_row(visit, one) for one in runs],
    )


def _row(visit: Visit, one: PlanRun) -> tuple[PlanRun, str, Any]:
    return one, show(RUN, one.id), badge(visit.voice, RUN_STATES, one.state)


def _fee(visit: Visit, form: Sent, wrong: dict[str, str]) -> int:
    try:
        fee = int(str(read_text(FieldKind.MONEY, form.get("fee"), visit.voice)))
    except Unreadable:
        fee = 0
    if fee <= 0:
        wrong["fee"] = visit.voice.say("Please give an amount such as 1.00.")
    return fee


def _address(draft: UUID) -> str:
    return f"{HERE}/{show(DRAFT, draft)}"


ROUTES: Final = (ask_page, ask_form, run_page)
