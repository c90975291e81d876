"""What a plan brought and cost in some months: who came and left, revenue, benefits, break-even."""

from typing import Any, Final

from litestar import Request, Response, get
from litestar.params import FromPath

from admin.asked import span_of
from admin.errors import PageMissing
from admin.guards import NEEDS, Needs
from admin.pages.plans import HERE
from admin.plan_words import left_for
from admin.render import page
from admin.visit import visit_of
from admin.words import named
from loyalty.plans.errors import PlanUnknown
from loyalty.plans.store import find_plan, list_plans
from loyalty.savings import plan_figures

STAFF: Final = {NEEDS: Needs.STAFF}
MOST: Final = 36
USUAL: Final = 12


@get(f"{HERE}/{{plan:str}}/figures", opt=STAFF)
async def figures_page(request: Request[Any, Any, Any], plan: FromPath[str]) -> Response[Any]:
    """The figures of a plan over whole months, and the way to those of the others."""
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        try:
            found = await find_plan(connection, plan)
        except PlanUnknown:
            raise PageMissing from None
        begins_on = visit.policy.day_of(found.opened_at)
        span = span_of(visit, begins_on=begins_on, most=MOST, usual=USUAL)
        figures = await plan_figures(
            connection, found, since=span.first, until=span.until, at=visit.at
        )
        others = await list_plans(connection)
    return page(
        request,
        "plan_figures.html",
        one=found,
        title=named(visit.voice, found.titles, found.code),
        span=span,
        figures=figures,
        left_for=[
            (left_for(visit.voice, code), number)
            for code, number in sorted(figures.reasons.items(), key=lambda one: (-one[1], one[0]))
        ],
        views=[
            (
                named(visit.voice, each.titles, each.code),
                f"{HERE}/{each.code}/figures",
                each.code == found.code,
            )
            for each in others
        ],
    )


ROUTES: Final = (figures_page,)
