"""No other grouping of the same units takes off more than that of the dearest first."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from benefits.bundles import bundled, cheapest_of_groups, had_for_others
from benefits.language.tree import Bundle, BuyGet
from benefits.units import Run, dearest_first, first, picked, runs_of, worth_of
from tests.support.requirements import sample

thoroughly = settings(max_examples=sample(quick=40, full=1500), deadline=None)
prices = st.lists(st.integers(1, 9), max_size=6)
times = st.none() | st.integers(1, 2)
sizes = st.integers(1, 3)


def single(costs: Sequence[int]) -> list[Run]:
    """Return one unit for each price, each of a line of its own."""
    return [Run(cost, 1, place) for place, cost in enumerate(costs)]


def groupings(units: tuple[int, ...], sizes: range) -> Iterator[list[tuple[int, ...]]]:
    """Yield every way to form groups of such sizes; some units may stand in none."""
    if not units:
        yield []
        return
    head, rest = units[0], units[1:]
    yield from groupings(rest, sizes)
    for size in sizes:
        for others in combinations(rest, size - 1):
            left = tuple(unit for unit in rest if unit not in others)
            for more in groupings(left, sizes):
                yield [(head, *others), *more]


def worth(runs: Sequence[Run]) -> int:
    """Return what units cost together."""
    return sum(run.worth for run in runs)


@thoroughly
@given(prices, st.integers(2, 3), st.integers(1, 20), times)
def test_no_other_bundles_save_more(
    costs: list[int], size: int, price: int, most: int | None
) -> None:
    best = max(
        sum(max(0, sum(costs[unit] for unit in group) - price) for group in groups)
        for groups in groupings(tuple(range(len(costs))), range(size, size + 1))
        if most is None or len(groups) <= most
    )

    saved, within = bundled(Bundle(size, price, times=most), single(costs))

    assert saved == best
    assert saved <= worth(within)


@thoroughly
@given(prices, sizes, st.integers(1, 2), times)
def test_no_other_groups_have_dearer_units_for_less(
    costs: list[int], buy: int, get: int, most: int | None
) -> None:
    """In every group the cheapest are had, and `buy` others are bought."""
    best = max(
        sum(sum(sorted(costs[unit] for unit in group)[: len(group) - buy]) for group in groups)
        for groups in groupings(tuple(range(len(costs))), range(buy + 1, buy + get + 1))
        if most is None or len(groups) <= most
    )

    assert worth(cheapest_of_groups(single(costs), buy=buy, get=get, times=most)) == best


@thoroughly
@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.sampled_from([(True, False), (False, True), (True, True)])),
        max_size=6,
    ),
    sizes,
    st.integers(1, 2),
    times,
)
def test_no_other_choice_has_dearer_units_for_those_bought(
    units: list[tuple[int, tuple[bool, bool]]], buy: int, get: int, most: int | None
) -> None:
    bought = [kind[0] for _, kind in units]
    to_be_had = [kind[1] for _, kind in units]
    candidates = [place for place, may in enumerate(to_be_had) if may]
    best = 0
    for number in range(len(candidates) + 1):
        for chosen in combinations(candidates, number):
            rounds = -(-number // get)
            spare = len({place for place, is_one in enumerate(bought) if is_one} - {*chosen})
            if spare >= rounds * buy and (most is None or rounds <= most):
                best = max(best, sum(units[place][0] for place in chosen))

    effect = BuyGet(buy, get, 100_00, times=most)
    found = had_for_others(effect, single([cost for cost, _ in units]), bought, to_be_had)

    assert worth(found) == best
    assert all(to_be_had[run.place] for run in found)


@thoroughly
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 7)), max_size=4), st.integers(1, 9))
def test_runs_are_the_units_one_by_one(lines: list[tuple[int, int]], most: int) -> None:
    """Units that stand together are picked and grouped as if each stood alone."""
    runs = runs_of([total for total, _ in lines], [quantity for _, quantity in lines])
    alone = [run._replace(units=1) for run in runs for _ in range(run.units)]

    assert worth_of(runs, len(lines)) == [total for total, _ in lines]
    for pick in ("all", "cheapest", "dearest"):
        together, apart = picked(runs, most, pick), picked(alone, most, pick)
        assert worth_of(together, len(lines)) == worth_of(apart, len(lines))
    for buy, get in ((1, 1), (2, 1), (1, 2), (3, 2)):
        grouped = cheapest_of_groups(runs, buy=buy, get=get, times=most)
        ungrouped = cheapest_of_groups(alone, buy=buy, get=get, times=most)
        assert worth_of(grouped, len(lines)) == worth_of(ungrouped, len(lines))
    bundle = Bundle(most + 1, 10)
    assert bundled(bundle, runs)[0] == bundled(bundle, alone)[0]


def test_units_of_a_line_are_its_money_by_largest_remainder() -> None:
    assert runs_of([1000, 2, 0], [3, 5, 4]) == [Run(334, 1, 0), Run(333, 2, 0), Run(1, 2, 1)]


def test_ties_go_to_the_line_that_stands_first() -> None:
    runs = [Run(5, 2, 0), Run(5, 2, 1), Run(7, 1, 2)]

    assert first(dearest_first(runs), 3) == [Run(7, 1, 2), Run(5, 2, 0)]
    assert picked(runs, 3, "cheapest") == [Run(5, 2, 0), Run(5, 1, 1)]
    assert picked(runs, 3, "all") == [Run(5, 2, 0), Run(5, 1, 1)]


def test_a_line_of_a_million_units_is_no_more_work_than_one_of_ten() -> None:
    runs = runs_of([10**9 + 1], [10**6])
    saved, _ = bundled(Bundle(3, 2999), runs)

    assert saved == 333_333 + 1
    assert len(cheapest_of_groups(runs, buy=1, get=1, times=None)) == 1
    every = [True]
    assert worth(had_for_others(BuyGet(1, 1, 100_00), runs, every, every)) == 500_000 * 1000 + 1
