"""How members' figures are spread over the thresholds of a ladder, live or drafted."""

from typing import Final

from litestar import Response, get

import tiers
from api.auth import ApiRequest, application_of
from api.bodies import read_query
from api.controllers.ladders import named_draft
from api.operation import Operation, operation
from api.schemas.spreads import DistributionOut, DistributionQuery
from api.writing import cause_of, now_of, ok
from loyalty.keys import Role
from loyalty.ladders import distribution_of
from loyalty.standings import NoLadder

_READERS: Final[frozenset[Role]] = frozenset({"admin", "finance"})
_EXAMPLE: Final = {
    "on": "2026-06-30",
    "members": 1000,
    "spreads": [
        {
            "metric": "purchases",
            "buckets": [
                {"least": 0, "below": 25_000, "members": 700},
                {"least": 25_000, "below": 50_000, "members": 180},
                {"least": 50_000, "below": None, "members": 120},
            ],
            "marks": [{"tier": "silver", "kind": "reach", "wanted": 50_000, "members": 120}],
        }
    ],
}


@get(
    "/ladders/distribution",
    opt=operation(
        Operation(
            summary="Spread members' figures over the live ladder",
            tag="tiers",
            roles=_READERS,
            query=DistributionQuery,
            answers={200: DistributionOut},
            refusals=("no-ladder", "preview-in-future"),
            example_answer=_EXAMPLE,
        )
    ),
)
async def read_distribution(request: ApiRequest) -> Response[bytes]:
    """Answer what consumers have in the ladder's window of a day, and where thresholds lie."""
    query, cause = read_query(request, DistributionQuery), cause_of(request, now_of(request))
    async with application_of(request).database.snapshot() as connection:
        ladder = await tiers.live_ladder(connection)
        if ladder is None:
            raise NoLadder
        seen = await distribution_of(connection, cause, ladder, on=query.on)
    return ok(DistributionOut.of(seen))


@get(
    "/ladders/drafts/{draft:str}/distribution",
    opt=operation(
        Operation(
            summary="Spread members' figures over a draft",
            tag="tiers",
            roles=_READERS,
            query=DistributionQuery,
            answers={200: DistributionOut},
            refusals=("ladder-draft-unknown", "preview-in-future"),
            parameters={"draft": "The id of the draft (drf_…)."},
            example_answer=_EXAMPLE,
        )
    ),
)
async def read_draft_distribution(request: ApiRequest) -> Response[bytes]:
    """Answer the same for the thresholds of a draft."""
    query, cause = read_query(request, DistributionQuery), cause_of(request, now_of(request))
    async with application_of(request).database.snapshot() as connection:
        draft = await tiers.find_draft(connection, named_draft(request))
        seen = await distribution_of(connection, cause, draft.ladder, on=query.on)
    return ok(DistributionOut.of(seen))


ROUTES: Final = (read_distribution, read_draft_distribution)
