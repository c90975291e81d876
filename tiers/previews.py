"""What a ladder would do to everybody: who would stand where, who gains and who loses most.

Reads only. The one idea: a preview is the evaluation that publishing with `at-once` performs, put
beside the tiers in force, so what it shows is what would happen.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    Select,
    Text,
    Uuid,
    cast,
    desc,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy import case as when
from sqlalchemy.ext.asyncio import AsyncConnection

from tiers.evaluation import placed
from tiers.ladders import live_ladder
from tiers.scale import Ladder
from tiers.standings import floors_of, in_force
from tiers.tables import activity, standing

_LISTED: Final = 20
_YEAR: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Mover:
    """A member whose tier a ladder would change, and what they bought in the year before."""

    member: UUID
    before: str
    after: str
    purchases: int


@dataclass(frozen=True, slots=True)
class Preview:
    """Where a ladder would put everybody on a day.

    `matrix` counts members by the tier in force (None: not known that day) and the one that would
    be. The lists are the members who gain or lose most: by tiers, then by purchases.
    """

    on: date
    members: int
    matrix: tuple[tuple[str | None, str, int], ...]
    gained: int
    lost: int
    gainers: tuple[Mover, ...]
    losers: tuple[Mover, ...]

    def figures(self) -> dict[str, object]:
        """The preview as it is kept with its draft; members by id."""
        return {
            "members": self.members,
            "matrix": [list(cell) for cell in self.matrix],
            "gained": self.gained,
            "lost": self.lost,
            "gainers": [_mover(one) for one in self.gainers],
            "losers": [_mover(one) for one in self.losers],
        }


async def preview(
    connection: AsyncConnection,
    ladder: Ladder,
    *,
    on: date,
    members: Select[UUID] | None = None,
    listed: int = _LISTED,
) -> Preview:
    """Where every member would stand on a day if this ladder had always been in force.

    `members` selects whom to count, for instance consumers only. Floors and freezes stay.
    """
    live = await live_ladder(connection)
    stands = await _stands(connection, ladder, live, on, members)
    moved = stands.c.rank - stands.c.was
    told = union_all(
        _cells(stands),
        _movers(stands, "gain", moved, on, listed),
        _movers(stands, "loss", -moved, on, listed),
    )
    rows = (await connection.execute(told)).all()
    cells = [row for row in rows if row.kind == "cell"]

    def movers(kind: str) -> tuple[Mover, ...]:
        return tuple(
            Mover(row.member, row.before, ladder.tiers[row.rank].code, row.amount)
            for row in rows
            if row.kind == kind
        )

    return Preview(
        on=on,
        members=sum(cell.amount for cell in cells),
        matrix=tuple(
            (cell.before, ladder.tiers[cell.rank].code, cell.amount)
            for cell in sorted(cells, key=lambda cell: (cell.was, cell.before or "", cell.rank))
        ),
        gained=sum(cell.amount for cell in cells if cell.rank > cell.was),
        lost=sum(cell.amount for cell in cells if cell.rank < cell.was),
        gainers=movers("gain"),
        losers=movers("loss"),
    )


async def _stands(
    connection: AsyncConnection,
    ladder: Ladder,
    live: Ladder | None,
    on: date,
    members: Select[UUID] | None,
) -> CTE:
    """Each member's tier in force on a day, and its rank on the new ladder, now and then."""
    where = await placed(connection, ladder, on=on, members=members, foretold=False)
    day = literal(on, Date)
    before = in_force(day)
    floors = [
        when((until > day, _rank(ladder, live, tier)), else_=0)
        for tier, _, until in floors_of(standing)
    ]
    frozen = _rank(ladder, live, standing.c.frozen_tier)
    rank = when(
        (standing.c.frozen_tier.is_not(None), frozen),
        else_=func.greatest(where.c.rank, *floors),
    )
    return (
        select(
            where.c.member,
            before.label("before"),
            _rank(ladder, live, before).label("was"),
            rank.label("rank"),
        )
        .join(standing, standing.c.member == where.c.member)
        .cte("stands")
    )


def _rank(ladder: Ladder, live: Ladder | None, code: ColumnElement[Any]) -> ColumnElement[int]:
    """The rank on the new ladder of a tier's code; one that is gone stands one below."""
    ranks = {tier.code: at for at, tier in enumerate(ladder.tiers)}
    gone = {
        tier.code: max(0, min(at, len(ladder.tiers)) - 1)
        for at, tier in enumerate(live.tiers if live is not None else ())
    }
    known = (gone | ranks).items()
    return when(
        *((code == literal(name, Text), at) for name, at in known), else_=literal(0, Integer)
    )


def _cells(stands: CTE) -> Select[Any]:
    return select(
        literal("cell", Text).label("kind"),
        cast(null(), Uuid).label("member"),
        stands.c.before,
        stands.c.was,
        stands.c.rank,
        func.count().label("amount"),
    ).group_by(stands.c.before, stands.c.was, stands.c.rank)


def _movers(stands: CTE, kind: str, by: ColumnElement[int], on: date, listed: int) -> Select[Any]:
    """Who moves furthest, and what they bought in the year before."""
    bought = (
        select(func.coalesce(func.sum(activity.c.purchases - activity.c.returned), 0))
        .where(
            activity.c.member == stands.c.member,
            activity.c.asset.is_(None),
            activity.c.completed_on > literal(on - _YEAR, Date),
            activity.c.completed_on <= literal(on, Date),
        )
        .correlate(stands)
        .scalar_subquery()
    )
    movers = (
        select(
            literal(kind, Text).label("kind"),
            stands.c.member,
            stands.c.before,
            stands.c.was,
            stands.c.rank,
            cast(bought, BigInteger).label("amount"),
        )
        .where(by > 0)
        .order_by(by.desc(), desc("amount"), stands.c.member)
        .limit(listed)
    )
    return select(movers.subquery(f"most_{kind}"))


def _mover(one: Mover) -> dict[str, object]:
    return {
        "member": str(one.member),
        "before": one.before,
        "after": one.after,
        "purchases": one.purchases,
    }
