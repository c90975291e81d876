"""An event of a member: as a shop reports it, and as it is recorded with what it earned. Pure."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

EVENT: Final = "event"
"""The kind of name under which a shop's id of an event stands, and the source of its points."""
PREFIX: Final = "evn"
"""How ids of events begin."""


@dataclass(frozen=True, slots=True)
class NewActivity:
    """What a shop reports; `name` is its own id of the event.

    There is nothing in it of what was written or how many stars were given: what an event earns
    cannot depend on that.
    """

    name: str
    kind: str
    at: datetime | None = None
    channel: str = ""


@dataclass(frozen=True, slots=True)
class ActivityWhy:
    """What one version of a rule gave for an event."""

    rule: str
    version: int
    points: int


@dataclass(frozen=True, slots=True)
class Activity:
    """An event as it is recorded, with the decision about what it earned."""

    member: UUID
    id: UUID
    kind: str
    occurred_at: datetime
    channel: str
    policy: int
    rule_set: int
    points: int
    journal: UUID | None
    activates_at: datetime | None
    decision: str

    @property
    def why(self) -> tuple[ActivityWhy, ...]:
        """Which rules gave the points, as the decision says."""
        (line,) = json.loads(self.decision)["answer"]["lines"]
        return tuple(
            ActivityWhy(each["rule"], each["version"], each.get("gave", each.get("bonus", 0)))
            for each in line["earn_why"]
        )
