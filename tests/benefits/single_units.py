"""Single units and the sums of the second evaluator: fractions, rounded where the page says so.

It shares no code with the engine (`tests.benefits.oracle`).
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

Document = Mapping[str, Any]


class Unit(NamedTuple):
    """One piece, of which line, and what it costs as it stands."""

    line: int
    cents: int


def bundles(effect: Document, units: Sequence[Unit]) -> dict[int, int]:
    """So many units for one price, the dearest first, as long as that saves something."""
    ranked, size = dearest_first(units), effect["units"]
    saved = 0
    within_bundles: list[Unit] = []
    for start in range(0, len(ranked) - size + 1, size):
        one = ranked[start : start + size]
        saving = sum(unit.cents for unit in one) - effect["price"]
        if saving <= 0 or start // size == effect.get("times"):
            break
        saved += saving
        within_bundles += one
    return laid_on(min(saved, effect.get("cap", saved)), worth_of(within_bundles))


def percent_of(effect: Document, worth: int) -> Fraction:
    """Tell the share taken off: of the steps reached the highest."""
    if "steps" in effect:
        reached = [step["percent"] for step in effect["steps"] if worth >= step["from"]]
        return Fraction(reached[-1]) / 100 if reached else Fraction(0)
    return Fraction(effect.get("percent", 100)) / 100


def dearest_first(units: Iterable[Unit]) -> list[Unit]:
    """Of two that cost the same the one that stands first in the cart comes first."""
    return sorted(units, key=lambda unit: (-unit.cents, unit.line))


def worth_of(units: Iterable[Unit]) -> dict[int, int]:
    """Add up the units of each line."""
    worth: dict[int, int] = {}
    for unit in units:
        worth[unit.line] = worth.get(unit.line, 0) + unit.cents
    return worth


def per_line(units: Iterable[Unit], share: Fraction) -> dict[int, int]:
    """Take a share off units, rounded once for each line."""
    return {place: rounded(cents * share) for place, cents in worth_of(units).items()}


def rounded(amount: Fraction) -> int:
    """Round to whole cents, halves up."""
    return int(amount + Fraction(1, 2))


def within(off: dict[int, int], cap: int | None) -> dict[int, int]:
    """Bound what is taken off."""
    return off if cap is None or sum(off.values()) <= cap else laid_on(cap, off)


def laid_on(whole: int, weights: Mapping[int, int]) -> dict[int, int]:
    """Lay an amount on lines by largest remainder, ties to the line that stands first."""
    everything = sum(weights.values())
    if not everything:
        return {}
    exact = {place: Fraction(whole * weight, everything) for place, weight in weights.items()}
    parts = {place: int(share) for place, share in exact.items()}
    missing = whole - sum(parts.values())
    by_rest = sorted(exact, key=lambda place: (parts[place] - exact[place], place))
    for place in by_rest[:missing]:
        parts[place] += 1
    return parts
