"""Vouchers in numbers: batches, codes from outside, what became of each, and their end by hand."""

from typing import Final
from uuid import UUID

from litestar import Response, get, post
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from api.auth import ApiRequest, application_of
from api.bodies import body_of, read_query
from api.operation import Operation, operation
from api.pagination import Page, PageQuery, read_cursor, sign_cursor
from api.schemas.voucher_batches import (
    BatchBody,
    BatchOut,
    BatchStandOut,
    ImportBody,
    IssuedOut,
    ReasonBody,
    State,
    TakenOut,
    VoucherHistoryOut,
)
from api.schemas.vouchers import DefinitionOut, DefinitionStandOut
from api.writing import answer, cause_of, now_of, ok, write
from loyalty.idempotency import Answer, Begun
from loyalty.ids import MalformedId, read, show
from loyalty.issuing.batches import ask_for_batch, read_codes, void_batch
from loyalty.issuing.codes_file import codes_file
from loyalty.issuing.errors import UnknownVoucherBatch
from loyalty.issuing.importing import begin_import, take_codes
from loyalty.issuing.reading import find_voucher, void_voucher
from loyalty.issuing.store import find_batch, list_batches
from loyalty.keys import Role
from loyalty.vouchers import retire_definition

_ADMIN: Final[frozenset[Role]] = frozenset({"admin"})
_READERS: Final[frozenset[Role]] = frozenset({"admin", "finance"})
_NAME: Final = {"name": "The name of the definition."}
_BATCH: Final = {"batch": "Our id of the batch (vbt_…)."}
_VOUCHER: Final = {"voucher": "Our id of the voucher (vou_…), or its code."}
_CSV: Final = "text/csv"


class IssuedQuery(PageQuery, frozen=True, forbid_unknown_fields=True):
    """Which page, and vouchers in which state."""

    state: State | None = None


@get(
    "/voucher-definitions/{name:str}",
    opt=operation(
        Operation(
            summary="Read a kind of voucher, and what became of its vouchers",
            tag="vouchers",
            roles=_READERS,
            answers={200: DefinitionStandOut},
            refusals=("voucher-definition-not-found",),
            parameters=_NAME,
        )
    ),
)
async def read_definition(request: ApiRequest) -> Response[bytes]:
    """Answer the definition, retired or not, with the number of its vouchers in each state."""
    name, at = _name_of(request), now_of(request)
    async with application_of(request).database.read() as connection:
        found = await benefits.find_definition(connection, name)
        states = await benefits.count_states(connection, at=at, definition=name)
    return ok(DefinitionStandOut(DefinitionOut.of(found), states))


@post(
    "/voucher-definitions/{name:str}/retire",
    status_code=200,
    opt=operation(
        Operation(
            summary="Issue no more vouchers of a kind",
            tag="vouchers",
            roles=_ADMIN,
            key="required",
            body=ReasonBody,
            answers={200: DefinitionOut},
            refusals=("voucher-definition-not-found",),
            parameters=_NAME,
            example={"reason": "campaign-over"},
        )
    ),
)
async def retire(request: ApiRequest) -> Response[bytes]:
    """Retire a definition; vouchers that were issued or promised stay good."""
    body, name = await body_of(request, ReasonBody), _name_of(request)
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        retired = await retire_definition(connection, cause, name, reason=body.reason)
        return answer(200, DefinitionOut.of(retired))

    return await write(request, None, work)


@post(
    "/voucher-definitions/{name:str}/batches",
    opt=operation(
        Operation(
            summary="Ask for a batch of codes",
            tag="vouchers",
            roles=_ADMIN,
            key="required",
            body=BatchBody,
            answers={201: BatchOut},
            refusals=(
                "voucher-definition-not-found",
                "voucher-batch-malformed",
                "voucher-binding-differs",
                "voucher-outside-window",
                "unknown-member",
                "unknown-member-list",
            ),
            parameters=_NAME,
            example={"quantity": 5000},
        )
    ),
)
async def create_batch(request: ApiRequest) -> Response[bytes]:
    """Make a small batch at once; a large one is made by a job, and its state tells how far."""
    body, name = await body_of(request, BatchBody), _name_of(request)
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        batch = BatchOut.of(await ask_for_batch(connection, cause, body.asked(name)))
        return answer(201, batch, location=f"/v1/voucher-batches/{batch.batch}")

    return await write(request, None, work)


@post(
    "/voucher-definitions/{name:str}/imports",
    opt=operation(
        Operation(
            summary="Bring in codes from outside",
            tag="vouchers",
            roles=_ADMIN,
            key="required",
            body=ImportBody,
            answers={201: TakenOut},
            refusals=("voucher-definition-not-found", "voucher-outside-window"),
            parameters=_NAME,
            example={"codes": [{"code": "PARTNER-0001"}, {"code": "PARTNER-0002", "uses": 3}]},
        )
    ),
)
async def import_codes(request: ApiRequest) -> Response[bytes]:
    """Take the codes that can be taken, and name each other one with its reason."""
    body, name = await body_of(request, ImportBody), _name_of(request)
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        batch = await begin_import(connection, cause, name, rows=len(body.codes))
        rows = [each.row() for each in body.codes]
        taken = TakenOut.of(await take_codes(connection, cause, batch, rows))
        return answer(201, taken, location=f"/v1/voucher-batches/{taken.batch.batch}")

    return await write(request, None, work)


@get(
    "/voucher-definitions/{name:str}/vouchers",
    opt=operation(
        Operation(
            summary="List the vouchers of a kind",
            tag="vouchers",
            roles=_READERS,
            query=IssuedQuery,
            answers={200: Page[IssuedOut]},
            refusals=("voucher-definition-not-found",),
            parameters=_NAME,
        )
    ),
)
async def list_issued(request: ApiRequest) -> Response[bytes]:
    """Answer the vouchers, newest first; their codes are not shown in full."""
    query, name, at = read_query(request, IssuedQuery), _name_of(request), now_of(request)
    list_ = f"vouchers of {name} {query.state}"
    async with application_of(request).database.read() as connection:
        await benefits.find_definition(connection, name)
        found = await benefits.list_issued(
            connection,
            name,
            at=at,
            limit=query.limit + 1,
            before=read_cursor(request, list_, query.after, UUID),
            state=query.state,
        )
    page, more = found[: query.limit], len(found) > query.limit
    next_ = sign_cursor(request, list_, str(page[-1].id)) if more else None
    return ok(Page([IssuedOut.of(each, at) for each in page], next_))


@get(
    "/voucher-batches",
    opt=operation(
        Operation(
            summary="List the batches of codes",
            tag="vouchers",
            roles=_READERS,
            query=PageQuery,
            answers={200: Page[BatchOut]},
        )
    ),
)
async def list_all_batches(request: ApiRequest) -> Response[bytes]:
    """Answer the batches, newest first."""
    query = read_query(request, PageQuery)
    before = read_cursor(request, "voucher-batches", query.after, UUID)
    async with application_of(request).database.read() as connection:
        found = await list_batches(connection, limit=query.limit + 1, before=before)
    page, more = found[: query.limit], len(found) > query.limit
    next_ = sign_cursor(request, "voucher-batches", str(page[-1].id)) if more else None
    return ok(Page([BatchOut.of(each) for each in page], next_))


@get(
    "/voucher-batches/{batch:str}",
    opt=operation(
        Operation(
            summary="Read a batch of codes",
            tag="vouchers",
            roles=_READERS,
            answers={200: BatchStandOut},
            refusals=("unknown-voucher-batch",),
            parameters=_BATCH,
        )
    ),
)
async def read_batch(request: ApiRequest) -> Response[bytes]:
    """Answer how far a batch is, and what became of its vouchers."""
    one, at = _batch_of(request), now_of(request)
    async with application_of(request).database.read() as connection:
        found = await find_batch(connection, one)
        states = await benefits.count_states(connection, at=at, batch=one)
    return ok(BatchStandOut(BatchOut.of(found), states))


@post(
    "/voucher-batches/{batch:str}/codes",
    status_code=200,
    opt=operation(
        Operation(
            summary="Read the codes of a batch, once",
            tag="vouchers",
            roles=_ADMIN,
            answers={200: bytes},
            media_types=(_CSV,),
            refusals=(
                "unknown-voucher-batch",
                "voucher-batch-not-yours",
                "voucher-batch-not-made",
                "voucher-batch-codes-read",
            ),
            parameters=_BATCH,
        )
    ),
)
async def read_batch_codes(request: ApiRequest) -> Response[bytes]:
    """Answer the codes as a CSV file, once, to whoever asked for them; the trail keeps that."""
    one, cause = _batch_of(request), cause_of(request, now_of(request))
    codes = await application_of(request).database.write(read_codes, cause, one)
    file = f'attachment; filename="{show("vbt", one)}.csv"'
    return Response(codes_file(codes), media_type=_CSV, headers={"Content-Disposition": file})


@post(
    "/voucher-batches/{batch:str}/void",
    status_code=200,
    opt=operation(
        Operation(
            summary="Make what is left of a batch void",
            tag="vouchers",
            roles=_ADMIN,
            key="required",
            body=ReasonBody,
            answers={200: BatchOut},
            refusals=("unknown-voucher-batch",),
            parameters=_BATCH,
            example={"reason": "leaked"},
        )
    ),
)
async def void_whole_batch(request: ApiRequest) -> Response[bytes]:
    """Make all vouchers of a batch void that are not used up."""
    body, one = await body_of(request, ReasonBody), _batch_of(request)
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        found = await void_batch(connection, cause, one, reason=body.reason)
        return answer(200, BatchOut.of(found))

    return await write(request, None, work)


@get(
    "/vouchers/{voucher:str}",
    opt=operation(
        Operation(
            summary="Read a voucher and what was done with it",
            tag="vouchers",
            roles=_READERS,
            answers={200: VoucherHistoryOut},
            refusals=("voucher-not-found",),
            parameters=_VOUCHER,
        )
    ),
)
async def read_voucher(request: ApiRequest) -> Response[bytes]:
    """Answer a voucher as it stands, and what every order did with it."""
    at = now_of(request)
    async with application_of(request).database.read() as connection:
        found = await find_voucher(connection, str(request.path_params["voucher"])[:100])
    return ok(VoucherHistoryOut.of(found, at))


@post(
    "/vouchers/{voucher:str}/void",
    status_code=200,
    opt=operation(
        Operation(
            summary="Make a voucher void",
            tag="vouchers",
            roles=_ADMIN,
            key="required",
            body=ReasonBody,
            answers={200: VoucherHistoryOut},
            refusals=("voucher-not-found", "voucher-in-use"),
            parameters=_VOUCHER,
            example={"reason": "issued-by-mistake"},
        )
    ),
)
async def void_one(request: ApiRequest) -> Response[bytes]:
    """Make a voucher void, unless an open order holds it."""
    body, text = await body_of(request, ReasonBody), str(request.path_params["voucher"])[:100]
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        found = await void_voucher(connection, cause, text, reason=body.reason)
        return answer(200, VoucherHistoryOut.of(found, cause.at))

    return await write(request, None, work)


def _name_of(request: ApiRequest) -> str:
    return str(request.path_params["name"])[:80]


def _batch_of(request: ApiRequest) -> UUID:
    text = str(request.path_params["batch"])
    try:
        return read("vbt", text)
    except MalformedId:
        raise UnknownVoucherBatch(seen=text[:80]) from None


ROUTES: Final = (
    read_definition,
    retire,
    create_batch,
    import_codes,
    list_issued,
    list_all_batches,
    read_batch,
    read_batch_codes,
    void_whole_batch,
    read_voucher,
    void_one,
)
