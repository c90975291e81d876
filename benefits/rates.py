"""What rates add to the points: by money, by unit, by order, by what was spent before. Pure.

A plain rate adds exact points. One that is rounded by itself (it has a limit, carries its remainder
or names a rounding) adds whole ones, laid on its lines by largest remainder.
"""

from collections.abc import Callable, Sequence
from math import lcm

from msgspec import Struct
from msgspec.structs import replace

from benefits.counted import BASIS, REMAINDER, Charge
from benefits.counting import Allowance, bands_scope, rate_scope
from benefits.earned import Earning, tell
from benefits.language.tree import Band, EarnBands, EarnEach, EarnRate
from benefits.shares import spread
from benefits.types import EarnWhy, Line

Bases = Callable[[str], Sequence[int]]
"""The money of each line that earns, by the name of the basis."""


class Working(Struct, frozen=True):
    """A rate at work: whose it is, on which lines, and what is left of the rule's limits."""

    rule: str
    version: int
    place: int
    positions: Sequence[int]
    room: Allowance | None


def add_rate(effect: EarnRate, work: Working, bases: Bases, earning: Earning) -> bool:
    """Add what a rate by money earns; answers whether it changed anything."""
    basis = bases(effect.basis)
    touched = [p for p in work.positions if basis[p]]
    if not touched:
        return False
    own = effect.basis != "paid"
    if effect.carry:
        return _carry(effect, work, touched, [basis[p] for p in touched], earning, own=own)
    factor = effect.points * (earning.denominator // effect.per)
    numerators = [basis[p] * factor for p in touched]
    why = EarnWhy(work.rule, work.version, effect.points, effect.per)
    whys = [replace(why, of=basis[p]) for p in touched] if own else [why] * len(touched)
    return _add(touched, numerators, whys, work, earning, rounding=effect.rounding)


def add_each(
    effect: EarnEach, work: Working, lines: Sequence[Line], bases: Bases, earning: Earning
) -> bool:
    """Add what units bought earn, or the order; what costs nothing is not bought."""
    basis = bases("paid")
    touched = [p for p in work.positions if basis[p]]
    if not touched:
        return False
    if effect.each == "unit":
        counts = [lines[p].quantity for p in touched]
        points = [effect.points * count for count in counts]
    else:
        counts = [1] * len(touched)
        points = spread(effect.points, [basis[p] for p in touched])
    numerators = [each * earning.denominator for each in points]
    whys = [
        EarnWhy(work.rule, work.version, effect.points, each=effect.each, of=count)
        for count in counts
    ]
    return _add(touched, numerators, whys, work, earning)


def add_bands(effect: EarnBands, work: Working, bases: Bases, earning: Earning) -> bool:
    """Add what cumulative spend earns: each part of the order at the rate of its band."""
    basis = bases(effect.basis)
    touched = [p for p in work.positions if basis[p]]
    counters = earning.counters
    if not touched or counters is None:
        return False
    scope = bands_scope(work.rule, work.place)
    before = counters.used(scope, BASIS, effect.every)
    spent = sum(basis[p] for p in touched)
    parts = tuple(basis[p] if p in touched else 0 for p in range(len(basis)))
    key = counters.key(scope, BASIS, effect.every)
    earning.charges.append(Charge(*key, 1, parts, seen=before))
    earning.scale(spent * lcm(*(band.per for band in effect.bands)))
    changed = False
    for money, band in _over(effect.bands, before, spent):
        factor = money * band.points * (earning.denominator // band.per // spent)
        numerators = [basis[p] * factor for p in touched]
        why = EarnWhy(work.rule, work.version, band.points, band.per, of=money)
        changed |= _add(
            touched, numerators, [why] * len(touched), work, earning, rounding=effect.rounding
        )
    return changed


def rounded(numerator: int, denominator: int, rounding: str | None) -> int:
    """Whole points: rounded down where nothing else is said."""
    if rounding == "nearest":
        return (2 * numerator + denominator) // (2 * denominator)
    if rounding == "up":
        return -(-numerator // denominator)
    return numerator // denominator


def _over(bands: Sequence[Band], before: int, spent: int) -> list[tuple[int, Band]]:
    """The money of an order that falls into each band."""
    found = []
    start, end, reached = before, before + spent, 0
    for band in bands:
        upto = end if band.upto is None else band.upto
        money = min(end, upto) - max(start, reached)
        if money > 0:
            found.append((money, band))
        reached = upto
    return found


def _carry(
    effect: EarnRate,
    work: Working,
    positions: Sequence[int],
    money: Sequence[int],
    earning: Earning,
    *,
    own: bool,
) -> bool:
    """Add the whole points that the order reaches with what earlier orders left over."""
    counters = earning.counters
    if counters is None:
        return False
    scope = rate_scope(work.rule, work.place, effect.points, effect.per)
    carried = counters.used(scope, REMAINDER, "ever")
    units = [amount * effect.points for amount in money]
    wanted = max(0, (carried + sum(units)) // effect.per)
    lines = len(earning.shares)
    key = counters.key(scope, REMAINDER, "ever")
    earning.charges.append(Charge(*key, 1, _dense(positions, units, lines)))
    if wanted:
        taken = [each * effect.per for each in spread(wanted, units)]
        earning.charges.append(Charge(*key, -1, _dense(positions, taken, lines), least=0))
    allowed = wanted if work.room is None else work.room.allowed(wanted)
    given = spread(allowed, units)
    why = EarnWhy(
        work.rule,
        work.version,
        effect.points,
        effect.per,
        carried=carried,
        cut=wanted - allowed or None,
    )
    whys = [replace(why, of=amount) for amount in money] if own else [why] * len(money)
    earning.add(positions, [points * earning.denominator for points in given], whys)
    tell(work.room, positions, given)
    return True


def _add(
    positions: Sequence[int],
    numerators: list[int],
    whys: Sequence[EarnWhy],
    work: Working,
    earning: Earning,
    *,
    rounding: str | None = None,
) -> bool:
    """Add exact points, or whole ones where the rule is rounded by itself."""
    room = work.room
    if rounding is None and (room is None or not room.counts_points):
        if room is not None and not room.allowed(1):
            return False
        earning.add(positions, numerators, whys)
        tell(room, positions, [1] * len(positions))
        return True
    wanted = rounded(sum(numerators), earning.denominator, rounding)
    allowed = wanted if room is None else room.allowed(wanted)
    cut = wanted - allowed or None
    whys = [replace(why, cut=cut) for why in whys]
    earning.add_whole(positions, spread(allowed, numerators), whys, room)
    return allowed > 0


def _dense(positions: Sequence[int], parts: Sequence[int], lines: int) -> tuple[int, ...]:
    found = [0] * lines
    for position, part in zip(positions, parts, strict=True):
        found[position] += part
    return tuple(found)
