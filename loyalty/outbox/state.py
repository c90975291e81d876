"""A message as it stands, and the words for it. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class State(StrEnum):
    """Where a message stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"


class Reason(StrEnum):
    """Why a message was not sent, or how else the member was told."""

    MAIL_OFF = "mail-off"
    NO_ADDRESS = "no-address"
    NO_CONSENT = "no-consent"
    MEMBER_CLOSED = "member-closed"
    REFUSED = "refused"
    GAVE_UP = "gave-up"
    OUTDATED = "outdated"
    UNWRITABLE = "unwritable"
    TOLD_BY_SHOP = "told-by-shop"


@dataclass(frozen=True, slots=True)
class Message:
    """A message to a member, without any personal data.

    `attempts` counts those since it was last queued; `uncertain` those of all time that may have
    reached the member although nobody can prove it. `answer` is the server's last word: the proof
    of sending when the message is sent.
    """

    member: UUID
    id: UUID
    event: UUID
    template: str
    message_id: str
    state: State
    reason: str | None
    language: str | None
    attempts: int
    uncertain: int
    queued_at: datetime
    next_at: datetime | None
    sent_at: datetime | None
    answer: str | None
