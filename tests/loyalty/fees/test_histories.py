"""Any history of memberships: every month adds up, and every charge comes to rest."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from loyalty.fees import Charge, ChargeReason, End, Figures, Refund, RefundKind
from tests.loyalty.fees.lived import LONG_AFTER, Books, back, late, noon, over, paid
from tests.support.requirements import sample

SINCE, UNTIL = date(2027, 11, 1), date(2032, 1, 1)
PLANS = ("gold", "plus")
HISTORIES = settings(max_examples=sample(quick=120, full=5_000))
DAYS = st.integers(0, 900).map(lambda days: date(2027, 11, 15) + timedelta(days=days))
PERIODS = st.sampled_from([1, 28, 29, 30, 31, 365, 366])


@st.composite
def charges(draw: st.DrawFn, number: int) -> Charge:
    """A paid period, perhaps told late or paid ahead, perhaps with tax and bonus points."""
    starts, net = draw(DAYS), draw(st.integers(0, 40_000))
    one = replace(
        paid(number, starts, starts + timedelta(days=draw(PERIODS)), net),
        membership=UUID(int=number % 2),
        plan=PLANS[number % 3 % 2],
        reason=draw(st.sampled_from(ChargeReason)),
        tax=draw(st.integers(0, 99)),
        share=draw(st.sampled_from([0, 0, net // 10, net])),
    )
    return late(one, draw(st.sampled_from([starts, starts, draw(DAYS)])))


@st.composite
def given_back(draw: st.DrawFn, charge: Charge) -> list[Refund]:
    """Refunds, disputes, and what a bank gave back of them: never below nothing."""
    made: list[Refund] = []
    left, day = charge.net, charge.booked_on
    for count in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(RefundKind))
        reinstated = kind is RefundKind.REINSTATED
        net = draw(st.integers(0, charge.net - left if reinstated else left))
        left += net if reinstated else -net
        day += timedelta(days=draw(st.sampled_from([0, 1, 20, 200])))
        one = back(100 * charge.id.int + count, charge, day, net, kind)
        made.append(replace(one, at=noon(day) + timedelta(minutes=count)))
    return made


@st.composite
def histories(draw: st.DrawFn) -> Books:
    """Charges of two memberships and two plans, some on one day, with all that may happen."""
    found = [draw(charges(number)) for number in range(1, draw(st.integers(1, 5)) + 1)]
    if draw(st.booleans()):
        found = [late(one, found[0].booked_on) for one in found]
    refunds = [one for charge in found for one in draw(given_back(charge))]
    ends: list[End] = []
    for charge in found:
        if charge.reason is not ChargeReason.LATE and draw(st.booleans()):
            due = draw(st.sampled_from([0, charge.net // 2, charge.net]))
            ends.append(over(charge, draw(DAYS), due))
    return Books(found, refunds, ends)


def balance(opening: int, moved: Figures) -> int:
    """The line of the roll-forward, written out once more."""
    return (
        opening
        + moved.billed
        - moved.allocated
        - moved.recognised
        - moved.refunded
        - moved.credited
    )


LEAP = paid(1, date(2028, 2, 29), date(2029, 2, 28), 36_500)


@HISTORIES
@given(histories())
@example(Books([LEAP], [back(9, LEAP, date(2029, 2, 27), 36_500)]))
def test_every_month_adds_up_and_is_the_sum_of_its_charges(books: Books) -> None:
    months = books.months(SINCE, UNTIL)
    lives = books.lives

    for plan in PLANS:
        mine = [one for one in months if one.plan == plan]
        for before, after in pairwise(mine):
            assert after.opening == before.closing
        assert not mine or mine[0].opening == 0
    for month in months:
        following = (month.month.replace(day=28) + timedelta(days=4)).replace(day=1)
        own = [one for one in lives if one.charge.plan == month.plan]
        parts = [(one.by(month.month), one.by(following)) for one in own]
        assert month.closing == balance(month.opening, month.moved)
        assert month.opening == sum(before.rest for before, _ in parts)
        assert month.moved == sum((end - before for before, end in parts), start=Figures())
        assert month.closing >= 0


@HISTORIES
@given(histories())
def test_every_charge_comes_to_rest_at_what_is_owed_of_it(books: Books) -> None:
    due = {one.charge: one.due for one in books.ends}
    back_of: Counter[UUID] = Counter()
    for refund in books.refunds:
        sign = -1 if refund.kind is RefundKind.REINSTATED else 1
        back_of[refund.charge] += sign * refund.net

    for life in books.lives:
        charge, end = life.charge, life.by(LONG_AFTER)
        owed = charge.reason is ChargeReason.LATE or due.get(charge.id, 0) > 0
        event(f"{charge.reason.value} {'owed' if owed else 'not owed'}")
        assert end.refunded + end.reversed == back_of[charge.id]
        assert end.tax == charge.tax
        assert end.billed - end.credit_used == charge.net
        assert end.rest >= 0
        assert owed or end.rest == 0


@HISTORIES
@given(histories(), st.lists(DAYS, max_size=5))
def test_on_no_day_is_credit_lost_or_a_charge_below_nothing(books: Books, days: list[date]) -> None:
    for day in days:
        told = [life.by(day) for life in books.lives]
        whole = sum(told, start=Figures())
        booked = [one for one in books.charges if one.booked_on < day]
        assert whole.credited == whole.credit_used
        assert whole.billed - whole.credit_used == sum(one.net for one in booked)
        assert all(one.rest >= 0 and one.credited >= 0 for one in told)


@HISTORIES
@given(DAYS, PERIODS, st.integers(0, 10**9), st.integers(0, 500))
def test_a_fee_is_never_further_from_its_share_than_half_a_minor_unit(
    starts: date, days: int, net: int, later: int
) -> None:
    charge = paid(1, starts, starts + timedelta(days=days), net)

    told = Books([charge]).by(starts + timedelta(days=later))

    gone = min(later, days) if later else 0
    assert abs(2 * told.recognised * days - 2 * net * gone) <= days
