"""``loyalty import``: a shop's history, from files."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, Protocol, cast

import click

from loyalty.bootstrap import Application
from loyalty.cli.progress import Step, progress, tell
from loyalty.cli.running import run
from loyalty.history.balances import BalancesSummary, import_balances
from loyalty.history.billed_rows import Adapter
from loyalty.history.billing import BillingSummary, import_movements, import_payouts
from loyalty.history.members import MembersSummary, import_members
from loyalty.history.orders import Report, import_orders
from loyalty.history.outside_codes import CodesSummary, import_vouchers
from loyalty.history.programme import Effects
from loyalty.history.rejects import rejects_path
from loyalty.history.summary import Summary

SOME_REJECTED: Final = 1

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(name="import")
def import_() -> None:
    """Bring a shop's history along from CSV files, plain or gzipped.

    Running the same file again changes nothing; a run that was killed is resumed by running it
    again. Exit code 1 when rows were rejected: they are in FILE.rejects.csv, each with its reason.
    """


@import_.command()
@click.argument("file", type=FILE)
@click.option(
    "--effects",
    type=click.Choice(["tiers", "points", "both"]),
    default="both",
    show_default=True,
    help="What the orders may move.",
)
@click.option(
    "--rules",
    type=click.IntRange(1),
    metavar="VERSION",
    help="The rule set that decides orders older than the first one; without it they earn nothing.",
)
@click.option("--processes", type=click.IntRange(1, 64), help="As many as cores, when not given.")
def orders(file: Path, effects: str, rules: int | None, processes: int | None) -> None:
    """Bring orders and returns along.

    Columns: order_id, member, ordered_at, kind (sale or return), currency, optionally
    returns_order_id, and either order_amount or line_id, sku, category, quantity with unit_price
    or amount.
    """

    async def work(application: Application) -> Summary:
        with reporting() as report:
            return await import_orders(
                application,
                file,
                effects=cast("Effects", effects),
                rules=rules,
                processes=processes,
                report=report,
            )

    finish(file, run(work))


@import_.command()
@click.argument("file", type=FILE)
def members(file: Path) -> None:
    """Bring members along; import them before their orders and balances.

    Columns: member (the shop's id), and optionally email, phone, name, birthday, class, language,
    joined_at, consent:PURPOSE (yes or no) with consent_version, and tier, since, until.
    """

    async def work(application: Application) -> MembersSummary:
        with reporting() as report:
            return await import_members(application, file, report=report)

    finish(file, run(work))


@import_.command()
@click.argument("file", type=FILE)
def balances(file: Path) -> None:
    """Bring opening balances along, lot by lot.

    Columns: member (the shop's id), points, and optionally lot (its id in the earlier system),
    asset, expires_at (a time, or never; empty: as the policy says), earned_at, class, source,
    activates_at or pending (yes: an event activates), allocated (money).
    """

    async def work(application: Application) -> BalancesSummary:
        with reporting() as report:
            return await import_balances(application, file, report=report)

    finish(file, run(work))


@import_.command()
@click.argument("file", type=FILE)
@click.option("--definition", required=True, help="Whose vouchers the codes are.")
def vouchers(file: Path, definition: str) -> None:
    """Bring voucher codes of other systems in, at most 100,000.

    Columns: code, and optionally member (the shop's id; without one whoever has the code may use
    it), starts_at, expires_at, amount (in minor units), uses.
    """

    async def work(application: Application) -> CodesSummary:
        with reporting() as report:
            return await import_vouchers(application, file, definition, report=report)

    finish(file, run(work))


@import_.command()
@click.argument("file", type=FILE)
@click.option(
    "--adapter",
    type=click.Choice(["stripe", "external"]),
    default="stripe",
    show_default=True,
    help="Who bills: Stripe, or the shop by other means.",
)
def billing(file: Path, adapter: str) -> None:
    """Take in what was billed and given back, for reconciliation with memberships' charges.

    Columns, as in Stripe's itemised report of balance changes from activity:
    balance_transaction_id, reporting_category, source_id, currency, gross, created_utc or created,
    and optionally fee, net, tax, invoice_id, subscription_id, customer_facing_amount with
    customer_facing_currency, automatic_payout_id.
    """

    async def work(application: Application) -> BillingSummary:
        with reporting() as report:
            who = cast("Adapter", adapter)
            return await import_movements(application, file, adapter=who, report=report)

    finish(file, run(work))


@import_.command()
@click.argument("file", type=FILE)
def payouts(file: Path) -> None:
    """Take in what Stripe paid out, for reconciliation with what the payouts were made of.

    Columns, as in Stripe's itemised report of payouts: payout_id, balance_transaction_id, currency,
    gross, effective_at_utc or effective_at, and optionally reporting_category.
    """

    async def work(application: Application) -> BillingSummary:
        with reporting() as report:
            return await import_payouts(application, file, report=report)

    finish(file, run(work))


@contextmanager
def reporting() -> Iterator[Report]:
    """Show the stages of an import one after the other."""
    stages: dict[str, Step] = {}
    with ExitStack() as stack:

        def report(doing: str, more: int, total: int | None) -> None:
            if doing not in stages:
                stack.close()
                stages[doing] = stack.enter_context(progress(doing, total))
            stages[doing](more)

        yield report


class Told(Protocol):
    """What an import came to, in lines."""

    @property
    def complete(self) -> bool:
        """Whether everything went in."""
        ...

    def told(self) -> Iterator[str]:
        """Say each figure in a line."""
        ...


def finish(file: Path, summary: Told, say: Callable[[str], object] = click.echo) -> None:
    """Print the summary and end with the exit code that belongs to it."""
    for line in summary.told():
        say(line)
    if not summary.complete:
        tell(f"rejected rows are in {rejects_path(file)}; mend them and import that file")
        sys.exit(SOME_REJECTED)
