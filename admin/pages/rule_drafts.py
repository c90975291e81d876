"""Changes of rules in the making: written, read back in words, published together or put away."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from admin.actors import actor_words, by_id
from admin.errors import PageMissing
from admin.forms import Form, Sent, sent
from admin.guards import NEEDS, Needs
from admin.once import Effect, once
from admin.pages.rules import HERE as RULES
from admin.pages.rules import instant_of
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.rule_view import changed_rules, speaker_of, written_rule
from admin.visit import Visit, visit_of
from admin.words import Badge
from benefits import RuleChange
from loyalty.idempotency import Begun
from loyalty.ids import MalformedId, read, show
from loyalty.rule_drafts import (
    DRAFT,
    change_draft,
    check_change,
    check_draft,
    make_draft,
    publish_draft,
    retire_draft,
)
from loyalty.staff import list_people

STAFF: Final = {NEEDS: Needs.STAFF}
ADMIN: Final = {NEEDS: Needs.ADMIN}
HERE: Final = f"{RULES}/drafts"
NEW: Final = f"{HERE}/new"
EXAMPLE: Final[Mapping[str, object]] = {
    "rule": "member-day",
    "titles": {"en": "Double points on member day", "zh": "会员日双倍积分"},
    "when": {"fact": "tier", "at-least": "gold"},
    "effects": [{"effect": "earn", "multiplier": 2}],
}


@get(NEW, opt=ADMIN)
async def new_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """An empty change, or one that begins with a rule as it is."""
    visit, document = visit_of(request), EXAMPLE
    rule = visit.query.get("rule", "")
    if rule:
        async with visit.application.database.read() as connection:
            document = (await benefits.find_life(connection, rule, at=visit.at)).document
    form = Form("rules", {"documents": written_rule(document), "retired": ""})
    return await _form(request, form, None, HTTPStatus.OK)


@post(NEW, opt=ADMIN)
async def new_form(request: Request[Any, Any, Any]) -> Response[Any]:
    """Store a draft, or only say what it would do."""
    visit, form = visit_of(request), await sent(request)
    cause = visit.cause()
    change, wrong = _change(visit, form, {})

    async def effect(connection: AsyncConnection, _: Begun) -> str:
        made = await make_draft(connection, cause, change)
        return f"{HERE}/{show(DRAFT, made.id)}?done=draft-made"

    return await _store(request, form, change, wrong, found=None, effect=effect)


@get(f"{HERE}/{{draft:str}}/change", opt=ADMIN)
async def change_page(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """A draft as a form."""
    found = await _find(visit_of(request), _id(draft))
    return await _form(request, Form("rules", _values(found.change)), found, HTTPStatus.OK)


@post(f"{HERE}/{{draft:str}}/change", opt=ADMIN)
async def change_form(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """Put another change in the draft; it then starts from what is live now."""
    visit, form, one = visit_of(request), await sent(request), _id(draft)
    cause, found = visit.cause(), await _find(visit, one)
    change, wrong = _change(visit, form, found.change.groups)

    async def effect(connection: AsyncConnection, _: Begun) -> str:
        await change_draft(connection, cause, one, change)
        return f"{HERE}/{draft}?done=draft-changed"

    return await _store(request, form, change, wrong, found=found, effect=effect)


@get(f"{HERE}/{{draft:str}}", opt=STAFF)
async def draft_page(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """What a draft would change on what is live, and what stands in its way."""
    return await _draft(request, _id(draft), Form("publish", {"on": ""}), HTTPStatus.OK)


@post(f"{HERE}/{{draft:str}}/publish", opt=ADMIN)
async def publish_form(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """Publish everything that a draft changes at once: now, or at midnight of a day to come."""
    visit, form, one = visit_of(request), await sent(request), _id(draft)
    cause, wrong = visit.cause(), dict[str, str]()
    live_from, seen = instant_of(visit, form.get("on")), form.get("after")
    if form.get("on") and live_from is None:
        wrong["on"] = visit.voice.say("Please give a day to come, or none for now.")

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        after = int(seen) if seen.isdecimal() and form.get("anyway") == "yes" else None
        await publish_draft(connection, cause, one, live_from=live_from, after=after)

    if not wrong:
        done = "rules-published" if live_from is None else "rules-scheduled"
        then = f"{HERE}/{draft}?done={done}"
        try:
            return await once(visit, form, "console.publish-rules", None, effect, then=then)
        except REFUSALS as error:
            wrong[""] = sentence(visit.voice, error)
    again = form.form("publish", wrong)
    return await _draft(request, one, again, HTTPStatus.UNPROCESSABLE_ENTITY)


@post(f"{HERE}/{{draft:str}}/retire", opt=ADMIN)
async def retire_form(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """Put an open draft away, or withdraw one that is to come."""
    visit, form, one = visit_of(request), await sent(request), _id(draft)
    cause = visit.cause()

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        await retire_draft(connection, cause, one)

    then = f"{HERE}/{draft}?done=draft-retired"
    try:
        return await once(visit, form, "console.retire-rules", None, effect, then=then)
    except REFUSALS as error:
        again = form.form("publish", {"": sentence(visit.voice, error)})
    return await _draft(request, one, again, HTTPStatus.UNPROCESSABLE_ENTITY)


async def _store(
    request: Request[Any, Any, Any],
    form: Sent,
    change: RuleChange,
    wrong: dict[str, str],
    *,
    found: benefits.RuleDraft | None,
    effect: Effect,
) -> Response[Any]:
    """Store a change once; asked only to check it, or refused, show the form with what it says."""
    visit = visit_of(request)
    checking = form.get("verb") == "check"
    if not wrong and not checking:
        try:
            return await once(visit, form, "console.draft-rules", None, effect, then=HERE)
        except REFUSALS as error:
            wrong = {_field(error): _located(visit, error)}
    again = form.form("rules", wrong)
    status = HTTPStatus.OK if checking and not wrong else HTTPStatus.UNPROCESSABLE_ENTITY
    return await _form(request, again, found, status, change=None if wrong else change)


async def _form(
    request: Request[Any, Any, Any],
    form: Form,
    found: benefits.RuleDraft | None,
    status: HTTPStatus,
    *,
    change: RuleChange | None = None,
) -> Response[Any]:
    visit = visit_of(request)
    rules, problems = [], []
    if change is not None:
        async with visit.application.database.snapshot() as connection:
            speaker = await speaker_of(connection, visit)
            checked = await check_change(connection, visit.at, change)
        rules = changed_rules(speaker, checked.diff)
        problems = [_located(visit, one) for one in checked.problems]
    return page(
        request,
        "rule_form.html",
        status=status,
        form=form,
        draft=found,
        address=None if found is None else f"{HERE}/{show(DRAFT, found.id)}",
        checked=change is not None,
        rules=rules,
        problems=problems,
    )


async def _draft(
    request: Request[Any, Any, Any], one: UUID, form: Form, status: HTTPStatus
) -> Response[Any]:
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        found = await benefits.find_rule_draft(connection, one)
        speaker = await speaker_of(connection, visit)
        checked = await check_draft(connection, visit.at, one)
        newest = await benefits.list_rule_set_versions(connection, limit=1)
        people = by_id(await list_people(connection))
    state = found.state_at(visit.at)
    return page(
        request,
        "rule_draft.html",
        status=status,
        form=form,
        draft=found,
        state=_state(visit, found, state),
        alive=state == "open",
        coming=state == "scheduled",
        address=f"{HERE}/{show(DRAFT, found.id)}",
        who=actor_words(visit.voice, found.made_by, people),
        rules=changed_rules(speaker, checked.diff),
        problems=[_located(visit, each) for each in checked.problems],
        outrun=checked.outrun,
        newest=next(iter(newest), 0),
        documents=_values(found.change)["documents"],
    )


def _state(visit: Visit, draft: benefits.RuleDraft, state: str) -> Badge:
    say = visit.voice.say
    match state:
        case "scheduled" if draft.live_from is not None:
            return Badge(
                say("Live from %(when)s", when=visit.voice.instant(draft.live_from)), "calm"
            )
        case "published":
            number = visit.voice.number(draft.published or 0)
            return Badge(say("Published as rule set %(number)s", number=number), "good")
        case "retired":
            return Badge(say("Put away"), "")
        case _:
            return Badge(say("Draft"), "warn")


def _change(
    visit: Visit, form: Sent, groups: Mapping[str, str | None]
) -> tuple[RuleChange, dict[str, str]]:
    """The change that the form describes, and what cannot be read of it."""
    text = form.get("documents")
    try:
        documents = json.loads(text) if text else []
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        words = visit.voice.say("This is not JSON; look at line %(line)s.", line=line)
        return RuleChange(), {"documents": words}
    listed = documents if isinstance(documents, list) else [documents]
    if not all(isinstance(one, dict) for one in listed):
        words = visit.voice.say("Please give one rule as an object, or several in a list.")
        return RuleChange(), {"documents": words}
    names = form.get("retired").replace(",", " ").split()
    return RuleChange(tuple(listed), tuple(names), dict(groups)), {}


def _values(change: RuleChange) -> dict[str, str]:
    rules = [dict(one) for one in change.rules]
    text = json.dumps(rules[0] if len(rules) == 1 else rules, ensure_ascii=False, indent=2)
    return {"documents": text if rules else "", "retired": ", ".join(change.retired)}


def _located(visit: Visit, error: Exception) -> str:
    """A refusal with the place in the document that it is about."""
    pointer, words = getattr(error, "pointer", None), sentence(visit.voice, error)
    if not pointer or pointer in words:
        return words
    return visit.voice.say("%(words)s (at %(place)s)", words=words, place=pointer)


def _field(error: Exception) -> str:
    pointer = getattr(error, "pointer", None) or ""
    return "retired" if pointer.startswith("/retired") else "documents"


async def _find(visit: Visit, draft: UUID) -> benefits.RuleDraft:
    async with visit.application.database.read() as connection:
        return await benefits.find_rule_draft(connection, draft)


def _id(text: str) -> UUID:
    try:
        return read(DRAFT, text)
    except MalformedId:
        raise PageMissing from None


ROUTES: Final = (
    new_page,
    new_form,
    change_page,
    change_form,
    draft_page,
    publish_form,
    retire_form,
)
