"""Refusals of the pages themselves; everything else is refused by `loyalty`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar


class PageError(Exception):
    """The page cannot be shown."""

    code: ClassVar[str] = "page-refused"
    pointer: str | None = None
    facts: Mapping[str, int | str] = MappingProxyType({})

    def __str__(self) -> str:
        return type(self).__doc__ or self.code


class NotSignedIn(PageError):
    """Sign in first."""

    code = "not-signed-in"


class NotYours(PageError):
    """Your role does not include this page."""

    code = "role-may-not"


class FormForeign(PageError):
    """The form did not come from this page, or the page was too old."""

    code = "form-foreign"


class FormMalformed(PageError):
    """The form was damaged on its way."""

    code = "form-malformed"


class PageMissing(PageError):
    """There is nothing under this address."""

    code = "page-missing"
