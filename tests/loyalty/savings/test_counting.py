"""What of an order's saving counts: shipped and kept, never more than was saved."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.savings import SavedOrder


def order(**parts: int) -> SavedOrder:
    return SavedOrder(
        order=UUID(int=1),
        placed_at=datetime(2026, 11, 1, tzinfo=UTC),
        **{"saved": 590, "whole": 3_000, "shipped": 0, **parts},
    )


@pytest.mark.parametrize(
    ("parts", "counted", "waiting"),
    [
        ({}, 0, 590),
        ({"shipped": 1_000}, 197, 393),
        ({"shipped": 3_000}, 590, 0),
        ({"shipped": 3_000, "back": 1_000}, 393, 0),
        ({"shipped": 3_000, "back": 3_000}, 0, 0),
        ({"shipped": 1_000, "dropped": 2_000}, 197, 0),
        ({"dropped": 3_000}, 0, 0),
        ({"whole": 0}, 0, 0),
    ],
)
def test_the_part_that_was_shipped_and_stayed_counts(
    parts: dict[str, int], counted: int, waiting: int
) -> None:
    told = order(**parts)

    assert (told.counted, told.waiting) == (counted, waiting)


@given(st.integers(0, 9_999), st.lists(st.integers(0, 999), min_size=1), st.integers(0, 999))
def test_never_more_counts_than_was_saved(saved: int, shipped: list[int], back: int) -> None:
    whole = sum(shipped)

    told = order(saved=saved, whole=whole, shipped=whole, back=back)

    assert 0 <= told.counted <= saved
    assert told.waiting == 0
