"""What a membership was worth to its member, and a plan to the shop."""

from typing import Final

from litestar import Response, get

from api.auth import ApiRequest, application_of
from api.bodies import read_query
from api.controllers.memberships import MEMBERSHIP_PATH, own_membership
from api.months import SpanQuery, months_asked
from api.operation import EVERYBODY, Operation, operation
from api.schemas.savings import PlanFiguresOut, SavingsOut
from api.writing import now_of, ok
from loyalty.keys import Role
from loyalty.plans.store import find_plan
from loyalty.savings import plan_figures, savings_of

_READERS: Final[frozenset[Role]] = frozenset({"finance", "admin"})


@get(
    "/memberships/{membership:str}/savings",
    opt=operation(
        Operation(
            summary="Read what a membership saved",
            tag="memberships",
            roles=EVERYBODY,
            answers={200: SavingsOut},
            refusals=("unknown-membership",),
            parameters=MEMBERSHIP_PATH,
        )
    ),
)
async def read_savings(request: ApiRequest) -> Response[bytes]:
    """Answer what the plan's rules took off orders that stayed, beside the fee."""
    at = now_of(request)
    async with application_of(request).database.snapshot() as connection:
        row = await own_membership(connection, request)
        plan = await find_plan(connection, row.plan)
        return ok(SavingsOut.of(await savings_of(connection, row, plan, at=at)))


@get(
    "/plans/{plan:str}/figures",
    opt=operation(
        Operation(
            summary="Read what a plan brought and cost",
            tag="memberships",
            roles=_READERS,
            query=SpanQuery,
            answers={200: PlanFiguresOut},
            refusals=("unknown-plan",),
            parameters={"plan": "The plan's code."},
        )
    ),
)
async def read_plan_figures(request: ApiRequest) -> Response[bytes]:
    """Answer members who came and left, trials that were paid for, revenue and benefits."""
    query, at = read_query(request, SpanQuery), now_of(request)
    async with application_of(request).database.snapshot() as connection:
        since, until = await months_asked(connection, query, at)
        plan = await find_plan(connection, str(request.path_params["plan"])[:80])
        told = await plan_figures(connection, plan, since=since, until=until, at=at)
    return ok(PlanFiguresOut.of(told))


ROUTES: Final = (read_savings, read_plan_figures)
