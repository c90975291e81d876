"""A run of an import against itself: the file, the orders recorded from it, and the ledger.

Three counts that know nothing of each other: what was read, what stands in the tables of orders,
and what the journals of the run moved. They agree to the cent and to the point, or it is said.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import moved_in
from loyalty.orders import tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """The same figures as the file, the orders and the ledger have them; money in minor units.

    Returns are refunded as was sold, so `refunded` may differ from what the file says of them;
    what matched no sale stands beside it. `taken_back` may be less in the ledger where the return
    policy forgives what a wallet no longer has.
    """

    file_sold: int
    orders_sold: int
    file_returned: int
    refunded: int
    unmatched: int
    orders_earned: int
    ledger_earned: int
    orders_taken_back: int
    ledger_taken_back: int

    @property
    def agrees(self) -> bool:
        """Whether money and points are the same wherever they stand."""
        return (
            self.file_sold == self.orders_sold
            and self.orders_earned == self.ledger_earned
            and self.orders_taken_back >= self.ledger_taken_back
        )

    def told(self) -> Iterator[str]:
        """Say each pair of figures in a line."""
        yield _pair("sold", "minor units", file=self.file_sold, orders=self.orders_sold)
        back = {"file": self.file_returned, "orders": self.refunded, "unmatched": self.unmatched}
        yield _pair("returned", "minor units", **back)
        yield _pair("earned", "points", orders=self.orders_earned, ledger=self.ledger_earned)
        forgiven = self.orders_taken_back - self.ledger_taken_back
        taken = {"orders": self.orders_taken_back, "ledger": self.ledger_taken_back}
        yield _pair("taken back", "points", **taken, **({"forgiven": forgiven} if forgiven else {}))
        yield "file, orders and ledger agree" if self.agrees else "THEY DO NOT AGREE"


async def reconcile(
    connection: AsyncConnection, counts: Mapping[str, int], *, run: str, since: datetime
) -> Reconciled:
    """Compare what a run read with what it recorded and posted."""
    sold = await _sum(connection, tables.order, tables.order.c.total, run)
    shipment, return_ = tables.shipment, tables.return_
    moved = (await connection.execute(moved_in(run, since=since))).one()
    return Reconciled(
        file_sold=counts.get("money_sold", 0),
        orders_sold=sold,
        file_returned=counts.get("money_returned", 0),
        refunded=await _sum(connection, return_, return_.c.total, run),
        unmatched=await _sum(
            connection, tables.unmatched_return, tables.unmatched_return.c.amount, run
        ),
        orders_earned=await _sum(connection, shipment, shipment.c.earn, run),
        ledger_earned=int(moved.earned),
        orders_taken_back=await _sum(connection, return_, return_.c.earn, run),
        ledger_taken_back=int(moved.taken_back),
    )


async def _sum(
    connection: AsyncConnection, table: Table, figure: ColumnElement[int], run: str
) -> int:
    statement: Select[int] = select(func.coalesce(func.sum(figure), 0)).where(
        table.c.request_id == run
    )
    return int(await connection.scalar(statement) or 0)


def _pair(what: str, unit: str, **figures: int) -> str:
    told = ", ".join(f"{where} {figure:,}" for where, figure in figures.items())
    return f"{what} ({unit}): {told}"
