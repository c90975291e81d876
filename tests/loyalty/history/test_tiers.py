"""Real shops under ladders that ask for both thresholds and for either: told order by order with
their returns, and evaluated all at once, every customer stands on the same tier: in the middle of
the history, on its last day, and today.
"""

import csv
from collections import Counter
from datetime import UTC, date, datetime, time
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
JOINS: tuple[Join, ...] = ("all", "any")
IN_THE_MIDDLE = JOINS[: sample(quick=1, full=2)]


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


def days_of(path: Path) -> tuple[date, date]:
    """The day in the middle of a shop's history, and its last one."""
    with path.open(newline="", encoding="utf-8") as file:
        days = {row["ordered_at"][:10] for row in csv.DictReader(file)}
    first, last = date.fromisoformat(min(days)), date.fromisoformat(max(days))
    return first + (last - first) // 2, last


def until(path: Path, day: date) -> Path:
    """What had happened in a shop by the end of a day."""
    cut = path.with_name(f"until-{day}.csv")
    with path.open(newline="", encoding="utf-8") as whole, cut.open("w", newline="") as part:
        rows, kept = csv.reader(whole), csv.writer(part)
        heads = next(rows)
        placed_at = heads.index("ordered_at")
        kept.writerow(heads)
        kept.writerows(row for row in rows if row[placed_at][:10] <= f"{day}")
    return cut


async def judged(application: Application, day: date) -> Counter[str]:
    """Let time pass until a day, evaluate everybody at once, and count who stands where."""
    at = datetime.combine(day, time(23), UTC)
    await review_tiers(application, Cause(at, "job:review-tiers", "test"))
    async with application.database.snapshot() as connection:
        ladder = await tiers.live_ladder(connection)
        assert ladder is not None
        standings = await stored(connection)
        where = await tiers.placed(connection, ladder, on=day)
        rows = (await connection.execute(select(where))).all()

    assert len(rows) == len(standings) > 0
    for row in rows:
        tier, rank, since = standings[row.member].earned_on(day)
        assert (row.rank, row.since) == (rank, since), row.member
        assert ladder.tiers[row.rank].code == tier
    return Counter(ladder.tiers[row.rank].code for row in rows)


async def check(application: Application, path: Path, proof: Proof, name: str, join: Join) -> None:
    """Judge a shop on its last day, when several tiers are held, and today, long after it."""
    await publish(application, ladder=ladder_of(join), currency=currency_of(path))
    await bring(application, path, effects="tiers")
    _, last = days_of(path)
    counts = await judged(application, last)
    assert len(counts) > 2
    proof(f"{name}, {join}, {last}: members by tier", str(sorted(counts.items())), "")
    today = application.clock.now().date()
    later = await judged(application, today)
    assert later["standard"] > counts["standard"]
    proof(f"{name}, {join}, {today}: members by tier", str(sorted(later.items())), "")


async def check_middle(
    application: Application, path: Path, proof: Proof, name: str, join: Join
) -> None:
    """Judge a shop in the middle of its history, by what had happened then."""
    middle, _ = days_of(path)
    await publish(application, ladder=ladder_of(join), currency=currency_of(path))
    await bring(application, until(path, middle), effects="tiers")
    counts = await judged(application, middle)
    assert len(counts) > 1
    proof(f"{name}, {join}, {middle}: members by tier", str(sorted(counts.items())), "")


def currency_of(path: Path) -> str:
    """What a shop's prices are in."""
    return "GBP" if "uci" in path.name else "USD"


@pytest.fixture(scope="module")
def grocers_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's year, written once for all tests here."""
    households = sample(quick=40, full=10_000)
    return grocer(tmp_path_factory.mktemp("grocer"), households=households)


@pytest.fixture(scope="module")
def web_shops_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The web shop's orders, written once for all tests here."""
    return web_shop(tmp_path_factory.mktemp("web"), most=sample(quick=800, full=1_000_000))


@needs_shared
@pytest.mark.parametrize("join", JOINS)
async def test_a_web_shop_stands_the_same_order_by_order_and_all_at_once(
    application: Application, web_shops_file: Path, proof: Proof, join: Join
) -> None:
    await check(application, web_shops_file, proof, "UCI online retail", join)


@needs_shared
@pytest.mark.parametrize("join", IN_THE_MIDDLE)
async def test_a_web_shop_stands_the_same_in_the_middle_of_its_history(
    application: Application, web_shops_file: Path, proof: Proof, join: Join
) -> None:
    await check_middle(application, web_shops_file, proof, "UCI online retail", join)


@pytest.mark.parametrize("join", JOINS)
async def test_the_demos_year_stands_the_same_order_by_order_and_all_at_once(
    application: Application, grocers_file: Path, proof: Proof, join: Join
) -> None:
    await check(application, grocers_file, proof, "the demo's year", join)


@pytest.mark.parametrize("join", IN_THE_MIDDLE)
async def test_the_demos_year_stands_the_same_in_the_middle_of_it(
    application: Application, grocers_file: Path, proof: Proof, join: Join
) -> None:
    await check_middle(application, grocers_file, proof, "the demo's year", join)
