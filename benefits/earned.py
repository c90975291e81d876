"""What is earned so far: exact points of every line, whole bonuses, and each rule's part. Pure.

Every share stands over one denominator, which grows with rates and multipliers. What a rule added
is kept beside it, so that the whole points of a line can be told apart by rule in the end.
"""

from collections.abc import Iterable
from fractions import Fraction

from benefits.counted import Charge, Reached
from benefits.counting import Allowance, Counters
from benefits.pricing import Candidate
from benefits.rooms import Rooms
from benefits.shares import apportion
from benefits.types import EarnWhy

WHOLE = 0
"""The denominator of a part that is a bonus: whole points that no multiplier touches."""


Part = tuple[EarnWhy, int, int]
"""What one rule added to a line: why, and a numerator over the denominator of then."""


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
        self.parts: list[list[Part]] = [[] for _ in range(lines)]
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
        other.parts = [parts.copy() for parts in self.parts]
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

    def why(self, earned: list[int]) -> list[tuple[EarnWhy, ...]]:
        """Each rule's part in the points of each line: whole points that add up to the line's."""
        return [
            tuple([why for why, _, _ in parts]) if len(parts) <= 1 else self._told(parts, line)
            for parts, line in zip(self.parts, earned, strict=True)
        ]

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

    def add(self, position: int, numerator: int, why: EarnWhy) -> None:
        """Add exact points to a line."""
        self.shares[position] += numerator
        self.parts[position].append((why, numerator, self.denominator))

    def add_each(self, numerators: Iterable[tuple[int, int]], whys: Iterable[EarnWhy]) -> None:
        """Add exact points to lines by their positions."""
        shares, parts, denominator = self.shares, self.parts, self.denominator
        for (position, numerator), why in zip(numerators, whys, strict=True):
            shares[position] += numerator
            parts[position].append((why, numerator, denominator))

    def add_whole(self, position: int, points: int, why: EarnWhy) -> None:
        """Add whole points to a line that multipliers work on."""
        self.add(position, points * self.denominator, why)

    def add_bonus(self, position: int, points: int, why: EarnWhy) -> None:
        """Add whole points to a line that nothing works on."""
        self.bonuses[position] += points
        self.parts[position].append((why, points, WHOLE))

    def _told(self, parts: list[Part], line: int) -> tuple[EarnWhy, ...]:
        """The whole points of each part: rounded down, the line's rest to the largest fractions."""
        points, fractions = [], []
        for _, numerator, denominator in parts:
            whole, fraction = numerator, 0
            if denominator != WHOLE:
                exact = numerator * (self.denominator // denominator)
                whole, fraction = divmod(exact, self.denominator)
            points.append(whole)
            fractions.append(fraction)
        left = line - sum(points)
        if left == 1:
            points[fractions.index(max(fractions))] += 1
        elif left:
            largest = sorted(range(len(parts)), key=lambda place: (-fractions[place], place))
            for place in largest[:left]:
                points[place] += 1
        return tuple([why.saying(gave) for (why, _, _), gave in zip(parts, points, strict=True)])
