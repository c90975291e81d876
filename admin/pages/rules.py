"""The rules: each in one plain sentence with where it stands, its versions, and its end."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from admin.actors import actor_words, by_id
from admin.asked import further
from admin.errors import PageMissing
from admin.forms import Form, sent
from admin.guards import NEEDS, Needs
from admin.limit_view import LimitView, limit_views
from admin.once import once
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.rule_view import Speaker, speaker_of, state_of, written_rule
from admin.visit import Visit, visit_of
from admin.words import DRAFT_STATES, badge
from benefits import RuleVersion
from loyalty.idempotency import Begun
from loyalty.ids import show
from loyalty.rule_costs import RuleCost, Totals, find_totals, rule_costs
from loyalty.rule_drafts import end_rule
from loyalty.rule_reviews import DRAFT
from loyalty.rule_stops import find_lift, resume_rule, stop_rule
from loyalty.staff import Person, list_people

STAFF: Final = {NEEDS: Needs.STAFF}
ADMIN: Final = {NEEDS: Needs.ADMIN}
HERE: Final = "/console/rules"
PAGE_SIZE: Final = 50
VERSIONS: Final = 20
DRAFTS: Final = 8
COST_DAYS: Final = 30
LONGEST_REASON: Final = 200
STATES: Final = ("", "live", "scheduled", "review", "draft", "ended")


@get(HERE, opt=STAFF)
async def rules_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Every rule by name with its state, and the drafts that are open."""
    visit = visit_of(request)
    after, asked = visit.query.get("after", ""), visit.query.get("state", "")
    state = asked if asked in STATES else ""
    async with visit.application.database.snapshot() as connection:
        speaker = await speaker_of(connection, visit)
        lives = await benefits.list_lives(
            connection, at=visit.at, state=state or None, after=after, limit=PAGE_SIZE + 1
        )
        drafts = await benefits.list_rule_drafts(connection, limit=DRAFTS)
        live = await connection.scalar(benefits.live_rule_set_version(visit.at))
        people = by_id(await list_people(connection))
        costs = await _costs(connection, visit)
        stopped = {one.rule for one in await benefits.list_stopped(connection)}
    shown = lives[:PAGE_SIZE]
    return page(
        request,
        "rules.html",
        rules=[
            (
                one,
                speaker.title(one.document),
                speaker.sentence(one.document),
                *state_of(visit, one),
                costs.get(one.rule),
                one.rule in stopped,
            )
            for one in shown
        ],
        days=COST_DAYS,
        views=_views(visit, state),
        drafts=[
            (
                one,
                f"{HERE}/drafts/{show(DRAFT, one.id)}",
                actor_words(visit.voice, one.made_by, people),
                badge(visit.voice, DRAFT_STATES, one.state_at(visit.at)),
            )
            for one in drafts
            if one.state_at(visit.at) not in {"published", "retired"}
        ],
        live=live,
        older=further(visit, after=shown[-1].rule) if len(lives) > PAGE_SIZE else None,
        paged=further(visit, after="") if after else None,
    )


@get(f"{HERE}/{{rule:str}}", opt=STAFF)
async def rule_page(request: Request[Any, Any, Any], rule: FromPath[str]) -> Response[Any]:
    """One rule: what it says, since when, what comes, and what each version changed."""
    return await _rule(request, rule, Form("end"), HTTPStatus.OK)


@post(f"{HERE}/{{rule:str}}/stop", opt=ADMIN)
async def stop_form(request: Request[Any, Any, Any], rule: FromPath[str]) -> Response[Any]:
    """Stop a rule at once, for a reason."""
    return await _switch(request, rule, stop_rule, "rule-stopped")


@post(f"{HERE}/{{rule:str}}/resume", opt=ADMIN)
async def resume_form(request: Request[Any, Any, Any], rule: FromPath[str]) -> Response[Any]:
    """Let a stopped rule go on, for a reason."""
    return await _switch(request, rule, resume_rule, "rule-resumed")


async def _switch(
    request: Request[Any, Any, Any],
    rule: str,
    switch: Callable[..., Awaitable[benefits.Switch | None]],
    done: str,
) -> Response[Any]:
    visit, form = visit_of(request), await sent(request)
    cause, reason, wrong = visit.cause(), form.get("reason"), dict[str, str]()
    if not reason or len(reason) > LONGEST_REASON:
        wrong["reason"] = visit.voice.say("Please say why, in at most 200 characters.")

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        await switch(connection, cause, rule, reason=reason)

    if not wrong:
        then = f"{HERE}/{rule}?done={done}"
        try:
            return await once(visit, form, f"console.{done}", None, effect, then=then)
        except REFUSALS as error:
            wrong[""] = sentence(visit.voice, error)
    return await _rule(request, rule, form.form("switch", wrong), HTTPStatus.UNPROCESSABLE_ENTITY)


@post(f"{HERE}/{{rule:str}}/end", opt=ADMIN)
async def end_form(request: Request[Any, Any, Any], rule: FromPath[str]) -> Response[Any]:
    """End a rule, now or at midnight of a day to come."""
    visit, form = visit_of(request), await sent(request)
    cause, wrong = visit.cause(), dict[str, str]()
    ends_at = instant_of(visit, form.get("on"))
    if form.get("on") and ends_at is None:
        wrong["on"] = visit.voice.say("Please give a day to come, or none for now.")

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        await end_rule(connection, cause, rule, ends_at=ends_at)

    if not wrong:
        then = f"{HERE}/{rule}?done=rule-ended"
        try:
            return await once(visit, form, "console.end-rule", None, effect, then=then)
        except REFUSALS as error:
            wrong[""] = sentence(visit.voice, error)
    again = form.form("end", wrong)
    return await _rule(request, rule, again, HTTPStatus.UNPROCESSABLE_ENTITY)


async def _rule(
    request: Request[Any, Any, Any], rule: str, form: Form, status: HTTPStatus
) -> Response[Any]:
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        speaker = await speaker_of(connection, visit)
        try:
            life = await benefits.find_life(connection, rule, at=visit.at)
        except benefits.RuleNotFound:
            raise PageMissing from None
        versions = await benefits.list_versions(connection, rule, limit=VERSIONS + 1)
        people = by_id(await list_people(connection))
        switch = await benefits.find_switch(connection, rule)
        cost = (await _costs(connection, visit)).get(rule)
        totals = await find_totals(connection, visit.at)
        since = visit.at - timedelta(days=COST_DAYS)
        held = life.document.get("holdout") is not None
        lift = await find_lift(connection, rule, since=since) if held else None
    state, coming = state_of(visit, life)
    return page(
        request,
        "rule.html",
        status=status,
        form=form if form.name == "end" else Form("end"),
        switching=form if form.name == "switch" else Form("switch"),
        switch=switch,
        switched_by=None if switch is None else actor_words(visit.voice, switch.actor, people),
        cost=cost,
        limits=_limits(visit, life, totals),
        voucher=speaker.names.get(
            f"voucher:{life.document.get('voucher')}", life.document.get("voucher")
        ),
        days=COST_DAYS,
        lift=lift,
        life=life,
        title=speaker.title(life.document) or life.rule,
        words=speaker.sentence(life.document),
        state=state,
        coming=coming,
        document=written_rule(life.document),
        drafts=[f"{HERE}/drafts/{show(DRAFT, one)}" for one in life.drafts],
        versions=_versions(speaker, versions, people),
    )


def _limits(visit: Visit, life: benefits.RuleLife, totals: Totals) -> tuple[LimitView, ...]:
    """The limits of a rule; none where a draft says what can be no limits."""
    documents = life.document.get("limits")
    if not isinstance(documents, list):
        return ()
    try:
        return limit_views(visit.voice, benefits.scope_of(life.rule), documents, totals)
    except benefits.BenefitsError:
        return ()


async def _costs(connection: AsyncConnection, visit: Visit) -> dict[str, RuleCost]:
    """What each live rule gave lately, by its name."""
    since = visit.policy.day_of(visit.at) - timedelta(days=COST_DAYS)
    programme = visit.application.programme
    return {one.rule: one for one in await rule_costs(connection, programme, visit.at, since=since)}


def _versions(
    speaker: Speaker, versions: Sequence[RuleVersion], people: Mapping[UUID, Person]
) -> list[tuple[RuleVersion, str, Sequence[str]]]:
    """Each version with who made it and what it changed on the one before."""
    before: list[RuleVersion | None] = [*versions[1:], None]
    return [
        (
            one,
            actor_words(speaker.visit.voice, one.created_by, people),
            () if older is None else speaker.changes(older.document, one.document),
        )
        for one, older in zip(versions, before, strict=True)
    ][:VERSIONS]


def instant_of(visit: Visit, text: str) -> datetime | None:
    """The midnight that begins a day to come, in the programme's zone."""
    try:
        begins = visit.policy.midnight(datetime.fromisoformat(text).date())
    except ValueError:
        return None
    return begins if begins > visit.at else None


def _views(visit: Visit, state: str) -> list[tuple[str, str, bool]]:
    say = visit.voice.say
    words = {
        "": say("All"),
        "live": say("Live"),
        "scheduled": say("Comes later"),
        "draft": badge(visit.voice, DRAFT_STATES, "open").words,
        "review": badge(visit.voice, DRAFT_STATES, "review").words,
        "ended": say("Ended"),
    }
    return [(words[one], further(visit, state=one, after=""), one == state) for one in STATES]


ROUTES: Final = (rules_page, rule_page, stop_form, resume_form, end_form)
