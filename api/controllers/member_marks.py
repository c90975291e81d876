"""How the shop sorts members: tags given one by one, and lists uploaded as a whole."""

from typing import Any, Final

from litestar import Response, get, post, put
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest, application_of, member_ref
from api.bodies import body_of
from api.operation import Operation, operation
from api.schemas.member_marks import (
    MarksOut,
    MemberListBody,
    MemberListOut,
    MemberListsOut,
    TagsBody,
    UploadedOut,
)
from api.writing import answer, cause_of, now_of, ok, write
from loyalty.idempotency import Answer, Begun
from loyalty.keys import Role
from loyalty.members import (
    Member,
    find_list,
    find_member,
    list_lists,
    lists_of,
    retire_list,
    set_tags,
    tags_of,
    upload_list,
)

_ADMIN: Final[frozenset[Role]] = frozenset({"admin"})
_SHOP: Final[frozenset[Role]] = frozenset({"checkout", "admin"})
_MEMBER: Final = {"member": "Our id (mem_…) or ext: and the shop's id."}
_LIST: Final = {"list": "The name of the list: lower case letters, digits and dashes."}
_MARKS: Final = {"tags": ["allergic-to-nuts", "vip"], "lists": ["spring-2026"]}
_SHOWN: Final[dict[str, Any]] = {
    "name": "spring-2026",
    "members": 2,
    "made_at": "2026-02-21T09:30:00Z",
    "changed_at": "2026-03-01T08:00:00Z",
    "retired_at": None,
}
_LARGEST_UPLOAD: Final = 8 * 1_048_576


@get(
    "/members/{member:str}/tags",
    opt=operation(
        Operation(
            summary="Read a member's tags and lists",
            tag="members",
            roles=_SHOP,
            answers={200: MarksOut},
            refusals=("unknown-member",),
            parameters=_MEMBER,
            example_answer=_MARKS,
        )
    ),
)
async def read_tags(request: ApiRequest) -> Response[bytes]:
    """Answer the words that the shop has for a member; the member is not told them."""
    ref = member_ref(request)
    async with application_of(request).database.snapshot() as connection:
        return ok(await _marks(connection, await find_member(connection, ref)))


@put(
    "/members/{member:str}/tags",
    opt=operation(
        Operation(
            summary="Set a member's tags",
            tag="members",
            roles=_SHOP,
            key="optional",
            body=TagsBody,
            answers={200: MarksOut},
            refusals=("unknown-member", "member-closed"),
            parameters=_MEMBER,
            example={"tags": ["allergic-to-nuts", "vip"]},
            example_answer=_MARKS,
        )
    ),
)
async def replace_tags(request: ApiRequest) -> Response[bytes]:
    """Let a member have these tags and no others; the same again changes nothing."""
    body = await body_of(request, TagsBody)
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, begun: Begun) -> Answer:
        whose = begun.whose()
        await set_tags(connection, cause, whose, body.tags)
        return answer(200, await _marks(connection, whose))

    return await write(request, member_ref(request), work)


async def _marks(connection: AsyncConnection, whose: Member) -> MarksOut:
    return MarksOut(
        tags=[*await tags_of(connection, whose.id)],
        lists=[*await lists_of(connection, whose.id)],
    )


@get(
    "/member-lists",
    opt=operation(
        Operation(
            summary="Read the lists of members",
            tag="members",
            roles=_SHOP,
            answers={200: MemberListsOut},
            example_answer={"items": [_SHOWN]},
        )
    ),
)
async def read_lists(request: ApiRequest) -> Response[bytes]:
    """Answer the lists by name, those that were retired too; at most 500."""
    async with application_of(request).database.read() as connection:
        found = await list_lists(connection)
    return ok(MemberListsOut(items=[MemberListOut.of(each) for each in found]))


@get(
    "/member-lists/{list:str}",
    opt=operation(
        Operation(
            summary="Read a list of members",
            tag="members",
            roles=_SHOP,
            answers={200: MemberListOut},
            refusals=("unknown-member-list",),
            parameters=_LIST,
            example_answer=_SHOWN,
        )
    ),
)
async def read_list(request: ApiRequest) -> Response[bytes]:
    """Answer how many members are on a list, and since when."""
    async with application_of(request).database.read() as connection:
        return ok(MemberListOut.of(await find_list(connection, _name(request))))


@put(
    "/member-lists/{list:str}",
    request_max_body_size=_LARGEST_UPLOAD,
    opt=operation(
        Operation(
            summary="Upload a list of members",
            tag="members",
            roles=_ADMIN,
            body=MemberListBody,
            answers={200: UploadedOut},
            refusals=("member-list-malformed",),
            parameters=_LIST,
            example={"members": ["C-1047", "C-1048", "C-9999"]},
            example_answer={"member_list": _SHOWN, "added": 2, "removed": 0, "unknown": ["C-9999"]},
        )
    ),
)
async def replace_list(request: ApiRequest) -> Response[bytes]:
    """Put these members on the list and nobody else; whom nobody knows is named in the answer."""
    body = await body_of(request, MemberListBody)
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        done = await upload_list(connection, cause, _name(request), body.members)
        return answer(200, UploadedOut.of(done))

    return await write(request, None, work)


@post(
    "/member-lists/{list:str}/retire",
    status_code=200,
    opt=operation(
        Operation(
            summary="Retire a list of members",
            tag="members",
            roles=_ADMIN,
            key="optional",
            answers={200: MemberListOut},
            refusals=("unknown-member-list",),
            parameters=_LIST,
            example_answer={**_SHOWN, "members": 0, "retired_at": "2026-04-01T08:00:00Z"},
        )
    ),
)
async def retire_member_list(request: ApiRequest) -> Response[bytes]:
    """Take everybody off the list; uploading it again takes it up."""
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        return answer(200, MemberListOut.of(await retire_list(connection, cause, _name(request))))

    return await write(request, None, work)


def _name(request: ApiRequest) -> str:
    return str(request.path_params["list"])


ROUTES: Final = (
    read_tags,
    replace_tags,
    read_lists,
    read_list,
    replace_list,
    retire_member_list,
)
