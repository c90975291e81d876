"""What rules cost."""

from datetime import timedelta
from typing import Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from api.auth import ApiRequest, application_of
from api.bodies import read_query
from api.operation import Operation, operation
from api.schemas.rule_costs import RuleCostQuery, RuleCostsOut
from api.writing import now_of, ok
from loyalty.policy import policy_at
from loyalty.rule_costs import rule_costs

_USUAL: Final = timedelta(days=30)
_EXAMPLE: Final = {
    "since": "2026-10-22",
    "items": [
        {
            "rule": "spring-sale",
            "version": 2,
            "orders": 412,
            "members": 367,
            "money": 81_240,
            "points": 0,
            "budgets": [{"count": "money", "every": "month", "most": 100_000, "used": 81_240}],
        }
    ],
}


@get(
    "/rule-costs",
    opt=operation(
        Operation(
            summary="Read what the live rules cost",
            tag="rules",
            roles=frozenset({"admin", "finance"}),
            query=RuleCostQuery,
            answers={200: RuleCostsOut},
            example_answer=_EXAMPLE,
        )
    ),
)
async def read_rule_costs(request: ApiRequest) -> Response[bytes]:
    """Answer what each live rule gave since a day, and how much of its budgets is used."""
    query, at = read_query(request, RuleCostQuery), now_of(request)
    application = application_of(request)
    async with application.database.snapshot() as connection:
        since = query.since or (await policy_at(connection, at)).day_of(at) - _USUAL
        found = await rule_costs(connection, application.programme, at, since=since)
    return ok(RuleCostsOut.of(since, found))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (read_rule_costs,)
