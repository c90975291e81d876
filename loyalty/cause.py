"""The cause of a write: when it counts, who did it, and in which request.

Every use case that writes takes one `Cause` and stores its three parts with what it wrote. The
edge that received the request makes it; nothing below the edge reads a clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

_ACTOR_KINDS: Final = frozenset({"key", "member", "staff", "job", "import"})
SYSTEM: Final = "system"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a row was written: the instant it counts from, the actor and the request."""

    at: datetime
    actor: str
    request_id: str

    def __post_init__(self) -> None:
        """Refuse a naive instant and an actor of an unknown kind."""
        if self.at.utcoffset() is None:
            message = "a cause needs an instant with an offset"
            raise ValueError(message)
        kind, _, who = self.actor.partition(":")
        if self.actor != SYSTEM and (kind not in _ACTOR_KINDS or not who):
            message = f"unknown kind of actor: {self.actor!r}"
            raise ValueError(message)
        if not self.request_id:
            message = "a cause needs a request id"
            raise ValueError(message)

    @property
    def historic(self) -> bool:
        """Whether it brings along what happened long ago, of which nobody is to be told."""
        return self.actor.startswith("import:")

    def columns(self) -> Mapping[str, str]:
        """Return the two columns that every stored row takes from its cause."""
        return {"actor": self.actor, "request_id": self.request_id}


def key_actor(key: UUID) -> str:
    """Name an API key as the actor."""
    return f"key:{key}"


def member_actor(member: UUID) -> str:
    """Name the member, acting with a credential of their own."""
    return f"member:{member}"


def staff_actor(staff: UUID) -> str:
    """Name a person signed in to the console."""
    return f"staff:{staff}"


def job_actor(name: str) -> str:
    """Name a periodic or started job."""
    return f"job:{name}"


def import_actor(run: str) -> str:
    """Name a run of an import."""
    return f"import:{run}"
