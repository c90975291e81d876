"""The job of a dry run: every order that a draft may concern, decided by both rule sets.

All is read in one snapshot and nothing of it is written; the result is stored once, at the end. A
run that dies begins anew, and two at once write the same.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from time import perf_counter_ns
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, literal, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from benefits import BenefitsError, Counting, Trial, decide_again
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.dry_runs.giving_back import Settling
from loyalty.dry_runs.past import matched, placed_in, walk
from loyalty.dry_runs.sets import Sets, sets_of
from loyalty.dry_runs.store import find_dry_run
from loyalty.dry_runs.tables import dry_run_progress, dry_run_result
from loyalty.dry_runs.tallying import Tally
from loyalty.dry_runs.types import DryRun, PastOrder
from loyalty.orders.tables import order

#: The job that carries a dry run out.
JOB: Final = "dry-run-rules"
_PATIENCE: Final = "1800s"
_TELL_AFTER_NS: Final = 1_000_000_000


async def dry_run_rules(application: Application, cause: Cause, *, run: str) -> int:
    """Carry a dry run out and store what came of it; answer how many orders it changes."""
    id_ = UUID(run)
    async with patient_snapshot(application) as connection:
        asked = await find_dry_run(connection, id_, at=cause.at)
        if asked.finished_at is not None:
            return 0
        try:
            sets = await sets_of(connection, application.programme, asked.asked_at, asked.change)
        except BenefitsError as error:
            await _finish(application, id_, None, error.code)
            return 0

        async def tell(selected: int, done: int) -> None:
            await application.database.write(note_progress, id_, selected, done)

        figures = await simulate(connection, asked, sets, tell)
    await _finish(application, id_, figures, None)
    changed: int = figures["orders"]["changed"]
    return changed


async def simulate(
    connection: AsyncConnection,
    run: DryRun,
    sets: Sets,
    tell: Callable[[int, int], Any],
) -> dict[str, Any]:
    """Decide all that a change may concern by both sets, and return the figures of it."""
    found = matched(run, sets)
    selected = await _count(connection, select(func.count()).select_from(found.subquery("found")))
    placed = await _count(
        connection,
        select(func.count()).select_from(order).where(placed_in(run.since, run.until)),
    )
    await tell(selected, 0)
    simulation = Simulation(sets)
    told_at, done = perf_counter_ns(), 0
    async for batch in walk(connection, found, run.shop_priced):
        simulation.decide(batch)
        done += len(batch)
        if perf_counter_ns() - told_at > _TELL_AFTER_NS:
            await tell(selected, done)
            told_at = perf_counter_ns()
        await asyncio.sleep(0)
    await tell(selected, done)
    return simulation.figures(placed, selected)


class Simulation:
    """Decides orders as they come, and counts for each rule set what its limits have given."""

    def __init__(self, sets: Sets) -> None:
        """Begin with limits of which nothing is used."""
        value = sets.policy.point_value
        self.tally = Tally(sets.touched, (value.minor, value.points))
        self._sets = sets
        self._live = Settling(Counting(sets.subjects))
        self._drafted = Settling(Counting(sets.subjects))
        self._earns = any(
            rule.earning
            for rule_set in (sets.live, sets.drafted)
            for rule in rule_set.rules
            if rule.name in sets.touched
        )
        self._nanoseconds = 0

    def decide(self, orders: Sequence[PastOrder | None]) -> None:
        """Decide a batch of orders, which come in order of time."""
        for past in orders:
            if past is None:
                self.tally.undecided += 1
            elif past.paid and not self._earns:
                self.tally.passed_over += 1
            else:
                self._decide(past)

    def figures(self, placed: int, selected: int) -> dict[str, Any]:
        """All that was found, and how long a decision took on average."""
        found = self.tally.figures(placed, selected, self._drafted.counting.limits())
        evaluated = self.tally.evaluated or 1
        return {**found, "microseconds_per_order": self._nanoseconds // evaluated // 1_000}

    def _decide(self, past: PastOrder) -> None:
        began = perf_counter_ns()
        try:
            live, drafted = self._sets.asked(past.question, past.member)
            trial = Trial(
                _decide(self._sets.live, self._live, live, past),
                _decide(self._sets.drafted, self._drafted, drafted, past),
            )
        except BenefitsError:
            self.tally.undecided += 1
            return
        self._nanoseconds += perf_counter_ns() - began
        self.tally.add(past, trial)


def _decide(
    rule_set: benefits.RuleSet, settling: Settling, question: benefits.Question, past: PastOrder
) -> benefits.Decision:
    """Decide an order by one set after all that came back before it, and count what it takes."""
    settling.settle(question.at)
    asked = settling.counting.asked(question, past.member, rule_set)
    decision = decide_again(rule_set, asked, paid=past.paid)
    settling.take(past, decision.charges)
    return decision


async def note_progress(connection: AsyncConnection, run: UUID, selected: int, done: int) -> None:
    """Say how far a run is."""
    given = postgresql.insert(dry_run_progress).values(run=run, selected=selected, done=done)
    await connection.execute(
        given.on_conflict_do_update(
            constraint="dry_run_progress_has_one_row",
            set_={"selected": given.excluded.selected, "done": given.excluded.done},
        )
    )


async def note_result(
    connection: AsyncConnection,
    cause: Cause,
    run: UUID,
    figures: Mapping[str, Any] | None,
    failure: str | None,
) -> None:
    """Store what came of a run; the first to say it stands."""
    await connection.execute(
        postgresql.insert(dry_run_result)
        .values(run=run, figures=figures, failure=failure, finished_at=cause.at)
        .on_conflict_do_nothing(constraint="dry_run_result_is_written_once")
    )


async def _finish(
    application: Application, run: UUID, figures: Mapping[str, Any] | None, failure: str | None
) -> None:
    cause = Cause(application.clock.now(), f"job:{JOB}", str(run))
    await application.database.write(note_result, cause, run, figures, failure)


@asynccontextmanager
async def patient_snapshot(application: Application) -> AsyncIterator[AsyncConnection]:
    """A snapshot that may take its time."""
    async with application.database.snapshot() as connection:
        local = literal(value=True)
        await connection.execute(
            select(
                func.set_config("statement_timeout", _PATIENCE, local),
                func.set_config("idle_in_transaction_session_timeout", _PATIENCE, local),
            )
        )
        yield connection


async def _count(connection: AsyncConnection, statement: Select[int]) -> int:
    return (await connection.execute(statement)).scalar_one()
