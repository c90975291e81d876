"""The imported books agree with the files, by an oracle of a few lines: with the base rule alone,
points earned are the floor of the money of each sale, less what matched returns took back.
"""

import csv
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

import ledger
from loyalty.bootstrap import Application
from loyalty.verify import verify
from tests.ledger.months import months_agree
from tests.loyalty.history.files import application, bring, publish
from tests.loyalty.history.shops import grocer, web_shop
from tests.support.proofs import Proof
from tests.support.requirements import needs_shared, sample

__all__ = ["application"]

Lot = list[int]
"""Units sold, money, points, units returned: of one line."""


def oracle(path: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Points by member, and counts, worked out from the file alone."""
    orders: dict[str, list[dict[str, str]]] = defaultdict(list)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            if float(row["quantity"]) or float(row["amount"]):
                orders[row["order_id"]].append(row)
    points: dict[str, int] = defaultdict(int)
    shelf: dict[tuple[str, str], list[Lot]] = defaultdict(list)
    counts: dict[str, int] = defaultdict(int)
    in_time = sorted(
        orders.values(), key=lambda o: (o[0]["ordered_at"], o[0]["kind"], o[0]["order_id"])
    )
    for lines in sorted(in_time, key=lambda o: (o[0]["ordered_at"], o[0]["kind"] == "return")):
        if any(thousandths(row) % 10 for row in lines):
            counts["rejected"] += 1
            continue
        member = lines[0]["member"]
        points[member] += 0
        if lines[0]["kind"] == "sale":
            counts["orders"] += 1
            sell(lines, shelf, points)
        else:
            counts["returns"] += 1
            counts["unmatched"] += take_back(lines, shelf, points)
    return points, counts


def thousandths(row: dict[str, str]) -> int:
    """The money of a row; a rest below a whole minor unit refuses its order."""
    return abs(round(float(row["amount"]) * 1000))


def cents(row: dict[str, str]) -> int:
    """The money of a row in whole minor units."""
    return thousandths(row) // 10


def sell(
    lines: list[dict[str, str]], shelf: dict[tuple[str, str], list[Lot]], points: dict[str, int]
) -> None:
    """Whole points of the order, on its lines by the largest remainder, the earlier line first."""
    money = [cents(row) for row in lines]
    share = [amount // 100 for amount in money]
    left = sum(money) // 100 - sum(share)
    for place in sorted(range(len(money)), key=lambda at: (-(money[at] % 100), at))[:left]:
        share[place] += 1
    points[lines[0]["member"]] += sum(share)
    for row, amount, earned in zip(lines, money, share, strict=True):
        lot = [max(1, int(row["quantity"])), amount, earned, 0]
        shelf[row["member"], row["sku"]].append(lot)


def take_back(
    lines: list[dict[str, str]], shelf: dict[tuple[str, str], list[Lot]], points: dict[str, int]
) -> bool:
    """The latest unreturned units of the SKU; of a line's points floor(points x back / sold)."""
    unmatched = False
    for row in lines:
        wanted = abs(int(row["quantity"]))
        for lot in reversed(shelf[row["member"], row["sku"]]):
            taken = min(wanted, lot[0] - lot[3])
            before = lot[2] * lot[3] // lot[0]
            lot[3] += taken
            points[row["member"]] -= lot[2] * lot[3] // lot[0] - before
            wanted -= taken
        unmatched |= wanted > 0
    return unmatched


async def check(application: Application, path: Path, proof: Proof, name: str) -> None:
    """Bring a file along and compare it with the oracle."""
    await publish(application, currency=currency_of(path))
    summary = await bring(application, path)
    wanted, counts = oracle(path)
    async with application.database.snapshot() as connection:
        rows = await connection.execute(
            text(
                "select n.name, coalesce(w.available - w.debt, 0) points from loyalty.name n"
                " join loyalty.member m on m.id = n.member"
                " left join ledger.wallet w on w.holder = m.holder where n.kind = 'member'"
            )
        )
        assert {row.name: row.points for row in rows} == wanted
        assert await verify(connection) == []
        now = application.clock.now()
        balance = await ledger.trial_balance(connection, at=now)
        begins_on = (await ledger.calendar(connection)).begins_on
        assert begins_on is not None
        until = now.date() + timedelta(days=1)
        await months_agree(connection, since=begins_on, until=until, at=now)
    assert balance.difference == 0
    seen = (summary.members_new, summary.orders, summary.returns, summary.unmatched_returns)
    assert seen == (len(wanted), counts["orders"], counts["returns"], counts["unmatched"])
    assert summary.orders_rejected == counts["rejected"]
    assert summary.complete == (counts["rejected"] == 0)
    proof(f"{name}: members", len(wanted), "")
    proof(f"{name}: lines", summary.lines, "")
    proof(f"{name}: seconds", round(summary.seconds, 1), "s")


def currency_of(path: Path) -> str:
    """The currency of a file."""
    with path.open(newline="") as file:
        return next(csv.DictReader(file))["currency"]


@needs_shared
async def test_a_web_shop_with_real_cancellations_agrees_with_its_file(
    application: Application, tmp_path: Path, proof: Proof
) -> None:
    most = sample(quick=800, full=1_000_000)
    await check(application, web_shop(tmp_path, most=most), proof, "UCI online retail")


async def test_the_demos_shop_agrees_with_its_file(
    application: Application, tmp_path: Path, proof: Proof
) -> None:
    path = grocer(tmp_path, households=sample(quick=25, full=10_000))
    await check(application, path, proof, "the demo's year")
