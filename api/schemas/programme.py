"""Shapes of the programme policy, of API keys, and of the audit trail."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from api.schemas.types import Instant, Text
from loyalty.changes import Change
from loyalty.ids import show
from loyalty.keys import ApiKey
from loyalty.policy import Policy, document_of


class PolicyBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole policy, and from when it counts; at once when left out."""

    policy: dict[str, Any]
    starts_at: Instant | None = None


class PolicyOut(Struct, frozen=True):
    """One version of the policy."""

    version: int
    starts_at: Instant
    policy: dict[str, Any]

    @classmethod
    def of(cls, policy: Policy) -> "PolicyOut":
        """Show the policy."""
        return cls(policy.version, policy.starts_at, document_of(policy))


class KeyBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A key to make; one of role `member` is bound to one member."""

    role: Literal["checkout", "admin", "finance", "member"]
    label: Text
    member: Annotated[str, Meta(min_length=1, max_length=210)] | None = None
    days: Annotated[int, Meta(ge=1, le=3650)] | None = None


class KeyOut(Struct, frozen=True):
    """A key without its secret."""

    id: str
    role: str
    member: str | None
    label: str
    prefix: str
    created_at: Instant
    expires_at: Instant | None
    revoked_at: Instant | None

    @classmethod
    def of(cls, key: ApiKey) -> "KeyOut":
        """Show the key."""
        return cls(
            id=show("key", key.id),
            role=key.role,
            member=None if key.member is None else show("mem", key.member),
            label=key.label,
            prefix=key.prefix,
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
        )


class NewKeyOut(Struct, frozen=True):
    """A new key; `secret` is shown this once."""

    key: KeyOut
    secret: str


class ChangeOut(Struct, frozen=True):
    """A management write: who, when, before and after."""

    id: str
    member: str | None
    subject_kind: str
    subject: str
    action: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    effective_at: Instant
    recorded_at: Instant
    actor: str
    request_id: str

    @classmethod
    def of(cls, change: Change) -> "ChangeOut":
        """Show the change."""
        return cls(
            id=str(change.id),
            member=None if change.member is None else show("mem", change.member),
            subject_kind=change.subject_kind,
            subject=change.subject,
            action=change.action,
            before=None if change.before is None else dict(change.before),
            after=None if change.after is None else dict(change.after),
            effective_at=change.effective_at,
            recorded_at=change.recorded_at,
            actor=change.actor,
            request_id=change.request_id,
        )
