"""How billing by Stripe stands: on or off, the inbox, and another try for what failed."""

from datetime import datetime
from typing import Final

from litestar import Response, get, post
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest, application_of
from api.bodies import read_query
from api.operation import Operation, operation
from api.pagination import DEFAULT_LIMIT, Cursor, Limit, Page, read_cursor, sign_cursor
from api.schemas.stripe import (
    ComparisonOut,
    EventStateName,
    ReplayedOut,
    StripeEventOut,
    StripeOut,
)
from api.writing import answer, cause_of, now_of, ok, write
from loyalty.billing.arriving import replay
from loyalty.billing.inbox import count_events, list_events
from loyalty.billing.retrying import count_refused
from loyalty.billing.upkeep import last_comparison
from loyalty.changes import record_change
from loyalty.idempotency import Answer, Begun
from loyalty.keys import Role

_ADMIN: Final[frozenset[Role]] = frozenset({"admin"})
_READERS: Final[frozenset[Role]] = frozenset({"admin", "finance"})


class EventsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which hints, the latest first."""

    state: EventStateName | None = None
    limit: Limit = DEFAULT_LIMIT
    after: Cursor | None = None


@get(
    "/stripe",
    opt=operation(
        Operation(
            summary="Read whether plans are charged for by Stripe",
            tag="memberships",
            roles=_READERS | {"checkout"},
            answers={200: StripeOut},
        )
    ),
)
async def read_stripe(request: ApiRequest) -> Response[bytes]:
    """Answer whether Stripe is on, why not, what waits, and what the last comparison found."""
    application = application_of(request)
    billing = application.billing
    async with application.database.snapshot() as connection:
        events = await count_events(connection)
        refused = await count_refused(connection)
        last = await last_comparison(connection)
    return ok(
        StripeOut(
            on=billing.why_off is None,
            why_off=billing.why_off,
            webhooks=bool(billing.secrets),
            live=billing.livemode,
            doubled=billing.doubled,
            events={str(state): count for state, count in events.items()},
            refused_refunds=refused,
            last_comparison=None if last is None else ComparisonOut.of(*last),
        )
    )


@get(
    "/stripe/events",
    opt=operation(
        Operation(
            summary="List what Stripe told us",
            tag="memberships",
            roles=_READERS,
            query=EventsQuery,
            answers={200: Page[StripeEventOut]},
        )
    ),
)
async def read_events(request: ApiRequest) -> Response[bytes]:
    """Answer the hints that came in, the latest first, and what came of each."""
    query = read_query(request, EventsQuery)
    list_ = f"stripe-events {query.state}"
    key = read_cursor(request, list_, query.after, tuple[datetime, str])
    async with application_of(request).database.read() as connection:
        found = await list_events(connection, state=query.state, before=key, limit=query.limit + 1)
    page = found[: query.limit]
    next_ = None
    if len(found) > query.limit:
        last = page[-1]
        next_ = sign_cursor(request, list_, [last.received_at.isoformat(), last.id])
    return ok(Page([StripeEventOut.of(each) for each in page], next_))


@post(
    "/stripe/events/{event:str}/replay",
    status_code=200,
    opt=operation(
        Operation(
            summary="Look into an event of Stripe's again",
            tag="memberships",
            roles=_ADMIN,
            key="required",
            answers={200: ReplayedOut},
            refusals=("unknown-stripe-event",),
            parameters={"event": "Stripe's id (evt_…)."},
        )
    ),
)
async def replay_event(request: ApiRequest) -> Response[bytes]:
    """Let the worker look into an event again, whatever came of it before."""
    event, cause = str(request.path_params["event"])[:80], cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        await replay(connection, event, at=cause.at)
        await record_change(
            connection, cause, subject_kind="stripe-event", subject=event, action="replay"
        )
        return answer(200, ReplayedOut(event))

    return await write(request, None, work)


ROUTES: Final = (read_stripe, read_events, replay_event)
