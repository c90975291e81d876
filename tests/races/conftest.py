"""Races are run against the real application."""

from tests.support.api import admin, application, checkout, finance, web
from tests.support.shop import opened, shop

__all__ = ["admin", "application", "checkout", "finance", "opened", "shop", "web"]
