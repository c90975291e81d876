"""Worked examples: `golden.json` is a table that people can check by hand.

A rule is named, with `:group`, `!priority` and `*` (exclusive) behind its name. A line is SKU,
category, quantity, regular amount and what else there is to say. `pays` and `earns` are per line.
"""

import json
import re
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

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
    decision_text,
    evaluate,
    periods,
    replay,
)
from benefits.language.effect_nodes import EFFECTS
from tests.benefits.builders import MEMBER, NOON, compiled, earned_by, totals_of, why_not

HERE = Path(__file__).parent
BOOKS: list[dict[str, Any]] = [
    json.loads(path.read_text(encoding="utf-8"))
    for path in (HERE / "golden.json", *sorted((HERE / "golden").glob("*.json")))
]
"""Rules by name, and examples: the lines of a cart, the rules, and what each line then costs."""
EXAMPLES = [(book["rules"], example) for book in BOOKS for example in book["examples"]]
_NAMED = re.compile(r"(?P<rule>[a-z0-9-]+)(:(?P<group>[a-z]+))?(!(?P<priority>\d+))?(?P<alone>\*)?")


def rule(said: str, rules: dict[str, Any]) -> dict[str, Any]:
    """Return the rule that an example names: `rule:group!priority*`, a star being exclusive."""
    named = _NAMED.fullmatch(said)
    assert named is not None, said
    document = {"rule": named["rule"], **rules[named["rule"]]}
    if named["group"]:
        document["group"] = named["group"]
    if named["priority"]:
        document["priority"] = int(named["priority"])
    if named["alone"]:
        document["exclusive"] = True
    return document


def group(name: str, said: str | dict[str, Any]) -> Group:
    """Return a group: its mode, or its mode and limits."""
    if isinstance(said, str):
        return Group(name, said)
    return Group(name, said["mode"], tuple(said["limits"]))


def question(example: dict[str, Any]) -> Question:
    """Return the question that an example asks."""
    method, price = example.get("shipping", ["", 0])
    lines = tuple(
        Line(str(position), sku, quantity, regular, category, **(more[0] if more else {}))
        for position, (sku, category, quantity, regular, *more) in enumerate(example["lines"])
    )
    vouchers = []
    for position, (code, definition, *more) in enumerate(example.get("vouchers", [])):
        said = dict(more[0]) if more else {}
        said["skus"] = tuple(said.get("skus", ()))
        vouchers.append(PresentedVoucher(code, UUID(int=position + 1), MEMBER, definition, **said))
    facts = Facts(
        member=True,
        tier=example.get("tier", "standard"),
        member_class="consumer",
        days_since_joining=30,
        birthday=tuple(example.get("birthday", ())),
        order_count=example.get("orders", 3),
    )
    return Question(
        cart=Cart(
            "USD",
            lines,
            method,
            price,
            channel="web",
            country="US",
            prices_include_tax=example.get("tax_included", False),
        ),
        at=NOON,
        facts=Facts() if example.get("guest") else facts,
        vouchers=tuple(vouchers),
        prices=tuple(MemberPrice(*entry) for entry in example.get("prices", ())),
        points=PointsTerms(**example.get("points", {})),
        used=tuple(
            Used(scope, measure, everyone, every, periods(NOON.date())[every], used)
            for scope, measure, everyone, every, used in example.get("used", ())
        ),
    )


@pytest.mark.parametrize(
    ("rules", "example"), EXAMPLES, ids=[example["title"] for _, example in EXAMPLES]
)
def test_worked_example(rules: dict[str, Any], example: dict[str, Any]) -> None:
    groups = [group(name, said) for name, said in example.get("groups", {}).items()]
    rule_set = compiled(*(rule(said, rules) for said in example["rules"]), groups=groups)

    decision = evaluate(rule_set, question(example))

    assert totals_of(decision) == example["pays"]
    assert earned_by(decision) == example.get("earns", [0] * len(decision.lines))
    assert decision.points.earn == sum(each.earn for each in decision.lines)
    assert [[gift.sku, gift.quantity] for gift in decision.gifts] == example.get("gifts", [])
    granted = [[grant.definition, grant.quantity] for grant in decision.grants]
    assert granted == example.get("grants", [])
    for each in decision.lines:
        parts = [each.earn if why.gave is None else why.gave for why in each.earn_why]
        assert sum(parts) == each.earn
    assert decision.shipping.total == example.get("pays_shipping", decision.shipping.regular)
    assert decision.totals.payable == sum(example["pays"]) + decision.shipping.total
    if "basis" in example:
        assert [each.basis for each in decision.lines] == example["basis"]
    if "spendable" in example:
        assert decision.points.spendable == example["spendable"]
    for name, code in example.get("why_not", {}).items():
        assert why_not(decision, name) == code
    text = decision_text(decision)
    assert decision_text(replay(text, rule_set)) == text


def sides_of(effect: dict[str, Any]) -> list[str]:
    """Return what takes money off with what it works on, and each way of measuring or picking."""
    name, target = effect["effect"], effect.get("target", "")
    if name == "earn":
        return [name]
    more = {"steps", "every", "amount_of", "get_where", "price_list", "line_price"} & effect.keys()
    if effect.get("each") == "unit":
        more |= {"each unit"}
    if {"pick", "units"} & effect.keys() and "target" in effect:
        more |= {"some units"}
    return [f"{name} {target}".strip(), *(f"{name} by {one}" for one in more)]


def way_of(said: str, example: dict[str, Any]) -> str:
    """Return how a rule of an example is combined with the others."""
    named = _NAMED.fullmatch(said)
    assert named is not None, said
    groups = {name: group(name, said).mode for name, said in example.get("groups", {}).items()}
    return "exclusive" if named["alone"] else groups.get(named["group"], "all")


def test_every_effect_on_all_it_may_work_on_is_worked_out_in_every_way_of_combining() -> None:
    ways: dict[str, set[str]] = {}
    for rules, example in EXAMPLES:
        for said in example["rules"]:
            for side in chain.from_iterable(map(sides_of, rule(said, rules)["effects"])):
                ways.setdefault(side, set()).add(way_of(said, example))

    assert {side.partition(" ")[0] for side in ways} == EFFECTS.keys() - {"entitlement"}
    assert len(ways) >= 24
    everyone = {"all", "best", "first", "exclusive"}
    assert {side: everyone - found for side, found in ways.items() if everyone - found} == {}


def test_there_are_at_least_150_examples_and_every_rule_is_used() -> None:
    for book in BOOKS:
        examples = book["examples"]
        used = {rule(said, book["rules"])["rule"] for each in examples for said in each["rules"]}
        assert used == book["rules"].keys()
    assert len(EXAMPLES) >= 150
    assert len({example["title"] for _, example in EXAMPLES}) == len(EXAMPLES)
