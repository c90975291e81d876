"""Drafts and previews: what a ladder would do to everybody, and thresholds that meet a target."""

from datetime import date, timedelta
from typing import cast

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.tiers.builders import AT, FEBRUARY, act, buy, climb, named, publish
from tiers import (
    DraftClosed,
    DraftUnknown,
    LadderUnordered,
    TargetMalformed,
    add_draft,
    change_draft,
    document_of,
    find_draft,
    keep_preview,
    meet_targets,
    open_draft,
    parse_ladder,
    preview,
    previews_of,
)

DRAFT = named("draft")
HARDER = {"purchases": 2_000, "orders": 5}


def tiers_in(document: dict[str, object]) -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", document["tiers"])


def harder(**changes: object) -> dict[str, object]:
    document = climb(**changes)
    tiers = [dict(tier) for tier in tiers_in(document)]
    tiers[1]["reach"] = {"any": HARDER}
    return document | {"tiers": tiers}


async def shop(connection: AsyncConnection) -> None:
    """Ten members: three silver, one of them by much, one gold, six on the bottom."""
    await publish(connection)
    for at, amount in enumerate((1_000, 1_500, 3_000, 6_000, 1, 2, 3, 4, 5, 6)):
        await act(connection, f"m{at}", FEBRUARY, buy(f"o{at}", FEBRUARY, amount))


async def drafted(connection: AsyncConnection, document: dict[str, object]) -> None:
    await add_draft(
        connection, document, draft_id=DRAFT, at=AT, actor="staff:1", request_id="req-1"
    )


async def test_a_preview_counts_who_would_move_and_names_who_loses_most(
    connection: AsyncConnection,
) -> None:
    await shop(connection)

    seen = await preview(connection, parse_ladder(harder()), on=FEBRUARY)

    assert seen.members == 10
    assert seen.matrix == (
        ("standard", "standard", 6),
        ("silver", "standard", 2),
        ("silver", "silver", 1),
        ("gold", "gold", 1),
    )
    assert (seen.gained, seen.lost) == (0, 2)
    assert [(one.member, one.before, one.after, one.purchases) for one in seen.losers] == [
        (named("m1"), "silver", "standard", 1_500),
        (named("m0"), "silver", "standard", 1_000),
    ]
    assert seen.gainers == ()


async def test_a_preview_of_a_past_day_knows_only_what_was_bought_by_then(
    connection: AsyncConnection,
) -> None:
    await shop(connection)
    await act(connection, "m4", date(2024, 3, 1), buy("late", date(2024, 3, 1), 9_000))

    then = await preview(connection, parse_ladder(climb()), on=FEBRUARY)
    now = await preview(connection, parse_ladder(climb()), on=date(2024, 3, 1))

    assert ("gold", "gold", 1) in then.matrix
    assert ("gold", "gold", 2) in now.matrix
    assert (then.gained, then.lost, now.gained, now.lost) == (0, 0, 0, 0)


async def test_a_tier_in_the_middle_takes_members_from_the_one_below(
    connection: AsyncConnection,
) -> None:
    await shop(connection)
    document = climb()
    tiers = list(tiers_in(document))
    tiers.insert(2, {"code": "bronze-plus", "reach": {"any": {"purchases": 1_500, "orders": 9}}})

    seen = await preview(connection, parse_ladder(document | {"tiers": tiers}), on=FEBRUARY)

    assert ("silver", "bronze-plus", 2) in seen.matrix
    assert ("gold", "gold", 1) in seen.matrix
    assert (seen.gained, seen.lost) == (2, 0)


@pytest.mark.parametrize(("share", "members"), [(1_000, 1), (2_000, 2), (3_500, 3), (4_000, 4)])
async def test_a_target_gives_the_least_threshold_that_meets_it(
    connection: AsyncConnection, share: int, members: int
) -> None:
    await shop(connection)
    ladder = parse_ladder(climb())

    met = await meet_targets(connection, ladder, {"silver": share}, metric="purchases", on=FEBRUARY)

    assert dict(met.reached)["silver"] == members
    seen = await preview(connection, parse_ladder(document_of(met.ladder)), on=FEBRUARY)
    above = sum(count for _, after, count in seen.matrix if after != "standard")
    assert above == members
    threshold = dict(met.ladder.tiers[1].reach.minimums)["purchases"]
    bought = sorted((1_000, 1_500, 3_000, 6_000, 1, 2, 3, 4, 5, 6), reverse=True)
    if threshold < 5_000:
        assert threshold == bought[members] + 1


async def test_targets_that_name_nothing_are_refused(connection: AsyncConnection) -> None:
    await shop(connection)
    ladder = parse_ladder(climb())

    for targets, metric in (
        ({"standard": 100}, "purchases"),
        ({"silver": 0}, "purchases"),
        ({"silver": 10_000}, "purchases"),
        ({"silver": 100}, "active_days"),
    ):
        with pytest.raises(TargetMalformed):
            await meet_targets(connection, ladder, targets, metric=metric, on=FEBRUARY)


async def test_a_draft_is_kept_with_its_previews_and_closed_when_published(
    connection: AsyncConnection,
) -> None:
    await shop(connection)
    await drafted(connection, harder())
    seen = await preview(connection, (await find_draft(connection, DRAFT)).ladder, on=FEBRUARY)

    for turn in (1, 2):
        number = await keep_preview(
            connection,
            DRAFT,
            seen.figures(),
            on=seen.on,
            at=AT,
            actor="staff:1",
            request_id="req-1",
        )
        assert number == turn
    kept = await previews_of(connection, DRAFT)
    assert [one.number for one in kept] == [2, 1]
    assert kept[0].figures == seen.figures()
    assert (await open_draft(connection, DRAFT)).state == "open"
    await change_draft(connection, DRAFT, published=2)
    with pytest.raises(DraftClosed):
        await open_draft(connection, DRAFT)


async def test_a_draft_that_cannot_work_or_is_not_there_is_refused(
    connection: AsyncConnection,
) -> None:
    upside = climb()
    tiers = list(tiers_in(upside))
    tiers[1], tiers[2] = tiers[2], tiers[1]
    with pytest.raises(LadderUnordered):
        await drafted(connection, upside | {"tiers": tiers})
    with pytest.raises(DraftUnknown):
        await find_draft(connection, DRAFT)


async def test_what_leaves_on_the_day_of_a_rise_does_not_hide_the_rise(
    connection: AsyncConnection,
) -> None:
    await publish(connection)
    later = FEBRUARY + timedelta(days=30)
    await act(connection, "ann", FEBRUARY, buy("a", FEBRUARY, 900))
    await act(connection, "ann", later, buy("b", later, 1_200))
    days = climb(window={"kind": "rolling-days", "length": 30}, validity={"unit": "forever"})

    seen = await preview(connection, parse_ladder(days), on=later)

    assert seen.matrix == (("silver", "silver", 1),)
