"""Every endpoint under `/v1`, in the order in which the OpenAPI document lists them."""

from typing import Final

from litestar.handlers import HTTPRouteHandler

from api.controllers import (
    books,
    changes,
    checkout,
    corrections,
    entitlements,
    exports,
    finance,
    ladders,
    lifetimes,
    members,
    messages,
    money,
    orders,
    periods,
    programme,
    reconciliation,
    reward_orders,
    rewards,
    rules,
    standings,
    tiers,
    vouchers,
    wallets,
)

ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    *members.ROUTES,
    *wallets.ROUTES,
    *entitlements.ROUTES,
    *corrections.ROUTES,
    *checkout.ROUTES,
    *orders.ROUTES,
    *tiers.ROUTES,
    *ladders.ROUTES,
    *standings.ROUTES,
    *vouchers.ROUTES,
    *rewards.ROUTES,
    *reward_orders.ROUTES,
    *rules.ROUTES,
    *finance.ROUTES,
    *books.ROUTES,
    *periods.ROUTES,
    *exports.ROUTES,
    *reconciliation.ROUTES,
    *money.ROUTES,
    *changes.ROUTES,
    *messages.ROUTES,
    *programme.ROUTES,
    *lifetimes.ROUTES,
)
