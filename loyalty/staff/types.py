"""Values of staff: roles, people, sessions, one-time links. No I/O and no SQLAlchemy here."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

IDLE_FOR: Final = timedelta(minutes=30)
"""A session that nobody used for this long is over."""

SESSION_FOR: Final = timedelta(hours=12)
"""No session outlives this, however busy."""

LINK_FOR: Final = timedelta(hours=24)
"""A one-time link that nobody opened for this long is void."""

SEEN_EVERY: Final = timedelta(minutes=1)
"""How often a busy session writes that it was seen."""


class Role(StrEnum):
    """What a person in the console may do; a person may have both."""

    ADMIN = "admin"
    FINANCE = "finance"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works in the console."""

    id: UUID
    email: str
    name: str
    roles: frozenset[Role]
    created_at: datetime
    claimed: bool
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in visit: who, and until when at the latest."""

    person: Person
    started_at: datetime
    seen_at: datetime
    ends_at: datetime

    def alive(self, at: datetime) -> bool:
        """Say whether neither limit has passed and the person still belongs here."""
        if self.person.retired_at is not None and self.person.retired_at <= at:
            return False
        return at < self.ends_at and at < self.seen_at + IDLE_FOR


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a one-time link opens: the first seat, or the seat of a person already named."""

    person: Person | None
    expires_at: datetime

    @property
    def first(self) -> bool:
        """Say whether this link makes the first person of the programme."""
        return self.person is None


@dataclass(frozen=True, slots=True)
class OneTimeLink:
    """A fresh link; the token is known here and nowhere else, the database keeps its digest."""

    token: str
    person: UUID | None
    expires_at: datetime

    @property
    def path(self) -> str:
        """Return the address to open, without the host."""
        return f"/console/claim/{self.token}"
