"""Plans of paid membership: opened whole, read by everybody who sells them, archived."""

from typing import Final

from litestar import Response, get, post
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest, application_of
from api.bodies import body_of
from api.operation import EVERYBODY, Operation, operation
from api.schemas.plans import PlanBody, PlanOut, PlansOut
from api.writing import answer, cause_of, now_of, ok, write
from loyalty.idempotency import Answer, Begun
from loyalty.keys import Role
from loyalty.plans.publishing import archive_plan, archive_price, open_plan
from loyalty.plans.store import find_plan, list_plans

_ADMIN: Final[frozenset[Role]] = frozenset({"admin"})
_PLAN: Final = {"plan": "The code of a plan."}
_PRICE: Final = {**_PLAN, "price": "The code of one of its prices."}
_PRIME: Final = {
    "code": "prime",
    "titles": {"en": "Prime", "zh": "尊享会员"},
    "prices": [
        {"code": "monthly", "every": "month", "amount": 990, "tax": "inclusive"},
        {"code": "yearly", "every": "year", "amount": 9_900, "tax": "inclusive"},
    ],
    "trial_days": 30,
    "bonus_points": 500,
    "grace_days": 7,
}


@post(
    "/plans",
    opt=operation(
        Operation(
            summary="Open a plan",
            tag="memberships",
            roles=_ADMIN,
            key="required",
            body=PlanBody,
            answers={201: PlanOut},
            refusals=("plan-malformed", "plan-taken"),
            example=_PRIME,
        )
    ),
)
async def create_plan(request: ApiRequest) -> Response[bytes]:
    """Open a plan with its prices, so that members may join it; it is never edited."""
    body, cause = await body_of(request, PlanBody), cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        made = await open_plan(connection, cause, body.asked())
        return answer(201, PlanOut.of(made), location=f"/v1/plans/{made.code}")

    return await write(request, None, work)


@get(
    "/plans",
    opt=operation(
        Operation(
            summary="List the plans",
            tag="memberships",
            roles=EVERYBODY,
            answers={200: PlansOut},
        )
    ),
)
async def read_plans(request: ApiRequest) -> Response[bytes]:
    """Answer every plan with its prices, the archived ones too."""
    async with application_of(request).database.read() as connection:
        return ok(PlansOut([PlanOut.of(each) for each in await list_plans(connection)]))


@get(
    "/plans/{plan:str}",
    opt=operation(
        Operation(
            summary="Read a plan",
            tag="memberships",
            roles=EVERYBODY,
            answers={200: PlanOut},
            refusals=("unknown-plan",),
            parameters=_PLAN,
        )
    ),
)
async def read_plan(request: ApiRequest) -> Response[bytes]:
    """Answer a plan with its prices."""
    async with application_of(request).database.read() as connection:
        return ok(PlanOut.of(await find_plan(connection, str(request.path_params["plan"]))))


@post(
    "/plans/{plan:str}/archive",
    status_code=200,
    opt=operation(
        Operation(
            summary="Archive a plan",
            tag="memberships",
            roles=_ADMIN,
            key="required",
            answers={200: PlanOut},
            refusals=("unknown-plan",),
            parameters=_PLAN,
        )
    ),
)
async def end_plan(request: ApiRequest) -> Response[bytes]:
    """Let nobody join the plan any more; whoever has it keeps it, at their price."""
    code, cause = str(request.path_params["plan"]), cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        return answer(200, PlanOut.of(await archive_plan(connection, cause, code)))

    return await write(request, None, work)


@post(
    "/plans/{plan:str}/prices/{price:str}/archive",
    status_code=200,
    opt=operation(
        Operation(
            summary="Archive a price of a plan",
            tag="memberships",
            roles=_ADMIN,
            key="required",
            answers={200: PlanOut},
            refusals=("unknown-plan", "unknown-price"),
            parameters=_PRICE,
        )
    ),
)
async def end_price(request: ApiRequest) -> Response[bytes]:
    """Let nobody join at the price any more; whoever pays it goes on."""
    code, cause = str(request.path_params["plan"]), cause_of(request, now_of(request))
    price = str(request.path_params["price"])

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        return answer(200, PlanOut.of(await archive_price(connection, cause, code, price)))

    return await write(request, None, work)


ROUTES: Final = (create_plan, read_plans, read_plan, end_plan, end_price)
