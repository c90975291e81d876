"""A membership that ends before its last paid day: what is left is revenue then, or owed."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from loyalty.fees import ChargeReason, RefundKind
from tests.loyalty.fees.lived import LONG_AFTER, Books, back, late, over, paid

JANUARY, FEBRUARY, MARCH = date(2027, 1, 1), date(2027, 2, 1), date(2027, 3, 1)
YEARLY = paid(1, JANUARY, date(2028, 1, 1), 36_500)
TENTH = date(2027, 1, 10)
ELEVENTH = date(2027, 1, 11)


def test_what_is_left_is_revenue_on_the_day_of_the_end() -> None:
    books = Books([YEARLY], ends=[over(YEARLY, TENTH)])

    assert books.by(TENTH).recognised == 900
    assert (books.by(ELEVENTH).recognised, books.by(ELEVENTH).rest) == (36_500, 0)
    (january,) = books.months(JANUARY, MARCH)
    assert (january.moved.recognised, january.closing) == (36_500, 0)


def test_an_end_leaves_the_golden_january_of_others_alone() -> None:
    ended = replace(paid(3, JANUARY, date(2028, 1, 1), 36_500), membership=UUID(int=3))
    books = Books([YEARLY, ended], ends=[over(ended, TENTH)])

    (january,) = books.months(JANUARY, FEBRUARY)

    assert january.closing == 33_400
    assert january.moved.recognised == 3_100 + 36_500


def test_what_is_owed_stays_a_liability_until_it_is_given_back() -> None:
    end = over(YEARLY, TENTH, due=35_500)
    told = back(9, YEARLY, date(2027, 2, 3), 35_500)

    january, february = Books([YEARLY], [told], [end]).months(JANUARY, MARCH)

    assert (january.moved.recognised, january.closing) == (1_000, 35_500)
    assert (february.moved.refunded, february.moved.reversed) == (35_500, 0)
    assert (february.moved.recognised, february.closing) == (0, 0)
    assert Books([YEARLY], ends=[end]).by(LONG_AFTER).rest == 35_500


def test_what_is_owed_beyond_what_is_left_takes_revenue_back_on_the_day_of_the_end() -> None:
    end = over(YEARLY, date(2027, 2, 10), due=36_500)
    told = back(9, YEARLY, MARCH, 36_500)

    january, february, march = Books([YEARLY], [told], [end]).months(JANUARY, date(2027, 4, 1))

    assert (january.moved.recognised, january.closing) == (3_100, 33_400)
    assert (february.moved.recognised, february.closing) == (-3_100, 36_500)
    assert (march.moved.refunded, march.moved.reversed, march.closing) == (36_500, 0, 0)


@pytest.mark.parametrize("day", [date(2027, 1, 5), TENTH, date(2027, 1, 20), MARCH])
@pytest.mark.parametrize("net", [10_000, 35_500])
def test_a_refund_counts_as_what_is_owed_whenever_it_is_booked(day: date, net: int) -> None:
    books = Books([YEARLY], [back(9, YEARLY, day, net)], [over(YEARLY, TENTH, due=35_500)])

    end = books.by(LONG_AFTER)

    assert (end.recognised, end.reversed, end.rest) == (1_000, 0, 35_500 - net)


def test_a_refund_that_nobody_owed_takes_revenue_back_once_all_is_revenue() -> None:
    given = back(9, YEARLY, date(2027, 2, 3), 30_000)

    _, february = Books([YEARLY], [given], [over(YEARLY, TENTH)]).months(JANUARY, MARCH)

    assert (february.moved.refunded, february.moved.reversed) == (0, 30_000)


def test_more_than_is_owed_takes_revenue_back() -> None:
    given = back(9, YEARLY, FEBRUARY, 36_500)

    end = Books([YEARLY], [given], [over(YEARLY, TENTH, due=35_500)]).by(LONG_AFTER)

    assert (end.refunded, end.reversed, end.rest) == (35_500, 1_000, 0)


def test_a_dispute_won_after_the_end_is_revenue_at_once() -> None:
    lost = back(9, YEARLY, date(2027, 1, 6), 36_500, RefundKind.DISPUTE)
    won = back(8, YEARLY, FEBRUARY, 36_500, RefundKind.REINSTATED)
    books = Books([YEARLY], [lost, won], [over(YEARLY, TENTH)])

    assert books.by(FEBRUARY).rest == 0
    told = books.by(date(2027, 2, 2))
    assert (told.recognised, told.refunded, told.reversed, told.rest) == (36_500, 0, 0, 0)


def test_a_dispute_won_over_what_is_owed_is_owed_again() -> None:
    lost = back(9, YEARLY, FEBRUARY, 36_500, RefundKind.DISPUTE)
    won = back(8, YEARLY, MARCH, 36_500, RefundKind.REINSTATED)
    books = Books([YEARLY], [lost, won], [over(YEARLY, TENTH, due=35_500)])

    assert (books.by(MARCH).rest, books.by(MARCH).reversed) == (0, 1_000)
    end = books.by(LONG_AFTER)
    assert (end.recognised, end.refunded, end.reversed, end.rest) == (1_000, 0, 0, 35_500)


def test_what_was_taken_too_late_stays_owed_whatever_ended() -> None:
    charge = replace(YEARLY, reason=ChargeReason.LATE)
    lost = back(9, charge, TENTH, 36_500, RefundKind.DISPUTE)
    won = back(8, charge, FEBRUARY, 36_500, RefundKind.REINSTATED)

    assert Books([charge], ends=[over(charge, TENTH)]).by(LONG_AFTER).rest == 36_500
    assert Books([charge], [lost, won]).by(LONG_AFTER).rest == 36_500


def test_what_is_owed_goes_into_no_upgrade() -> None:
    charge = replace(YEARLY, reason=ChargeReason.LATE)
    upgrade = replace(paid(3, FEBRUARY, date(2028, 2, 1), 40_000), reason=ChargeReason.UPGRADE)

    end = Books([charge, upgrade]).by(LONG_AFTER)

    assert (end.credited, end.rest) == (0, 36_500)


def test_an_upgrade_that_ends_takes_the_credit_along() -> None:
    upgrade = replace(paid(3, FEBRUARY, date(2028, 2, 1), 3_100), reason=ChargeReason.UPGRADE)
    ends = [over(YEARLY, date(2027, 2, 10)), over(upgrade, date(2027, 2, 10))]

    _, february = Books([YEARLY, upgrade], ends=ends).months(JANUARY, MARCH)

    assert (february.moved.credited, february.moved.credit_used) == (33_400, 33_400)
    assert (february.moved.recognised, february.closing) == (36_500, 0)


@pytest.mark.parametrize("told", [MARCH, date(2028, 5, 1)])
def test_an_end_that_is_told_late_counts_on_the_day_it_is_booked(told: date) -> None:
    books = Books([YEARLY], ends=[over(YEARLY, told)])

    assert books.by(FEBRUARY).recognised == 3_100
    assert books.by(LONG_AFTER).recognised == 36_500


def test_an_end_before_a_charge_is_booked_counts_with_it() -> None:
    booked = late(YEARLY, FEBRUARY)

    (february,) = Books([booked], ends=[over(booked, TENTH)]).months(JANUARY, MARCH)

    assert (february.month, february.moved.recognised, february.closing) == (FEBRUARY, 36_500, 0)


def test_a_refund_of_a_charge_takes_what_its_upgrade_holds_of_it_before_revenue() -> None:
    upgrade = replace(paid(3, FEBRUARY, date(2028, 2, 1), 3_100), reason=ChargeReason.UPGRADE)
    given = back(9, YEARLY, date(2027, 2, 11), 30_000)
    books = Books([YEARLY, upgrade], [given])

    _, february = books.months(JANUARY, MARCH)

    assert (february.moved.refunded, february.moved.reversed) == (30_000, 0)
    assert (february.moved.credited, february.moved.credit_used) == (3_400, 3_400)
    assert [life.by(LONG_AFTER).rest for life in books.lives] == [0, 0]
    assert books.by(LONG_AFTER).recognised == 36_500 + 3_100 - 30_000


def test_a_refund_finds_what_is_left_through_every_upgrade() -> None:
    second = replace(paid(2, FEBRUARY, date(2028, 2, 1), 0), reason=ChargeReason.UPGRADE)
    third = replace(paid(3, MARCH, date(2028, 3, 1), 0), reason=ChargeReason.UPGRADE)
    books = Books([YEARLY, second, third], [back(9, YEARLY, MARCH, 36_500)])

    end = books.by(LONG_AFTER)

    assert [life.by(LONG_AFTER).rest for life in books.lives] == [0, 0, 0]
    assert (end.refunded, end.reversed) == (30_838, 5_662)


def test_what_is_owed_of_a_charge_that_was_upgraded_waits_for_its_refund() -> None:
    upgrade = replace(paid(3, FEBRUARY, date(2028, 2, 1), 3_100), reason=ChargeReason.UPGRADE)
    ends = [over(upgrade, FEBRUARY, 3_000), over(YEARLY, FEBRUARY, 33_300)]
    told = [back(9, YEARLY, MARCH, 33_300), back(8, upgrade, MARCH, 3_000)]

    _, february, march = Books([YEARLY, upgrade], told, ends).months(JANUARY, date(2027, 4, 1))

    assert (february.moved.recognised, february.closing) == (200, 36_300)
    assert (march.moved.refunded, march.moved.reversed, march.closing) == (36_300, 0, 0)
