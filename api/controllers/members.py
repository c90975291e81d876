"""Joining the programme, finding members, changing what is known of them."""

from datetime import UTC, datetime
from typing import Final

from litestar import Response, get, patch, post
from msgspec import UNSET, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest, application_of, member_ref, only_own
from api.bodies import RequestInvalid, body_of, read_query
from api.operation import Operation, operation
from api.schemas.members import JoinBody, JoinedOut, MemberOut, MemberPatch, MemberQuery
from api.writing import answer, cause_of, now_of, ok, write
from loyalty.idempotency import Answer, Begun
from loyalty.ids import show
from loyalty.members import (
    change_class,
    close_member,
    find_member,
    find_members,
    join,
    profile_of,
    update_profile,
)

_MEMBER: Final = {"member": "Our id (mem_…) or ext: and the shop's id."}
_OLDEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EXAMPLE: Final = {
    "external_id": "C-1047",
    "email": "ada@example.org",
    "birthday": {"month": 2, "day": 29},
    "language": "en",
    "consents": [{"purpose": "newsletter", "granted": True, "text_version": "2026-1"}],
}
_SHOWN: Final = {
    "id": "mem_01kfz3m6q8e4trx9n2v5w7y1ab",
    "class": "consumer",
    "joined_at": "2026-11-21T09:30:00Z",
}


class MembersOut(Struct, frozen=True):
    """The members found."""

    items: list[MemberOut]


@post(
    "/members",
    opt=operation(
        Operation(
            summary="Join the programme",
            tag="members",
            roles=frozenset({"checkout", "admin"}),
            key="required",
            body=JoinBody,
            answers={201: JoinedOut},
            refusals=(
                "name-taken",
                "joined-with-other-content",
                "malformed-contact",
                "birthday-impossible",
                "too-young",
            ),
            example=_EXAMPLE,
            example_answer=_SHOWN,
        )
    ),
)
async def join_programme(request: ApiRequest) -> Response[bytes]:
    """Make somebody a member; the same external id again answers the same member."""
    body = await body_of(request, JoinBody)
    at = now_of(request)
    if body.joined_at is not None and not _OLDEST <= body.joined_at <= at:
        raise RequestInvalid(
            pointer="/joined_at", seen="not between 1970 and now", reason="out-of-range"
        )

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        member = await join(connection, cause_of(request, at), body.joining())
        location = f"/v1/members/{show('mem', member.id)}"
        return answer(201, JoinedOut.of(member), location=location)

    return await write(request, None, work)


@get(
    "/members",
    opt=operation(
        Operation(
            summary="Find members by e-mail, phone, order or external id",
            tag="members",
            roles=frozenset({"checkout", "admin"}),
            query=MemberQuery,
            answers={200: MembersOut},
            refusals=("malformed-contact", "malformed-id"),
            example_answer={"items": []},
        )
    ),
)
async def search_members(request: ApiRequest) -> Response[bytes]:
    """Answer the members that carry every name given, which may be none."""
    query = read_query(request, MemberQuery)
    if query == MemberQuery():
        raise RequestInvalid(
            pointer="/query/email",
            seen="email, phone, order or external_id",
            reason="missing-field",
        )
    async with application_of(request).database.read() as connection:
        found = await find_members(
            connection,
            email=query.email,
            phone=query.phone,
            order=query.order,
            external_id=query.external_id,
        )
        shown = [MemberOut.of(member, await profile_of(connection, member.id)) for member in found]
    return ok(MembersOut(items=shown))


@get(
    "/members/{member:str}",
    opt=operation(
        Operation(
            summary="Read a member",
            tag="members",
            roles=frozenset({"checkout", "admin", "member"}),
            answers={200: MemberOut},
            refusals=("unknown-member",),
            parameters=_MEMBER,
        )
    ),
)
async def read_member(request: ApiRequest) -> Response[bytes]:
    """Answer a member with their profile."""
    ref = member_ref(request)
    async with application_of(request).database.read() as connection:
        member = await find_member(connection, ref)
        only_own(request, member, ref)
        profile = await profile_of(connection, member.id)
    return ok(MemberOut.of(member, profile))


@patch(
    "/members/{member:str}",
    opt=operation(
        Operation(
            summary="Change a member",
            tag="members",
            roles=frozenset({"checkout", "admin"}),
            key="optional",
            body=MemberPatch,
            answers={200: JoinedOut},
            refusals=(
                "unknown-member",
                "member-closed",
                "name-taken",
                "malformed-contact",
                "birthday-impossible",
                "too-young",
            ),
            parameters=_MEMBER,
            example={"language": "zh", "class": "staff"},
            example_answer=_SHOWN,
        )
    ),
)
async def change_member(request: ApiRequest) -> Response[bytes]:
    """Change the profile or the class of a member, or let them leave."""
    body = await body_of(request, MemberPatch)
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, begun: Begun) -> Answer:
        whose = begun.whose()
        await update_profile(connection, cause, whose, body.profile())
        if body.class_ is not UNSET:
            whose = await change_class(connection, cause, whose, body.class_)
        if body.closed is not UNSET:
            whose = await close_member(connection, cause, whose, reason=body.reason)
        return answer(200, JoinedOut.of(whose))

    return await write(request, member_ref(request), work)


ROUTES: Final = (join_programme, search_members, read_member, change_member)
