"""Deferred revenue becomes revenue by cohort: the golden cases, and that nothing is ever lost."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import CohortMonth, LotClass
from loyalty.books.expecting import Estimate, Method, estimate_for, expected_share
from loyalty.books.recognition import CohortFigures, cohorts, recognised

JANUARY = date(2025, 1, 1)
SALE = LotClass.SALE


def estimate(
    on: date, *, version: int = 1, issued_in: date | None = JANUARY, **more: int
) -> Estimate:
    return Estimate(
        version=version,
        lot_class=SALE,
        issued_in=issued_in,
        method=Method.HISTORY,
        reason="yearly",
        effective_on=on,
        hundredths=more.get("hundredths"),
        points=more.get("points"),
        issued=more.get("issued", 10_000),
        redeemed=0,
        signed_at=datetime(2025, 1, 1, tzinfo=UTC),
        signed_by="system",
        request_id="test",
    )


def month(number: int) -> date:
    """The first day of the month so many months after January 2025."""
    return date(2025 + number // 12, number % 12 + 1, 1)


def moved(number: int, **figures: int) -> CohortMonth:
    return CohortMonth(issued_in=JANUARY, lot_class=SALE, month=month(number), **figures)


def figures_of(
    moves: Sequence[CohortMonth], estimates: Sequence[Estimate] = (), *, months: int
) -> list[CohortFigures]:
    return list(cohorts(moves, estimates, until=month(months)))


@pytest.mark.parametrize(("expected", "second"), [(9_900, 3_552), (9_200, 4_140)])
def test_the_example_of_the_handbook_comes_out_to_the_cent(expected: int, second: int) -> None:
    assert recognised(9_000, 4_500, 9_700) == 4_175
    assert recognised(9_000, 8_500, expected) - recognised(9_000, 4_500, 9_700) == second

    lived = figures_of(
        [
            moved(0, issued=10_000, allocated=9_000),
            moved(1, redeemed=4_500),
            moved(13, redeemed=4_000),
        ],
        [estimate(JANUARY, points=9_700), estimate(month(13), version=2, points=expected)],
        months=14,
    )

    assert [one.recognised for one in lived][1] == 4_175
    assert -lived[13].spent - lived[13].changed == second
    assert lived[13].closing == 9_000 - 4_175 - second


def test_the_sale_of_the_standard_is_recognised_to_the_cent() -> None:
    lived = figures_of(
        [
            moved(0, issued=10_000, allocated=8_676),
            moved(6, redeemed=4_500),
            moved(18, redeemed=4_000),
        ],
        [estimate(JANUARY, points=9_500), estimate(month(18), version=2, points=9_700)],
        months=19,
    )

    first, second = lived[6], lived[18]
    assert (-first.spent, first.changed) == (4_110, 0)
    assert (-second.spent, second.changed) == (3_578, 85)
    assert -second.spent - second.changed == 3_493
    assert second.closing == 8_676 - 4_110 - 3_493


def test_the_end_of_a_cohort_releases_the_rest() -> None:
    lived = figures_of(
        [moved(0, issued=1_000, allocated=900), moved(3, redeemed=400), moved(12, expired=600)],
        months=14,
    )

    assert (lived[3].spent, lived[3].closing) == (-360, 540)
    assert (lived[12].ended, lived[12].changed, lived[12].closing) == (-540, 0, 0)
    assert lived[12] is lived[-1]


def test_a_return_of_the_order_that_spent_undoes_what_was_recognised() -> None:
    lived = figures_of(
        [moved(0, issued=1_000, allocated=900), moved(1, redeemed=400), moved(2, restored=100)],
        months=3,
    )

    assert lived[2].undone == 90
    assert lived[2].closing == lived[1].closing + 90


def test_a_return_of_the_order_that_earned_reverses_its_share() -> None:
    lived = figures_of(
        [moved(0, issued=1_000, allocated=900), moved(1, clawed_back=500, reversed=450)],
        months=2,
    )

    assert (lived[1].returned, lived[1].changed, lived[1].closing) == (-450, 0, 450)


def test_points_used_before_their_order_came_back_leave_no_balance() -> None:
    lived = figures_of(
        [
            moved(0, issued=1_000, allocated=900),
            moved(1, redeemed=1_000),
            moved(2, given_up=1_000, reversed=900),
        ],
        months=3,
    )

    assert [one.closing for one in lived] == [900, 0, 0]
    assert (lived[2].returned, lived[2].changed) == (0, 0)


def test_points_that_stand_in_for_others_are_used_as_if_spent() -> None:
    lived = figures_of(
        [moved(0, issued=1_000, allocated=900), moved(1, clawed_back=200, charged=200)], months=2
    )

    assert (lived[1].spent, lived[1].returned, lived[1].closing) == (-180, 0, 720)


def test_more_redeemed_than_expected_recognises_everything_and_no_more() -> None:
    lived = figures_of(
        [moved(0, issued=1_000, allocated=900), moved(1, redeemed=700)],
        [estimate(JANUARY, points=600, issued=1_000)],
        months=2,
    )

    assert lived[1].closing == 0
    assert lived[1].recognised == 900


def test_an_estimate_of_the_cohort_goes_before_one_of_its_class() -> None:
    own = estimate(month(1), version=1, hundredths=5_000)
    later = estimate(month(2), version=2, hundredths=8_000, issued_in=None)

    assert estimate_for([own, later], SALE, JANUARY, month(3)) is own
    assert estimate_for([own, later], SALE, month(1), month(3)) is later
    assert estimate_for([own, later], SALE, month(1), month(1)) is None
    assert estimate_for([own, later], LotClass.FEE, month(1), month(3)) is None


def test_what_is_granted_today_is_expected_as_signed_for_its_month() -> None:
    signed = [estimate(date(2025, 1, 10), points=9_500)]

    assert expected_share([], SALE, date(2025, 1, 20)) == 1
    assert expected_share(signed, SALE, date(2025, 1, 9)) == 1
    assert float(expected_share(signed, SALE, date(2025, 1, 20))) == 0.95
    assert expected_share(signed, SALE, date(2025, 2, 1)) == 1


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[CohortMonth], list[Estimate], int]:
    """A cohort from its first point until nothing is left, with estimates that change."""
    issued = draw(st.integers(1, 20_000))
    allocated = draw(st.integers(0, 20_000))
    moves = [moved(0, issued=issued, allocated=allocated)]
    left, used, claimed, reversed_ = issued, 0, 0, 0
    months = draw(st.integers(2, 14))
    for number in range(1, months):
        redeemed = draw(st.integers(0, left))
        restored = draw(st.integers(0, used))
        own = draw(st.integers(0, left - redeemed))
        given_up = draw(st.integers(0, used - restored))
        claimed += own + given_up
        due = allocated * claimed // issued
        moves.append(
            moved(
                number,
                redeemed=redeemed,
                restored=restored,
                clawed_back=own,
                given_up=given_up,
                reversed=due - reversed_,
            )
        )
        reversed_ = due
        used += redeemed - restored - given_up
        left += restored - redeemed - own
    moves.append(moved(months, expired=left))
    estimates = [
        estimate(month(number), version=number + 1, hundredths=draw(st.integers(0, 10_000)))
        for number in range(months)
        if draw(st.booleans())
    ]
    return moves, estimates, months + 1


@given(lives())
def test_the_roll_forward_closes_and_a_cohort_ends_with_nothing_deferred(
    life: tuple[list[CohortMonth], list[Estimate], int],
) -> None:
    moves, estimates, months = life
    lived = figures_of(moves, estimates, months=months)

    balance = 0
    for one in lived:
        assert one.opening == balance
        balance += one.deferred + one.spent + one.ended + one.changed + one.returned + one.undone
        assert one.closing == balance
        assert 0 <= one.closing <= one.stand.net
    last = lived[-1]
    assert last.closing == 0
    assert last.recognised + last.released == last.stand.net
    into_revenue = -sum(one.spent + one.ended + one.changed + one.undone for one in lived)
    into_refunds = -sum(one.returned for one in lived)
    assert into_revenue + into_refunds == last.stand.allocated


@given(lives())
def test_without_estimates_and_returns_only_cents_of_rounding_change(
    life: tuple[list[CohortMonth], list[Estimate], int],
) -> None:
    moves = [replace(one, clawed_back=0, given_up=0, reversed=0) for one in life[0]]

    for one in figures_of(moves, months=life[2]):
        assert abs(one.changed) <= 1
