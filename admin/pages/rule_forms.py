"""The form of a change of rules: one rule drawn with a sentence that says it, or all as written.

Both views are the same form with the same values. A button that adds, takes away or turns over
sends the form and stores nothing; without a script the page comes back, with one only its form.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from admin.forms import Form, sent
from admin.group_view import GroupChanged, changed_groups, live_groups
from admin.guards import NEEDS, Needs
from admin.once import Effect, once
from admin.pages.rule_drafts import HERE, draft_id
from admin.pages.rules import HERE as RULES
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.rule_drawing import Names, drawn, labels_of, says_anything
from admin.rule_sheet import (
    Document,
    Sheet,
    drawn_sheet,
    pressed,
    sent_sheet,
    undrawable,
    written_sheet,
)
from admin.rule_values import Undrawable
from admin.rule_view import RuleChanged, Speaker, changed_rules, located, names_for, speaker_of
from admin.visit import Visit, visit_of
from benefits import RuleChange
from loyalty.idempotency import Begun
from loyalty.ids import show
from loyalty.rule_drafts import change_draft, check_change, make_draft
from loyalty.rule_reviews import DRAFT

ADMIN: Final = {NEEDS: Needs.ADMIN}
NEW: Final = f"{HERE}/new"
FIRST: Final[Document] = {"rule": ""}
SECTIONS: Final = (
    ("start", ("rule", "titles")),
    ("when", ("when", "on", "voucher")),
    ("effects", ("effects",)),
)
"""What is shown at once, in this order; whatever else a rule may say follows, folded away."""


@get(NEW, opt=ADMIN)
async def new_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """An empty change, or one that begins with a rule as it is."""
    visit, documents = visit_of(request), (FIRST,)
    rule = visit.query.get("rule", "")
    if rule:
        async with visit.application.database.read() as connection:
            life = await benefits.find_life(connection, rule, at=visit.at)
        documents = (life.document,)
    return await _open(request, documents, "", None)


@post(NEW, opt=ADMIN)
async def new_form(request: Request[Any, Any, Any]) -> Response[Any]:
    """Store a draft, or only turn the form over or say what it would do."""
    cause = visit_of(request).cause()

    def effect(change: RuleChange) -> Effect:
        async def work(connection: AsyncConnection, _: Begun) -> str:
            made = await make_draft(connection, cause, change)
            return f"{HERE}/{show(DRAFT, made.id)}?done=draft-made"

        return work

    return await _sent(request, None, effect)


@get(f"{HERE}/{{draft:str}}/change", opt=ADMIN)
async def change_page(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """A draft as a form."""
    found = await _find(visit_of(request), draft)
    return await _open(request, tuple(found.change.rules), ", ".join(found.change.retired), found)


@post(f"{HERE}/{{draft:str}}/change", opt=ADMIN)
async def change_form(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """Put another change in the draft; it then starts from what is live now."""
    visit = visit_of(request)
    cause, found = visit.cause(), await _find(visit, draft)

    def effect(change: RuleChange) -> Effect:
        async def work(connection: AsyncConnection, _: Begun) -> str:
            await change_draft(connection, cause, found.id, change)
            return f"{HERE}/{draft}?done=draft-changed"

        return work

    return await _sent(request, found, effect)


async def _open(
    request: Request[Any, Any, Any],
    documents: tuple[Document, ...],
    retired: str,
    found: benefits.RuleDraft | None,
) -> Response[Any]:
    """Show a change drawn; as it is written where that is asked for, or all that can be done."""
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        speaker = await speaker_of(connection, visit)
        names = await names_for(connection, speaker, _groups(found))
    sheet = written_sheet(documents if documents != (FIRST,) else (), retired)
    if visit.query.get("view") != "written" and (documents or not retired):
        try:
            sheet = drawn_sheet(documents, retired, 0, visit.voice, names)
        except Undrawable as error:
            sheet = written_sheet(documents, retired, undrawable(visit.voice, error))
    return _page(request, _Shown(sheet, speaker, found, sheet.wrong), names, HTTPStatus.OK)


async def _sent(
    request: Request[Any, Any, Any],
    found: benefits.RuleDraft | None,
    effect: Callable[[RuleChange], Effect],
) -> Response[Any]:
    """Do what the pressed button says; only storing changes anything."""
    visit, form = visit_of(request), await sent(request)
    verb = form.get("verb")
    async with visit.application.database.snapshot() as connection:
        speaker = await speaker_of(connection, visit)
        names = await names_for(connection, speaker, _groups(found))
    sheet = sent_sheet(form, visit.voice, names)
    moved = pressed(sheet, verb, visit.voice, names)
    if moved is not None:  # what a rule in the making lacks is said in its sentence alone
        wrong = moved.wrong if moved.view == "written" else {}
        return _page(request, _Shown(moved, speaker, found, wrong), names, HTTPStatus.OK)
    change, wrong = sheet.change({} if found is None else found.change.groups), dict(sheet.wrong)
    checked, groups = None, list[GroupChanged]()
    if not wrong and verb == "check":
        async with visit.application.database.snapshot() as connection:
            checked = await check_change(connection, visit.at, change)
            live = await live_groups(connection, visit.at)
        groups = changed_groups(visit.voice, live, change.groups)
        wrong = {sheet.field_of(one): _words(visit, sheet, one) for one in checked.problems}
    elif not wrong:
        try:
            return await once(visit, form, "console.draft-rules", None, effect(change), then=HERE)
        except REFUSALS as error:
            wrong = {sheet.field_of(error): _words(visit, sheet, error)}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if checked is None else HTTPStatus.OK
    rules = None if checked is None else changed_rules(speaker, checked.diff)
    return _page(request, _Shown(sheet, speaker, found, wrong, rules, groups), names, status)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the page shows: the form, what is wrong with it, and what it would change."""

    sheet: Sheet
    speaker: Speaker
    draft: benefits.RuleDraft | None
    wrong: Mapping[str, str] = field(default_factory=dict)
    rules: list[RuleChanged] | None = None
    groups: list[GroupChanged] = field(default_factory=list)


def _page(
    request: Request[Any, Any, Any], shown: _Shown, names: Names, status: HTTPStatus
) -> Response[Any]:
    visit, sheet = visit_of(request), shown.sheet
    held = {"retired": sheet.retired, "documents": sheet.written}
    known: dict[str, object] = {
        "form": Form("rules", held, shown.wrong),
        "draft": shown.draft,
        "address": NEW if shown.draft is None else f"{_home(shown.draft)}/change",
        "back": RULES if shown.draft is None else _home(shown.draft),
        "checked": shown.rules is not None,
        "rules": shown.rules or [],
        "problems": [],
        "groups": shown.groups,
        "group_address": None,
        "sheet": sheet,
    }
    if sheet.view == "written":
        return page(request, "rule_form.html", status=status, **known)
    parts = drawn(sheet.values, visit.voice, names)
    labels = labels_of(parts.values())
    first = [name for _, listed in SECTIONS for name in listed]
    rest = [part for name, part in parts.items() if name not in first]
    return page(
        request,
        "rule_builder.html",
        status=status,
        **known,
        sections=[(code, [parts[name] for name in listed]) for code, listed in SECTIONS],
        rest=rest,
        used=bool(shown.wrong) or says_anything(sheet.values, rest),
        said=_said(shown.speaker, sheet, labels),
        labels=labels,
        others=[
            (place, str(one.get("rule") or place + 1)) for place, one in enumerate(sheet.documents)
        ],
    )


def _said(speaker: Speaker, sheet: Sheet, labels: Mapping[str, str]) -> tuple[str, bool]:
    """The rule in a sentence, or what it still lacks and where; and whether it is whole."""
    for name, wrong in sheet.wrong.items():
        return _at(speaker.visit, labels.get(name), wrong), False
    try:
        return speaker.say(sheet.read.document), True
    except benefits.BenefitsError as error:
        name = sheet.read.field_of(error.pointer or "", str(error.facts.get("wanted", "")))
        return _at(speaker.visit, labels.get(name), _at_field(speaker.visit, error)), False


def _at(visit: Visit, label: str | None, words: str) -> str:
    return words if label is None else visit.voice.say("%(what)s: %(why)s", what=label, why=words)


def _words(visit: Visit, sheet: Sheet, error: Exception) -> str:
    """A refusal beside its field, or with its place in the document."""
    if sheet.view == "drawn" and sheet.field_of(error):
        return _at_field(visit, error)
    return located(visit, error)


def _at_field(visit: Visit, error: Exception) -> str:
    """A refusal at the field that it is about, which need not be named again."""
    if getattr(error, "code", "") == "rule-missing-field":
        return visit.voice.say("Please say what it is.")
    return sentence(visit.voice, error)


def _groups(draft: benefits.RuleDraft | None) -> tuple[str, ...]:
    """The groups that a draft brings, which its rules may name."""
    return () if draft is None else tuple(draft.change.groups)


def _home(draft: benefits.RuleDraft) -> str:
    return f"{HERE}/{show(DRAFT, draft.id)}"


async def _find(visit: Visit, draft: str) -> benefits.RuleDraft:
    async with visit.application.database.read() as connection:
        return await benefits.find_rule_draft(connection, draft_id(draft))


ROUTES: Final = (new_page, new_form, change_page, change_form)
