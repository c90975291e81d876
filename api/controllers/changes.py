"""The feed of everything that happens, for programs that follow along, and its schemas."""

from typing import Annotated, Final

from litestar import Response, get
from msgspec import Meta, Struct

from api.auth import ApiRequest, application_of
from api.bodies import read_query
from api.operation import Operation, operation
from api.schemas.changes import EventTypeOut, EventTypesOut, FeedOut
from api.writing import ok
from loyalty.event_types import EVENT_TYPES
from loyalty.keys import Role
from loyalty.outbox import BEGINNING, find_place, read_feed

_FOLLOWERS: Final[frozenset[Role]] = frozenset({"checkout", "admin"})
_DEFAULT: Final = 100
_MOST: Final = 1_000


class FeedQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """From where, and how many at most."""

    after: (
        Annotated[str, Meta(min_length=1, max_length=200, description="next of the last answer.")]
        | None
    ) = None
    limit: Annotated[int, Meta(ge=1, le=_MOST, description="How many at most.")] = _DEFAULT


@get(
    "/changes",
    opt=operation(
        Operation(
            summary="Follow everything that happens",
            tag="changes",
            roles=_FOLLOWERS,
            query=FeedQuery,
            answers={200: FeedOut},
            refusals=("feed-cursor-malformed", "feed-cursor-lost"),
            example_answer={
                "items": [
                    {
                        "id": "evt_06g0000000000000000000000a",
                        "type": "tier.changed",
                        "schema_version": 1,
                        "member": "mem_06g0000000000000000000000b",
                        "sequence": 12,
                        "effective_at": "2026-11-21T08:30:00Z",
                        "recorded_at": "2026-11-21T08:30:00Z",
                        "actor": "job:review-tiers",
                        "request_id": "0193",
                        "historic": False,
                        "data": {
                            "before": "gold",
                            "after": "silver",
                            "rule": "stepped-down",
                            "on": "2026-11-21",
                        },
                    }
                ],
                "next": "MS43MzEuNDIu…",
                "more": False,
            },
        )
    ),
)
async def follow_changes(request: ApiRequest) -> Response[bytes]:
    """Answer the events after a cursor, each once and in an order that holds.

    A member's events come in their sequence. Events of transactions that are still running, and
    those that might come before them, are told later and never skipped. The cursor never grows
    old: keep `next` with what you made of the events, and ask again with it.
    """
    query = read_query(request, FeedQuery)
    async with application_of(request).database.read() as connection:
        after = BEGINNING if query.after is None else await find_place(connection, query.after)
        feed = await read_feed(connection, after=after, limit=query.limit)
    return ok(FeedOut.of(list(feed.events), after=query.after, more=feed.more))


@get(
    "/changes/schemas",
    opt=operation(
        Operation(
            summary="List the types of events and their schemas",
            tag="changes",
            roles=_FOLLOWERS,
            answers={200: EventTypesOut},
        )
    ),
)
async def list_event_types(request: ApiRequest) -> Response[bytes]:
    """Answer every type of event with the JSON Schema of its data, which only gains fields."""
    del request
    return ok(EventTypesOut([EventTypeOut.of(each) for each in EVENT_TYPES.values()]))


ROUTES: Final = (follow_changes, list_event_types)
