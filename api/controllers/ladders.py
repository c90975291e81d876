"""Ladders in the making: drafts, their previews, targets, publishing and retiring."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from api.auth import ApiRequest, application_of
from api.bodies import body_of
from api.operation import Operation, operation
from api.schemas.ladders import (
    DraftOut,
    DraftsOut,
    LadderPreviewOut,
    PreviewBody,
    PublishBody,
    TargetsBody,
    TargetsOut,
)
from api.writing import answer, cause_of, now_of, ok, write
from loyalty.idempotency import Answer, Begun
from loyalty.ids import MalformedId, read
from loyalty.keys import Role
from loyalty.ladders import (
    DRAFT,
    change_draft,
    make_draft,
    meet_targets,
    preview_draft,
    publish_draft,
    retire_draft,
)

_ADMIN: Final[frozenset[Role]] = frozenset({"admin"})
_READERS: Final[frozenset[Role]] = frozenset({"admin", "finance"})
_DRAFT: Final = {"draft": "The id of the draft (drf_…)."}
_LADDER: Final = tiers.default_ladder(
    silver=(50_000, 4), gold=(150_000, 12), diamond=(400_000, 30), join="all"
)
_ID: Final = "drf_01kfz3m6q8e4trx9n2v5w7y1ab"
_OPEN: Final = {
    "id": _ID,
    "state": "open",
    "ladder": _LADDER,
    "made_at": "2026-11-21T09:30:00+01:00",
    "moves": None,
    "starts_on": None,
    "version": None,
}
_UNFIT: Final = ("ladder-malformed", "ladder-metric-unknown", "ladder-unordered")
_GONE: Final = ("ladder-draft-unknown", "ladder-draft-closed")


@post(
    "/ladders/drafts",
    opt=operation(
        Operation(
            summary="Draft a ladder",
            tag="tiers",
            roles=_ADMIN,
            key="required",
            body=dict[str, Any],
            answers={201: DraftOut},
            refusals=_UNFIT,
            example=_LADDER,
            example_answer=_OPEN,
        )
    ),
)
async def create_draft(request: ApiRequest) -> Response[bytes]:
    """Store a draft; it changes nothing until it is published."""
    document = await body_of(request, dict[str, Any])
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        draft = DraftOut.of(await make_draft(connection, cause, document))
        return answer(201, draft, location=f"/v1/ladders/drafts/{draft.id}")

    return await write(request, None, work)


@get(
    "/ladders/drafts",
    opt=operation(
        Operation(
            summary="List the drafts of ladders",
            tag="tiers",
            roles=_READERS,
            answers={200: DraftsOut},
        )
    ),
)
async def list_drafts(request: ApiRequest) -> Response[bytes]:
    """Answer the drafts, newest first."""
    async with application_of(request).database.read() as connection:
        drafts = await tiers.list_drafts(connection)
    return ok(DraftsOut([DraftOut.of(draft) for draft in drafts]))


@get(
    "/ladders/drafts/{draft:str}",
    opt=operation(
        Operation(
            summary="Read a draft of a ladder",
            tag="tiers",
            roles=_READERS,
            answers={200: DraftOut},
            refusals=("ladder-draft-unknown",),
            parameters=_DRAFT,
        )
    ),
)
async def read_draft(request: ApiRequest) -> Response[bytes]:
    """Answer a draft and what became of it."""
    async with application_of(request).database.read() as connection:
        return ok(DraftOut.of(await tiers.find_draft(connection, named_draft(request))))


@post(
    "/ladders/drafts/{draft:str}",
    status_code=200,
    opt=operation(
        Operation(
            summary="Change a draft of a ladder",
            tag="tiers",
            roles=_ADMIN,
            key="required",
            body=dict[str, Any],
            answers={200: DraftOut},
            refusals=(*_GONE, *_UNFIT),
            parameters=_DRAFT,
            example=_LADDER,
            example_answer=_OPEN,
        )
    ),
)
async def replace_draft(request: ApiRequest) -> Response[bytes]:
    """Put another document in a draft that is open or scheduled."""
    document = await body_of(request, dict[str, Any])
    cause, draft = cause_of(request, now_of(request)), named_draft(request)

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        return answer(200, DraftOut.of(await change_draft(connection, cause, draft, document)))

    return await write(request, None, work)


@post(
    "/ladders/drafts/{draft:str}/previews",
    opt=operation(
        Operation(
            summary="Preview a draft on all members",
            tag="tiers",
            roles=_ADMIN,
            key="required",
            body=PreviewBody,
            answers={201: LadderPreviewOut},
            refusals=(*_GONE, "preview-in-future"),
            parameters=_DRAFT,
            example={"on": "2026-06-30"},
            example_answer={
                "number": 1,
                "on": "2026-06-30",
                "members": 2,
                "gained": 0,
                "lost": 1,
                "matrix": [
                    {"before": "standard", "after": "standard", "members": 1},
                    {"before": "silver", "after": "standard", "members": 1},
                ],
                "gainers": [],
                "losers": [
                    {
                        "member": "mem_01kfz3m6q8e4trx9n2v5w7y1ab",
                        "before": "silver",
                        "after": "standard",
                        "purchases": 52_000,
                    }
                ],
            },
        )
    ),
)
async def create_preview(request: ApiRequest) -> Response[bytes]:
    """Answer where the draft would put everybody today or on a past day; it is kept with it."""
    body = await body_of(request, PreviewBody)
    cause, draft = cause_of(request, now_of(request)), named_draft(request)

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        number, seen = await preview_draft(connection, cause, draft, on=body.on)
        return answer(201, LadderPreviewOut.of(number, seen))

    return await write(request, None, work)


@post(
    "/ladders/drafts/{draft:str}/targets",
    status_code=200,
    opt=operation(
        Operation(
            summary="Find thresholds that meet a target",
            tag="tiers",
            roles=_ADMIN,
            body=TargetsBody,
            answers={200: TargetsOut},
            refusals=("ladder-draft-unknown", "ladder-target-malformed"),
            parameters=_DRAFT,
            example={"targets": {"gold": 800}, "metric": "purchases"},
            example_answer={
                "ladder": _LADDER,
                "members": 1000,
                "reached": {"silver": 240, "gold": 80, "diamond": 12},
            },
        )
    ),
)
async def find_thresholds(request: ApiRequest) -> Response[bytes]:
    """Answer the draft's ladder with thresholds that meet the targets; nothing is changed."""
    body = await body_of(request, TargetsBody)
    cause, draft = cause_of(request, now_of(request)), named_draft(request)
    async with application_of(request).database.snapshot() as connection:
        met = await meet_targets(connection, cause, draft, body.targets, metric=body.metric)
    return ok(TargetsOut.of(met))


@post(
    "/ladders/drafts/{draft:str}/publish",
    status_code=200,
    opt=operation(
        Operation(
            summary="Publish a draft of a ladder",
            tag="tiers",
            roles=_ADMIN,
            key="required",
            body=PublishBody,
            answers={200: DraftOut},
            refusals=(*_GONE, "ladder-outrun", "ladder-starts-in-past"),
            parameters=_DRAFT,
            example={"moves": "at-once"},
            example_answer=_OPEN | {"state": "published", "moves": "at-once", "version": 2},
        )
    ),
)
async def publish(request: ApiRequest) -> Response[bytes]:
    """Make a draft the live ladder now or on a day to come, and say when members move."""
    body = await body_of(request, PublishBody)
    cause, draft = cause_of(request, now_of(request)), named_draft(request)

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        published = await publish_draft(
            connection, cause, draft, moves=body.moves, starts_on=body.on, after=body.after
        )
        return answer(200, DraftOut.of(published))

    return await write(request, None, work)


@post(
    "/ladders/drafts/{draft:str}/retire",
    status_code=200,
    opt=operation(
        Operation(
            summary="Put a draft of a ladder away",
            tag="tiers",
            roles=_ADMIN,
            key="required",
            answers={200: DraftOut},
            refusals=_GONE,
            parameters=_DRAFT,
            example_answer=_OPEN | {"state": "retired"},
        )
    ),
)
async def retire(request: ApiRequest) -> Response[bytes]:
    """Put a draft away that is open or scheduled; it stays readable."""
    cause, draft = cause_of(request, now_of(request)), named_draft(request)

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        return answer(200, DraftOut.of(await retire_draft(connection, cause, draft)))

    return await write(request, None, work)


def named_draft(request: ApiRequest) -> UUID:
    """The draft that the path names; raises `DraftUnknown`."""
    text = str(request.path_params["draft"])
    try:
        return read(DRAFT, text)
    except MalformedId:
        raise tiers.DraftUnknown(seen=text[:80]) from None


ROUTES: Final = (
    create_draft,
    list_drafts,
    read_draft,
    replace_draft,
    create_preview,
    find_thresholds,
    publish,
    retire,
)
