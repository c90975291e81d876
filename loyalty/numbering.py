"""Numbers without gaps: for what an auditor counts."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.tables import live_version


async def next_number(connection: AsyncConnection, series: str) -> int:
    """Count on in a series; a transaction that ends without effect gives its number back.

    Whoever counts next in the same series waits for this transaction.
    """
    counted = await connection.execute(
        insert(live_version)
        .values(name=series, version=1)
        .on_conflict_do_update(
            constraint="live_version_has_one_row_per_name",
            set_={"version": live_version.c.version + 1},
        )
        .returning(live_version.c.version)
    )
    return counted.scalar_one()
