"""Drafts of rules: what each changes on what is live; published together, or put away."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from admin.actors import actor_words, by_id
from admin.asked import named_id
from admin.forms import Form, sent
from admin.group_view import changed_groups, live_groups
from admin.guards import NEEDS, Needs
from admin.once import once
from admin.pages.rules import HERE as RULES
from admin.pages.rules import instant_of
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.rule_sheet import written_sheet
from admin.rule_view import changed_rules, located, speaker_of
from admin.visit import Visit, visit_of
from admin.words import Badge
from loyalty.idempotency import Begun
from loyalty.ids import show
from loyalty.rule_drafts import check_draft, publish_draft, retire_draft
from loyalty.rule_reviews import DRAFT
from loyalty.staff import Person, list_people

STAFF: Final = {NEEDS: Needs.STAFF}
ADMIN: Final = {NEEDS: Needs.ADMIN}
HERE: Final = f"{RULES}/drafts"


@get(f"{HERE}/{{draft:str}}", opt=STAFF)
async def draft_page(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """What a draft would change on what is live, and what stands in its way."""
    return await show_draft(request, draft_id(draft), Form("publish", {"on": ""}), HTTPStatus.OK)


@post(f"{HERE}/{{draft:str}}/publish", opt=ADMIN)
async def publish_form(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """Publish everything that a draft changes at once: now, or at midnight of a day to come."""
    visit, form, one = visit_of(request), await sent(request), draft_id(draft)
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
    return await show_draft(request, one, again, HTTPStatus.UNPROCESSABLE_ENTITY)


@post(f"{HERE}/{{draft:str}}/retire", opt=ADMIN)
async def retire_form(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """Put an open draft away, or withdraw one that is to come."""
    visit, form, one = visit_of(request), await sent(request), draft_id(draft)
    cause = visit.cause()

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        await retire_draft(connection, cause, one)

    then = f"{HERE}/{draft}?done=draft-retired"
    try:
        return await once(visit, form, "console.retire-rules", None, effect, then=then)
    except REFUSALS as error:
        again = form.form("publish", {"": sentence(visit.voice, error)})
    return await show_draft(request, one, again, HTTPStatus.UNPROCESSABLE_ENTITY)


async def show_draft(
    request: Request[Any, Any, Any], one: UUID, form: Form, status: HTTPStatus
) -> Response[Any]:
    """A draft with the form that was sent about it: `publish` or `review`."""
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        found = await benefits.find_rule_draft(connection, one)
        speaker = await speaker_of(connection, visit)
        checked = await check_draft(connection, visit.at, one)
        groups = await live_groups(connection, visit.at)
        newest = await benefits.list_rule_set_versions(connection, limit=1)
        people = by_id(await list_people(connection))
    state, review = found.state_at(visit.at), found.review
    alive = state in {"open", "approved"}
    return page(
        request,
        "rule_draft.html",
        status=status,
        form=form if form.name == "publish" else Form("publish", {"on": ""}),
        reviewing=form if form.name == "review" else Form("review"),
        draft=found,
        state=_state(visit, found, state),
        alive=alive,
        waits=state == "review",
        review=review,
        handed_in_by=_who(visit, people, None if review is None else review.handed_in_by),
        decided_by=_who(visit, people, None if review is None else review.decided_by),
        own=review is not None and visit.cause().actor in review.authors,
        asked=bool(visit.policy.rule_reviewers),
        coming=state == "scheduled",
        address=f"{HERE}/{show(DRAFT, found.id)}",
        who=actor_words(visit.voice, found.made_by, people),
        rules=changed_rules(speaker, checked.diff),
        groups=changed_groups(visit.voice, groups, found.change.groups),
        group_address=show(DRAFT, found.id) if alive and visit.admin else None,
        problems=[located(visit, each) for each in checked.problems],
        outrun=checked.outrun,
        newest=next(iter(newest), 0),
        documents=written_sheet(tuple(found.change.rules), "").written,
    )


def _who(visit: Visit, people: Mapping[UUID, Person], actor: str | None) -> str:
    return "" if actor is None else actor_words(visit.voice, actor, people)


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
        case "review":
            return Badge(say("In review"), "warn")
        case "approved":
            return Badge(say("Approved"), "good")
        case "retired":
            return Badge(say("Put away"), "")
        case _:
            return Badge(say("Draft"), "warn")


def draft_id(text: str) -> UUID:
    """The draft that an address names. Raises PageMissing."""
    return named_id(DRAFT, text)


ROUTES: Final = (draft_page, publish_form, retire_form)
