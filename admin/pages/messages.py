"""Messages to members: what was sent, what was not and why, and sending again."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.asked import further
from admin.forms import Form, sent
from admin.guards import NEEDS, Needs
from admin.message_view import STATES, message_views
from admin.once import once
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.visit import visit_of
from loyalty.idempotency import Begun
from loyalty.ids import read
from loyalty.outbox import (
    State,
    count_messages,
    count_uncertain,
    find_message,
    list_messages,
    mail_state,
    report_told,
    resend,
)

ADMIN: Final = {NEEDS: Needs.ADMIN}
HERE: Final = "/console/messages"
PAGE_SIZE: Final = 40


@get(HERE, opt=ADMIN)
async def messages_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Every message, the latest first, or those in one state."""
    visit = visit_of(request)
    asked = visit.query.get("state", "")
    state = State(asked) if asked in set(State) else None
    before = _id(visit.query.get("before", ""))
    async with visit.application.database.read() as connection:
        found = await list_messages(connection, limit=PAGE_SIZE + 1, before=before, state=state)
        views = await message_views(connection, visit.voice, found[:PAGE_SIZE])
        counts = await count_messages(connection)
        uncertain = await count_uncertain(connection)
    return page(
        request,
        "messages.html",
        rows=views,
        mail=mail_state(visit.application.settings),
        views=[
            (visit.voice.say("All"), further(visit, state="", before=""), state is None),
            *(
                (
                    f"{visit.voice.say(STATES[one][0])} {visit.voice.number(counts[one])}",
                    further(visit, state=one.value, before=""),
                    state is one,
                )
                for one in State
            ),
        ],
        uncertain=uncertain,
        older=further(visit, before=str(found[PAGE_SIZE - 1].id))
        if len(found) > PAGE_SIZE
        else None,
        newest=further(visit, before="") if before is not None else None,
    )


@get(f"{HERE}/{{message:str}}", opt=ADMIN)
async def message_page(request: Request[Any, Any, Any], message: FromPath[str]) -> Response[Any]:
    """One message: where it stands, the server's last word, and what can be done."""
    return await _message(request, read("msg", message), Form("resend"))


@post(f"{HERE}/{{message:str}}/resend", opt=ADMIN)
async def resend_form(request: Request[Any, Any, Any], message: FromPath[str]) -> Response[Any]:
    """Queue a message again that failed or was left out."""
    return await _does(request, message, told=False)


@post(f"{HERE}/{{message:str}}/told", opt=ADMIN)
async def told_form(request: Request[Any, Any, Any], message: FromPath[str]) -> Response[Any]:
    """Put on record that the member was told by other means."""
    return await _does(request, message, told=True)


async def _does(request: Request[Any, Any, Any], message: str, *, told: bool) -> Response[Any]:
    visit, form, one = visit_of(request), await sent(request), read("msg", message)
    cause = visit.cause()

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        if told:
            await report_told(connection, cause, one, told_at=visit.at)
        else:
            await resend(connection, cause, one)

    done = "message-told" if told else "message-queued"
    try:
        return await once(
            visit, form, f"console.{done}", None, effect, then=f"{HERE}/{message}?done={done}"
        )
    except REFUSALS as error:
        wrong = {"": sentence(visit.voice, error)}
    return await _message(request, one, form.form("resend", wrong), status=422)


async def _message(
    request: Request[Any, Any, Any], one: UUID, form: Form, *, status: int = 200
) -> Response[Any]:
    visit = visit_of(request)
    async with visit.application.database.read() as connection:
        found = await find_message(connection, one)
        (view,) = await message_views(connection, visit.voice, [found])
    mail = mail_state(visit.application.settings)
    return page(request, "message.html", status=status, view=view, form=form, mail=mail)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


ROUTES: Final = (messages_page, message_page, resend_form, told_form)
