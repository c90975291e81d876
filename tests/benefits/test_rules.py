"""Rules as stored: versions never change, a rule set is published whole, the instant decides."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import (
    BenefitsError,
    Group,
    Price,
    RuleNotFound,
    RuleRefused,
    RuleSetMoved,
    RuleSetNotFound,
    RuleSetRefused,
    RuleVersion,
    VoucherDefinition,
    define_voucher,
    draft_rule,
    evaluate,
    find_published_rule_set,
    find_rule,
    find_rule_set,
    find_vocabulary,
    list_price_lists,
    list_prices,
    list_rule_set_versions,
    list_rules,
    list_versions,
    live_rule_set_version,
    prices_of,
    publish_rule_set,
    set_prices,
    verify,
)
from loyalty.database import Database
from tests.benefits.builders import NOON, TIERS, asked, member

GOLD = {
    "rule": "gold-10",
    "when": {"fact": "tier", "is": "gold"},
    "effects": [{"effect": "percent-off", "percent": 10, "target": "order"}],
}


async def draft(connection: AsyncConnection, document: dict[str, Any] = GOLD) -> RuleVersion:
    """Store a rule."""
    vocabulary = await find_vocabulary(connection, tiers=TIERS)
    return await draft_rule(connection, document, vocabulary=vocabulary, actor="t", at=NOON)


async def publish(connection: AsyncConnection, *rules: tuple[str, int], **more: Any) -> int:
    """Publish a rule set."""
    said: dict[str, Any] = {
        "groups": (),
        "tiers": TIERS,
        "zone": "UTC",
        "live_from": NOON,
        "actor": "t",
        "at": NOON,
        **more,
    }
    return await publish_rule_set(connection, rules, **said)


async def test_a_changed_rule_is_a_new_version_and_the_same_rule_is_none(
    connection: AsyncConnection,
) -> None:
    first = await draft(connection)
    again = await draft(connection)
    second = await draft(connection, {**GOLD, "priority": 5})

    assert [first.version, again.version, second.version] == [1, 1, 2]
    assert (await find_rule(connection, "gold-10")).document["priority"] == 5
    assert (await find_rule(connection, "gold-10", 1)).document == GOLD
    assert [each.version for each in await list_versions(connection, "gold-10")] == [2, 1]
    assert [each.version for each in await list_rules(connection)] == [2]
    with pytest.raises(RuleNotFound):
        await find_rule(connection, "silver-10")


async def test_a_rule_may_name_only_what_there_is(connection: AsyncConnection) -> None:
    rule = {"rule": "club", "effects": [{"effect": "exclusive-price", "price_list": "club"}]}
    bound = {**GOLD, "rule": "bound", "voucher": "ten-off"}

    for document in (rule, bound):
        with pytest.raises(RuleRefused) as refused:
            await draft(connection, document)
        assert refused.value.code == "rule-unknown-reference"
    await set_prices(connection, "club", [], actor="t", at=NOON)
    await define_voucher(connection, VoucherDefinition("ten-off", {}), actor="t", at=NOON)

    assert [(await draft(connection, each)).version for each in (rule, bound)] == [1, 1]


async def test_a_published_rule_set_decides_as_it_was_published(
    connection: AsyncConnection,
) -> None:
    await draft(connection)
    version = await publish(connection, ("gold-10", 1), groups=[Group("lane", "best")])
    await draft(connection, {**GOLD, "effects": [{"effect": "free-shipping"}]})

    rule_set = await find_rule_set(connection, version)
    published = await find_published_rule_set(connection, version)

    assert evaluate(rule_set, asked(facts=member("gold"))).totals.discount == 100
    assert (rule_set.version, rule_set.zone, rule_set.tiers) == (1, "UTC", TIERS)
    assert [(each.rule, each.version) for each in published.rules] == [("gold-10", 1)]
    assert published.groups == (Group("lane", "best"),)
    assert await list_rule_set_versions(connection) == [1]
    assert await list_rule_set_versions(connection, before=1) == []
    assert await verify(connection) == []
    with pytest.raises(RuleSetNotFound):
        await find_rule_set(connection, 2)


async def test_the_instant_decides_which_rule_set_is_live(connection: AsyncConnection) -> None:
    tomorrow = NOON + timedelta(days=1)
    await publish(connection, live_from=NOON - timedelta(days=365))
    await publish(connection, live_from=tomorrow)
    await publish(connection)

    live = [
        await connection.scalar(live_rule_set_version(at))
        for at in (
            NOON - timedelta(days=366),
            NOON - timedelta(seconds=1),
            NOON,
            tomorrow - timedelta(microseconds=1),
            tomorrow,
        )
    ]

    assert live == [None, 1, 3, 3, 2]


async def test_a_rule_set_is_not_backdated_once_one_is_live(connection: AsyncConnection) -> None:
    await publish(connection)

    with pytest.raises(RuleSetRefused) as refused:
        await publish(connection, live_from=NOON - timedelta(seconds=1))

    assert refused.value.code == "rule-set-backdated"


async def test_a_rule_set_that_makes_no_sense_is_refused(connection: AsyncConnection) -> None:
    await draft(connection)
    await draft(connection, {**GOLD, "rule": "grouped", "group": "lane"})
    refusals = []
    attempts: list[tuple[tuple[tuple[str, int], ...], dict[str, Any]]] = [
        ((("gold-10", 2),), {}),
        ((("gold-10", 1), ("gold-10", 1)), {}),
        ((("grouped", 1),), {}),
        ((("grouped", 1),), {"groups": [Group("lane", "worst")]}),
        ((("gold-10", 1),), {"tiers": ("standard",)}),
        ((), {"based_on": 7}),
    ]

    for rules, more in attempts:
        with pytest.raises(BenefitsError) as refused:
            await publish(connection, *rules, **more)
        refusals.append(refused.value.code)

    assert refusals == [
        "rule-not-found",
        "rule-set-duplicate-rule",
        "rule-unknown-reference",
        "rule-unknown-reference",
        "rule-unknown-tier",
        "rule-set-moved",
    ]
    assert await list_rule_set_versions(connection) == []


async def test_more_than_fifty_rules_worth_telling_are_refused(
    connection: AsyncConnection,
) -> None:
    rules = []
    for number in range(51):
        stored = await draft(connection, {**GOLD, "rule": f"rule-{number}", "tell": True})
        rules.append((stored.rule, stored.version))

    await publish(connection, *rules[:50])
    with pytest.raises(RuleSetRefused) as refused:
        await publish(connection, *rules)

    assert refused.value.code == "rule-set-too-many-told"


async def test_two_who_publish_at_once_do_not_overwrite_each_other(database: Database) -> None:
    async def attempt(connection: AsyncConnection) -> int:
        return await publish(connection, based_on=0)

    outcomes = await asyncio.gather(
        *(database.write(attempt) for _ in range(8)), return_exceptions=True
    )

    assert [outcome for outcome in outcomes if isinstance(outcome, int)] == [1]
    assert sum(isinstance(outcome, RuleSetMoved) for outcome in outcomes) == 7


async def test_a_price_counts_from_its_instant_until_the_next(connection: AsyncConnection) -> None:
    monday, tuesday = NOON, NOON + timedelta(days=1)
    prices = [
        Price("TEA", 399, 450, monday),
        Price("TEA", 349, 450, tuesday),
        Price("RYE", 200, None, monday),
        Price("RYE", None, None, tuesday),
    ]

    added = await set_prices(connection, "club", prices, actor="t", at=NOON)
    again = await set_prices(connection, "club", prices, actor="t", at=NOON)

    async def seen(at: datetime) -> list[tuple[str, str, int]]:
        rows = await connection.execute(prices_of(["TEA", "RYE", "COLA"], at))
        return sorted((row[0], row[1], row[2]) for row in rows)

    assert (added, again) == (4, 0)
    assert await seen(monday - timedelta(seconds=1)) == []
    assert await seen(monday) == [("club", "RYE", 200), ("club", "TEA", 399)]
    assert await seen(tuesday) == [("club", "TEA", 349)]
    assert await list_price_lists(connection) == ["club"]
    assert await list_prices(connection, "club", at=tuesday) == [prices[1]]


@pytest.mark.parametrize(
    ("price", "code"),
    [
        (Price("TEA", 500, 450, NOON), "price-above-regular"),
        (Price("TEA", -1, 450, NOON), "rule-negative-price"),
        (Price("TEA", 399, 450, NOON), "price-conflict"),
        (Price("", 399, 450, NOON), "rule-value-out-of-range"),
    ],
)
async def test_a_wrong_price_is_refused_by_name(
    connection: AsyncConnection, price: Price, code: str
) -> None:
    await set_prices(connection, "club", [Price("TEA", 398, 450, NOON)], actor="t", at=NOON)

    with pytest.raises(BenefitsError) as refused:
        await set_prices(connection, "club", [price], actor="t", at=NOON)

    assert refused.value.code == code


async def test_the_database_too_refuses_a_price_above_the_regular_one(
    owner_connection: AsyncConnection,
) -> None:
    await owner_connection.execute(
        text("insert into benefits.price_list values ('club', now(), 't')")
    )
    with pytest.raises(IntegrityError, match="price_amount_at_most_regular"):
        await owner_connection.execute(
            text("insert into benefits.price values ('A', 'club', now(), 2, 1, now(), 't')")
        )


async def test_a_rule_set_that_can_no_longer_be_read_is_found(
    database: Database, owner_connection: AsyncConnection
) -> None:
    async def make(connection: AsyncConnection) -> None:
        await draft(connection)
        await publish(connection, ("gold-10", 1))

    await database.write(make)
    await owner_connection.execute(
        text("""update benefits.rule_version set document = '{"rule": "gold-10"}'""")
    )

    async with database.read() as connection:
        findings = await verify(connection)

    assert [(each.invariant, each.row) for each in findings] == [("rule-set-can-be-compiled", "1")]


async def test_the_vocabulary_is_what_there_is(connection: AsyncConnection) -> None:
    await set_prices(connection, "club", [], actor="t", at=NOON)

    vocabulary = await find_vocabulary(connection, tiers=TIERS, groups=["lane"])

    assert vocabulary.price_lists == ("club",)
    assert replace(vocabulary, price_lists=()).tiers == TIERS
    assert datetime(2026, 11, 18, 12, tzinfo=UTC) == NOON
