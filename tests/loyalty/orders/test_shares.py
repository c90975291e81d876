"""However an order is cut into shipments, cancellations and returns, everything adds up."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.orders.cancellation import plan_cancellation
from loyalty.orders.completion import Asked, Step, plan_completion, plan_whole
from loyalty.orders.errors import MoreThanBought, MoreThanOpen, NothingToReturn, OrderCancelled
from loyalty.orders.figures import NOTHING, Figures, total_of
from loyalty.orders.returns import Asked as Back
from loyalty.orders.returns import GivenBack, plan_return
from loyalty.orders.types import History, Line, Order, OrderState

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ON = date(2026, 3, 1)
Draw = Callable[[st.SearchStrategy[Any]], Any]
MEMBER, ORDER = UUID(int=1), UUID(int=2)


def step(number: int) -> Step:
    """Return a step of that number."""
    return Step(UUID(int=100 + number), f"P-{number}", AT, ON)


def line(number: int, quantity: int, figures: Figures, *, qualifies: bool = True) -> Line:
    """Return a line of an order."""
    return Line(number, str(number), f"SKU-{number}", "", quantity, figures, qualifies)


def order(*lines: Line, shipping: int = 0, shipping_points: int = 0) -> Order:
    """Return an order of the lines."""
    return Order(
        member=MEMBER,
        id=ORDER,
        placed_at=AT,
        placed_on=ON,
        currency="USD",
        lines=lines,
        shipping_regular=shipping + shipping_points,
        shipping_total=shipping,
        shipping_points=shipping_points,
        shipping_points_value=shipping_points,
    )


@st.composite
def figures(draw: st.DrawFn) -> Figures:
    """Draw what a line may come to."""
    regular = draw(st.integers(0, 5_000))
    total = draw(st.integers(0, regular))
    value = draw(st.integers(0, regular - total))
    return Figures(
        regular=regular,
        total=total,
        tax=draw(st.integers(0, total)),
        points=draw(st.integers(0, 3 * value)),
        points_value=value,
        basis=total,
        earn=draw(st.integers(0, 200)),
    )


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """Draw an order of one to three lines."""
    count = draw(st.integers(1, 3))
    lines = [
        line(number, draw(st.integers(1, 7)), draw(figures()), qualifies=draw(st.booleans()))
        for number in range(1, count + 1)
    ]
    return order(
        *lines, shipping=draw(st.integers(0, 900)), shipping_points=draw(st.integers(0, 9))
    )


def some_open(draw: Draw, history: History) -> list[Asked]:
    """Draw some of what is open."""
    open_ = [stand for stand in history.stands.values() if stand.open]
    chosen = draw(st.lists(st.sampled_from(open_), min_size=1, unique_by=lambda s: s.line.line_no))
    return [Asked(s.line.line_id, draw(st.integers(1, s.open))) for s in chosen]


def shipped(draw: Draw, history: History, *, may_cancel: bool) -> tuple[History, int]:
    """Ship (or cancel) everything, in any number of steps; answers the points released."""
    released, number = 0, 0
    while history.state is OrderState.OPEN:
        number += 1
        asked = some_open(draw, history)
        if may_cancel and draw(st.booleans()):
            plan = plan_cancellation(history, asked, step(number))
        else:
            plan = plan_completion(history, asked, step(number))
        released += plan.released
        shipments = (*history.shipments, plan.shipment)
        history = History(history.order, shipments, history.returns)
    return history, released


@given(st.data())
def test_any_split_into_shipments_sums_to_the_whole(data: st.DataObject) -> None:
    whole = data.draw(orders())

    history, released = shipped(data.draw, History(whole), may_cancel=False)

    assert total_of(one.figures for one in history.shipments) == whole.figures
    assert sum(one.purchases for one in history.shipments) == plan_whole(whole, step(0)).purchases
    assert sum(one.shipping_points for one in history.shipments) == whole.shipping_points
    assert released == 0


@given(st.data())
def test_what_is_cancelled_and_what_is_shipped_sum_to_the_whole(data: st.DataObject) -> None:
    whole = data.draw(orders())

    history, released = shipped(data.draw, History(whole), may_cancel=True)

    captured = sum(one.figures.points + one.shipping_points for one in history.completed)
    assert total_of(one.figures for one in history.shipments) == whole.figures
    assert captured + released == whole.points


@given(st.data())
def test_any_series_of_returns_equals_the_full_return(data: st.DataObject) -> None:
    whole = data.draw(orders())
    history, _ = shipped(data.draw, History(whole), may_cancel=True)
    sold = total_of(one.figures for one in history.completed)
    back: dict[UUID, list[int]] = {one.id: [0, 0, 0] for one in history.completed}

    number = 0
    while any(s.returnable or s.refundable for s in history.stands.values()):
        number += 1
        asked = some_back(data.draw, history)
        plan = plan_return(history, Back(lines=tuple(asked)), step(1_000 + number))
        for part in plan.taken:
            for place, figure in enumerate((part.earn, part.points, part.purchases)):
                back[part.shipment][place] += figure
        history = History(history.order, history.shipments, (*history.returns, plan.returned))

    assert total_of(one.figures for one in history.returns) == sold
    for one in history.completed:
        assert back[one.id] == [one.figures.earn, one.figures.points, one.purchases]
    with pytest.raises((NothingToReturn, OrderCancelled)):
        plan_return(history, Back(), step(0))


def some_back(draw: Draw, history: History) -> list[GivenBack]:
    """Draw a return by units or by amount; a line without units left gives its money back."""
    left = [s for s in history.stands.values() if s.returnable or s.refundable]
    stand = draw(st.sampled_from(left))
    by_amount = stand.refundable and (not stand.returnable or draw(st.booleans()))
    if by_amount:
        return [GivenBack(stand.line.line_id, 0, draw(st.integers(1, stand.refundable)))]
    return [GivenBack(stand.line.line_id, draw(st.integers(1, stand.returnable)))]


@given(figures(), st.integers(1, 9), st.data())
def test_a_return_takes_the_share_of_what_is_returned_so_far_less_what_was_taken(
    of_line: Figures, quantity: int, data: st.DataObject
) -> None:
    history = History(order(line(1, quantity, of_line)))
    history = History(history.order, (plan_whole(history.order, step(0)),))

    so_far, taken = 0, NOTHING
    while so_far < quantity:
        units = data.draw(st.integers(1, quantity - so_far))
        so_far += units
        plan = plan_return(history, Back(lines=(GivenBack("1", units),)), step(so_far))
        (returned,) = plan.returned.lines
        taken += returned.figures
        history = History(history.order, history.shipments, (*history.returns, plan.returned))

        assert taken.total == of_line.total * so_far // quantity
        assert taken.points == of_line.points * so_far // quantity
        assert taken.earn == of_line.earn * so_far // quantity


@given(figures(), st.data())
def test_a_line_that_weighed_less_gives_back_what_it_cost(
    of_line: Figures, data: st.DataObject
) -> None:
    history = History(order(line(1, 1, of_line)))
    weighed = data.draw(st.integers(0, of_line.regular))

    plan = plan_completion(history, [Asked("1", 1, weighed)], step(1))

    assert plan.shipment.figures.regular == weighed
    assert plan.shipment.figures.points + plan.released == of_line.points
    after = History(history.order, (plan.shipment,))
    back = plan_return(after, Back(lines=(GivenBack("1", 1),)), step(2))
    assert back.returned.figures == plan.shipment.figures


def test_nothing_is_shipped_twice_and_nothing_returned_that_was_not_shipped() -> None:
    history = History(order(line(1, 3, Figures(regular=300, total=300, basis=300))))
    one = plan_completion(history, [Asked("1", 2)], step(1))
    history = History(history.order, (one.shipment,))

    with pytest.raises(MoreThanOpen) as too_many:
        plan_completion(history, [Asked("1", 2)], step(2))
    with pytest.raises(MoreThanBought) as not_sold:
        plan_return(history, Back(lines=(GivenBack("1", 3),)), step(3))

    assert (too_many.value.pointer, too_many.value.facts["wanted"]) == ("/lines/0/quantity", 1)
    assert (not_sold.value.pointer, not_sold.value.facts["wanted"]) == ("/lines/0/quantity", 2)


def test_a_whole_order_in_one_shipment_lists_no_lines() -> None:
    history = History(order(line(1, 2, Figures(regular=10)), line(2, 1, Figures(regular=5))))

    plan = plan_completion(history, None, step(1))

    assert plan.shipment.whole
    assert plan.shipment.lines == ()
    assert plan.shipment == plan_whole(history.order, step(1))


def test_impossible_values_are_refused() -> None:
    with pytest.raises(ValueError, match="impossible quantity"):
        line(1, 0, NOTHING)
    with pytest.raises(ValueError, match="impossible figures"):
        line(1, 1, Figures(regular=1, total=2))
    with pytest.raises(ValueError, match="at least one line"):
        order()
    with pytest.raises(ValueError, match="a quantity or an amount"):
        GivenBack("1")
