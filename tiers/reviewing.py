"""The review: what time alone decides about stored standings, decided and written in one statement.

It writes what `tiers.decide` without activities and `tiers.record` would have written, change by
change (tests/tiers/test_evaluation.py). The one idea: all activity was told when it was recorded,
so a standing goes on from where it stands and only judgements, ends and promised rises are left.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Select,
    Subquery,
    Text,
    cast,
    func,
    literal,
    null,
    select,
    union,
    union_all,
    update,
)
from sqlalchemy import case as when
from sqlalchemy.dialects.postgresql import JSONB, distinct_on

from tiers.batches import Batch, judged_on
from tiers.counting import Counting
from tiers.evaluation import code_of, ended, reviewed
from tiers.scale import ASSET, Ladder, Threshold
from tiers.standings import floored, floors_of
from tiers.tables import standing
from tiers.types import Movement
from tiers.writing import caused, keep, put


def review(
    ladder: Ladder, batch: Batch, *, on: date, at: datetime, actor: str, request_id: str
) -> Select[Any]:
    """The statement that decides those of a batch whose standing is due by a day, and stores it.

    Only standings of this ladder are reviewed. What is kept is stored too; only changes of the tier
    in force are told, as `writing.TOLD` names them. The caller holds the members' row locks since
    an earlier statement, and may go on from here in the same one.
    """
    places, walk = reviewed(ladder, on=on, first=batch.first, batch=batch)
    changes = _changes(Counting(ladder, on), places, walk)
    written = _write_standings(ladder, on, batch.first, (places, ended(walk), changes))
    cause = {"recorded_at": at, "actor": actor, "request_id": request_id}
    return _write_changes(ladder, changes, written, cause)


def _changes(counting: Counting, places: CTE, walk: CTE) -> CTE:
    """The changes of each member in their order, numbered from 1."""
    told = union_all(_steps(counting, places, walk), _floors(counting, places, walk)).subquery(
        "told"
    )
    order = func.row_number().over(
        partition_by=told.c.member, order_by=(told.c.n, told.c.floor_ends.nulls_first())
    )
    return select(told, cast(order, Integer).label("order")).cte("changes")


def _steps(counting: Counting, places: CTE, walk: CTE) -> Select[Any]:
    """The judgements and rises up to the day, with their grounds."""
    ladder, day = counting.ladder, walk.c.on_day
    return (
        select(
            walk.c.member,
            walk.c.n,
            cast(null(), Date).label("floor_ends"),
            day.label("effective_on"),
            walk.c.rule,
            _in_force(ladder, places, walk.c.was, day).label("tier_before"),
            _in_force(ladder, places, walk.c.rank, day).label("tier"),
            code_of(ladder, walk.c.rank).label("earned"),
            walk.c.until.label("valid_until"),
            _ground(counting, walk).label("figures"),
        )
        .join(places, places.c.member == walk.c.member)
        .where(~walk.c.ahead, walk.c.rule.is_not(None))
    )


def _floors(counting: Counting, places: CTE, walk: CTE) -> Select[Any]:
    """The ends of floors, each after what happened under it; two on one day are one change."""
    ladder, today = counting.ladder, literal(counting.on, Date)
    ends = union(
        *(
            select(places.c.member, until.label("until")).where(until <= today)
            for *_, until in floors_of(places)
        )
    ).subquery("ends")
    under = (
        select(walk.c.member, walk.c.n, walk.c.rank, walk.c.until, ends.c.until.label("end"))
        .join(ends, ends.c.member == walk.c.member)
        .where(~walk.c.ahead, walk.c.on_day.is_(None) | (walk.c.on_day < ends.c.until))
        .ext(distinct_on(walk.c.member, ends.c.until))
        .order_by(walk.c.member, ends.c.until, walk.c.n.desc())
        .subquery("under")
    )
    until = under.c.end
    return select(
        under.c.member,
        under.c.n,
        until.label("floor_ends"),
        until,
        literal(Movement.FLOOR_ENDED.value, Text),
        _in_force(ladder, places, under.c.rank, until - 1),
        _in_force(ladder, places, under.c.rank, until),
        code_of(ladder, under.c.rank),
        under.c.until,
        literal({}, JSONB),
    ).join(places, places.c.member == under.c.member)


def _in_force(
    ladder: Ladder, places: FromClause, rank: ColumnElement[int], on: ColumnElement[date]
) -> ColumnElement[str]:
    """The tier in force over an earned one: freeze, then the higher of earned and floor."""
    return when(
        (places.c.frozen_tier.is_not(None), places.c.frozen_tier),
        else_=floored(places, on, rank, code_of(ladder, rank)),
    )


def _ground(counting: Counting, walk: CTE) -> ColumnElement[Any]:
    """What a step rests on, as `tiers.rows` writes it."""
    tiers = counting.ladder.tiers
    risen = walk.c.rule == Movement.REACHED.value
    join = when(
        *((risen & (walk.c.rank == rank), tiers[rank].reach.join) for rank in range(1, len(tiers))),
        *((~risen & (walk.c.was == rank), tiers[rank].keep.join) for rank in range(1, len(tiers))),
    )
    seen = when(
        *(
            (risen & (walk.c.rank == rank), _seen(counting, walk, tiers[rank].reach))
            for rank in range(1, len(tiers))
        ),
        *(
            (~risen & (walk.c.was == rank), _seen(counting, walk, tiers[rank].keep))
            for rank in range(1, len(tiers))
        ),
    )
    ground: ColumnElement[Any] = func.jsonb_build_object(
        literal("window", Text),
        func.jsonb_build_array(walk.c.starts, walk.c.on_day),
        literal("purchases", Text),
        walk.c.seen_purchases,
        literal("orders", Text),
        walk.c.seen_orders,
        literal("join", Text),
        cast(join, Text),
        literal("seen", Text),
        seen,
        type_=JSONB,
    )
    if "active_days" in counting.columns:
        days = walk.c.seen_active_days
        known = func.jsonb_build_object(literal("active_days", Text), days, type_=JSONB)
        ground = ground.concat(when((days > 0, known), else_=literal({}, JSONB)))
    if counting.ladder.assets:
        each = (
            func.jsonb_build_array(literal(code, Text), _seen_of(counting, walk, ASSET + code))
            for code in counting.ladder.assets
        )
        named = func.jsonb_build_object(
            literal("assets", Text), func.jsonb_build_array(*each), type_=JSONB
        )
        ground = ground.concat(named)
    return ground


def _seen(counting: Counting, walk: CTE, threshold: Threshold) -> ColumnElement[Any]:
    return func.jsonb_build_array(
        *(
            func.jsonb_build_array(
                literal(str(metric), Text), _seen_of(counting, walk, metric), literal(wanted)
            )
            for metric, wanted in threshold.minimums
        )
    )


def _seen_of(counting: Counting, walk: CTE, metric: str) -> ColumnElement[int]:
    return walk.c[f"seen_{counting.column_of(metric)}"]


def _stands_after(ladder: Ladder, on: date, places: CTE, follows: CTE, changes: CTE) -> Subquery:
    """Each standing as it is to be written, beside the number and day that were read."""
    today = literal(on, Date)
    made = (
        select(changes.c.member, func.max(changes.c.order).label("made"))
        .group_by(changes.c.member)
        .subquery("made")
    )
    count = func.coalesce(made.c.made, 0)
    ends = (when((until > today, until)) for *_, until in floors_of(places))
    due: ColumnElement[Any] = follows.c.until
    if ladder.grace_days:
        due = func.coalesce(follows.c.grace + ladder.grace_days, follows.c.until)
    return (
        select(
            places.c.member,
            places.c.number.label("before"),
            places.c.cur,
            (places.c.number + count).label("number"),
            follows.c.rank,
            follows.c.since,
            follows.c.until,
            follows.c.grace,
            follows.c.falls_rank,
            follows.c.falls_on,
            follows.c.rises_rank,
            follows.c.rises_on,
            func.least(due, follows.c.rises_on, *ends).label("due"),
        )
        .join(follows, follows.c.member == places.c.member)
        .outerjoin(made, made.c.member == places.c.member)
        .subquery("after")
    )


def _write_standings(ladder: Ladder, on: date, first: date, decided: tuple[CTE, CTE, CTE]) -> CTE:
    """Put the standings forward to the day, each over the one that was read.

    One that is judged before the first day of the batch was not due when that was found, and waits.
    """
    after = _stands_after(ladder, on, *decided)
    lifted = {
        f"{kind}_{name}": when(
            (until <= literal(on, Date), null()), else_=standing.c[f"{kind}_{name}"]
        )
        for kind, until in (("grant", standing.c.grant_until), ("plan", standing.c.plan_until))
        for name in ("tier", "rank", "until", "reason")
    }
    values: dict[str, Any] = {
        "number": after.c.number,
        **put(ladder, on, after),
        **lifted,
    }
    return (
        update(standing)
        .where(
            standing.c.member == after.c.member,
            standing.c.number == after.c.before,
            standing.c.decided_through == after.c.cur,
            judged_on(standing) >= first,
        )
        .values(values)
        .returning(standing.c.member, after.c.before)
        .cte("written")
    )


def _write_changes(
    ladder: Ladder, changes: CTE, written: CTE, cause: dict[str, object]
) -> Select[Any]:
    """Store the changes of the standings that were written, and tell them."""
    rows = select(
        changes.c.member,
        written.c.before + changes.c.order,
        changes.c.effective_on,
        changes.c.rule,
        changes.c.tier_before,
        changes.c.tier,
        changes.c.earned,
        literal(ladder.version, Integer),
        changes.c.valid_until,
        changes.c.figures,
        *caused(cause),
    ).join(written, written.c.member == changes.c.member)
    return keep(rows)
