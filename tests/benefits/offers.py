"""Random offers for property tests: what takes money off, and what is given beside it."""

from hypothesis import strategies as st

SKUS = ("TEA", "RYE", "BUN", "PIE")
CATEGORIES = ("DRINKS", "BREAD", "PASTRY")
line_conditions = st.recursive(
    st.one_of(
        st.sampled_from(SKUS).map(lambda sku: {"fact": "sku", "is": sku}),
        st.lists(st.sampled_from(CATEGORIES), min_size=1, max_size=2).map(
            lambda names: {"fact": "category", "in": names}
        ),
        st.integers(0, 3000).map(lambda amount: {"fact": "amount", "at-least": amount}),
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=2).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=2).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=3,
)

percents = st.one_of(st.integers(1, 100), st.sampled_from(["0.01", "12.5", "33.33", "99.99"]))
amounts = st.integers(1, 2000)


@st.composite
def flat_effects(draw: st.DrawFn) -> dict[str, object]:
    """Draw something that takes money off, the same of whatever there is."""
    kind = draw(st.sampled_from(["free", "list", "line", "below", "percent", "amount"]))
    effect: dict[str, object]
    if kind == "free":
        effect = {"effect": "free-shipping"}
    elif kind == "list":
        effect = {"effect": "exclusive-price", "price_list": "club"}
    elif kind == "line":
        effect = {"effect": "exclusive-price", "line_price": True}
    elif kind == "below":
        effect = {
            "effect": "exclusive-price",
            "percent": draw(percents),
            "where": draw(line_conditions),
        }
    else:
        target = draw(st.sampled_from(["lines", "order", "shipping"]))
        effect = {"effect": f"{kind}-off", "target": target}
        effect[kind] = draw(percents if kind == "percent" else amounts)
        if target != "shipping" and draw(st.booleans()):
            effect["where"] = draw(line_conditions)
        if kind == "amount" and target == "lines" and draw(st.booleans()):
            effect["each"] = "unit"
    if kind in {"free", "percent", "amount"} and draw(st.booleans()):
        effect["cap"] = draw(amounts)
    return effect


@st.composite
def thresholds(draw: st.DrawFn) -> dict[str, object]:
    """Draw money off by how much is bought."""
    kind = draw(st.sampled_from(["percent", "amount", "every"]))
    target = draw(st.sampled_from(["lines", "order", "shipping"]))
    effect: dict[str, object] = {"effect": "amount-off", "target": target}
    if kind == "every":
        effect["amount"] = draw(st.integers(1, 500))
        effect["every"] = draw(st.integers(500, 4000))
    else:
        effect["effect"] = f"{kind}-off"
        froms = sorted(draw(st.sets(st.integers(101, 9000), min_size=1, max_size=3)))
        gives = sorted(draw(st.sets(st.integers(1, 100), min_size=len(froms), max_size=len(froms))))
        effect["steps"] = [
            {"from": from_, kind: given} for from_, given in zip(froms, gives, strict=True)
        ]
        if kind == "amount" and target == "lines" and draw(st.booleans()):
            effect["each"] = "unit"
    if kind == "every" and draw(st.booleans()):
        effect["times"] = draw(st.integers(1, 3))
    return effect


@st.composite
def some_units(draw: st.DrawFn) -> dict[str, object]:
    """Draw money off some units only."""
    effect: dict[str, object] = {"pick": draw(st.sampled_from(["all", "cheapest", "dearest"]))}
    if draw(st.booleans()):
        effect["units"] = draw(st.integers(1, 6))
    if draw(st.booleans()):
        target = draw(st.sampled_from(["lines", "order"]))
        effect |= {"effect": "percent-off", "percent": draw(percents), "target": target}
    else:
        each = draw(st.sampled_from(["once", "unit"]))
        effect |= {"effect": "amount-off", "amount": draw(amounts), "target": "lines", "each": each}
    return effect


@st.composite
def group_effects(draw: st.DrawFn) -> dict[str, object]:
    """Draw money off units that belong together."""
    effect: dict[str, object]
    kind = draw(st.sampled_from(["bundle", "nth", "buy", "buy-other"]))
    if kind == "bundle":
        effect = {"effect": "bundle", "units": draw(st.integers(2, 4)), "price": draw(amounts)}
    elif kind == "nth":
        effect = {"effect": "nth-unit", "nth": draw(st.integers(2, 3)), "percent": draw(percents)}
    else:
        effect = {
            "effect": "buy-get",
            "buy": draw(st.integers(1, 3)),
            "get": draw(st.integers(1, 2)),
            "percent": draw(percents),
        }
        if kind == "buy-other":
            effect["get_where"] = draw(line_conditions)
    if draw(st.booleans()):
        effect["times"] = draw(st.integers(1, 3))
    return effect


@st.composite
def money_effects(draw: st.DrawFn) -> dict[str, object]:
    """Draw something that takes money off."""
    effect = draw(flat_effects() | thresholds() | some_units() | group_effects())
    has_lines = effect["effect"] != "free-shipping" and effect.get("target") != "shipping"
    if has_lines and "where" not in effect and draw(st.booleans()):
        effect["where"] = draw(line_conditions)
    if effect["effect"] != "exclusive-price" and "cap" not in effect and draw(st.booleans()):
        effect["cap"] = draw(amounts)
    return effect


given_effects = st.one_of(
    st.builds(
        lambda sku, quantity: {"effect": "gift", "sku": sku, "quantity": quantity},
        st.sampled_from(["TOTE", "MUG"]),
        st.integers(1, 3),
    ),
    st.builds(
        lambda sku: {"effect": "gift", "sku": sku, "choose": ["PEN", "CUP"]},
        st.sampled_from(["TOTE", "MUG"]),
    ),
    st.builds(
        lambda name, quantity: {"effect": "voucher", "definition": name, "quantity": quantity},
        st.sampled_from(["coupon", "next-time"]),
        st.integers(1, 3),
    ),
)
"""What is given beside money and points."""
