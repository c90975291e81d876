from ledger import Account
from tests.ledger.building import Books, day


async def test_an_earn_makes_points_available_at_once(connection) -> None:
    books = Books(connection)

    outcome = await books.earn("a", 100)

    assert outcome.code == "posted"
    assert await books.counters() == (100, 0, 0, 0)
