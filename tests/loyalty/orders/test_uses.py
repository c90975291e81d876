"""What an order took of counters comes back whole, however its lines ship, weigh and return."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from benefits import Use
from loyalty.orders.cancellation import plan_cancellation
from loyalty.orders.completion import Asked, ShipmentPlan, plan_completion
from loyalty.orders.figures import Figures
from loyalty.orders.returns import Asked as Back
from loyalty.orders.returns import plan_return
from loyalty.orders.types import History, OrderState
from loyalty.orders.uses import moved_uses, released_uses, retaken_uses
from tests.loyalty.orders.test_shares import MEMBER, ORDER, line, order, orders, some_back, step
from tests.loyalty.orders.test_shares import some_open as open_lines

MEASURES = (("points", 1), ("basis", 1), ("remainder", 1), ("remainder", -1), ("uses", 1))


def use(measure: str = "points", side: int = 1, **parts: int) -> Use:
    """Return what an order took of a counter, by line number."""
    by_line = {int(name.removeprefix("line")): part for name, part in parts.items()}
    return Use(
        member=MEMBER,
        subject=ORDER,
        everyone=False,
        starts_on="2026-03-01",
        scope="rule:base",
        measure=measure,
        every="day",
        side=side,
        parts=by_line,
        consumed=0,
        given_back=0,
    )


def settled(uses: list[Use], after: History) -> list[Use]:
    """Return all uses as they stand after a step, and expect that none went astray."""
    moved = {(one.measure, one.side): one for one in moved_uses(uses, after)}
    now = [moved.get((one.measure, one.side), one) for one in uses]
    for before, one in zip(uses, now, strict=True):
        assert min(one.consumed, one.given_back, one.taken - one.consumed - one.given_back) >= 0
        assert one.given_back >= before.given_back
    return now


@given(st.data())
def test_any_series_of_shipments_cancellations_and_returns_gives_back_all_that_was_taken(
    data: st.DataObject,
) -> None:
    whole = data.draw(orders())
    parts = {f"line{each.line_no}": data.draw(st.integers(0, 999)) for each in whole.lines}
    uses = [use(measure, side, **parts) for measure, side in MEASURES]
    history, number = History(whole), 0

    while history.state is OrderState.OPEN:
        number += 1
        asked = open_lines(data.draw, history)
        if data.draw(st.booleans()):
            plan = plan_cancellation(history, asked, step(number))
        else:
            plan = plan_completion(history, asked, step(number))
        history = History(whole, (*history.shipments, plan.shipment), history.returns)
        uses = settled(uses, history)
    assert all(one.consumed + one.given_back in (one.taken, 0) for one in uses)
    while any(stand.returnable for stand in history.stands.values()):
        number += 1
        back = plan_return(history, Back(lines=tuple(some_back(data.draw, history))), step(number))
        history = History(whole, history.shipments, (*history.returns, back.returned))
        uses = settled(uses, history)

    assert [one.given_back for one in uses] == [one.taken for one in uses]
    assert [one.consumed for one in uses] == [0] * len(uses)


def test_a_line_that_weighed_less_gives_back_its_share_at_once() -> None:
    history = History(order(line(1, 1, Figures(regular=999, total=999, basis=999, earn=9))))
    plan = plan_completion(history, [Asked("1", 1, 333)], step(1))

    (points, basis) = settled([use(line1=9), use("basis", line1=999)], _after(history, plan))

    assert (points.consumed, points.given_back) == (3, 6)
    assert (basis.consumed, basis.given_back) == (333, 666)


def test_what_is_let_go_unpaid_gives_back_what_is_reserved_and_nothing_else() -> None:
    (free,) = released_uses([replace(use(line1=10), consumed=3, given_back=2)])

    assert (free.consumed, free.given_back) == (3, 7)
    assert released_uses([replace(use(line1=10), consumed=10)]) == []


def test_what_was_let_go_is_taken_anew_only_by_what_ships() -> None:
    whole = order(
        line(1, 2, Figures(regular=800, total=800)), line(2, 1, Figures(regular=400, total=400))
    )
    uses = [use("money", line1=80, line2=41), use("uses", line1=1)]
    free = released_uses(uses)

    cancelled = _after(
        History(whole), plan_cancellation(History(whole), [Asked("2", 1, None)], step(1))
    )
    shipped = _after(cancelled, plan_completion(cancelled, None, step(2)))

    assert moved_uses(free, cancelled) == []
    money, times = moved_uses(free, shipped)
    assert (money.consumed, money.given_back) == (80, 41)
    assert retaken_uses(free, [money, times]) == [(money, 80), (times, 1)]
    assert retaken_uses(uses, moved_uses(uses, shipped)) == []


def _after(history: History, plan: ShipmentPlan) -> History:
    return History(history.order, (*history.shipments, plan.shipment), history.returns)
