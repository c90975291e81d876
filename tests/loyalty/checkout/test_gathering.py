"""Snapshots asked for together are read together, and each is told what it would be alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest
from sqlalchemy.engine import make_url

from loyalty.checkout.gathering import AT_ONCE, MOST, Snapshots
from loyalty.checkout.snapshot import Asked, take_snapshot
from loyalty.database import Database
from loyalty.errors import Unavailable
from loyalty.members.types import read_member_ref
from tests.stories.test_statements import counting
from tests.support.api import Web, application, checkout, web
from tests.support.database import Clone
from tests.support.shop import Shop, opened, shop

__all__ = ["application", "checkout", "opened", "shop", "web"]

SOMEBODY = 5


def _about(web: Web, who: str | None, *skus: str, codes: tuple[str, ...] = ()) -> Asked:
    at = web.cause().at
    ref = None if who is None else read_member_ref(f"ext:{who}")
    return Asked(ref, at, at, skus, codes)


async def test_who_asks_together_is_told_what_each_would_be_alone_by_few_statements(
    shop: Shop, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(SOMEBODY):
        ada = await web.joined(external_id=f"C-{number}")
        await shop.give(ada, 100 * (number + 1))
    names = [*(f"C-{number}" for number in range(SOMEBODY)), None, "nobody"] * 3
    asked = [_about(web, who, f"SKU-{n}") for n, who in enumerate(names)]
    snapshots = web.application.snapshots
    await snapshots.take(asked[0])  # what is read once in a process has been read

    with counting(monkeypatch) as seen:
        together = await asyncio.gather(*(snapshots.take(one) for one in asked))

    async with web.application.database.read() as connection:
        programme = web.application.programme
        alone = [await take_snapshot(connection, programme, one) for one in asked]
    assert together == alone
    assert [each.available for each in together[:SOMEBODY]] == [100, 200, 300, 400, 500]
    assert len(seen) == -(-len(asked) // MOST) == 2


async def test_who_asks_while_others_are_read_goes_with_all_who_wait(
    shop: Shop, web: Web, clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database.at(clone.application, pool_size=1)
    snapshots, asked = Snapshots(database, web.application.programme), _about(web, None)
    alone = await snapshots.take(asked)

    with counting(monkeypatch) as seen:
        async with database.read():  # its one connection is taken: what leaves has to wait
            asking = []
            for _ in range(AT_ONCE + SOMEBODY):
                asking.append(asyncio.create_task(snapshots.take(asked)))
                await _until_nothing_moves()
        found = await asyncio.gather(*asking)
    await database.dispose()

    assert found == [alone] * len(asking)
    assert len(seen) == AT_ONCE + 1


async def _until_nothing_moves() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_cannot_be_read_fails_for_whoever_asked_it_alone(shop: Shop, web: Web) -> None:
    await web.joined(external_id="C-1")
    asked = [_about(web, "C-1"), _about(web, "C-1", "a\x00b"), _about(web, None)]
    snapshots = web.application.snapshots
    alone = [await snapshots.take(asked[place]) for place in (0, 2)]

    told = await asyncio.gather(*(snapshots.take(one) for one in asked), return_exceptions=True)

    assert isinstance(told[1], psycopg.DataError)
    assert [told[0], told[2]] == alone


async def test_who_goes_away_holds_up_nobody(shop: Shop, web: Web) -> None:
    await web.joined(external_id="C-1")
    snapshots = web.application.snapshots
    gone = [asyncio.create_task(snapshots.take(_about(web, "C-1"))) for _ in range(3)]
    stays = asyncio.create_task(snapshots.take(_about(web, "C-1")))
    await asyncio.sleep(0)
    for each in gone:
        each.cancel()

    found = await stays

    assert found.member is not None
    assert await asyncio.wait(gone) == (set(gone), set())
    assert all(each.cancelled() for each in gone)


@asynccontextmanager
async def _nowhere() -> AsyncIterator[Database]:
    database = Database.at(make_url("postgresql+psycopg://nobody@127.0.0.1:1/nothing"))
    yield database
    await database.dispose()


async def test_without_a_database_everybody_is_told_so(web: Web) -> None:
    async with _nowhere() as database:
        snapshots = Snapshots(database, web.application.programme)

        told = await asyncio.gather(
            *(snapshots.take(_about(web, None)) for _ in range(SOMEBODY)), return_exceptions=True
        )

    assert [type(each) for each in told] == [Unavailable] * SOMEBODY
    assert len({id(each) for each in told}) == SOMEBODY
