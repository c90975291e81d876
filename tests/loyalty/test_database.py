"""What reading and writing promise."""


from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.database import Database


async def test_a_connection_of_tests_is_the_application_role(connection: AsyncConnection) -> None:
    assert (await connection.execute(text("SELECT current_user"))).scalar_one() == "loyalty_app"


async def test_reading_stands_for_itself(database: Database) -> None:
    async with database.read() as connection:
        first = (await connection.execute(text("SELECT now()"))).scalar_one()
        second = (await connection.execute(text("SELECT now()"))).scalar_one()

    assert first < second
