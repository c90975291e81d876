"""Quotes over HTTP beside the bare endpoint, and with many rules beside few."""

from typing import Final

from loyalty.bench import bare, budgets
from loyalty.bench.figures import Figure, beside, ratio
from loyalty.bench.load import Load, put_under_load, request
from loyalty.bench.plan import Plan
from loyalty.bench.rig import Rig
from loyalty.bench.serving import serving
from loyalty.bench.shop import carts, replace_rules
from loyalty.cli.serving import TARGET

FEW: Final = 10
FEW_DATABASE: Final = "few_rules"
PATH: Final = "/v1/checkout/quotes"
WARM_SECONDS: Final = 1


def measure(rig: Rig, database: str, key: str, plan: Plan) -> list[Figure]:
    """Run the bare endpoint, quotes by many rules and quotes by few in turn."""
    rig.copy_database(database, FEW_DATABASE)
    replace_rules(rig, FEW_DATABASE, FEW)
    many_url, few_url = rig.libpq(database), rig.libpq(FEW_DATABASE)
    bares: list[Load] = []
    manys: list[Load] = []
    fews: list[Load] = []
    with (
        serving(bare.TARGET, many_url) as bare_port,
        serving(TARGET, many_url) as many_port,
        serving(TARGET, few_url) as few_port,
    ):
        sides = (
            (bare_port, bare.PATH, bares),
            (many_port, PATH, manys),
            (few_port, PATH, fews),
        )
        for port, path, _ in sides:
            _load(port, path, key, plan, WARM_SECONDS)
        for _ in range(plan.runs):
            for port, path, loads in sides:
                loads.append(_load(port, path, key, plan, plan.seconds))
    return _figures(bares, manys, fews)


def _load(port: int, path: str, key: str, plan: Plan, seconds: int) -> Load:
    bodies = carts(plan.members)
    return put_under_load(
        port, (request("POST", path, key, body) for body in bodies), seconds=seconds
    )


def _figures(bares: list[Load], manys: list[Load], fews: list[Load]) -> list[Figure]:
    theirs, ours = [one.rate for one in bares], [one.rate for one in manys]
    few = [one.rate for one in fews]
    slow, slow_bare = ([one.quantile(0.99) for one in loads] for loads in (manys, bares))
    return [
        Figure(budgets.QUOTE, ratio(ours, theirs), beside(ours, theirs, "a second")),
        Figure(budgets.QUOTE_P99, ratio(slow, slow_bare), beside(slow, slow_bare, "ms")),
        Figure(budgets.QUOTE_RULES, ratio(few, ours), beside(ours, few, "a second")),
    ]
