"""What counts as a kept budget, and that every budget is measured once."""

import statistics

import pytest

from loyalty.bench import MEASUREMENTS, Figure, budgets
from loyalty.bench.figures import AT_MOST, Budget, beside, ratio
from loyalty.bench.suite import NO_DATA, NO_PGBENCH, Measurement, why_not

ALL = [value for value in vars(budgets).values() if isinstance(value, Budget)]


def test_a_lower_bound_is_kept_from_the_bound_on() -> None:
    assert Figure(budgets.EARN, 1.2, "").ok is True
    assert Figure(budgets.EARN, 1.199, "").ok is False


def test_an_upper_bound_is_kept_up_to_the_bound() -> None:
    assert budgets.QUOTE_P99.bound == AT_MOST
    assert Figure(budgets.QUOTE_P99, 2.0, "").ok is True
    assert Figure(budgets.QUOTE_P99, 2.001, "").ok is False


def test_what_was_not_measured_is_neither_kept_nor_missed_and_says_why() -> None:
    row = Figure(budgets.EARN, None, NO_PGBENCH).row()

    assert row["ok"] is None
    assert row["value"] is None
    assert "pgbench" in str(row["note"])


def test_a_ratio_is_that_of_the_medians_and_both_are_told() -> None:
    ours, theirs = [12.0, 10.0, 99.0], [5.0, 1.0, 8.0]

    assert ratio(ours, theirs) == statistics.median(ours) / statistics.median(theirs)
    assert beside(ours, theirs, "a second") == "12 (10-99) beside 5 (1-8) a second"


def test_every_budget_belongs_to_one_measurement() -> None:
    measured = [budget for one in MEASUREMENTS for budget in one.budgets]

    assert sorted(budget.name for budget in measured) == sorted(budget.name for budget in ALL)
    assert len({budget.name for budget in measured}) == len(measured)


@pytest.mark.parametrize("measurement", MEASUREMENTS, ids=lambda one: one.name)
def test_a_missing_tool_is_named(measurement: Measurement) -> None:
    without = why_not(measurement, pgbench=None, demo=False)

    if measurement.needs_pgbench:
        assert without == NO_PGBENCH
    elif measurement.needs_demo:
        assert without == NO_DATA
    else:
        assert without == ""
