"""Earning and spending in SQL beside pgbench: the function that every posting goes through.

Each call takes its item as JSON text, as the programme sends it. All earns debit the same programme
account; members are drawn at random from 20,000, and every spend finds 50 open lots.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.bench import budgets
from loyalty.bench.figures import Figure, beside, ratio
from loyalty.bench.opponent import CLIENTS, Script, run_opponent, run_script
from loyalty.bench.plan import Plan
from loyalty.bench.rig import Rig
from loyalty.database import LONG, Database
from loyalty.ids import new_id

LOTS: Final = 50
LOT_POINTS: Final = 10_000
ONE_POINT_WALLETS: Final = 500
EARNERS: Final = 20_000
FIRST_ONE: Final = 1_000_000
FIRST_ALL: Final = 2_000_000
BATCH: Final = 200_000

# pgbench takes a colon for the beginning of a variable, so in these texts it is written \\072. What
# differs from call to call stands between the parts of the text, which `concat` joins.
_ITEM: Final = (
    r"""{"kind"\072"%(kind)s","holder"\072"', %(holder)s, E'","asset"\072"points","""
    r""""key"\072"order\072', %(id)s, E'\072%(kind)s\0721","journal"\072"', %(id)s, E'","""
    r""""amount"\072', %(amount)s, E',"effective_at"\072"', now(), E'","reason"\072"","""
    r""""actor"\072"key\0720190a1b2-0000-7000-8000-000000000001","""
    r""""request_id"\072"0190a1b2-0000-7000-8000-000000000002","""
    r""""labels"\072{"tier"\072"gold","channel"\072"web"}"""
)
_END: Final = datetime(2200, 1, 1, tzinfo=UTC)
_LOT: Final = (
    r""","lot"\072"', %(id)s, E'","source"\072"order","lot_class"\072"sale","pending"\072false,"""
    r""""activates_at"\072null,"expires_at"\072"2200-01-01T00\07200\07200+00\07200","""
    r""""allocated"\0720"""
)

# Ids are the caller's to mint, so pgbench does: digits that grow with time, after a beginning that
# puts them behind all those that were made while the wallets were filled.
_MINT: Final = f"\\set minted :begun + :client_id\n\\set begun :begun + {CLIENTS}\n"
_MINTED: Final = "'02000000000070008', :minted::text"


def earning(members: int, *, apart: int = 1) -> Script:
    """Earn for a member drawn at random, of so many that stand `apart`."""
    call = _call("earn", ":amount::text", _LOT)
    return Script(
        "\\set holder :apart * random(1, :members)\n\\set amount random(1, 500)\n" + call,
        {"members": members, "apart": apart},
    )


def spending_from_one_lot(
    first: int = FIRST_ONE, wallets: int = ONE_POINT_WALLETS, *, apart: int = 1
) -> Script:
    """Spend one point of a wallet with 50 open lots, of so many that stand `apart`."""
    call = _call("spend", "1")
    return Script(
        "\\set holder :apart * random(:first, :last)\n" + call,
        {"first": first, "last": first + wallets - 1, "apart": apart},
    )


def spending_all_lots(first: int, each: int) -> Script:
    """Spend all that 50 lots hold; every call takes a wallet that no call took before."""
    call = _call("spend", ":all::text")
    return Script(
        "\\set holder :first + :client_id * :each + :done\n\\set done :done + 1\n" + call,
        {"first": first, "each": each, "all": LOTS, "done": 0},
    )


def measure(rig: Rig, pgbench: Path, plan: Plan) -> list[Figure]:
    """Run pgbench, earns and both spends in turn."""
    asyncio.run(_prepare(rig, plan))
    earn, one = earning(min(EARNERS, plan.members)), spending_from_one_lot()
    each = plan.all_lots_runs // CLIENTS
    theirs, earns, ones, alls = [], [], [], []
    for turn in range(plan.runs):
        rig.settle_down()
        theirs.append(run_opponent(rig, pgbench, plan.seconds))
        rig.settle_down()
        earns.append(run_script(rig, pgbench, earn, seconds=plan.seconds))
        rig.settle_down()
        ones.append(run_script(rig, pgbench, one, seconds=plan.seconds))
        rig.settle_down()
        whole = spending_all_lots(FIRST_ALL + turn * each * CLIENTS, each)
        alls.append(run_script(rig, pgbench, whole, transactions=each))
    return [
        Figure(budget, ratio(ours, theirs), beside(ours, theirs, "a second"))
        for budget, ours in (
            (budgets.EARN, earns),
            (budgets.SPEND_ONE, ones),
            (budgets.SPEND_ALL, alls),
        )
    ]


def _call(kind: str, amount: str, more: str = "") -> str:
    said = {
        "kind": kind,
        "holder": "lpad(to_hex(:holder::int), 32, '0')",
        "id": _MINTED,
        "amount": amount,
    }
    item = (_ITEM + more + "}") % said
    posted = ledger.post_in_sql(f"concat(E'{item}')::jsonb", "now()")
    return f"{_MINT}SELECT 1 / (({posted}).code = 'posted')::int;\n"  # else pgbench fails


async def _prepare(rig: Rig, plan: Plan) -> None:
    """Open the wallets and give them their lots, set by set, as an import does."""
    database = Database(rig.url, patience=LONG)
    at = rig.now()
    ends = plan.all_lots_runs * plan.runs
    try:
        await _give(
            database, at, range(1, min(EARNERS, plan.members) + 1), lots=1, points=LOT_POINTS
        )
        ones = range(FIRST_ONE, FIRST_ONE + ONE_POINT_WALLETS)
        await _give(database, at, ones, lots=LOTS, points=LOT_POINTS)
        await _give(database, at, range(FIRST_ALL, FIRST_ALL + ends), lots=LOTS, points=1)
    finally:
        await database.dispose()
    rig.run_as_superuser("VACUUM ANALYZE")


async def _give(
    database: Database, at: datetime, holders: range, *, lots: int, points: int
) -> None:
    step = max(BATCH // lots, 1)
    for begin in range(0, len(holders), step):
        await database.write(_post, at, holders[begin : begin + step], lots, points)


async def _post(
    connection: AsyncConnection, at: datetime, holders: range, lots: int, points: int
) -> None:
    batch = new_id(at)
    await ledger.stage(connection, batch, _earns(at, holders, lots, points))
    await ledger.post_intake(connection, batch, at=at)


def _earns(at: datetime, holders: range, lots: int, points: int) -> Iterator[ledger.Earn]:
    for holder in holders:
        for _ in range(lots):
            one = new_id(at)
            yield ledger.Earn(
                holder=UUID(int=holder),
                key=f"order:{one}:earn:1",
                journal=one,
                effective_at=at,
                actor="system",
                request_id="bench",
                labels={"tier": "gold", "channel": "web"},
                amount=points,
                lot=one,
                source="order",
                expires_at=_END,
            )
