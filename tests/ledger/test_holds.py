"""Points set aside: captured, released, extended, and given back when their time is over."""

import ledger
from tests.ledger.building import Books
from tests.ledger.test_posting import left, transfers


async def test_held_points_are_neither_available_nor_do_they_expire(books: Books) -> None:
    await books.earn("a", 100, expires=10)

    await books.hold("h", 60, at=1, until=20)

    assert await books.counters(1) == (40, 0, 60, 0)
    assert await books.counters(10) == (0, 0, 60, 0)


async def test_a_capture_takes_slices_in_their_order_and_the_rest_returns(books: Books) -> None:
    await books.earn("a", 50, expires=10)
    await books.earn("b", 50, expires=20)
    await books.hold("h", 80, until=5)

    outcome = await books.capture("c", "h", 60)

    assert await transfers(books, outcome) == [
        ("held", "redeemed", 50),
        ("held", "redeemed", 10),
        ("held", "available", 20),
    ]
    assert await books.counters() == (40, 0, 0, 0)
    assert await left(books) == [40]


async def test_a_partial_capture_may_leave_the_rest_on_hold(books: Books) -> None:
    await books.earn("a", 100)
    await books.hold("h", 80)

    first = await books.capture("c1", "h", 30, rest=ledger.Rest.STAY)
    assert await books.counters() == (20, 0, 50, 0)
    second = await books.capture("c2", "h", 50, rest=ledger.Rest.STAY)

    assert (first.code, second.code) == ("posted", "posted")
    assert await books.counters() == (20, 0, 0, 0)
    assert (await books.capture("c3", "h", 1)).code == "hold-closed"


async def test_a_capture_beyond_the_hold_is_refused(books: Books) -> None:
    await books.earn("a", 100)
    await books.hold("h", 30)

    outcome = await books.capture("c", "h", 31)

    assert (outcome.code, outcome.seen, outcome.wanted) == ("hold-too-small", 30, 31)
    assert await books.counters() == (70, 0, 30, 0)


async def test_a_released_hold_returns_to_the_same_lots_and_is_closed(books: Books) -> None:
    await books.earn("a", 50, expires=10)
    await books.earn("b", 50, expires=20)
    await books.hold("h", 80)

    outcome = await books.release("r", "h")

    assert await transfers(books, outcome) == [
        ("held", "available", 30),
        ("held", "available", 50),
    ]
    assert outcome.amount == 80
    assert await left(books) == [50, 50]
    assert (await books.release("r2", "h")).code == "hold-closed"
    refused = await books.capture("c", "h", 1)
    assert (refused.code, refused.seen) == ("hold-closed", "released")


async def test_a_hold_is_released_in_parts_the_last_taken_first(books: Books) -> None:
    await books.earn("a", 50, expires=10)
    await books.earn("b", 50, expires=20)
    await books.hold("h", 80)

    await books.release("r1", "h", 40)

    assert await books.counters() == (60, 0, 40, 0)
    assert await left(books) == [10, 50]
    assert (await books.release("r2", "h", 41)).code == "hold-too-small"
    assert (await books.release("r3", "h", 40)).code == "posted"


async def test_a_hold_times_out_by_itself(books: Books) -> None:
    await books.earn("a", 100, expires=30)
    await books.hold("h", 60, until=2)

    assert await books.counters(2) == (100, 0, 0, 0)
    assert await books.settle(2) == 1
    assert await books.counters(2) == (100, 0, 0, 0)
    refused = await books.capture("c", "h", 60, at=2)
    assert (refused.code, refused.seen) == ("hold-closed", "timed-out")


async def test_an_extended_hold_lives_on(books: Books) -> None:
    await books.earn("a", 100)
    await books.hold("h", 60, until=2)

    assert (await books.extend("e", "h", None, at=1)).code == "posted"

    assert await books.counters(99) == (40, 0, 60, 0)
    assert (await books.capture("c", "h", 60, at=99)).code == "posted"


async def test_a_hold_that_ran_out_cannot_be_extended(books: Books) -> None:
    await books.earn("a", 100)
    await books.hold("h", 60, until=2)

    assert (await books.extend("e", "h", 9, at=2)).code == "hold-closed"


async def test_a_capture_retakes_a_hold_that_ran_out_and_what_lacks_becomes_debt(
    books: Books,
) -> None:
    await books.earn("a", 100)
    await books.hold("h", 60, until=2)
    await books.spend("s", 90, at=3)

    outcome = await books.capture("c", "h", 60, at=4, retake=True)

    assert await transfers(books, outcome) == [
        ("available", "redeemed", 10),
        ("debt", "redeemed", 50),
    ]
    assert outcome.to_debt == 50
    assert await books.counters(4) == (0, 0, 0, 50)


async def test_points_that_leave_a_hold_after_their_expiry_lapse(books: Books) -> None:
    await books.earn("a", 100, expires=10)
    await books.hold("h", 60, at=1)

    outcome = await books.release("r", "h", at=20)

    assert await transfers(books, outcome) == [
        ("held", "available", 60),
        ("available", "expired", 60),
    ]
    assert outcome.lapsed == 60
    assert await books.counters(20) == (0, 0, 0, 0)


async def test_points_that_leave_a_hold_after_their_expiry_may_be_given_days_of_grace(
    books: Books,
) -> None:
    await books.earn("a", 100, expires=10)
    await books.hold("h", 60, at=1)

    outcome = await books.release("r", "h", at=20, grace_days=5)

    assert outcome.lapsed == 0
    assert await books.counters(24) == (60, 0, 0, 0)
    assert await books.counters(25) == (0, 0, 0, 0)
