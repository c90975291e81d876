"""Reconciliations: run one, read its items, clear an item and reopen it."""

from typing import Final

from litestar import Response, get, post
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest, application_of, path_number
from api.bodies import body_of, read_query
from api.operation import Operation, operation
from api.pagination import (
    DEFAULT_LIMIT,
    Cursor,
    Limit,
    Page,
    PageQuery,
    read_cursor,
    sign_cursor,
)
from api.schemas.reconciliation import (
    ClearBody,
    ItemOut,
    ReconciliationBody,
    ReconciliationOut,
    ReconciliationsOut,
    ReopenBody,
)
from api.writing import answer, cause_of, now_of, ok, write
from loyalty.idempotency import Answer, Begun
from loyalty.keys import Role
from loyalty.reconciliation import (
    ClearingReason,
    ItemKind,
    ReopeningReason,
    Tolerance,
    clear_item,
    find_reconciliation,
    list_items,
    list_reconciliations,
    reconcile,
    reopen_item,
)

_READERS: Final[frozenset[Role]] = frozenset({"finance", "admin"})
_FINANCE: Final[frozenset[Role]] = frozenset({"finance"})
_NUMBER: Final = {"number": "The run's number."}
_PLACE: Final = {**_NUMBER, "position": "The item's place in the run."}


class ItemsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which items of a run, in the order of their keys."""

    open: bool = False
    kind: ItemKind | None = None
    limit: Limit = DEFAULT_LIMIT
    after: Cursor | None = None


@post(
    "/finance/reconciliations",
    opt=operation(
        Operation(
            summary="Compare orders with the ledger, and the shop's list with orders",
            tag="finance",
            roles=_READERS,
            key="required",
            body=ReconciliationBody,
            example={
                "from": "2026-01-01",
                "to": "2026-02-01",
                "control": [{"order": "S-1001", "completed": 4990, "status": "completed"}],
            },
            answers={201: ReconciliationsOut},
            refusals=("reconciliation-period-unfit", "control-repeated"),
        )
    ),
)
async def run_reconciliation(request: ApiRequest) -> Response[bytes]:
    """Run each leg once and keep what it found under a number."""
    body = await body_of(request, ReconciliationBody)
    cause = cause_of(request, now_of(request))
    control = None if body.control is None else [row.row() for row in body.control]

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        runs = await reconcile(
            connection,
            cause,
            since=body.since,
            until=body.until,
            tolerance=Tolerance(points=body.tolerance_points, money=body.tolerance_money),
            control=control,
        )
        shown = ReconciliationsOut([ReconciliationOut.of(run) for run in runs])
        location = f"/v1/finance/reconciliations/{runs[0].number}"
        return answer(201, shown, location=location)

    return await write(request, None, work)


@get(
    "/finance/reconciliations",
    opt=operation(
        Operation(
            summary="List the reconciliations",
            tag="finance",
            roles=_READERS,
            query=PageQuery,
            answers={200: Page[ReconciliationOut]},
        )
    ),
)
async def list_runs(request: ApiRequest) -> Response[bytes]:
    """Answer the runs, the newest first."""
    query = read_query(request, PageQuery)
    before = read_cursor(request, "reconciliations", query.after, int)
    async with application_of(request).database.read() as connection:
        found = await list_reconciliations(connection, limit=query.limit + 1, before=before)
    page = found[: query.limit]
    more = len(found) > query.limit
    next_ = sign_cursor(request, "reconciliations", page[-1].number) if more else None
    return ok(Page([ReconciliationOut.of(run) for run in page], next_))


@get(
    "/finance/reconciliations/{number:int}",
    opt=operation(
        Operation(
            summary="Read a reconciliation",
            tag="finance",
            roles=_READERS,
            answers={200: ReconciliationOut},
            refusals=("unknown-reconciliation",),
            parameters=_NUMBER,
        )
    ),
)
async def read_run(request: ApiRequest) -> Response[bytes]:
    """Answer one run with both sides' sums and what is still open."""
    async with application_of(request).database.read() as connection:
        run = await find_reconciliation(connection, path_number(request))
    return ok(ReconciliationOut.of(run))


@get(
    "/finance/reconciliations/{number:int}/items",
    opt=operation(
        Operation(
            summary="List the items of a reconciliation",
            tag="finance",
            roles=_READERS,
            query=ItemsQuery,
            answers={200: Page[ItemOut]},
            refusals=("unknown-reconciliation",),
            parameters=_NUMBER,
        )
    ),
)
async def list_run_items(request: ApiRequest) -> Response[bytes]:
    """Answer the differences, in the order of their keys."""
    query, number = read_query(request, ItemsQuery), path_number(request)
    list_ = f"items {number} {query.open} {query.kind}"
    after = read_cursor(request, list_, query.after, int) or 0
    async with application_of(request).database.read() as connection:
        await find_reconciliation(connection, number)
        found = await list_items(
            connection,
            number,
            limit=query.limit + 1,
            after=after,
            open_only=query.open,
            kind=query.kind,
        )
    page = found[: query.limit]
    more = len(found) > query.limit
    next_ = sign_cursor(request, list_, page[-1].position) if more else None
    return ok(Page([ItemOut.of(item) for item in page], next_))


@post(
    "/finance/reconciliations/{number:int}/items/{position:int}/clear",
    opt=operation(
        Operation(
            summary="Clear an item of a reconciliation",
            tag="finance",
            roles=_FINANCE,
            key="required",
            body=ClearBody,
            example={"reason": "corrected-by-shop", "reference": "FIN-204"},
            answers={200: ItemOut},
            refusals=("unknown-reconciliation-item", "item-cleared"),
            parameters=_PLACE,
        )
    ),
)
async def clear_run_item(request: ApiRequest) -> Response[bytes]:
    """Explain a difference; a later run that finds the same one shows it cleared."""
    body = await body_of(request, ClearBody)
    number, position = path_number(request), path_number(request, "position")
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        item = await clear_item(
            connection,
            cause,
            number,
            position,
            reason=ClearingReason(body.reason),
            reference=body.reference,
        )
        return answer(200, ItemOut.of(item))

    return await write(request, None, work)


@post(
    "/finance/reconciliations/{number:int}/items/{position:int}/reopen",
    opt=operation(
        Operation(
            summary="Reopen a cleared item of a reconciliation",
            tag="finance",
            roles=_FINANCE,
            key="required",
            body=ReopenBody,
            example={"reason": "disproved", "reference": "FIN-219"},
            answers={200: ItemOut},
            refusals=("unknown-reconciliation-item", "item-not-cleared"),
            parameters=_PLACE,
        )
    ),
)
async def reopen_run_item(request: ApiRequest) -> Response[bytes]:
    """Ask for a difference again whose explanation does not hold, in every run that found it."""
    body = await body_of(request, ReopenBody)
    number, position = path_number(request), path_number(request, "position")
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        item = await reopen_item(
            connection,
            cause,
            number,
            position,
            reason=ReopeningReason(body.reason),
            reference=body.reference,
        )
        return answer(200, ItemOut.of(item))

    return await write(request, None, work)


ROUTES: Final = (
    *(run_reconciliation, list_runs, read_run),
    *(list_run_items, clear_run_item, reopen_run_item),
)
