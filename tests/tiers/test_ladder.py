from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiers.builders import climb
from tiers import (
    Figures,
    LadderKeepHarder,
    LadderMalformed,
    LadderMetricUnknown,
    LadderTierRepeated,
    LadderTierUnreachable,
    LadderUnordered,
    LadderValidityUnfit,
    LadderWithoutBottom,
    TiersError,
    parse_ladder,
)

BOTTOM = {"code": "standard"}
ROLLING = {"kind": "rolling-months", "length": 12}


def step(code: str = "silver", **reach: object) -> dict[str, object]:
    return {"code": code, "reach": reach}


def test_the_default_ladder_has_four_tiers_with_names_in_two_languages() -> None:
    ladder = parse_ladder(climb(), version=3)

    assert [tier.code for tier in ladder.tiers] == ["standard", "silver", "gold", "diamond"]
    assert [tier.name["zh"] for tier in ladder.tiers][-1] == "钻石会员"
    assert ladder.version == 3
    assert ladder.minimum_order == 1


REFUSED = [
    (LadderMalformed, "/tiers", {"tiers": []}),
    (LadderMalformed, "/tiers/0", {"tiers": ["standard"]}),
    (LadderMalformed, "/tiers/0/code", {"tiers": [{"code": "Not a code"}]}),
    (LadderMalformed, "/tiers/0/name", {"tiers": [{"code": "standard", "name": {}}]}),
    (LadderMalformed, "/tiers/0/name/en", {"tiers": [{"code": "standard", "name": {"en": " "}}]}),
    (LadderMalformed, "/tiers/0/benefits", {"tiers": [BOTTOM | {"benefits": []}]}),
    (LadderMalformed, "/tiers/1/reach", {"tiers": [BOTTOM, {"code": "silver"}]}),
    (LadderMalformed, "/tiers/1/reach", {"tiers": [BOTTOM, step(some={"orders": 1})]}),
    (LadderMalformed, "/tiers/1/reach/any", {"tiers": [BOTTOM, step(any={})]}),
    (
        LadderMalformed,
        "/tiers/1/reach/any/orders",
        {"tiers": [BOTTOM, step(any={"orders": 0})]},
    ),
    (
        LadderMalformed,
        "/tiers/1/reach/any/orders",
        {"tiers": [BOTTOM, step(any={"orders": True})]},
    ),
    (
        LadderMetricUnknown,
        "/tiers/1/reach/any/karma",
        {"tiers": [BOTTOM, step(any={"karma": 1})]},
    ),
    (LadderWithoutBottom, "/tiers/0", {"tiers": [step("standard", any={"orders": 1})]}),
    (
        LadderTierRepeated,
        "/tiers/1/code",
        {"tiers": [BOTTOM, step("standard", any={"orders": 1})]},
    ),
    (
        LadderUnordered,
        "/tiers/2/reach",
        {"tiers": [BOTTOM, step(any={"orders": 5}), step("gold", any={"orders": 4})]},
    ),
    (
        LadderUnordered,
        "/tiers/2/reach",
        {"tiers": [BOTTOM, step(all={"orders": 5}), step("gold", all={"purchases": 900})]},
    ),
    (
        LadderUnordered,
        "/tiers/2/keep",
        {
            "tiers": [
                BOTTOM,
                step(all={"orders": 5}),
                step("gold", all={"orders": 9}) | {"keep": {"all": {"orders": 3}}},
            ]
        },
    ),
    (
        LadderTierUnreachable,
        "/tiers/1/reach",
        {"tiers": [BOTTOM, step(any={"orders": 5}), step("gold", any={"orders": 5})]},
    ),
    (
        LadderKeepHarder,
        "/tiers/1/keep",
        {"tiers": [BOTTOM, step(all={"orders": 5}) | {"keep": {"all": {"orders": 6}}}]},
    ),
    (LadderMalformed, "/window", {"window": 12}),
    (LadderMalformed, "/window/kind", {"window": {"kind": "fortnight"}}),
    (LadderMalformed, "/window/length", {"window": {"kind": "rolling-days"}}),
    (LadderMalformed, "/window/length", {"window": {"kind": "year", "length": 1}}),
    (LadderValidityUnfit, "/validity/unit", {"window": {"kind": "year"}}),
    (LadderValidityUnfit, "/validity/unit", {"validity": {"unit": "periods", "length": 1}}),
    (LadderValidityUnfit, "/validity/unit", {"window": {"kind": "lifetime"}}),
    (LadderMalformed, "/validity/length", {"validity": {"unit": "forever", "length": 1}}),
    (LadderMalformed, "/validity/length", {"validity": {"unit": "months", "length": 0}}),
    (LadderMalformed, "/minimum_order", {"minimum_order": 0}),
    (LadderMalformed, "/minimum_order", {"minimum_order": 1.5}),
    (LadderMalformed, "/downgrade", {"downgrade": "never"}),
    (LadderMalformed, "/grace_days", {"grace_days": -1}),
    (LadderMalformed, "/colour", {"colour": "blue"}),
]


@pytest.mark.parametrize(("refusal", "pointer", "changes"), REFUSED)
def test_a_ladder_that_cannot_work_is_refused_with_reason_and_place(
    refusal: type[TiersError], pointer: str, changes: dict[str, object]
) -> None:
    with pytest.raises(TiersError) as refused:
        parse_ladder(climb(**changes))

    assert type(refused.value) is refusal
    assert refused.value.pointer == pointer
    assert pointer in str(refused.value)


@pytest.mark.parametrize(
    "tiers",
    [
        [BOTTOM],
        [BOTTOM, step(any={"orders": 3}), step("gold", all={"orders": 3, "purchases": 1})],
        [
            BOTTOM,
            step(any={"orders": 3, "purchases": 9}),
            step("gold", any={"purchases": 10}),
        ],
        [BOTTOM, step(all={"orders": 5}) | {"keep": {"any": {"orders": 4, "purchases": 1}}}],
    ],
)
def test_ladders_may_mix_any_and_all_and_keep_more_easily(tiers: list[object]) -> None:
    ladder = parse_ladder(climb(tiers=tiers, window=ROLLING))

    assert len(ladder.tiers) == len(tiers)


amounts = st.integers(1, 6)
joins = st.sampled_from(["any", "all"])
thresholds = st.builds(
    lambda join, metrics: {join: metrics},
    joins,
    st.dictionaries(st.sampled_from(["purchases", "orders"]), amounts, min_size=1),
)


@given(st.lists(thresholds, min_size=1, max_size=3))
def test_on_an_accepted_ladder_every_tier_can_be_held_and_higher_means_harder(
    reaches: list[dict[str, dict[str, int]]],
) -> None:
    tiers = [BOTTOM, *({"code": f"t{at}", "reach": each} for at, each in enumerate(reaches))]
    figures = [Figures(money, orders) for money in range(8) for orders in range(8)]

    def met(reach: dict[str, dict[str, int]], seen: Figures) -> bool:
        [(join, wanted)] = reach.items()
        facts = {"purchases": seen.purchases, "orders": seen.orders}
        return (any if join == "any" else all)(
            facts[name] >= least for name, least in wanted.items()
        )

    works = all(
        all(met(low, seen) for seen in figures if met(high, seen))
        and any(met(low, seen) and not met(high, seen) for seen in figures)
        for low, high in pairwise(reaches)
    )
    try:
        parse_ladder(climb(tiers=tiers))
    except (LadderUnordered, LadderTierUnreachable):
        assert not works
    else:
        assert works
