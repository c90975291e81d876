"""What tests share hides nothing: what was proved is proved again once anything was written."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.database import Database
from tests.support.database import prove

DAMAGE = text("update loyalty.signing_key set retired_at = created_at, accepted_until = created_at")


async def test_a_proof_does_not_outlive_what_it_saw(
    database: Database, owner_connection: AsyncConnection
) -> None:
    for _ in range(2):
        async with database.snapshot() as connection:
            await prove(connection)

    await owner_connection.execute(DAMAGE)

    async with database.snapshot() as connection:
        with pytest.raises(AssertionError, match="exactly one signing key signs"):
            await prove(connection)
