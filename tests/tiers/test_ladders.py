import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.database import Database
from tests.tiers.builders import AT, climb
from tiers import (
    LadderOutrun,
    LadderUnknown,
    LadderUnordered,
    find_document,
    find_ladder,
    list_ladders,
    live_ladder,
    live_version,
    parse_ladder,
    publish_ladder,
)


async def publish(
    connection: AsyncConnection, document: dict[str, object], after: int | None = None
) -> int:
    ladder = await publish_ladder(
        connection, document, at=AT, actor="staff:1", request_id="req-1", after=after
    )
    return ladder.version


async def test_the_newest_ladder_is_live_and_older_ones_stay_as_they_were(
    connection: AsyncConnection,
) -> None:
    assert await live_ladder(connection) is None
    assert (await connection.execute(live_version())).scalar_one() is None

    first = await publish(connection, climb())
    second = await publish(connection, climb(minimum_order=500), after=first)

    live = await live_ladder(connection)
    assert (first, second) == (1, 2)
    assert live == parse_ladder(climb(minimum_order=500), version=2)
    assert await find_ladder(connection, 1) == parse_ladder(climb(), version=1)
    assert await find_document(connection, 1) == climb()
    assert [each.ladder.version for each in await list_ladders(connection)] == [2, 1]
    assert [each.ladder.version for each in await list_ladders(connection, before=2)] == [1]
    assert (await list_ladders(connection, limit=1))[0].published_by == "staff:1"


async def test_a_ladder_written_for_an_older_one_is_refused(connection: AsyncConnection) -> None:
    await publish(connection, climb())

    with pytest.raises(LadderOutrun):
        await publish(connection, climb(), after=0)
    with pytest.raises(LadderUnknown):
        await find_ladder(connection, 2)


async def test_a_ladder_that_cannot_work_is_never_published(connection: AsyncConnection) -> None:
    tiers = [
        {"code": "standard"},
        {"code": "silver", "reach": {"any": {"orders": 5}}},
        {"code": "gold", "reach": {"any": {"orders": 4}}},
    ]

    with pytest.raises(LadderUnordered):
        await publish(connection, climb(tiers=tiers))
    assert await live_ladder(connection) is None


async def test_of_two_ladders_published_at_once_for_the_same_one_is_refused(
    database: Database,
) -> None:
    outcomes = await asyncio.gather(
        *(database.write(publish, climb(minimum_order=least), 0) for least in (1, 2)),
        return_exceptions=True,
    )

    assert {type(each) for each in outcomes} == {int, LadderOutrun}
