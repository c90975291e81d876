"""Orders: the latest, one by its number, and everything that happened to it in plain words."""

from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.decisions import said
from admin.errors import PageMissing
from admin.guards import NEEDS, Needs
from admin.order_rows import order_rows
from admin.order_view import order_view
from admin.render import go, page
from admin.standings import tier_names
from admin.visit import Visit, visit_of
from admin.words import ORDER_STATES, badge
from loyalty.ids import read, show
from loyalty.members import Ref, UnknownOrder, find_member, profile_of
from loyalty.orders.explained import explain_order
from loyalty.orders.listing import external_id_of, find_order_id, latest_orders
from tiers import live_ladder

STAFF: Final = {NEEDS: Needs.STAFF}
PAGE_SIZE: Final = 40


@get("/console/find", opt=STAFF)
async def find(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The box in the frame: an order by its number, or else whoever goes by the words."""
    visit = visit_of(request)
    query = visit.query.get("q", "").strip()
    if query and not query.startswith("mem_"):
        if query.startswith("ord_"):
            return go(f"/console/orders/{quote(query)}")
        async with visit.application.database.read() as connection:
            found = await find_order_id(connection, query.removeprefix("ext:"))
        if found is not None:
            return go(f"/console/orders/{show('ord', found)}")
    return go(f"/console/members?{urlencode({'q': query})}")


@get("/console/orders", opt=STAFF)
async def orders_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """The latest orders, or the one with the number asked for."""
    visit = visit_of(request)
    query = visit.query.get("q", "").strip()
    async with visit.application.database.snapshot() as connection:
        if query:
            found = await find_order_id(connection, query.removeprefix("ext:"))
            if query.startswith("ord_") or found is not None:
                target = quote(query) if found is None else show("ord", found)
                return go(f"/console/orders/{target}")
        entries = await latest_orders(connection, limit=PAGE_SIZE + 1, before=_cursor(visit))
    shown = [] if query else entries[:PAGE_SIZE]
    older = None
    if not query and len(entries) > PAGE_SIZE:
        last = shown[-1]
        older = "?" + urlencode({"before": f"{last.placed_at.isoformat()}_{last.id}"})
    return page(
        request,
        "orders.html",
        query=query,
        orders=order_rows(visit, shown),
        older=older,
        paged="before" in visit.query,
    )


@get("/console/orders/{order:str}", opt=STAFF)
async def order_page(request: Request[Any, Any, Any], order: FromPath[str]) -> Response[Any]:
    """One order: its lines, what was decided and why, shipments and returns."""
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        order_id = await _order_id(connection, order)
        try:
            explained = await explain_order(connection, visit.application.programme, order_id)
        except UnknownOrder:
            raise PageMissing from None
        found = explained.found
        number = await external_id_of(connection, order_id)
        ladder = await live_ladder(connection)
        owner = None
        if not found.order.guest:
            member = await find_member(
                connection, Ref(kind="member", text=str(found.order.member), id=found.order.member)
            )
            profile = await profile_of(connection, member.id)
            owner = (member, next(iter(profile.external_ids), profile.name or ""))
    names = tier_names(visit.voice, ladder)
    history = found.history
    state = "part-returned" if history.returns and history.state == "completed" else history.state
    return page(
        request,
        "order.html",
        number=number,
        order=found.order,
        view=order_view(visit, explained),
        state=badge(visit.voice, ORDER_STATES, state),
        owner=owner,
        said=said(visit, found.decision, found.order.currency, names),
        names=names,
    )


async def _order_id(connection: AsyncConnection, text: str) -> UUID:
    """The order of an address: our id, or the shop's number after `ext:`."""
    if not text.startswith("ext:"):
        return read("ord", text)
    found = await find_order_id(connection, text.removeprefix("ext:"))
    if found is None:
        raise PageMissing
    return found


def _cursor(visit: Visit) -> tuple[datetime, UUID] | None:
    instant, _, order = visit.query.get("before", "").partition("_")
    try:
        cursor = datetime.fromisoformat(instant), UUID(order)
    except ValueError:
        return None
    return cursor if cursor[0].utcoffset() is not None else None


ROUTES: Final = (find, orders_page, order_page)
