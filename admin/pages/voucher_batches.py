"""Batches of codes: made, brought in from outside, read once as a file, made void."""

from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from admin.actors import actor_words, by_id
from admin.asked import named_id, ref_text
from admin.errors import PageMissing
from admin.forms import Form, Sent, sent
from admin.guards import NEEDS, Needs
from admin.once import once
from admin.pages.vouchers import BATCHES, find_kind
from admin.pages.vouchers import HERE as VOUCHERS
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.visit import Visit, visit_of
from admin.voucher_words import BATCH_KINDS, BATCH_STATES, FAULTS, VOID_REASONS, reason_from, why
from admin.words import VOUCHER_STATES, badge, named
from loyalty.cause import staff_actor
from loyalty.idempotency import Begun
from loyalty.ids import show
from loyalty.issuing.batches import Asking, ask_for_batch, read_codes, void_batch
from loyalty.issuing.codes_file import codes_file
from loyalty.issuing.errors import UnknownVoucherBatch
from loyalty.issuing.importing import MOST_AT_ONCE, begin_import, take_codes
from loyalty.issuing.store import find_batch
from loyalty.issuing.types import MOST, OutsideCode, Taken
from loyalty.members import list_lists
from loyalty.policy import policy_at
from loyalty.staff import list_people
from loyalty.vouchers import span_of

STAFF: Final = {NEEDS: Needs.STAFF}
ADMIN: Final = {NEEDS: Needs.ADMIN}
LISTS: Final = 100
FAULTS_SHOWN: Final = 12
REFRESH: Final = "3"
DIGITS: Final = len(str(MOST_AT_ONCE))


@get(f"{VOUCHERS}/{{name:str}}/batch", opt=ADMIN)
async def batch_form_page(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[Any]:
    """Ask for codes: so many for whoever has them, or one for each of some members."""
    return await _ask(request, name, Form("batch"), HTTPStatus.OK)


@post(f"{VOUCHERS}/{{name:str}}/batch", opt=ADMIN)
async def batch_form(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[Any]:
    """Make a batch: a small one at once, a large one by a worker."""
    visit, form = visit_of(request), await sent(request)
    cause, asked, wrong = visit.cause(), *_asked(visit, form, name)

    async def effect(connection: AsyncConnection, _: Begun) -> str:
        batch = await ask_for_batch(connection, cause, asked)
        return f"{BATCHES}/{show('vbt', batch.id)}?done=batch-asked"

    if not wrong:
        try:
            return await once(visit, form, "console.voucher-batch", None, effect, then=VOUCHERS)
        except REFUSALS as error:
            wrong = {_way(asked): sentence(visit.voice, error)}
    again = form.form("batch", wrong)
    return await _ask(request, name, again, HTTPStatus.UNPROCESSABLE_ENTITY)


@get(f"{VOUCHERS}/{{name:str}}/upload", opt=ADMIN)
async def upload_page(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[Any]:
    """Bring in codes that another system made."""
    return await _upload(request, name, Form("upload"), HTTPStatus.OK)


@post(f"{VOUCHERS}/{{name:str}}/upload", opt=ADMIN)
async def upload_form(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[Any]:
    """Take the codes that can be taken, and name the lines of the others."""
    visit, form = visit_of(request), await sent(request)
    cause, rows, wrong = visit.cause(), _rows(form.raw("codes")), dict[str, str]()
    if not 1 <= len(rows) <= MOST_AT_ONCE:
        wrong["codes"] = visit.voice.say(
            "Please give 1 to %(most)s codes, one on each line.",
            most=visit.voice.number(MOST_AT_ONCE),
        )

    async def effect(connection: AsyncConnection, _: Begun) -> str:
        batch = await begin_import(connection, cause, name, rows=len(rows))
        return _told(await take_codes(connection, cause, batch, rows))

    if not wrong:
        try:
            return await once(visit, form, "console.voucher-upload", None, effect, then=VOUCHERS)
        except REFUSALS as error:
            wrong["codes"] = sentence(visit.voice, error)
    again = form.form("upload", wrong)
    return await _upload(request, name, again, HTTPStatus.UNPROCESSABLE_ENTITY)


@get(f"{BATCHES}/{{batch:str}}", opt=STAFF)
async def batch_page(request: Request[Any, Any, Any], batch: FromPath[str]) -> Response[Any]:
    """One batch: how far it is, what became of its vouchers, and what can be done with it."""
    return await _batch(request, named_id("vbt", batch), Form("void"), HTTPStatus.OK)


@post(f"{BATCHES}/{{batch:str}}/codes", opt=ADMIN)
async def codes_form(request: Request[Any, Any, Any], batch: FromPath[str]) -> Response[Any]:
    """The codes as a file, once, to whoever asked for them."""
    visit, one = visit_of(request), named_id("vbt", batch)
    try:
        codes = await visit.application.database.write(read_codes, visit.cause(), one)
    except UnknownVoucherBatch:
        raise PageMissing from None
    except REFUSALS as error:
        again = Form("codes", {}, {"": sentence(visit.voice, error)})
        return await _batch(request, one, again, HTTPStatus.UNPROCESSABLE_ENTITY)
    file = f'attachment; filename="{show("vbt", one)}.csv"'
    return Response(codes_file(codes), media_type="text/csv", headers={"Content-Disposition": file})


@post(f"{BATCHES}/{{batch:str}}/void", opt=ADMIN)
async def void_form(request: Request[Any, Any, Any], batch: FromPath[str]) -> Response[Any]:
    """Make what is left of a batch void, for a reason."""
    visit, form, one = visit_of(request), await sent(request), named_id("vbt", batch)
    cause, (reason, wrong) = visit.cause(), reason_from(form, visit.voice)

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        await void_batch(connection, cause, one, reason=reason)

    if not wrong:
        then = f"{BATCHES}/{batch}?done=batch-void"
        try:
            return await once(visit, form, "console.void-batch", None, effect, then=then)
        except UnknownVoucherBatch:
            raise PageMissing from None
        except REFUSALS as error:
            wrong[""] = sentence(visit.voice, error)
    again = form.form("void", wrong)
    return await _batch(request, one, again, HTTPStatus.UNPROCESSABLE_ENTITY)


async def _ask(
    request: Request[Any, Any, Any], name: str, form: Form, status: HTTPStatus
) -> Response[Any]:
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        found = await find_kind(connection, name)
        lists = await list_lists(connection, limit=LISTS)
        span = await _span(connection, visit, found)
    return page(
        request,
        "voucher_ask.html",
        status=status,
        form=form,
        one=found,
        title=named(visit.voice, found.titles, found.name),
        lists=[("", "\N{EN DASH}")]
        + [(each.name, each.name) for each in lists if each.retired_at is None],
        span=span,
        most=MOST,
        codes=found.binding != "member",
        members=found.binding != "free",
    )


async def _upload(
    request: Request[Any, Any, Any], name: str, form: Form, status: HTTPStatus
) -> Response[Any]:
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        found = await find_kind(connection, name)
        span = await _span(connection, visit, found)
    return page(
        request,
        "voucher_upload.html",
        status=status,
        form=form,
        one=found,
        title=named(visit.voice, found.titles, found.name),
        span=span,
        most=MOST_AT_ONCE,
    )


async def _batch(
    request: Request[Any, Any, Any], one: UUID, form: Form, status: HTTPStatus
) -> Response[Any]:
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        try:
            found = await find_batch(connection, one)
        except UnknownVoucherBatch:
            raise PageMissing from None
        defined = await benefits.find_definition(connection, found.definition)
        counted = await benefits.count_states(connection, at=visit.at, batch=one)
        people = by_id(await list_people(connection))
    answer = page(
        request,
        "voucher_batch.html",
        status=status,
        form=form,
        one=found,
        title=named(visit.voice, defined.titles, defined.name),
        state=badge(visit.voice, BATCH_STATES, found.state),
        kind=visit.voice.say(BATCH_KINDS[found.kind]),
        who=actor_words(visit.voice, found.actor, people),
        mine=found.actor == staff_actor(visit.staff.person.id),
        why=why(visit.voice, found.void_reason),
        counted=[
            (badge(visit.voice, VOUCHER_STATES, code), counted[code]) for code in VOUCHER_STATES
        ],
        address=f"{BATCHES}/{show('vbt', one)}",
        reasons=[(code, visit.voice.say(words)) for code, words in VOID_REASONS.items()],
        faults=_faults(visit),
    )
    if found.state == "making":
        answer.headers["refresh"] = REFRESH
    return answer


async def _span(
    connection: AsyncConnection, visit: Visit, found: benefits.VoucherDefinition
) -> tuple[str, str | None] | None:
    """From when to when codes are good that are made now; None where none can be made any more."""
    try:
        starts, ends = span_of(await policy_at(connection, visit.at), found, visit.at)
    except benefits.VoucherOutsideWindow:
        return None
    return visit.voice.instant(starts), None if ends is None else visit.voice.instant(ends)


def _asked(visit: Visit, form: Sent, name: str) -> tuple[Asking, dict[str, str]]:
    """What a form asks for: the first of its ways that says something."""
    quantity, chosen = form.get("quantity").replace(",", ""), form.get("list")
    members = [ref_text(one, "mem_") for one in form.get("members").replace(",", " ").split()]
    if sum(map(bool, (quantity, chosen, members))) != 1:
        words = visit.voice.say("Please say how many, or name a list, or members: one of these.")
        return Asking(name), {"quantity" if "quantity" in form.values else "list": words}
    if not quantity:
        return Asking(name, None, tuple(members) or None, chosen or None), {}
    if not (quantity.isascii() and quantity.isdecimal() and 1 <= int(quantity[:9]) <= MOST):
        words = visit.voice.say(
            "Please give a whole number up to %(most)s.", most=visit.voice.number(MOST)
        )
        return Asking(name), {"quantity": words}
    return Asking(name, int(quantity)), {}


def _way(asked: Asking) -> str:
    if asked.quantity is not None:
        return "quantity"
    return "list" if asked.list is not None else "members"


def _rows(text: str) -> list[OutsideCode]:
    """Each line: a code, or a code and the member whose it is, with a comma between."""
    rows = []
    for line in text.splitlines():
        code, _, member = line.partition(",")
        if line.strip():
            whose = ref_text(member.strip(), "mem_") if member.strip() else None
            rows.append(OutsideCode(code.strip(), whose))
    return rows


def _told(taken: Taken) -> str:
    """Where to look at what was taken; the address names the lines that were not, and why."""
    lines = "-".join(
        f"{each.row}_{list(FAULTS).index(each.reason)}"
        for each in taken.refused[:FAULTS_SHOWN]
        if each.reason in FAULTS
    )
    told = f"taken={taken.taken}&known={taken.known}&refused={len(taken.refused)}&lines={lines}"
    return f"{BATCHES}/{show('vbt', taken.batch.id)}?done=codes-taken&{told}"


def _faults(visit: Visit) -> dict[str, Any] | None:
    """What the address tells of an upload that was just made."""
    figures = {name: visit.query.get(name, "") for name in ("taken", "known", "refused")}
    if not all(
        text.isascii() and text.isdecimal() and len(text) <= DIGITS for text in figures.values()
    ):
        return None
    faults, lines = list(FAULTS.values()), []
    for part in visit.query.get("lines", "").split("-"):
        row, _, number = part.partition("_")
        if row.isdecimal() and number.isdecimal() and int(number[:3]) < len(faults):
            words = visit.voice.say(faults[int(number[:3])])
            lines.append(visit.voice.say("Line %(row)s: %(words)s", row=row[:DIGITS], words=words))
    return {**{name: int(text) for name, text in figures.items()}, "lines": lines}


ROUTES: Final = (
    batch_form_page,
    batch_form,
    upload_page,
    upload_form,
    batch_page,
    codes_form,
    void_form,
)
