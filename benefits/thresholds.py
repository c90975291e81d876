"""What is taken off by how much lines cost: the highest step reached, or again and again. Pure."""

from collections.abc import Sequence

from benefits.language.tree import Reached


def highest_reached(steps: Sequence[Reached], worth: int) -> int:
    """What the highest step gives that is reached; nothing below the first."""
    given = 0
    for step in steps:
        if worth < step.from_:
            break
        given = step.gives
    return given


def rounds_of(every: int, times: int | None, worth: int) -> int:
    """How many times an amount is reached, at most so many."""
    rounds = worth // every
    return rounds if times is None else min(rounds, times)
