"""The set-based evaluation against the pure decision, over generated ladders and histories."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.requirements import sample
from tests.tiers.builders import named, review_all
from tests.tiers.histories import JOINED, Event, events, ladders, told
from tiers import (
    Decision,
    FloorKind,
    Ladder,
    Subject,
    decide,
    find_subjects,
    fold,
    freeze,
    history_of,
    place_floor,
    record,
)
from tiers.evaluation import placed
from tiers.moving import movable, move

AT = datetime(2026, 1, 1, tzinfo=UTC)
SHARED = settings(
    max_examples=sample(quick=40, full=400),
    phases=[Phase.reuse, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
lives = st.lists(st.tuples(st.integers(0, 60), events), min_size=1, max_size=5)
span = st.sampled_from([0, 30, 30]) | st.integers(0, 150)
floors = st.lists(st.tuples(span, span), max_size=5)
Lives = list[tuple[int, list[Event]]]


def decisions(rules: Ladder, people: Lives) -> list[Decision]:
    """Each life told to the pure engine: a member who joined some days after the first day."""
    made = []
    for at, (later, script) in enumerate(people):
        joined = JOINED + timedelta(days=later)
        moved = [
            (on + timedelta(days=later), replace(each, on=each.on + timedelta(days=later)))
            for on, each in told(script, f"{at}/")
        ]
        made.append(fold(rules, Subject(named(f"member {at}"), joined, None, ()), moved))
    return made


def held(one: Decision) -> Subject:
    """The member as stored after a decision, all of whose activity it wrote."""
    return Subject(one.member, one.standing.joined_on, one.standing, one.written)


def floored(
    rules: Ladder, made: list[Decision], floors: list[tuple[int, int]]
) -> tuple[list[Decision], ...]:
    """Some of them held up for some days by a grant, a plan or both, one in three pinned there.

    They are written in three rounds, each over the one before.
    """
    laid: tuple[list[Decision], ...] = [], [], []
    for at, (one, spans) in enumerate(zip(made, floors, strict=False)):
        kinds: tuple[FloorKind, ...] = ("grant", "plan")
        last = one
        for kind, days, tier in zip(kinds, spans, (rules.tiers[-1], rules.tiers[-2]), strict=True):
            if days:
                last = place_floor(
                    rules,
                    replace(held(last), activities=one.written),
                    tier=tier.code,
                    until=one.on + timedelta(days=days),
                    reason="test",
                    on=one.on,
                    kind=kind,
                )
                laid[kinds.index(kind)].append(last)
        if at % 3 == 2:
            subject = replace(held(last), activities=one.written)
            laid[2].append(freeze(rules, subject, reason="test", on=one.on))
    return laid


async def stored(connection: AsyncConnection, made: list[Decision]) -> None:
    await record(connection, made, at=AT, actor="system", request_id="test")


@SHARED
@given(ladders(), ladders(), lives, st.integers(0, 200))
async def test_a_whole_history_leads_all_members_where_it_leads_each(
    connection: AsyncConnection, lived: Ladder, rules: Ladder, people: Lives, wait: int
) -> None:
    async with connection.begin_nested() as savepoint:
        made = decisions(lived, people)
        await stored(connection, made)
        on = max(one.on for one in made) + timedelta(days=wait)

        where = await placed(connection, rules, on=on)

        rows = {row.member: row for row in (await connection.execute(select(where))).all()}
        for one in made:
            subject = Subject(one.member, one.standing.joined_on, None, one.written)
            alone = decide(rules, subject, (), on=on).standing
            row = rows[one.member]
            assert (row.rank, row.since, row.until, row.grace) == (
                alone.rank,
                alone.since,
                alone.valid_until,
                alone.grace_from,
            ), (rules, one.written, on)
            fall, rise = alone.fall, alone.rise
            assert (row.falls_rank, row.falls_on) == (
                (fall.rank, fall.on) if fall else (None, None)
            )
            assert (row.rises_rank, row.rises_on) == (
                (rise.rank, rise.on) if rise else (None, None)
            )
        await savepoint.rollback()


@SHARED
@given(ladders(), lives, st.integers(1, 200), floors)
async def test_a_review_of_all_writes_what_deciding_each_would_have_written(
    connection: AsyncConnection,
    rules: Ladder,
    people: Lives,
    wait: int,
    laid: list[tuple[int, int]],
) -> None:
    async with connection.begin_nested() as savepoint:
        made = decisions(rules, people)
        await stored(connection, made)
        for turn in floored(rules, made, laid):
            await stored(connection, turn)
        members = [one.member for one in made]
        on = max(one.on for one in made) + timedelta(days=wait)
        before = await find_subjects(connection, dict.fromkeys(members, date.min))
        wanted = {one: decide(rules, before[one], (), on=on) for one in members}

        moved = await review_all(connection, rules, on, size=2)

        after = await find_subjects(connection, dict.fromkeys(members, date.min))
        for one in members:
            standing = before[one].standing
            assert standing is not None
            if standing.due_on is None or standing.due_on > on:
                assert after[one] == before[one]
                continue
            assert after[one].standing == wanted[one].standing
            history = await history_of(connection, one, limit=100)
            told_now = [each.change for each in reversed(history)][standing.number :]
            assert tuple(told_now) == wanted[one].changes
            told = [(each.before, each.after) for each in told_now if each.before != each.after]
            assert [(was, now) for who, was, now in moved if who == one] == told
        await savepoint.rollback()


@SHARED
@given(st.tuples(ladders(), ladders()), lives, st.integers(0, 200), floors)
async def test_moving_all_to_a_ladder_at_once_writes_what_deciding_each_would_have_written(
    connection: AsyncConnection,
    both: tuple[Ladder, Ladder],
    people: Lives,
    wait: int,
    laid: list[tuple[int, int]],
) -> None:
    lived, rules = both
    async with connection.begin_nested() as savepoint:
        made = decisions(lived, people)
        await stored(connection, made)
        for turn in floored(lived, made, laid):
            await stored(connection, turn)
        on = max(one.on for one in made) + timedelta(days=wait)
        anew = replace(rules, version=2, moves="at-once")
        before = await find_subjects(connection, {one.member: date.min for one in made})
        wanted = {who: decide(anew, subject, (), on=on) for who, subject in before.items()}
        plain = [
            who
            for who, subject in sorted(before.items())
            if subject.standing is not None
            and not subject.standing.floors
            and subject.standing.freeze is None
        ]

        behind = await movable(connection, anew.version, on=on, limit=100)
        moved = await move(
            connection, anew, behind, on=on, at=AT, actor="job:review", request_id="test"
        )

        assert list(behind) == plain
        after = await find_subjects(connection, dict.fromkeys(before, date.min))
        for who, subject in after.items():
            if who not in plain:
                assert subject == before[who]
                continue
            assert subject.standing == wanted[who].standing
            history = await history_of(connection, who, limit=1)
            assert (history[0].change,) == wanted[who].changes
        assert {one.member for one in moved} == {
            who for who in plain if wanted[who].changes[0].before != wanted[who].changes[0].after
        }
        await savepoint.rollback()
