"""Vouchers of a member, giving one by hand, and what vouchers there are."""

from typing import Final
from uuid import UUID

from litestar import Response, get, post
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from api.auth import ApiRequest, application_of, member_ref, only_own
from api.bodies import body_of, read_query
from api.controllers.wallets import MEMBER
from api.operation import EVERYBODY, Operation, operation
from api.pagination import Page, PageQuery, read_cursor, sign_cursor
from api.schemas.vouchers import DefinitionBody, DefinitionOut, GiveBody, GivenOut, VoucherOut
from api.writing import answer, cause_of, now_of, ok, write
from loyalty.idempotency import Answer, Begun
from loyalty.ids import show
from loyalty.members import find_member
from loyalty.vouchers import define_voucher, give_voucher, list_vouchers


@get(
    "/members/{member:str}/vouchers",
    opt=operation(
        Operation(
            summary="List a member's vouchers",
            tag="vouchers",
            roles=EVERYBODY,
            query=PageQuery,
            answers={200: Page[VoucherOut]},
            refusals=("unknown-member",),
            parameters=MEMBER,
        )
    ),
)
async def list_members_vouchers(request: ApiRequest) -> Response[bytes]:
    """Answer the vouchers, newest first, each with its state of now."""
    query, ref, at = read_query(request, PageQuery), member_ref(request), now_of(request)
    async with application_of(request).database.read() as connection:
        member = await find_member(connection, ref)
        only_own(request, member, ref)
        list_ = f"vouchers {member.id}"
        found = await list_vouchers(
            connection,
            member.id,
            limit=query.limit + 1,
            before=read_cursor(request, list_, query.after, UUID),
        )
    page = found[: query.limit]
    shown = [VoucherOut.of(voucher, benefits.voucher_state(voucher, at)) for voucher in page]
    more = len(found) > query.limit
    return ok(Page(shown, sign_cursor(request, list_, str(page[-1].id)) if more else None))


@post(
    "/members/{member:str}/vouchers",
    opt=operation(
        Operation(
            summary="Give a member a voucher by hand",
            tag="vouchers",
            roles=frozenset({"admin"}),
            key="required",
            confirms_key=True,
            body=GiveBody,
            answers={201: GivenOut},
            refusals=("unknown-member", "member-closed", "voucher-definition-not-found"),
            parameters=MEMBER,
            example={"definition": "sorry", "reason": "goodwill"},
        )
    ),
)
async def give_member_voucher(request: ApiRequest) -> Response[bytes]:
    """Give a voucher for a reason that the trail keeps."""
    body = await body_of(request, GiveBody)
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, begun: Begun) -> Answer:
        given = await give_voucher(
            connection,
            cause,
            begun.whose(),
            definition=body.definition,
            reason=body.reason,
            note=body.note,
        )
        shown = GivenOut(
            id=show("vou", given.id),
            code=benefits.show_code(given.code),
            definition=given.definition,
            starts_at=given.starts_at,
            expires_at=given.expires_at,
        )
        return answer(201, shown)

    return await write(request, member_ref(request), work)


@post(
    "/voucher-definitions",
    opt=operation(
        Operation(
            summary="Define a kind of voucher",
            tag="vouchers",
            roles=frozenset({"admin"}),
            key="required",
            body=DefinitionBody,
            answers={201: DefinitionOut},
            refusals=("voucher-definition-exists", "voucher-definition-refused"),
            example={
                "name": "birthday",
                "titles": {"en": "Happy birthday", "zh": "生日快乐"},
                "valid_for_days": 30,
                "birthday_window": "day",
            },
        )
    ),
)
async def create_definition(request: ApiRequest) -> Response[bytes]:
    """Store a definition; the same again is the same one."""
    body = await body_of(request, DefinitionBody)
    cause = cause_of(request, now_of(request))
    definition = body.definition()

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        await define_voucher(connection, cause, definition)
        return answer(201, DefinitionOut.of(definition))

    return await write(request, None, work)


@get(
    "/voucher-definitions",
    opt=operation(
        Operation(
            summary="List the kinds of vouchers",
            tag="vouchers",
            roles=frozenset({"checkout", "admin", "finance"}),
            query=PageQuery,
            answers={200: Page[DefinitionOut]},
        )
    ),
)
async def list_definitions(request: ApiRequest) -> Response[bytes]:
    """Answer the definitions by name."""
    query = read_query(request, PageQuery)
    after = read_cursor(request, "voucher-definitions", query.after, str) or ""
    async with application_of(request).database.read() as connection:
        found = await benefits.list_definitions(connection, after=after, limit=query.limit + 1)
    shown = [DefinitionOut.of(definition) for definition in found[: query.limit]]
    more = len(found) > query.limit
    next_ = sign_cursor(request, "voucher-definitions", shown[-1].name) if more else None
    return ok(Page(shown, next_))


ROUTES: Final = (list_members_vouchers, give_member_voucher, create_definition, list_definitions)
