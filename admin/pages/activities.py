"""What a member did besides buying: the events that the shop reported, and what each earned."""

from dataclasses import dataclass
from typing import Any, Final

from litestar import Request, Response, get
from litestar.params import FromPath

from admin.asked import further, id_of
from admin.guards import NEEDS, Needs
from admin.member_view import called
from admin.render import page
from admin.visit import Visit, visit_of
from admin.words import named
from loyalty.activities.kinds import ActivityKind, list_kinds
from loyalty.activities.store import list_activities
from loyalty.activities.types import PREFIX, Activity
from loyalty.ids import show
from loyalty.members import absorbed_members, find_member, profile_of, read_member_ref

STAFF: Final = {NEEDS: Needs.STAFF}
PAGE_SIZE: Final = 40


@dataclass(frozen=True, slots=True)
class Happened:
    """One event: what people call it, and which rules gave its points."""

    activity: Activity
    title: str
    gave: tuple[tuple[str, str], ...]


@get("/console/members/{member:str}/events", opt=STAFF)
async def events_page(request: Request[Any, Any, Any], member: FromPath[str]) -> Response[Any]:
    """A member's events, the latest first, those of merged members with them."""
    visit = visit_of(request)
    before = id_of(PREFIX, visit.query.get("before", ""))
    async with visit.application.database.snapshot() as connection:
        found = await find_member(connection, read_member_ref(member))
        profile = await profile_of(connection, found.id)
        whose = [found.id, *await absorbed_members(connection, found.id)]
        listed = await list_activities(connection, whose, before=before, limit=PAGE_SIZE + 1)
        kinds = {one.kind: one for one in await list_kinds(connection)}
    shown = listed[:PAGE_SIZE]
    return page(
        request,
        "member_events.html",
        member=found,
        title=called(profile),
        rows=[_happened(visit, one, kinds) for one in shown],
        older=further(visit, before=show(PREFIX, shown[-1].id))
        if len(listed) > PAGE_SIZE
        else None,
        newest=further(visit, before="") if before is not None else None,
    )


def _happened(visit: Visit, one: Activity, kinds: dict[str, ActivityKind]) -> Happened:
    kind = kinds.get(one.kind)
    return Happened(
        one,
        one.kind if kind is None else named(visit.voice, kind.titles, one.kind),
        tuple(
            (
                visit.voice.say(
                    "%(rule)s (version %(version)s)", rule=why.rule, version=why.version
                ),
                visit.voice.signed(why.points),
            )
            for why in one.why
        ),
    )


ROUTES: Final = (events_page,)
