"""The ladder: its thresholds on the distribution of the members, its drafts and its versions."""

from typing import Any, Final

from litestar import Request, Response, get

import tiers
from admin.actors import actor_words, by_id
from admin.charts import share
from admin.guards import NEEDS, Needs
from admin.ladder_view import spread_view
from admin.render import page
from admin.standings import mark_of, threshold_words, window_words
from admin.visit import Visit, visit_of
from admin.words import DRAFT_STATES, Badge, badge
from loyalty.ids import show
from loyalty.ladders import DRAFT
from loyalty.staff import list_people

STAFF: Final = {NEEDS: Needs.STAFF}
VERSIONS: Final = 20
DRAFTS: Final = 8
ALIVE: Final = frozenset({"open", "scheduled"})


@get("/console/ladder", opt=STAFF)
async def ladder_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """The live ladder, highest tier first, and where its thresholds lie among the members."""
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        ladder = await tiers.live_ladder(connection)
        counts = dict(await tiers.population(connection, on=visit.policy.day_of(visit.at)))
        versions = await tiers.list_ladders(connection, limit=VERSIONS)
        drafts = await tiers.list_drafts(connection)
        people = by_id(await list_people(connection))
        spread = None if ladder is None else await spread_view(connection, visit, ladder)
    alive = [one for one in drafts if one.state in ALIVE]
    return page(
        request,
        "ladder.html",
        ladder=ladder,
        rows=_rows(visit, ladder, counts),
        members=sum(counts.values()),
        window=None if ladder is None else window_words(visit.voice, ladder),
        versions=[(one, actor_words(visit.voice, one.published_by, people)) for one in versions],
        spread=spread,
        drafts=[
            (
                one,
                draft_address(one),
                draft_badge(visit, one),
                actor_words(visit.voice, one.made_by, people),
            )
            for one in (alive or drafts)[:DRAFTS]
        ],
    )


def draft_address(draft: tiers.Draft) -> str:
    """Where a draft is looked at."""
    return f"/console/ladder/drafts/{show(DRAFT, draft.id)}"


def draft_badge(visit: Visit, draft: tiers.Draft) -> Badge:
    """The state of a draft, with the day or version it stands for."""
    if draft.state == "scheduled" and draft.starts_on is not None:
        day = visit.voice.day(draft.starts_on)
        return Badge(visit.voice.say("Comes on %(day)s", day=day), "calm")
    if draft.published is not None:
        number = visit.voice.number(draft.published)
        return Badge(visit.voice.say("Published as version %(number)s", number=number), "good")
    return badge(visit.voice, DRAFT_STATES, draft.state)


def _rows(
    visit: Visit, ladder: tiers.Ladder | None, members: dict[str, int]
) -> list[tuple[Any, ...]]:
    if ladder is None:
        return []
    most = max(members.values(), default=0)
    everybody = sum(members.values())
    return [
        (
            mark_of(visit.voice, ladder, tier.code),
            threshold_words(visit.voice, tier.reach),
            threshold_words(visit.voice, tier.keep),
            members.get(tier.code, 0),
            visit.voice.share(members.get(tier.code, 0), everybody),
            share(members.get(tier.code, 0), most),
        )
        for tier in reversed(ladder.tiers)
    ]


ROUTES: Final = (ladder_page,)
