"""Every endpoint under `/v1`, in the order in which the OpenAPI document lists them."""

from typing import Final

from litestar.handlers import HTTPRouteHandler

from api.controllers import (
    changes,
    checkout,
    finance,
    members,
    messages,
    money,
    orders,
    programme,
    rules,
    tiers,
    vouchers,
    wallets,
)

ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    *members.ROUTES,
    *wallets.ROUTES,
    *checkout.ROUTES,
    *orders.ROUTES,
    *tiers.ROUTES,
    *vouchers.ROUTES,
    *rules.ROUTES,
    *finance.ROUTES,
    *changes.ROUTES,
    *messages.ROUTES,
    *money.ROUTES,
    *programme.ROUTES,
)
