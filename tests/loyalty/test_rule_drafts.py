"""The life of rules: drafted, checked, compared, published now or later, withdrawn, ended."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from benefits import BenefitsError, RuleChange, RuleDraft
from loyalty.cause import SYSTEM, Cause
from loyalty.database import Database
from loyalty.rule_drafts import (
    change_draft,
    check_change,
    check_draft,
    end_rule,
    make_draft,
    publish_draft,
    retire_draft,
)
from loyalty.tables import change

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=7)
LATEST = NOW + timedelta(days=30)

BASE = {"rule": "base", "effects": [{"effect": "earn", "points": 1, "per": 100}]}
DOUBLE = {"rule": "base", "effects": [{"effect": "earn", "points": 2, "per": 100}]}
TRIPLE = {"rule": "base", "effects": [{"effect": "earn", "points": 3, "per": 100}]}
FREE = {"rule": "free", "effects": [{"effect": "free-shipping"}]}
WEEK = {
    "rule": "week",
    "when": {"all": [{"fact": "subtotal", "at-least": 2_000}, {"fact": "channel", "is": "web"}]},
    "effects": [{"effect": "percent-off", "percent": 10, "target": "order"}],
}


def cause(at: datetime = NOW) -> Cause:
    return Cause(at, SYSTEM, "test")


def of(*rules: Mapping[str, Any], retired: tuple[str, ...] = (), **groups: Any) -> RuleChange:
    return RuleChange(rules, retired, groups)


async def published(
    connection: AsyncConnection, wanted: RuleChange, at: datetime = NOW, **more: Any
) -> RuleDraft:
    draft = await make_draft(connection, cause(at), wanted)
    return await publish_draft(connection, cause(at), draft.id, **more)


async def live(connection: AsyncConnection, at: datetime) -> dict[str, int]:
    """Return what is live at an instant, as every process sees it that asks the database."""
    version = await connection.scalar(benefits.live_rule_set_version(at))
    return dict((await benefits.read_contents(connection, version)).rules)


async def refused(work: Any) -> BenefitsError:
    with pytest.raises(BenefitsError) as caught:
        await work
    return caught.value


async def test_a_draft_changes_nothing_until_it_is_published_with_all_it_changes_at_once(
    connection: AsyncConnection,
) -> None:
    await published(connection, of(BASE, WEEK))
    draft = await make_draft(connection, cause(), of(DOUBLE, FREE, retired=("week",)))

    assert draft.state_at(NOW) == "open"
    assert await live(connection, NOW) == {"base": 1, "week": 1}
    done = await publish_draft(connection, cause(), draft.id)

    assert await live(connection, NOW) == {"base": 2, "free": 1}
    assert (done.state_at(NOW), done.published) == ("published", 2)
    again = await refused(publish_draft(connection, cause(), draft.id))
    assert again.code == "rule-draft-closed"


async def test_nothing_is_live_before_the_first_publication_unless_it_names_an_instant(
    connection: AsyncConnection,
) -> None:
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    await published(connection, of(FREE), live_from=LATER)

    await published(connection, of(BASE), live_from=long_ago)
    refusal = await refused(published(connection, of(WEEK), live_from=long_ago))

    assert await live(connection, long_ago) == {"base": 1}
    assert await live(connection, long_ago - timedelta(seconds=1)) == {}
    assert await live(connection, LATER) == {"base": 1, "free": 1}
    assert refusal.code == "rule-set-backdated"


async def test_what_is_published_first_begins_when_it_is_published(
    connection: AsyncConnection,
) -> None:
    await published(connection, of(BASE))

    assert await live(connection, NOW) == {"base": 1}
    assert await live(connection, NOW - timedelta(seconds=1)) == {}


async def test_a_draft_is_live_from_its_instant_and_not_before(connection: AsyncConnection) -> None:
    await published(connection, of(BASE))

    draft = await published(connection, of(DOUBLE), live_from=LATER)

    assert draft.state_at(NOW) == "scheduled"
    assert draft.state_at(LATER) == "published"
    assert await live(connection, LATER - timedelta(microseconds=1)) == {"base": 1}
    assert await live(connection, LATER) == {"base": 2}


async def test_what_is_published_meanwhile_is_carried_into_what_is_scheduled(
    connection: AsyncConnection,
) -> None:
    await published(connection, of(BASE, WEEK, lane="all"))
    await published(connection, of(DOUBLE), live_from=LATER)
    await published(connection, of(retired=("week",)), live_from=LATEST)

    await published(connection, of(FREE, {**WEEK, "priority": 3}, lane="best", other="first"))

    assert await live(connection, NOW) == {"base": 1, "week": 2, "free": 1}
    assert await live(connection, LATER) == {"base": 2, "week": 2, "free": 1}
    assert await live(connection, LATEST) == {"base": 2, "free": 1}, "its own end of week stands"
    version = await connection.scalar(benefits.live_rule_set_version(LATEST))
    assert version is not None
    groups = (await benefits.read_contents(connection, version)).groups
    assert groups == {"lane": "best", "other": "first"}


async def test_a_scheduled_draft_is_withdrawn_and_the_others_stay(
    connection: AsyncConnection,
) -> None:
    await published(connection, of(BASE, WEEK))
    draft = await published(connection, of(DOUBLE, FREE, retired=("week",)), live_from=LATER)
    await published(connection, of({**FREE, "rule": "gift"}), live_from=LATEST)

    gone = await retire_draft(connection, cause(), draft.id)

    assert gone.state_at(NOW) == gone.state_at(LATEST) == "retired"
    assert await live(connection, LATER) == {"base": 1, "week": 1}
    assert await live(connection, LATEST) == {"base": 1, "week": 1, "gift": 1}
    late = await refused(retire_draft(connection, cause(LATER), draft.id))
    assert late.code == "rule-draft-closed"


async def test_a_published_draft_cannot_be_withdrawn_once_it_is_live(
    connection: AsyncConnection,
) -> None:
    draft = await published(connection, of(BASE))

    error = await refused(retire_draft(connection, cause(), draft.id))

    assert (error.code, dict(error.facts)) == ("rule-draft-closed", {"seen": "published"})


async def test_two_drafts_of_other_rules_do_not_stand_in_each_others_way(
    connection: AsyncConnection,
) -> None:
    await published(connection, of(BASE))
    mine = await make_draft(connection, cause(), of(WEEK))
    theirs = await make_draft(connection, cause(), of(FREE))

    await publish_draft(connection, cause(), theirs.id)
    await publish_draft(connection, cause(), mine.id)

    assert await live(connection, NOW) == {"base": 1, "free": 1, "week": 1}


async def test_a_draft_of_a_rule_that_moved_meanwhile_is_refused_until_somebody_has_looked(
    connection: AsyncConnection,
) -> None:
    await published(connection, of(BASE))
    mine = await make_draft(connection, cause(), of(DOUBLE))
    await published(connection, of(TRIPLE))

    error = await refused(publish_draft(connection, cause(), mine.id))
    checked = await check_draft(connection, NOW, mine.id)
    stale = await refused(publish_draft(connection, cause(), mine.id, after=1))
    await publish_draft(connection, cause(), mine.id, after=2)

    assert (error.code, dict(error.facts)) == ("rule-draft-outrun", {"seen": "base", "wanted": 2})
    assert checked.outrun == ("base",)
    assert stale.code == "rule-set-moved"
    assert await live(connection, NOW) == {"base": 3}


async def test_a_changed_draft_starts_again_from_what_is_live(connection: AsyncConnection) -> None:
    await published(connection, of(BASE))
    mine = await make_draft(connection, cause(), of(DOUBLE))
    await published(connection, of(TRIPLE))

    changed = await change_draft(connection, cause(), mine.id, of({**DOUBLE, "priority": 1}))
    await publish_draft(connection, cause(), mine.id)

    assert changed.based_on == 2
    assert (await benefits.find_rule(connection, "base")).document["priority"] == 1


async def test_a_rule_is_ended_at_once_or_at_an_instant(connection: AsyncConnection) -> None:
    await published(connection, of(BASE, WEEK, FREE), live_from=NOW - timedelta(days=9))

    await end_rule(connection, cause(), "week")
    await end_rule(connection, cause(), "free", ends_at=LATER)

    assert await live(connection, NOW) == {"base": 1, "free": 1}
    assert await live(connection, LATER) == {"base": 1}
    twice = await refused(end_rule(connection, cause(), "week"))
    assert (twice.code, twice.pointer) == ("rule-not-live", "/retire/0")
    past = await refused(end_rule(connection, cause(), "base", ends_at=NOW - timedelta(days=1)))
    assert past.code == "rule-set-backdated"


@pytest.mark.parametrize(
    ("wanted", "code", "pointer"),
    [
        (RuleChange(), "rule-draft-empty", None),
        (of(BASE, BASE), "rule-named-twice", "/rules/1/rule"),
        (of(BASE, retired=("base",)), "rule-named-twice", "/retire/0"),
        (of(retired=("nothing",)), "rule-not-live", "/retire/0"),
        (of(lane="worst"), "rule-unknown-reference", "/groups/lane"),
        (of(BASE, {**WEEK, "group": "lane"}), "rule-unknown-reference", "/rules/1/group"),
        (
            of({**WEEK, "when": {"any": [{"fact": "tier", "is": "iron"}]}}),
            "rule-unknown-tier",
            "/rules/0/when/any/0/is",
        ),
        (
            of(FREE, {**WEEK, "when": {"all": [{"not": {"fact": "stars", "at-least": 4}}]}}),
            "rule-unknown-fact",
            "/rules/1/when/all/0/not/fact",
        ),
        (of({"effects": []}), "rule-missing-field", "/rules/0"),
        (of({**BASE, "group": "held"}, held=None), "rule-unknown-reference", "/rules/0/group"),
    ],
)
async def test_what_cannot_be_drafted_is_refused_with_the_path_to_the_node(
    connection: AsyncConnection, wanted: RuleChange, code: str, pointer: str | None
) -> None:
    await published(connection, of({**FREE, "rule": "other"}, held="all"))

    error = await refused(make_draft(connection, cause(), wanted))

    assert (error.code, error.pointer) == (code, pointer)
    assert [each.state_at(NOW) for each in await benefits.list_rule_drafts(connection)] == [
        "published"
    ]


async def test_a_check_finds_everything_that_stands_in_the_way(connection: AsyncConnection) -> None:
    await published(connection, of(BASE, {**FREE, "group": "lane"}, lane="best"))
    wrong = of({**WEEK, "priority": -1}, {**FREE, "rule": "x", "tell": 1}, retired=("gone",))

    many = await check_change(connection, NOW, wrong)
    staying = await check_change(connection, NOW, of(lane=None))

    assert [(each.code, each.pointer) for each in many.problems] == [
        ("rule-not-live", "/retire/0"),
        ("rule-value-out-of-range", "/rules/0/priority"),
        ("rule-wrong-type", "/rules/1/tell"),
    ]
    assert [each.code for each in staying.problems] == ["rule-unfit"]
    assert staying.problems[0].facts["rule"] == "free"
    assert "lane" in str(staying.problems[0])


async def test_a_check_says_what_publishing_would_change(connection: AsyncConnection) -> None:
    await published(connection, of(BASE, WEEK))
    milder = {**WEEK, "when": {"fact": "subtotal", "at-least": 1_000}}
    draft = await make_draft(connection, cause(), of(milder, FREE, retired=("base",), lane="all"))

    checked = await check_draft(connection, NOW, draft.id)

    assert (checked.problems, checked.outrun) == ((), ())
    seen = [(each.rule, each.kind, each.before, each.after) for each in checked.diff.rules]
    assert seen == [
        ("base", "retired", 1, None),
        ("free", "added", None, None),
        ("week", "changed", 1, None),
    ]
    assert [each.pointer for each in checked.diff.groups] == ["/lane"]


async def test_where_a_rule_stands_follows_from_sets_schedules_and_drafts(
    connection: AsyncConnection,
) -> None:
    soon = {"from": LATER.isoformat(), "to": LATEST.isoformat()}
    await published(connection, of(BASE, WEEK, FREE, {**FREE, "rule": "soon", "schedule": soon}))
    at = NOW + timedelta(hours=1)
    await end_rule(connection, cause(at), "week")
    await published(connection, of(DOUBLE, {**FREE, "rule": "next"}), at, live_from=LATER)
    await end_rule(connection, cause(at), "free", ends_at=LATEST)
    draft = await make_draft(connection, cause(at), of(TRIPLE, {**FREE, "rule": "idea"}))

    lives = {each.rule: each for each in await benefits.list_lives(connection, at=at)}

    assert {name: each.state for name, each in lives.items()} == {
        "base": "live",
        "free": "live",
        "idea": "draft",
        "next": "scheduled",
        "soon": "scheduled",
        "week": "ended",
    }
    base = lives["base"]
    assert (base.live, base.latest, base.drafts, base.document) == (1, 2, (draft.id,), BASE)
    assert [(each.version, each.at) for each in base.coming] == [(2, LATER)]
    assert [(each.version, each.at) for each in lives["free"].coming] == [(None, LATEST)]
    assert lives["soon"].closes_at == LATEST
    assert lives["idea"].document == {**FREE, "rule": "idea"}
    over = {each.rule: each.state for each in await benefits.list_lives(connection, at=LATEST)}
    assert (over["soon"], over["free"], over["next"]) == ("ended", "ended", "live")
    ended = await benefits.list_lives(connection, at=at, state="ended")
    assert [each.rule for each in ended] == ["week"]
    page = await benefits.list_lives(connection, at=at, after="base", limit=2)
    assert [each.rule for each in page] == ["free", "idea"]
    since = (await benefits.find_life(connection, "next", at=LATEST)).live_since
    assert since == LATER
    assert (await refused(benefits.find_life(connection, "none", at=at))).code == "rule-not-found"


async def test_every_step_leaves_its_row_in_the_trail(connection: AsyncConnection) -> None:
    draft = await make_draft(connection, cause(), of(BASE))
    await change_draft(connection, cause(), draft.id, of(DOUBLE))
    await publish_draft(connection, cause(), draft.id)
    other = await published(connection, of(FREE), live_from=LATER)
    await retire_draft(connection, cause(), other.id)

    rows = await connection.execute(
        select(change.c.subject_kind, change.c.action).order_by(change.c.id)
    )

    drafts = [row.action for row in rows if row.subject_kind == "rule-draft"]
    assert drafts == ["draft", "change", "publish", "draft", "schedule", "retire"]


async def test_a_set_is_published_whole_or_not_at_all_and_two_at_once_both_count(
    database: Database,
) -> None:
    async def attempt(connection: AsyncConnection, rule: str) -> None:
        await published(connection, of({**FREE, "rule": rule}))

    async def fails(connection: AsyncConnection) -> None:
        await attempt(connection, "half")
        raise LookupError

    await asyncio.gather(*(database.write(attempt, f"rule-{number}") for number in range(4)))
    with pytest.raises(LookupError):
        await database.write(fails)

    async with database.read() as connection:
        assert sorted(await live(connection, NOW)) == [f"rule-{number}" for number in range(4)]
        assert len(await benefits.list_rule_set_versions(connection)) == 4
