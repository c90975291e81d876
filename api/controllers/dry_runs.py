"""Drafts of rules tried out: on a cart, on a past order, and on all orders of the last days."""

from typing import Final
from uuid import UUID

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest, application_of
from api.bodies import RequestInvalid, body_of, read_query
from api.controllers.checkout import member_of
from api.controllers.rule_drafts import named_draft
from api.operation import Operation, operation
from api.pagination import Page, PageQuery, read_cursor, sign_cursor
from api.schemas.dry_runs import DryRunBody, DryRunOut, TriedOut, TryBody
from api.writing import answer, cause_of, now_of, ok, write
from loyalty.checkout.sentences import speaks
from loyalty.dry_runs import UnknownDryRun, find_dry_run, list_dry_runs, try_cart, try_order
from loyalty.dry_runs.asking import ask_for_dry_run
from loyalty.dry_runs.types import RUN
from loyalty.idempotency import Answer, Begun
from loyalty.ids import MalformedId, read
from loyalty.keys import Role
from loyalty.members import Ref, UnknownOrder, read_order_ref

_ADMIN: Final[frozenset[Role]] = frozenset({"admin"})
_READERS: Final[frozenset[Role]] = frozenset({"admin", "finance"})
_DRAFT: Final = {"draft": "The id of the draft (rdr_…)."}
_RUN: Final = {"run": "The id of the dry run (dry_…)."}
_UNFIT: Final = ("rule-draft-unknown", "rule-draft-empty", "rule-not-live", "rule-unfit")
_WAITING: Final = {
    "id": "dry_01kfz3m6q8e4trx9n2v5w7y1ab",
    "draft": "rdr_01kfz3m6q8e4trx9n2v5w7y1ab",
    "state": "waiting",
    "rule_set": 41,
    "since": "2026-08-23T09:30:00+01:00",
    "until": "2026-11-21T09:30:00+01:00",
    "days": 90,
    "shop_priced": "earning",
    "asked_at": "2026-11-21T09:30:00+01:00",
    "asked_by": "key:01kfz3m6q8e4trx9n2v5w7y1ab",
    "selected": None,
    "done": 0,
    "finished_at": None,
    "failure": None,
    "draft_changed": False,
    "rule_set_moved": False,
    "figures": None,
}


@post(
    "/rule-drafts/{draft:str}/try",
    status_code=200,
    opt=operation(
        Operation(
            summary="Try a draft of rules on a cart or a past order",
            tag="rules",
            roles=_ADMIN,
            body=TryBody,
            answers={200: TriedOut},
            refusals=(
                *_UNFIT,
                *("unknown-member", "unknown-order", "member-closed", "foreign-currency"),
                *("cart-refused", "points-over-available", "points-over-spendable"),
                *("points-under-minimum", "points-off-step", "decision-damaged"),
            ),
            parameters=_DRAFT,
            example={"order": "ext:A-1001"},
        )
    ),
)
async def try_draft(request: ApiRequest) -> Response[bytes]:
    """Answer what is live and the same with the draft, side by side; nothing is stored."""
    body = await body_of(request, TryBody)
    application, draft, at = application_of(request), named_draft(request), now_of(request)
    async with application.database.snapshot() as connection:
        if body.cart is not None and body.order is None:
            ref, basket = member_of(body.cart.member), body.cart.order.basket()
            tried = await try_cart(connection, application.programme, draft, ref, basket, at=at)
        elif body.order is not None and body.cart is None:
            tried = await try_order(
                connection,
                application.programme,
                draft,
                _order(body.order),
                at=at,
                shop_priced=body.shop_priced,
            )
        else:
            seen = "either a cart or an order is expected"
            raise RequestInvalid(pointer="/cart", seen=seen, reason="malformed")
    return ok(TriedOut.of(tried, speaks(request.headers.get("accept-language", ""))))


@post(
    "/rule-drafts/{draft:str}/dry-runs",
    opt=operation(
        Operation(
            summary="Try a draft of rules on the orders of the last days",
            tag="rules",
            roles=_ADMIN,
            key="required",
            body=DryRunBody,
            answers={201: DryRunOut},
            refusals=_UNFIT,
            parameters=_DRAFT,
            example={"days": 90},
            example_answer=_WAITING,
        )
    ),
)
async def create_dry_run(request: ApiRequest) -> Response[bytes]:
    """Let a worker decide every order that the draft may concern, with it and without it."""
    body = await body_of(request, DryRunBody)
    cause, draft = cause_of(request, now_of(request)), named_draft(request)
    programme = application_of(request).programme

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        asked = await ask_for_dry_run(
            connection, programme, cause, draft, days=body.days, shop_priced=body.shop_priced
        )
        shown = DryRunOut.of(asked)
        return answer(201, shown, location=f"/v1/dry-runs/{shown.id}")

    return await write(request, None, work)


@get(
    "/rule-drafts/{draft:str}/dry-runs",
    opt=operation(
        Operation(
            summary="List the dry runs of a draft of rules",
            tag="rules",
            roles=_READERS,
            query=PageQuery,
            answers={200: Page[DryRunOut]},
            refusals=("rule-draft-unknown",),
            parameters=_DRAFT,
        )
    ),
)
async def list_runs(request: ApiRequest) -> Response[bytes]:
    """Answer the dry runs of a draft, newest first, each as it was asked for."""
    query, draft = read_query(request, PageQuery), named_draft(request)
    before = read_cursor(request, "dry-runs", query.after, UUID)
    async with application_of(request).database.snapshot() as connection:
        found = await list_dry_runs(
            connection, draft, at=now_of(request), limit=query.limit + 1, before=before
        )
    shown = found[: query.limit]
    more = sign_cursor(request, "dry-runs", shown[-1].id) if len(found) > len(shown) else None
    return ok(Page([DryRunOut.of(each) for each in shown], more))


@get(
    "/dry-runs/{run:str}",
    opt=operation(
        Operation(
            summary="Read a dry run",
            tag="rules",
            roles=_READERS,
            answers={200: DryRunOut},
            refusals=("unknown-dry-run",),
            parameters=_RUN,
        )
    ),
)
async def read_dry_run(request: ApiRequest) -> Response[bytes]:
    """Answer how far a dry run is, and what came of it."""
    text = str(request.path_params["run"])
    try:
        wanted = read(RUN, text)
    except MalformedId:
        raise UnknownDryRun(seen=text[:80]) from None
    async with application_of(request).database.snapshot() as connection:
        return ok(DryRunOut.of(await find_dry_run(connection, wanted, at=now_of(request))))


def _order(text: str) -> Ref:
    try:
        return read_order_ref(text)
    except MalformedId:
        raise UnknownOrder(seen=text[:80], pointer="/order") from None


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    try_draft,
    create_dry_run,
    list_runs,
    read_dry_run,
)
