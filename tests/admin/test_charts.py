from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from admin.charts import month_chart, nice_step, share, spread_chart

MONTHS = [date(2026, month, 1) for month in range(1, 13)]
SERIES = st.lists(
    st.tuples(*[st.integers(0, 10**15)] * 3).map(list), min_size=len(MONTHS), max_size=len(MONTHS)
)


@given(SERIES)
def test_every_bar_stands_on_the_floor_within_the_canvas(series: list[list[int]]) -> None:
    chart = month_chart(list(zip(MONTHS, series, strict=True)))

    for group, values in zip(chart.groups, series, strict=True):
        for bar, value in zip(group.bars, values, strict=True):
            assert bar.y + bar.height == chart.floor
            assert bar.y >= 0
            assert bar.x >= chart.left - 1
            assert bar.x + bar.width <= chart.width
            assert (bar.height > 0) == (value > 0)


@given(SERIES)
def test_a_larger_figure_never_has_a_lower_bar(series: list[list[int]]) -> None:
    chart = month_chart(list(zip(MONTHS, series, strict=True)))

    bars = sorted((bar for group in chart.groups for bar in group.bars), key=lambda bar: bar.value)
    assert [bar.height for bar in bars] == sorted(bar.height for bar in bars)


def test_a_year_without_points_is_a_flat_line_and_no_error() -> None:
    chart = month_chart([(month, [0, 0, 0]) for month in MONTHS])

    heights = [bar.height for group in chart.groups for bar in group.bars]
    assert heights == [0] * 3 * len(MONTHS)


@given(st.integers(0, 10**18))
def test_grid_lines_are_round_and_few(peak: int) -> None:
    step = nice_step(peak, lines=4)

    assert str(step).rstrip("0") in {"1", "2", "5"}
    assert peak <= 4 * step


def test_a_share_is_never_longer_than_its_track_and_shows_when_there_is_any() -> None:
    assert share(0, 10) == 0
    assert share(1, 1_000_000) == 1
    assert share(5, 10) == 500
    assert share(20, 10) == 1000
    assert share(5, 0) == 0


def test_a_threshold_lies_between_the_bars_that_it_divides_and_colours_those_beyond() -> None:
    chart = spread_chart(
        [(0, 10), (50, 4), (100, 3), (200, 0), (400, 1)], [(100, "Silver", 2), (400, "Gold", 3)]
    )

    assert [bar.colour for bar in chart.bars] == [1, 1, 2, 2, 3]
    silver, gold = chart.thresholds
    assert chart.bars[1].x + chart.bars[1].width <= silver.x <= chart.bars[2].x
    assert chart.bars[3].x + chart.bars[3].width <= gold.x <= chart.bars[4].x
    assert chart.bars[3].height == 0
    assert chart.bars[4].height > 0
    assert max(bar.x + bar.width for bar in chart.bars) <= chart.width
