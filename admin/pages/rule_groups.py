"""Groups of rules: how the rules of each go together and what bounds them, changed by drafts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from admin.errors import PageMissing
from admin.forms import Form, Sent, sent
from admin.group_view import MODE_CHOICES, GroupView, group_view, live_groups
from admin.guards import NEEDS, Needs
from admin.limit_form import (
    limit_choices,
    limit_field,
    limit_labels,
    limit_mistakes,
    limit_rows,
    limit_values,
    limits_from,
)
from admin.once import Effect, once
from admin.pages.rule_drafts import HERE as DRAFTS
from admin.pages.rule_drafts import draft_id
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.visit import Visit, visit_of
from benefits import GroupDocument, RuleChange
from loyalty.idempotency import Begun
from loyalty.ids import show
from loyalty.rule_costs import find_totals
from loyalty.rule_drafts import change_draft, make_draft
from loyalty.rule_reviews import DRAFT

STAFF: Final = {NEEDS: Needs.STAFF}
ADMIN: Final = {NEEDS: Needs.ADMIN}
HERE: Final = "/console/rule-groups"
NEW: Final = "/console/rule-groups-new"
NAME: Final = re.compile(r"(?=.{1,40}$)[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class _Asked:
    """The group that a form is about; no name yet for a new one."""

    name: str | None
    draft: benefits.RuleDraft | None
    """The open draft that it is put into, where it is not one of its own."""


@get(HERE, opt=STAFF)
async def groups_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """The groups that are live, with their rules and what is used of their limits."""
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        groups = await _live(connection, visit)
    return page(request, "rule_groups.html", groups=groups, wrong={})


@get(NEW, opt=ADMIN)
async def new_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """A group as an empty form."""
    visit = visit_of(request)
    asked = _Asked(None, await _draft(visit, visit.query.get("draft", "")))
    values = {"mode": "best", **limit_values((), visit.voice)}
    return _form(request, asked, Form("group", values), HTTPStatus.OK)


@post(NEW, opt=ADMIN)
async def new_form(request: Request[Any, Any, Any]) -> Response[Any]:
    """Put a new group into a draft."""
    return await _store(request, None)


@get(f"{HERE}/{{group:str}}/change", opt=ADMIN)
async def change_page(request: Request[Any, Any, Any], group: FromPath[str]) -> Response[Any]:
    """A group as a form: as the draft has it, else as it is live."""
    visit = visit_of(request)
    draft = await _draft(visit, visit.query.get("draft", ""))
    document = await _found(visit, group, draft)
    (found,) = benefits.groups_from({group: document})
    values = {"mode": found.mode, **limit_values(found.limits, visit.voice)}
    return _form(request, _Asked(group, draft), Form("group", values), HTTPStatus.OK)


@post(f"{HERE}/{{group:str}}/change", opt=ADMIN)
async def change_form(request: Request[Any, Any, Any], group: FromPath[str]) -> Response[Any]:
    """Put a change of a group into a draft."""
    return await _store(request, group)


@post(f"{HERE}/{{group:str}}/end", opt=ADMIN)
async def end_form(request: Request[Any, Any, Any], group: FromPath[str]) -> Response[Any]:
    """Draft that a group is taken away; nothing happens before that is published."""
    visit, form = visit_of(request), await sent(request)
    await _found(visit, group, None)
    effect = _effect(visit, _Asked(group, None), group, None)
    try:
        return await once(visit, form, "console.draft-group", None, effect, then=HERE)
    except REFUSALS as error:
        wrong = {group: sentence(visit.voice, error)}
    async with visit.application.database.snapshot() as connection:
        groups = await _live(connection, visit)
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return page(request, "rule_groups.html", status=status, groups=groups, wrong=wrong)


async def _store(request: Request[Any, Any, Any], group: str | None) -> Response[Any]:
    visit, form = visit_of(request), await sent(request)
    asked = _Asked(group, await _draft(visit, form.get("draft")))
    document, rows, wrong = _document(form, visit)
    name = group or form.get("name")
    if not NAME.fullmatch(name):
        wrong["name"] = visit.voice.say("Please use lower-case letters, digits and hyphens.")
    if not wrong:
        effect = _effect(visit, asked, name, document)
        try:
            return await once(visit, form, "console.draft-group", None, effect, then=HERE)
        except REFUSALS as error:
            wrong[_field_of(error, name, rows)] = sentence(visit.voice, error)
    again = form.form("group", wrong)
    return _form(request, asked, again, HTTPStatus.UNPROCESSABLE_ENTITY)


def _effect(visit: Visit, asked: _Asked, name: str, document: GroupDocument | None) -> Effect:
    """Put a group into the draft, or into one of its own."""
    cause, draft = visit.cause(), asked.draft

    async def work(connection: AsyncConnection, _: Begun) -> str:
        if draft is None:
            made = await make_draft(connection, cause, RuleChange(groups={name: document}))
            return f"{DRAFTS}/{show(DRAFT, made.id)}?done=draft-made"
        change = replace(draft.change, groups={**draft.change.groups, name: document})
        await change_draft(connection, cause, draft.id, change)
        return f"{DRAFTS}/{show(DRAFT, draft.id)}?done=draft-changed"

    return work


def _form(
    request: Request[Any, Any, Any], asked: _Asked, form: Form, status: HTTPStatus
) -> Response[Any]:
    visit = visit_of(request)
    voice, name, draft = visit.voice, asked.name, asked.draft
    home = None if draft is None else f"{DRAFTS}/{show(DRAFT, draft.id)}"
    return page(
        request,
        "rule_group_form.html",
        status=status,
        form=form,
        name=name,
        draft=None if draft is None else show(DRAFT, draft.id),
        back=home or HERE,
        address=NEW if name is None else f"{HERE}/{name}/change",
        modes=[(code, voice.say(words)) for code, words in MODE_CHOICES.items()],
        labels={"name": voice.say("Code"), "mode": voice.say("How its rules go together")}
        | limit_mistakes(voice),
        limits=limit_rows(form.values),
        limit_labels=limit_labels(voice),
        limit_choices=limit_choices(voice),
    )


def _document(form: Sent, visit: Visit) -> tuple[GroupDocument, list[int], dict[str, str]]:
    """The group that a form says, the row of each limit, and what cannot be read."""
    limits, rows, wrong = limits_from(form, visit.voice)
    mode = form.get("mode")
    if mode not in MODE_CHOICES:
        wrong["mode"] = visit.voice.say("Please choose one.")
    return ({"mode": mode, "limits": limits} if limits else mode), rows, wrong


async def _live(connection: AsyncConnection, visit: Visit) -> list[GroupView]:
    version = await connection.scalar(benefits.live_rule_set_version(visit.at))
    if version is None:
        return []
    live = await benefits.find_published_rule_set(connection, version)
    totals = await find_totals(connection, visit.at)
    return [
        group_view(
            visit.voice,
            one.name,
            benefits.group_document(one),
            totals,
            [each.rule for each in live.rules if each.document.get("group") == one.name],
        )
        for one in live.groups
    ]


async def _draft(visit: Visit, text: str) -> benefits.RuleDraft | None:
    """The draft that an address or a form names."""
    if not text:
        return None
    async with visit.application.database.read() as connection:
        return await benefits.find_rule_draft(connection, draft_id(text))


async def _found(visit: Visit, group: str, draft: benefits.RuleDraft | None) -> GroupDocument:
    """A group as the draft has it, else as it is live. Raises PageMissing."""
    drafted: Mapping[str, GroupDocument | None] = {} if draft is None else draft.change.groups
    document = drafted.get(group)
    if document is None:
        async with visit.application.database.snapshot() as connection:
            document = (await live_groups(connection, visit.at)).get(group)
    if document is None:
        raise PageMissing
    return document


def _field_of(error: Exception, name: str, rows: list[int]) -> str:
    pointer = (getattr(error, "pointer", None) or "").removeprefix(f"/groups/{name}/")
    part, _, rest = pointer.partition("/")
    if part == "limits":
        return limit_field(rest, rows)
    return "mode" if part == "mode" else ""


ROUTES: Final = (groups_page, new_page, new_form, change_page, change_form, end_form)
