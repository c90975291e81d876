"""Limits on what rules take off: cut to what is left, spread again, charged to the cent."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benefits import (
    Charge,
    Decision,
    Facts,
    Group,
    Limit,
    PresentedVoucher,
    Question,
    RuleRefused,
    Used,
    decision_text,
    evaluate,
    held_out_of,
    replay,
    rule_sentence,
)
from benefits.holdouts import BUCKETS, bucket_of
from benefits.language import read_rule
from tests.benefits.builders import NOON, cart, compiled, line, member, unhurried

Json = dict[str, Any]


def rule(name: str, amount: int = 1000, **more: Any) -> Json:
    """Return so much off the order."""
    effect = {"effect": "amount-off", "amount": amount, "target": "order"}
    return {"rule": name, "effects": [effect], **more}


def limit(count: str = "money", whose: str = "all", most: int = 500, **more: Any) -> Json:
    """Return a limit."""
    return {"count": count, "for": whose, "most": most, **more}


def off(decision: Decision) -> list[int]:
    """What was taken off each line."""
    return [sum(each.amount for each in line.discounts) for line in decision.lines]


def stands(charges: Sequence[Charge], used: Sequence[Used] = ()) -> tuple[Used, ...]:
    """Where counters stand after what was charged."""
    found = {each[:5]: each.used for each in used}
    for charge in charges:
        key = charge[:5]
        found[key] = found.get(key, 0) + charge.side * charge.taken
    return tuple(sorted(Used(*key, left) for key, left in found.items()))


def test_what_is_left_of_a_budget_is_spread_again_over_the_lines() -> None:
    rules = compiled(rule("sale", limits=[limit(most=1501)]))
    basket = cart(line("1", 1000), line("2", 2000), line("3", 999))

    first = evaluate(rules, Question(basket, NOON, member()))
    second = evaluate(rules, Question(basket, NOON, Facts(), used=stands(first.charges)))

    assert (off(first), off(second)) == ([250, 500, 250], [125, 251, 125])
    assert second.applied[0].cut == 499
    assert [(c.parts, c.most) for c in second.charges] == [((125, 251, 125), 1501)]
    text = decision_text(second)
    assert decision_text(replay(text, rules)) == text


def test_a_limit_may_rather_give_nothing_and_says_where_it_stood() -> None:
    rules = compiled(rule("sale", limits=[limit(most=999, short="none", every="month")]))

    decision = evaluate(rules, Question(cart(line("1", 5000)), NOON))

    (reason,) = decision.not_applied
    assert (reason.code, decision.charges) == ("budget-short", ())
    assert reason.limit == ("money", "all", "month", 0, 999, "2026-12-01")


def test_shipping_and_lines_share_what_is_left_and_are_charged_apart() -> None:
    document = rule("both", 700, limits=[limit(most=1000, whose="member")])
    document["effects"].append({"effect": "free-shipping"})

    decision = evaluate(
        compiled(document), Question(cart(line("1", 700), shipping_price=500), NOON, member())
    )

    (charge,) = decision.charges
    assert (off(decision), decision.shipping.total) == ([700], 200)
    assert (charge.parts, charge.shipping, charge.taken) == ((700,), 300, 1000)
    assert charge.by_line == {0: 300, 1: 700}


def test_the_best_of_a_group_is_the_best_of_what_limits_leave() -> None:
    groups = [Group("sale", "best")]
    rules = compiled(
        rule("big", 900, group="sale", limits=[limit(most=300)]),
        rule("small", 400, group="sale"),
        rule("none", 900, group="sale", limits=[limit(most=300, short="none")]),
        groups=groups,
    )

    decision = evaluate(rules, Question(cart(line("1", 5000)), NOON))

    assert [(each.rule, each.amount) for each in decision.applied] == [("small", 400)]
    told = {each.rule: each.code for each in decision.not_applied}
    assert told == {"big": "lost-to", "none": "budget-short"}
    assert decision.charges == ()


def test_a_group_shares_its_limits_and_counts_an_order_once() -> None:
    limits = (limit("money", most=1200), limit("uses", "member", 1))
    rules = compiled(
        rule("a", 700, group="g"), rule("b", 700, group="g"), groups=[Group("g", "all", limits)]
    )
    basket = Question(cart(line("1", 5000)), NOON, member())

    first = evaluate(rules, basket)
    again = evaluate(rules, Question(basket.cart, NOON, member(), used=stands(first.charges)))

    assert [(each.rule, each.amount, each.cut) for each in first.applied] == [
        ("a", 700, 0),
        ("b", 500, 200),
    ]
    assert {(c.scope, c.measure): c.taken for c in first.charges} == {
        ("group:g", "money"): 1200,
        ("group:g", "uses"): 1,
    }
    assert [each.code for each in again.not_applied] == ["budget-short", "budget-short"]


def test_a_definition_bounds_all_its_vouchers_and_counts_each() -> None:
    twice = (Limit("uses", "all", "ever", 2),)
    vouchers = tuple(
        PresentedVoucher(code, UUID(int=n), definition="ten", limits=twice)
        for n, code in enumerate(("A", "B", "C"), start=1)
    )
    rules = compiled(rule("ten", 100, voucher="ten"))

    decision = evaluate(rules, Question(cart(line("1", 5000)), NOON, member(), vouchers=vouchers))

    assert [each.code for each in decision.vouchers] == ["A", "B"]
    assert [(r.code, r.voucher_code) for r in decision.not_applied] == [("limit-reached", "C")]
    assert [(c.scope, c.taken) for c in decision.charges] == [("voucher:ten", 2)]
    text = decision_text(decision)
    assert decision_text(replay(text, rules)) == text


def test_a_limit_for_each_member_leaves_a_guest_nothing() -> None:
    rules = compiled(rule("sale", limits=[limit(whose="member")]))

    decision = evaluate(rules, Question(cart(), NOON))

    (reason,) = decision.not_applied
    assert (reason.code, reason.fact, decision.charges) == ("condition-not-met", "member", ())
    assert reason.unlock is not None
    assert reason.unlock.code == "join"


def test_discount_and_points_of_one_order_are_one_use_and_gifts_are_one_too() -> None:
    document = rule("both", 100, limits=[limit("uses", "member", 1)])
    document["effects"] += [
        {"effect": "earn", "bonus": 5},
        {"effect": "gift", "sku": "TOTE"},
    ]
    rules = compiled(document)
    basket = cart(line("1", 1000))

    first = evaluate(rules, Question(basket, NOON, member()))
    used = stands(first.charges)
    again = evaluate(rules, Question(basket, NOON, member(), used=used))
    gift = rule("tote", limits=[limit("uses", "all", 1)])
    gift["effects"] = [{"effect": "gift", "sku": "TOTE"}]
    given_once = evaluate(compiled(gift), Question(basket, NOON))
    none_left = evaluate(compiled(gift), Question(basket, NOON, used=stands(given_once.charges)))

    assert (first.totals.discount, first.points.earn, len(first.gifts)) == (100, 5, 1)
    assert [charge.taken for charge in first.charges] == [1]
    assert (again.totals.discount, again.points.earn, again.gifts) == (0, 0, ())
    assert [each.code for each in again.not_applied] == ["limit-reached"]
    assert (len(given_once.gifts), none_left.gifts) == (1, ())


def test_an_exclusive_rule_wins_by_what_limits_leave_it() -> None:
    rules = compiled(
        rule("alone", 900, exclusive=True, limits=[limit(most=300)]), rule("other", 400)
    )
    key = {"scope": "rule:alone", "measure": "money", "every": "ever", "starts_on": "0001-01-01"}
    spent = (Used(**key, everyone=True, used=300),)
    basket = cart(line("1", 5000))

    assert [a.rule for a in evaluate(rules, Question(basket, NOON)).applied] == ["other"]
    why = evaluate(rules, Question(basket, NOON, used=spent)).not_applied
    assert [(each.rule, each.code) for each in why] == [("alone", "budget-short")]


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        (rule("a", limits=[limit("points")]), "/limits/0"),
        (rule("a", limits=[limit("uses", "order")]), "/limits/0/count"),
        (rule("a", limits=[limit(), limit(most=3)]), "/limits/1"),
        (rule("a", holdout=51), "/holdout"),
        (rule("a", holdout=0), "/holdout"),
        (
            {
                "rule": "a",
                "effects": [{"effect": "entitlement", "kind": "tailored-service"}],
                "limits": [limit("uses")],
            },
            "/limits/0",
        ),
    ],
)
def test_limits_that_could_bound_nothing_are_refused(document: Json, pointer: str) -> None:
    with pytest.raises(RuleRefused) as refused:
        read_rule(document)

    assert refused.value.pointer == pointer


def test_limits_and_holdouts_are_said_in_both_languages() -> None:
    document = rule("a", 1000, holdout="12.5", limits=[limit(whose="member", every="year")])

    assert rule_sentence(document, language="en") == (
        "1000 off the order (at most 500 off a year for each member). "
        "12.5% of members are held out."
    )
    assert "留12.5%的会员作对照。" in rule_sentence(document, language="zh")


def test_chance_holds_out_the_share_and_apart_for_every_rule() -> None:
    rules = compiled(rule("a", holdout=25), rule("b", holdout=25), rule("c"))
    found = [held_out_of(rules, UUID(int=n * 7919 + 1)) for n in range(4000)]

    shares = [sum(name in each for each in found) for name in ("a", "b", "c")]
    both = sum(each == ("a", "b") for each in found)

    assert all(900 < share < 1100 for share in shares[:2])
    assert (shares[2], 190 < both < 310) == (0, True)
    assert bucket_of(UUID(int=1), "a") == bucket_of(UUID(int=1), "a") < BUCKETS


def test_who_is_held_out_or_finds_a_rule_stopped_is_told_so_and_a_replay_says_the_same() -> None:
    rules = compiled(rule("a", holdout=25), rule("b", when={"fact": "subtotal", "at-least": 9999}))
    facts = member(held_out=("a",))
    question = Question(cart(line("1", 5000)), NOON, facts, stopped=("b",))

    decision = evaluate(rules, question)

    assert [(each.rule, each.code) for each in decision.not_applied] == [
        ("a", "held-out"),
        ("b", "stopped"),
    ]
    text = decision_text(decision)
    assert decision_text(replay(text, rules)) == text


amounts = st.integers(1, 3000)
limits = st.builds(
    limit,
    st.sampled_from(("money", "uses")),
    st.sampled_from(("member", "all")),
    st.integers(1, 2500),
    every=st.sampled_from(("day", "month")),
    short=st.sampled_from(("partial", "none")),
)


def test_limits_that_cut_are_looked_at_before_those_that_rather_give_nothing() -> None:
    cutting, refusing = limit(most=500), limit(most=550, short="none", every="month")
    closer = limit(most=499, short="none", every="year")

    for bounds in permutations((cutting, refusing)):
        decision = evaluate(
            compiled(rule("sale", limits=list(bounds))), Question(cart(line("1", 5000)), NOON)
        )
        assert off(decision) == [500]
    for bounds in permutations((cutting, refusing, closer)):
        decision = evaluate(
            compiled(rule("sale", limits=list(bounds))), Question(cart(line("1", 5000)), NOON)
        )
        (reason,) = decision.not_applied
        assert (off(decision), reason.limit) == (
            [0],
            ("money", "all", "year", 0, 499, "2027-01-01"),
        )


def test_decisions_of_earlier_revisions_look_at_limits_as_they_stood() -> None:
    earn = {"effect": "earn", "points": 1, "per": 1}
    cutting, refusing = limit("points"), limit("points", "member", 550, short="none")
    question = Question(cart(line("1", 1000)), NOON, member())

    def earned(*bounds: Json, revision: int) -> int:
        rules = compiled({"rule": "base", "effects": [earn], "limits": list(bounds)})
        return evaluate(rules, question, revision=revision).points.earn

    assert [earned(*each, revision=3) for each in permutations((cutting, refusing))] == [500, 500]
    assert [earned(*each, revision=2) for each in permutations((cutting, refusing))] == [500, 0]


@unhurried
@given(
    st.integers(1, 4000),
    st.lists(limits, max_size=5, unique_by=lambda each: (each["for"], each["every"])),
    st.lists(limits, max_size=5, unique_by=lambda each: (each["for"], each["every"])),
    st.data(),
)
def test_it_does_not_matter_in_which_order_limits_stand(
    amount: int, own: list[Json], shared: list[Json], data: st.DataObject
) -> None:
    decisions = []
    for of_rule, of_group in (
        (own, shared),
        (data.draw(st.permutations(own)), data.draw(st.permutations(shared))),
    ):
        more = {"limits": of_rule} if of_rule else {}
        rules = compiled(
            rule("sale", amount, group="g", **more), groups=[Group("g", "all", tuple(of_group))]
        )
        decision = evaluate(rules, Question(cart(line("1", 3000)), NOON, member()))
        decisions.append((decision_text(decision), sorted(decision.charges)))

    assert decisions[0] == decisions[1]


@unhurried
@given(
    st.lists(st.tuples(amounts, st.lists(limits, max_size=2)), min_size=1, max_size=4),
    st.lists(st.lists(st.integers(0, 4000), min_size=1, max_size=3), min_size=1, max_size=5),
    st.sampled_from(("all", "best", "first")),
    st.lists(limits, max_size=1),
)
def test_charges_are_what_was_given_and_no_series_of_orders_passes_a_limit(
    offers: list[tuple[int, list[Json]]],
    carts: list[list[int]],
    mode: str,
    shared: list[Json],
) -> None:
    documents = []
    for number, (amount, bounds) in enumerate(offers):
        shapes = {(each["count"], each["for"], each["every"]): each for each in bounds}
        more: Json = {"limits": list(shapes.values())} if shapes else {}
        grouped: Json = {"group": "g"} if number % 2 else {}
        documents.append(rule(f"r{number}", amount, **more, **grouped))
    rules = compiled(*documents, groups=[Group("g", mode, tuple(shared))])
    most = {
        (scope, one.count, one.whose == "all", one.every): one.most
        for each in rules.rules
        for scope, bounds, _ in each.bounds
        for one in bounds
    }
    used: tuple[Used, ...] = ()

    for lines in carts:
        basket = cart(*(line(str(n), price) for n, price in enumerate(lines)), shipping_price=99)
        decision = evaluate(rules, Question(basket, NOON + timedelta(hours=1), member(), used=used))
        given_by = {each.rule: each.amount for each in decision.applied}
        for charge in decision.charges:
            if charge.measure == "money" and charge.scope.startswith("rule:"):
                assert charge.taken == given_by[charge.scope.removeprefix("rule:")]
        used = stands(decision.charges, used)

    assert all(0 <= each.used <= most[each[:4]] for each in used)
