"""A wallet and its statement page, read over HTTP: ten movements beside very many.

Both wallets have the same few lots open, so that what differs is the past.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import repeat
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.bench import budgets
from loyalty.bench.figures import Figure, beside, ratio
from loyalty.bench.load import Load, put_under_load, request
from loyalty.bench.plan import Plan
from loyalty.bench.rig import Rig
from loyalty.bench.serving import serving
from loyalty.bench.shop import give_key, holder_of
from loyalty.cli.serving import TARGET
from loyalty.database import LONG, Database
from loyalty.ids import new_id

YOUNG, OLD = 1, 2
TEN: Final = 10
LOTS: Final = 4
POINTS: Final = 10
CHUNK: Final = 500
LAPSES: Final = datetime(2200, 1, 1, tzinfo=UTC)
PATHS: Final = (
    (budgets.WALLET, "/v1/members/ext:C-{}/wallet"),
    (budgets.STATEMENT, f"/v1/members/ext:C-{{}}/transactions?limit={TEN}"),
)


def measure(rig: Rig, database: str, plan: Plan) -> list[Figure]:
    """Read both wallets and both statements in turn, one request at a time."""
    key = give_key(rig, database, "admin")
    asyncio.run(_live(rig, database, {YOUNG: TEN, OLD: plan.movements}))
    rig.run_as_superuser("VACUUM ANALYZE", database=database)
    figures = []
    with serving(TARGET, rig.libpq(database)) as port:
        for budget, path in PATHS:
            young: list[float] = []
            old: list[float] = []
            for turn in range(plan.runs + 1):
                for member, times in ((YOUNG, young), (OLD, old)):
                    load = _read(port, path.format(member), key)
                    if turn:
                        times.append(load.quantile(0.5))
            figures.append(Figure(budget, ratio(old, young), beside(old, young, "ms")))
    return figures


def _read(port: int, path: str, key: str) -> Load:
    return put_under_load(port, repeat(request("GET", path, key)), connections=1, seconds=1)


async def _live(rig: Rig, database: str, movements: dict[int, int]) -> None:
    """Give each member as many movements, of which a few earns stay."""
    at = rig.now()
    programme = Database.at(rig.url(database), patience=LONG)
    try:
        for member, wanted in movements.items():
            postings = list(_past(member, wanted, at))
            for begin in range(0, len(postings), CHUNK):
                await programme.write(_post, postings[begin : begin + CHUNK], at)
    finally:
        await programme.dispose()


async def _post(connection: AsyncConnection, postings: list[ledger.Posting], at: datetime) -> None:
    for outcome in await ledger.post(connection, postings, at=at):
        ledger.demand(outcome)


def _past(member: int, movements: int, at: datetime) -> Iterator[ledger.Posting]:
    for turn in range((movements - LOTS) // 2 + LOTS):
        yield _earn(member, turn, at)
        if turn >= LOTS:
            one = new_id(at)
            yield ledger.Spend(
                holder=holder_of(member),
                key=f"bench:{turn}:spend",
                journal=one,
                effective_at=at,
                actor="system",
                request_id="bench",
                amount=POINTS,
            )


def _earn(member: int, turn: int, at: datetime) -> ledger.Earn:
    one = new_id(at)
    return ledger.Earn(
        holder=holder_of(member),
        key=f"bench:{turn}:earn",
        journal=one,
        effective_at=at,
        actor="system",
        request_id="bench",
        amount=POINTS,
        lot=one,
        source="order",
        expires_at=LAPSES,
    )
