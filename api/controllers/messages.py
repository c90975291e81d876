"""The messages to members: what was sent, what was not and why, and another try."""

from typing import Annotated, Final
from uuid import UUID

from litestar import Response, get, post
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest, application_of
from api.bodies import RequestInvalid, body_of, read_query
from api.operation import Operation, operation
from api.pagination import DEFAULT_LIMIT, Cursor, Limit, Page, read_cursor, sign_cursor
from api.schemas.changes import MessageOut, StateName, ToldBody
from api.writing import answer, cause_of, now_of, ok, write
from loyalty.idempotency import Answer, Begun
from loyalty.ids import MalformedId, read
from loyalty.keys import Role
from loyalty.members import find_member, read_member_ref
from loyalty.outbox import (
    State,
    UnknownMessage,
    find_message,
    list_messages,
    report_told,
    resend,
)

_ADMIN: Final[frozenset[Role]] = frozenset({"admin"})
_SHOP: Final[frozenset[Role]] = frozenset({"checkout", "admin"})
_PATH: Final = {"message": "Our id (msg_…)."}


class MessagesQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which messages, newest first."""

    member: Annotated[str, Meta(min_length=1, max_length=210)] | None = None
    state: StateName | None = None
    limit: Limit = DEFAULT_LIMIT
    after: Cursor | None = None


@get(
    "/messages",
    opt=operation(
        Operation(
            summary="List the messages to members",
            tag="messages",
            roles=_SHOP,
            query=MessagesQuery,
            answers={200: Page[MessageOut]},
            refusals=("unknown-member", "malformed-id"),
        )
    ),
)
async def list_all(request: ApiRequest) -> Response[bytes]:
    """Answer messages, newest first; none of them holds an address or what a mail said."""
    query = read_query(request, MessagesQuery)
    list_ = f"messages {query.member} {query.state}"
    before = read_cursor(request, list_, query.after, UUID)
    async with application_of(request).database.read() as connection:
        ref = None if query.member is None else read_member_ref(query.member)
        found = await list_messages(
            connection,
            limit=query.limit + 1,
            before=before,
            state=None if query.state is None else State(query.state),
            member=None if ref is None else (await find_member(connection, ref)).id,
        )
    page = found[: query.limit]
    more = len(found) > query.limit
    next_ = sign_cursor(request, list_, str(page[-1].id)) if more else None
    return ok(Page([MessageOut.of(each) for each in page], next_))


@get(
    "/messages/{message:str}",
    opt=operation(
        Operation(
            summary="Read a message to a member",
            tag="messages",
            roles=_SHOP,
            answers={200: MessageOut},
            refusals=("unknown-message",),
            parameters=_PATH,
        )
    ),
)
async def read_one(request: ApiRequest) -> Response[bytes]:
    """Answer one message."""
    one = _message(request)
    async with application_of(request).database.read() as connection:
        found = await find_message(connection, one)
    return ok(MessageOut.of(found))


@post(
    "/messages/{message:str}/resend",
    status_code=200,
    opt=operation(
        Operation(
            summary="Send a message again that was not sent",
            tag="messages",
            roles=_ADMIN,
            key="required",
            answers={200: MessageOut},
            refusals=("unknown-message", "message-stands"),
            parameters=_PATH,
        )
    ),
)
async def resend_one(request: ApiRequest) -> Response[bytes]:
    """Queue a failed or skipped message again; the trail keeps who did."""
    one, cause = _message(request), cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        return answer(200, MessageOut.of(await resend(connection, cause, one)))

    return await write(request, None, work)


@post(
    "/messages/{message:str}/told",
    status_code=200,
    opt=operation(
        Operation(
            summary="Report that the shop has told the member itself",
            tag="messages",
            roles=_SHOP,
            key="required",
            body=ToldBody,
            answers={200: MessageOut},
            refusals=("unknown-message", "message-stands", "told-too-early"),
            parameters=_PATH,
            example={"told_at": "2026-11-21T09:30:00+01:00"},
        )
    ),
)
async def report_one(request: ApiRequest) -> Response[bytes]:
    """Mark the message as sent by the shop; a required notice of expiry counts from then."""
    body = await body_of(request, ToldBody)
    one, now = _message(request), now_of(request)
    told_at = body.told_at or now
    if told_at > now:
        raise RequestInvalid(pointer="/told_at", seen="in the future", reason="out-of-range")
    cause = cause_of(request, now)

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        told = await report_told(connection, cause, one, told_at=told_at)
        return answer(200, MessageOut.of(told))

    return await write(request, None, work)


def _message(request: ApiRequest) -> UUID:
    text = str(request.path_params["message"])
    try:
        return read("msg", text)
    except MalformedId:
        raise UnknownMessage(seen=text[:80]) from None


ROUTES: Final = (list_all, read_one, resend_one, report_one)
