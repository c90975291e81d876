"""Random rules and carts for property tests."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from benefits import (
    Cart,
    Facts,
    Group,
    Line,
    MemberPrice,
    PointsTerms,
    PresentedVoucher,
    Question,
    Used,
    periods,
)
from tests.benefits.builders import MEMBER, NOON, TIERS
from tests.benefits.offers import (
    CATEGORIES,
    SKUS,
    amounts,
    given_effects,
    line_conditions,
    money_effects,
)

GROUPS = (Group("best", "best"), Group("first", "first"), Group("all", "all"), Group("add", "add"))
SHARED = (
    {"count": "money", "for": "all", "every": "day", "most": 900},
    {"count": "money", "for": "order", "most": 700, "short": "none"},
    {"count": "uses", "for": "member", "most": 2},
)
LIMITED_GROUPS = (*GROUPS, Group("shared", "all", SHARED), Group("short", "best", SHARED))


def with_where(node: dict[str, object]) -> st.SearchStrategy[dict[str, object]]:
    """Sometimes say of which lines."""
    return st.one_of(st.just(node), line_conditions.map(lambda where: {**node, "where": where}))


conditions = st.recursive(
    st.one_of(
        st.just({"fact": "member", "is": True}),
        st.sampled_from(TIERS).map(lambda tier: {"fact": "tier", "at-least": tier}),
        st.lists(st.sampled_from(TIERS), min_size=1, max_size=2).map(
            lambda tiers: {"fact": "tier", "in": tiers}
        ),
        st.integers(0, 6000).flatmap(lambda n: with_where({"fact": "subtotal", "at-least": n})),
        st.integers(0, 6).flatmap(lambda n: with_where({"fact": "quantity", "at-least": n})),
        st.integers(0, 6).map(lambda n: {"fact": "order-count", "at-most": n}),
        st.just({"fact": "first-order", "is": True}),
        st.sampled_from(["web", "app"]).map(lambda name: {"fact": "channel", "is": name}),
        st.sampled_from(["day", "week", "month"]).map(lambda w: {"fact": "birthday", "within": w}),
        st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=2).map(
            lambda tags: {"fact": "tags", "has-all": tags}
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=4,
)

BASES = ("paid", "paid-with-tax", "before-points", "regular")
ROUNDINGS = ("down", "nearest", "up")
KINDS = ("points", "points", "carry", "rounded", "each", "bands", "multiplier", "bonus")


@st.composite
def earn_effects(draw: st.DrawFn) -> dict[str, object]:
    """Draw something that earns."""
    effect: dict[str, object] = {"effect": "earn"}
    kind = draw(st.sampled_from(KINDS))
    if kind in {"points", "carry", "rounded"}:
        effect |= {"points": draw(st.integers(1, 5)), "per": draw(st.integers(1, 333))}
    match kind:
        case "carry":
            effect["remainder"] = "carry"
        case "rounded":
            effect |= {
                "rounding": draw(st.sampled_from(ROUNDINGS)),
                "basis": draw(st.sampled_from(BASES)),
            }
        case "each":
            effect |= {"points": draw(st.integers(1, 5)), "each": draw(st.sampled_from(EACH))}
        case "bands":
            effect |= draw(bands())
        case "multiplier":
            effect["multiplier"] = draw(st.sampled_from([2, 3, "1.5", "0.33"]))
        case "bonus":
            effect["bonus"] = draw(st.integers(1, 100))
        case _:
            pass
    if draw(st.booleans()):
        effect["where"] = draw(line_conditions)
    return effect


EACH = ("unit", "order")


@st.composite
def bands(draw: st.DrawFn) -> dict[str, object]:
    """Draw rates by cumulative spend."""
    ends = sorted(draw(st.sets(st.integers(1, 9000), max_size=2)))
    rates = [
        {"points": draw(st.integers(1, 4)), "per": draw(st.integers(1, 333))}
        for _ in range(len(ends) + 1)
    ]
    whole = [{**rate, "upto": end} for rate, end in zip(rates, ends, strict=False)]
    return {"bands": [*whole, rates[-1]], "every": draw(st.sampled_from(["day", "month", "ever"]))}


@st.composite
def limits(draw: st.DrawFn, *, earning: bool, taking: bool) -> list[dict[str, object]]:
    """Draw limits, no two of which count the same, on what a rule earns or takes off."""
    kinds = {"points": earning, "money": taking, "uses": True}
    counted = [shape for shape in LIMITED if kinds[shape[0]]]
    shapes = draw(st.sets(st.sampled_from(counted), min_size=1, max_size=3))
    found = []
    for count, whose, every in sorted(shapes):
        limit: dict[str, object] = {"count": count, "for": whose}
        limit["most"] = draw(st.integers(1, {"points": 60, "money": 900, "uses": 3}[count]))
        limit["short"] = draw(st.sampled_from(["partial", "none"]))
        if every != "ever":
            limit["every"] = every
        found.append(limit)
    return found


LIMITED = (
    ("points", "order", "ever"),
    ("points", "member", "day"),
    ("points", "all", "month"),
    ("uses", "member", "ever"),
    ("uses", "all", "day"),
    ("money", "order", "ever"),
    ("money", "member", "ever"),
    ("money", "all", "day"),
)


@st.composite
def rules(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """Draw a rule."""
    effects = draw(
        st.lists(money_effects() | earn_effects() | given_effects, min_size=1, max_size=3)
    )
    document: dict[str, Any] = {
        "rule": f"rule-{number}",
        "effects": effects,
        "priority": draw(st.integers(0, 2)),
        "exclusive": draw(st.sampled_from([False, False, False, True])),
        "tell": draw(st.booleans()),
    }
    if draw(st.booleans()):
        document["when"] = draw(conditions)
    if draw(st.booleans()):
        document["group"] = draw(st.sampled_from([group.name for group in LIMITED_GROUPS]))
    if draw(st.booleans()):
        kinds = {str(effect["effect"]) for effect in effects}
        taking = bool(kinds - {"earn", "gift", "voucher"})
        document["limits"] = draw(limits(earning="earn" in kinds, taking=taking))
    if draw(st.integers(0, 4)) == 0:
        document["voucher"] = "coupon"
    return document


@st.composite
def rule_lists(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw some rules of different names."""
    return [draw(rules(number)) for number in range(draw(st.integers(0, 6)))]


@st.composite
def carts(draw: st.DrawFn) -> Cart:
    """Draw a cart with cents that do not divide."""
    lines = []
    tax_included = draw(st.booleans())
    for number in range(draw(st.integers(1, 6))):
        regular = draw(st.integers(0, 5000))
        lines.append(
            Line(
                str(number),
                draw(st.sampled_from(SKUS)),
                draw(st.integers(1, 4)),
                regular,
                draw(st.sampled_from(CATEGORIES)),
                draw(st.none() | st.integers(0, 5000)),
                draw(st.integers(0, regular)),
                draw(st.booleans()),
                draw(st.booleans()),
            )
        )
    return Cart(
        "USD",
        tuple(lines),
        "standard",
        draw(st.integers(0, 999)),
        draw(st.sampled_from(["web", "app"])),
        "US",
        tax_included,
    )


members = st.builds(
    Facts,
    member=st.just(value=True),
    tier=st.sampled_from(TIERS),
    member_class=st.just("consumer"),
    days_since_joining=st.integers(0, 900),
    birthday=st.sampled_from([(), ("month",), ("week", "month"), ("day", "week", "month")]),
    tags=st.sampled_from([(), ("a",), ("a", "b")]),
    order_count=st.integers(0, 8),
    held_out=st.sampled_from([(), (), (), ("rule-0",), ("rule-1", "rule-2")]),
)


@st.composite
def counters(draw: st.DrawFn, at: datetime) -> tuple[Used, ...]:
    """Draw where the counters stand that some of the rules look at."""
    starts = periods(at.date())
    shapes = st.sampled_from([shape for shape in LIMITED if shape[1] != "order"])
    kept = draw(st.dictionaries(shapes, st.integers(0, 40), max_size=3))
    return tuple(
        Used(scope, count, whose == "all", every, starts[every], used)
        for scope in ("rule:rule-0", "rule:rule-1", "group:shared")
        for (count, whose, every), used in sorted(kept.items())
    )


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Draw a question; points are offered and not asked for."""
    prices = draw(st.dictionaries(st.sampled_from(SKUS), st.integers(0, 1500), max_size=3))
    vouchers = tuple(
        PresentedVoucher(f"V{number}", UUID(int=number + 1), MEMBER, "coupon", draw(amounts))
        for number in range(draw(st.integers(0, 2)))
    )
    at = NOON + timedelta(hours=draw(st.integers(0, 200)))
    return Question(
        cart=draw(carts()),
        at=at,
        used=draw(counters(at)),
        stopped=draw(st.sampled_from([(), (), (), ("rule-1",)])),
        facts=draw(members | st.just(Facts())),
        vouchers=vouchers,
        prices=tuple(MemberPrice("club", sku, amount) for sku, amount in sorted(prices.items())),
        points=PointsTerms(
            available=draw(st.integers(0, 5000)),
            value=draw(st.integers(1, 3)),
            per=draw(st.integers(1, 4)),
            minimum=draw(st.sampled_from([0, 0, 100])),
            step=draw(st.sampled_from([1, 1, 10])),
            max_share_percent=draw(st.sampled_from([100, 100, 30])),
            pays_shipping=draw(st.booleans()),
        ),
    )
