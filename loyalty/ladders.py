"""Publishing a ladder: the tiers package stores it, the trail says who and what was before."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from loyalty.cause import Cause
from loyalty.changes import record_change


async def publish_ladder(
    connection: AsyncConnection,
    cause: Cause,
    document: Mapping[str, object],
    *,
    after: int | None = None,
) -> tiers.Ladder:
    """Publish the next version; `after` refuses when somebody published another meanwhile."""
    before = await tiers.live_ladder(connection)
    ladder = await tiers.publish_ladder(
        connection,
        document,
        at=cause.at,
        actor=cause.actor,
        request_id=cause.request_id,
        after=after,
    )
    await record_change(
        connection,
        cause,
        subject_kind="ladder",
        subject=str(ladder.version),
        action="publish",
        before=None if before is None else {"version": before.version},
        after={"version": ladder.version, "document": dict(document)},
    )
    return ladder
