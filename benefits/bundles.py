"""Units that belong together: so many for one price, every so many one for less. Pure.

Groups are formed of the dearest units first, which takes off as much as any other grouping of the
same kind does (a test tries them all). Work grows with lines, never with quantities.
"""

from collections.abc import Callable, Iterable, Sequence

from benefits.language.tree import Bundle, BuyGet
from benefits.units import Run, count_of, dearest_first, first


def bundled(effect: Bundle, runs: Iterable[Run]) -> tuple[int, list[Run]]:
    """What bundles take off in all, and the units in them.

    No bundle is formed that would cost as much as its units do by themselves.
    """
    ranked = dearest_first(runs)
    size, price = effect.units, effect.price
    most = _at_most(count_of(ranked) // size, effect.times)

    def saves(number: int) -> bool:
        before = _worth(first(ranked, (number - 1) * size))
        return _worth(first(ranked, number * size)) - before > price

    bundles = _last(most, saves)
    within = first(ranked, bundles * size)
    return _worth(within) - bundles * price, within


def cheapest_of_groups(runs: Iterable[Run], *, buy: int, get: int, times: int | None) -> list[Run]:
    """Of the dearest units `buy` are bought and the next `get` are had, and so on.

    The last group may have fewer to be had, never fewer that are bought.
    """
    size = buy + get
    found = []
    rank = 0
    last = None if times is None else times * size

    def had(ranks: int) -> int:
        if last is not None:
            ranks = min(ranks, last)
        return ranks // size * get + max(0, ranks % size - buy)

    for run in dearest_first(runs):
        count = had(rank + run.units) - had(rank)
        rank += run.units
        if count:
            found.append(run._replace(units=count))
    return found


def had_for_others(
    effect: BuyGet, runs: Iterable[Run], bought: Sequence[bool], to_be_had: Sequence[bool]
) -> list[Run]:
    """The dearest units that may be had for those that are bought; no unit is both.

    `bought` and `to_be_had` say of each line whether its units count as that.
    """
    ranked = dearest_first(runs)
    in_stock = count_of(run for run in ranked if bought[run.place])
    ranked = [run for run in ranked if to_be_had[run.place]]

    def take(rounds: int) -> list[Run]:
        left, spare = rounds * effect.get, in_stock - rounds * effect.buy
        found = []
        for run in ranked:
            count = min(run.units, left)
            if bought[run.place]:
                count = min(count, spare)
                spare -= count
            left -= count
            if count:
                found.append(run._replace(units=count))
        return found

    def gains(rounds: int) -> bool:
        return _worth(take(rounds)) > _worth(take(rounds - 1))

    return take(_last(_at_most(in_stock // effect.buy, effect.times), gains))


def _last(most: int, holds: Callable[[int], bool]) -> int:
    """The last number up to which it holds from one on; once it fails it fails for good."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _at_most(number: int, times: int | None) -> int:
    return number if times is None else min(number, times)


def _worth(runs: Iterable[Run]) -> int:
    return sum(run.worth for run in runs)
