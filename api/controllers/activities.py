"""What members do besides buying: reported by the shop, once each, and what it earned."""

from typing import Final
from uuid import UUID

from litestar import Response, get, post
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest, application_of, member_ref, only_own
from api.bodies import body_of, read_query
from api.controllers.checkout import member_of
from api.controllers.wallets import MEMBER
from api.operation import EVERYBODY, Operation, operation
from api.pagination import Page, PageQuery, read_cursor, sign_cursor
from api.schemas.activities import ActivityBody, ActivityOut, KindBody, KindOut, KindsOut
from api.stepping import step
from api.writing import answer, cause_of, now_of, ok, write
from loyalty.activities.kinds import define_kind, list_kinds, retire_kind
from loyalty.activities.reporting import Reported, report
from loyalty.activities.store import list_activities
from loyalty.activities.types import NewActivity
from loyalty.idempotency import Answer, Begun
from loyalty.keys import Role
from loyalty.members import absorbed_members, find_member

_SHOP: Final[frozenset[Role]] = frozenset({"checkout", "admin"})
_REVIEW: Final = {
    "event_id": "review-9001",
    "kind": "review-written",
    "member": "ext:C-1047",
    "occurred_at": "2026-11-21T09:30:00+01:00",
}
_KIND: Final = {"kind": "shop-visited", "titles": {"en": "Visited a shop", "zh": "到店"}}


@post(
    "/events",
    opt=operation(
        Operation(
            summary="Report that a member did something besides buying",
            tag="events",
            roles=_SHOP,
            key="required",
            confirms_key=True,
            body=ActivityBody,
            answers={201: ActivityOut},
            refusals=(
                *("unknown-member", "member-closed", "event-conflict", "event-kind-unknown"),
                *("event-in-future", "limit-reached"),
            ),
            example=_REVIEW,
        )
    ),
)
async def report_event(request: ApiRequest) -> Response[bytes]:
    """Record an event once and give what the rules of its time say; the same again is a replay."""
    body = await body_of(request, ActivityBody)
    asked = NewActivity(body.event_id, body.kind, body.occurred_at, body.channel)

    def render(reported: Reported) -> Answer:
        return answer(201, ActivityOut.of(reported.activity))

    return await step(request, member_of(body.member), report, asked, render)


@get(
    "/members/{member:str}/events",
    opt=operation(
        Operation(
            summary="List what a member did besides buying",
            tag="events",
            roles=EVERYBODY,
            query=PageQuery,
            answers={200: Page[ActivityOut]},
            refusals=("unknown-member",),
            parameters=MEMBER,
        )
    ),
)
async def list_events(request: ApiRequest) -> Response[bytes]:
    """Answer the events of a member with what each earned and why, newest first."""
    query, ref = read_query(request, PageQuery), member_ref(request)
    async with application_of(request).database.snapshot() as connection:
        member = await find_member(connection, ref)
        only_own(request, member, ref)
        list_ = f"events {member.id}"
        before = read_cursor(request, list_, query.after, UUID)
        whose = [member.id, *await absorbed_members(connection, member.id)]
        found = await list_activities(connection, whose, before=before, limit=query.limit + 1)
    shown = found[: query.limit]
    more = sign_cursor(request, list_, str(shown[-1].id)) if len(found) > len(shown) else None
    return ok(Page([ActivityOut.of(one) for one in shown], more))


@get(
    "/event-kinds",
    opt=operation(
        Operation(
            summary="List the kinds of events",
            tag="events",
            roles=frozenset({"checkout", "admin", "finance"}),
            answers={200: KindsOut},
        )
    ),
)
async def list_event_kinds(request: ApiRequest) -> Response[bytes]:
    """Answer the kinds that may be reported and that rules may name, and those retired."""
    async with application_of(request).database.read() as connection:
        return ok(KindsOut([KindOut.of(kind) for kind in await list_kinds(connection)]))


@post(
    "/event-kinds",
    opt=operation(
        Operation(
            summary="Name a kind of event",
            tag="events",
            roles=frozenset({"admin"}),
            key="required",
            body=KindBody,
            answers={201: KindOut},
            refusals=("event-kind-taken",),
            example=_KIND,
        )
    ),
)
async def create_event_kind(request: ApiRequest) -> Response[bytes]:
    """Name a kind of event, so that it may be reported and rules may say what it earns."""
    body = await body_of(request, KindBody)
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        return answer(201, KindOut.of(await define_kind(connection, cause, body.kind, body.titles)))

    return await write(request, None, work)


@post(
    "/event-kinds/{kind:str}/retire",
    status_code=200,
    opt=operation(
        Operation(
            summary="Retire a kind of event",
            tag="events",
            roles=frozenset({"admin"}),
            key="required",
            answers={200: KindOut},
            refusals=("event-kind-unknown",),
            parameters={"kind": "The kind of event; one that is built in stays."},
        )
    ),
)
async def retire_event_kind(request: ApiRequest) -> Response[bytes]:
    """Let a kind be reported no more; what happened stays."""
    cause, kind = cause_of(request, now_of(request)), str(request.path_params["kind"])

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        return answer(200, KindOut.of(await retire_kind(connection, cause, kind)))

    return await write(request, None, work)


ROUTES: Final = (
    report_event,
    list_events,
    list_event_kinds,
    create_event_kind,
    retire_event_kind,
)
