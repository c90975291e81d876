"""Signed tokens: quotes, wallet links, short-lived credentials, cursors.

A token is a compact JWS (HS256) with the signing key's id, a kind, an expiry and the claims. A
token of one kind never passes for another. Keys stand in `loyalty.signing_key`; the newest signs,
a retired one still verifies until its end. Signing and verifying do no I/O.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.util import urlsafe_b64encode
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.errors import LoyaltyError
from loyalty.ids import new_id
from loyalty.tables import live_version, signing_key

_ALGORITHM: Final = "HS256"
_SIGNS: Final = jws.default_registry.get_alg(_ALGORITHM)
_SECRET_BYTES: Final = 32
#: A retired key verifies so long: the longest life of anything it has signed.
OUTLIVES: Final = timedelta(days=31)


class TokenMalformed(LoyaltyError):
    """This is not a {kind} that this programme has signed."""

    code = "token-malformed"
    kind: str


class TokenExpired(LoyaltyError):
    """The {kind} was good until {until}; ask for a new one."""

    code = "token-expired"
    kind: str
    until: str


@dataclass(frozen=True, slots=True)
class _SigningKey:
    id: str
    key: OctKey
    accepted_until: datetime | None
    head: bytes
    """How every token of the key begins: its header as the library writes it, and a dot."""


class Signing:
    """The signing keys that this process has read; `load` first, and again when one rotates."""

    def __init__(self) -> None:
        """Begin with none."""
        self._keys: dict[str, _SigningKey] = {}
        self._signer: _SigningKey | None = None

    async def load(self, connection: AsyncConnection) -> None:
        """Read the keys anew."""
        rows = await connection.execute(
            select(signing_key).order_by(signing_key.c.created_at, signing_key.c.id)
        )
        keys: dict[str, _SigningKey] = {}
        signer = None
        for row in rows:
            key = _signing_key(str(row.id), row.secret, row.accepted_until)
            keys[key.id] = key
            if row.retired_at is None:
                signer = key
        self._keys, self._signer = keys, signer

    def knows(self, token: str) -> bool:
        """Say whether the key that the token names has been read."""
        return _header(token).get("kid") in self._keys

    def sign(self, kind: str, claims: Mapping[str, object], *, expires_at: datetime) -> str:
        """Return a token for the claims, good until the instant."""
        if self._signer is None:
            message = "signing keys have not been loaded"
            raise RuntimeError(message)
        payload = {"kind": kind, "exp": int(expires_at.timestamp()), "claims": claims}
        said = self._signer.head + urlsafe_b64encode(msgspec.json.encode(payload))
        signature = urlsafe_b64encode(_SIGNS.sign(said, self._signer.key))
        return (said + b"." + signature).decode()

    def verify(self, kind: str, token: str, *, at: datetime) -> dict[str, Any]:
        """Return the claims of a token of this kind that is good at the instant."""
        key = self._keys.get(str(_header(token).get("kid")))
        if key is None or (key.accepted_until is not None and at >= key.accepted_until):
            raise TokenMalformed(kind=kind)
        try:
            signed = jws.deserialize_compact(token, key.key, algorithms=[_ALGORITHM])
            payload = msgspec.json.decode(signed.payload)
        except (JoseError, ValueError):
            raise TokenMalformed(kind=kind) from None
        if payload["kind"] != kind:
            raise TokenMalformed(kind=kind)
        until = datetime.fromtimestamp(payload["exp"], UTC)
        if at >= until:
            raise TokenExpired(kind=kind, until=until.isoformat())
        claims: dict[str, Any] = payload["claims"]
        return claims


def _signing_key(key_id: str, secret: bytes, accepted_until: datetime | None) -> _SigningKey:
    key = OctKey.import_key(secret)
    empty = jws.serialize_compact({"alg": _ALGORITHM, "kid": key_id}, b"", key)
    return _SigningKey(key_id, key, accepted_until, empty.partition(".")[0].encode() + b".")


def _header(token: str) -> Mapping[str, object]:
    try:
        return jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError):
        return {}


async def rotate_signing_keys(connection: AsyncConnection, cause: Cause) -> UUID:
    """Retire the keys that sign now and make a new one; returns its id."""
    await connection.execute(
        update(live_version)
        .where(live_version.c.name == "signing-keys")
        .values(version=live_version.c.version + 1)
    )
    await connection.execute(
        update(signing_key)
        .where(signing_key.c.retired_at.is_(None))
        .values(retired_at=cause.at, accepted_until=cause.at + OUTLIVES)
    )
    key = new_id(cause.at)
    await connection.execute(
        insert(signing_key).values(
            id=key, secret=secrets.token_bytes(_SECRET_BYTES), created_at=cause.at
        )
    )
    await record_change(
        connection, cause, subject_kind="signing-key", subject=str(key), action="rotate"
    )
    return key


async def make_first_signing_key(connection: AsyncConnection, cause: Cause) -> None:
    """Make a signing key when there is none, so that a new database can sign at once."""
    if (await connection.execute(select(signing_key.c.id).limit(1))).first() is None:
        await rotate_signing_keys(connection, cause)
