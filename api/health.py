"""Whether the process lives, and whether it is ready to take requests."""

from typing import Any, Final

from litestar import Request, Response, get

from api.writing import answer, respond
from loyalty.bootstrap import Application

READY: Final = "ready"


@get("/health/live", opt={"public": True})
async def live() -> Response[bytes]:
    """Answer while the process runs."""
    return respond(answer(200, {"status": "live"}))


@get("/health/ready", opt={"public": True})
async def ready(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Answer 200 when the database answers and is as this version needs it, otherwise 503."""
    application: Application = request.app.state.application
    async with application.database.read() as connection:
        await application.clock.measure(connection)
    return respond(answer(200, {"status": READY}))


ROUTES: Final = (live, ready)
