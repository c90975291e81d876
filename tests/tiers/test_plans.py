"""How statements about all members are planned: never by a loop over everybody for everybody."""

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tiers import Ladder, default_ladder, parse_ladder
from tiers.evaluation import placed

BY_YEAR = {"window": {"kind": "year"}, "validity": {"unit": "periods", "length": 1}}


def ladder(**more: object) -> Ladder:
    return parse_ladder(default_ladder(silver=(300, 3), gold=(600, 6), diamond=(900, 9)) | more)


@pytest.mark.parametrize(
    "rules", [ladder(), ladder(**BY_YEAR), ladder(upgrade="next-period", **BY_YEAR)]
)
async def test_places_are_hashed_or_merged_with_what_they_carry(
    connection: AsyncConnection, rules: Ladder
) -> None:
    """The planner takes those who rise for a hundred, however many they are."""
    where = await placed(connection, rules, on=date(2026, 3, 1))
    statement = select(where).compile(dialect=connection.dialect)

    lines = await connection.exec_driver_sql(f"EXPLAIN {statement.string}", statement.params)
    plan = "\n".join(lines.scalars())

    begun = plan.partition("Recursive Union")[2].partition("WorkTable Scan")[0]
    assert "Full Join" in begun
    assert "Join Filter: (rising" not in begun
    assert "Join Filter: (packed" not in begun
