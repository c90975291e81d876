"""A year of the demo's books: reconciled, exported, and accepted by an independent program."""

import asyncio
import filecmp
import resource
import time
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.bootstrap import Application
from loyalty.demo.inventions import draw_redemptions, join_households, redeem
from loyalty.demo.programme import publish_programme
from loyalty.demo.shop import write_orders
from loyalty.exports import Export, Format, make_file, request_export
from loyalty.jobs.upkeep import settle_due_wallets
from loyalty.reconciliation import reconcile
from tests.loyalty.exports.reading import check
from tests.loyalty.history.files import application, bring, cause_now
from tests.loyalty.history.shops import keep
from tests.support.proofs import Proof
from tests.support.requirements import needs_hledger, sample

__all__ = ["application"]

REDEEMED = 300
QUARTER = 3


async def build(application: Application, tmp_path: Path) -> int:
    """Bring the demo's year along, or some of its households, and let points be spent."""
    cause = cause_now(application)
    await application.database.write(
        publish_programme, cause, currency="USD", zone="America/New_York"
    )
    whole, path = tmp_path / "whole.csv", tmp_path / "orders.csv"
    yesterday = cause.at.date() - timedelta(days=1)
    everybody = await asyncio.to_thread(
        write_orders, whole, last_day=yesterday, invent_returns=True
    )
    taken = everybody[: sample(quick=8, full=len(everybody))]
    await asyncio.to_thread(keep, whole, path, [each.name for each in taken])
    await application.database.write(join_households, cause, taken)
    summary = await bring(application, path)
    for drawn in draw_redemptions([each.name for each in taken], cause.at)[:REDEEMED]:
        await application.database.write(redeem, application, cause, drawn)
    await settle_due_wallets(application, cause)
    return summary.orders


async def export(
    application: Application, since: date, until: date, format_: Format, folder: Path
) -> tuple[Export, Path]:
    """Ask for an export and make its file."""
    cause = cause_now(application)
    asked = await application.database.write(
        request_export, cause, since=since, until=until, format=format_, map="cas"
    )
    path = folder / asked.name
    return await make_file(application.database, cause, asked.number, path), path


@needs_hledger
async def test_a_year_of_the_demo_reconciles_and_hledger_accepts_its_books(
    application: Application, owner_connection: AsyncConnection, tmp_path: Path, proof: Proof
) -> None:
    orders = await build(application, tmp_path)
    await owner_connection.execute(text("analyze"))  # autovacuum is off in tests
    months = await _months(application)
    since, until = months[0], _next(months[-1])

    runs = await application.database.write(
        reconcile, cause_now(application), since=since, until=until
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    year, path = await export(application, since, until, Format.HLEDGER, tmp_path)
    written = time.perf_counter() - begun
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak
    begun = time.perf_counter()
    complaints = await asyncio.to_thread(check, path)
    checked = time.perf_counter() - begun

    assert [(run.items, run.agreed == run.compared) for run in runs] == [(0, True)]
    assert runs[0].compared >= orders // 2
    assert complaints == ""
    assert year.file is not None
    entries = 0
    for begin, end in pairwise([*months[::QUARTER], until]):
        part, path = await export(application, begin, end, Format.HLEDGER, tmp_path)
        assert await asyncio.to_thread(check, path) == ""
        await asyncio.to_thread(path.unlink)
        entries += 0 if part.file is None else part.file.entries
    assert entries == year.file.entries
    for format_ in Format:
        await _is_made_again(application, months[0], format_, tmp_path)
    proof("events of the demo's year exported", year.file.entries)
    proof("hledger journal of the year", round(year.file.size / 1e6), "MB")
    proof("the year written", round(written, 1), "s")
    proof("memory that writing the year took", round(grown / 1024), "MB")
    proof("the year checked by hledger", round(checked, 1), "s")
    proof("steps of orders reconciled with the ledger", runs[0].compared)


async def _is_made_again(
    application: Application, month: date, format_: Format, folder: Path
) -> None:
    """The file of a month, made a second time, is the same to the byte."""
    first, path = await export(application, month, _next(month), format_, folder)
    again = folder / "again"
    await make_file(application.database, cause_now(application), first.number, again)
    assert await asyncio.to_thread(filecmp.cmp, again, path, shallow=False)
    await asyncio.to_thread(again.unlink)


async def _months(application: Application) -> list[date]:
    """The months of the books, from the first journal to now."""
    today = cause_now(application).at.date()

    async def work(connection: AsyncConnection) -> list[date]:
        return [one.month for one in await ledger.periods(connection, until=today)]

    return await application.database.write(work)


def _next(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)
