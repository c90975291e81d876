"""A file of balances: lot by lot, once, with the ends it names or the ones the policy gives."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.bootstrap import Application
from loyalty.history.balances import BalancesSummary, import_balances
from loyalty.history.rejects import rejects_path
from loyalty.ids import new_id
from loyalty.members import Joining, Member, join
from loyalty.verify import verify
from tests.loyalty.history.files import application, cause_now, publish, write
from tests.support.database import Clone
from tests.support.policies import lasting
from tests.support.requirements import REPOSITORY

__all__ = ["application"]

COLUMNS = (
    *("member", "lot", "points", "asset", "expires_at", "earned_at", "class", "source"),
    *("pending", "activates_at", "allocated"),
)
GROWTH = {
    "growth": {"names": {"en": "growth", "zh": "成长值"}, "expiry": {"kind": "never"}},
}


async def member(application: Application, external_id: str) -> Member:
    return await application.database.write(
        join, cause_now(application), Joining(external_id=external_id)
    )


async def wallet(application: Application, whose: Member, asset: str = "points") -> Any:
    at = application.clock.now()
    async with application.database.snapshot() as connection:
        counters = await ledger.wallet(connection, whose.holder, at=at, asset=asset)
        return counters, await ledger.lots(connection, whose.holder, at=at, asset=asset)


def balances(path: Path, *rows: tuple[object, ...]) -> Path:
    return write(path, COLUMNS, rows)


def row(whose: str, points: object, **more: str) -> tuple[object, ...]:
    given = {"member": whose, "points": points, **more}
    return tuple(given.get(name, "") for name in COLUMNS)


async def test_each_row_becomes_a_lot_with_the_end_it_names(
    application: Application, tmp_path: Path
) -> None:
    await publish(application, **lasting(6), assets=GROWTH, time_zone="Europe/Zurich")
    ada = await member(application, "ada")
    recently = application.clock.now().replace(day=1, hour=12).isoformat()
    path = balances(
        tmp_path / "balances.csv",
        row("ada", 100, expires_at="2199-06-30", earned_at="2019-01-05", **{"class": "promotion"}),
        row("ada", "2,000", expires_at="never", source="bonus", allocated="15.50"),
        row("ada", 300, earned_at=recently),
        row("ada", 40, pending="yes", expires_at="2199-01-01"),
        row("ada", 50, activates_at="2198-01-01", expires_at="2199-01-01"),
        row("ada", 7, asset="growth"),
    )

    summary = await import_balances(application, path)

    assert (summary.lots, summary.members, summary.rejected) == (6, 1, 0)
    assert summary.points == {"points": 2_490, "growth": 7}
    counters, lots = await wallet(application, ada)
    assert (counters.available, counters.pending) == (2_400, 90)
    by_points = {lot.granted: lot for lot in lots}
    assert by_points[100].expires_at == datetime(2199, 6, 29, 22, tzinfo=UTC)
    assert by_points[100].earned_at == datetime(2019, 1, 4, 23, tzinfo=UTC)
    assert by_points[100].lot_class == "promotion"
    assert (by_points[2_000].expires_at, by_points[2_000].source) == (None, "bonus")
    assert by_points[2_000].allocated == 1_550
    assert by_points[300].expires_at is not None
    assert by_points[300].source == "opening"
    assert by_points[40].pending
    assert by_points[50].activates_at is not None
    assert (await wallet(application, ada, "growth"))[0].available == 7
    async with application.database.snapshot() as connection:
        assert not await verify(connection)


async def test_the_same_file_again_changes_nothing_even_where_rows_are_alike(
    application: Application, tmp_path: Path
) -> None:
    await publish(application)
    ada = await member(application, "ada")
    path = balances(
        tmp_path / "balances.csv", row("ada", 10), row("ada", 10), row("ada", 5, lot="A-1")
    )
    first = await import_balances(application, path)

    again = await import_balances(application, path)

    assert (first.lots, first.replays) == (3, 0)
    assert (again.lots, again.replays, again.rejected) == (0, 3, 0)
    assert (await wallet(application, ada))[0].available == 25


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("member", "", "expected the shop's id"),
        ("member", "nobody", "unknown-member"),
        ("points", "0", "expected between 1"),
        ("points", "-5", "whole number of at least 1"),
        ("points", "1.5", "whole number of at least 1"),
        ("points", "9" * 17, "whole number of at least 1"),
        ("asset", "gold", "asset-unknown"),
        ("expires_at", "2001-01-01", "expected a time after now or never"),
        ("expires_at", "later", "expected an ISO 8601 time"),
        ("earned_at", "2999-01-01", "between 1970 and now"),
        ("class", "royal", "expected one of sale"),
        ("source", "Old System", "expected a code"),
        ("pending", "maybe", "expected yes or no"),
        ("allocated", "1.234", "at most 2 decimals"),
        ("lot", "A 1", "without blanks"),
    ],
)
async def test_a_bad_row_is_rejected_with_its_column_and_the_others_go_in(
    application: Application, tmp_path: Path, column: str, value: str, told: str
) -> None:
    await publish(application)
    await member(application, "ada")
    bad = dict(zip(COLUMNS, row("ada", 10), strict=True)) | {column: value}
    path = balances(tmp_path / "balances.csv", tuple(bad.values()), row("ada", 20))

    summary = await import_balances(application, path)

    assert (summary.lots, summary.rejected, summary.points) == (1, 1, {"points": 20})
    reject = rejects_path(path).read_text(encoding="utf-8").splitlines()[1]
    number, where, reason = reject.split(",", 2)
    assert (number, where) == ("2", column)
    assert told in reason


@pytest.mark.parametrize("more", [{"class": "promotion"}, {"asset": "growth"}])
async def test_no_money_is_brought_along_with_points_that_carry_none(
    application: Application, tmp_path: Path, more: dict[str, str]
) -> None:
    await publish(application, assets=GROWTH)
    await member(application, "ada")
    path = balances(tmp_path / "balances.csv", row("ada", 10, allocated="1.00", **more))

    summary = await import_balances(application, path)

    assert (summary.lots, summary.rejected) == (0, 1)
    assert "no money stands behind" in rejects_path(path).read_text(encoding="utf-8")


async def test_points_that_would_have_lapsed_need_an_end_of_their_own(
    application: Application, tmp_path: Path
) -> None:
    await publish(application, **lasting(6))
    await member(application, "ada")
    path = balances(
        tmp_path / "balances.csv",
        row("ada", 10, earned_at="2020-01-01"),
        row("ada", 20, earned_at="2020-01-01", expires_at="2199-01-01"),
    )

    summary = await import_balances(application, path)

    assert (summary.lots, summary.rejected) == (1, 1)
    assert "these points lapsed on 2020-07-02" in rejects_path(path).read_text("utf-8")


async def test_a_lot_that_comes_again_with_other_points_is_rejected(
    application: Application, tmp_path: Path
) -> None:
    await publish(application)
    ada = await member(application, "ada")
    await import_balances(application, balances(tmp_path / "a.csv", row("ada", 5, lot="A-1")))

    changed = balances(tmp_path / "b.csv", row("ada", 6, lot="A-1"))
    summary = await import_balances(application, changed)

    assert (summary.lots, summary.rejected) == (0, 1)
    assert ",lot,key-reused" in rejects_path(changed).read_text("utf-8")
    assert (await wallet(application, ada))[0].available == 5


async def test_what_comes_in_equals_the_same_lots_opened_one_by_one(
    application: Application, tmp_path: Path
) -> None:
    await publish(application)
    ada, eva = await member(application, "ada"), await member(application, "eva")
    ends = ["2199-01-01T00:00:00+00:00", "2198-01-01T00:00:00+00:00", "never"]
    path = balances(
        tmp_path / "balances.csv",
        *(
            row("ada", 10 + place, expires_at=end, earned_at=f"2024-0{place + 1}-01T00:00:00Z")
            for place, end in enumerate(ends)
        ),
    )

    await import_balances(application, path)

    async def one_by_one(connection: AsyncConnection) -> None:
        cause = cause_now(application)
        for place, end in enumerate(ends):
            at = datetime(2024, place + 1, 1, tzinfo=UTC)
            opening = ledger.Opening(
                holder=eva.holder,
                key=f"by-hand:{place}",
                journal=new_id(at),
                effective_at=at,
                actor=cause.actor,
                request_id=cause.request_id,
                reason="import",
                amount=10 + place,
                lot=new_id(at),
                source="opening",
                expires_at=None if end == "never" else datetime.fromisoformat(end),
            )
            for outcome in await ledger.open_balances(connection, [opening], at=cause.at):
                ledger.demand(outcome)

    await application.database.write(one_by_one)
    kept = []
    for whose in (ada, eva):
        async with application.database.read() as connection:
            found = await connection.execute(
                text(
                    "select t.debit, t.credit, t.amount, l.source, l.class, l.remaining, l.open,"
                    " l.pending, l.earned_at, l.expires_at, l.allocated, j.effective_at, j.reason,"
                    " j.kind, j.sequence, j.available_after, j.balance_after, j.labels"
                    " from ledger.journal j join ledger.transfer t"
                    " on t.holder = j.holder and t.journal = j.id"
                    " join ledger.lot l on l.holder = j.holder and l.journal = j.id"
                    " where j.holder = :holder order by j.sequence"
                ),
                {"holder": whose.holder},
            )
            kept.append(found.all())
    assert kept[0] == kept[1]
    assert len(kept[0]) == 3


async def test_an_import_that_dies_between_buckets_goes_on_where_it_was(
    application: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(application)
    names = [f"m{number}" for number in range(12)]
    members = [await member(application, name) for name in names]
    path = balances(tmp_path / "balances.csv", *(row(name, 10) for name in names))

    class Killed(BaseException):
        """The process is gone."""

    goes = 0

    def report(doing: str, more: int, total: int | None) -> None:
        nonlocal goes
        goes += doing == "rows taken in"
        if goes == 2:
            raise Killed

    with pytest.raises(Killed):
        await import_balances(application, path, report=report)
    summary: BalancesSummary = await import_balances(application, path)

    assert summary.replays > 0
    assert summary.lots + summary.replays == 12
    for whose in members:
        assert (await wallet(application, whose))[0].available == 10


async def test_a_killed_process_leaves_whole_buckets_and_the_next_run_goes_on(
    application: Application, clone: Clone, tmp_path: Path
) -> None:
    await publish(application)
    names = [f"m{number}" for number in range(60)]
    for name in names:
        await member(application, name)
    lots = 12_000
    path = balances(
        tmp_path / "balances.csv",
        *(row(names[number % len(names)], 1 + number % 9) for number in range(lots)),
    )
    killed = begin(path, clone, tmp_path)
    while killed.poll() is None and not await count(application):
        await asyncio.to_thread(time.sleep, 0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    part = await count(application)
    assert part

    summary = await import_balances(application, path)

    assert (summary.lots + summary.replays, await count(application)) == (lots, lots)
    async with application.database.snapshot() as connection:
        assert not await verify(connection)


def begin(path: Path, clone: Clone, folder: Path) -> "subprocess.Popen[bytes]":
    """Begin to import a file in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "loyalty", "import", "balances", str(path)],
        env={
            **os.environ,
            "LOYALTY_DATABASE_URL": clone.application.render_as_string(hide_password=False),
            "PYTHONPATH": str(REPOSITORY),
        },
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


async def count(application: Application) -> int:
    """How many lots there are."""
    async with application.database.read() as connection:
        return int(await connection.scalar(text("select count(*) from ledger.lot")) or 0)
