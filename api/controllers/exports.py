"""The journal taken to the company's own books: account maps, numbered exports, and their files."""

import asyncio
import tempfile
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

from litestar import Response, get, post
from litestar.response import Stream
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest, application_of, path_number
from api.bodies import body_of, read_query, within
from api.operation import Operation, operation
from api.pagination import Page, PageQuery, read_cursor, sign_cursor
from api.schemas.exports import (
    AccountMapBody,
    AccountMapOut,
    AccountMapsOut,
    ExportBody,
    ExportOut,
)
from api.writing import answer, cause_of, now_of, ok, write
from loyalty.exports import (
    AccountMapMalformed,
    Format,
    find_export,
    find_map,
    list_exports,
    list_maps,
    make_file,
    publish_map,
    request_export,
)
from loyalty.exports.maps import shipped_document
from loyalty.idempotency import Answer, Begun
from loyalty.jobs.upkeep import settle_due_wallets
from loyalty.keys import Role

_FINANCE: Final[frozenset[Role]] = frozenset({"finance", "admin"})
_CHUNK: Final = 1 << 16
_MEDIA_TYPES: Final = tuple(format_.media_type for format_ in Format)
_NUMBER: Final = {"number": "The export's number."}


@post(
    "/finance/exports",
    opt=operation(
        Operation(
            summary="Export the journal of a month or a year",
            tag="finance",
            roles=_FINANCE,
            key="required",
            body=ExportBody,
            example={"period": "2026-01", "map": "ifrs", "format": "hledger"},
            answers={201: ExportOut},
            refusals=("unknown-account-map", "account-map-without-fees", "export-period-unfit"),
        )
    ),
)
async def create_export(request: ApiRequest) -> Response[bytes]:
    """Give the export its number; the file is made when it is first read, and fixed then."""
    body = await body_of(request, ExportBody)
    since, until = _days_of(body.period)
    cause = cause_of(request, now_of(request))
    await settle_due_wallets(application_of(request), cause)

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        made = await request_export(
            connection,
            cause,
            since=since,
            until=until,
            format=Format(body.format),
            map=body.map,
            language=body.language,
        )
        location = f"/v1/finance/exports/{made.number}"
        return answer(201, ExportOut.of(made), location=location)

    return await write(request, None, work)


@get(
    "/finance/exports",
    opt=operation(
        Operation(
            summary="List the exports of the journal",
            tag="finance",
            roles=_FINANCE,
            query=PageQuery,
            answers={200: Page[ExportOut]},
        )
    ),
)
async def list_all_exports(request: ApiRequest) -> Response[bytes]:
    """Answer the exports, the newest first."""
    query = read_query(request, PageQuery)
    before = read_cursor(request, "exports", query.after, int)
    async with application_of(request).database.read() as connection:
        found = await list_exports(connection, limit=query.limit + 1, before=before)
    page = found[: query.limit]
    more = len(found) > query.limit
    next_ = sign_cursor(request, "exports", page[-1].number) if more else None
    return ok(Page([ExportOut.of(one) for one in page], next_))


@get(
    "/finance/exports/{number:int}",
    opt=operation(
        Operation(
            summary="Read an export",
            tag="finance",
            roles=_FINANCE,
            answers={200: ExportOut},
            refusals=("unknown-export",),
            parameters=_NUMBER,
        )
    ),
)
async def read_export(request: ApiRequest) -> Response[bytes]:
    """Answer what was asked for and, once made, the file's digest."""
    async with application_of(request).database.read() as connection:
        found = await find_export(connection, path_number(request))
    return ok(ExportOut.of(found))


@get(
    "/finance/exports/{number:int}/file",
    opt=operation(
        Operation(
            summary="Read the file of an export",
            tag="finance",
            roles=_FINANCE,
            answers={200: bytes},
            media_types=_MEDIA_TYPES,
            refusals=(
                "unknown-export",
                "export-differs",
                "export-revision-gone",
                "account-map-without-fees",
            ),
            parameters=_NUMBER,
        )
    ),
)
async def read_file(request: ApiRequest) -> Response[Any]:
    """Answer the file, byte for byte the same each time; `Repr-Digest` carries its SHA-256."""
    number, cause = path_number(request), cause_of(request, now_of(request))
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="loyalty-export-"))
    path = folder / "file"
    try:
        made = await make_file(application_of(request).database, cause, number, path)
        file = await asyncio.to_thread(path.open, "rb")
    finally:
        # the open file outlives its name
        await asyncio.to_thread(_forget, path)
    sha256 = "" if made.file is None else made.file.sha256
    return Stream(
        _chunks(file),
        media_type=made.format.media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{made.name}"',
            "ETag": f'"{sha256}"',
            "Repr-Digest": f"sha-256=:{b64encode(bytes.fromhex(sha256)).decode()}:",
        },
    )


@get(
    "/finance/account-maps",
    opt=operation(
        Operation(
            summary="List the account maps",
            tag="finance",
            roles=_FINANCE,
            answers={200: AccountMapsOut},
        )
    ),
)
async def list_account_maps(request: ApiRequest) -> Response[bytes]:
    """Answer the latest version of every map, those that are shipped included."""
    async with application_of(request).database.read() as connection:
        found = await list_maps(connection)
    return ok(AccountMapsOut([AccountMapOut.of(one) for one in found]))


@get(
    "/finance/account-maps/{map:str}",
    opt=operation(
        Operation(
            summary="Read an account map",
            tag="finance",
            roles=_FINANCE,
            answers={200: AccountMapOut},
            refusals=("unknown-account-map",),
            parameters={"map": "The map's name, such as ifrs."},
        )
    ),
)
async def read_account_map(request: ApiRequest) -> Response[bytes]:
    """Answer the latest version."""
    async with application_of(request).database.read() as connection:
        found = await find_map(connection, str(request.path_params["map"])[:40])
    return ok(AccountMapOut.of(found))


@post(
    "/finance/account-maps",
    opt=operation(
        Operation(
            summary="Publish an account map",
            tag="finance",
            roles=_FINANCE,
            key="required",
            body=AccountMapBody,
            example={"map": shipped_document("ifrs")},
            answers={201: AccountMapOut},
            refusals=("account-map-malformed",),
        )
    ),
)
async def create_account_map(request: ApiRequest) -> Response[bytes]:
    """Publish the next version; exports made with an earlier one keep theirs."""
    body = await body_of(request, AccountMapBody)
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        with within("/map", AccountMapMalformed):
            made = await publish_map(connection, cause, body.map)
        return answer(201, AccountMapOut.of(made), location=f"/v1/finance/account-maps/{made.name}")

    return await write(request, None, work)


def _days_of(period: str) -> tuple[date, date]:
    """Return the first day of a month or year, and the first day after it."""
    year, _, month = period.partition("-")
    first = date(int(year), int(month or 1), 1)
    if not month:
        return first, date(first.year + 1, 1, 1)
    return first, (first + timedelta(days=31)).replace(day=1)


async def _chunks(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk


def _forget(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.parent.rmdir()


ROUTES: Final = (
    create_export,
    list_all_exports,
    read_export,
    read_file,
    list_account_maps,
    read_account_map,
    create_account_map,
)
