"""A ladder is told of a member's past as the API tells it: one event for each step."""

from datetime import date
from uuid import UUID

from loyalty.orders.returns import TakenBack
from loyalty.orders.told import Told
from tests.tiers.builders import ladder
from tiers import Activity

ON = date(2026, 3, 1)
ONE, OTHER = UUID(int=1), UUID(int=2)


def test_a_return_that_is_found_in_several_orders_is_one_event() -> None:
    told = Told(ladder())
    for order in (ONE, OTHER):
        told.sell(Activity(order, order, ON, 1_000), 10)

    told.take_back(ON, {each: [TakenBack(each, ON, 1, 0, 100)] for each in (ONE, OTHER)})
    told.take_back(ON, {})

    assert len(told.events) == 3
    assert [each.returned for each in told.events[-1][1]] == [100, 100]
