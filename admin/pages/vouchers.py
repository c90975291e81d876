"""Vouchers: what kinds there are and what became of them, one kind, and a new one."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from admin.actors import actor_words, by_id
from admin.asked import further, id_of
from admin.errors import PageMissing
from admin.forms import Form, sent
from admin.guards import NEEDS, Needs
from admin.limit_form import limit_choices, limit_labels, limit_rows, limit_values
from admin.limit_view import LimitView, limit_views
from admin.once import once
from admin.refusals import REFUSALS, sentence
from admin.render import go, page
from admin.rule_view import Speaker, speaker_of
from admin.visit import Visit, visit_of
from admin.voucher_form import FIRST, choices, definition_from, labels_of
from admin.voucher_words import BATCH_KINDS, BATCH_STATES, VOID_REASONS, reason_from, terms_of
from admin.words import VOUCHER_STATES, badge, named
from loyalty.idempotency import Begun
from loyalty.ids import show
from loyalty.issuing.reading import find_voucher
from loyalty.issuing.store import list_batches
from loyalty.members.listing import Entry, entries_of
from loyalty.rule_costs import Totals, find_totals
from loyalty.staff import list_people
from loyalty.vouchers import define_voucher, retire_definition

STAFF: Final = {NEEDS: Needs.STAFF}
ADMIN: Final = {NEEDS: Needs.ADMIN}
HERE: Final = "/console/vouchers"
NEW: Final = "/console/vouchers-new"
FIND: Final = "/console/vouchers-find"
ISSUED: Final = "/console/vouchers-issued"
BATCHES: Final = "/console/voucher-batches"
SHOWN: Final = 40
LATEST: Final = 25
RUNS: Final = 8
LONGEST_CODE: Final = 100


@get(HERE, opt=STAFF)
async def vouchers_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Every kind of voucher by name, with how many there are in each state."""
    return await _vouchers(request, Form("find"), HTTPStatus.OK)


@post(FIND, opt=STAFF)
async def find_form(request: Request[Any, Any, Any]) -> Response[Any]:
    """Open the voucher of a code; the code stands in no address, since it is money."""
    visit, form = visit_of(request), await sent(request)
    text = form.get("code")[:LONGEST_CODE]
    try:
        async with visit.application.database.read() as connection:
            found = await find_voucher(connection, text)
    except benefits.VoucherNotFound:
        wrong = {"code": visit.voice.say("There is no voucher with this code.")}
        return await _vouchers(request, form.form("find", wrong), HTTPStatus.UNPROCESSABLE_ENTITY)
    return go(f"{ISSUED}/{show('vou', found.voucher.id)}")


@get(NEW, opt=ADMIN)
async def new_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """A kind of voucher as an empty form."""
    values = {**FIRST, **limit_values((), visit_of(request).voice)}
    return _form(request, Form("voucher", values), HTTPStatus.OK)


@post(NEW, opt=ADMIN)
async def new_form(request: Request[Any, Any, Any]) -> Response[Any]:
    """Define a kind of voucher; it never changes afterwards."""
    visit, form = visit_of(request), await sent(request)
    cause = visit.cause()
    defined, wrong, field = definition_from(form, visit.voice)

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        if defined is not None:
            await define_voucher(connection, cause, defined)

    if defined is not None:
        then = f"{HERE}/{defined.name}?done=voucher-defined"
        try:
            return await once(visit, form, "console.define-voucher", None, effect, then=then)
        except REFUSALS as error:
            wrong = {field(error): sentence(visit.voice, error)}
    return _form(request, form.form("voucher", wrong), HTTPStatus.UNPROCESSABLE_ENTITY)


@get(f"{HERE}/{{name:str}}", opt=STAFF)
async def voucher_page(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[Any]:
    """One kind: what it says and gives, what is used of it, its batches and its vouchers."""
    return await _voucher(request, name, Form("retire"), HTTPStatus.OK)


@post(f"{HERE}/{{name:str}}/retire", opt=ADMIN)
async def retire_form(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[Any]:
    """Let no more vouchers of a kind be issued, for a reason."""
    visit, form = visit_of(request), await sent(request)
    cause, (reason, wrong) = visit.cause(), reason_from(form, visit.voice)

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        await retire_definition(connection, cause, name, reason=reason)

    if not wrong:
        then = f"{HERE}/{name}?done=voucher-retired"
        return await once(visit, form, "console.retire-voucher", None, effect, then=then)
    again = form.form("retire", wrong)
    return await _voucher(request, name, again, HTTPStatus.UNPROCESSABLE_ENTITY)


async def _vouchers(
    request: Request[Any, Any, Any], form: Form, status: HTTPStatus
) -> Response[Any]:
    visit, say = visit_of(request), visit_of(request).voice.say
    after, everything = visit.query.get("after", ""), visit.query.get("state") == "all"
    async with visit.application.database.snapshot() as connection:
        found = await benefits.list_definitions(
            connection, after=after, limit=SHOWN + 1, retired=everything
        )
        shown = found[:SHOWN]
        names = [one.name for one in shown]
        counted = await benefits.count_states_each(connection, names, at=visit.at)
        totals = await find_totals(connection, visit.at)
    return page(
        request,
        "vouchers.html",
        status=status,
        form=form,
        rows=[
            (
                one,
                named(visit.voice, one.titles, one.name),
                counted[one.name],
                _limits(visit, one, totals),
            )
            for one in shown
        ],
        states=[(code, say(words)) for code, (words, _) in VOUCHER_STATES.items()],
        views=[
            (say("In use"), further(visit, state="", after=""), not everything),
            (say("All"), further(visit, state="all", after=""), everything),
        ],
        older=further(visit, after=shown[-1].name) if len(found) > SHOWN else None,
        paged=further(visit, after="") if after else None,
    )


def _form(request: Request[Any, Any, Any], form: Form, status: HTTPStatus) -> Response[Any]:
    voice = visit_of(request).voice
    return page(
        request,
        "voucher_form.html",
        status=status,
        form=form,
        labels=labels_of(voice),
        choices=choices(voice),
        limits=limit_rows(form.values),
        limit_labels=limit_labels(voice),
        limit_choices=limit_choices(voice),
    )


async def _voucher(
    request: Request[Any, Any, Any], name: str, form: Form, status: HTTPStatus
) -> Response[Any]:
    visit = visit_of(request)
    asked = visit.query.get("state", "")
    state = asked if asked in VOUCHER_STATES else None
    async with visit.application.database.snapshot() as connection:
        found = await find_kind(connection, name)
        counted = await benefits.count_states(connection, at=visit.at, definition=name)
        totals = await find_totals(connection, visit.at)
        gives = await _gives(connection, await speaker_of(connection, visit), name)
        batches = await list_batches(connection, definition=name, limit=RUNS)
        people = by_id(await list_people(connection))
        issued = await benefits.list_issued(
            connection,
            name,
            at=visit.at,
            limit=LATEST + 1,
            before=id_of("vou", visit.query.get("before", "")),
            state=state,
        )
        shown = issued[:LATEST]
        entries = await entries_of(connection, sorted({one.member for one in shown}))
    known = {one.id: one for one in entries}
    return page(
        request,
        "voucher.html",
        status=status,
        form=form,
        one=found,
        title=named(visit.voice, found.titles, found.name),
        terms=terms_of(visit.voice, found),
        counted=[
            (badge(visit.voice, VOUCHER_STATES, code), code, counted[code])
            for code in VOUCHER_STATES
        ],
        limits=_limits(visit, found, totals),
        gives=gives,
        batches=[
            (
                one,
                show("vbt", one.id),
                badge(visit.voice, BATCH_STATES, one.state),
                visit.voice.say(BATCH_KINDS[one.kind]),
                actor_words(visit.voice, one.actor, people),
            )
            for one in batches
        ],
        rows=[(one, *_about(visit, one, known)) for one in shown],
        views=_views(visit, state),
        reasons=[(code, visit.voice.say(words)) for code, words in VOID_REASONS.items()],
        older=further(visit, before=show("vou", shown[-1].id)) if len(issued) > LATEST else None,
        newest=further(visit, before="") if "before" in visit.query else None,
    )


async def find_kind(connection: AsyncConnection, name: str) -> benefits.VoucherDefinition:
    """A kind of voucher by its name. Raises PageMissing."""
    try:
        return await benefits.find_definition(connection, name)
    except benefits.DefinitionNotFound:
        raise PageMissing from None


async def _gives(connection: AsyncConnection, speaker: Speaker, name: str) -> list[tuple[str, str]]:
    """The live rules that say what such a voucher gives."""
    version = await connection.scalar(benefits.live_rule_set_version(speaker.visit.at))
    if version is None:
        return []
    live = await benefits.find_published_rule_set(connection, version)
    return [
        (one.rule, speaker.sentence(one.document))
        for one in live.rules
        if one.document.get("voucher") == name
    ]


def _limits(visit: Visit, one: benefits.VoucherDefinition, totals: Totals) -> tuple[LimitView, ...]:
    return limit_views(visit.voice, benefits.voucher_scope(one.name), one.limits, totals)


def _about(
    visit: Visit, one: benefits.Voucher, known: Mapping[UUID, Entry]
) -> tuple[str, Any, tuple[str, str] | None, int]:
    """The id of a voucher, its state, whose it is, and how often it may still be used."""
    whose = None
    if one.member != benefits.FREE:
        entry, shown = known.get(one.member), show("mem", one.member)
        whose = shown, (entry.external_id if entry else None) or f"…{shown[-6:]}"
    state = badge(visit.voice, VOUCHER_STATES, benefits.voucher_state(one, visit.at))
    return show("vou", one.id), state, whose, one.uses - one.uses_reserved - one.uses_redeemed


def _views(visit: Visit, state: str | None) -> Sequence[tuple[str, str, bool]]:
    say = visit.voice.say
    views = [(say("All"), further(visit, state="", before=""), state is None)]
    return views + [
        (say(words), further(visit, state=code, before=""), state == code)
        for code, (words, _) in VOUCHER_STATES.items()
    ]


ROUTES: Final = (vouchers_page, find_form, new_page, new_form, voucher_page, retire_form)
