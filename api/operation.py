"""What an endpoint promises, declared once beside its handler.

The same declaration is the access rule, the idempotency rule and the page in the OpenAPI
document, so that none of them can say something else. Handlers carry it in their `opt`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from msgspec import Struct

from loyalty.keys import ROLES, Role

OPT: Final = "operation"

IdempotencyKey = Literal["required", "optional", "none"]
EVERYBODY: Final[frozenset[Role]] = frozenset(ROLES)


@dataclass(frozen=True, slots=True)
class Operation:
    """One endpoint: who may call it, with what, and what it answers."""

    summary: str
    tag: str
    roles: frozenset[Role]
    answers: Mapping[int, Any]
    """Success status → the type of its body."""
    media_types: tuple[str, ...] = ()
    """What a body that is a file may be; JSON when empty."""
    body: Any = None
    body_schema: Mapping[str, Any] | None = None
    """A JSON Schema that says more than the type of the body; its `$defs` become components."""
    query: type[Struct] | None = None
    key: IdempotencyKey = "none"
    confirms_key: bool = False
    """Its own first statement confirms that the API key still stands, so a cached one may do."""
    refusals: tuple[str, ...] = ()
    """Codes of the business refusals that are worth telling; the general ones are implied."""
    example: Any = None
    example_answer: Any = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Path parameter → what it is."""


def operation(declared: Operation) -> dict[str, Any]:
    """Return the `opt` of a handler that keeps this declaration."""
    return {OPT: declared}
