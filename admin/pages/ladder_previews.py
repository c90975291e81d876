"""One draft of a ladder: what it would change, for whom, and which thresholds meet a target."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from admin.actors import actor_words, by_id
from admin.forms import Form, sent
from admin.guards import NEEDS, Needs
from admin.ladder_form import values_of
from admin.ladder_view import differences, plain, preview_view, spread_view
from admin.once import once
from admin.pages.ladder import STAFF, draft_address, draft_badge
from admin.pages.ladder_drafts import HERE, draft_of
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.standings import TierMark, mark_of, metric_name, metric_order
from admin.visit import Visit, visit_of
from loyalty.idempotency import Begun
from loyalty.ladders import meet_targets, preview_draft
from loyalty.staff import list_people

ADMIN: Final = {NEEDS: Needs.ADMIN}
PREVIEWS: Final = 12
ALIVE: Final = frozenset({"open", "scheduled"})
PERCENT: Final = 100


@dataclass(frozen=True, slots=True)
class Aim:
    """One tier of a target: the threshold that meets it, and how many members that gives."""

    mark: TierMark
    was: str
    becomes: str
    members: int
    share: str


@dataclass(frozen=True, slots=True)
class Target:
    """Thresholds that meet a target, and the fields that put them in the draft."""

    members: int
    aims: tuple[Aim, ...]
    fields: Mapping[str, str]


@get(f"{HERE}/{{draft:str}}", opt=STAFF)
async def draft_page(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """A draft with its latest preview."""
    day = visit_of(request).policy.day_of(visit_of(request).at)
    form = Form("preview", {"on": day.isoformat()})
    return await _draft(request, draft_of(draft), form, HTTPStatus.OK)


@post(f"{HERE}/{{draft:str}}", opt=ADMIN)
async def preview_form(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """Preview a draft on all members, today or on a past day; kept with the draft."""
    visit, form, one = visit_of(request), await sent(request), draft_of(draft)
    cause, wrong = visit.cause(), dict[str, str]()
    day = _day(form.get("on"))
    if day is None:
        wrong["on"] = visit.voice.say("Please give a day that has come, such as 2026-10-31.")
    else:

        async def effect(connection: AsyncConnection, _: Begun) -> None:
            await preview_draft(connection, cause, one, on=day)

        then = f"{HERE}/{draft}?done=ladder-previewed"
        try:
            return await once(visit, form, "console.preview-ladder", None, effect, then=then)
        except REFUSALS as error:
            wrong["on" if getattr(error, "pointer", "") else ""] = sentence(visit.voice, error)
    again = form.form("preview", wrong)
    return await _draft(request, one, again, HTTPStatus.UNPROCESSABLE_ENTITY)


async def _draft(
    request: Request[Any, Any, Any], one: UUID, form: Form, status: HTTPStatus
) -> Response[Any]:
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        found = await tiers.find_draft(connection, one)
        ladder, live = found.ladder, await tiers.live_ladder(connection)
        people = by_id(await list_people(connection))
        kept = await tiers.previews_of(connection, one, limit=PREVIEWS)
        wished = visit.query.get("preview")
        chosen = [each for each in kept if str(each.number) == wished]
        newest = next(iter(chosen or kept), None)
        view = None
        if newest is not None:
            view = await preview_view(connection, visit.voice, newest, ladder, live)
    return page(
        request,
        "ladder_draft.html",
        status=status,
        form=form,
        draft=found,
        alive=found.state in ALIVE,
        address=draft_address(found),
        state=draft_badge(visit, found),
        who=actor_words(visit.voice, found.made_by, people),
        changes=differences(visit.voice, live, ladder),
        view=view,
        previews=[(each, actor_words(visit.voice, each.made_by, people)) for each in kept],
    )


@get(f"{HERE}/{{draft:str}}/spread", opt=STAFF)
async def spread_page(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """A draft's thresholds on the members, and the thresholds that would meet a target."""
    visit, one = visit_of(request), draft_of(draft)
    async with visit.application.database.snapshot() as connection:
        found = await tiers.find_draft(connection, one)
        ladder = found.ladder
        metric = visit.query.get("metric", "")
        form, shares = _asked(visit, ladder)
        target = None
        if shares and not form.errors:
            try:
                met = await meet_targets(connection, visit.cause(), one, shares, metric=metric)
            except REFUSALS as error:
                name = (getattr(error, "pointer", "") or "").removeprefix("/targets/")
                form = form.wrong({name.removeprefix("/"): sentence(visit.voice, error)})
            else:
                target = _target(visit, ladder, met, metric)
        spread = await spread_view(connection, visit, ladder)
    return page(
        request,
        "ladder_spread.html",
        form=form,
        draft=found,
        alive=found.state in ALIVE,
        address=draft_address(found),
        state=draft_badge(visit, found),
        spread=spread,
        marks=[mark_of(visit.voice, ladder, tier.code) for tier in reversed(ladder.tiers[1:])],
        metrics=[
            (one, metric_name(visit.voice, one)) for one in sorted(ladder.metrics, key=metric_order)
        ],
        target=target,
    )


def _asked(visit: Visit, ladder: tiers.Ladder) -> tuple[Form, dict[str, int]]:
    """The target in the address: per tier, the share of members on it or above."""
    values, wrong, shares = {"metric": visit.query.get("metric", "")}, {}, dict[str, int]()
    for tier in ladder.tiers[1:]:
        text = visit.query.get(tier.code, "").strip().removesuffix("%").strip()
        values[tier.code] = text
        if not text:
            continue
        try:
            hundredths = Decimal(text) * PERCENT
        except InvalidOperation:
            hundredths = Decimal(0)
        if 0 < hundredths < PERCENT * PERCENT and hundredths == int(hundredths):
            shares[tier.code] = int(hundredths)
        else:
            wrong[tier.code] = visit.voice.say(
                "Please give a share between 0 and 100 percent, such as 8."
            )
    return Form("target", values, wrong), shares


def _target(visit: Visit, ladder: tiers.Ladder, met: tiers.Met, metric: str) -> Target:
    voice, reached = visit.voice, dict(met.reached)
    before = {tier.code: dict(tier.reach.minimums) for tier in ladder.tiers}
    return Target(
        members=met.members,
        aims=tuple(
            Aim(
                mark_of(voice, met.ladder, tier.code),
                plain(voice, metric, before[tier.code].get(metric, 0)),
                plain(voice, metric, dict(tier.reach.minimums).get(metric, 0)),
                reached[tier.code],
                voice.share(reached[tier.code], met.members),
            )
            for tier in reversed(met.ladder.tiers[1:])
        ),
        fields=values_of(tiers.document_of(met.ladder), visit.policy.currency),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


ROUTES: Final = (draft_page, preview_form, spread_page)
