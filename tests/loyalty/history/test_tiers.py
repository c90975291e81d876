"""Real shops under ladders that ask for both thresholds and for either: told order by order with
their returns, and evaluated all at once, every customer stands on the same tier.
"""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Literal

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.reviews import review_tiers
from loyalty.tables import member
from tests.loyalty.history.files import application, bring, publish
from tests.loyalty.history.shops import grocer, web_shop
from tests.support.proofs import Proof
from tests.support.requirements import needs_shared, sample

__all__ = ["application"]

Join = Literal["all", "any"]
JOINS: tuple[Join, Join] = ("all", "any")


def ladder_of(join: Join) -> dict[str, object]:
    """Thresholds that spread the customers of both shops over all tiers."""
    return tiers.default_ladder(
        silver=(50_000, 3), gold=(150_000, 8), diamond=(400_000, 20), join=join
    )


async def stored(connection: AsyncConnection) -> dict[object, tiers.Standing]:
    """Every standing, as it was decided order by order and by the review."""
    known = (await connection.execute(select(member.c.id))).scalars().all()
    subjects = await tiers.find_subjects(connection, dict.fromkeys(known, date.min))
    return {who: one.standing for who, one in subjects.items() if one.standing is not None}


async def check(application: Application, path: Path, proof: Proof, name: str, join: Join) -> None:
    """Import a shop, let time pass until today, and evaluate it all at once."""
    currency = "GBP" if "uci" in path.name else "USD"
    await publish(application, ladder=ladder_of(join), currency=currency)
    await bring(application, path, effects="tiers")
    cause = Cause(application.clock.now(), "job:review-tiers", "test")
    await review_tiers(application, cause)
    today = cause.at.date()
    async with application.database.snapshot() as connection:
        ladder = await tiers.live_ladder(connection)
        assert ladder is not None
        standings = await stored(connection)
        where = await tiers.placed(connection, ladder, on=today)
        rows = (await connection.execute(select(where))).all()

    assert len(rows) == len(standings) > 0
    for row in rows:
        standing = standings[row.member]
        tier, rank, since = standing.earned_on(today)
        assert (row.rank, row.since) == (rank, since), row.member
        assert ladder.tiers[row.rank].code == tier
    counts = Counter(ladder.tiers[row.rank].code for row in rows)
    assert await changes_in_between(application) > 0
    proof(f"{name}, {join}: members by tier", str(sorted(counts.items())), "")


async def changes_in_between(application: Application) -> int:
    """How many changes the history wrote besides joining: the tiers did move."""
    async with application.database.snapshot() as connection:
        known = (await connection.execute(select(member.c.id))).scalars().all()
        found = 0
        for who in known[:500]:
            found += len(await tiers.history_of(connection, who, limit=50)) - 1
    return found


@needs_shared
@pytest.mark.parametrize("join", JOINS)
async def test_a_web_shop_stands_the_same_order_by_order_and_all_at_once(
    application: Application, tmp_path: Path, proof: Proof, join: Join
) -> None:
    path = web_shop(tmp_path, most=sample(quick=1_500, full=1_000_000))
    await check(application, path, proof, "UCI online retail", join)


@pytest.mark.parametrize("join", JOINS)
async def test_the_demos_year_stands_the_same_order_by_order_and_all_at_once(
    application: Application, tmp_path: Path, proof: Proof, join: Join
) -> None:
    path = grocer(tmp_path, households=sample(quick=40, full=10_000))
    await check(application, path, proof, "the demo's year", join)
