"""Drafts of ladders: written and changed as a form; nothing changes for anybody by that."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from admin.asked import named_id
from admin.forms import Form, Sent, sent
from admin.guards import NEEDS, Needs
from admin.ladder_form import (
    choices,
    document_from,
    field_of,
    labels_of,
    metrics_of,
    rearranged,
    rows_of,
    usual_ladder,
    values_of,
)
from admin.once import Effect, once
from admin.pages.ladder import draft_address
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.standings import metric_name
from admin.visit import Visit, visit_of
from loyalty.idempotency import Begun
from loyalty.ladders import DRAFT, change_draft, make_draft

ADMIN: Final = {NEEDS: Needs.ADMIN}
HERE: Final = "/console/ladder/drafts"
NEW: Final = f"{HERE}/new"


@get(NEW, opt=ADMIN)
async def new_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """The live ladder as a form, or a usual one; from another draft or version if asked."""
    visit = visit_of(request)
    async with visit.application.database.read() as connection:
        document = await _beginning(connection, visit)
    form = Form("ladder", values_of(document, visit.policy.currency))
    return _form(request, form, None, HTTPStatus.OK)


@post(NEW, opt=ADMIN)
async def new_form(request: Request[Any, Any, Any]) -> Response[Any]:
    """Store a draft."""
    visit, form = visit_of(request), await sent(request)
    cause = visit.cause()

    def storing(document: Mapping[str, object]) -> Effect:
        async def effect(connection: AsyncConnection, _: Begun) -> str:
            made = await make_draft(connection, cause, document)
            return f"{draft_address(made)}?done=draft-made"

        return effect

    async with visit.application.database.read() as connection:
        base = await _beginning(connection, visit)
    return await _store(request, form, base, None, storing)


@get(f"{HERE}/{{draft:str}}/change", opt=ADMIN)
async def change_page(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """A draft as a form."""
    visit, one = visit_of(request), draft_of(draft)
    async with visit.application.database.read() as connection:
        found = await tiers.find_draft(connection, one)
    form = Form("ladder", values_of(found.document, visit.policy.currency))
    return _form(request, form, found, HTTPStatus.OK)


@post(f"{HERE}/{{draft:str}}/change", opt=ADMIN)
async def change_form(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """Put what the form says in the draft; its earlier previews stay with their figures."""
    visit, form, one = visit_of(request), await sent(request), draft_of(draft)
    cause = visit.cause()

    def storing(document: Mapping[str, object]) -> Effect:
        async def effect(connection: AsyncConnection, _: Begun) -> None:
            await change_draft(connection, cause, one, document)

        return effect

    async with visit.application.database.read() as connection:
        found = await tiers.find_draft(connection, one)
    return await _store(request, form, found.document, found, storing)


async def _store(
    request: Request[Any, Any, Any],
    form: Sent,
    base: Mapping[str, Any],
    found: tiers.Draft | None,
    storing: Callable[[Mapping[str, object]], Effect],
) -> Response[Any]:
    """Store the form, or show it again: rearranged as wished, or with what is wrong."""
    visit = visit_of(request)
    if form.get("arrange"):
        moved = Form("ladder", rearranged(form.values, form.get("arrange")))
        return _form(request, moved, found, HTTPStatus.OK)
    document, wrong = document_from(form, base, visit.voice, tuple(visit.policy.assets))
    if not wrong:
        then = "/console/ladder" if found is None else f"{draft_address(found)}?done=draft-changed"
        try:
            return await once(visit, form, "console.ladder", None, storing(document), then=then)
        except REFUSALS as error:
            wrong = {field_of(getattr(error, "pointer", "") or ""): sentence(visit.voice, error)}
    return _form(request, form.form("ladder", wrong), found, HTTPStatus.UNPROCESSABLE_ENTITY)


def _form(
    request: Request[Any, Any, Any], form: Form, found: tiers.Draft | None, status: HTTPStatus
) -> Response[Any]:
    visit = visit_of(request)
    assets = tuple(visit.policy.assets)
    return page(
        request,
        "ladder_form.html",
        status=status,
        form=form,
        draft=found,
        address=None if found is None else draft_address(found),
        ranks=range(rows_of(form.values) - 1, -1, -1),
        labels=labels_of(visit.voice, form.values, assets),
        choices=choices(visit.voice),
        metrics=[(one, metric_name(visit.voice, one)) for one in metrics_of(assets)],
    )


async def _beginning(connection: AsyncConnection, visit: Visit) -> Mapping[str, Any]:
    """What a new draft begins with."""
    text = visit.query.get("from", "")
    if text.isdecimal() and len(text) < len("1000000000"):
        return dict(await tiers.find_document(connection, int(text)))
    if text:
        return (await tiers.find_draft(connection, draft_of(text))).document
    live = await tiers.live_ladder(connection)
    return usual_ladder(visit.policy.currency) if live is None else tiers.document_of(live)


def draft_of(text: str) -> UUID:
    """The draft that an address names."""
    return named_id(DRAFT, text)


ROUTES: Final = (new_page, new_form, change_page, change_form)
