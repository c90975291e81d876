"""The catalogue: drafts, finance's choice, versions that stay, stock with a reason, offers."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from benefits import BenefitsError
from loyalty.changes import list_changes
from loyalty.rewards.catalogue import (
    change_draft,
    choose_tax_class,
    make_reward,
    publish_reward,
    retire_reward,
)
from loyalty.rewards.document import document_of, read_terms, terms_of
from loyalty.rewards.errors import (
    NothingDrafted,
    RewardCodeTaken,
    RewardMalformed,
    RewardMoved,
    RewardRetired,
    StockNotCounted,
    StockShort,
    TaxClassNotChosen,
)
from loyalty.rewards.offering import offers_to
from loyalty.rewards.periods import periods_at
from loyalty.rewards.reading import find_reward, list_rewards, reward_versions
from loyalty.rewards.stock import change_stock, stock_changes
from loyalty.rewards.telling import tell_reason, tell_unlock
from loyalty.rewards.types import Every, Kind, TaxClass
from tests.loyalty.rewards.building import (
    FIVE_OFF,
    MUG,
    NOW,
    broken,
    cause,
    joined,
    offered,
    order,
    programme,
)

ZURICH = ZoneInfo("Europe/Zurich")
FINANCE = cause(actor="staff:finance")


def limited(*every: str, quantity: int = 1) -> Mapping[str, object]:
    """Return limits for all together."""
    return {"limits": [{"per": "all", "every": one, "quantity": quantity} for one in every]}


async def test_what_points_alone_buy_is_not_published_before_finance_chose(
    connection: AsyncConnection,
) -> None:
    made = await make_reward(connection, cause(), "mug", Kind.GOODS, MUG)
    assert (made.state, made.draft is not None and made.draft.needs_finance) == ("draft", True)
    with pytest.raises(TaxClassNotChosen):
        await publish_reward(connection, cause(), "mug")

    await choose_tax_class(connection, FINANCE, "mug", TaxClass.MULTI_PURPOSE)
    live = await publish_reward(connection, cause(), "mug")

    assert live.published is not None
    assert live.published.tax_chosen_by == "staff:finance"
    assert live.published.tax_class is TaxClass.MULTI_PURPOSE
    assert [change.action for change in await list_changes(connection, limit=3)] == [
        "publish",
        "choose-tax-class",
        "draft",
    ]


async def test_finances_choice_stands_while_tax_sees_the_same_thing(
    connection: AsyncConnection,
) -> None:
    await offered(connection, money=100)
    retitled = await change_draft(
        connection, cause(), "mug", {**MUG, "money": 100, "titles": {"en": "A mug"}}
    )
    alone = await change_draft(connection, cause(), "mug", MUG)

    assert retitled.draft is not None
    assert retitled.draft.tax_chosen_by == "staff:f"
    assert alone.draft is not None
    assert (alone.draft.tax_class, alone.draft.needs_finance) == (None, True)


async def test_points_and_money_need_no_choice_and_are_a_discount(
    connection: AsyncConnection,
) -> None:
    await make_reward(connection, cause(), "mug", Kind.GOODS, {**MUG, "money": 100})
    live = await publish_reward(connection, cause(), "mug")

    assert live.published is not None
    assert live.published.tax_class is TaxClass.DISCOUNT
    assert live.published.tax_chosen_by is None


async def test_versions_stay_and_a_draft_knows_which_one_it_was_written_for(
    connection: AsyncConnection,
) -> None:
    first = await offered(connection)
    await change_draft(connection, cause(), "mug", {**MUG, "points": 500})
    with pytest.raises(RewardMoved):
        await publish_reward(connection, cause(), "mug", after=0)
    await publish_reward(connection, cause(), "mug", after=1)

    assert [one.number for one in await reward_versions(connection, "mug")] == [2, 1]
    assert (await reward_versions(connection, "mug", before=2)) == [first.published]
    with pytest.raises(NothingDrafted):
        await publish_reward(connection, cause(), "mug")
    assert await broken(connection) == []


async def test_a_retired_reward_changes_no_more_and_its_code_is_not_given_again(
    connection: AsyncConnection,
) -> None:
    await offered(connection)
    gone = await retire_reward(connection, cause(), "mug")

    assert gone.state == "retired"
    assert await list_rewards(connection, state="live") == []
    assert await list_rewards(connection, state="retired") == [gone]
    with pytest.raises(RewardRetired):
        await change_draft(connection, cause(), "mug", MUG)
    with pytest.raises(RewardRetired):
        await change_stock(connection, cause(), "mug", 1, reason="found")
    with pytest.raises(RewardCodeTaken):
        await make_reward(connection, cause(), "mug", Kind.GOODS, MUG)
    assert await broken(connection) == []


async def test_stock_changes_with_a_reason_and_never_below_what_was_ordered(
    connection: AsyncConnection,
) -> None:
    whose = await joined(connection, "C-1", 1_000)
    await offered(connection, stock=3)
    await offered(connection, "call", Kind.SERVICE, stock=None)
    await order(connection, whose, quantity=2)

    left = (await change_stock(connection, cause(), "mug", -1, reason="broken")).left
    with pytest.raises(StockShort) as refused:
        await change_stock(connection, cause(), "mug", -1, reason="broken")
    with pytest.raises(StockNotCounted):
        await change_stock(connection, cause(), "call", 1, reason="found")

    assert left == 0
    assert (refused.value.seen, refused.value.wanted) == (0, 1)
    changes = await stock_changes(connection, "mug")
    assert sorted((one.amount, one.reason) for one in changes) == [(-1, "broken"), (3, "initial")]
    assert (await find_reward(connection, "mug")).stocked == 2
    assert await broken(connection) == []


@pytest.mark.parametrize(
    ("kind", "change", "pointer"),
    [
        (Kind.GOODS, {"titles": {}}, "/titles"),
        (Kind.GOODS, {"titles": {"en": ""}}, "/titles/en"),
        (Kind.GOODS, {"titles": {"English": "Mug"}}, "/titles"),
        (Kind.GOODS, {"points": 0}, "/points"),
        (Kind.GOODS, {"points": "400"}, "/points"),
        (Kind.GOODS, {"money": 100, "tax": 101}, "/tax"),
        (Kind.GOODS, {"money": 901}, "/regular"),
        (Kind.GOODS, {"sku": None}, "/sku"),
        (Kind.GOODS, {"definition": "five-off"}, "/definition"),
        (Kind.EVENT, {}, "/event_at"),
        (Kind.EVENT, {"event_at": "2026-11-21T12:00:00"}, "/event_at"),
        (Kind.VOUCHER, {}, "/definition"),
        (Kind.GOODS, {"colour": "blue"}, ""),
        (Kind.GOODS, {"visible": {"from": None}}, "/visible"),
        (
            Kind.GOODS,
            {"available": {"since": "2026-11-21T12:00:00Z", "until": "2026-11-21T12:00:00Z"}},
            "/available/until",
        ),
        (Kind.GOODS, limited("ever"), "/limits/0/every"),
        (Kind.GOODS, limited("hour"), "/limits/0/every"),
        (Kind.GOODS, limited("day", quantity=0), "/limits/0/quantity"),
        (Kind.GOODS, limited("day", "day"), "/limits/1"),
    ],
)  # fmt: skip
def test_terms_that_could_not_work_are_refused_where_they_stand(
    kind: Kind, change: Mapping[str, object], pointer: str
) -> None:
    with pytest.raises(RewardMalformed) as refused:
        read_terms({**MUG, **change}, kind)

    assert refused.value.pointer == pointer


def test_terms_are_stored_as_they_are_read_back() -> None:
    whole = {
        **MUG,
        "when": {"all": [{"fact": "tier", "is": "gold"}]},
        "limits": [{"per": "member", "every": "ever", "quantity": 1}],
        "visible": {"since": "2026-11-21T12:00:00+01:00"},
    }
    terms = read_terms(whole, Kind.GOODS)

    assert terms_of(document_of(terms)) == terms


@pytest.mark.parametrize(
    ("when", "code", "pointer"),
    [
        ({"fact": "subtotal", "at-least": 1}, "rule-unknown-fact", "/when/fact"),
        (
            {"all": [{"not": {"fact": "channel", "is": "web"}}]},
            "rule-unknown-fact",
            "/when/all/0/not/fact",
        ),
        ({"fact": "tier", "is": "platinum"}, "rule-unknown-tier", "/when/is"),
    ],
)
async def test_conditions_ask_about_the_member_alone_and_name_what_there_is(
    connection: AsyncConnection, when: Mapping[str, object], code: str, pointer: str
) -> None:
    with pytest.raises(BenefitsError) as refused:
        await make_reward(connection, cause(), "mug", Kind.GOODS, {**MUG, "when": when})

    assert (refused.value.code, refused.value.pointer) == (code, pointer)


async def test_a_voucher_reward_names_a_definition_that_exists(
    connection: AsyncConnection,
) -> None:
    with pytest.raises(benefits.DefinitionNotFound):
        await make_reward(connection, cause(), "five", Kind.VOUCHER, FIVE_OFF)


def test_whom_a_reward_is_for_is_judged_by_tags_too() -> None:
    tagged = benefits.read_audience({"fact": "tags", "has": "baker"}, tiers=())

    assert benefits.why_not(tagged, benefits.Facts(tags=("baker",))) == ()
    (told,) = benefits.why_not(tagged, benefits.Facts(tags=("cook",)))
    assert (told.code, told.fact, told.wanted) == ("condition-not-met", "tags", "baker")


async def test_a_member_is_offered_what_they_may_see_with_every_reason_why_not(
    connection: AsyncConnection,
) -> None:
    whose = await joined(connection, "C-1", 1_000)
    soon: dict[str, Any] = {"available": {"since": (NOW + timedelta(days=1)).isoformat()}}
    per_day = [{"per": "member", "every": "day", "quantity": 1}]
    await offered(connection, "a-mug", stock=1, limits=per_day, rank=2)
    await offered(connection, "b-watch", points=5_000, rank=1, **soon)
    await offered(connection, "c-hidden", hidden=True, when={"fact": "class", "is": "staff"})
    await offered(connection, "d-unseen", visible=soon["available"])
    await offered(connection, "e-staff", when={"fact": "class", "is": "staff"})
    await order(connection, whose, "a-mug")

    offers = await offers_to(connection, programme(), whose, at=NOW)

    assert [offer.reward for offer in offers] == ["e-staff", "b-watch", "a-mug"]
    codes = {offer.reward: [reason.code for reason in offer.why_not] for offer in offers}
    assert codes == {
        "e-staff": ["condition-not-met"],
        "b-watch": ["not-yet-available", "points-short"],
        "a-mug": ["sold-out", "limit-reached"],
    }
    assert (offers[2].stock, offers[2].left, offers[2].can_order) == ("sold-out", 0, False)
    said = {
        language: [
            tell_reason(reason, language, "USD", ZURICH)
            for offer in offers[1:]
            for reason in offer.why_not
        ]
        for language in ("en", "zh")
    }
    assert said["en"] == [
        "It can be had from Nov 22, 2026, 1:00:00\u202fPM on.",
        "You need 4400 points more: it costs 5000 and you have 600.",
        "Sold out.",
        (
            "You had 1 of the 1 that one member may have a day. It begins anew on"
            " Nov 22, 2026, 1:00:00\u202fAM."
        ),
    ]
    assert said["zh"][1] == "还差 4400 积分：需要 5000，现有 600。"
    assert tell_reason(offers[0].why_not[0], "en", "USD", ZURICH).startswith("The class of member")
    assert tell_unlock(offers[0].why_not[0], "en", "USD") is None


@given(st.timedeltas(timedelta(0), timedelta(days=36_525)))
def test_periods_tile_time_and_hold_their_instant(passed: timedelta) -> None:
    at = datetime(2000, 1, 1, tzinfo=UTC) + passed
    for every, period in periods_at(at, ZURICH).items():
        assert period.starts_at <= at
        if every is Every.EVER:
            assert period.ends_at is None
            continue
        assert period.ends_at is not None
        assert at < period.ends_at
        assert periods_at(period.ends_at, ZURICH)[every].starts_at == period.ends_at
