"""API keys and what they may do.

A key is shown once, at creation; only its prefix and the SHA-256 of its secret are stored (the
secret has 160 random bits, so a slow hash would protect nothing). A key of role `member` is bound
to one member. A short-lived credential is a signed token instead and has no row.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, insert, or_, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause, key_actor, member_actor
from loyalty.changes import record_change
from loyalty.database import Database
from loyalty.errors import LoyaltyError
from loyalty.ids import ALPHABET, new_id
from loyalty.signing import Signing
from loyalty.tables import api_key

Role = Literal["checkout", "admin", "finance", "member"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)

CREDENTIAL: Final = "credential"
_BRAND: Final = "loy"
_PREFIX_LETTERS: Final = 12
_SECRET_LETTERS: Final = 32
_DOTS_OF_A_TOKEN: Final = 2
_PARTS_OF_A_KEY: Final = 4


class CredentialsMissing(LoyaltyError):
    """This needs the header Authorization: Bearer <key>."""

    code = "credentials-missing"


class UnknownKey(LoyaltyError):
    """The key is not one that this programme has issued."""

    code = "unknown-key"


class UnknownApiKey(LoyaltyError):
    """There is no API key {seen}."""

    code = "unknown-api-key"
    seen: str


class KeyEnded(LoyaltyError):
    """The key has been revoked or has expired."""

    code = "key-ended"


class RoleNotAllowed(LoyaltyError):
    """This needs a key of role {wanted}; the key given is of role {seen}."""

    code = "role-not-allowed"
    wanted: str
    seen: str


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is listed: everything but its secret."""

    id: UUID
    role: Role
    member: UUID | None
    label: str
    prefix: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def stands(self, at: datetime) -> bool:
        """Say whether the key may be used at the instant."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a key's role, and the one member that a member credential names."""

    role: Role
    actor: str
    key: UUID | None
    member: UUID | None


async def create_key(
    connection: AsyncConnection,
    cause: Cause,
    *,
    role: Role,
    label: str,
    member: UUID | None = None,
    lives: timedelta | None = None,
) -> tuple[ApiKey, str]:
    """Make a key and return it with the text that authenticates, which is not kept anywhere."""
    prefix = _letters(_PREFIX_LETTERS)
    text = f"{_BRAND}_{role}_{prefix}_{_letters(_SECRET_LETTERS)}"
    made = ApiKey(
        id=new_id(cause.at),
        role=role,
        member=member,
        label=label,
        prefix=prefix,
        created_at=cause.at,
        expires_at=None if lives is None else cause.at + lives,
        revoked_at=None,
    )
    await connection.execute(
        insert(api_key).values(
            id=made.id,
            role=role,
            member=member,
            label=label,
            prefix=prefix,
            secret_hash=_digest(text),
            created_at=made.created_at,
            expires_at=made.expires_at,
            actor=cause.actor,
            request_id=cause.request_id,
        )
    )
    await record_change(
        connection,
        cause,
        subject_kind="key",
        subject=str(made.id),
        action="create",
        after={"role": role, "prefix": prefix},
        member=member,
    )
    return made, text


async def revoke_key(connection: AsyncConnection, cause: Cause, key: UUID) -> ApiKey:
    """End a key at once; ending an ended key changes nothing."""
    ended = await connection.execute(
        update(api_key)
        .where(api_key.c.id == key, api_key.c.revoked_at.is_(None))
        .values(revoked_at=cause.at)
        .returning(api_key.c.member)
    )
    if (row := ended.one_or_none()) is not None:
        await record_change(
            connection,
            cause,
            subject_kind="key",
            subject=str(key),
            action="revoke",
            after={"revoked_at": cause.at.isoformat()},
            member=row.member,
        )
    found = (await connection.execute(_listed.where(api_key.c.id == key))).one_or_none()
    if found is None:
        raise UnknownApiKey(seen=str(key))
    return _read(found)


async def list_keys(connection: AsyncConnection, *, limit: int = 200) -> Sequence[ApiKey]:
    """Return the keys, newest first."""
    rows = await connection.execute(_listed.order_by(api_key.c.id.desc()).limit(limit))
    return [_read(row) for row in rows]


def key_stands(
    key: UUID | ColumnElement[UUID], at: datetime | ColumnElement[datetime]
) -> ScalarSelect[bool]:
    """Return a scalar that confirms a cached key inside a statement that is needed anyway."""
    return select(
        select(api_key.c.id)
        .where(
            api_key.c.id == key,
            api_key.c.revoked_at.is_(None),
            or_(api_key.c.expires_at.is_(None), api_key.c.expires_at > at),
        )
        .exists()
    ).scalar_subquery()


class Keys:
    """Finds out who asks; remembers keys for requests whose own statement confirms them."""

    def __init__(self) -> None:
        """Begin with no key remembered."""
        self._seen: dict[bytes, tuple[ApiKey, Principal]] = {}

    async def principal(
        self,
        database: Database,
        signing: Signing,
        text: str,
        *,
        at: datetime,
        confirmed_later: bool,
    ) -> Principal:
        """Return who holds the key or credential that the text is."""
        if text.count(".") == _DOTS_OF_A_TOKEN:
            return await _by_credential(database, signing, text, at)
        digest = _digest(text)
        known = self._seen.get(digest) if confirmed_later else None
        key, principal = known or await self._read(database, text, digest)
        if not key.stands(at):
            self._seen.pop(digest, None)
            raise KeyEnded
        return principal

    def forget(self, key: UUID | None) -> None:
        """Forget a key that turned out to have ended."""
        self._seen = {digest: seen for digest, seen in self._seen.items() if seen[0].id != key}

    async def _read(self, database: Database, text: str, digest: bytes) -> tuple[ApiKey, Principal]:
        parts = text.split("_")
        if len(parts) != _PARTS_OF_A_KEY or parts[0] != _BRAND:
            raise UnknownKey
        async with database.read() as connection:
            row = (
                await connection.execute(
                    _listed.add_columns(api_key.c.secret_hash).where(api_key.c.prefix == parts[2])
                )
            ).one_or_none()
        if row is None or not hmac.compare_digest(row.secret_hash, digest):
            raise UnknownKey
        key = _read(row)
        principal = Principal(key.role, key_actor(key.id), key.id, key.member)
        self._seen[digest] = key, principal
        return key, principal


async def _by_credential(
    database: Database, signing: Signing, text: str, at: datetime
) -> Principal:
    if not signing.knows(text):
        async with database.read() as connection:
            await signing.load(connection)
    member = UUID(signing.verify(CREDENTIAL, text, at=at)["member"])
    return Principal(role="member", actor=member_actor(member), key=None, member=member)


_listed: Final = select(
    api_key.c.id,
    api_key.c.role,
    api_key.c.member,
    api_key.c.label,
    api_key.c.prefix,
    api_key.c.created_at,
    api_key.c.expires_at,
    api_key.c.revoked_at,
)


def _letters(count: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(count))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()


def _read(row: Row[*tuple[Any, ...]]) -> ApiKey:
    return ApiKey(
        id=row.id,
        role=row.role,
        member=row.member,
        label=row.label,
        prefix=row.prefix,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
