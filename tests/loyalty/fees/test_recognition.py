"""Fees become revenue day by day: the golden month to the cent, and that nothing is ever lost."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.fees import ChargeReason, RefundKind, allocate_fee
from loyalty.money import PointValue
from tests.loyalty.fees.lived import LONG_AFTER, Books, back, late, noon, paid

JANUARY = date(2027, 1, 1)
FEBRUARY = date(2027, 2, 1)
YEARLY = paid(1, JANUARY, date(2028, 1, 1), 36_500)
MONTHLY = replace(
    paid(2, date(2027, 1, 16), date(2027, 2, 16), 3_000), membership=UUID(int=2), plan="gold"
)


def test_the_golden_january_comes_out_to_the_cent() -> None:
    gold, plus = Books([YEARLY, MONTHLY]).months(JANUARY, FEBRUARY)

    assert (plus.moved.billed, plus.moved.recognised, plus.closing) == (36_500, 3_100, 33_400)
    assert (gold.moved.billed, gold.moved.recognised, gold.closing) == (3_000, 1_548, 1_452)
    assert gold.opening + plus.opening == 0
    assert gold.closing + plus.closing == 34_852


@pytest.mark.parametrize(
    ("starts", "ends", "february"),
    [
        (date(2028, 1, 1), date(2029, 1, 1), 36_600 * 29 // 366),
        (date(2027, 3, 1), date(2028, 3, 1), 36_600 * 29 // 366),
        (date(2028, 2, 29), date(2029, 2, 28), 100),
    ],
)
def test_a_leap_day_is_a_day_of_the_period(starts: date, ends: date, february: int) -> None:
    books = Books([paid(1, starts, ends, 36_600 if ends.day == 1 else 36_500)])

    leap = books.months(date(2028, 2, 1), date(2028, 3, 1))

    assert leap[0].moved.recognised == february
    assert books.by(ends).rest == 0


def test_three_charges_of_one_day_are_taken_in_their_order() -> None:
    first = replace(MONTHLY, net=3_100, share=0)
    gold = replace(first, id=UUID(int=5), reason=ChargeReason.UPGRADE, at=noon(first.booked_on))
    plus = replace(gold, id=UUID(int=6), plan="plus", ends=date(2028, 1, 16), net=33_400)

    told = Books([plus, first, gold]).months(JANUARY, FEBRUARY)

    assert [(one.plan, one.moved.credited, one.closing) for one in told] == [
        ("gold", 3_100 + 6_200, 0),
        ("plus", 0, 39_600 - round(39_600 * 16 / 365)),
    ]
    assert sum(one.moved.billed - one.moved.credit_used for one in told) == 39_600


def test_a_refund_on_the_last_day_takes_that_day_and_reverses_the_rest() -> None:
    last = date(2027, 12, 31)

    told = Books([YEARLY], [back(9, YEARLY, last, 36_500)]).by(LONG_AFTER)

    assert (told.recognised, told.refunded, told.reversed) == (36_400, 100, 36_400)


def test_a_month_that_is_not_over_counts_the_days_that_have_begun() -> None:
    books = Books([MONTHLY])

    told = books.months(JANUARY, FEBRUARY, through=date(2027, 1, 18))

    assert told[0].moved.recognised == 3_000 * 2 // 31 + 1


def test_what_is_paid_late_is_caught_up_on_the_day_it_is_booked() -> None:
    books = Books([late(MONTHLY, date(2027, 2, 3))])

    january = books.months(JANUARY, FEBRUARY)
    february = books.months(FEBRUARY, date(2027, 3, 1))

    assert january == []
    assert (february[0].moved.billed, february[0].moved.recognised) == (3_000, 3_000)
    assert books.by(date(2027, 2, 4)).recognised == round(3_000 * 19 / 31)


def test_what_is_paid_ahead_waits_for_its_first_day() -> None:
    books = Books([late(YEARLY, date(2026, 12, 20))])

    assert books.by(JANUARY).rest == 36_500
    assert books.by(FEBRUARY).recognised == 3_100


def test_a_refund_takes_first_what_is_not_revenue_yet() -> None:
    part = back(9, YEARLY, FEBRUARY, 30_000)
    whole = back(8, YEARLY, date(2027, 3, 1), 6_500)
    books = Books([YEARLY], [part, whole])

    partly, wholly = books.months(FEBRUARY, date(2027, 4, 1))

    assert (partly.moved.refunded, partly.moved.reversed) == (30_000, 0)
    assert partly.moved.recognised == round(3_400 * 28 / 334)
    assert wholly.opening == 3_400 - partly.moved.recognised
    assert (wholly.moved.refunded, wholly.closing) == (wholly.opening, 0)
    assert wholly.moved.reversed == 6_500 - wholly.opening
    assert books.by(LONG_AFTER).recognised == books.by(LONG_AFTER).reversed


def test_days_before_the_day_of_a_refund_stay_revenue() -> None:
    books = Books([YEARLY], [back(9, YEARLY, date(2027, 1, 11), 36_500)])

    told = books.by(LONG_AFTER)

    assert (told.recognised, told.refunded, told.reversed) == (1_000, 35_500, 1_000)


def test_a_dispute_that_is_won_restores_revenue_first() -> None:
    lost = back(9, YEARLY, date(2027, 1, 11), 36_500, RefundKind.DISPUTE)
    won = back(8, YEARLY, FEBRUARY, 36_500, RefundKind.REINSTATED)
    books = Books([YEARLY], [lost, won])

    assert books.by(FEBRUARY).rest == 0
    assert (books.by(date(2027, 2, 2)).reversed, books.by(date(2027, 2, 2)).refunded) == (0, 0)
    assert books.by(LONG_AFTER).recognised == 36_500
    assert books.by(LONG_AFTER).rest == 0


def test_an_upgrade_turns_the_rest_into_credit_for_the_new_period() -> None:
    day = date(2027, 1, 21)
    upgrade = replace(
        paid(3, day, date(2028, 1, 21), 40_000),
        membership=MONTHLY.membership,
        reason=ChargeReason.UPGRADE,
    )
    books = Books([MONTHLY, upgrade])
    rest = 3_000 - round(3_000 * 5 / 31)

    gold, plus = books.months(JANUARY, FEBRUARY)

    assert (gold.plan, gold.moved.credited, gold.closing) == ("gold", rest, 0)
    assert (plus.moved.billed, plus.moved.credit_used) == (40_000 + rest, rest)
    assert books.by(LONG_AFTER).recognised == 43_000


def test_an_upgrade_takes_what_a_refund_of_the_same_instant_left() -> None:
    upgrade = replace(paid(3, FEBRUARY, date(2028, 2, 1), 40_000), reason=ChargeReason.UPGRADE)
    books = Books([YEARLY, upgrade], [back(9, YEARLY, FEBRUARY, 33_000)])

    assert books.by(LONG_AFTER).credited == 400


def test_an_upgrade_leaves_other_memberships_alone() -> None:
    upgrade = replace(paid(3, FEBRUARY, date(2028, 2, 1), 40_000), reason=ChargeReason.UPGRADE)

    assert Books([MONTHLY, upgrade]).by(LONG_AFTER).credited == 0


def test_what_was_taken_after_the_end_is_owed_until_it_is_given_back() -> None:
    charge = replace(YEARLY, reason=ChargeReason.LATE)

    assert Books([charge]).by(LONG_AFTER).rest == 36_500
    given = Books([charge], [back(9, charge, FEBRUARY, 36_500)]).by(LONG_AFTER)
    assert (given.rest, given.recognised, given.reversed) == (0, 0, 0)


def test_bonus_points_take_their_share_of_the_fee() -> None:
    shared = allocate_fee(91_324 + 8_676, 10_000, PointValue(1, 1))
    books = Books([replace(YEARLY, share=3_650)])

    assert (shared.fee, shared.points) == (90_909, 9_091)
    assert books.by(FEBRUARY).recognised == round(32_850 * 31 / 365)
    assert books.by(LONG_AFTER).rest == 0
    assert allocate_fee(0, 500, PointValue(1, 1)).points == 0


DAYS = st.integers(0, 500).map(lambda days: JANUARY + timedelta(days=days))


@st.composite
def books(draw: st.DrawFn) -> Books:
    """Any charges of two memberships, with refunds that leave no charge below nothing."""
    charges, refunds = [], []
    for number in range(draw(st.integers(1, 4))):
        starts = draw(DAYS)
        net = draw(st.integers(0, 5_000))
        charge = replace(
            paid(number, starts, starts + timedelta(days=draw(st.integers(1, 400))), net),
            membership=UUID(int=number % 2),
            booked_on=draw(DAYS),
            reason=draw(st.sampled_from([ChargeReason.RENEWAL, ChargeReason.UPGRADE])),
            share=draw(st.integers(0, net)),
        )
        charges.append(replace(charge, at=noon(charge.booked_on)))
        left = net
        for count in range(draw(st.integers(0, 2))):
            part = draw(st.integers(0, left))
            refunds.append(back(100 * number + count, charge, draw(DAYS), part))
            left -= part
    return Books(charges, refunds)


@given(books(), st.lists(DAYS, max_size=4))
def test_nothing_is_lost_and_nothing_falls_below_zero(books: Books, days: list[date]) -> None:
    end = books.by(LONG_AFTER)

    assert end.rest == 0
    assert end.billed == sum(one.net for one in books.charges) + end.credited
    assert end.credited == end.credit_used
    assert end.refunded + end.reversed == sum(one.net for one in books.refunds)
    for day in days:
        told = books.by(day)
        assert told.rest >= 0
        assert min(told.recognised, told.refunded, told.reversed, told.credited) >= 0


@given(books())
def test_months_add_up_to_the_whole(books: Books) -> None:
    months = books.months(JANUARY, date(2031, 1, 1))

    assert all(
        one.opening
        + one.moved.billed
        - one.moved.allocated
        - one.moved.recognised
        - one.moved.refunded
        - one.moved.credited
        == one.closing
        for one in months
    )
    assert sum(one.moved.recognised for one in months) == books.by(LONG_AFTER).recognised
    assert sum(one.moved.billed for one in months) == books.by(LONG_AFTER).billed
    assert not months or months[-1].closing == 0
