"""Ladders and histories of members, generated for the tests that compare two ways to decide."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from hypothesis import strategies as st

from tests.tiers.builders import named
from tiers import Activity, Ladder, parse_ladder

JOINED = date(2023, 12, 20)


@st.composite
def ladders(draw: st.DrawFn) -> Ladder:
    join = draw(st.sampled_from(["any", "all"]))
    easy = draw(st.booleans())
    wanted = draw(
        st.sampled_from(
            [
                {"purchases": 10, "orders": 2},
                {"purchases": 10, "orders": 2},
                {"orders": 2, "active_days": 2},
                {"purchases": 10, "asset:stars": 8},
                {"active_days": 2},
            ]
        )
    )
    tiers: list[dict[str, object]] = [{"code": "t0"}]
    for level in range(1, draw(st.integers(2, 4))):
        reach = {metric: level * least for metric, least in wanted.items()}
        tier: dict[str, object] = {"code": f"t{level}", "reach": {join: reach}}
        if easy:
            tier["keep"] = {join: {metric: least // 2 for metric, least in reach.items()}}
        tiers.append(tier)
    spans: list[tuple[dict[str, object], dict[str, object]]] = [
        ({"kind": "rolling-months", "length": 2}, {"unit": "months", "length": 2}),
        ({"kind": "rolling-months", "length": 3}, {"unit": "months", "length": 1}),
        ({"kind": "rolling-days", "length": 30}, {"unit": "days", "length": 30}),
        ({"kind": "rolling-days", "length": 20}, {"unit": "days", "length": 45}),
        ({"kind": "month"}, {"unit": "periods", "length": 1}),
        ({"kind": "quarter"}, {"unit": "periods", "length": 1}),
        ({"kind": "month"}, {"unit": "periods", "length": 2}),
        ({"kind": "anniversary"}, {"unit": "periods", "length": 1}),
        ({"kind": "lifetime"}, {"unit": "forever"}),
    ]
    window, validity = draw(st.sampled_from(spans))
    periods = validity["unit"] == "periods"
    document = {
        "tiers": tiers,
        "window": window,
        "validity": validity,
        "minimum_order": draw(st.sampled_from([1, 4])),
        "upgrade": draw(st.sampled_from(["at-once", "next-period"])) if periods else "at-once",
        "downgrade": draw(st.sampled_from(["one-step", "to-earned"])),
        "grace_days": draw(st.sampled_from([0, 0, 10, 60])),
    }
    return parse_ladder(document, version=1)


@dataclass(frozen=True)
class Event:
    """On a day: a shipment of an order that happened `late` days ago, or a return of one."""

    after: int
    order: int
    purchases: int
    late: int
    returns: int | None
    star: bool = False


events = st.lists(
    st.builds(
        Event,
        after=st.integers(0, 40),
        order=st.integers(0, 8),
        purchases=st.integers(0, 15),
        late=st.sampled_from([0, 0, 0, 0, 3, 50]),
        returns=st.none() | st.none() | st.integers(0, 8),
        star=st.sampled_from([False, False, True]),
    ),
    min_size=1,
    max_size=14,
)


def told(script: list[Event], who: str = "") -> list[tuple[date, Activity]]:
    """The events of a script as the order path reports them."""
    happened: list[tuple[date, Activity]] = []
    shipments: list[Activity] = []
    on = JOINED
    for at, event in enumerate(script):
        on += timedelta(days=event.after)
        if event.returns is not None and shipments:
            index = event.returns % len(shipments)
            prior = shipments[index]
            total = min(prior.purchases, prior.returned + event.purchases)
            shipments[index] = replace(prior, returned=total)
            happened.append((on, shipments[index]))
        else:
            done = max(JOINED, on - timedelta(days=event.late))
            order, shipment = named(f"order {who}{event.order}"), named(f"shipment {who}{at}")
            asset = "stars" if event.star else None
            shipments.append(Activity(order, shipment, done, event.purchases, asset=asset))
            happened.append((on, shipments[-1]))
    return happened


def known_after(happened: list[tuple[date, Activity]]) -> list[Activity]:
    return list({each.shipment: each for _, each in happened}.values())
