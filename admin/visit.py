"""One visit of one page: who looks, in which language, at which instant.

A visit is made once per request before any handler runs, and handed to every template as `look`.
It holds what was decided; it reads and writes nothing.
"""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request

from admin.language import Voice
from loyalty.bootstrap import Application
from loyalty.cause import Cause, member_actor, staff_actor
from loyalty.policy import Policy
from loyalty.staff import Role, Session

Theme = Literal["auto", "light", "dark"]
THEMES: Final[Mapping[str, Theme]] = {"auto": "auto", "light": "light", "dark": "dark"}


@dataclass(frozen=True, slots=True)
class Visit:
    """Everything a page may know about the request it answers."""

    application: Application
    at: datetime
    request_id: str
    path: str
    query: Mapping[str, str]
    loopback: bool
    policy: Policy
    voice: Voice
    theme: Theme
    form_key: UUID
    door: str
    """The random value of the cookie that every browser gets; the sign-in form is bound to it."""
    token: str | None = None
    """The session's token, when there is a living session."""
    session: Session | None = None
    member: UUID | None = None
    """Whose wallet this visit may show; staff sessions never have one."""
    cookies: dict[str, "Crumb"] = field(default_factory=dict)
    """Cookies that the answer sets."""
    forms_to: set[str] = field(default_factory=set)
    """Where forms of this page may lead besides our own pages: Stripe's."""

    @property
    def csrf(self) -> str:
        """The value every form of this visit must carry: bound to the session, or to the door."""
        secret = self.token or self.door
        digest = hmac.digest(secret.encode(), b"csrf", sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    @property
    def staff(self) -> Session:
        """The session; only pages whose guard wants one may ask."""
        if self.session is None:
            raise LookupError
        return self.session

    def may(self, role: Role) -> bool:
        """Whether the person signed in has the role."""
        return self.session is not None and role in self.session.person.roles

    @property
    def admin(self) -> bool:
        """Whether the person signed in has the administration role."""
        return self.may(Role.ADMIN)

    @property
    def finance(self) -> bool:
        """Whether the person signed in has the finance role."""
        return self.may(Role.FINANCE)

    @property
    def actor(self) -> str:
        """Who acts on this page: on a wallet's its member, else the person signed in."""
        if self.member is not None:
            return member_actor(self.member)
        return staff_actor(self.staff.person.id)

    def cause(self) -> Cause:
        """The cause of what is done on this page."""
        return Cause(self.at, self.actor, self.request_id)

    def with_language(self, name: str) -> str:
        """The same page in another language."""
        return self._again("lang", name)

    def with_theme(self, name: str) -> str:
        """The same page in other colours."""
        return self._again("theme", name)

    def _again(self, key: str, value: str) -> str:
        kept = {name: text for name, text in self.query.items() if name not in {key, "done"}}
        return f"{self.path}?{urlencode({**kept, key: value})}"


@dataclass(frozen=True, slots=True)
class Crumb:
    """A cookie to be set; no value means that it is taken away."""

    value: str
    max_age: int | None
    http_only: bool = True
    same_site: Literal["Lax", "Strict"] = "Lax"

    def header(self, name: str, *, secure: bool) -> str:
        """The value of the `Set-Cookie` header."""
        parts = [f"{name}={self.value}", "Path=/", f"SameSite={self.same_site}"]
        if self.max_age is not None:
            parts.append(f"Max-Age={self.max_age}")
        if self.http_only:
            parts.append("HttpOnly")
        if secure:
            parts.append("Secure")
        return "; ".join(parts)


def visit_of(request: Request[Any, Any, Any]) -> Visit:
    """The visit that the middleware made for this request."""
    visit: Visit = request.scope["state"]["visit"]
    return visit
