"""Whole parts by largest remainder: of one amount, or of exact fractions. Pure; nothing is lost."""

from collections.abc import Sequence


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` over the weights so that the parts add up to it exactly.

    Every part is the proportional share rounded down; the units left over go to the largest
    remainders, ties to the earlier weight. A weight of zero gets nothing; no part is larger than
    its weight while `total` is at most their sum. With no weight at all everything is zero, so
    the caller hands in a total only where there is something to spread it over.
    """
    whole = sum(weights)
    if total == 0 or whole == 0:
        return [0] * len(weights)
    if total == whole:
        return list(weights)
    return apportion([total * weight for weight in weights], whole)


def apportion(shares: Sequence[int], denominator: int) -> list[int]:
    """Whole parts of exact shares: each rounded down, the sum's whole rest by largest fraction."""
    parts = [share // denominator for share in shares]
    left = sum(shares) // denominator - sum(parts)
    if left:
        fractions = [share % denominator for share in shares]
        largest = sorted(range(len(parts)), key=fractions.__getitem__, reverse=True)
        for position in largest[:left]:
            parts[position] += 1
    return parts
