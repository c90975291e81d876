"""Returns without an order take back the latest unreturned sales, and no sale twice."""

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from loyalty.orders.comebacks import Comeback, ReturnedRow, find_returned
from loyalty.orders.matching import Matched, Shelf
from loyalty.orders.returns import GivenBack

AT = datetime(2026, 3, 1, tzinfo=UTC)
OLD, NEW = UUID(int=1), UUID(int=2)


def shelf() -> Shelf:
    """Return what somebody bought in two orders."""
    made = Shelf()
    made.put(OLD, 1, "TEA", 3, 300)
    made.put(OLD, 2, "BUN", 1, 50)
    made.put(NEW, 1, "TEA", 1, 120)
    return made


def test_units_are_matched_with_the_latest_sales_of_the_sku() -> None:
    assert shelf().match("TEA", 2) == ([Matched(NEW, 1, 1), Matched(OLD, 1, 1)], 0)


def test_what_was_not_bought_is_left_over() -> None:
    one = shelf()

    assert one.match("TEA", 6) == ([Matched(NEW, 1, 1), Matched(OLD, 1, 3)], 2)
    assert one.match("TEA", 1) == ([], 1)
    assert one.match("HAM", 1) == ([], 1)


def test_money_is_matched_with_the_latest_sales_of_anything() -> None:
    assert shelf().match_amount(150) == ([Matched(NEW, 1, 0, 120), Matched(OLD, 2, 0, 30)], 0)
    assert shelf().match_amount(1000)[1] == 530


def test_a_return_of_a_named_order_takes_back_of_that_order_only() -> None:
    assert shelf().match("TEA", 2, OLD) == ([Matched(OLD, 1, 2)], 0)
    assert shelf().match_amount(500, NEW) == ([Matched(NEW, 1, 0, 120)], 380)


def test_rows_of_one_return_are_gathered_by_order_and_line() -> None:
    rows = [ReturnedRow("TEA", 1, 0), ReturnedRow("TEA", 2, 0), ReturnedRow("BUN", 2, 90)]
    line_ids = {OLD: ["a", "b"], NEW: ["c"]}

    found = find_returned(shelf(), Comeback("R-1", AT, rows), line_ids)

    assert {order: asked.lines for order, asked in found.orders.items()} == {
        NEW: (GivenBack("c", 1),),
        OLD: (GivenBack("a", 2), GivenBack("b", 1)),
    }
    assert list(found.unmatched) == [(3, ReturnedRow("BUN", 1, 45))]


@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.integers(1, 5)), max_size=8),
    st.lists(st.tuples(st.sampled_from("AB"), st.integers(1, 5)), max_size=8),
)
def test_no_unit_is_returned_twice_and_every_unit_is_accounted_for(
    sales: list[tuple[str, int]], returns: list[tuple[str, int]]
) -> None:
    made = Shelf()
    for number, (sku, units) in enumerate(sales):
        made.put(UUID(int=number), 1, sku, units, units * 100)

    taken = {"A": 0, "B": 0}
    for sku, units in returns:
        found, left = made.match(sku, units)
        assert sum(part.quantity for part in found) + left == units
        taken[sku] += units - left

    for sku in "AB":
        bought = sum(units for name, units in sales if name == sku)
        asked = sum(units for name, units in returns if name == sku)
        assert taken[sku] == min(bought, asked)
