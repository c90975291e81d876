"""Signed tokens: made by us, for one purpose, until an instant."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OctKey
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import SYSTEM, Cause
from loyalty.signing import OUTLIVES, Signing, TokenExpired, TokenMalformed, rotate_signing_keys
from loyalty.tables import signing_key

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SOON = NOW + timedelta(minutes=5)


async def loaded(connection: AsyncConnection) -> Signing:
    signing = Signing()
    await signing.load(connection)
    return signing


async def test_a_token_says_what_was_signed_until_its_end(connection: AsyncConnection) -> None:
    signing = await loaded(connection)
    token = signing.sign("quote", {"cart": [1, "é"]}, expires_at=SOON)

    assert signing.verify("quote", token, at=NOW) == {"cart": [1, "é"]}
    with pytest.raises(TokenExpired):
        signing.verify("quote", token, at=SOON)


async def test_a_token_is_what_the_library_would_write(connection: AsyncConnection) -> None:
    signing = await loaded(connection)
    token = signing.sign("quote", {"cart": [1, "é"]}, expires_at=SOON)

    secret = (
        await connection.execute(
            select(signing_key.c.secret).where(signing_key.c.retired_at.is_(None))
        )
    ).scalar_one()
    key = OctKey.import_key(secret)
    read = jws.deserialize_compact(token, key)
    assert jws.serialize_compact(read.headers(), read.payload, key) == token


async def test_a_token_of_one_kind_never_passes_for_another(connection: AsyncConnection) -> None:
    signing = await loaded(connection)
    token = signing.sign("wallet-link", {"member": "x"}, expires_at=SOON)

    with pytest.raises(TokenMalformed):
        signing.verify("credential", token, at=NOW)


async def test_a_token_changed_in_any_letter_is_refused(connection: AsyncConnection) -> None:
    signing = await loaded(connection)
    token = signing.sign("quote", {"points": 1}, expires_at=SOON)

    for place in range(0, len(token) - 1, 3):
        other = "A" if token[place] != "A" else "B"
        with pytest.raises(TokenMalformed):
            signing.verify("quote", token[:place] + other + token[place + 1 :], at=NOW)


async def test_a_token_without_a_signature_is_refused(connection: AsyncConnection) -> None:
    signing = await loaded(connection)
    header, payload, _ = signing.sign("quote", {}, expires_at=SOON).split(".")
    none = "eyJhbGciOiJub25lIn0"

    for forged in (f"{none}.{payload}.", f"{header}.{payload}.", f"{none}.{payload}.x"):
        with pytest.raises(TokenMalformed):
            signing.verify("quote", forged, at=NOW)


@given(text=st.text(max_size=60))
def test_whatever_is_no_token_is_refused_by_name(text: str) -> None:
    signing = Signing()

    with pytest.raises(TokenMalformed):
        signing.verify("quote", text, at=NOW)


async def test_after_a_rotation_old_tokens_pass_until_the_old_key_ends(
    connection: AsyncConnection,
) -> None:
    signing = await loaded(connection)
    old = signing.sign("quote", {"n": 1}, expires_at=NOW + timedelta(days=365))

    await rotate_signing_keys(connection, Cause(at=NOW, actor=SYSTEM, request_id="test"))
    unaware = await loaded(connection)
    new = unaware.sign("quote", {"n": 2}, expires_at=SOON)

    assert unaware.verify("quote", old, at=NOW) == {"n": 1}
    assert unaware.verify("quote", new, at=NOW) == {"n": 2}
    assert not signing.knows(new)
    with pytest.raises(TokenMalformed):
        unaware.verify("quote", old, at=NOW + OUTLIVES)
