"""How figures are spread: every bucket counted, every threshold exact, whatever the window."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.tiers.builders import JOINED, buy, climb, named, write
from tiers import (
    Activity,
    Distribution,
    Ladder,
    Spread,
    Subject,
    distribution,
    fold,
    parse_ladder,
)
from tiers.tables import standing
from tiers.tally import Tally
from tiers.windows import window_on

TODAY = date(2025, 3, 20)
KEPT = {"any": {"purchases": 700, "orders": 3, "active_days": 2, "asset:stars": 4}}
DOCUMENT = climb(
    tiers=[
        {"code": "standard"},
        {
            "code": "silver",
            "reach": {"any": {"purchases": 1_000, "orders": 3, "active_days": 3, "asset:stars": 5}},
            "keep": KEPT,
        },
        {
            "code": "gold",
            "reach": {"any": {"purchases": 5_000, "orders": 9, "active_days": 8, "asset:stars": 9}},
            "keep": KEPT,
        },
    ],
    minimum_order=50,
)
WINDOWS: tuple[dict[str, object], ...] = (
    {"window": {"kind": "rolling-months", "length": 12}},
    {"window": {"kind": "rolling-days", "length": 40}, "validity": {"unit": "days", "length": 40}},
    {"window": {"kind": "quarter"}, "validity": {"unit": "periods", "length": 1}},
    {"window": {"kind": "anniversary"}, "validity": {"unit": "periods", "length": 1}},
    {"window": {"kind": "lifetime"}, "validity": {"unit": "forever"}},
)


def lives() -> dict[str, tuple[date, list[Activity]]]:
    """Twelve members who joined on twelve days; some came in parts, some brought things back."""
    made = {}
    for at in range(12):
        joined = JOINED + timedelta(days=31 * at)
        bought = []
        for turn in range(at * 2):
            on = joined + timedelta(days=(turn * 23) % ((TODAY - joined).days + 1))
            amount = 40 + 97 * turn * at
            order = f"{at}/{turn // 2 if at % 3 == 0 else turn}"
            back = amount // 2 if turn % 5 == 4 else 0
            bought.append(buy(order, on, amount, shipment=str(turn), returned=back))
            if turn % 4 == 1:
                earned = named(f"star {at}/{turn}")
                bought.append(Activity(named(order), earned, on, turn, 0, "stars"))
        made[f"member {at}"] = joined, bought
    return made


async def shop(connection: AsyncConnection, rules: Ladder) -> None:
    for who, (joined, bought) in lives().items():
        told = sorted(((one.on, one) for one in bought), key=lambda each: each[0])
        decision = fold(rules, Subject(named(who), joined, None, ()), told)
        await write(connection, decision)


def above(spread: Spread, wanted: int) -> int:
    return sum(bucket.members for bucket in spread.buckets if bucket.least >= wanted)


def figures(rules: Ladder, metric: str) -> list[int]:
    """What each member has in the window, by the pure tally."""
    counted = []
    for joined, bought in lives().values():
        window = window_on(rules.window, TODAY, joined_on=joined)
        counted.append(Tally(bought, rules).figures(window, TODAY).of(metric))
    return counted


@pytest.mark.parametrize("window", WINDOWS, ids=lambda one: str(one["window"]["kind"]))
async def test_every_bucket_and_threshold_counts_what_the_tally_counts(
    connection: AsyncConnection, window: dict[str, object]
) -> None:
    rules = parse_ladder(DOCUMENT | window, version=1)
    await shop(connection, rules)

    seen = await distribution(connection, rules, on=TODAY)

    assert (seen.on, seen.members) == (TODAY, 12)
    assert [one.metric for one in seen.spreads] == [
        "purchases",
        "orders",
        "active_days",
        "asset:stars",
    ]
    for spread in seen.spreads:
        expected = figures(rules, spread.metric)
        for bucket in spread.buckets:
            inside = [
                one
                for one in expected
                if bucket.least <= one and (bucket.below is None or one < bucket.below)
            ]
            assert bucket.members == len(inside), (spread.metric, bucket)
        for mark in spread.marks:
            assert mark.members == sum(one >= mark.wanted for one in expected)
            assert mark.members == above(spread, mark.wanted)


async def test_buckets_have_no_gaps_and_every_threshold_lies_between_two(
    connection: AsyncConnection,
) -> None:
    rules = parse_ladder(climb(), version=1)

    seen = await distribution(connection, rules, on=TODAY)

    assert seen.spreads
    for spread in seen.spreads:
        assert spread.buckets[0].least == 0
        assert spread.buckets[-1].below is None
        assert all(one.below == other.least for one, other in pairwise(spread.buckets))
        begins = {bucket.least for bucket in spread.buckets}
        assert {mark.wanted for mark in spread.marks} <= begins
        assert len(spread.buckets) < 70


async def test_only_those_who_are_selected_are_counted_with_or_without_a_standing(
    connection: AsyncConnection,
) -> None:
    rules = parse_ladder(DOCUMENT, version=1)
    await shop(connection, rules)
    some = select(standing.c.member).where(
        standing.c.member.in_([named("member 0"), named("member 11")])
    )

    seen = await distribution(connection, rules, on=TODAY, members=some)

    assert seen.members == 2
    assert all(sum(one.members for one in spread.buckets) == 2 for spread in seen.spreads)


async def test_a_ladder_of_one_tier_asks_nothing_and_counts_everybody(
    connection: AsyncConnection,
) -> None:
    rules = parse_ladder(climb(tiers=[{"code": "standard"}]), version=1)
    await shop(connection, parse_ladder(DOCUMENT, version=1))

    assert await distribution(connection, rules, on=TODAY) == Distribution(TODAY, 12, ())
