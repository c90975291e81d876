"""What is earned so far: exact points of every line, whole bonuses, and each rule's part. Pure.

Every share stands over one denominator, which grows with rates and multipliers. What an effect
added is kept beside it, so that the whole points of a line can be told apart by rule in the end.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import compress

from msgspec import Struct
from msgspec.structs import replace

from benefits.counted import Charge, Reached
from benefits.counting import Allowance, Counters
from benefits.pricing import Candidate
from benefits.rooms import Rooms
from benefits.shares import apportion
from benefits.types import EarnWhy

WHOLE = 0
"""The denominator of a part that is a bonus: whole points that no multiplier touches."""


class Part(Struct, frozen=True):
    """What one effect added to some lines: numerators over the denominator of then, and why."""

    positions: Sequence[int]
    numerators: list[int]
    whys: Sequence[EarnWhy]
    denominator: int

    @property
    def wholes(self) -> list[int]:
        """The points of each line, rounded down."""
        if self.denominator == WHOLE:
            return self.numerators
        return [numerator // self.denominator for numerator in self.numerators]


class Earning:
    """What is earned so far."""

    __slots__ = (
        "bonuses",
        "charges",
        "contributed",
        "counters",
        "denominator",
        "fates",
        "parts",
        "reached",
        "rooms",
        "shares",
    )

    def __init__(
        self, lines: int, denominator: int, counters: Counters | None, rooms: Rooms
    ) -> None:
        self.shares = [0] * lines
        self.denominator = denominator
        self.bonuses = [0] * lines
        self.parts: list[Part] = []
        self.contributed: set[int] = set()
        self.fates: dict[int, tuple[str, str | None]] = {}
        self.reached: dict[int, Reached] = {}
        self.rooms = rooms
        self.charges: list[Charge] = []
        """What carried remainders and bands take; `charged` adds what limits do."""
        self.counters = counters

    def copy(self) -> "Earning":
        """The same so far, to try something on."""
        other = Earning(0, self.denominator, self.counters, self.rooms.copy())
        other.shares = self.shares.copy()
        other.bonuses = self.bonuses.copy()
        other.parts = self.parts.copy()
        other.charges = self.charges.copy()
        return other

    @property
    def exact(self) -> Fraction:
        """The exact points of the order."""
        return Fraction(sum(self.shares), self.denominator) + sum(self.bonuses)

    @property
    def points(self) -> int:
        """Whole points of the order."""
        return sum(self.shares) // self.denominator + sum(self.bonuses)

    def per_line(self) -> list[int]:
        """The order's points on its lines."""
        wholes = apportion(self.shares, self.denominator)
        return [whole + bonus for whole, bonus in zip(wholes, self.bonuses, strict=True)]

    def told(self) -> tuple[list[int], list[tuple[EarnWhy, ...]]]:
        """The points of each line, and each rule's part: whole points that add up to the line's.

        Where a rule is alone on a line, the line says what it gave.
        """
        earned = self.per_line()
        told: list[list[EarnWhy]] = [[] for _ in earned]
        for part, points in zip(self.parts, self._apart(earned), strict=True):
            for position, why, gave in zip(part.positions, part.whys, points, strict=True):
                told[position].append(replace(why, gave=gave))
        parts = [tuple(whys) if len(whys) != 1 else (replace(whys[0], gave=None),) for whys in told]
        return earned, parts

    def charged(self) -> tuple[Charge, ...]:
        """What the order takes of the counters."""
        return (*self.charges, *self.rooms.charges(len(self.shares)))

    def allowance(self, candidate: Candidate) -> Allowance | None:
        """What limits leave a candidate; None where nothing bounds it."""
        return self.rooms.of(candidate.bounds, candidate.rule.home)

    def scale(self, factor: int) -> None:
        """Express every share in parts that are so many times smaller."""
        self.shares = [share * factor for share in self.shares]
        self.denominator *= factor

    def add(self, positions: Sequence[int], numerators: list[int], whys: Sequence[EarnWhy]) -> None:
        """Add exact points to lines by their positions."""
        shares = self.shares
        for position, numerator in zip(positions, numerators, strict=True):
            shares[position] += numerator
        self.parts.append(Part(positions, numerators, whys, self.denominator))

    def add_whole(
        self,
        positions: Sequence[int],
        points: list[int],
        whys: Sequence[EarnWhy],
        room: Allowance | None,
    ) -> None:
        """Add whole points, that multipliers work on, to the lines that get any."""
        positions, points, whys = _told(room, positions, points, whys)
        self.add(positions, [each * self.denominator for each in points], whys)

    def add_bonus(
        self,
        positions: Sequence[int],
        points: list[int],
        whys: Sequence[EarnWhy],
        room: Allowance | None,
    ) -> None:
        """Add whole points, that nothing works on, to the lines that get any."""
        positions, points, whys = _told(room, positions, points, whys)
        for position, each in zip(positions, points, strict=True):
            self.bonuses[position] += each
        self.parts.append(Part(positions, points, whys, WHOLE))

    def _apart(self, earned: Sequence[int]) -> list[list[int]]:
        """The whole points of each part: rounded down, a line's rest to the largest fractions."""
        exact = [part for part in self.parts if part.denominator != WHOLE]
        if len(exact) == 1:  # the bonuses are whole, so what is left of a line is the one rate's
            left = [line - bonus for line, bonus in zip(earned, self.bonuses, strict=True)]
            return [
                part.numerators if part is not exact[0] else [left[p] for p in part.positions]
                for part in self.parts
            ]
        apart = [part.wholes for part in self.parts]
        rests = list(earned)
        for part, points in zip(self.parts, apart, strict=True):
            for position, each in zip(part.positions, points, strict=True):
                rests[position] -= each
        if any(rests):
            self._top_up(apart, rests)
        return apart

    def _top_up(self, apart: list[list[int]], rests: list[int]) -> None:
        """Give each line's rest to its largest fractions, ties to what was added first."""
        fractions = []
        for number, part in enumerate(self.parts):
            finer = self.denominator // part.denominator if part.denominator != WHOLE else 0
            fractions += [
                (-(numerator % part.denominator) * finer, number, place)
                for place, numerator in enumerate(part.numerators)
                if finer and rests[part.positions[place]]
            ]
        fractions.sort()
        for _, number, place in fractions:
            position = self.parts[number].positions[place]
            if rests[position]:
                rests[position] -= 1
                apart[number][place] += 1


def tell(room: Allowance | None, positions: Sequence[int], points: Sequence[int]) -> None:
    """Let limits know what was given, line by line."""
    if room is not None:
        for position, each in zip(positions, points, strict=True):
            if each:
                room.gave(position, each)


def _told(
    room: Allowance | None, positions: Sequence[int], points: list[int], whys: Sequence[EarnWhy]
) -> tuple[Sequence[int], list[int], Sequence[EarnWhy]]:
    """Tell the limit what lines got, and answer those that got any."""
    tell(room, positions, points)
    if 0 not in points:
        return positions, points, whys
    those = list(compress(positions, points))
    return those, [each for each in points if each], list(compress(whys, points))
