"""The pages, one module per noun; each lists its handlers in `ROUTES`."""

from typing import Final

from litestar.handlers import HTTPRouteHandler

from admin.pages import (
    ageing,
    cohorts,
    corrections,
    estimates,
    exports,
    finance,
    home,
    keys,
    ladder,
    lifetimes,
    members,
    messages,
    money,
    orders,
    people,
    periods,
    policy,
    reconciliation,
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
    *messages.ROUTES,
    *orders.ROUTES,
    *rules.ROUTES,
    *ladder.ROUTES,
    *finance.ROUTES,
    *roll_forward.ROUTES,
    *money.ROUTES,
    *cohorts.ROUTES,
    *estimates.ROUTES,
    *ageing.ROUTES,
    *periods.ROUTES,
    *reconciliation.ROUTES,
    *exports.ROUTES,
    *policy.ROUTES,
    *lifetimes.ROUTES,
    *keys.ROUTES,
    *people.ROUTES,
    *wallet.ROUTES,
)
