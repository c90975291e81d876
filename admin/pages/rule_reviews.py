"""Drafts of rules looked at by a second person: handed in, approved, or sent back with a reason."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.forms import Sent, sent
from admin.guards import NEEDS, Needs
from admin.once import once
from admin.pages.rule_drafts import HERE, draft_id, show_draft
from admin.refusals import REFUSALS, sentence
from admin.visit import visit_of
from loyalty.idempotency import Begun
from loyalty.rule_reviews import approve, hand_in, send_back

ADMIN: Final = {NEEDS: Needs.ADMIN}
LONGEST_REASON: Final = 200


@post(f"{HERE}/{{draft:str}}/hand-in", opt=ADMIN)
async def hand_in_form(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """Hand a draft in; from now on it stays as it is."""
    form, one = await sent(request), draft_id(draft)
    cause = visit_of(request).cause()

    async def work(connection: AsyncConnection) -> object:
        return await hand_in(connection, cause, one)

    return await _reviewed(request, form, draft, "draft-handed-in", work)


@post(f"{HERE}/{{draft:str}}/approve", opt=ADMIN)
async def approve_form(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """Approve what the page showed."""
    form, one = await sent(request), draft_id(draft)
    cause, seen, reason = visit_of(request).cause(), form.get("digest"), form.get("reason")

    async def work(connection: AsyncConnection) -> object:
        return await approve(connection, cause, one, digest=seen, reason=reason or None)

    return await _reviewed(request, form, draft, "draft-approved", work)


@post(f"{HERE}/{{draft:str}}/send-back", opt=ADMIN)
async def send_back_form(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """Send a draft back, saying why."""
    form, one = await sent(request), draft_id(draft)
    cause, reason = visit_of(request).cause(), form.get("reason")

    async def work(connection: AsyncConnection) -> object:
        return await send_back(connection, cause, one, reason=reason)

    return await _reviewed(request, form, draft, "draft-sent-back", work)


async def _reviewed(
    request: Request[Any, Any, Any],
    form: Sent,
    draft: str,
    done: str,
    work: Callable[[AsyncConnection], Awaitable[object]],
) -> Response[Any]:
    visit, wrong = visit_of(request), dict[str, str]()
    reason = form.get("reason")
    if len(reason) > LONGEST_REASON or (done == "draft-sent-back" and not reason):
        wrong["reason"] = visit.voice.say("Please say why, in at most 200 characters.")

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        await work(connection)

    if not wrong:
        then = f"{HERE}/{draft}?done={done}"
        try:
            return await once(visit, form, f"console.{done}", None, effect, then=then)
        except REFUSALS as error:
            wrong[""] = sentence(visit.voice, error)
    again = form.form("review", wrong)
    return await show_draft(request, draft_id(draft), again, HTTPStatus.UNPROCESSABLE_ENTITY)


ROUTES: Final = (hand_in_form, approve_form, send_back_form)
