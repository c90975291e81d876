"""The pages, one module per noun; each lists its handlers in `ROUTES`."""

from typing import Final

from litestar.handlers import HTTPRouteHandler

from admin.pages import (
    ageing,
    cohorts,
    corrections,
    estimates,
    finance,
    home,
    keys,
    ladder,
    members,
    money,
    orders,
    people,
    policy,
    roll_forward,
    rules,
    sign_in,
    wallet,
)

PAGES: Final[tuple[HTTPRouteHandler, ...]] = (
    *sign_in.ROUTES,
    *home.ROUTES,
    *members.ROUTES,
    *corrections.ROUTES,
    *orders.ROUTES,
    *rules.ROUTES,
    *ladder.ROUTES,
    *finance.ROUTES,
    *roll_forward.ROUTES,
    *money.ROUTES,
    *cohorts.ROUTES,
    *estimates.ROUTES,
    *ageing.ROUTES,
    *policy.ROUTES,
    *keys.ROUTES,
    *people.ROUTES,
    *wallet.ROUTES,
)
