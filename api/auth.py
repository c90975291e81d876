"""Who asks, and whether they may: one hook in front of everything under `/v1`.

A key has one of four roles; each operation names the roles that may call it. A member credential
names exactly one member, and every other member does not exist for it.
"""

from typing import Any, Final

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.enums import HttpMethod
from litestar.exceptions import MethodNotAllowedException

from api.headers import header
from api.operation import OPT, Operation
from loyalty.bootstrap import Application
from loyalty.errors import LoyaltyError
from loyalty.ids import MalformedId
from loyalty.keys import CredentialsMissing, Principal, RoleNotAllowed
from loyalty.members import Member, Ref, UnknownMember, UnknownOrder, read_member_ref
from loyalty.members import read_order_ref as _read_order_ref
from loyalty.signing import TokenExpired, TokenMalformed

ApiRequest = Request[Any, Any, Any]
_SCHEME: Final = "bearer"
_NEWEST: Final = 2**31 - 1


class CredentialEnded(LoyaltyError):
    """The member credential is not one that is good now; ask the shop for a new one."""

    code = "credential-ended"


async def authorise(request: ApiRequest) -> None:
    """Find out who asks and refuse those whose role may not.

    It is the hook that runs before every handler, and not a guard: for a guard the framework
    copies the handler at every request. No handler may have a hook of its own beside it.
    """
    if request.method == HttpMethod.OPTIONS:
        # The framework has a handler for it on every path, which knows only some of its methods.
        raise MethodNotAllowedException
    declared: Operation = request.route_handler.opt[OPT]
    application = application_of(request)
    scheme, _, text = header(request, b"authorization").partition(" ")
    if scheme.lower() != _SCHEME or not text.strip():
        raise CredentialsMissing
    try:
        principal = await application.keys.principal(
            application.database,
            application.signing,
            text.strip(),
            at=application.clock.now(),
            confirmed_later=declared.confirms_key,
        )
    except (TokenMalformed, TokenExpired):
        raise CredentialEnded from None
    if principal.role not in declared.roles:
        raise RoleNotAllowed(wanted=" or ".join(sorted(declared.roles)), seen=principal.role)
    request.scope["state"]["principal"] = principal


def application_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Application:
    """Return the object graph that the application was created with."""
    application: Application = connection.app.state.application
    return application


def principal_of(request: ApiRequest) -> Principal:
    """Return who asks."""
    principal: Principal = request.scope["state"]["principal"]
    return principal


def member_ref(request: ApiRequest) -> Ref:
    """Return the member that the path names."""
    text = str(request.path_params["member"])
    try:
        return read_member_ref(text)
    except MalformedId:
        raise UnknownMember(seen=text[:80]) from None


def order_ref(request: ApiRequest) -> Ref:
    """Return the order that the path names."""
    text = str(request.path_params["order"])
    try:
        return _read_order_ref(text)
    except MalformedId:
        raise UnknownOrder(seen=text[:80]) from None


def path_version(request: ApiRequest) -> int:
    """Return the version that the path names, kept within what a row can have."""
    return min(max(int(request.path_params["version"]), 0), _NEWEST)


def only_own(request: ApiRequest, member: Member, ref: Ref) -> None:
    """Let a member credential see its own member only; others do not exist for it."""
    principal = principal_of(request)
    if principal.member is not None and principal.member != member.id:
        raise UnknownMember(seen=ref.text[:80])


def path_number(request: ApiRequest, name: str = "number") -> int:
    """Return a number without gaps that the path names, kept within what a row can have."""
    return min(max(int(request.path_params[name]), 0), _NEWEST)
