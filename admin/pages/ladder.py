"""The ladder: its tiers with what they take, how many stand on each, and the versions before."""

from typing import Any, Final

from litestar import Request, Response, get

import tiers
from admin.charts import share
from admin.guards import NEEDS, Needs
from admin.render import page
from admin.standings import mark_of, threshold_words, window_words
from admin.visit import visit_of

STAFF: Final = {NEEDS: Needs.STAFF}
VERSIONS: Final = 20


@get("/console/ladder", opt=STAFF)
async def ladder_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """The live ladder, highest tier first, as a person would explain it."""
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        ladder = await tiers.live_ladder(connection)
        counts = await tiers.population(connection, on=visit.policy.day_of(visit.at))
        versions = await tiers.list_ladders(connection, limit=VERSIONS)
    members = dict(counts)
    most = max(members.values(), default=0)
    rows = (
        []
        if ladder is None
        else [
            (
                mark_of(visit.voice, ladder, tier.code),
                threshold_words(visit.voice, tier.reach),
                threshold_words(visit.voice, tier.keep),
                members.get(tier.code, 0),
                share(members.get(tier.code, 0), most),
            )
            for tier in reversed(ladder.tiers)
        ]
    )
    return page(
        request,
        "ladder.html",
        ladder=ladder,
        rows=rows,
        window=None if ladder is None else window_words(visit.voice, ladder),
        versions=versions,
    )


ROUTES: Final = (ladder_page,)
