"""When points already earned end: previewed with a policy, confirmed, and carried out."""

from typing import Final
from uuid import UUID

from litestar import Response, get, post
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest, application_of
from api.bodies import body_of, within
from api.controllers.programme import POLICY_EXAMPLE
from api.operation import Operation, operation
from api.schemas.lifetimes import PreviewBody, PreviewOut, PreviewsOut
from api.writing import answer, cause_of, now_of, ok, write
from loyalty.idempotency import Answer, Begun
from loyalty.ids import MalformedId, read
from loyalty.keys import Role
from loyalty.lifetimes import (
    UnknownExpiryPreview,
    confirm_expiry_change,
    find_expiry_change,
    list_expiry_changes,
    preview_expiry_change,
)
from loyalty.policy import PolicyCannotChange, PolicyMalformed

_ADMIN: Final[frozenset[Role]] = frozenset({"admin"})
_READERS: Final[frozenset[Role]] = frozenset({"admin", "finance"})
_PREVIEW: Final = {"preview": "Our id (prv_…)."}


@post(
    "/policy/previews",
    opt=operation(
        Operation(
            summary="Preview what a policy would make of points already earned",
            tag="programme",
            roles=_ADMIN,
            key="required",
            body=PreviewBody,
            example={"policy": POLICY_EXAMPLE},
            answers={201: PreviewOut},
            refusals=("policy-malformed",),
        )
    ),
)
async def create_preview(request: ApiRequest) -> Response[bytes]:
    """Work out by month what would end then, and keep the answer; nothing changes."""
    body = await body_of(request, PreviewBody)
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        with within("/policy", PolicyMalformed):
            change = await preview_expiry_change(connection, cause, body.policy)
        shown = PreviewOut.of(change)
        return answer(201, shown, location=f"/v1/policy/previews/{shown.id}")

    return await write(request, None, work)


@get(
    "/policy/previews",
    opt=operation(
        Operation(
            summary="List the previews of changes of expiry",
            tag="programme",
            roles=_READERS,
            answers={200: PreviewsOut},
        )
    ),
)
async def list_previews(request: ApiRequest) -> Response[bytes]:
    """Answer the latest previews, newest first, with what became of each."""
    async with application_of(request).database.read() as connection:
        found = await list_expiry_changes(connection)
    return ok(PreviewsOut([PreviewOut.of(change) for change in found]))


@get(
    "/policy/previews/{preview:str}",
    opt=operation(
        Operation(
            summary="Read a preview of a change of expiry",
            tag="programme",
            roles=_READERS,
            answers={200: PreviewOut},
            refusals=("unknown-expiry-preview",),
            parameters=_PREVIEW,
        )
    ),
)
async def read_preview(request: ApiRequest) -> Response[bytes]:
    """Answer a preview, whether it was confirmed, and how far the work is."""
    wanted = _preview(request)
    async with application_of(request).database.read() as connection:
        change = await find_expiry_change(connection, wanted)
    return ok(PreviewOut.of(change))


@post(
    "/policy/previews/{preview:str}/confirm",
    status_code=200,
    opt=operation(
        Operation(
            summary="Confirm a change of expiry",
            tag="programme",
            roles=_ADMIN,
            key="required",
            answers={200: PreviewOut},
            refusals=(
                "unknown-expiry-preview",
                "expiry-preview-outdated",
                "expiry-policy-moved",
                "policy-starts-too-soon",
                "policy-cannot-change",
            ),
            parameters=_PREVIEW,
        )
    ),
)
async def confirm_preview(request: ApiRequest) -> Response[bytes]:
    """Publish the policy of a preview and let a job move the ends of points already earned."""
    wanted, cause = _preview(request), cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        with within("/policy", PolicyMalformed, PolicyCannotChange):
            change = await confirm_expiry_change(connection, cause, wanted)
        return answer(200, PreviewOut.of(change))

    return await write(request, None, work)


def _preview(request: ApiRequest) -> UUID:
    text = str(request.path_params["preview"])
    try:
        return read("prv", text)
    except MalformedId:
        raise UnknownExpiryPreview(seen=text[:80]) from None


ROUTES: Final = (create_preview, list_previews, read_preview, confirm_preview)
