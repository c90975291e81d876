"""A month closes when its books are proved and its orders reconciled, and says why when not."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from ledger import PeriodState
from loyalty.books.closing import JOB, Obstacle, PeriodStatus, finish_period
from loyalty.books.periods import close_period, find_period, list_periods
from loyalty.bootstrap import Application, build
from loyalty.cause import Cause
from loyalty.changes import list_changes
from loyalty.ids import new_id, show
from loyalty.jobs.registry import JOBS, PERIODIC
from loyalty.jobs.worker import work
from loyalty.reconciliation import (
    ClearingReason,
    ControlRow,
    FeeStep,
    Leg,
    Movement,
    clear_item,
    reconcile,
    take_movements,
)
from loyalty.settings import Settings
from loyalty.verification import latest_verification, list_verifications, verify_books
from tests.ledger.building import said
from tests.support.database import Clone

WAITING = text("SELECT task_name, args FROM procrastinate.procrastinate_jobs WHERE status = 'todo'")


@pytest.fixture
async def application(clone: Clone) -> AsyncIterator[Application]:
    url = clone.application.render_as_string(hide_password=False)
    async with build(Settings(database_url=SecretStr(url), home=Path("/nowhere"))) as application:
        yield application


def cause(application: Application, actor: str = "system") -> Cause:
    return Cause(at=application.clock.now(), actor=actor, request_id=str(new_id()))


def last_month(application: Application) -> date:
    """The first day of the month before this one."""
    return (application.clock.now().date().replace(day=1) - timedelta(days=1)).replace(day=1)


async def earned(application: Application, *, key: str = "welcome") -> None:
    """Points of the last month that no order claims."""
    month = last_month(application)
    at = datetime(month.year, month.month, 15, tzinfo=UTC)
    points = said(new_id(), key, 0, amount=100, lot=new_id(), source="campaign", effective_at=at)

    async def post(connection: AsyncConnection) -> None:
        (outcome,) = await ledger.earn(connection, [ledger.Earn(**points)], at=at)
        ledger.demand(outcome)

    await application.database.write(post)


async def closed(application: Application, month: date) -> PeriodStatus:
    """Begin to close a month and run its job."""
    await application.database.write(close_period, cause(application), month)
    await finish_period(application, cause(application, f"job:{JOB}"), month.isoformat())
    async with application.database.read() as connection:
        return await find_period(connection, month)


async def test_a_month_is_closed_by_its_job_and_names_what_proved_it(
    application: Application,
) -> None:
    await earned(application)
    month = last_month(application)

    begun = await application.database.write(close_period, cause(application), month)
    assert (begun.period.state, begun.obstacle) == (PeriodState.CLOSING, Obstacle.UNDER_WAY)
    await work(application, until_idle=True)

    async with application.database.read() as connection:
        ended = await find_period(connection, month)
        proof = await latest_verification(connection, since=begun.period.closing_at)
        trail = await list_changes(connection, limit=5, subject_kind="period")
        newest = (await list_periods(connection, at=application.clock.now()))[0]
    assert proof is not None
    assert proof.clean
    assert ended.period.state is PeriodState.CLOSED
    assert ended.period.verified_by == show("ver", proof.id)
    assert ended.period.reconciled_by
    assert ended.period.closed_by == f"job:{JOB}"
    assert ended.obstacle is None
    assert [change.action for change in trail] == ["close", "begin-closing"]
    assert newest.period.state is PeriodState.OPEN


async def test_asking_again_begins_nothing_new(application: Application) -> None:
    await earned(application)
    month = last_month(application)

    for _ in range(3):
        await application.database.write(close_period, cause(application), month)
    async with application.database.read() as connection:
        waiting = [(row.task_name, row.args) for row in await connection.execute(WAITING)]
    ended = await closed(application, month)
    again = await application.database.write(close_period, cause(application), month)

    assert waiting == [(JOB, {"month": month.isoformat()})]
    assert ended.period.state is PeriodState.CLOSED
    assert again == ended


async def test_a_month_with_a_finding_stays_closing_until_it_is_gone(
    application: Application, owner_connection: AsyncConnection
) -> None:
    await earned(application)
    month = last_month(application)
    edit = text("UPDATE ledger.wallet SET available = available + :points")
    await owner_connection.execute(edit, {"points": 1})

    stuck = await closed(application, month)
    await owner_connection.execute(edit, {"points": -1})
    ended = await closed(application, month)

    assert (stuck.period.state, stuck.obstacle) == (PeriodState.CLOSING, Obstacle.FINDINGS)
    assert stuck.verification is not None
    assert stuck.verification.findings[0].row.startswith("wallet ")
    assert ended.period.state is PeriodState.CLOSED


async def test_a_month_with_a_difference_stays_closing_until_somebody_explains_it(
    application: Application,
) -> None:
    await earned(application)
    month = last_month(application)
    until = (month + timedelta(days=32)).replace(day=1)
    runs = await application.database.write(
        reconcile,
        cause(application),
        since=month,
        until=until,
        control=[ControlRow(order="S-1", completed=500)],
    )
    shop = next(run for run in runs if run.leg is Leg.SHOP_ORDERS)

    stuck = await closed(application, month)
    await application.database.write(
        clear_item, cause(application), shop.number, 1, reason=ClearingReason.ACCEPTED
    )
    ended = await closed(application, month)

    assert (stuck.period.state, stuck.obstacle) == (PeriodState.CLOSING, Obstacle.RECONCILIATION)
    assert stuck.open_items == 1
    assert ended.period.state is PeriodState.CLOSED


async def test_a_month_before_the_books_began_is_unknown(application: Application) -> None:
    await earned(application)

    async with application.database.read() as connection:
        with pytest.raises(ledger.PeriodUnknown):
            await find_period(connection, date(2001, 1, 1))


async def test_the_nightly_proof_keeps_what_it_found(
    application: Application, owner_connection: AsyncConnection
) -> None:
    await earned(application)

    clean = await verify_books(application, cause(application))
    await owner_connection.execute(text("UPDATE ledger.wallet SET version = version + 1"))
    broken = await verify_books(application, cause(application))
    await owner_connection.execute(text("UPDATE ledger.wallet SET version = version - 1"))

    assert (clean.clean, broken.clean) == (True, False)
    async with application.database.read() as connection:
        assert await list_verifications(connection, limit=5) == [broken, clean]
        assert await list_verifications(connection, limit=5, before=broken.id) == [clean]
        assert await latest_verification(connection) == broken


def test_the_worker_knows_both_jobs() -> None:
    assert JOB in JOBS
    assert "verify-books" in {periodic.name for periodic in PERIODIC}


async def test_a_month_with_a_fee_that_no_membership_has_closes_when_it_is_explained(
    application: Application,
) -> None:
    await earned(application)
    month = last_month(application)
    line = Movement(
        id="txn_1",
        category="charge",
        fee=(FeeStep.BILLED, "in_1"),
        certain=True,
        amount=3_000,
        tax=None,
        currency="USD",
        settled=2_900,
        settled_in="USD",
        at=datetime(month.year, month.month, 15, tzinfo=UTC),
    )

    await application.database.write(take_movements, cause(application), "stripe", [line])
    stuck = await closed(application, month)
    why = ClearingReason.KNOWN_DIFFERENCE
    await application.database.write(clear_item, cause(application), 2, 1, reason=why)
    ended = await closed(application, month)

    assert (stuck.obstacle, stuck.open_items) == (Obstacle.RECONCILIATION, 1)
    assert (ended.period.state, ended.open_items) == (PeriodState.CLOSED, 0)
    assert (ended.period.reconciled_by or "").count(",") == 1
