"""Whether the process lives, and whether it is ready to take requests."""

from typing import Any, Final

from litestar import Request, Response, get

from api.writing import answer, respond
from loyalty.bootstrap import Application
from loyalty.errors import LoyaltyError
from loyalty.migrations.upgrade import state


class NotReady(LoyaltyError):
    """The database has {seen}, and this release needs {wanted}: run loyalty db upgrade."""

    code = "not-ready"
    seen: str
    wanted: str


@get("/health/live", opt={"public": True})
async def live() -> Response[bytes]:
    """Answer while the process runs."""
    return respond(answer(200, {"status": "live"}))


@get("/health/ready", opt={"public": True})
async def ready(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Answer 200 when the database answers with this release's schema and functions."""
    application: Application = request.app.state.application
    async with application.database.read() as connection:
        found = await state(connection)
    if found.revision != found.wanted_revision:
        raise NotReady(seen=f"revision {found.revision}", wanted=found.wanted_revision)
    if found.functions != found.wanted_functions:
        raise NotReady(seen="other functions", wanted=found.wanted_functions[:12])
    return respond(answer(200, {"status": "ready", "revision": found.revision}))


ROUTES: Final = (live, ready)
