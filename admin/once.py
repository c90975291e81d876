"""A form's effect happens once, however often the browser sends it.

The key of the form as it was rendered is an idempotency key like any shop's; what was answered
first is answered again. A refusal is not remembered: the form comes back with a new key.
"""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from http import HTTPStatus

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.forms import Sent
from admin.render import go
from admin.visit import Visit
from loyalty.idempotency import Answer, Attempt, Begun, answer_once
from loyalty.members import Ref

Effect = Callable[[AsyncConnection, Begun], Awaitable[str | None]]
"""What a form does; it may answer the address of what it made, to be looked at next."""


async def once(
    visit: Visit, form: Sent, operation: str, subject: Ref | None, effect: Effect, *, then: str
) -> Response[bytes]:
    """Run the effect of a form and look at what it made, or else at `then`; again only looks."""

    async def work(connection: AsyncConnection, begun: Begun) -> Answer:
        made = await effect(connection, begun)
        return Answer(HTTPStatus.SEE_OTHER, b"done", media_type="text/plain", location=made or then)

    attempt = Attempt(
        principal=visit.actor,
        operation=operation,
        key=str(form.key),
        fingerprint=_fingerprint(visit, form),
        api_key=None,
        at=visit.at,
    )
    answer = await answer_once(visit.application.database, attempt, subject, work, lambda _: None)
    return go(answer.location or then)


def _fingerprint(visit: Visit, form: Sent) -> bytes:
    kept = sorted((name, value) for name, value in form.choices if name not in {"csrf", "form_key"})
    return sha256(repr((visit.path, kept)).encode()).digest()
