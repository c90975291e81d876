"""Publishing a draft of a ladder, and putting one away: each says first what will happen."""

from datetime import date
from http import HTTPStatus
from typing import Any, Final, cast
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from admin.forms import Form, sent
from admin.guards import NEEDS, Needs
from admin.ladder_view import differences
from admin.once import once
from admin.pages.ladder import draft_address, draft_badge
from admin.pages.ladder_drafts import HERE, draft_of
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.visit import Visit, visit_of
from admin.words import N_
from loyalty.idempotency import Begun
from loyalty.ladders import publish_draft, retire_draft

ADMIN: Final = {NEEDS: Needs.ADMIN}
MOVES: Final = {
    "at-once": N_("at once: everybody goes to where their whole history puts them"),
    "next-review": N_("at their next review: what was promised is kept until then"),
}


@get(f"{HERE}/{{draft:str}}/publish", opt=ADMIN)
async def publish_page(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """What publishing will do, as the latest preview has it, and the form."""
    form = Form("publish", {"moves": "next-review", "on": ""})
    return await _publish(request, draft_of(draft), form, HTTPStatus.OK)


@post(f"{HERE}/{{draft:str}}/publish", opt=ADMIN)
async def publish_form(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """Publish a draft now, or on a day to come; somebody else's version since then stops it."""
    visit, form, one = visit_of(request), await sent(request), draft_of(draft)
    cause, wrong = visit.cause(), dict[str, str]()
    moves, on = form.get("moves"), form.get("on")
    if moves not in MOVES:
        wrong["moves"] = visit.voice.say("Please say when members move.")
    starts_on = _day(on)
    if on and starts_on is None:
        wrong["on"] = visit.voice.say("Please give a day such as 2026-12-31.")
    after = form.get("after")

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        await publish_draft(
            connection,
            cause,
            one,
            moves=cast("tiers.Moves", moves),
            starts_on=starts_on,
            after=int(after) if after.isdecimal() else None,
        )

    if not wrong:
        done = "ladder-scheduled" if starts_on else "ladder-published"
        then = f"{HERE}/{draft}?done={done}" if starts_on else f"/console/ladder?done={done}"
        try:
            return await once(visit, form, "console.publish-ladder", None, effect, then=then)
        except REFUSALS as error:
            wrong["on" if getattr(error, "pointer", "") == "/on" else ""] = sentence(
                visit.voice, error
            )
    again = form.form("publish", wrong)
    return await _publish(request, one, again, HTTPStatus.UNPROCESSABLE_ENTITY)


@post(f"{HERE}/{{draft:str}}/retire", opt=ADMIN)
async def retire_form(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """Put a draft away; it stays readable and is never published."""
    visit, form, one = visit_of(request), await sent(request), draft_of(draft)
    cause = visit.cause()

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        await retire_draft(connection, cause, one)

    then = f"{HERE}/{draft}?done=draft-retired"
    try:
        return await once(visit, form, "console.retire-ladder", None, effect, then=then)
    except REFUSALS as error:
        again = form.form("publish", {"": sentence(visit.voice, error)})
    return await _publish(request, one, again, HTTPStatus.UNPROCESSABLE_ENTITY)


async def _publish(
    request: Request[Any, Any, Any], one: UUID, form: Form, status: HTTPStatus
) -> Response[Any]:
    visit: Visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        found = await tiers.find_draft(connection, one)
        live = await tiers.live_ladder(connection)
        kept = await tiers.previews_of(connection, one, limit=1)
    return page(
        request,
        "ladder_publish.html",
        status=status,
        form=form,
        draft=found,
        alive=found.state in {"open", "scheduled"},
        live=live,
        address=draft_address(found),
        state=draft_badge(visit, found),
        changes=differences(visit.voice, live, found.ladder),
        preview=next(iter(kept), None),
        moves=[(code, visit.voice.say(words)) for code, words in MOVES.items()],
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


ROUTES: Final = (publish_page, publish_form, retire_form)
