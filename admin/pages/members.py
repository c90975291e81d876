"""Members: search by anything that names one, and the page about one member."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.asked import id_of
from admin.forms import Form, Sent, sent
from admin.guards import NEEDS, Needs
from admin.limits import daily_limit, limiting_role, reason_choices
from admin.member_view import load_member, page_before
from admin.once import once
from admin.refusals import REFUSALS, sentence
from admin.render import go, page
from admin.visit import Visit, visit_of
from admin.words import MEMBER_CLASSES, badge
from ledger import InsufficientPoints
from loyalty.adjustments import Adjustment, adjust
from loyalty.cause import Cause
from loyalty.idempotency import Begun
from loyalty.ids import MalformedId, read, show
from loyalty.members import MalformedContact, Ref, find_members, read_member_ref
from loyalty.members.listing import Entry, entries_of, newest_members
from loyalty.vouchers import give_voucher

STAFF: Final = {NEEDS: Needs.STAFF}
PAGE_SIZE: Final = 30
LARGEST: Final = 10**12


@get("/console/members", opt=STAFF)
async def members_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Members by what is known of them; an exact hit opens the member at once."""
    visit = visit_of(request)
    query = visit.query.get("q", "").strip()
    before = id_of("mem", visit.query.get("before", ""))
    async with visit.application.database.snapshot() as connection:
        if query:
            if query.startswith("ord_"):
                return go(f"/console/orders/{quote(query)}")
            found = await _search(connection, query)
        else:
            found = await newest_members(connection, limit=PAGE_SIZE + 1, before=before)
    if query and len(found) == 1:
        return go(f"/console/members/{show('mem', found[0].id)}")
    shown = found[:PAGE_SIZE]
    return page(
        request,
        "members.html",
        query=query,
        rows=[(one, badge(visit.voice, MEMBER_CLASSES, one.class_)) for one in shown],
        older=show("mem", shown[-1].id) if len(found) > PAGE_SIZE else None,
        paged=before is not None,
    )


@get("/console/members/{member:str}", opt=STAFF)
async def member_page(request: Request[Any, Any, Any], member: FromPath[str]) -> Response[Any]:
    """Everything about one member, and what can be done for them."""
    visit = visit_of(request)
    return await _member(request, read_member_ref(member), _points(visit), _voucher())


@post("/console/members/{member:str}/points", opt={NEEDS: Needs.STAFF})
async def points_form(request: Request[Any, Any, Any], member: FromPath[str]) -> Response[Any]:
    """Give or take points, for a reason."""
    visit, form, ref = visit_of(request), await sent(request), read_member_ref(member)
    adjustment, wrong = _adjustment(visit, form)
    if adjustment is not None:
        cause = visit.cause()

        async def effect(connection: AsyncConnection, begun: Begun) -> None:
            await adjust(connection, cause, begun.whose(), adjustment)

        try:
            return await once(
                visit,
                form,
                "console.adjust",
                ref,
                effect,
                then=f"/console/members/{member}?done=points-given",
            )
        except REFUSALS as error:
            wrong = _wrong(visit, error)
    again = form.form("points", wrong)
    return await _member(request, ref, again, _voucher(), HTTPStatus.UNPROCESSABLE_ENTITY)


@post("/console/members/{member:str}/vouchers", opt={NEEDS: Needs.ADMIN})
async def voucher_form(request: Request[Any, Any, Any], member: FromPath[str]) -> Response[Any]:
    """Give a voucher, for a reason."""
    visit, form, ref = visit_of(request), await sent(request), read_member_ref(member)
    cause: Cause = visit.cause()
    wrong = _reason(visit, form)

    async def effect(connection: AsyncConnection, begun: Begun) -> None:
        await give_voucher(
            connection,
            cause,
            begun.whose(),
            definition=form.get("definition"),
            reason=form.get("reason"),
            note=form.get("note") or None,
        )

    if not wrong:
        try:
            return await once(
                visit,
                form,
                "console.voucher",
                ref,
                effect,
                then=f"/console/members/{member}?done=voucher-given",
            )
        except REFUSALS as error:
            wrong = _wrong(visit, error)
    again = form.form("voucher", wrong)
    return await _member(request, ref, _points(visit), again, HTTPStatus.UNPROCESSABLE_ENTITY)


async def _member(
    request: Request[Any, Any, Any],
    ref: Ref,
    points: Form,
    voucher: Form,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response[Any]:
    visit = visit_of(request)
    view = await load_member(visit, ref, before=page_before(visit))
    return page(
        request,
        "member.html",
        status=status,
        view=view,
        points=points,
        voucher=voucher,
        reasons=reason_choices(visit),
        definitions=[(one.name, view.voucher_name(visit.voice, one)) for one in view.definitions],
        limit=daily_limit(visit),
    )


async def _search(connection: AsyncConnection, query: str) -> Sequence[Entry]:
    """Whoever the words name: our id, the shop's id, e-mail, phone, or an order's number."""
    found: set[UUID] = set()
    if query.startswith("mem_"):
        try:
            found.add(read("mem", query))
        except MalformedId:
            return ()
    elif "@" in query:
        found |= await _by(connection, email=query)
    else:
        found |= await _by(connection, external_id=query.removeprefix("ext:"))
        found |= await _by(connection, order=query)
        found |= await _by(connection, phone=query)
    return await entries_of(connection, sorted(found))


async def _by(connection: AsyncConnection, **names: str) -> set[UUID]:
    try:
        return {one.id for one in await find_members(connection, **names)}
    except (MalformedContact, MalformedId):
        return set()


def _adjustment(visit: Visit, form: Sent) -> tuple[Adjustment | None, dict[str, str]]:
    text = form.get("amount").replace(",", "").replace("\N{MINUS SIGN}", "-")
    digits = text.removeprefix("-").removeprefix("+")
    wrong: dict[str, str] = {}
    if not (digits.isascii() and digits.isdecimal()) or not 0 < int(digits[:20]) <= LARGEST:
        wrong["amount"] = visit.voice.say(
            "Please give a whole number other than 0: 100 gives, -100 takes."
        )
    wrong |= _reason(visit, form)
    if wrong:
        return None, wrong
    note = form.get("note") or None
    return Adjustment(int(text), form.get("reason"), limiting_role(visit), note), {}


def _reason(visit: Visit, form: Sent) -> dict[str, str]:
    if form.get("reason") in visit.policy.adjustment_reasons:
        return {}
    return {"reason": visit.voice.say("Please choose one of the reasons.")}


def _wrong(visit: Visit, error: Exception) -> dict[str, str]:
    pointer = getattr(error, "pointer", None) or ""
    field = pointer.removeprefix("/")
    if isinstance(error, InsufficientPoints):
        field = "amount"
    known = field if field in {"amount", "reason", "note", "definition"} else ""
    return {known: sentence(visit.voice, error)}


def _points(visit: Visit) -> Form:
    return Form("points", {"reason": visit.policy.adjustment_reasons[0]})


def _voucher() -> Form:
    return Form("voucher")


ROUTES: Final = (members_page, member_page, points_form, voucher_form)
