"""Orders placed and completed over HTTP, with pgbench on the same server in the same turn."""

import json
import random
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Final

from loyalty.bench import budgets
from loyalty.bench.figures import Figure, beside, ratio
from loyalty.bench.load import put_under_load, request
from loyalty.bench.opponent import run_opponent
from loyalty.bench.plan import Plan
from loyalty.bench.rig import Rig
from loyalty.bench.serving import serving
from loyalty.bench.shop import SEED, cart
from loyalty.cli.serving import TARGET

PROCESSES: Final = 2
_NUMBERS: Final = count(1)


def measure(rig: Rig, database: str, key: str, pgbench: Path, plan: Plan) -> list[Figure]:
    """Place orders, then complete them, as many as the plan says, beside pgbench."""
    draw = random.Random(SEED)
    theirs, placed, completed = [], [], []
    with serving(TARGET, rig.libpq(database), processes=PROCESSES) as port:
        for turn in range(plan.runs + 1):
            names = [f"B-{next(_NUMBERS)}" for _ in range(plan.orders)]
            placing = put_under_load(port, _places(names, key, draw, plan.members))
            rig.settle_down()
            completing = put_under_load(port, _completes(names, key))
            if turn == 0:  # this one warms up and fills the tables, as `pgbench -i` does its own
                rig.run_as_superuser("VACUUM ANALYZE", database=database)
                continue
            placed.append(placing.rate)
            completed.append(completing.rate)
            rig.settle_down()
            theirs.append(run_opponent(rig, pgbench, plan.seconds))
    note = f"{beside(completed, theirs, 'a second')}; {_placed(placed)}"
    return [Figure(budgets.COMPLETE, ratio(completed, theirs), note)]


def _placed(rates: Sequence[float]) -> str:
    return f"placed {sorted(rates)[len(rates) // 2]:,.0f} a second"


def _places(names: Sequence[str], key: str, draw: random.Random, members: int) -> Iterator[bytes]:
    for name in names:
        body = {
            "member": f"ext:C-{draw.randint(1, members)}",
            "order_id": name,
            "order": cart(draw),
        }
        yield request("POST", "/v1/orders", key, json.dumps(body).encode(), f"place-{name}")


def _completes(names: Sequence[str], key: str) -> Iterator[bytes]:
    for name in names:
        path = f"/v1/orders/ext:{name}/complete"
        yield request("POST", path, key, b'{"shipment":"P-1"}', f"complete-{name}")
