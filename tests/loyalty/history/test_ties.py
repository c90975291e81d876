"""Which of a member's orders of one instant is the latest does not depend on who told them how."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import text

from loyalty.bootstrap import Application
from loyalty.cause import SYSTEM, Cause
from loyalty.members import Joining, Member, join
from tests.loyalty.history.files import BY_LINE, application, bring, publish, write
from tests.loyalty.history.test_equal import sell, take_back

__all__ = ["application"]

SOLD: Final = "2025-01-05T10:00:00+00:00"
BACK: Final = "2025-01-06T10:00:00+00:00"

Row = tuple[str, str, str, str, str, str, str, str, int, str]


def sale(whose: str, name: str) -> Row:
    """A sale of one instant, called by whose it is and its place among theirs."""
    return (f"{whose}-{name}", whose, SOLD, "sale", "", "1", "TEA", "TEA", 1, "20.00")


def back(whose: str) -> Row:
    """The return of one unit, of whichever order."""
    return (f"{whose}-back", whose, BACK, "return", "", "1", "TEA", "TEA", 1, "20.00")


async def told(application: Application, rows: Sequence[Row]) -> None:
    """Tell orders through the use cases in the order given, each a minute after the other."""
    now = application.clock.now() - timedelta(hours=1)
    member: Member | None = None
    for minute, row in enumerate(rows):
        cause = Cause(now + timedelta(minutes=minute), SYSTEM, "test")
        if member is None:
            joining = Joining(external_id=row[1], joined_at=datetime.fromisoformat(SOLD))
            member = await application.database.write(join, cause, joining)
        if row[3] == "sale":
            await application.database.write(sell, application, cause, member, [row])
        else:
            await application.database.write(take_back, application, cause, member, [row])


async def brought(application: Application, path: Path, rows: Sequence[Row]) -> None:
    """Bring orders along in a file."""
    in_dollars = [(*row[:4], "USD", *row[4:]) for row in rows]
    assert (await bring(application, write(path, BY_LINE, in_dollars))).complete


async def test_of_orders_of_one_instant_the_one_whose_name_sorts_last_is_the_latest(
    application: Application, tmp_path: Path
) -> None:
    await publish(application)
    names = ("2", "10", "1")
    await told(application, [*(sale("told", name) for name in names), back("told")])
    whole = [sale("whole", name) for name in names]
    await brought(application, tmp_path / "whole.csv", [*whole, back("whole")])
    await brought(application, tmp_path / "sales.csv", [sale("later", name) for name in names])
    await brought(application, tmp_path / "returns.csv", [back("later")])
    async with application.database.read() as connection:
        taken = await connection.scalars(
            text(
                "select n.name from loyalty.return_line r"
                " join loyalty.name n on n.kind = 'order' and n.id = r.order_id order by 1"
            )
        )
        assert taken.all() == ["later-2", "told-2", "whole-2"]
