"""Who may see what: every page says whom it is for, and the router does not start otherwise."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from admin.errors import NotSignedIn, NotYours
from admin.visit import Visit
from loyalty.staff import Role

NEEDS: Final = "needs"


class Needs(StrEnum):
    """Whom a page is for."""

    NOBODY = "nobody"
    """Anybody at all: signing in, claiming a seat, stylesheets."""
    MEMBER = "member"
    """The member whose wallet it is."""
    STAFF = "staff"
    """Everybody in the console."""
    ADMIN = "admin"
    FINANCE = "finance"


def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let the right people in; runs before the handler of every page."""
    needs = needs_of(handler)
    if needs is Needs.NOBODY:
        return
    visit: Visit = connection.scope["state"]["visit"]
    match needs:
        case Needs.MEMBER:
            if visit.member is None:
                raise NotSignedIn
        case Needs.STAFF:
            if visit.session is None:
                raise NotSignedIn
        case Needs.ADMIN | Needs.FINANCE as wanted:
            if visit.session is None:
                raise NotSignedIn
            if not visit.may(Role(wanted.value)):
                raise NotYours


def needs_of(handler: BaseRouteHandler) -> Needs:
    """Whom a handler is for; a handler that does not say is a mistake of ours."""
    try:
        return Needs(handler.opt[NEEDS])
    except KeyError:
        message = f"{handler} does not say whom it is for"
        raise LookupError(message) from None


def check_all(handlers: Iterable[BaseRouteHandler]) -> None:
    """Fail at start if a page forgot to say whom it is for."""
    for handler in handlers:
        needs_of(handler)
