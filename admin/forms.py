"""Forms as pages see them: the values that were sent, kept, and what is wrong with each.

A form goes out with two hidden fields: `csrf`, which binds it to the session, and `form_key`,
under which its effect happens once however often it is sent.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from litestar import Request
from litestar.datastructures import UploadFile

from admin.browser import comes_from_here
from admin.errors import FormForeign, FormMalformed
from admin.visit import Visit, visit_of

LONGEST_VALUE: Final = 16_000
UPLOADS: Final = "uploads"
"""In the `opt` of a page: the fields of its form that may hold a file."""
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Form:
    """One form of a page: its name, the values to show and the sentences beside them."""

    name: str
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    def wrong(self, errors: Mapping[str, str]) -> "Form":
        """The same form with its values kept and these errors."""
        return Form(self.name, self.values, errors)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a browser sent: single values, the checked boxes, and the key of this very form."""

    values: Mapping[str, str]
    choices: frozenset[tuple[str, str]]
    """Every value that was sent; of a file its digest."""
    key: UUID
    files: Mapping[str, bytes] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """One value without the blanks around it; nothing reads as an empty text."""
        return self.values.get(name, "").strip()

    def raw(self, name: str) -> str:
        """One value as it was typed, for passwords."""
        return self.values.get(name, "")

    def chosen(self, name: str) -> tuple[str, ...]:
        """The values of all checked boxes of a name."""
        return tuple(sorted(value for box, value in self.choices if box == name))

    def form(self, name: str, errors: Mapping[str, str] | None = None) -> Form:
        """A form to show again with these values; passwords are never sent back."""
        kept = {key: text for key, text in self.values.items() if "password" not in key}
        return Form(name, kept, errors or {})


async def check_origin(request: Request[Any, Any, Any]) -> None:
    """Refuse what changes something unless our own page sent it, before any handler runs."""
    if request.method in _SAFE:
        return
    visit = visit_of(request)
    if not comes_from_here(request.headers, loopback=visit.loopback):
        raise FormForeign
    if not hmac.compare_digest((await sent(request)).raw("csrf"), visit.csrf):
        raise FormForeign


async def sent(request: Request[Any, Any, Any]) -> Sent:
    """Read the form that was sent; NUL, endless values and unexpected files are refused."""
    uploads = request.route_handler.opt.get(UPLOADS, ())
    values: dict[str, str] = {}
    files: dict[str, bytes] = {}
    choices: set[tuple[str, str]] = set()
    for name, value in await _parts(request):
        if isinstance(value, UploadFile) and name in uploads:
            await value.seek(0)
            files[name] = await value.read()
            choices.add((name, sha256(files[name]).hexdigest()))
            continue
        if not isinstance(value, str) or len(value) > LONGEST_VALUE or "\x00" in value:
            raise FormMalformed
        values[name] = value
        choices.add((name, value))
    try:
        key = UUID(values.get("form_key", ""))
    except ValueError:
        raise FormMalformed from None
    return Sent(values, frozenset(choices), key, files)


async def _parts(request: Request[Any, Any, Any]) -> list[tuple[str, Any]]:
    try:
        return list((await request.form()).multi_items())
    except (UnicodeDecodeError, LookupError):
        raise FormMalformed from None


def blank(visit: Visit, name: str, **values: str) -> Form:
    """An empty form; values already in the address are filled in."""
    return Form(name, {**values, **{key: visit.query[key] for key in values if key in visit.query}})
