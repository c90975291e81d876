"""One voucher: how it stands, what every order did with it, and its end by hand."""

from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from admin.entry_rows import order_links
from admin.errors import PageMissing
from admin.forms import Form, sent
from admin.guards import NEEDS, Needs
from admin.once import once
from admin.pages.vouchers import BATCHES, ISSUED
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.visit import visit_of
from admin.voucher_words import USE_STATES, VOID_REASONS, reason_from, why
from admin.words import VOUCHER_STATES, badge, named
from loyalty.idempotency import Begun
from loyalty.ids import show
from loyalty.issuing.reading import find_voucher, void_voucher
from loyalty.members.listing import entries_of

STAFF: Final = {NEEDS: Needs.STAFF}
ADMIN: Final = {NEEDS: Needs.ADMIN}


@get(f"{ISSUED}/{{voucher:str}}", opt=STAFF)
async def issued_page(request: Request[Any, Any, Any], voucher: FromPath[str]) -> Response[Any]:
    """A voucher as it stands, and what was done with it."""
    return await _issued(request, voucher, Form("void"), HTTPStatus.OK)


@post(f"{ISSUED}/{{voucher:str}}/void", opt=ADMIN)
async def void_form(request: Request[Any, Any, Any], voucher: FromPath[str]) -> Response[Any]:
    """Make a voucher void, for a reason, unless an open order holds it."""
    visit, form = visit_of(request), await sent(request)
    cause, (reason, wrong) = visit.cause(), reason_from(form, visit.voice)

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        await void_voucher(connection, cause, voucher, reason=reason)

    if not wrong:
        then = f"{ISSUED}/{voucher}?done=voucher-void"
        try:
            return await once(visit, form, "console.void-voucher", None, effect, then=then)
        except benefits.VoucherNotFound:
            raise PageMissing from None
        except REFUSALS as error:
            wrong[""] = sentence(visit.voice, error)
    again = form.form("void", wrong)
    return await _issued(request, voucher, again, HTTPStatus.UNPROCESSABLE_ENTITY)


async def _issued(
    request: Request[Any, Any, Any], text: str, form: Form, status: HTTPStatus
) -> Response[Any]:
    visit = visit_of(request)
    if not text.startswith("vou_"):
        raise PageMissing
    async with visit.application.database.snapshot() as connection:
        try:
            found = await find_voucher(connection, text)
        except benefits.VoucherNotFound:
            raise PageMissing from None
        one = found.voucher
        defined = await benefits.find_definition(connection, one.definition)
        links = await order_links(connection, {use.order for use in found.uses})
        whose = {use.used_by for use in found.uses if use.used_by != use.order} | {one.member}
        entries = {each.id: each for each in await entries_of(connection, sorted(whose))}
    state = benefits.voucher_state(one, visit.at)

    def member(who: UUID) -> tuple[str, str] | None:
        if who not in entries:
            return None
        shown = show("mem", who)
        return f"/console/members/{shown}", entries[who].external_id or f"…{shown[-6:]}"

    return page(
        request,
        "voucher_issued.html",
        status=status,
        form=form,
        one=one,
        name=show("vou", one.id),
        title=named(visit.voice, defined.titles, defined.name),
        state=badge(visit.voice, VOUCHER_STATES, state),
        endable=state in {"issued", "reserved"},
        member=member(one.member),
        batch=None if found.batch is None else f"{BATCHES}/{show('vbt', found.batch)}",
        why=why(visit.voice, found.void_reason),
        left=one.uses - one.uses_reserved - one.uses_redeemed,
        uses=[
            (use, badge(visit.voice, USE_STATES, use.state), links[use.order], member(use.used_by))
            for use in found.uses
        ],
        reasons=[(code, visit.voice.say(words)) for code, words in VOID_REASONS.items()],
    )


ROUTES: Final = (issued_page, void_form)
