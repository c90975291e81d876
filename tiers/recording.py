"""Write decisions: activity, standing and changes of any number of members in one statement.

What to write was decided by `tiers.qualification`; here nothing is decided. The one idea: the
standing is replaced only where it still has the number that was read, and changes are written only
where the standing was.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    Table,
    TableValuedAlias,
    bindparam,
    column,
    func,
    insert,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.ext.asyncio import AsyncConnection

from tiers.errors import ActivityConflict, StandingOutrun
from tiers.rows import activity_rows, change_rows, standing_row
from tiers.tables import activity, standing, standing_change
from tiers.types import (
    Decision,
)

_KEPT: Final = ("member", "fall_told")
_BY_CAUSE: Final = ("recorded_at", "actor", "request_id", "reason")


async def record(
    connection: AsyncConnection,
    decisions: Sequence[Decision],
    *,
    at: datetime,
    actor: str,
    request_id: str,
    reason: str | None = None,
) -> None:
    """Store what was decided, one decision a member, in one statement.

    The caller holds the members' row locks since before it read them. Writing activity again that
    is stored already changes nothing. Raises `ActivityConflict` where a shipment is stored with
    another date or other purchases, `StandingOutrun` where a standing moved since it was read;
    then the transaction must be rolled back.
    """
    if not decisions:
        return
    values = record_values(decisions, at=at, actor=actor, request_id=request_id, reason=reason)
    row = (await connection.execute(_RECORD, values)).one()
    demand_recorded(values, row.activities, row.standings)


def record_statement() -> Select[int, int, int]:
    """The statement of `record`, for a caller who keeps it compiled.

    It takes `record_values`, and `demand_recorded` judges the first two numbers of its row.
    """
    return _RECORD


def record_values(
    decisions: Sequence[Decision],
    *,
    at: datetime,
    actor: str,
    request_id: str,
    reason: str | None = None,
) -> dict[str, Any]:
    """The values of the statement of `record`, by their names."""
    return {
        "activities": [row for decision in decisions for row in activity_rows(decision)],
        "standings": [standing_row(decision) for decision in decisions],
        "changes": [row for decision in decisions for row in change_rows(decision)],
        "recorded_at": at,
        "actor": actor,
        "request_id": request_id,
        "reason": reason,
    }


def demand_recorded(values: Mapping[str, Any], activities: int, standings: int) -> None:
    """Raise what `record` raises where fewer rows were written than were to be."""
    if standings != len(values["standings"]):
        raise StandingOutrun(seen=standings, wanted=len(values["standings"]))
    if activities != len(values["activities"]):
        raise ActivityConflict(seen=activities, wanted=len(values["activities"]))


def _given(name: str, columns: Sequence[ColumnElement[Any]]) -> TableValuedAlias:
    """The rows of one JSON parameter, typed like the columns they go to."""
    rows = func.json_to_recordset(bindparam(name, type_=JSON))
    typed = [column(each.key or "", each.type) for each in columns]
    return rows.table_valued(*typed, name=name).render_derived(with_types=True)


def _columns(table: Table, *, besides: Sequence[str] = ()) -> list[ColumnElement[Any]]:
    return [column(each.name, each.type) for each in table.columns if each.name not in besides]


def _write_activity() -> CTE:
    columns = _columns(activity)
    given = _given("activities", columns)
    statement = postgresql.insert(activity).from_select(
        [each.key or "" for each in columns], select(*given.c)
    )
    new = statement.excluded
    return (
        statement.on_conflict_do_update(
            constraint="activity_recorded_once_per_shipment",
            set_={"returned": func.greatest(activity.c.returned, new.returned)},
            where=(activity.c.completed_on == new.completed_on)
            & (activity.c.purchases == new.purchases),
        )
        .returning(activity.c.member)
        .cte("written_activity")
    )


def _write_standing() -> CTE:
    columns = _columns(standing, besides=("fall_told",))
    given = _given("standings", columns)
    statement = postgresql.insert(standing).from_select(
        [each.key or "" for each in columns], select(*given.c)
    )
    return (
        statement.on_conflict_do_update(
            constraint="standing_one_per_member",
            set_={
                each.name: statement.excluded[each.name]
                for each in standing.columns
                if each.name not in _KEPT
            },
            where=standing.c.number == statement.excluded.replaces,
        )
        .returning(standing.c.member)
        .cte("written_standing")
    )


def _write_changes(written: CTE) -> CTE:
    columns = _columns(standing_change, besides=_BY_CAUSE)
    given = _given("changes", columns)
    cause = [
        bindparam(name, type_=standing_change.columns[name].type).label(name) for name in _BY_CAUSE
    ]
    rows = select(*given.c, *cause).where(given.c.member.in_(select(written.c.member)))
    names = [*(each.key or "" for each in columns), *_BY_CAUSE]
    return (
        insert(standing_change)
        .from_select(names, rows)
        .returning(standing_change.c.member)
        .cte("written_change")
    )


def _record() -> Select[int, int, int]:
    activities, standings = _write_activity(), _write_standing()
    changes = _write_changes(standings)
    return select(
        select(func.count()).select_from(activities).scalar_subquery().label("activities"),
        select(func.count()).select_from(standings).scalar_subquery().label("standings"),
        select(func.count()).select_from(changes).scalar_subquery().label("changes"),
    )


_RECORD: Final = _record()
