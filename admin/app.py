"""The router of all pages: middleware, guard, handlers, refusals.

`console()` is what `api.app` mounts. Every page says whom it is for, or the router is
not built; what changes something comes from our own pages, or it is refused before the page runs.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from litestar import Request, Response, Router, get
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from admin.assets import Asset
from admin.errors import PageMissing
from admin.forms import check_origin
from admin.guards import NEEDS, Needs, check_all, guard
from admin.middleware import UNRECEIVED, Reception
from admin.pages import PAGES
from admin.problems import problem_page
from admin.render import Renderer, go

NOBODY = {NEEDS: Needs.NOBODY}


def console() -> Router:
    """Build the router of console, finance pages and wallet."""
    renderer = Renderer()
    handlers: Sequence[HTTPRouteHandler] = [*PAGES, front, missing, _assets(renderer)]
    check_all(handlers)

    def refuse(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        return problem_page(renderer, request, error)

    return Router(
        path="/",
        route_handlers=handlers,
        middleware=[Reception(renderer)],
        guards=[guard],
        before_request=check_origin,
        exception_handlers={HTTPException: refuse, Exception: refuse},
        include_in_schema=False,
    )


@get(["/console/{rest:path}", "/wallet/{rest:path}"], opt=NOBODY, sync_to_thread=False)
def missing() -> Response[bytes]:
    """Any other address below ours is told so in our own design."""
    raise PageMissing


@get("/", opt=NOBODY, sync_to_thread=False)
def front() -> Response[bytes]:
    """The address without a path leads to the console."""
    return go("/console")


def _assets(renderer: Renderer) -> HTTPRouteHandler:
    by_name: dict[str, Asset] = {asset.name: asset for asset in renderer.assets.values()}

    @get("/assets/{name:str}", opt={**NOBODY, UNRECEIVED: True}, sync_to_thread=False)
    def asset(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
        found = by_name.get(name)
        if found is None:
            return Response(b"", status_code=HTTPStatus.NOT_FOUND)
        packed = "gzip" in request.headers.get("accept-encoding", "")
        headers = {
            "cache-control": "public, max-age=31536000, immutable",
            "vary": "accept-encoding",
            "x-content-type-options": "nosniff",
            **({"content-encoding": "gzip"} if packed else {}),
        }
        return Response(
            found.packed if packed else found.plain, media_type=found.media_type, headers=headers
        )

    return asset
