"""Stopping a rule by hand at once, letting it go on, and what holding members out of it shows."""

from typing import Final

from litestar import Response, get, post
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest, application_of
from api.bodies import body_of, read_query
from api.operation import Operation, operation
from api.schemas.rule_stops import LiftOut, LiftQuery, SwitchBody, SwitchOut
from api.writing import answer, cause_of, now_of, ok, write
from loyalty.idempotency import Answer, Begun
from loyalty.keys import Role
from loyalty.rule_stops import find_lift, resume_rule, stop_rule

_READERS: Final[frozenset[Role]] = frozenset({"checkout", "admin", "finance"})
_RULE: Final = {"rule": "The rule's name."}
_STOPPED: Final = {
    "rule": "summer-sale",
    "stopped": True,
    "reason": "Twice the discount that was meant",
    "at": "2026-11-21T08:30:00Z",
    "actor": "key:06g0000000000000000000000a",
}


@post(
    "/rules/{rule:str}/stop",
    status_code=200,
    opt=operation(
        Operation(
            summary="Stop a rule at once",
            tag="rules",
            roles=frozenset({"admin"}),
            key="required",
            body=SwitchBody,
            answers={200: SwitchOut},
            refusals=("rule-not-found",),
            parameters=_RULE,
            example={"reason": "Twice the discount that was meant"},
            example_answer=_STOPPED,
        )
    ),
)
async def stop(request: ApiRequest) -> Response[bytes]:
    """Let a rule give nothing from the next question on, in every process.

    Quotes that were made by it are refused when an order is placed; what was paid stands.
    """
    body, rule = await body_of(request, SwitchBody), str(request.path_params["rule"])
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        switch = await stop_rule(connection, cause, rule, reason=body.reason)
        return answer(200, SwitchOut.of(rule, switch))

    return await write(request, None, work)


@post(
    "/rules/{rule:str}/resume",
    status_code=200,
    opt=operation(
        Operation(
            summary="Let a stopped rule go on",
            tag="rules",
            roles=frozenset({"admin"}),
            key="required",
            body=SwitchBody,
            answers={200: SwitchOut},
            refusals=("rule-not-found",),
            parameters=_RULE,
            example={"reason": "The price list was put right"},
            example_answer=_STOPPED | {"stopped": False, "reason": "The price list was put right"},
        )
    ),
)
async def resume(request: ApiRequest) -> Response[bytes]:
    """Let a rule that was stopped by hand give again what it says."""
    body, rule = await body_of(request, SwitchBody), str(request.path_params["rule"])
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        switch = await resume_rule(connection, cause, rule, reason=body.reason)
        return answer(200, SwitchOut.of(rule, switch))

    return await write(request, None, work)


@get(
    "/rules/{rule:str}/lift",
    opt=operation(
        Operation(
            summary="Compare those who may have a rule with those held out of it",
            tag="rules",
            roles=_READERS,
            query=LiftQuery,
            answers={200: LiftOut},
            refusals=("rule-not-found",),
            parameters=_RULE,
            example_answer={
                "rule": "summer-sale",
                "since": "2026-11-01T00:00:00Z",
                "holdout": "10",
                "treated": {"members": 903, "orders": 1411, "money": 7120455},
                "held_out": {"members": 94, "orders": 131, "money": 640120},
            },
        )
    ),
)
async def read_lift(request: ApiRequest) -> Response[bytes]:
    """Answer what both sides bought since an instant, as their orders were decided."""
    query, rule = read_query(request, LiftQuery), str(request.path_params["rule"])
    async with application_of(request).database.snapshot() as connection:
        return ok(LiftOut.of(await find_lift(connection, rule, since=query.since)))


ROUTES: Final = (stop, resume, read_lift)
