"""The pages, one module per noun; each lists its handlers in `ROUTES`."""

from typing import Final

from litestar.handlers import HTTPRouteHandler

from admin.pages import (
    finance,
    home,
    keys,
    ladder,
    members,
    orders,
    people,
    policy,
    rules,
    sign_in,
    wallet,
)

PAGES: Final[tuple[HTTPRouteHandler, ...]] = (
    *sign_in.ROUTES,
    *home.ROUTES,
    *members.ROUTES,
    *orders.ROUTES,
    *rules.ROUTES,
    *ladder.ROUTES,
    *finance.ROUTES,
    *policy.ROUTES,
    *keys.ROUTES,
    *people.ROUTES,
    *wallet.ROUTES,
)
