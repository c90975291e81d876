"""What a shop's clock tells: now where it runs ahead a little, and never the future."""

from datetime import UTC, datetime, timedelta

import pytest

from loyalty.instants import CLOCK_TOLERANCE, taken_at, tells

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize("told", [None, NOW, NOW + MOMENT, NOW + CLOCK_TOLERANCE])
def test_what_clocks_may_differ_by_is_now(told: datetime | None) -> None:
    assert taken_at(told, now=NOW) == NOW


@pytest.mark.parametrize("told", [NOW - MOMENT, NOW + CLOCK_TOLERANCE + MOMENT])
def test_the_past_and_the_future_are_left_as_told(told: datetime) -> None:
    assert taken_at(told, now=NOW) == told


def test_an_instant_taken_as_now_is_known_again_and_another_is_not() -> None:
    assert tells(NOW, NOW)
    assert tells(NOW + CLOCK_TOLERANCE, taken_at(NOW + CLOCK_TOLERANCE, now=NOW))
    assert not tells(NOW - MOMENT, NOW)
    assert not tells(NOW + CLOCK_TOLERANCE + MOMENT, NOW)
