"""Every test here talks to the real application."""

from tests.support.api import admin, application, checkout, finance, web

__all__ = ["admin", "application", "checkout", "finance", "web"]
