"""The root of every refusal that this package raises itself.

An error is a sentence with facts: the docstring of its class is what it says, its annotated
fields are the facts, and ``code`` is the name that clients may rely on for ever. The HTTP status
is not known here.
"""

import inspect
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, dataclass_transform


@dataclass_transform(kw_only_default=True)
class _Told(Exception):
    """Carries the declaration, so that `pointer` counts as a field of every error."""


class LoyaltyError(_Told):
    """The programme refused, without saying why."""

    code: ClassVar[str] = "refused"
    pointer: str | None = None
    """A JSON pointer to the part of the request that is at fault, when it is known."""
    faults: Sequence[tuple[str, str]] = ()
    """A JSON pointer to each part that is at fault, with what is wrong there, where it is many."""

    def __init__(self, *, pointer: str | None = None, **fields: int | str) -> None:
        wanted = _fields_of(type(self))
        if set(fields) != wanted:
            message = f"{type(self).__name__} takes {sorted(wanted)}, not {sorted(fields)}"
            raise TypeError(message)
        self.pointer = pointer
        self.facts: Mapping[str, int | str] = MappingProxyType(fields)
        for name, value in fields.items():
            setattr(self, name, value)
        super().__init__(" ".join((type(self).__doc__ or "").split()).format_map(fields))

    def __reduce__(self) -> tuple[object, ...]:
        """Carry the facts along when a process pool hands the error back."""
        return _again, (type(self), self.pointer, dict(self.facts))


class Unavailable(LoyaltyError):
    """The database could not complete the work in time; try again in {retry_after} seconds."""

    code = "unavailable"
    retry_after: int


class OutcomeUnknown(Unavailable):
    """The connection broke while the work was being committed; repeat it with the same key."""

    code = "outcome-unknown"


def _fields_of(kind: type[LoyaltyError]) -> set[str]:
    names: set[str] = set()
    for ancestor in kind.__mro__:
        if ancestor is not LoyaltyError and issubclass(ancestor, LoyaltyError):
            names |= inspect.get_annotations(ancestor).keys()
    return names - {"code", "pointer"}


def _again(
    kind: type[LoyaltyError], pointer: str | None, fields: dict[str, int | str]
) -> LoyaltyError:
    return kind(pointer=pointer, **fields)
