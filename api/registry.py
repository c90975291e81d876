"""Every endpoint under `/v1`, in the order in which the OpenAPI document lists them."""

from typing import Final

from litestar.handlers import HTTPRouteHandler

from api.controllers import members

ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (*members.ROUTES,)
