"""``loyalty plans``: try a plan on past orders before anybody can join it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import click
from sqlalchemy import func, literal, select

import benefits
from loyalty.bootstrap import Application
from loyalty.cli.running import run
from loyalty.ids import read, show
from loyalty.money import minor_units, written
from loyalty.policy import policy_at
from loyalty.savings.joining import Joiner, Joining
from loyalty.savings.simulating import Supposed, simulate_plan

_PATIENCE: Final = "1800s"
_DRAFT: Final = "rdr"


@click.group()
def plans() -> None:
    """Try a plan on past orders before anybody can join it."""


@plans.command()
@click.argument("plan")
@click.option("--draft", required=True, help="The draft of its rules (rdr_…).")
@click.option("--fee", required=True, help="What it costs for all these days, such as 99.00.")
@click.option("--days", type=click.IntRange(1, 1_100), default=365, help="Days up to now; 365.")
@click.option("--most", type=click.IntRange(0, 1_000), default=10, help="Members to name; 10.")
def simulate(plan: str, draft: str, fee: str, days: int, most: int) -> None:
    """Say who would have gained by joining a plan, what it would have cost and brought."""

    async def work(application: Application) -> tuple[Joining, str]:
        now = application.clock.now()
        async with application.database.snapshot() as connection:
            await connection.execute(
                select(func.set_config("statement_timeout", _PATIENCE, literal(value=True)))
            )
            currency = (await policy_at(connection, now)).currency
            found = await benefits.find_rule_draft(connection, read(_DRAFT, draft))
            supposed = Supposed(
                change=found.change,
                plan=plan,
                fee=_amount(fee, currency),
                since=now - timedelta(days=days),
                until=now,
            )
            return await simulate_plan(connection, application.programme, supposed), currency

    told, currency = run(work)
    for line in lines_of(told, currency, most):
        click.echo(line)


def lines_of(told: Joining, currency: str, most: int) -> list[str]:
    """Return what is printed."""
    fee = f"{written(told.fee, currency)} {currency}"
    lines = [
        f"orders: {told.decided:,} decided, {told.undecided:,} could not be",
        f"members: {len(told.joiners):,} with orders",
        f"would have gained by joining for {fee}: {len(told.gainers):,}",
        _balance("if those had joined", told, told.gainers, currency),
        _balance("if all had joined", told, told.joiners, currency),
    ]
    return lines + [
        f"  {show('mem', one.member)}: {one.orders:,} orders,"
        f" {written(one.saved, currency)} {currency} saved"
        for one in told.gainers[:most]
    ]


def _balance(when: str, told: Joining, joiners: Sequence[Joiner], currency: str) -> str:
    brought, cost = told.brought(joiners), told.cost(joiners)
    return (
        f"{when}: {written(brought, currency)} {currency} in fees,"
        f" {written(cost, currency)} in benefits, {written(brought - cost, currency)} left"
    )


def _amount(fee: str, currency: str) -> int:
    try:
        amount = minor_units(fee, currency)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if amount <= 0:
        raise click.UsageError("a fee is more than nothing")
    return amount
